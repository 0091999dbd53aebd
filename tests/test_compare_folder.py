"""tl.compare on folders: estimands, flow, cells, noise, regression to the mean and batches, by hand or by statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from tests.clinic_cohorts import SIGNIFICANT, clinic, flip_p, on_drug, pairs, scores

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning

PAIRED, MEANS = "followup_minus_baseline", "mean_on_minus_baseline"

DAYS = {-60: 0, -7: 1, 100: 2, 180: 3, 300: 4}
COURSES = {
    "k1": [(0, "", "")],
    "k2": [(0, 150, "AE"), (182, "", "")],  # off on day 180, restarted
    "k3": [(0, 110, "AE")],  # stopped for an adverse event
    "k4": [(0, 250, "remission")],
    "k5": [(0, "", "")],
    "k6": [(0, 60, "lack_efficacy")],  # stopped early, no sample after that
}


@pytest.fixture(scope="module")
def courses():
    """Return (cohort, table of scores, score of (patient, day))."""
    source = np.random.default_rng(8)
    samples, exposures = [], []
    for k, periods in COURSES.items():
        for start, stop, why in periods:
            exposures.append({"patient_id": k, "start_day": start, "stop_day": stop, "reason_stop": why})
        for day, i in DAYS.items():
            if k == "k6" and day > 0:
                continue
            mono = round(0.3 + 0.1 * source.random(), 3)
            samples.append(
                {
                    "sample_id": f"{k}x{i}",
                    "patient_id": k,
                    "day": day,
                    "wbc": 6,
                    "monocytes": mono,
                    "neutrophils": 3,
                    "lymphocytes": 2,
                }
            )
    controls = [{"sample_id": f"h{d}{r}", "is_control": "yes", "donor_id": f"d{d}"} for d in range(3) for r in "abc"]
    value = {s["sample_id"]: 5 + 0.4 * source.normal() - (1.5 if s["day"] > 0 else 0) for s in samples}
    value |= {c["sample_id"]: source.normal(3, 0.3) for c in controls}
    settings = "data_cut_day = 400\n[regression_to_mean]\nicc = 0.6\nlong_run_mean = 3.0\n"
    cohort = clinic([*samples, *controls], exposures, settings)
    return (
        cohort,
        scores({"a": list(value.values())}, value),
        {(s["patient_id"], s["day"]): value[s["sample_id"]] for s in samples},
    )


@pytest.fixture(scope="module")
def walked(courses):
    return ifn.tl.compare(courses[1], courses[0], scores="a", score_type="log")


def row_of(result, contrast, estimand):
    t = result.table
    return t[(t["contrast"] == contrast) & (t["estimand"] == estimand)].iloc[0]


def check(row, d):
    assert row["n_patients"] == len(d)
    assert row["estimate"] == pytest.approx(np.mean(d))
    assert row["p"] == pytest.approx(flip_p(np.array(d)))


def test_while_on_treatment_and_treatment_policy_are_different_numbers(walked, courses):
    y = courses[2]
    # k2 is off on day 180 and on until day 150 (day 100 lies 80 days off the target); k3 stopped on day 110
    check(row_of(walked, PAIRED, "while_on_treatment"), [y[k, 180] - y[k, -7] for k in ("k1", "k4", "k5")])
    check(row_of(walked, PAIRED, "treatment_policy"), [y[k, 180] - y[k, -7] for k in ("k1", "k2", "k3", "k4", "k5")])


def test_means_of_all_samples(walked, courses):
    y = courses[2]
    on = {"k1": (100, 180, 300), "k2": (100, 300), "k3": (100,), "k4": (100, 180), "k5": (100, 180, 300)}
    before = {k: np.mean([y[k, -60], y[k, -7]]) for k in on}
    check(row_of(walked, MEANS, "while_on_treatment"), [np.mean([y[k, d] for d in days]) - before[k] for k, days in on.items()])
    every = [np.mean([y[k, d] for d in (100, 180, 300)]) - before[k] for k in on]
    check(row_of(walked, "mean_after_minus_baseline", "treatment_policy"), every)
    off = {"k2": (180,), "k3": (180, 300), "k4": (300,)}
    zero = {k: np.mean([y[k, d] for d in (-60, -7, *off.get(k, ()))]) for k in on}
    check(
        row_of(walked, "mean_on_minus_off", "while_on_treatment"),
        [np.mean([y[k, d] for d in days]) - zero[k] for k, days in on.items()],
    )


def test_the_composite_counts_who_had_to_stop_as_failure(walked, courses):
    y = courses[2]
    fell = sum(y[k, 180] < y[k, -7] for k in ("k1", "k4", "k5"))
    row = row_of(walked, "score_fell_and_stayed_on", "composite")
    exact = stats.binomtest(fell, 5).proportion_ci()  # k3 and k6 failed without a pair; k2's stop for an event was no end
    assert row["n_patients"] == 5
    assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx([fell / 5, exact.low, exact.high])
    assert f"{fell} of 5" in walked.reading


def test_the_flow_of_the_primary_comparison(walked):
    flow = walked.tables["flow"]
    mine = flow[(flow["contrast"] == PAIRED) & (flow["estimand"] == "while_on_treatment")]
    got = {r.reason: r.n_patients for r in mine[mine["step"] == "excluded"].itertuples() if r.n_patients}
    assert got == {"no follow-up sample in the window": 1, "no follow-up sample on the drug in the window": 2}


def test_reference_change_value_from_repeated_controls(walked, courses):
    table = courses[1]["a"]
    groups = [table[[f"h{d}{r}" for r in "abc"]] for d in range(3)]
    sd = np.sqrt(sum(((g - g.mean()) ** 2).sum() for g in groups) / 6)
    facts = walked.tables["scores"].iloc[0]
    assert facts["within_person_sd"] == pytest.approx(sd)
    assert facts["within_person_df"] == 6
    assert facts["rcv"] == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(2) * sd)
    p = walked.tables["patients"].dropna(subset=["change"])
    p = p[(p["n_baseline"] == 1) & (p["n_followup"] == 1)]
    assert (p["beyond_rcv"].eq(other=True) == (p["change"].abs() > facts["rcv_t"])).all()


def test_the_change_with_unchanged_monocytes(courses):
    cohort, table, y = courses
    kept = cohort.samples[cohort.samples["patient_id"].isin(["k1", "k4", "k5", "k2", "k3"])]
    loose = clinic(
        kept.drop(columns=["day"]).assign(day=kept["day"], is_control="no").to_dict("records"),
        [{"patient_id": k} for k in ("k1", "k2", "k3", "k4", "k5")],
    )
    row = (
        ifn.tl.compare(table.loc[list(kept["sample_id"])], loose, scores="a", score_type="log")
        .tables["cells"]
        .set_index("cell")
        .loc["monocytes"]
    )
    mono = kept.set_index(["patient_id", "day"])["monocytes"] / 6
    dx = np.array([mono[k, 180] - mono[k, -7] for k in ("k1", "k2", "k3", "k4", "k5")])
    dy = np.array([y[k, 180] - y[k, -7] for k in ("k1", "k2", "k3", "k4", "k5")])
    fit = OLS(dy, np.column_stack([np.ones(5), dx])).fit()
    assert row["n_patients"] == 5
    assert row["adjusted_change"] == pytest.approx(fit.params[0])
    assert [row["adjusted_low"], row["adjusted_high"]] == pytest.approx(fit.conf_int()[0])
    assert row["fraction_change"] == pytest.approx(dx.mean())


def test_regression_to_the_mean(walked, courses):
    y = courses[2]
    row = walked.tables["regression_to_mean"].iloc[0]
    who = ("k1", "k4", "k5")
    b, f = np.array([y[k, -7] for k in who]), np.array([y[k, 180] for k in who])
    assert row["n_two_baselines"] == 3
    assert row["untreated_drift"] == pytest.approx(np.mean([y[k, -7] - y[k, -60] for k in who]))
    assert row["oldham_r"] == pytest.approx(np.corrcoef((b + f) / 2, f - b)[0, 1])
    assert abs(row["expected_regression"]) == pytest.approx(0.4 * abs(b.mean() - 3.0))


def test_without_an_icc_the_regression_is_not_estimable():
    cohort = clinic(pairs(3), on_drug(3))
    got = ifn.tl.compare(
        scores({"a": [5, 4, 6, 4.5, 7, 6.2]}, [s["sample_id"] for s in pairs(3)]), cohort, scores="a", score_type="log"
    )
    row = got.tables["regression_to_mean"].iloc[0]
    assert np.isnan(row["expected_regression"])
    assert "not estimable" in row["note"]
    assert got.tables["scores"]["noise_source"].iloc[0] == "assay noise unknown"
    assert got.tables["patients"]["beyond_rcv"].isna().all()
    assert "Blood counts are missing" in got.reading


def test_other_rules_move_the_estimate_as_they_should(walked, courses):
    y = courses[2]
    got = walked.tables["sensitivity"].set_index("variant")
    mean = [y[k, 180] - (y[k, -7] + y[k, -60]) / 2 for k in ("k1", "k4", "k5")]
    assert got.loc["baseline rule mean", "estimate"] == pytest.approx(np.mean(mean))
    last = {"k1": 300, "k2": 300, "k3": 100, "k4": 180, "k5": 300}
    assert got.loc["follow-up rule last_on", "estimate"] == pytest.approx(np.mean([y[k, d] - y[k, -7] for k, d in last.items()]))
    wide = {"k1": 180, "k2": 100, "k3": 100, "k4": 180, "k5": 180}
    assert got.loc["window 90 days", "estimate"] == pytest.approx(np.mean([y[k, d] - y[k, -7] for k, d in wide.items()]))
    assert got.loc["window 30 days", "estimate"] == pytest.approx(got.loc["as declared", "estimate"])


def test_models_of_all_visits_are_labelled_and_the_headline_stays(walked):
    models = walked.tables["longitudinal"]
    assert models.loc[models["model"].str.startswith("mixed"), "label"].str.contains("approximate").all()
    assert (models.loc[models["model"].str.startswith("mixed"), "n_patients"] == 6).all()
    assert (walked.table["role"] == "primary").sum() == 1
    assert walked.table["estimand"].iloc[0] == "while_on_treatment"


def confounded(n=7):
    made = pairs(n)
    for row in made:
        row["batch"] = "A" if row["day"] < 0 else "B"
    return made, scores(
        {"a": np.where(np.arange(2 * n) % 2, 3.0, 5.0) + np.random.default_rng(2).normal(size=2 * n)},
        [r["sample_id"] for r in made],
    )


def test_a_batch_that_is_the_time_point_is_refused_or_gives_no_p_in_the_table():
    samples, table = confounded()
    with pytest.raises(DataError, match="batch"):
        ifn.tl.compare(table, clinic(samples, on_drug(7)), scores="a", score_type="log")
    allowed = clinic(samples, on_drug(7), "[batch]\nallow_confounded = true\n")
    with pytest.warns(IfnscoreWarning, match="without p"):
        got = ifn.tl.compare(table, allowed, scores="a", score_type="log")
    assert np.isfinite(got.table["estimate"].iloc[0])
    for t in (got.table, got.tables["tests"], got.tables["longitudinal"], got.tables["sensitivity"]):
        assert t["p"].isna().all()
    assert got.table["p_adj"].isna().all()
    assert not SIGNIFICANT.search(got.reading), got.reading


def test_controls_in_every_batch_make_it_whole():
    samples, table = confounded(6)
    controls = [
        {"sample_id": f"h{b}{i}", "is_control": "yes", "donor_id": f"d{b}{i}", "batch": b} for b in "AB" for i in range(5)
    ]
    extra = scores({"a": np.zeros(10)}, [c["sample_id"] for c in controls])
    got = ifn.tl.compare(pd.concat([table, extra]), clinic([*samples, *controls], on_drug(6)), scores="a", score_type="log")
    assert got.table["n_patients"].iloc[0] == 6
    assert np.isfinite(got.table["p"].iloc[0])
    assert "across batches" in got.table["note"].iloc[0]


def test_tissues_are_never_pooled():
    samples = pairs(3) + [{**s, "sample_id": "z" + s["sample_id"], "tissue": "skin"} for s in pairs(2)]
    y = np.random.default_rng(1).normal(size=10)
    got = ifn.tl.compare(
        scores({"a": y}, [s["sample_id"] for s in samples]), clinic(samples, on_drug(3)), scores="a", score_type="log"
    ).table
    mine = got[(got["contrast"] == PAIRED) & (got["estimand"] == "while_on_treatment")].set_index("tissue")
    assert mine.loc["blood", "estimate"] == pytest.approx(np.mean(y[1:6:2] - y[0:6:2]))
    assert mine.loc["skin", "estimate"] == pytest.approx(np.mean(y[7::2] - y[6::2]))
    assert mine["n_patients"].to_dict() == {"blood": 3, "skin": 2}
