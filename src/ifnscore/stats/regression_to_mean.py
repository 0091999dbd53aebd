"""Regression to the mean: what would have happened without the drug, as far as the data can say.

A correlation of change with baseline is negative even when nothing happens. Oldham (1962) correlates change with the average of
both; Pitman (1939) and Morgan (1939) compare the two variances, which is the same p.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.stats import _exact, sign_flip


@dataclass(frozen=True, slots=True)
class Oldham:
    """Correlation of change with the average of both values; NaN with a `note` where it does not exist."""

    r: float
    p: float
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected regression to the mean: a fall of `value` would be expected without treatment. NaN with a `note`."""

    value: float
    note: str = ""


def oldham(pre: Any, post: Any) -> Oldham:
    """Return Oldham's correlation of (post - pre) with (pre + post) / 2 and its two-sided p.

    Parameters
    ----------
    pre, post
        Values of the same patients, shape (n,).
    """
    before, after = _exact.pair(pre, post)
    change, average, n = after - before, (before + after) / 2, before.size
    if n < 3:  # noqa: PLR2004
        return Oldham(math.nan, math.nan, n, "Oldham's correlation needs 3 pairs")
    if not (np.ptp(_exact.rounded(change)) and np.ptp(_exact.rounded(average))):
        return Oldham(math.nan, math.nan, n, "no correlation: every change or every average is the same")
    from scipy.stats import pearsonr

    r, p = pearsonr(average, change)
    return Oldham(float(r), float(p), n)


def pitman_morgan(pre: Any, post: Any) -> float:
    """Return the two-sided p of equal variances before and after in the same patients (t with n - 2 df).

    Parameters
    ----------
    pre, post
        Values of the same patients, shape (n,).
    """
    return oldham(pre, post).p


def expected(baseline_mean: float | None, long_run_mean: float | None, icc: float | None) -> Expected:
    """Return (1 - ICC) * (baseline mean - long-run mean), in the unit of the means.

    Two baselines in a flare identify neither ICC nor long-run mean, so both must come from the user; what is missing makes the
    answer "not estimable".

    Parameters
    ----------
    baseline_mean
        Mean at baseline of the patients under study.
    long_run_mean
        Mean of such patients over a long time.
    icc
        Intraclass correlation, 0 to 1.

    Raises
    ------
    UsageError
        An ICC outside 0 to 1.
    """
    known = {"baseline mean": baseline_mean, "long-run mean": long_run_mean, "ICC": icc}
    missing = [name for name, value in known.items() if value is None or not math.isfinite(value)]
    if missing or baseline_mean is None or long_run_mean is None or icc is None:
        return Expected(math.nan, f"not estimable: no {' and no '.join(missing)}")
    if not 0.0 <= icc <= 1.0:
        msg = f"ICC must lie between 0 and 1; got {icc!r}"
        raise UsageError(msg)
    return Expected((1.0 - icc) * (baseline_mean - long_run_mean))


def drift(baseline1: Any, baseline2: Any, level: float = 0.95) -> sign_flip.TInterval:
    """Return the untreated drift, second baseline minus first, with its t interval and n, to stand beside the drug change.

    Parameters
    ----------
    baseline1, baseline2
        Earlier and later value before treatment of the same patients, shape (n,).
    level
        Nominal level.
    """
    first, second = _exact.pair(baseline1, baseline2)
    return sign_flip.t_interval(second - first, level)
