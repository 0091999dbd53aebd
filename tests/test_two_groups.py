"""Two groups, AUC and Firth's logistic regression: against R (tests/witness/clinical/association.R), brute force, hand calculations."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ifnscore.errors import DataError, UsageError
from ifnscore.stats import auc, firth, two_groups

WITNESS = json.loads((Path(__file__).parent / "witness" / "clinical" / "association.json").read_text(encoding="utf-8"))
EXACT, NEAR = {"rel": 1e-12, "abs": 1e-12}, {"rel": 1e-9, "abs": 1e-9}
GROUPS = pytest.mark.parametrize("case", WITNESS["groups"].values(), ids=WITNESS["groups"])


@GROUPS
def test_difference_of_means_of_r(case):
    got = two_groups.mean_difference(case["a"], case["b"])
    assert [got.difference, got.low, got.high, got.df, got.p_t] == pytest.approx(
        [case[k] for k in ("difference", "low", "high", "df", "p_t")], **NEAR
    )
    assert (got.exact, got.p) == (True, pytest.approx(case["p_mean"], **EXACT))
    assert got.shift == pytest.approx(case["shift"], **NEAR)
    if case["untied"]:
        assert [got.shift_low, got.shift_high] == pytest.approx([case["shift_low"], case["shift_high"]], **NEAR)
        assert 0.95 <= got.shift_level < 1


@GROUPS
def test_mann_whitney_of_r(case):
    got = two_groups.mann_whitney(case["a"], case["b"])
    assert (got.u, got.exact) == (case["u"], True)
    assert got.p == pytest.approx(case["p_mw"], **EXACT)
    assert got.p == pytest.approx(case["p_mw_coin"], **EXACT)
    assert got.rank_biserial == pytest.approx(2 * case["auc"] - 1, **EXACT)


@GROUPS
def test_auc_of_r(case):
    scores, label = [*case["a"], *case["b"]], [False] * len(case["a"]) + [True] * len(case["b"])
    got = auc.auc(scores, label)
    assert (got.n_neg, got.n_pos) == (len(case["a"]), len(case["b"]))
    assert [got.auc, got.delong_variance, got.delong_low, got.delong_high] == pytest.approx(
        [case[k] for k in ("auc", "delong_var", "delong_low", "delong_high")], **NEAR
    )
    assert [got.low, got.high] == pytest.approx(case["newcombe"], **NEAR)
    assert got.p == pytest.approx(case["p_mw"], **EXACT)


def labellings(values, size):
    return [list(pick) for pick in itertools.combinations(range(len(values)), size)]


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (2, 2), (3, 5), (6, 4), (5, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_every_labelling_is_counted(m, n, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4 + 3 * seed, m + n) / 10 + rng.choice([0, 0.1 + 0.2 - 0.3], m + n)  # ties up to rounding error
    ranks = stats.rankdata(values.round(9))
    total, got_mean = labellings(values, n), two_groups.mean_difference(values[:m], values[m:])
    sums = np.abs([ranks[pick].sum() - n * (m + n + 1) / 2 for pick in total])
    means = np.abs([values[pick].mean() - np.delete(values, pick).mean() for pick in total])
    got = two_groups.mann_whitney(values[:m], values[m:])
    assert (got.p, got.min_attainable_p) == (
        pytest.approx((sums >= sums[-1] - 1e-9).mean(), **EXACT),
        pytest.approx((sums >= sums.max() - 1e-9).mean(), **EXACT),
    )
    assert (got_mean.p, got_mean.min_attainable_p) == (
        pytest.approx((means >= means[-1] - 1e-9).mean(), **EXACT),
        pytest.approx((means >= means.max() - 1e-9).mean(), **EXACT),
    )
    wins = np.sign(np.subtract.outer(values[m:].round(9), values[:m].round(9)))
    assert got.u == ((wins + 1) / 2).sum()


@pytest.mark.parametrize(("m", "n"), [(4, 4), (5, 3), (7, 7), (2, 9)])
def test_the_interval_of_the_shift_attains_its_level(m, n):
    total = labellings(range(m + n), n)
    u = np.array([sum(pick) for pick in total]) - n * (n - 1) / 2
    rng = np.random.default_rng(m)
    a, b = rng.normal(size=m), rng.normal(size=n)
    got = two_groups.mean_difference(a, b)
    d = np.sort(np.subtract.outer(b, a).ravel())
    k = int(np.flatnonzero(d == got.shift_low)[0]) + 1
    assert got.shift_high == d[m * n - k]
    assert got.shift_level == pytest.approx(1 - 2 * (u < k).mean(), **EXACT)
    assert got.shift_level >= 0.95 > 1 - 2 * (u <= k).mean()


def test_groups_too_small_for_the_interval_say_so():
    got = two_groups.mean_difference([1.0, 2.0, 3.0], [5.0, 6.0, 9.0])
    assert (got.p, got.min_attainable_p) == (pytest.approx(0.1, **EXACT), pytest.approx(0.1, **EXACT))
    assert math.isnan(got.shift_low)
    assert math.isnan(got.shift_level)
    assert "groups of 3 and 3 cannot reach 95 %" in got.note


def test_random_labellings_for_larger_groups():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=20), rng.normal(0.6, 1, size=20)
    got = two_groups.mean_difference(a, b, rng=1, n_resamples=20_000)
    assert not got.exact
    assert got.p == pytest.approx(got.p_t, abs=0.01)
    assert got.p == two_groups.mean_difference(a, b, rng=1, n_resamples=20_000).p
    assert two_groups.mann_whitney(a, b).p == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue, **EXACT)


def test_very_large_groups_are_approximated_and_say_so():
    rng = np.random.default_rng(3)
    got = two_groups.mann_whitney(rng.normal(size=110), rng.normal(0.2, 1, size=110))
    assert not got.exact
    assert "approximation" in got.note


def test_degenerate_groups():
    got = two_groups.mean_difference([], [1.0, 2.0])
    assert math.isnan(got.p)
    assert "empty" in got.note
    one = two_groups.mean_difference([1.0], [2.0, 3.0])
    assert math.isnan(one.low)
    assert one.p == pytest.approx(2 / 3, **EXACT)
    same = two_groups.mean_difference([2.0, 2.0], [2.0, 2.0])
    assert (same.difference, same.p) == (0.0, 1.0)
    assert "no spread" in same.note
    assert two_groups.mann_whitney([2.0, 2.0], [2.0]).p == 1.0
    with pytest.raises(DataError, match="b: 1 of 2"):
        two_groups.mann_whitney([1.0], [2.0, math.nan])


def test_complete_separation_keeps_a_width():
    got = auc.auc([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    assert (got.auc, got.high, got.delong_low, got.delong_high) == (1.0, 1.0, 1.0, 1.0)
    assert 0.4 < got.low < 0.6
    assert "no width" in got.note
    mirrored = auc.auc([6, 5, 4, 3, 2, 1], [0, 0, 0, 1, 1, 1])
    assert (mirrored.low, mirrored.high) == (0.0, pytest.approx(1 - got.low, **NEAR))


def test_newcombe_by_its_definition():
    low, high = auc.newcombe(0.8, 5, 9)
    for theta in (low, high):
        half = 6.0
        variance = theta * (1 - theta) * (1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)) / 45
        assert abs(theta - 0.8) == pytest.approx(1.959963984540054 * math.sqrt(variance), **NEAR)
    assert auc.newcombe(0.8, 9, 5) == (low, high)


def test_no_auc_below_three_a_group():
    got = auc.auc([1, 2, 3, 4, 5], [0, 0, 0, 1, 1])
    assert math.isnan(got.auc)
    assert math.isnan(got.low)
    assert got.p == pytest.approx(0.2, **EXACT)
    assert "3 of each needed" in got.note
    with pytest.raises(DataError, match="0 and 1"):
        auc.auc([1, 2], [1, 2])


# --- Firth -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WITNESS["firth"].values(), ids=WITNESS["firth"])
def test_firth_of_r(case):
    got = firth.logistic(case["x"], case["y"])
    assert got.coefficients == pytest.approx(case["coefficients"], **NEAR)
    assert got.log_likelihood == pytest.approx(case["log_likelihood"], **NEAR)
    assert got.p == pytest.approx(case["p"], rel=1e-6)
    assert got.low == pytest.approx(case["low"], rel=1e-6)
    assert got.high == pytest.approx(case["high"], rel=1e-6)


def test_firth_of_a_two_by_two_table_adds_half_a_patient_to_each_cell():
    x, y = [0] * 4 + [1] * 5, [0, 0, 0, 1, 1, 1, 1, 1, 1]  # 3:1 and 0:5
    got = firth.logistic(x, y)
    assert got.coefficients[0] == pytest.approx(math.log(1.5 / 3.5), **NEAR)
    assert got.coefficients[1] == pytest.approx(math.log(5.5 / 0.5) - math.log(1.5 / 3.5), **NEAR)


def test_firth_does_not_depend_on_unit_or_origin():
    x, y = np.array([0.3, 1.1, 1.4, 2.0, 2.6, 3.1, 3.9]), [0, 0, 1, 0, 1, 1, 1]
    here, there = firth.logistic(x, y), firth.logistic(1000 * x + 50_000, y)
    assert there.coefficients[1] * 1000 == pytest.approx(here.coefficients[1], rel=1e-7)
    assert (there.p[1], there.low[1] * 1000, there.high[1] * 1000) == pytest.approx(
        (here.p[1], here.low[1], here.high[1]), rel=1e-6
    )
    assert there.log_likelihood - math.log(1000) == pytest.approx(here.log_likelihood, rel=1e-7)


def test_firth_limits_lie_where_the_test_says_so():
    x, y = [0.3, 1.1, 1.4, 2.0, 2.6, 3.1, 3.9, 4.4], [0, 0, 1, 0, 1, 1, 0, 1]
    p = firth.logistic(x, y).p[1]
    edge = firth.logistic(x, y, level=1 - p)  # at this level one limit is 0
    assert min(abs(edge.low[1]), abs(edge.high[1])) == pytest.approx(0, abs=1e-6)


def test_firth_refuses_or_explains():
    assert "both outcomes" in firth.logistic([1, 2, 3], [1, 1, 1]).note
    with pytest.raises(DataError, match="constant or a combination"):
        firth.logistic([[1, 2], [2, 4], [3, 6], [4, 8]], [0, 1, 0, 1])
    with pytest.raises(DataError, match="constant"):
        firth.logistic([5, 5, 5, 5], [0, 1, 0, 1])
    with pytest.raises(DataError, match="only 0 and 1"):
        firth.logistic([1, 2, 3], [0, 1, 2])
    with pytest.raises(UsageError, match="level"):
        firth.logistic([1, 2, 3], [0, 1, 1], level=1.5)
