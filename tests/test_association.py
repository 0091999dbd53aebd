"""Rank and repeated-measures correlations: against R (tests/witness/clinical/association.R), brute force and hand calculations."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ifnscore.errors import DataError, UsageError
from ifnscore.stats import rank_correlation, repeated

WITNESS = json.loads((Path(__file__).parent / "witness" / "clinical" / "association.json").read_text(encoding="utf-8"))
EXACT, NEAR = {"rel": 1e-12, "abs": 1e-12}, {"rel": 1e-9, "abs": 1e-9}


def or_nan(value):
    return math.nan if value is None else value


# --- Spearman and Kendall --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WITNESS["rank"].values(), ids=WITNESS["rank"])
def test_spearman_and_kendall_of_r(case):
    got = rank_correlation.spearman(case["x"], case["y"])
    assert got.exact
    assert got.rho == pytest.approx(case["rho"], **NEAR)
    assert got.p == pytest.approx(case["p"], **EXACT)
    if case["untied"]:
        assert got.p == pytest.approx(case["p_cor_test"], **EXACT)
        assert got.min_attainable_p == pytest.approx(2 / math.factorial(got.n), **EXACT)
    assert [got.low, got.high] == pytest.approx([or_nan(case["low"]), or_nan(case["high"])], nan_ok=True, **NEAR)
    assert ("no interval" in got.note) == (got.n < 6)
    tau = rank_correlation.kendall(case["x"], case["y"])
    assert (tau.tau, tau.exact) == (pytest.approx(case["tau"], **NEAR), case["untied"])
    assert tau.p == pytest.approx(case["p_tau"], **NEAR)


def brute_spearman(x, y):
    rx, ry = stats.rankdata(x), stats.rankdata(y)
    rx, ry = rx - rx.mean(), ry - ry.mean()
    all_of_them = np.abs([rx @ np.array(order) for order in itertools.permutations(ry)])
    return [float((all_of_them >= limit - 1e-9).mean()) for limit in (all_of_them[0], all_of_them.max())]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("seed", range(6))
def test_spearman_counts_every_pairing(n, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 3 + seed, n), rng.normal(size=n).round(seed % 2)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        y = np.arange(n)
        x = np.arange(n)[::-1] // 2 if n > 2 else y
    got = rank_correlation.spearman(x, y)
    assert [got.p, got.min_attainable_p] == pytest.approx(brute_spearman(x, y), **EXACT)
    assert got.rho == pytest.approx(stats.spearmanr(x, y).statistic, **NEAR)


def test_spearman_with_12_patients_is_exact_and_random_pairings_agree():
    rng = np.random.default_rng(5)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    exact, sampled = rank_correlation.spearman(x, y), rank_correlation.spearman(x, y, rng=1, exact_up_to=9)
    assert (exact.exact, sampled.exact) == (True, False)
    assert sampled.p == pytest.approx(exact.p, abs=5 * math.sqrt(exact.p / 1e5))
    assert sampled.p == rank_correlation.spearman(x, y, rng=1, exact_up_to=9).p
    assert sampled.p == pytest.approx(round(sampled.p * 1e5) / 1e5, **EXACT)  # (hits + 1) / 100,000
    assert sampled.min_attainable_p == 1e-5


def test_spearman_does_not_change_when_patients_are_shuffled_or_the_sign_is_turned():
    rng = np.random.default_rng(6)
    x, y, order = rng.integers(0, 5, 9), rng.integers(0, 6, 9), rng.permutation(9)
    here, there = rank_correlation.spearman(x, y), rank_correlation.spearman(-x[order], y[order])
    assert (there.rho, there.p) == (pytest.approx(-here.rho), pytest.approx(here.p, **EXACT))
    assert [there.low, there.high] == pytest.approx([-here.high, -here.low])


def test_rounding_error_does_not_break_a_tie():
    x, y = [3.3 - 2.3, 4.1 - 3.1, 2.0, 3.0, 4.0, 0.5], [1, 2, 3, 4, 5, 0]
    assert x[0] != x[1]
    assert rank_correlation.spearman(x, y) == rank_correlation.spearman([1.0, 1.0, 2.0, 3.0, 4.0, 0.5], y)
    assert not rank_correlation.kendall(x, y).exact


def test_a_perfect_correlation_has_no_interval_and_says_so():
    got = rank_correlation.spearman([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])
    assert (got.rho, got.p) == (-1.0, pytest.approx(2 / 720, **EXACT))
    assert math.isnan(got.low)
    assert math.isnan(got.high)
    assert "infinite" in got.note


def test_no_correlation_of_a_constant_or_of_nobody():
    for got in (rank_correlation.spearman([1, 1, 1], [1, 2, 3]), rank_correlation.spearman([], [])):
        assert math.isnan(got.rho)
        assert math.isnan(got.p)
        assert got.note.startswith("no correlation")
    assert "y" in rank_correlation.spearman([1, 2, 3], [4, 4, 4]).note
    assert math.isnan(rank_correlation.kendall([1, 1], [1, 2]).tau)


@pytest.mark.parametrize("call", [rank_correlation.spearman, rank_correlation.kendall])
def test_missing_values_and_lengths_are_refused(call):
    with pytest.raises(DataError, match="1 of 3 values are missing"):
        call([1, 2, math.nan], [1, 2, 3])
    with pytest.raises(DataError, match="x has 2, y has 3"):
        call([1, 2], [1, 2, 3])


def test_a_level_outside_0_to_1_is_refused():
    with pytest.raises(UsageError, match="level"):
        rank_correlation.spearman([1, 2], [1, 2], level=95)


# --- partial Spearman ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WITNESS["partial"].values(), ids=WITNESS["partial"])
def test_partial_spearman_of_r(case):
    got = rank_correlation.partial_spearman(case["x"], case["y"], case["z"])
    assert got.rho == pytest.approx(case["rho"], **NEAR)
    assert got.p == pytest.approx(case["p"], **EXACT)
    assert [got.low, got.high] == pytest.approx([or_nan(case["low"]), or_nan(case["high"])], nan_ok=True, **NEAR)


def test_partial_spearman_is_the_textbook_formula_for_one_covariate():
    rng = np.random.default_rng(8)
    x, y, z = rng.normal(size=(3, 15))
    y += z
    a, b, c = (stats.spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
    got = rank_correlation.partial_spearman(x, y, z, rng=0, n_resamples=2_000)
    assert got.rho == pytest.approx((a - b * c) / math.sqrt((1 - b**2) * (1 - c**2)), **NEAR)
    assert not got.exact
    assert got.p >= 1 / 2_001


def test_partial_spearman_without_a_covariate_that_varies_is_spearman():
    x, y = [3, 1, 4, 1, 5, 9, 2], [2, 7, 1, 8, 2, 8, 1]
    plain, partial = rank_correlation.spearman(x, y), rank_correlation.partial_spearman(x, y, [4] * 7)
    assert (partial.rho, partial.p) == (pytest.approx(plain.rho, **NEAR), pytest.approx(plain.p, **EXACT))
    assert [partial.low, partial.high] == pytest.approx([plain.low, plain.high])


def test_partial_spearman_of_what_the_covariate_explains_does_not_exist():
    got = rank_correlation.partial_spearman([1, 2, 3, 4, 5], [2, 1, 5, 3, 4], [10, 20, 30, 40, 50])
    assert math.isnan(got.rho)
    assert "all of x" in got.note
    assert "no degree" in rank_correlation.partial_spearman([1, 2, 3], [2, 1, 3], [1, 5, 2]).note


# --- repeated measures -----------------------------------------------------------------------------------------------------


def columns(case):
    data = {k: np.array(v) for k, v in case["data"].items()}
    z = np.column_stack([data["on"], np.log1p(np.maximum(data["day"], 0))])
    return data["patient"], data["x"], data["y"], z, data["on"]


@pytest.mark.parametrize("case", WITNESS["repeated"].values(), ids=WITNESS["repeated"])
def test_rmcorr_and_partial_rmcorr_of_r(case):
    patient, x, y, z, phase = columns(case)
    got, r = repeated.rmcorr(patient, x, y), case["rmcorr"]
    assert [got.r, got.df, got.slope, got.f, got.p, got.low, got.high] == pytest.approx([or_nan(v) for v in r.values()], **NEAR)
    got, r = repeated.partial_rmcorr(patient, x, y, z, phase, n_resamples=99), case["partial"]
    assert [got.r, got.df, got.slope, got.p_parametric, got.low, got.high] == pytest.approx(
        [or_nan(r[k]) for k in ("r", "df", "slope", "p", "low", "high")], nan_ok=True, **NEAR
    )
    assert (got.n_patients, got.n_obs) == (len(set(patient)), len(patient))


def test_patients_seen_once_are_dropped_and_counted():
    patient, x, y = ["a", "a", "b", "c", "c", "c"], [1, 2, 50, 3, 4, 6], [2, 3, -9, 5, 5, 9]
    got, without = repeated.rmcorr(patient, x, y), repeated.rmcorr(["a", "a", "c", "c", "c"], [1, 2, 3, 4, 6], [2, 3, 5, 5, 9])
    assert (got.n_patients, got.n_obs, got.n_dropped, got.df) == (2, 5, 1, 2)
    assert (got.r, got.p, got.slope) == (without.r, without.p, without.slope)


def brute_partial(patient, x, y, z, strata):
    """Enumerate the restricted permutations with a plain least squares for each."""
    people = np.unique(patient)
    design = np.column_stack([patient[:, None] == people, z]).astype(float)

    def freed(v):
        return v - design @ np.linalg.lstsq(design, v, rcond=None)[0]

    ex, ey = freed(x), freed(y)
    cells = [np.flatnonzero((patient == p) & (strata == s)) for p in people for s in np.unique(strata)]
    found = []
    for choice in itertools.product(*(itertools.permutations(c) for c in cells)):
        order = np.arange(len(x))
        for cell, chosen in zip(cells, choice, strict=True):
            order[cell] = chosen
        found.append(abs(np.corrcoef(freed(ex[order]), ey)[0, 1]))
    return float((np.array(found) >= found[0] - 1e-9).mean()), len(found)


def small_cohort(seed, n=4):
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), 4)
    day = np.concatenate([np.concatenate([-rng.uniform(1, 80, 1), np.sort(rng.uniform(20, 300, 3))]) for _ in range(n)])
    on = (day > 0).astype(float)
    x = rng.normal(size=n)[patient] - 1.5 * on + rng.normal(0, 0.5, 4 * n)
    y = rng.normal(size=n)[patient] - 2.0 * on + x * (seed % 2) + rng.normal(0, 0.5, 4 * n)
    return patient, x, y, np.column_stack([on, np.log1p(np.maximum(day, 0))]), on


@pytest.mark.parametrize("seed", range(4))
def test_permutations_inside_patient_and_phase_are_all_counted(seed):
    data = small_cohort(seed)
    got = repeated.partial_rmcorr(*data)
    p, total = brute_partial(*data)
    assert (got.exact, total) == (True, 6**4)
    assert got.p_permutation == pytest.approx(p, **EXACT)
    assert got.min_attainable_p == pytest.approx(1 / total, **EXACT)
    assert got.n_informative == 12
    sampled = repeated.partial_rmcorr(*data, rng=1, n_resamples=1_000)
    assert not sampled.exact
    assert sampled.p_permutation == pytest.approx(p, abs=0.06)


def test_labels_order_and_units_do_not_matter():
    patient, x, y, z, phase = small_cohort(1)
    order = np.random.default_rng(0).permutation(len(x))
    here = repeated.partial_rmcorr(patient, x, y, z, phase)
    names = np.array(["Z", "a", "7", "x y"])[patient]
    there = repeated.partial_rmcorr(
        names[order], 10 * x[order] + 5, -y[order], 100 * z[order] + 3, np.where(phase, "on", "baseline")[order]
    )
    assert (there.r, there.p_permutation) == (pytest.approx(-here.r, **NEAR), pytest.approx(here.p_permutation, **EXACT))


def test_superfluous_covariates_cost_no_degree_of_freedom():
    patient, x, y, z, phase = small_cohort(2)
    more = np.column_stack([z, 1 - z[:, 0], np.ones(len(x)), patient * 2.5])  # dummy twice, constants, one value a patient
    assert repeated.partial_rmcorr(patient, x, y, more, phase).df == repeated.partial_rmcorr(patient, x, y, z, phase).df
    none = repeated.partial_rmcorr(patient, x, y, np.zeros((len(x), 0)), phase)
    plain = repeated.rmcorr(patient, x, y)
    assert (none.r, none.df, none.p_parametric) == (pytest.approx(plain.r), plain.df, pytest.approx(plain.p))


def test_the_link_that_the_drug_feigns_goes_away_and_a_true_one_stays():
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(10), 5)
    on = np.tile([0.0, 0, 1, 1, 1], 10)
    x, y = -2 * on + rng.normal(0, 0.5, 50), -3 * on + rng.normal(0, 0.5, 50)
    assert repeated.rmcorr(patient, x, y).p < 1e-8
    assert repeated.partial_rmcorr(patient, x, y, on, on, rng=0).p_permutation > 0.05
    assert repeated.partial_rmcorr(patient, x, y + x, on, on, rng=0).p_permutation < 0.001


def test_one_visit_a_phase_leaves_nothing_to_permute():
    patient, on = np.repeat(np.arange(5), 2), np.tile([0.0, 1.0], 5)
    rng = np.random.default_rng(3)
    got = repeated.partial_rmcorr(patient, rng.normal(size=10), rng.normal(size=10), on, on)
    assert (got.df, got.n_informative) == (3, 0)
    assert math.isnan(got.p_permutation)
    assert math.isnan(got.min_attainable_p)
    assert math.isfinite(got.r)
    assert "no patient has two observations in one phase" in got.note


def test_what_cannot_be_estimated_is_nan_with_a_note():
    for got, word in (
        (repeated.rmcorr(["a", "b", "c"], [1, 2, 3], [4, 5, 6]), "two observations"),
        (repeated.rmcorr(["a", "a", "b", "b"], [1, 1, 2, 2], [4, 5, 6, 8]), "x does not vary"),
        (repeated.rmcorr(["a", "a"], [1, 2], [4, 5]), "degree of freedom"),
        (repeated.rmcorr([], [], []), "two observations"),
        (repeated.partial_rmcorr(["a", "a", "a"], [1, 2, 4], [1, 2, 3], [[0, 1], [1, 5], [1, 3]], [0, 1, 1]), "not vary"),
        (repeated.slopes_sign_flip(["a", "a", "b", "b"], [1, 1, 2, 2], [4, 5, 6, 8]), "x does not vary"),
    ):
        assert word in got.note
        assert math.isnan(getattr(got, "r", math.nan))
        assert math.isnan(got.slope)


def test_missing_labels_values_and_lengths_are_refused():
    with pytest.raises(DataError, match="patient: 1 labels are missing"):
        repeated.rmcorr(["a", None, "b"], [1, 2, 3], [1, 2, 3])
    with pytest.raises(DataError, match="covariates: shape"):
        repeated.partial_rmcorr(["a", "a"], [1, 2], [1, 2], [1, 2, 3], [0, 0])
    with pytest.raises(DataError, match="covariates: 1 of 2"):
        repeated.partial_rmcorr(["a", "a"], [1, 2], [1, 2], [1, math.nan], [0, 0])
    with pytest.raises(DataError, match="strata has 1"):
        repeated.partial_rmcorr(["a", "a"], [1, 2], [1, 2], [1, 2], [0])
    with pytest.raises(DataError, match="lengths differ"):
        repeated.within_between(["a"], [1, 2])


def test_slopes_by_hand_and_their_sign_flip():
    patient = np.repeat(["a", "b", "c", "d", "e", "f"], 3)
    x = np.tile([-1.0, 0.0, 1.0], 6)
    y = x * np.repeat([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3) + np.repeat([9.0, -4, 3, 2, 0, 1], 3)
    got = repeated.slopes_sign_flip(patient, x, y)
    assert got.slopes == pytest.approx((1, 2, 3, 4, 5, 6))
    assert (got.slope, got.p, got.exact) == (pytest.approx(3.5), pytest.approx(2 / 64, **EXACT), True)
    assert got.min_attainable_p == pytest.approx(2 / 64, **EXACT)
    flipped = [abs(np.dot(s, [1, 2, 3, 4, -5, 6])) for s in itertools.product((1, -1), repeat=6)]
    y[12:15] -= 10 * x[12:15]
    assert repeated.slopes_sign_flip(patient, x, y).p == pytest.approx(np.mean(np.array(flipped) >= 11 - 1e-9), **EXACT)


def test_within_and_between():
    within, between = repeated.within_between(["b", "a", "b"], [1.0, 5.0, 3.0])
    assert between.tolist() == [2.0, 5.0, 2.0]
    assert within.tolist() == [-1.0, 0.0, 1.0]


def test_a_fall_of_its_own_in_each_patient_is_removed():
    assert repeated.per_patient(["b", "a", "b"], [1.0, 5.0, 3.0]).tolist() == [[1, 0], [0, 5], [3, 0]]
    patient, time = np.repeat(np.arange(4), 6), np.tile(np.arange(6.0), 4)
    noise = np.random.default_rng(2).normal(0, 0.1, (2, 24))
    x, y = patient * time + noise[0], -(patient**2) * time + noise[1]
    shared = repeated.partial_rmcorr(patient, x, y, time, np.zeros(24), n_resamples=99)
    own = repeated.partial_rmcorr(patient, x, y, repeated.per_patient(patient, time), np.zeros(24), n_resamples=99)
    assert (shared.df, own.df) == (18, 15)
    assert shared.r < -0.9
    line = [np.polyfit(range(6), v, 1) for v in noise.reshape(8, 6)]
    left = noise.reshape(8, 6) - [np.polyval(c, range(6)) for c in line]
    assert own.r == pytest.approx(np.corrcoef(left[:4].ravel(), left[4:].ravel())[0, 1], **NEAR)
