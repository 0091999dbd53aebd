"""Shared by the exact tests: checked input, differences rounded before they are compared, all or random sign flips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ifnscore._lazy import np
from ifnscore.errors import DataError, UsageError

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

Alternative = Literal["two-sided", "less", "greater"]
#: All 2^n flips up to this n, random ones beyond; and how far a caller may push enumeration (memory 8 * 2^n bytes).
EXACT_UP_TO, MOST_EXACT = 16, 22
#: Random flips beyond that; with the observed one this makes 100,000.
N_RESAMPLES = 99_999
#: Seed used when none is given: the same data must give the same p.
SEED = 20_261_122
#: Differences are kept to 9 digits after the first digit of the largest one, and never finer than 12 decimals.
DIGITS, FINEST = 9, 12
ALTERNATIVES = ("two-sided", "less", "greater")
ALL_SAME = "every difference is the same: the interval is a point"
_ROWS = 8_192


@dataclass(frozen=True, slots=True)
class Test:
    """A p value and how it was made.

    Attributes
    ----------
    p
        p value; NaN where there are no pairs.
    exact
        Whether the whole null distribution was enumerated.
    n
        Pairs, those without a change included.
    n_resamples
        Members of the null distribution that were looked at (2^n where exact).
    note
        What a reader must know.
    n_zero
        Pairs without a change (0 after rounding).
    """

    p: float
    exact: bool
    n: int
    n_resamples: int
    note: str = ""
    n_zero: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval with the level that it really has.

    Attributes
    ----------
    low, high
        Closed bounds; NaN where the level cannot be reached.
    level
        Level that was asked for.
    attained
        Exact level of the interval under the null distribution; NaN without an interval.
    note
        Why there is none, or how it was made.
    """

    low: float
    high: float
    level: float
    attained: float
    note: str = ""


def sample(values: Any, name: str = "differences") -> Array:
    """Return `values` as a float vector; refuse anything that is not finite or not one-dimensional (DataError)."""
    x = np.asarray(values, dtype=float)
    if x.ndim != 1:
        msg = f"{name}: a vector is needed, not {x.ndim} dimensions"
        raise DataError(msg)
    if not np.isfinite(x).all():
        msg = f"{name}: {int((~np.isfinite(x)).sum())} of {x.size} values are missing or infinite; remove them first"
        raise DataError(msg)
    return x


def pair(pre: Any, post: Any) -> tuple[Array, Array]:
    """Return both sides of the pairs as float vectors of one length (DataError otherwise)."""
    before, after = sample(pre, "pre"), sample(post, "post")
    if before.size != after.size:
        msg = f"pre has {before.size} values and post {after.size}: pairs need one of each"
        raise DataError(msg)
    return before, after


def check_level(level: float) -> None:
    """Raise UsageError unless `level` lies between 0 and 1."""
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1, such as 0.95; got {level!r}"
        raise UsageError(msg)


def check_alternative(alternative: str) -> None:
    """Raise UsageError for an unknown alternative."""
    if alternative not in ALTERNATIVES:
        msg = f"alternative must be one of {', '.join(ALTERNATIVES)}; got {alternative!r}"
        raise UsageError(msg)


def percent(level: float) -> str:
    """Return a level as it is printed: ``95 %``."""
    return f"{100 * level:.6g} %"


def decimals(d: Array) -> int:
    """Return the decimals that differences of this size are rounded to.

    Relative, so that z sums in the hundreds and fold changes below 1 are treated alike; bounded, so that the noise of
    floating point (0.1 + 0.2 - 0.3) stays a zero.
    """
    largest = float(np.abs(d).max()) if d.size else 0.0
    return min(DIGITS - math.floor(math.log10(largest)), FINEST) if largest else FINEST


def rounded(d: Array) -> Array:
    """Return differences without the noise of floating point: 3.3 - 2.3 equals 4.1 - 3.1."""
    return np.round(d, decimals(d))


def tolerance(d: Array) -> float:
    """Return how far two sums of rounded differences may lie apart and still be equal (thirds do not round to thirds)."""
    return float(d.size * 10.0 ** -decimals(d))


def generator(rng: Any = None) -> Any:
    """Return a numpy generator; without a seed always the same one."""
    return np.random.default_rng(SEED if rng is None else rng)


def all_sums(d: Array) -> Array:
    """Return the sums of `d` under all 2^n sign flips, shape (2^n,), the observed one first."""
    sums = np.zeros(1)
    for x in d:
        sums = np.concatenate([sums + x, sums - x])
    return sums


def half_of_all_signs(n: int) -> Iterator[Array]:
    """Yield chunks of the 2^(n-1) flips that leave the first sign alone; |statistics| of the others are the same."""
    total, bits = 2 ** (n - 1), np.arange(n - 1)
    for start in range(0, total, _ROWS):
        numbers = np.arange(start, min(start + _ROWS, total))
        flipped = (numbers[:, None] >> bits) & 1
        yield np.column_stack([np.ones(len(numbers)), 1.0 - 2.0 * flipped])


def random_signs(n: int, total: int, rng: Any = None) -> Iterator[Array]:
    """Yield chunks of `total` random flips of n signs, shape (chunk, n); same seed and n, same flips."""
    source = generator(rng)
    for start in range(0, total, _ROWS):
        rows = min(_ROWS, total - start)
        yield 2.0 * source.integers(0, 2, size=(rows, n), dtype=np.int8) - 1.0
