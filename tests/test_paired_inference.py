"""Paired inference against brute force, its own definitions, and the edges: no pairs, one, two, zeros, ties, all the same."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from ifnscore.errors import DataError, UsageError
from ifnscore.stats import (
    _exact,
    attainable,
    effects,
    equivalence,
    max_t,
    proportion,
    regression_to_mean,
    sign_flip,
    signed_rank,
)

SAMPLES = {
    "untied": [-1.3, 0.45, -2.2, -0.71, -3.3, 0.12, -1.9],
    "ties and zeros": [-9.0, 0.0, -11.0, -4.0, -4.0, -13.0, 0.0, 4.0],
    "one decimal": [2.3 - 3.3, 3.1 - 4.1, 0.3 - 0.1 - 0.2, 1.7 - 1.2, 4.2 - 3.7, 2.0 - 4.0],
    "thirds": [1 / 3, 1 / 3, -2 / 3, 2 / 3, -1.0, 1 / 3],
    "hundreds": [-812.4, 33.1, -120.7, -812.4, 4.9],
    "tiny": [-3e-4, 1e-4, -2e-4, 2e-4, 3e-4, -1e-4],
}
EACH = pytest.mark.parametrize("d", SAMPLES.values(), ids=list(SAMPLES))


def fractions(d):
    """Return the differences as whole numbers: sums and ranks without any rounding."""
    scale = {"untied": 100, "one decimal": 10, "thirds": 3, "hundreds": 10, "tiny": 10_000}
    name = next(k for k, v in SAMPLES.items() if v is d)
    return [round(x * scale.get(name, 1)) for x in d]


def flips(values):
    return itertools.product((1, -1), repeat=len(values))


def mid_ranks(values):
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def share(null, observed, alternative):
    hits = {
        "less": [x <= observed for x in null],
        "greater": [x >= observed for x in null],
        "two-sided": [abs(x) >= abs(observed) for x in null],
    }[alternative]
    return sum(hits) / len(hits)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@EACH
def test_sign_flip_by_enumeration(d, alternative):
    whole = fractions(d)
    null = [sum(s * x for s, x in zip(signs, whole, strict=True)) for signs in flips(whole)]
    got = sign_flip.test(np.array(d), alternative)
    assert got.p == pytest.approx(share(null, sum(whole), alternative), abs=1e-12)
    assert (got.exact, got.n, got.n_resamples, got.n_zero) == (True, len(d), 2 ** len(d), whole.count(0))


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("zeros", ["pratt", "wilcox"])
@EACH
def test_signed_rank_by_enumeration(d, zeros, alternative):
    whole = [x for x in fractions(d) if x or zeros == "pratt"]
    ranks = [r * (x != 0) for r, x in zip(mid_ranks([abs(x) for x in whole]), whole, strict=True)]
    null = [sum(s * r for s, r in zip(signs, ranks, strict=True)) for signs in flips(whole)]
    observed = sum(r * (1 if x > 0 else -1) for r, x in zip(ranks, whole, strict=True))
    assert signed_rank.test(d, zeros, alternative).p == pytest.approx(share(null, observed, alternative), abs=1e-12)


def test_signed_rank_of_many_pairs():
    """Without ties or zeros scipy's exact table is right."""
    d = np.random.default_rng(3).normal(0.3, 1, 50)
    assert signed_rank.test(d).p == pytest.approx(scipy.stats.wilcoxon(d, method="exact").pvalue, abs=1e-12)
    many = np.random.default_rng(4).integers(-5, 6, 300).astype(float)
    want = scipy.stats.wilcoxon(many, zero_method="pratt", correction=True).pvalue
    assert signed_rank.test(many).p == pytest.approx(want, rel=0.01)


def test_random_flips_beyond_sixteen_pairs():
    d = np.random.default_rng(5).normal(0.4, 1, 18)
    exact, random = sign_flip.test(d, exact_up_to=18), sign_flip.test(d)
    assert (exact.exact, exact.n_resamples, random.exact, random.n_resamples) == (True, 2**18, False, 99_999)
    assert random.p == pytest.approx(exact.p, abs=5 * math.sqrt(exact.p / 1e5))
    assert random == sign_flip.test(d)
    assert sign_flip.test(d, rng=1) == sign_flip.test(d, rng=np.random.default_rng(1)) != random
    assert sign_flip.test(np.full(40, -2.0)).p == 1 / 100_000


def test_p_never_falls_below_what_is_attainable():
    for n in range(1, 13):
        for zeros in range(n + 1):
            d = np.r_[np.linspace(1, 2, n - zeros), np.zeros(zeros)]
            floor = attainable.min_p(n, zeros)
            tests = sign_flip.test(d), signed_rank.test(d), signed_rank.test(d, "wilcox"), signed_rank.sign_test(d)
            assert [t.p for t in tests] == pytest.approx([floor] * 4, abs=1e-15)


def test_attainable_table():
    want = {4: 0.125, 5: 0.0625, 6: 0.03125, 7: 1 / 64, 8: 1 / 128, 9: 1 / 256, 10: 1 / 512, 12: 1 / 2048}
    assert {n: attainable.min_p(n) for n in want} == want
    assert {n: attainable.max_hypotheses(want[n]) for n in (4, 5, 6, 7, 8, 9, 10)} == {
        4: 0,
        5: 0,
        6: 1,
        7: 3,
        8: 6,
        9: 12,
        10: 25,
    }
    assert attainable.min_p(6, n_zero=1) == 0.0625
    assert [round(attainable.min_p(n, kind="spearman"), 4) for n in (4, 5, 6)] == [0.0833, 0.0167, 0.0028]
    assert attainable.min_p(3, kind="two_groups", m=3) == 0.1
    assert [attainable.min_p(n) for n in (0, 1)] == [1.0, 1.0]
    assert attainable.max_hypotheses(0.01, 0.05) == 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: attainable.min_p(-1),
        lambda: attainable.min_p(3, n_zero=4),
        lambda: attainable.min_p(3, kind="anova"),
        lambda: attainable.min_p(3, kind="two_groups"),
        lambda: attainable.min_p(3, m=2),
        lambda: attainable.min_p(5, n_zero=1, kind="spearman"),
        lambda: attainable.max_hypotheses(0.0),
        lambda: sign_flip.test([1.0], "up"),
        lambda: sign_flip.test([1.0], exact_up_to=40),
        lambda: sign_flip.test([1.0], n_resamples=0),
        lambda: sign_flip.interval([1.0], level=95),
        lambda: sign_flip.t_interval([1.0], level=1),
        lambda: signed_rank.test([1.0], zeros="zsplit"),
        lambda: signed_rank.hodges_lehmann([1.0], level=0),
        lambda: equivalence.tost([1.0, 2.0], 0.0),
        lambda: equivalence.tost([1.0, 2.0], (0.1, 0.5)),
        lambda: equivalence.tost([1.0, 2.0], math.nan),
        lambda: equivalence.tost([1.0, 2.0], 1.0, alpha=0.5),
        lambda: proportion.clopper_pearson(3, 2),
        lambda: regression_to_mean.expected(1.0, 0.0, 1.2),
    ],
)
def test_wrong_arguments_are_usage_errors(call):
    with pytest.raises(UsageError):
        call()


@pytest.mark.parametrize("bad", [[1.0, math.nan], [1.0, math.inf], [[1.0, 2.0]]], ids=["nan", "inf", "2-d"])
@pytest.mark.parametrize(
    "call",
    [
        sign_flip.test,
        sign_flip.interval,
        sign_flip.t_interval,
        signed_rank.test,
        signed_rank.sign_test,
        signed_rank.hodges_lehmann,
        lambda d: equivalence.tost(d, 1.0),
        lambda d: effects.paired(d, [1.0, 2.0]),
        lambda d: regression_to_mean.oldham([1.0, 2.0], d),
    ],
)
def test_values_that_cannot_be_used_are_data_errors(call, bad):
    with pytest.raises(DataError, match=r"missing or infinite|dimensions"):
        call(bad)


def test_other_data_errors():
    with pytest.raises(DataError, match="pre has 2 values and post 3"):
        effects.paired([1.0, 2.0], [1.0, 2.0, 3.0])
    for table in ([[1, 2, 3], [1, 2, 3]], [[1, -1], [0, 2]], [[0.5, 1], [1, 1]]):
        with pytest.raises(DataError, match="2 x 2"):
            proportion.fisher(table)
    with pytest.raises(DataError, match="infinite"):
        max_t.adjust([[1.0, -math.inf]])
    with pytest.raises(DataError, match="table"):
        max_t.adjust([1.0, 2.0])


def one_sided(d, centre, alternative):
    return sign_flip.test(np.array(d) - centre, alternative).p


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize("n", [6, 7, 9, 12])
def test_sign_flip_interval_inverts_the_test(n, level):
    d = np.random.default_rng(n).normal(-1, 1, n)
    got = sign_flip.interval(d, level)
    tail, step = (1 - level) / 2, 1e-6
    assert one_sided(d, got.low - step, "greater") <= tail < one_sided(d, got.low + step, "greater")
    assert one_sided(d, got.high + step, "less") <= tail < one_sided(d, got.high - step, "less")
    assert got.attained == 1 - 2 * one_sided(d, got.low - step, "greater") >= level


@pytest.mark.parametrize("n", [5, 6, 7, 8])
def test_both_intervals_hold_the_centre_as_often_as_they_say(n):
    """Under the null all flips are equally likely: the share of flips whose interval holds 0 is the attained level."""
    size = np.random.default_rng(n).normal(2, 0.7, n)
    flipped = [size * s for s in flips(size)]
    for found in ([sign_flip.interval(d, 0.9) for d in flipped], [signed_rank.hodges_lehmann(d, 0.9) for d in flipped]):
        assert np.mean([i.low <= 0 <= i.high for i in found]) == pytest.approx(found[0].attained, abs=1e-12)
        assert found[0].attained >= 0.9


@pytest.mark.parametrize("sizes", [[1, 1, 2, 2, 3, 3, 3], [0, 0, 1, 2, 2, 5, 5], [1, 1, 1, 1, 1, 1, 1, 1]])
def test_intervals_hold_the_centre_with_ties(sizes):
    flipped = [np.array(sizes, dtype=float) * s for s in flips(sizes)]
    for found in ([sign_flip.interval(d) for d in flipped], [signed_rank.hodges_lehmann(d) for d in flipped]):
        assert np.mean([i.low <= 0 <= i.high for i in found]) >= 0.95
        assert all(i.attained >= 0.95 for i in found)


def test_interval_of_many_pairs():
    """Random subsets agree with all 2^18, and with t, which normal data ask for."""
    d = np.random.default_rng(8).normal(-1, 1, 18)
    got, t = sign_flip.interval(d), sign_flip.t_interval(d)
    means = np.sort(sign_flip._all_subset_means(d))
    k = math.floor(0.025 * 2**18)
    assert [got.low, got.high] == pytest.approx([means[k - 1], means[-k]], abs=0.02)
    assert [got.low, got.high] == pytest.approx([t.low, t.high], abs=0.1)
    assert got.attained == 0.95
    assert got == sign_flip.interval(d)
    assert "99999" in got.note


def test_no_interval_where_the_level_cannot_be_reached():
    d = np.array([-3.0, -1.0, -2.0, -5.0, 1.0])
    for got in (sign_flip.interval(d), signed_rank.hodges_lehmann(d)):
        assert [math.isnan(x) for x in (got.low, got.high, got.attained)] == [True] * 3
        assert got.note == "no 95 % interval: n=5 allows at most 93.75 %"
    for got in (sign_flip.interval(d, 0.9375), signed_rank.hodges_lehmann(d, 0.9375)):
        assert (got.low, got.high, got.attained) == (-5.0, 1.0, 0.9375)


def test_hodges_lehmann_keeps_zeros():
    got = signed_rank.hodges_lehmann([-9.0, 0.0, -11.0, -4.0, -4.0, -13.0])
    assert (got.estimate, got.low, got.high, got.attained) == (-6.5, -13.0, 0.0, 0.96875)


def test_t_interval_by_hand():
    """Differences 1, 2, 3: mean 2, SE 1/sqrt(3), t = 2 sqrt(3), 4.302653 SE to either side."""
    got = sign_flip.t_interval([1.0, 2.0, 3.0])
    assert (got.mean, got.df, got.t) == (2.0, 2, pytest.approx(2 * math.sqrt(3)))
    assert [got.low, got.high] == pytest.approx([2 - 4.302652730 / math.sqrt(3), 2 + 4.302652730 / math.sqrt(3)], abs=1e-8)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_pairs(n):
    d = np.array([-1.5, -0.5])[:n]
    tests = sign_flip.test(d), signed_rank.test(d), signed_rank.sign_test(d)
    for t in tests:
        assert t.n == n
        assert (math.isnan(t.p) and t.note == "no pairs") if n == 0 else t.p == [1.0, 0.5][n - 1]
    assert math.isnan(sign_flip.interval(d).low)
    assert math.isnan(signed_rank.hodges_lehmann(d).low)
    assert signed_rank.hodges_lehmann(d).estimate == pytest.approx([math.nan, -1.5, -1.0][n], nan_ok=True)
    t = sign_flip.t_interval(d)
    assert (math.isnan(t.t), bool(t.note)) == ((True, True) if n < 2 else (False, False))
    e = effects.paired(d + 3 * np.arange(n), 2 * d)
    assert math.isnan(e.g_z)
    assert "no g" in e.note
    assert math.isnan(e.g_av_low)
    assert math.isnan(regression_to_mean.oldham(d, 2 * d).r)
    joint = max_t.adjust(d.reshape(n, 1))
    assert joint.n == n
    assert joint.p_adj[0] == pytest.approx([math.nan, 1.0, 0.5][n], nan_ok=True)
    assert math.isnan(equivalence.tost(d, 1.0).p) == (n < 2)


@pytest.mark.parametrize("value", [0.0, -2.5])
def test_every_difference_the_same(value):
    d, p = np.full(6, value), 1.0 if value == 0 else 0.03125
    assert (sign_flip.test(d).p, signed_rank.test(d).p, signed_rank.sign_test(d).p) == (p, p, p)
    for got in (sign_flip.interval(d), signed_rank.hodges_lehmann(d)):
        assert (got.low, got.high, got.note) == (value, value, "every difference is the same: the interval is a point")
    t = sign_flip.t_interval(d)
    assert (t.mean, t.se, math.isnan(t.p), "same" in t.note) == (value, 0.0, True, True)
    pre = np.arange(6.0)
    e = effects.paired(pre, pre + d)
    assert [math.isnan(x) for x in (e.d_z, e.g_z_low, e.d_rm)] == [True] * 3
    assert e.d_av == pytest.approx(value / pre.std(ddof=1))
    assert "every change is the same" in e.note
    assert math.isnan(e.rank_biserial) == (value == 0)
    assert math.isnan(equivalence.tost(d, 1.0).p)


def test_noise_of_floating_point_is_no_difference():
    noise = np.array([0.1 + 0.2 - 0.3, 0.3 - 0.1 - 0.2, 0.0])
    assert noise.any()
    got = sign_flip.test(noise)
    assert (got.p, got.n_zero, got.note) == (1.0, 3, "every difference is 0 after rounding to 12 decimals")
    assert signed_rank.test(noise).p == 1.0


@EACH
def test_results_do_not_depend_on_units_or_order(d):
    d = np.array(d)
    for other in (d[::-1], 1000 * d, d / 8):
        assert sign_flip.test(other).p == sign_flip.test(d).p
        assert signed_rank.test(other).p == signed_rank.test(d).p
        assert signed_rank.hodges_lehmann(other, 0.8).attained == signed_rank.hodges_lehmann(d, 0.8).attained
    assert sign_flip.test(-d, "less").p == sign_flip.test(d, "greater").p


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


def test_hedges_factor():
    """J of 5 degrees of freedom from gamma(5/2) = 3 sqrt(pi) / 4 and gamma(2) = 1."""
    assert effects.hedges_j(5) == pytest.approx(0.75 * math.sqrt(math.pi) / math.sqrt(2.5), abs=1e-15)
    assert math.isnan(effects.hedges_j(1))


def test_noncentral_interval_is_what_it_is_defined_as():
    pre, post = np.array([5.0, 4.2, 6.1, 3.9, 5.5, 4.4]), np.array([3.9, 4.0, 4.4, 3.8, 4.1, 2.9])
    got = effects.paired(pre, post, 0.9)
    t = got.d_z * math.sqrt(6)
    assert scipy.stats.nct.cdf(t, 5, got.g_z_low * math.sqrt(6)) == pytest.approx(0.95, abs=1e-9)
    assert scipy.stats.nct.cdf(t, 5, got.g_z_high * math.sqrt(6)) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 6, 20, 40])
@pytest.mark.parametrize("spread", [1e-2, 1e-4, 1e-7])
def test_changes_with_hardly_any_spread(n, spread):
    rng = np.random.default_rng(n)
    pre = rng.normal(size=n)
    got = effects.paired(pre, pre - 1 + spread * rng.normal(size=n), n_resamples=0)
    if math.isnan(got.g_z_low):
        assert abs(got.d_z) * math.sqrt(n) > 500
        assert n < 3 or got.note == "no interval of g_z: the changes have hardly any spread"
    else:
        assert got.g_z_low < got.d_z < got.g_z_high


@pytest.mark.parametrize("scale", [1e100, 1e17, 1e-9])
def test_any_scale(scale):
    d = np.array([-1.0, -2, -3, 1, -5, -6.5])
    big, usual = signed_rank.hodges_lehmann(d * scale), signed_rank.hodges_lehmann(d)
    assert [big.low, big.high, big.attained] == pytest.approx([usual.low * scale, usual.high * scale, usual.attained])
    assert sign_flip.test(d * scale) == sign_flip.test(d)
    assert max_t.adjust(d[:, None] * scale).p_adj == max_t.adjust(d[:, None]).p_adj


def test_bootstrap_interval_of_g_av():
    rng = np.random.default_rng(6)
    pre = rng.normal(5, 1, 12)
    post = pre - 0.8 + rng.normal(0, 0.5, 12)
    got, order = effects.paired(pre, post), rng.permutation(12)
    assert got.g_av_low < got.g_av < got.g_av_high < 0
    assert got.note == ""
    shuffled = effects.paired(pre[order], post[order])
    assert (shuffled.g_av_low, shuffled.g_av_high) == (got.g_av_low, got.g_av_high)
    assert effects.paired(pre[:9], post[:9]).note == "bootstrap interval of g_av is too narrow with n=9"
    assert "too few pairs" in effects.paired(pre[:3], post[:3]).note
    assert math.isnan(effects.paired(pre, post, n_resamples=0).g_av_low)
    flat = effects.paired(np.full(6, 2.0), np.full(6, 1.0))
    assert "no bootstrap interval of g_av: no spread" in flat.note
    assert flat.rank_biserial == -1


def test_ratio_of_geometric_means():
    got = effects.ratio_of_geometric_means(-1.0, -2.0, math.nan)
    assert (got.value, got.low) == (0.5, 0.25)
    assert math.isnan(got.high)
    pre, post = np.array([2.0, 8.0]), np.array([1.0, 1.0])
    value = effects.ratio_of_geometric_means(float(np.log2(post / pre).mean()), 0, 0).value
    assert value == pytest.approx(scipy.stats.gmean(post) / scipy.stats.gmean(pre))


def test_regression_to_the_mean():
    got = regression_to_mean.expected(20.0, 12.0, 0.75)
    assert (got.value, got.note) == (2.0, "")
    unknown = regression_to_mean.expected(20.0, None, math.nan)
    assert math.isnan(unknown.value)
    assert unknown.note == "not estimable: no long-run mean and no ICC"
    drift = regression_to_mean.drift([4.0, 5.0, 6.0], [4.5, 5.0, 7.0])
    assert drift == sign_flip.t_interval(np.array([0.5, 0.0, 1.0]))
    assert drift.mean == 0.5
    same = regression_to_mean.oldham([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert math.isnan(same.p)
    assert "same" in same.note


def test_change_against_baseline_misleads_and_oldham_does_not():
    rng = np.random.default_rng(9)
    truth = rng.normal(0, 1, 4_000)
    pre, post = truth + rng.normal(0, 1, 4_000), truth + rng.normal(0, 1, 4_000)
    assert np.corrcoef(pre, post - pre)[0, 1] < -0.45
    assert abs(regression_to_mean.oldham(pre, post).r) < 0.05


def test_equivalence_agrees_with_its_interval():
    d = np.random.default_rng(10).normal(0.1, 0.5, 14)
    for margin in (0.2, 0.35, 0.5, (-0.1, 0.6), (-0.6, 0.1)):
        got = equivalence.tost(d, margin)
        assert (got.p < 0.05) == (got.margin_low < got.low and got.high < got.margin_high)
    assert equivalence.tost(d, (-0.5, 0.5)) == equivalence.tost(d, 0.5)
    assert "same" in equivalence.tost(np.ones(4), 2.0).note


def test_proportion_edges():
    assert math.isnan(proportion.clopper_pearson(0, 0).estimate)
    assert proportion.clopper_pearson(0, 6).high == pytest.approx(1 - 0.025 ** (1 / 6), abs=1e-12)
    empty = proportion.fisher([[0, 0], [3, 2]])
    assert (empty.p, "empty" in empty.note) == (1.0, True)
    assert math.isnan(empty.odds_ratio)


@pytest.mark.parametrize("n", [1, 2, 5, 14])
def test_half_of_all_signs(n):
    found = np.vstack(list(_exact.half_of_all_signs(n)))
    assert (found[:, 0] == 1).all()
    assert len(np.unique(found, axis=0)) == len(found) == 2 ** (n - 1)


def test_importing_is_light():
    names = "_exact attainable effects equivalence max_t proportion regression_to_mean sign_flip signed_rank"
    code = f"import sys\nfrom ifnscore.stats import {', '.join(names.split())}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "statsmodels", "pandas"} & {m.split(".")[0] for m in run.stdout.split()}
