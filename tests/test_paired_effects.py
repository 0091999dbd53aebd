"""Effect sizes, regression to the mean, equivalence and proportions: definitions by hand, and the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from ifnscore.stats import effects, equivalence, proportion, regression_to_mean, sign_flip


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
