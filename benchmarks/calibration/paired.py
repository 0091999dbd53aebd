"""Paired designs: changes of n patients whose null hypothesis (symmetric about 0) is true, and several signatures at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tally import COVERAGE, Answer, Quantity, covered, rejected

from ifnscore.stats import max_t, sign_flip, signed_rank

SIGN_FLIP = Quantity("sign-flip p of the mean change", headline=True)
PRATT = Quantity("exact signed-rank p (Pratt)")
PAIRED_T = Quantity("paired t p")
FAMILY = Quantity("max-T adjusted p, family-wise error over 4 signatures", headline=True)
FAMILY_PARTIAL = Quantity("max-T adjusted p, family-wise error over the 3 signatures without an effect", headline=True)
T_INTERVAL = Quantity("t interval of the mean change", COVERAGE)
FLIP_INTERVAL = Quantity("sign-flip interval of the mean change", COVERAGE)
HODGES_LEHMANN = Quantity("Hodges-Lehmann interval", COVERAGE)
#: Random flips where the package would take 99,999: as valid (400 divides 0.05), a little less power.
N_RESAMPLES = 399
#: The two exact intervals are slow: they are made for one data set in so many.
INTERVALS_EVERY = 5
#: Signatures of a family: two log2 scores, two z sums in the hundreds; correlation of any two.
SCALES, CORRELATION = np.array([1.0, 1.5, 150.0, 400.0]), 0.7


def changes(kind: str, rng: Any, shape: tuple[int, ...]) -> Any:
    """Return changes without a true mean; `asymmetric` alone is not symmetric about it."""
    if kind == "normal":
        return rng.normal(size=shape)
    if kind == "t3":
        return rng.standard_t(3, size=shape)
    if kind == "integer":
        return rng.choice([-3, -2, -1, 0, 1, 2, 3], p=[0.05, 0.15, 0.15, 0.3, 0.15, 0.15, 0.05], size=shape).astype(float)
    if kind == "exchangeable":
        return rng.lognormal(0, 1, shape) - rng.lognormal(0, 1, shape)
    if kind == "asymmetric":
        return rng.exponential(1.0, shape) - 1.0
    raise ValueError(kind)


def one(kind: str, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate one paired data set by the package's functions."""
    d = changes(kind, rng, (n,))
    flip = sign_flip.test(d, rng=int(rng.integers(2**31)), n_resamples=N_RESAMPLES)
    floor = 2 / 2**n
    yield SIGN_FLIP, rejected(flip.p, floor)
    yield PRATT, rejected(signed_rank.test(d).p, floor)
    t = sign_flip.t_interval(d)
    yield PAIRED_T, rejected(t.p)
    yield T_INTERVAL, covered(t.low, t.high, 0.0)
    if index % INTERVALS_EVERY == 0:
        flipped, hl = sign_flip.interval(d), signed_rank.hodges_lehmann(d)
        yield FLIP_INTERVAL, covered(flipped.low, flipped.high, 0.0)
        if kind != "asymmetric":  # there its target, the pseudomedian, is not 0
            yield HODGES_LEHMANN, covered(hl.low, hl.high, 0.0)


def family(kind: str, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate max-T over four correlated signatures: all null, and with an effect in the first one (strong control)."""
    del index
    shared, own = changes(kind, rng, (n, 1)), changes(kind, rng, (n, len(SCALES)))
    x = np.sqrt(CORRELATION) * shared + np.sqrt(1 - CORRELATION) * own
    if kind == "integer":
        x = np.where(rng.random((n, 1)) < CORRELATION, shared, own)
    seed, floor = int(rng.integers(2**31)), 2 / 2**n
    null = max_t.adjust(x * SCALES, rng=seed, n_resamples=N_RESAMPLES)
    yield FAMILY, rejected(float(null.p_adj.min()), floor)
    moved = max_t.adjust((x - [3.0, 0, 0, 0]) * SCALES, rng=seed, n_resamples=N_RESAMPLES)
    yield FAMILY_PARTIAL, rejected(float(moved.p_adj[1:].min()), floor)
