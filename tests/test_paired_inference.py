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
    assert attainable.max_hypotheses(0.1, 0.3) == 3  # 0.3 / 0.1 lies just below 3 in floating point


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


@pytest.mark.parametrize("scale", [1e100, 1e17, 1e-9])
def test_any_scale(scale):
    d = np.array([-1.0, -2, -3, 1, -5, -6.5])
    big, usual = signed_rank.hodges_lehmann(d * scale), signed_rank.hodges_lehmann(d)
    assert [big.low, big.high, big.attained] == pytest.approx([usual.low * scale, usual.high * scale, usual.attained])
    assert sign_flip.test(d * scale) == sign_flip.test(d)
    assert max_t.adjust(d[:, None] * scale).p_adj == max_t.adjust(d[:, None]).p_adj


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
