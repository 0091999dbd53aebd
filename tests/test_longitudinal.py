"""Longitudinal models against R (tests/witness/clinical/longitudinal.R), exact designs, and cohorts as they come."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ifnscore.errors import DataError, UsageError
from ifnscore.stats import cluster_flip, gee, mixed, patient_means, sign_flip
from ifnscore.stats._reml import Blocks, Cholesky

WITNESS = Path(__file__).parent / "witness" / "clinical"
ANSWERS = json.loads((WITNESS / "longitudinal.json").read_text(encoding="utf-8"))
VISITS = pd.read_csv(WITNESS / "longitudinal.csv")
CASES = [c for c in ANSWERS if c != "made_by"]
MODELS = {  # name in R's answers: fixed effects, random effect, REML
    "ri": (["on"], "intercept", True),
    "ri_ml": (["on"], "intercept", False),
    "ris": (["on"], "on", True),
    "ris_ml": (["on"], "on", False),
    "ris_covariates": (["on", "steroid", "log_days"], "on", True),
    "ri_days": (["on", "days"], "intercept", True),
    "ris_x": (["x", "on"], "x", True),
}
FITS = [(c, m) for c in CASES for m in MODELS if m in ANSWERS[c]]


def visits(case):
    d = VISITS[VISITS["case"] == case].reset_index(drop=True)
    return d.assign(log_days=np.log1p(d["days"].clip(lower=0)))


def cohort(seed=1, n=6, before=2, after=3, sd=0.6):
    """Return a balanced cohort."""
    rng = np.random.default_rng(seed)
    on = np.r_[np.zeros(before), np.ones(after)]
    frames = [
        pd.DataFrame({"patient": f"P{i}", "on": on, "y": 4 + a + (b - 1) * on + rng.normal(0, 0.5, before + after)})
        for i, (a, b) in enumerate(rng.normal(0, [1.0, sd], (n, 2)))
    ]
    return pd.concat(frames, ignore_index=True)


def test_witness_covers_both_regular_and_singular_fits():
    singular = [ANSWERS[c][m]["singular"] for c, m in FITS]
    assert sum(singular) > 15
    assert len(singular) - sum(singular) > 40


@pytest.mark.parametrize(("case", "model"), FITS)
def test_fit_is_that_of_lmertest(case, model):
    d, answer = visits(case), ANSWERS[case][model]
    names, random, reml = MODELS[model]
    fit = mixed.fit(d["y"], d["patient"], {n: d[n] for n in names}, random, reml)
    assert fit.converged
    assert fit.singular == answer["singular"] == bool("singular" in fit.note)
    table = fit.table
    np.testing.assert_allclose(table["estimate"], answer["estimate"], atol=1e-6)
    np.testing.assert_allclose(table["se"], answer["se"], rtol=1e-6)
    np.testing.assert_allclose(table["df_satterthwaite"], answer["df"], rtol=1e-4)
    np.testing.assert_allclose(table["p_satterthwaite"], answer["p"], rtol=1e-3, atol=1e-12)
    assert fit.log_lik == pytest.approx(answer["log_lik"], abs=1e-8)
    assert fit.residual_variance == pytest.approx(answer["variances"][-1], rel=1e-4)
    assert fit.variances["intercept"] == pytest.approx(answer["variances"][0], rel=1e-4, abs=1e-6)
    if random != "intercept":
        assert fit.variances[random] == pytest.approx(answer["variances"][1], rel=1e-4, abs=1e-6)
        if not answer["singular"]:
            assert fit.variances["correlation"] == pytest.approx(answer["correlation"], abs=1e-5)
    n = d["patient"].nunique()
    half = stats.t.ppf(0.975, n - 1) * table["se"]
    np.testing.assert_allclose(table["ci_high"] - table["estimate"], half)
    np.testing.assert_allclose(table["p_between"], 2 * stats.t.sf(table["t"].abs(), n - 1))
    assert (fit.n_patients, fit.n_obs) == (n, len(d))


@pytest.mark.parametrize("case", CASES)
def test_within_between_is_that_of_lmertest(case):
    d, answer = visits(case), ANSWERS[case]["within"]
    split = mixed.within_between(d["y"], d["patient"], d["x"], d["on"], {"log_days": d["log_days"]})
    for name, term in (("within", "within"), ("between", "between"), ("on", "phase")):
        i = answer["term"].index(name)
        row = getattr(split, term)
        assert row["estimate"] == pytest.approx(answer["estimate"][i], abs=1e-6)
        assert row["se"] == pytest.approx(answer["se"][i], rel=1e-6)
        assert row["df_satterthwaite"] == pytest.approx(answer["df"][i], rel=1e-4)
        assert row["df_between"] == d["patient"].nunique() - 1
    assert "approximate" in split.label


@pytest.mark.parametrize("case", CASES)
def test_treatment_effect_takes_the_slope_unless_singular(case):
    d = visits(case)
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"])
    singular = ANSWERS[case]["ris"]["singular"]
    answer = ANSWERS[case]["ri" if singular else "ris"]
    assert effect.reported == ("random_intercept" if singular else "random_slope")
    assert effect.estimate == pytest.approx(answer["estimate"][1], abs=1e-6)
    assert effect.se == pytest.approx(answer["se"][1], rel=1e-6)
    assert effect.df == d["patient"].nunique() - 1
    assert effect.p == pytest.approx(2 * stats.t.sf(abs(effect.estimate / effect.se), effect.df))
    assert "approximate" in effect.label
    assert ("random intercept only" in effect.note) == singular == ("too liberal" in effect.label)
    both = d.groupby("patient")["on"].nunique().eq(2).sum()
    assert effect.n_both == both
    assert (f"only {both} of" in effect.note) == (both < effect.n_patients)


@pytest.mark.parametrize("case", CASES)
def test_gee_is_that_of_its_definition_in_r(case):
    d, answer = visits(case), ANSWERS[case]
    got = [gee.treatment_effect(d["y"], d["patient"], d["on"])]
    if "gee_covariates" in answer:
        got.append(gee.treatment_effect(d["y"], d["patient"], d["on"], {k: d[k] for k in ("steroid", "log_days")}))
    for effect, name in zip(got, ("gee", "gee_covariates"), strict=False):
        assert effect.estimate == pytest.approx(answer[name]["estimate"], abs=1e-5)
        assert effect.se == pytest.approx(answer[name]["se"], rel=1e-4)
        assert effect.correlation == pytest.approx(answer[name]["correlation"], abs=1e-4)
        assert effect.df == d["patient"].nunique() - 1
        assert effect.p == pytest.approx(2 * stats.t.sf(abs(effect.t), effect.df))
        assert "not CR2" in effect.label


@pytest.mark.parametrize("case", [c for c in CASES if "wild" in ANSWERS[c]])
@pytest.mark.parametrize(("name", "columns"), [("wild", []), ("wild_steroid", ["steroid"])])
def test_cluster_flip_is_the_wild_bootstrap_by_refitting_in_r(case, name, columns):
    d, answer = visits(case), ANSWERS[case][name]
    got = cluster_flip.test(d["y"], d["patient"], d["on"], {k: d[k] for k in columns})
    assert got.exact
    assert got.p == pytest.approx(answer["p"], abs=1e-12)
    assert got.estimate == pytest.approx(answer["estimate"], abs=1e-9)
    assert got.min_attainable_p == 2 / 2**got.n
    assert ("approximate" in got.note) == bool(columns)


@pytest.mark.parametrize("case", CASES)
def test_patient_means_are_those_of_r(case):
    d, answer = visits(case), ANSWERS[case]["means"]
    got = patient_means.contrast(d["y"], d["patient"], d["on"])
    np.testing.assert_allclose(got.difference, answer["difference"], atol=1e-11)
    assert list(got.patients) == answer["patient"]
    assert got.n + got.n_dropped == d["patient"].nunique()


def test_derivatives_of_the_deviance_are_its_differences():
    d = visits("n6_varies")
    x = np.column_stack([np.ones(len(d)), d["on"], d["steroid"]])
    codes = pd.factorize(d["patient"])[0]
    for reml in (True, False):
        model = Cholesky(Blocks(d["y"].to_numpy(), x, x[:, :2], codes, reml=reml))
        phi, step = np.array([0.9, -0.4, 0.6, -0.7]), 1e-5
        point = model.at(phi)
        for k, e in enumerate(np.eye(4) * step):
            up, down = model.at(phi + e), model.at(phi - e)
            assert point.gradient[k] == pytest.approx((up.deviance - down.deviance) / (2 * step), abs=1e-6)
            np.testing.assert_allclose(point.hessian[k], (up.gradient - down.gradient) / (2 * step), atol=1e-6)
            np.testing.assert_allclose(point.d_cov[k], (up.cov - down.cov) / (2 * step), atol=1e-7)


def test_balanced_random_intercept_has_the_degrees_of_freedom_of_the_analysis_of_variance():
    d = cohort(n=7, sd=0.0)
    row = mixed.fit(d["y"], d["patient"], {"on": d["on"]}).term("on")
    assert row["df_satterthwaite"] == pytest.approx(7 * 5 - 7 - 1, rel=1e-6)


def test_balanced_random_slope_is_the_paired_t_test():
    d = cohort(seed=3, n=8)
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"])
    changes = patient_means.contrast(d["y"], d["patient"], d["on"]).difference
    t = stats.ttest_1samp(changes, 0)
    assert effect.reported == "random_slope"
    assert effect.t == pytest.approx(t.statistic, rel=1e-6)
    assert effect.p == pytest.approx(t.pvalue, rel=1e-5)
    assert effect.random_slope.term("on_treatment")["df_satterthwaite"] == pytest.approx(7, rel=1e-5)
    assert cluster_flip.test(d["y"], d["patient"], d["on"]).p == pytest.approx(sign_flip.test(changes).p)


def test_order_units_and_labels_do_not_matter():
    d = visits("n8_covariates")
    mixed_up = d.sample(frac=1, random_state=5)
    for random in ("intercept", "steroid"):
        a = mixed.fit(d["y"], d["patient"], {"on": d["on"], "steroid": d["steroid"]}, random)
        b = mixed.fit(
            mixed_up["y"] * 1000 - 7, mixed_up["patient"].str[1:].astype(int),
            {"on": mixed_up["on"], "steroid": mixed_up["steroid"] * 0.01}, random,
        )  # fmt: skip
        for name, unit in (("on", 1000), ("steroid", 1e5)):
            assert b.term(name)["estimate"] == pytest.approx(a.term(name)["estimate"] * unit, rel=1e-5)
            assert b.term(name)["df_satterthwaite"] == pytest.approx(a.term(name)["df_satterthwaite"], rel=1e-4)
        assert b.variances["intercept"] == pytest.approx(a.variances["intercept"] * 1e6, rel=1e-4, abs=1.0)
    assert (
        cluster_flip.test(mixed_up["y"], mixed_up["patient"], mixed_up["on"]).p
        == cluster_flip.test(d["y"], d["patient"], d["on"]).p
    )


def test_satterthwaite_can_be_left_out():
    d = cohort()
    fit = mixed.fit(d["y"], d["patient"], {"on": d["on"]}, "on", satterthwaite=False)
    assert fit.table["df_satterthwaite"].isna().all()
    assert fit.term("on")["p_between"] < 1


def test_missing_values_leave_out_the_visit_and_are_counted():
    d = cohort()
    holes = d.assign(y=d["y"].mask(d.index == 3), on=d["on"].astype("boolean").mask(d.index == 9))
    kept = d.drop(index=[3, 9])
    a = mixed.treatment_effect(holes["y"], holes["patient"], holes["on"])
    b = mixed.treatment_effect(kept["y"], kept["patient"], kept["on"])
    assert a.estimate == b.estimate
    assert a.n_obs == len(d) - 2
    assert "2 visits with missing values left out" in a.note
    assert "2 visits" in gee.treatment_effect(holes["y"], holes["patient"], holes["on"]).note
    assert "2 visits" in cluster_flip.test(holes["y"], holes["patient"], holes["on"]).note
    x = d["y"].to_numpy() ** 2
    split = mixed.within_between(holes["y"], d["patient"], x, holes["on"])
    same = mixed.within_between(kept["y"], kept["patient"], x[kept.index], kept["on"])
    assert split.within == same.within
    assert "2 visits" in split.note


def test_one_visit_before_and_one_after_cannot_have_a_random_slope():
    d = cohort(before=1, after=1, n=9)
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"])
    t = stats.ttest_1samp(patient_means.contrast(d["y"], d["patient"], d["on"]).difference, 0)
    assert effect.reported == "random_intercept"
    assert "too few visits" in effect.note
    assert effect.t == pytest.approx(t.statistic, rel=1e-6)
    assert effect.random_intercept.term("on_treatment")["df_satterthwaite"] == pytest.approx(8, rel=1e-5)


def only(d, n):
    return d[d["patient"].isin(sorted(d["patient"].unique())[:n])]


NOTHING = {
    "no patient": (cohort().iloc[:0], "0 patients"),
    "one patient": (only(cohort(), 1), "1 patient with"),
    "constant outcome": (cohort().assign(y=0.3), "constant"),
    "no residual": (cohort().assign(y=lambda d: d["patient"].str[1:].astype(float) - d["on"]), "without any residual"),
    "one visit each": (cohort().iloc[[0, 7, 10, 17, 20, 27]], "too few visits"),
    "never treated": (cohort().assign(on=0), "not estimable: on_treatment"),
    "always treated": (cohort().assign(on=1), "not estimable: intercept, on_treatment"),
    "missing throughout": (cohort().assign(y=np.nan), "30 visits with missing values"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_cannot_be_estimated_is_nan_with_a_reason(name):
    d, reason = NOTHING[name]
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"])
    assert effect.reported == "none"
    assert reason in effect.note
    assert all(math.isnan(v) for v in (effect.estimate, effect.se, effect.t, effect.p, effect.ci_low, effect.ci_high))
    split = mixed.within_between(d["y"], d["patient"], d["y"], d["on"])
    assert split.note
    marginal = gee.treatment_effect(d["y"], d["patient"], d["on"])
    if name != "one visit each":
        assert math.isnan(marginal.p)
        assert "no estimate" in marginal.note
    flip = cluster_flip.test(d["y"], d["patient"], d["on"])
    assert math.isnan(flip.p) == (name not in {"constant outcome", "no residual", "one patient"})
    if math.isnan(flip.p):
        assert "no test" in flip.note


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_patients_give_numbers_that_admit_it(n):
    d = only(cohort(seed=4, n=6), n)
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"], {"time": np.tile(np.arange(5.0), n)})
    assert effect.df == n - 1
    assert effect.ci_low < effect.estimate < effect.ci_high
    assert math.isfinite(effect.p)
    marginal = gee.treatment_effect(d["y"], d["patient"], d["on"])
    assert math.isfinite(marginal.p) or marginal.note
    flip = cluster_flip.test(d["y"], d["patient"], d["on"])
    assert flip.min_attainable_p == 2 / 2**n <= flip.p


def test_a_covariate_that_repeats_treatment_is_not_guessed_away():
    d = cohort()
    effect = mixed.treatment_effect(d["y"], d["patient"], d["on"], {"dose": 10 * d["on"], "noise": np.sin(d.index)})
    assert math.isnan(effect.estimate)
    table = effect.random_intercept.table.set_index("term")["estimate"]
    assert table.isna().to_dict() == {"intercept": False, "on_treatment": True, "dose": True, "noise": False}
    assert "not estimable: on_treatment, dose" in effect.note
    assert "combination of other terms" in gee.treatment_effect(d["y"], d["patient"], d["on"], {"dose": d["on"]}).note
    assert "no test" in cluster_flip.test(d["y"], d["patient"], d["on"], {"dose": d["on"]}).note


def test_a_variable_constant_in_every_patient_has_no_within_slope():
    d = cohort()
    split = mixed.within_between(d["y"], d["patient"], d["patient"].str[1:].astype(float) / 3, d["on"])
    assert math.isnan(split.within["estimate"])
    assert "not estimable: within" in split.note
    assert math.isfinite(split.between["estimate"])


def test_patients_seen_in_one_phase_only_do_not_inform_the_flips():
    d = cohort(n=7)
    d.loc[d["patient"] == "P2", "on"] = 0
    got = cluster_flip.test(d["y"], d["patient"], d["on"])
    assert (got.n, got.n_patients, got.min_attainable_p) == (6, 7, 2 / 2**6)
    assert "1 of 7 patients do not inform" in got.note
    rest = d[d["patient"] != "P2"]
    assert got.p == cluster_flip.test(rest["y"], rest["patient"], rest["on"]).p


def test_a_patient_without_change_costs_resolution():
    d = cohort(n=6)
    d.loc[d["patient"] == "P1", "y"] = 0.1 + 0.2
    got = cluster_flip.test(d["y"], d["patient"], d["on"])
    assert (got.n, got.n_zero, got.min_attainable_p) == (6, 1, 2 / 2**5)


def test_random_flips_beyond_the_limit_agree_with_all_flips_and_repeat():
    d = cohort(seed=9, n=12, sd=2.0)
    args = (d["y"], d["patient"], d["on"])
    exact, drawn = cluster_flip.test(*args), cluster_flip.test(*args, rng=3, exact_up_to=8)
    assert exact.exact
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p / 1e5))
    assert drawn.p == cluster_flip.test(*args, rng=3, exact_up_to=8).p
    assert drawn.p != exact.p
    assert cluster_flip.test(*args, exact_up_to=8).p == cluster_flip.test(*args, exact_up_to=8).p


def test_patient_means_by_hand():
    patient = ["b", "a", "b", "a", "c", "d", "b", "e"]
    y = [1.0, 4.0, 3.0, 1.0, 9.0, 9.0, 8.0, np.nan]
    on = [0, False, 1, True, 1, 0, pd.NA, 1]
    got = patient_means.contrast(y, patient, on)
    assert list(got.patients) == ["b", "a"]
    assert list(got.difference) == [2.0, -3.0]
    assert list(got.on_mean) == [3.0, 1.0]
    assert list(got.n_on) == list(got.n_off) == [1, 1]
    assert got.dropped == {
        "c": "no visit off treatment (no baseline)",
        "d": "no visit on treatment",
        "e": "no visit with a value",
    }
    assert (got.n, got.n_dropped) == (2, 3)
    assert patient_means.contrast([], [], []).n == 0


@pytest.mark.parametrize("call", [mixed.treatment_effect, gee.treatment_effect, cluster_flip.test, patient_means.contrast])
def test_wrong_input_is_refused_in_one_line(call):
    with pytest.raises(UsageError, match="one value a visit is needed: y has 2"):
        call([1.0, 2.0], ["a"], [0, 1])
    with pytest.raises(DataError, match="visit 2 has no patient"):
        call([1.0, 2.0], ["a", None], [0, 1])
    with pytest.raises(DataError, match="y must hold numbers"):
        call(["high", "low"], ["a", "b"], [0, 1])
    with pytest.raises(UsageError, match="y must be one value a visit"):
        call([[1.0, 2.0]], ["a"], [0])


def test_names_of_terms_are_checked():
    d = cohort()
    with pytest.raises(UsageError, match="random effect 'dose' is not among the fixed effects: on"):
        mixed.fit(d["y"], d["patient"], {"on": d["on"]}, "dose")
    with pytest.raises(UsageError, match="may not be called 'intercept'"):
        mixed.fit(d["y"], d["patient"], {"intercept": d["on"]})
    for call in (mixed.treatment_effect, gee.treatment_effect, cluster_flip.test):
        with pytest.raises(UsageError, match="on_treatment is taken"):
            call(d["y"], d["patient"], d["on"], {"on_treatment": d["on"]})
    with pytest.raises(UsageError, match="within is taken"):
        mixed.within_between(d["y"], d["patient"], d["y"], d["on"], {"within": d["on"]})
    with pytest.raises(DataError, match="visit 1: 'on' is 2"):
        patient_means.contrast(d["y"], d["patient"], d["on"] + 2)


def test_refits_without_the_start_of_statsmodels_reach_the_same_optimum():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        patients, visits = rng.integers(4, 12), rng.integers(3, 8)
        who = np.repeat(np.arange(patients), visits)
        on = (np.tile(np.arange(visits), patients) > rng.integers(0, visits - 1)).astype(float)
        own = rng.normal(0, rng.choice([0, 0.3, 1, 3]), patients)[who]
        fall = on * (-1 + rng.normal(0, rng.choice([0, 0.5, 2]), patients)[who])
        y = own + fall + rng.normal(0, rng.choice([0.1, 0.5, 1]), len(who))
        both = [
            mixed.fit(y, who, {mixed.TREATMENT: on}, mixed.TREATMENT, satterthwaite=False, statsmodels=s) for s in (True, False)
        ]
        assert both[0].term(mixed.TREATMENT)["estimate"] == pytest.approx(both[1].term(mixed.TREATMENT)["estimate"], abs=1e-6)
        assert both[0].log_lik == pytest.approx(both[1].log_lik, abs=1e-8)
