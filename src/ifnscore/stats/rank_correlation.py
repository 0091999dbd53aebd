"""Rank correlations for few patients: exact p over all pairings, and partial ones for a covariate such as steroid dose."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.stats._exact import N_RESAMPLES, check_level, generator, rounded
from ifnscore.stats._residuals import TIE, basis, pairs, residual_correlations, table

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Fewest pairs for an interval; most pairs for which all pairings are counted.
MIN_FOR_INTERVAL, MAX_EXACT, MAX_EXACT_PARTIAL = 6, 12, 8
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """A Spearman correlation, partial or not.

    Attributes
    ----------
    rho, p
        Correlation and two-sided permutation p; NaN where they do not exist.
    exact
        Whether p counts all n! pairings; otherwise it is (hits + 1) / (n_resamples + 1).
    n
        Pairs.
    low, high
        Bonett-Wright interval; NaN for n < 6 and for abs(rho) = 1.
    min_attainable_p
        Smallest p these data can give: 2/n! without ties.
    note
        Why something is missing.
    """

    rho: float
    p: float
    exact: bool
    n: int
    low: float
    high: float
    min_attainable_p: float
    note: str


@dataclass(frozen=True, slots=True)
class Kendall:
    """Kendall's tau-b; `exact` says whether p comes from the null distribution, which needs data without ties."""

    tau: float
    p: float
    exact: bool
    n: int
    note: str


def mid_ranks(values: Array) -> Array:
    """Return ranks from 1, ties sharing their mean; values are rounded first, so that 3.3 - 2.3 ties with 4.1 - 3.1."""
    from scipy.stats import rankdata

    return rankdata(rounded(values))


def bonett_wright(rho: float, n: int, level: float, n_covariates: int = 0) -> tuple[float, float, str]:
    """Return low, high and a note: tanh(atanh r +- z sqrt((1 + r^2/2)/(n - k - 3))).

    Bonett & Wright, Psychometrika 2000;65:23-28; k covariates cost k pairs.
    """
    from scipy.stats import norm

    free = n - n_covariates
    if free < MIN_FOR_INTERVAL:
        needed = MIN_FOR_INTERVAL + n_covariates
        return _NAN, _NAN, f"no interval: {n} pairs, {needed} needed"
    if 1.0 - abs(rho) < TIE:
        return _NAN, _NAN, "no interval: the correlation is +1 or -1, where Fisher's transformation is infinite"
    half = float(norm.ppf((1 + level) / 2)) * math.sqrt((1 + rho**2 / 2) / (free - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half), ""


def _integers(ranks: Array) -> tuple[int, ...]:
    """Return mid-ranks, sorted, as the smallest non-negative whole numbers with the same spacing."""
    doubled = np.rint(2 * np.sort(ranks)).astype(np.int64)
    doubled -= doubled[0]
    return tuple(int(v) for v in doubled // max(int(np.gcd.reduce(doubled)), 1))


@lru_cache(maxsize=32)
def _pairing_counts(a: tuple[int, ...], b: tuple[int, ...]) -> Array:
    """Return how many of the n! pairings give sum(a_i b_i) = 0, 1, 2, ...

    Dynamic programming over the set of b that are taken already: 2^n steps in place of n!.
    """
    n, width = len(a), sum(p * q for p, q in zip(a, b, strict=True)) + 1
    counts = np.zeros((1 << n, width), dtype=np.int64)
    counts[0, 0] = 1
    for taken in range(1, 1 << n):
        weight = a[taken.bit_count() - 1]
        for j in range(n):
            if taken >> j & 1:
                shift = weight * b[j]
                counts[taken, shift:] += counts[taken ^ (1 << j), : width - shift]
    return counts[-1].copy()


def _exact_p(rx: Array, ry: Array) -> tuple[float, float]:
    a, b = _integers(rx), _integers(ry)
    counts, n, expected = _pairing_counts(a, b), len(a), sum(a) * sum(b)
    far = np.abs(n * np.arange(len(counts)) - expected)  # whole numbers, so comparisons are exact
    scale_x = (rx.max() - rx.min()) / a[-1]
    scale_y = (ry.max() - ry.min()) / b[-1]
    observed = round(float(((rx - rx.min()) / scale_x) @ ((ry - ry.min()) / scale_y)))
    total, reached = math.factorial(n), np.flatnonzero(counts)
    p = int(counts[far >= abs(n * observed - expected)].sum()) / total
    return p, int(counts[far >= far[reached].max()].sum()) / total


def _sampled_p(rx: Array, ry: Array, rng: Any, n_resamples: int) -> float:
    x, rng = rx - rx.mean(), generator(rng)
    limit = abs(float(x @ ry)) * (1 - TIE)
    hits, chunk = 0, 20_000
    for start in range(0, n_resamples, chunk):
        draws = rng.permuted(np.tile(ry, (min(chunk, n_resamples - start), 1)), axis=1)
        hits += int((np.abs(draws @ x) >= limit).sum())
    return (hits + 1) / (n_resamples + 1)


def _nothing(n: int, note: str) -> RankCorrelation:
    return RankCorrelation(_NAN, _NAN, False, n, _NAN, _NAN, _NAN, note)  # noqa: FBT003


def spearman(
    x: Any, y: Any, rng: Any = None, exact_up_to: int = MAX_EXACT, n_resamples: int = N_RESAMPLES, level: float = 0.95
) -> RankCorrelation:
    """Return Spearman's rho of mid-ranks, its permutation p over pairings (two-sided on abs(rho)) and Bonett-Wright interval.

    Parameters
    ----------
    x, y
        One value a patient, shape (n,), nothing missing.
    rng
        Seed or generator, used only above `exact_up_to`; without it a fixed seed.
    exact_up_to
        Most pairs for which all n! pairings are counted (at most 12: memory grows as 2^n).
    n_resamples
        Random pairings above that.
    level
        Level of the interval.

    Raises
    ------
    DataError
        A value is missing, or the lengths differ.
    UsageError
        A level outside (0, 1).
    """
    check_level(level)
    x, y = pairs(x, y)
    n = len(x)
    if n < 2:  # noqa: PLR2004 two points make a correlation
        return _nothing(n, f"no correlation: {n} pairs")
    rx, ry = mid_ranks(x), mid_ranks(y)
    constant = [name for name, r in (("x", rx), ("y", ry)) if np.ptp(r) == 0]
    if constant:
        return _nothing(n, f"no correlation: {' and '.join(constant)} {'is' if len(constant) == 1 else 'are each'} constant")
    cx, cy = rx - rx.mean(), ry - ry.mean()
    rho = min(1.0, max(-1.0, float(cx @ cy / math.sqrt(float(cx @ cx) * float(cy @ cy)))))
    exact = n <= min(exact_up_to, MAX_EXACT)
    if exact:
        p, floor = _exact_p(rx, ry)
    else:
        p, floor = _sampled_p(rx, ry, rng, n_resamples), max(2 / math.factorial(n), 1 / (n_resamples + 1))
    low, high, note = bonett_wright(rho, n, level)
    return RankCorrelation(rho, p, exact, n, low, high, floor, note)


def _pairings(n: int, rng: Any, n_resamples: int) -> Array:
    """Return all permutations of range(n) for small n, else random ones, shape (n_permutations, n)."""
    if n <= MAX_EXACT_PARTIAL:
        flat = itertools.chain.from_iterable(itertools.permutations(range(n)))
        return np.fromiter(flat, dtype=np.intp, count=n * math.factorial(n)).reshape(-1, n)
    return generator(rng).permuted(np.tile(np.arange(n), (n_resamples, 1)), axis=1)


def partial_spearman(
    x: Any, y: Any, covariates: Any, rng: Any = None, n_resamples: int = N_RESAMPLES, level: float = 0.95
) -> RankCorrelation:
    """Return the partial Spearman correlation given covariates, for instance steroid dose.

    x, y and every covariate become mid-ranks, x and y are freed of the covariates by least squares, and the residuals are
    correlated. The p is Freedman and Lane's (J Bus Econ Stat 1983): residuals of y are permuted over patients, freed of the
    covariates once more and correlated with those of x; two-sided on abs(rho). All n! permutations up to n = 8, random ones with
    +1 above. It is asymptotically exact, not exact as the p without covariates is.

    Parameters
    ----------
    x, y
        One value a patient, shape (n,).
    covariates
        Shape (n, k) or (n,).
    rng, n_resamples, level
        As in `spearman`.

    Raises
    ------
    DataError
        A value is missing, or the lengths differ.
    UsageError
        A level outside (0, 1).
    """
    check_level(level)
    x, y = pairs(x, y)
    n = len(x)
    z = table(covariates, n)
    if n == 0:
        return _nothing(n, "no correlation: 0 pairs")
    q = basis(np.column_stack([np.ones(n), *(mid_ranks(c) for c in z.T)]))
    k = q.shape[1] - 1
    if n - k < 3:  # noqa: PLR2004 one degree of freedom
        return _nothing(n, f"no partial correlation: {n} pairs with {k} covariates leave no degree of freedom")
    ranks = [mid_ranks(x), mid_ranks(y)]
    ex, ey = (r - q @ (q.T @ r) for r in ranks)
    for name, e, r in zip("xy", (ex, ey), ranks, strict=True):
        if float(e @ e) <= TIE * float(r @ r):
            return _nothing(n, f"no partial correlation: the covariates (or a constant) explain all of {name}")
    rho = min(1.0, max(-1.0, float(ex @ ey / math.sqrt(float(ex @ ex) * float(ey @ ey)))))
    exact = n <= MAX_EXACT_PARTIAL
    r = np.abs(residual_correlations(ey[_pairings(n, rng, n_resamples)], ex, q))
    if exact:
        p, floor = float((r >= abs(rho) - TIE).mean()), float((r >= r.max() - TIE).mean())
    else:
        p, floor = (int((r >= abs(rho) - TIE).sum()) + 1) / (n_resamples + 1), 1 / (n_resamples + 1)
    low, high, note = bonett_wright(rho, n, level, k)
    return RankCorrelation(rho, p, exact, n, low, high, floor, note)


def kendall(x: Any, y: Any) -> Kendall:
    """Return Kendall's tau-b with the exact p of scipy where there are no ties, else its normal approximation, which is said.

    Raises
    ------
    DataError
        A value is missing, or the lengths differ.
    """
    from scipy.stats import kendalltau

    x, y = pairs(x, y)
    n = len(x)
    x, y = rounded(x), rounded(y)
    distinct = len(np.unique(x)), len(np.unique(y))
    if min(distinct, default=0) < 2:  # noqa: PLR2004 two points make a correlation
        return Kendall(_NAN, _NAN, False, n, f"no correlation: {n} pairs, all equal in x or y")  # noqa: FBT003
    exact = distinct == (n, n)
    answer = kendalltau(x, y, method="exact" if exact else "asymptotic")
    note = "" if exact else "p is a normal approximation: there are ties"
    return Kendall(float(answer.statistic), float(answer.pvalue), exact, n, note)
