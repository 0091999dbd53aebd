"""Sign flips of paired differences: the exact test of the mean change, its interval, and the t interval beside it.

Under the null hypothesis a difference is as likely to be d as -d, so that all 2^n sign patterns are equally likely
(Fisher 1935, The Design of Experiments, section 21). Studentising would change nothing: the sum of squares does not flip.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.stats import _exact
from ifnscore.stats._exact import EXACT_UP_TO, N_RESAMPLES, Alternative, Interval, Test

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

__all__ = ["Interval", "TInterval", "Test", "interval", "t_interval", "test"]


@dataclass(frozen=True, slots=True)
class TInterval:
    """Mean difference with Student's t; NaN where it does not exist, `note` says why.

    Attributes
    ----------
    n
        Pairs.
    mean, se
        Mean and standard error, in the unit of the differences.
    t, df, p
        Student's t against 0, degrees of freedom n - 1, two-sided p.
    low, high, level
        Interval and its nominal level.
    """

    n: int
    mean: float
    se: float
    t: float
    df: int
    p: float
    low: float
    high: float
    level: float
    note: str = ""


def _as_extreme(sums: Array, observed: float, tol: float, alternative: Alternative) -> int:
    """Return how many flipped sums are at least as extreme as the observed one; equal sums count."""
    if alternative == "less":
        return int((sums <= observed + tol).sum())
    if alternative == "greater":
        return int((sums >= observed - tol).sum())
    return int((np.abs(sums) >= abs(observed) - tol).sum())


def _zeros_note(raw: Array, d: Array) -> str:
    if d.any():
        return ""
    return "every difference is 0" + (f" after rounding to {_exact.decimals(raw)} decimals" if raw.any() else "")


def test(
    d: Any,
    alternative: Alternative = "two-sided",  # noqa: PT028
    rng: Any = None,  # noqa: PT028
    exact_up_to: int = EXACT_UP_TO,  # noqa: PT028
    n_resamples: int = N_RESAMPLES,  # noqa: PT028
) -> Test:
    """Test that paired differences are symmetric about 0, by the mean under sign flips.

    Parameters
    ----------
    d
        Differences (after minus before), shape (n,). Zeros stay in: they cannot be flipped and cost resolution.
    alternative
        ``two-sided``; ``less``: the mean is below 0; ``greater``.
    rng
        Seed or generator of random flips; without it a fixed seed.
    exact_up_to
        All 2^n flips up to this n (at most 22).
    n_resamples
        Random flips beyond; p = (b + 1) / (n_resamples + 1) (Phipson and Smyth 2010).

    Raises
    ------
    DataError
        Missing or infinite differences.
    UsageError
        Unknown alternative; enumeration or too few flips that make no sense.
    """
    raw = _exact.sample(d)
    _exact.check_alternative(alternative)
    if exact_up_to > _exact.MOST_EXACT or n_resamples < 1:
        msg = f"exact_up_to must not exceed {_exact.MOST_EXACT} and n_resamples must be positive"
        raise UsageError(msg)
    x, n = _exact.rounded(raw), raw.size
    if not n:
        return Test(math.nan, exact=True, n=0, n_resamples=0, note="no pairs")
    note, n_zero = _zeros_note(raw, x), int((x == 0).sum())
    observed, tol = float(x.sum()), _exact.tolerance(raw)
    if n <= exact_up_to:
        p = _as_extreme(_exact.all_sums(x), observed, tol, alternative) / 2**n
        return Test(p, exact=True, n=n, n_resamples=2**n, note=note, n_zero=n_zero)
    count = sum(_as_extreme(s @ x, observed, tol, alternative) for s in _exact.random_signs(n, n_resamples, rng))
    return Test((count + 1) / (n_resamples + 1), exact=False, n=n, n_resamples=n_resamples, note=note, n_zero=n_zero)


def _all_subset_means(d: Array) -> Array:
    """Return the means of the 2^n - 1 subsets that are not empty."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for x in d:
        sums, sizes = np.concatenate([sums, sums + x]), np.concatenate([sizes, sizes + 1])
    return sums[1:] / sizes[1:]


def _random_subset_means(d: Array, rng: Any) -> tuple[Array, Array]:
    """Return means of random subsets, for the lower and for the upper bound: an empty subset counts against both."""
    chunks = []
    for signs in _exact.random_signs(d.size, N_RESAMPLES, rng):
        chosen = signs < 0
        sizes = chosen.sum(axis=1)
        chunks.append(np.where(sizes > 0, (chosen @ d) / np.maximum(sizes, 1), np.nan))
    means = np.concatenate(chunks)
    empty = np.isnan(means)
    return np.where(empty, -np.inf, means), np.where(empty, np.inf, means)


def interval(d: Any, level: float = 0.95, rng: Any = None) -> Interval:
    """Return the interval of the centre of symmetry (the mean) that inverts the two one-sided sign-flip tests.

    A centre is not rejected as too low when enough subsets have a mean below it, so that the bounds are order statistics
    of the means of the 2^n - 1 non-empty subsets (Hartigan 1969); beyond 16 pairs of 99,999 random subsets.

    Parameters
    ----------
    d
        Differences, shape (n,).
    level
        Level wanted; the one attained is 1 - 2 k / 2^n with the largest k that keeps it. At n=5 it is at most 0.9375.
    rng
        Seed or generator of random subsets; without it a fixed seed.
    """
    x = _exact.sample(d)
    _exact.check_level(level)
    n, exact = x.size, x.size <= EXACT_UP_TO
    members = 2**n if exact else N_RESAMPLES + 1
    k = math.floor((1 - level) / 2 * members * (1 + 1e-12))
    if k < 1 or not n:
        note = f"no {_exact.percent(level)} interval: n={n} allows at most {_exact.percent(max(0.0, 1 - 2 / members))}"
        return Interval(math.nan, math.nan, level, math.nan, note)
    below, above = (_all_subset_means(x),) * 2 if exact else _random_subset_means(x, rng)
    low, high = float(np.partition(below, k - 1)[k - 1]), float(np.partition(above, above.size - k)[above.size - k])
    note = _exact.ALL_SAME if not np.ptp(_exact.rounded(x)) else "" if exact else f"{N_RESAMPLES} random subsets"
    return Interval(low, high, level, 1 - 2 * k / members, note)


def t_interval(d: Any, level: float = 0.95) -> TInterval:
    """Return mean, standard error, t, two-sided p and t interval of paired differences.

    Parameters
    ----------
    d
        Differences, shape (n,).
    level
        Nominal level.
    """
    x = _exact.sample(d)
    _exact.check_level(level)
    n, nan = x.size, math.nan
    mean = float(x.mean()) if n else nan
    if n < 2:  # noqa: PLR2004
        return TInterval(n, mean, nan, nan, max(n - 1, 0), nan, nan, nan, level, "a t interval needs 2 pairs")
    if not np.ptp(_exact.rounded(x)):
        return TInterval(n, mean, 0.0, nan, n - 1, nan, nan, nan, level, "every difference is the same: no t interval")
    from scipy import stats

    fit = stats.ttest_1samp(x, 0.0)
    bounds = fit.confidence_interval(level)
    se = float(x.std(ddof=1)) / math.sqrt(n)
    return TInterval(n, mean, se, float(fit.statistic), n - 1, float(fit.pvalue), float(bounds.low), float(bounds.high), level)
