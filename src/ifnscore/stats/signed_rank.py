"""Wilcoxon signed ranks by their own permutation distribution, the sign test, and Hodges-Lehmann with its attained level.

Zeros by Pratt (1959): ranked with the others, then left out of the sums; or dropped first (Wilcoxon). Ties take mid-ranks, and
the null distribution is that of the mid-ranks at hand, never a tabulated one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.stats import _exact
from ifnscore.stats._exact import Alternative, Test

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

ZEROS = ("pratt", "wilcox")


@dataclass(frozen=True, slots=True)
class HodgesLehmann:
    """Pseudomedian with its exact interval.

    Attributes
    ----------
    estimate
        Median of all Walsh averages, zeros included; unit of the differences.
    low, high
        Walsh averages; NaN where the level cannot be reached.
    level, attained
        Level wanted, and the one that the interval has.
    n
        Pairs.
    note
        Why there is no interval.
    """

    estimate: float
    low: float
    high: float
    level: float
    attained: float
    n: int
    note: str = ""


def _doubled_ranks(magnitudes: Array) -> Array:
    """Return twice the mid-ranks: whole numbers."""
    from scipy.stats import rankdata

    return np.rint(2 * rankdata(magnitudes)).astype(int)


def _null(ranks: Array) -> Array:
    """Return P(sum of the ranks with a positive sign = s) for s = 0, 1, ..., each sign a fair coin.

    Adds one rank after another. Halving is exact in binary, so that every probability is exact up to 52 ranks.
    """
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0], top = 1.0, 0
    for r in ranks.tolist():
        shifted = chances[: top + 1] / 2
        chances[: top + 1] = shifted
        chances[r : r + top + 1] += shifted
        top += r
    return chances


def test(d: Any, zeros: str = "pratt", alternative: Alternative = "two-sided") -> Test:  # noqa: PT028
    """Test that paired differences are symmetric about 0, by signed ranks; exact for every n, ties and zeros included.

    Parameters
    ----------
    d
        Differences (after minus before), shape (n,); rounded before they are ranked.
    zeros
        ``pratt`` or ``wilcox``.
    alternative
        ``two-sided``; ``less``: shifted below 0; ``greater``.

    Raises
    ------
    DataError
        Missing or infinite differences.
    UsageError
        Unknown `zeros` or `alternative`.
    """
    x = _exact.rounded(_exact.sample(d))
    _exact.check_alternative(alternative)
    if zeros not in ZEROS:
        msg = f"zeros must be one of {', '.join(ZEROS)}; got {zeros!r}"
        raise UsageError(msg)
    n, n_zero = x.size, int((x == 0).sum())
    if not n:
        return Test(math.nan, exact=True, n=0, n_resamples=0, note="no pairs")
    if n == n_zero:
        return Test(1.0, exact=True, n=n, n_resamples=1, note="every difference is 0", n_zero=n_zero)
    if zeros == "wilcox":
        x = x[x != 0]
    ranks, moved = _doubled_ranks(np.abs(x)), x != 0
    chances, positive = _null(ranks[moved]), int(ranks[x > 0].sum())
    less, greater = float(chances[: positive + 1].sum()), float(chances[positive:].sum())
    p = {"less": less, "greater": greater, "two-sided": 2 * min(less, greater)}[alternative]
    return Test(min(1.0, p), exact=True, n=n, n_resamples=2 ** (n - n_zero), n_zero=n_zero)


def sign_test(d: Any, alternative: Alternative = "two-sided") -> Test:
    """Test that a difference is as often above as below 0 (exact binomial); zeros say nothing and are left out.

    Parameters
    ----------
    d
        Differences, shape (n,).
    alternative
        ``two-sided``, ``less`` or ``greater``.
    """
    x = _exact.rounded(_exact.sample(d))
    _exact.check_alternative(alternative)
    n, up, down = x.size, int((x > 0).sum()), int((x < 0).sum())
    if not n:
        return Test(math.nan, exact=True, n=0, n_resamples=0, note="no pairs")
    if not up + down:
        return Test(1.0, exact=True, n=n, n_resamples=1, note="every difference is 0", n_zero=n)
    from scipy.stats import binomtest

    p = float(binomtest(up, up + down, 0.5, alternative=alternative).pvalue)
    return Test(min(1.0, p), exact=True, n=n, n_resamples=2 ** (up + down), n_zero=n - up - down)


def _walsh(x: Array) -> Array:
    """Return all (x_i + x_j) / 2 with i <= j, ascending."""
    first, second = np.triu_indices(x.size)
    return np.sort((x[first] + x[second]) / 2)


def _bound(x: Array, tail: float) -> tuple[float, float]:
    """Return the lower bound and the chance in its tail; NaN where even the first Walsh average is too much.

    Between two Walsh averages the signed-rank test of a centre keeps one p, so centres are tried gap by gap from the left until
    one is not rejected. Within a gap differences tie only where two patients changed by the same amount; such mid-ranks change
    the null distribution from gap to gap, and it is computed once for each set of ranks.
    """
    values, ranked = _walsh(x), _exact.rounded(x)
    # Averages that differ by rounding alone are one value; a gap between them would not be a gap.
    values = values[np.concatenate([[True], np.diff(values) > 2 * 10.0 ** -_exact.decimals(x)])]
    known: dict[tuple[int, ...], Array] = {}
    low, spent = math.nan, math.nan
    for i, value in enumerate(values):
        moved = ranked - (value - max(1.0, abs(value)) if i == 0 else (values[i - 1] + value) / 2)
        ranks = _doubled_ranks(np.abs(moved))
        key = tuple(np.sort(ranks).tolist())
        if key not in known:
            known[key] = np.cumsum(_null(ranks))
        chance = float(known[key][int(ranks[moved < 0].sum())])
        if chance > tail * (1 + 1e-12):
            break
        low, spent = float(value), chance
    return low, spent


def hodges_lehmann(d: Any, level: float = 0.95) -> HodgesLehmann:
    """Return the Hodges-Lehmann estimate and its exact interval (Hodges and Lehmann 1963, Bauer 1972).

    Both bounds are Walsh averages: the interval holds every centre that the two one-sided signed-rank tests do not reject, with
    the permutation distribution of the mid-ranks where changes are tied. Zeros are differences like any other.

    Parameters
    ----------
    d
        Differences, shape (n,).
    level
        Level wanted. `attained` is 1 minus the two tails of the nearest centres outside; 95 % needs 6 pairs.

    Raises
    ------
    DataError
        Missing or infinite differences.
    """
    raw = _exact.sample(d)
    _exact.check_level(level)
    n = raw.size
    if not n:
        return HodgesLehmann(math.nan, math.nan, math.nan, level, math.nan, 0, "no pairs")
    estimate = float(np.median(_walsh(raw)))
    low, below = _bound(raw, (1 - level) / 2)
    high, above = _bound(-raw, (1 - level) / 2)
    if math.isnan(low):
        note = f"no {_exact.percent(level)} interval: n={n} allows at most {_exact.percent(1 - 2 / 2**n)}"
        return HodgesLehmann(estimate, math.nan, math.nan, level, math.nan, n, note)
    note = "" if np.ptp(_exact.rounded(raw)) else _exact.ALL_SAME
    return HodgesLehmann(estimate, low, -high, level, 1 - below - above, n, note)
