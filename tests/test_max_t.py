"""Joint sign-flip max-T against brute force, and the family-wise error that it promises."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ifnscore.stats import max_t, sign_flip


def flips(values):
    return itertools.product((1, -1), repeat=len(values))


def slow_max_t(x):
    """T = |mean| / SE of every flip, written out; step-down by the definition of Westfall and Young."""
    n, k = x.shape

    def t(flipped):
        with np.errstate(divide="ignore", invalid="ignore"):
            out = np.abs(flipped.mean(axis=0)) / (flipped.std(axis=0, ddof=1) / math.sqrt(n))
        return np.where(flipped.any(axis=0), out, 0.0)

    observed, null = t(x), np.array([t(x * np.array(s)[:, None]) for s in flips(range(n))])
    near = 1 - 1e-9
    single = [(null.max(axis=1) >= observed[j] * near).mean() for j in range(k)]
    step = [(null[:, observed <= observed[j] / near].max(axis=1) >= observed[j] * near).mean() for j in range(k)]
    step = [max(p for p, o in zip(step, observed, strict=True) if o >= observed[j] * near) for j in range(k)]
    return [(null[:, j] >= observed[j] * near).mean() for j in range(k)], step, single


@pytest.mark.parametrize("seed", range(4))
def test_max_t_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(7, 4)) + rng.normal(size=(7, 1)) - [1.5, 0, 2, 0.3]) * [1, 100, 0.01, 7]
    x[0, 3] = 0.0
    if seed % 2:
        x = np.column_stack([np.round(x, 1), np.zeros(7)])
    raw, step, single = slow_max_t(x)
    got = max_t.adjust(x)
    np.testing.assert_allclose(got.p_raw, raw, atol=1e-12)
    np.testing.assert_allclose(got.p_adj, step, atol=1e-12)
    np.testing.assert_allclose(got.p_single_step, single, atol=1e-12)
    assert (got.exact, got.n_resamples) == (True, 2**7)


def test_max_t_reaches_the_floor_for_any_number_of_columns():
    x = -np.abs(np.random.default_rng(1).normal(size=(6, 30))) - 0.1
    got = max_t.adjust(x)
    assert got.p_raw == pytest.approx(2 / 2**6)
    assert got.p_adj.min() == got.p_single_step.min() >= 2 / 2**6
    clones = max_t.adjust(np.column_stack([x[:, 0], 500 * x[:, 0], x[:, 0] / 3]))
    assert clones.p_adj == pytest.approx([2 / 2**6] * 3)


def test_max_t_of_columns_without_spread():
    x = np.random.default_rng(2).normal(size=(6, 3)) - 1
    x[:, 1], x[:, 2] = 0.0, -2.0
    got = max_t.adjust(x)
    assert (got.p_raw[1], got.p_adj[1], got.p_raw[2], got.p_adj[2]) == (1.0, 1.0, 2 / 64, 2 / 64)
    assert math.isnan(got.t[1])
    assert got.t[2] == -math.inf


def test_max_t_takes_complete_cases_and_agrees_with_the_single_test():
    x = np.random.default_rng(3).normal(size=(20, 3)) - 0.5
    got = max_t.adjust(x)
    assert (got.exact, got.n_resamples, got.n) == (False, 99_999, 20)
    assert list(got.p_raw) == [sign_flip.test(c).p for c in x.T]
    assert (got.p_adj >= got.p_raw).all()
    assert (got.p_adj <= got.p_single_step).all()
    gaps = x.copy()
    gaps[[0, 4], [1, 2]] = np.nan
    some, kept = max_t.adjust(gaps), max_t.adjust(np.delete(x, [0, 4], axis=0))
    assert (some.n, some.n_dropped, some.note) == (18, 2, "2 patients without all signatures left out")
    np.testing.assert_array_equal(some.p_adj, kept.p_adj)
    assert max_t.adjust(np.zeros((4, 0))).p_adj.shape == (0,)
    assert np.isnan(max_t.adjust(np.full((4, 2), np.nan)).p_adj).all()


@pytest.mark.parametrize(("n", "effect"), [(6, 0.0), (8, 0.0), (8, 3.0)], ids=["n6", "n8", "n8 partial null"])
def test_max_t_keeps_the_family_wise_error(n, effect):
    """Mixed scales, correlated columns, and (last) two columns with an effect: only false rejections count.

    2,000 data sets: the Monte Carlo SE is 0.005. Raw p values of 8 columns break the same bound, so the check can fail.
    """
    rng = np.random.default_rng(n)
    shift, scale = np.r_[np.full(2, -effect), np.zeros(6)], np.r_[300.0, np.logspace(-2, 2, 7)]
    null = slice(2 if effect else 0, None)
    adjusted = raw = 0
    for _ in range(2_000):
        got = max_t.adjust((0.7 * rng.normal(size=(n, 1)) + rng.normal(size=(n, 8)) + shift) * scale)
        adjusted += got.p_adj[null].min() <= 0.05
        raw += got.p_raw[null].min() <= 0.05
    assert adjusted / 2_000 <= 0.05 + 3 * 0.005
    assert raw / 2_000 > 0.05 + 3 * 0.005
