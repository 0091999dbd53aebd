"""Two independent groups of few patients: difference of means and of ranks, with exact p."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.stats._exact import N_RESAMPLES, check_level, generator, percent, rounded, sample, tolerance
from ifnscore.stats.rank_correlation import mid_ranks

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Most relabellings that are counted one by one; most pairs for which the rank distribution is worked out.
MAX_LABELS, MAX_RANK_PAIRS = 200_000, 10_000
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Difference of two means, b minus a.

    Attributes
    ----------
    difference, low, high, df, p_t
        Mean of b minus mean of a, Welch's t interval, its degrees of freedom and p; NaN where a group has one value.
    p, exact, min_attainable_p
        Two-sided permutation p of the difference over labels, whether all labellings were counted, and the smallest p possible.
    shift, shift_low, shift_high, shift_level
        Hodges-Lehmann shift (median of all b - a), its Mann-Whitney interval, and the level that interval attains.
    n_a, n_b
        Group sizes.
    note
        Why something is missing.
    """

    difference: float
    low: float
    high: float
    df: float
    p_t: float
    p: float
    exact: bool
    min_attainable_p: float
    shift: float
    shift_low: float
    shift_high: float
    shift_level: float
    n_a: int
    n_b: int
    note: str


@dataclass(frozen=True, slots=True)
class MannWhitney:
    """Mann-Whitney test of b against a.

    Attributes
    ----------
    u
        Pairs with b > a, ties counting one half.
    p, exact, min_attainable_p
        Two-sided p (distance of u from its expectation), whether it counts all labellings, and the smallest p these ties allow.
    rank_biserial
        2 u / (n_a n_b) - 1: +1 when every b exceeds every a.
    n_a, n_b
        Group sizes.
    note
        Why something is missing.
    """

    u: float
    p: float
    exact: bool
    min_attainable_p: float
    rank_biserial: float
    n_a: int
    n_b: int
    note: str


def _rank_sum_counts(ranks: Array, size: int) -> Array:
    """Return how many subsets of `size` of the whole-number `ranks` have the sum 0, 1, 2, ... (Streitberg & Roehmel 1986)."""
    ordered = np.sort(ranks)
    width = int(ordered[-size:].sum()) + 1
    counts = np.zeros((size + 1, width))  # floats: whole numbers up to 2^53, and no overflow beyond
    counts[0, 0] = 1
    for done, rank in enumerate(int(r) for r in ordered):
        for k in range(min(size, done + 1), 0, -1):
            counts[k, rank:] += counts[k - 1, : width - rank]
    return counts[size]


def mann_whitney(a: Any, b: Any) -> MannWhitney:
    """Return the Mann-Whitney test, exact with and without ties: the permutation distribution of the mid-ranks themselves.

    Two-sided: labellings whose rank sum is at least as far from its expectation. Above 10,000 pairs the normal approximation
    of scipy with continuity and tie correction takes over, and `exact` is False.

    Parameters
    ----------
    a, b
        Values of the two groups, shapes (n_a,) and (n_b,).

    Raises
    ------
    DataError
        A value is missing.
    """
    a, b = sample(a, "a"), sample(b, "b")
    m, n = len(a), len(b)
    if min(m, n) == 0:
        return MannWhitney(_NAN, _NAN, False, _NAN, _NAN, m, n, "no test: a group is empty")  # noqa: FBT003
    ranks = mid_ranks(np.concatenate([a, b]))
    u = float(ranks[m:].sum()) - n * (n + 1) / 2
    biserial = 2 * u / (m * n) - 1
    if m * n > MAX_RANK_PAIRS:
        from scipy.stats import mannwhitneyu

        p = float(mannwhitneyu(ranks[m:], ranks[:m], method="asymptotic").pvalue)
        return MannWhitney(u, p, False, _NAN, biserial, m, n, "p is a normal approximation: the groups are large")  # noqa: FBT003
    doubled = np.rint(2 * ranks).astype(np.int64)
    counts = _rank_sum_counts(doubled, n)
    far = np.abs((m + n) * np.arange(len(counts)) - n * int(doubled.sum()))
    total = float(math.comb(m + n, n))
    p = float(counts[far >= abs((m + n) * int(doubled[m:].sum()) - n * int(doubled.sum()))].sum()) / total
    floor = float(counts[far >= far[counts > 0].max()].sum()) / total
    note = "all values are equal" if np.ptp(doubled) == 0 else ""
    return MannWhitney(u, min(p, 1.0), True, floor, biserial, m, n, note)  # noqa: FBT003


def hodges_lehmann(a: Array, b: Array, level: float = 0.95) -> tuple[float, float, float, float]:
    """Return the median of all differences b - a, its interval and the level that the interval attains.

    The interval runs from the k-th smallest to the k-th largest difference, k the largest with P(U < k) <= (1 - level)/2 in
    the distribution without ties (Hollander, Wolfe & Chicken 2014, section 4.3); with ties it attains at least that level.
    NaN where even the whole range of differences does not reach `level`, and for more than 10,000 pairs.
    """
    m, n = len(a), len(b)
    differences = np.sort(np.subtract.outer(b, a).ravel())
    shift = float(np.median(differences))
    if m * n > MAX_RANK_PAIRS:
        return shift, _NAN, _NAN, _NAN
    counts = _rank_sum_counts(np.arange(1, m + n + 1), n)[n * (n + 1) // 2 :]
    below = np.cumsum(counts) / float(math.comb(m + n, n))  # below[k - 1] = P(U < k)
    k = int((below <= (1 - level) / 2 * (1 + 1e-12)).sum())
    if k == 0:
        return shift, _NAN, _NAN, _NAN
    return shift, float(differences[k - 1]), float(differences[m * n - k]), float(1 - 2 * below[k - 1])


def _label_sums(values: Array, size: int, rng: Any, n_resamples: int) -> tuple[Array, bool]:
    """Return sums over subsets of `size` values: all of them where that is feasible, else random ones."""
    total = len(values)
    ways = math.comb(total, size)
    if ways <= MAX_LABELS:
        flat = itertools.chain.from_iterable(itertools.combinations(range(total), size))
        picks = np.fromiter(flat, dtype=np.intp, count=ways * size).reshape(ways, size)
        return values[picks].sum(axis=1), True
    rng = generator(rng)
    chunks = [min(10_000, n_resamples - start) for start in range(0, n_resamples, 10_000)]
    drawn = [rng.permuted(np.tile(values, (c, 1)), axis=1)[:, :size].sum(axis=1) for c in chunks]
    return np.concatenate(drawn), False


def _permutation_p(a: Array, b: Array, rng: Any, n_resamples: int) -> tuple[float, bool, float]:
    values = np.concatenate([a, b])
    values = values - values.mean()  # the difference of means is then proportional to the sum over b
    sums, exact = _label_sums(values, len(b), rng, n_resamples)
    far, near = np.abs(sums), tolerance(values)
    limit = abs(float(values[len(a) :].sum())) - near
    if exact:
        return float((far >= limit).mean()), True, float((far >= far.max() - near).mean())
    floor = max(1 / math.comb(len(values), len(b)), 1 / (n_resamples + 1))
    return (int((far >= limit).sum()) + 1) / (n_resamples + 1), False, floor


def _welch(a: Array, b: Array, level: float) -> tuple[float, float, float, float, str]:
    """Return low, high, df, p and a note (Welch, Biometrika 1947); scipy's own call warns where one group has no spread."""
    from scipy.stats import t

    if min(len(a), len(b)) < 2:  # noqa: PLR2004 one value has no spread
        return _NAN, _NAN, _NAN, _NAN, "no t interval: a group has one value"
    if np.ptp(rounded(a)) == 0 and np.ptp(rounded(b)) == 0:
        return _NAN, _NAN, _NAN, _NAN, "no t interval: no spread inside the groups"
    parts = [float(g.var(ddof=1)) / len(g) for g in (a, b)]
    se = math.sqrt(sum(parts))
    df = sum(parts) ** 2 / sum(v**2 / (len(g) - 1) for v, g in zip(parts, (a, b), strict=True))
    difference, half = float(b.mean() - a.mean()), float(t.ppf((1 + level) / 2, df)) * se
    return difference - half, difference + half, df, float(2 * t.sf(abs(difference) / se, df)), ""


def mean_difference(a: Any, b: Any, rng: Any = None, n_resamples: int = N_RESAMPLES, level: float = 0.95) -> MeanDifference:
    """Return mean(b) - mean(a) with Welch's interval, the permutation p over labels and the Hodges-Lehmann shift.

    The p counts labellings whose difference of means is at least as large in absolute value: all of them up to 200,000, else
    `n_resamples` random ones with +1. It tests that the two groups come from one distribution.

    Parameters
    ----------
    a, b
        Values of the two groups, shapes (n_a,) and (n_b,).
    rng
        Seed or generator, used only above 200,000 labellings; without it a fixed seed.
    n_resamples
        Random labellings above that.
    level
        Level of both intervals.

    Raises
    ------
    DataError
        A value is missing.
    UsageError
        A level outside (0, 1).
    """
    check_level(level)
    a, b = sample(a, "a"), sample(b, "b")
    m, n = len(a), len(b)
    if min(m, n) == 0:
        nan = (_NAN, _NAN, _NAN, _NAN, _NAN)
        return MeanDifference(*nan, _NAN, False, *nan, m, n, "no comparison: a group is empty")  # noqa: FBT003
    low, high, df, p_t, note = _welch(a, b, level)
    p, exact, floor = _permutation_p(a, b, rng, n_resamples)
    shift = hodges_lehmann(a, b, level)
    if math.isnan(shift[3]):
        large = m * n > MAX_RANK_PAIRS
        why = f"no interval of the shift: groups of {m} and {n} " + (
            "are too large" if large else f"cannot reach {percent(level)}"
        )
        note = "; ".join(filter(None, [note, why]))
    return MeanDifference(float(b.mean() - a.mean()), low, high, df, p_t, p, exact, floor, *shift, m, n, note)
