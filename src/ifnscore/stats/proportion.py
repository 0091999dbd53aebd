"""Response rates of few patients: the exact interval of a proportion and Fisher's exact test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, UsageError
from ifnscore.stats import _exact


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share k / n with its exact interval; NaN with a `note` where nobody could be evaluated."""

    estimate: float
    low: float
    high: float
    level: float
    k: int
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fisher:
    """Fisher's exact test of a 2 x 2 table.

    Attributes
    ----------
    p
        Two-sided: tables no more likely than the one at hand.
    odds_ratio, low, high, level
        Conditional maximum likelihood estimate with its exact interval; NaN where a row or column is empty.
    n
        Patients.
    note
        Why numbers are missing.
    """

    p: float
    odds_ratio: float
    low: float
    high: float
    level: float
    n: int
    note: str = ""


def clopper_pearson(k: int, n: int, level: float = 0.95) -> Proportion:
    """Return k / n with the interval of Clopper and Pearson (1934); both tails hold at most (1 - level) / 2.

    Parameters
    ----------
    k, n
        Patients with the response, patients evaluated.
    level
        Level, kept at least.

    Raises
    ------
    UsageError
        Unless 0 <= k <= n.
    """
    _exact.check_level(level)
    if not 0 <= k <= n:
        msg = f"a proportion needs 0 <= k <= n; got k={k}, n={n}"
        raise UsageError(msg)
    if not n:
        return Proportion(math.nan, math.nan, math.nan, level, 0, 0, "no patient could be evaluated")
    from scipy.stats import binomtest

    bounds = binomtest(k, n).proportion_ci(level, method="exact")
    return Proportion(k / n, float(bounds.low), float(bounds.high), level, k, n)


def fisher(table: Any, level: float = 0.95) -> Fisher:
    """Return Fisher's exact test of a 2 x 2 table of counts, with the conditional odds ratio.

    Parameters
    ----------
    table
        Counts, shape (2, 2): groups by outcome.
    level
        Level of the interval of the odds ratio.

    Raises
    ------
    DataError
        Not a 2 x 2 table of whole, non-negative numbers.
    """
    _exact.check_level(level)
    x = np.asarray(table, dtype=float)
    if x.shape != (2, 2) or not np.isfinite(x).all() or (x < 0).any() or (x != np.rint(x)).any():
        msg = f"Fisher's test needs a 2 x 2 table of counts, not {np.asarray(table).tolist()}"
        raise DataError(msg)
    counts, nan = x.astype(int), math.nan
    n = int(counts.sum())
    if not (counts.sum(axis=0).all() and counts.sum(axis=1).all()):
        return Fisher(1.0 if n else nan, nan, nan, nan, level, n, "a group or an outcome is empty: nothing to compare")
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import odds_ratio

    ratio = odds_ratio(counts)
    bounds = ratio.confidence_interval(level)
    return Fisher(float(fisher_exact(counts)[1]), float(ratio.statistic), float(bounds.low), float(bounds.high), level, n)
