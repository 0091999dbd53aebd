"""Faults that a reviewer found in associate, matching, phases and the composite: each fails here if it comes back."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.clinic_cohorts import clinic, on_drug, pairs, scores
from tests.test_associate import TWO, WHO, build, row_of, run
from tests.test_clinic_faults import CAUSAL, PS, compare, in_batches, values
from tests.test_clinic_faults import row_of as change_row

from ifnscore.analysis import _composite
from ifnscore.cohort import Settings, _match, _pairs
from ifnscore.errors import DataError, IfnscoreWarning

CHANGE = "change_with_change"


def measured(rows, value=20.0, lag=0):
    """Return visits and outcomes on the days of these samples."""
    return {
        "visits": [{"patient_id": r["patient_id"], "visit_id": r["sample_id"], "day": r["day"] - lag} for r in rows],
        "outcomes": [
            {
                "patient_id": r["patient_id"], "visit_id": r["sample_id"], "instrument": "cdasi_activity", "version": 2,
                "value": value(r) if callable(value) else value,
            }
            for r in rows
        ],
    }  # fmt: skip


def skin(r):
    """Fall by the number of the child."""
    return 25 - int(r["patient_id"][1:]) * (r["day"] > 0)


# 2: batch confounded with time
def test_a_confounded_batch_gives_no_p_of_a_link():
    rows = in_batches(8)
    rows += [{**r, "sample_id": r["sample_id"] + "2", "day": r["day"] + 40} for r in rows if r["day"] > 0]
    steroids = [
        {"patient_id": f"k{i}", "drug": "prednisone", "start_day": -50, "stop_day": s, "dose_mg_kg": i / 10, "unit": "mg/kg/day"}
        for i in range(1, 9)
        for s in (100 + i,)
    ]
    source = np.random.default_rng(2)
    table = scores({"ifn": source.normal(5, 1, len(rows))}, [r["sample_id"] for r in rows])
    settings = "[batch]\nallow_confounded = true\n"
    cohort = clinic(rows, on_drug(8), settings, concomitant=steroids, **measured(rows, lambda r: source.integers(5, 40)))
    with pytest.warns(IfnscoreWarning, match="without p"):
        got = run(cohort, table)
    seen = set()
    for name, t in (("main", got.table), *got.tables.items()):
        for column in (c for c in t.columns if PS.search(c)):
            seen.add((name, column))
            assert t[column].isna().all(), (name, column)
    assert {("main", c) for c in ("p", "p_adj", "p_parametric", "kendall_p", "loo_p_low")} <= seen
    assert ("sensitivity", "p") in seen
    assert got.table["loo_flips"].isna().all()
    assert got.table["note"].str.startswith("batch confounded with time: no p").all()
    assert (got.table["contrast"] == "change_with_change_given_steroid").any()
    assert not re.search(r"\bp\s*[=<]|nan|link is shown|no link shown", got.reading), got.reading


# 3: the batch rule in the link
def test_the_link_uses_pairs_and_visits_that_are_comparable_in_batch():
    rows = pairs(6)
    rows[1]["batch"] = "B"
    rows.append({"sample_id": "k1c", "patient_id": "k1", "day": 200})
    table = scores({"ifn": [5.0, 500, *([5, 4, 5, 3, 5, 2.5, 5, 1, 5, 0]), 4.5]}, [r["sample_id"] for r in rows])
    got = run(clinic(rows, on_drug(6), **measured(rows, skin)), table)
    assert got.tables["pairs"]["day_after"].tolist().count(200) == 1
    assert got.tables["pairs"]["score_change"].max() == pytest.approx(-0.5)
    assert row_of(got, "within_patients_unadjusted")["n_observations"] == 12
    wide = run(clinic(rows, on_drug(6), "[batch]\nallow_cross_batch = true\n", **measured(rows, skin)), table)
    assert wide.tables["pairs"]["score_change"].max() == pytest.approx(495)
    assert row_of(wide, "within_patients_unadjusted")["n_observations"] == 13
    only = run(clinic(rows[:-1], on_drug(6), **measured(rows[:-1], skin)), table.drop(index="k1c"))
    reasons = only.tables["flow"].query("step == 'excluded' and n_patients > 0")["reason"].tolist()
    assert reasons == ["baseline and follow-up in different batches"]


def test_a_link_in_which_all_patients_cross_is_an_error():
    rows = in_batches(6)
    with pytest.raises(DataError, match="batch"):
        run(clinic(rows, on_drug(6), **measured(rows, skin)), values(np.ones(6)).rename(columns={"a": "ifn"}))


# 4: responders in the reading
def test_the_auc_of_responders_is_in_the_reading():
    cohort, table, s, _ = build(outcome=lambda k, x: 30 - (10 if int(k[1]) > 3 else 1) * (x != "a"), version=2)
    got = run(cohort, table)
    d = {k: s[k, "c"] - s[k, "a"] for k in WHO}
    area = np.mean([d[a] > d[b] for a in WHO[3:] for b in WHO[:3]])
    assert f"Responders against the rest by change of score: AUC {area:.2f} (" in got.reading
    assert not CAUSAL.search(got.reading)


# 6: nothing to match
def test_a_tissue_without_any_match_and_a_cohort_without_any():
    rows = [*pairs(6), {"sample_id": "z", "patient_id": "k1", "day": 60, "tissue": "skin"}]
    table = pd.concat([values(-np.arange(6.0)), scores({"a": [4.0]}, ["z"])])
    got = run(clinic(rows, on_drug(6), **measured(rows[:-1], skin)), table, scores="a")  # a FutureWarning is an error here
    assert row_of(got, CHANGE)["n_patients"] == 6
    assert got.table.loc[got.table["tissue"] == "skin", "n_patients"].eq(0).all()
    with pytest.raises(DataError, match="match"):
        run(clinic(rows, on_drug(6), **measured(rows, skin, lag=40)), table, scores="a")


# 10: what parts a sample from a visit
def parted(sample, visit, exposures=({},), steroids=(), **phases):
    rows = [{"sample_id": "s", "patient_id": "k1", "day": sample}]
    visits = [{"patient_id": "k1", "visit_id": "V", "day": visit}]
    given = [{"patient_id": "k1", "drug": "prednisone", "unit": "mg/kg/day", **s} for s in steroids]
    cohort = clinic(rows, [{"patient_id": "k1", **e} for e in exposures], visits=visits, concomitant=given)
    sample_phase, visit_phase = phases.get("phases", ("on", "on"))
    found, why = _match.match(
        cohort, pd.DataFrame(rows).assign(phase=sample_phase), pd.DataFrame(visits).assign(phase=visit_phase)
    )
    assert len(found) + len(why) == 1
    return bool(why)


def doses(*periods):
    return [{"start_day": a, "stop_day": b, "dose": d} for a, b, d in periods]


@pytest.mark.parametrize(
    ("exposures", "parts"),
    [
        (doses((0, 202, 10)), True),  # the stop
        (doses((0, 202, 10), (202, "", 7.5)), True),  # a quarter less
        (doses((0, 202, 10), (202, "", 8)), False),
        (doses((0, 202, 10), (202, "", 10)), False),  # a new line of the table is no change
        (doses((0, 202, 10), (203, "", 10)), False),  # nor is a gap within the grace days
        (doses((0, 202, 10), (203, "", 5)), True),
        (doses((0, 202, 10), (204, "", 10)), True),  # a longer gap is a stop
        (doses((0, "", 10)), False),
    ],
)
def test_real_changes_of_the_drug_part_sample_and_visit(exposures, parts):
    assert parted(200, 206, exposures) is parts
    assert parted(206, 200, exposures) is parts


def test_the_start_of_the_drug_parts_sample_and_visit():
    assert parted(-2, 4)
    assert parted(4, -2)
    assert not parted(-6, -2)


@pytest.mark.parametrize(
    ("one", "other"), [("early_on", "on"), ("carry_over", "off_discontinued"), ("carry_over", "off_interrupted")]
)
def test_labels_of_phases_part_nothing(one, other):
    assert not parted(200, 206, phases=(one, other))
    assert not parted(25, 30)  # early_on and on, by the days
    assert not parted(110, 118, doses((0, 100, 10)))  # carry-over and off


@pytest.mark.parametrize(
    ("periods", "parts"),
    [
        (((0, 203, 0.4), (203, "", 0.5)), True),
        (((0, 203, 1.2), (203, "", 0.9)), True),
        (((0, 203, 0.5), (203, "", 0.4)), False),  # a fifth of what it was
        (((0, 203, 1.0), (203, "", 0.76)), False),
        (((0, 202, 0.5), (202, 204, 10), (204, "", 0.5)), True),  # a pulse that is over before the visit
        (((202, 204, 10),), True),
    ],
)
def test_a_quarter_of_the_earlier_steroid_dose_parts_and_a_pulse_is_seen(periods, parts):
    assert parted(200, 206, steroids=[{"start_day": a, "stop_day": b, "dose_mg_kg": d} for a, b, d in periods]) is parts


# 11: vaccinations
@pytest.mark.parametrize(("days", "is_out"), [(14, True), (3, True), (15, False), ("", False)])
def test_a_recent_vaccination_counts_as_flagged(days, is_out):
    rows = pairs(7)
    rows[1]["vaccine_within_days"], rows[3]["infection_flag"] = days, "yes"
    cohort = clinic(rows, on_drug(7), **measured(rows, skin))
    d = np.arange(7.0) - 5
    for name, got in (
        ("sensitivity of the change", compare(values(d), cohort)),
        ("sensitivity of the link", run(cohort, values(d), scores="a")),
    ):
        t = got.tables["sensitivity"]
        row = t[(t["variant"] == "samples flagged for infection or vaccine left out")].iloc[0]
        assert row["n_patients"] == (5 if is_out else 6), name


# 12: samples without a row of scores
def test_samples_without_a_score_enter_the_flow():
    cohort = clinic(pairs(7), on_drug(7), **measured(pairs(7), skin))
    table = values(np.arange(7.0)).drop(index=["k1a", "k1b", "k2b"])
    with pytest.warns(IfnscoreWarning, match="3 of 14 samples"):
        got = compare(table, cohort)
    flow = got.tables["flow"].query("contrast == 'followup_minus_baseline' and estimand == 'while_on_treatment'")
    assert flow[["step", "reason", "n_patients"]].to_numpy().tolist()[:2] == [
        ["entered", "", 7],
        ["excluded", "score not computable", 2],
    ]
    assert flow["n_samples"].iloc[0] == 14
    with pytest.warns(IfnscoreWarning, match="3 of 14 samples"):
        link = run(cohort, table, scores="a").tables["flow"]
    assert (link["n_patients"].iloc[0], link["n_samples"].iloc[0]) == (7, 14)
    assert "score not computable" in link["reason"].tolist()


# 13: leave-one-out everywhere
def test_leaving_out_one_patient_in_arms_composite_and_models():
    d = np.array([-3.0, -2.4, -2.0, -1.0, -0.5, -0.2, 0.3, 0.9])
    people = [{"patient_id": f"k{i}", "arm": "x" if i <= 4 else "y"} for i in range(1, 9)]
    cohort = clinic(pairs(8), on_drug(8), patients=people)
    got = compare(values(d), cohort, group="arm")
    gaps = [np.delete(d, i)[4 - (i < 4) :].mean() - np.delete(d, i)[: 4 - (i < 4)].mean() for i in range(8)]
    row = change_row(got, "difference_of_changes:followup_minus_baseline", group="y minus x")
    assert [row["loo_low"], row["loo_high"]] == pytest.approx([min(gaps), max(gaps)])
    assert row["loo_patient"] == cohort.codes[f"k{1 + int(np.argmax(np.abs(np.array(gaps) - row['estimate'])))}"]
    row = change_row(got, "score_fell_and_stayed_on", "composite", "y")
    assert [row["loo_low"], row["loo_high"]] == pytest.approx([1 / 3, 2 / 3])
    models = compare(values(d), clinic(pairs(8), on_drug(8))).tables["longitudinal"].set_index("model")
    means = [np.delete(d, i).mean() for i in range(8)]
    for name in (models.index[models["reported"].astype(bool)].item(), "gee_bias_reduced", "cluster_sign_flip"):
        assert models.loc[name, ["loo_low", "loo_high"]].tolist() == pytest.approx([min(means), max(means)], abs=1e-6)


def test_leaving_out_one_patient_given_steroids():
    fall = dict(zip(WHO, (0.1, 0.5, 0.3, 0.2, 0.6, 0.4, 0.05), strict=True))
    given = [
        {"patient_id": k, "drug": "prednisone", "start_day": a, "stop_day": b, "dose_mg_kg": d, "unit": "mg/kg/day"}
        for k in WHO
        for a, b, d in ((-100, 100, 1.0), (100, "", 1.0 - fall[k]))
    ]
    cohort, table, s, y = build(steroids=given, version=2)
    row = row_of(run(cohort, table), "change_with_change_given_steroid")

    def partial(who):
        x = [[v[k, "c"] - v[k, "a"] for k in who] for v in (s, y)]
        inverse = np.linalg.inv(np.corrcoef([stats.rankdata(v) for v in (*x, [-fall[k] for k in who])]))
        return -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])

    without = [partial([w for w in WHO if w != k]) for k in WHO]
    assert [row["loo_low"], row["loo_high"]] == pytest.approx([min(without), max(without)])


# 15: fractions of a day
def test_a_window_that_ends_before_day_0_ends_there():
    days = pd.Series([-30.5, -30.0, -7.5, -7.0, -6.9, -6.0, 0.0, 0.5])
    early = _pairs.in_baseline(days, Settings(baseline_window=(-30.0, -7.0)))
    assert days[early].tolist() == [-30.0, -7.5, -7.0]
    assert days[_pairs.in_baseline(days, Settings())].tolist() == days.tolist()


# 16: the composite
def test_the_composite_counts_only_patients_of_the_tissue():
    drugs = on_drug(5)
    drugs[4] |= {"stop_day": 60, "reason_stop": "AE"}
    rows = [*pairs(4), *({**r, "sample_id": "z" + r["sample_id"], "tissue": "skin"} for r in pairs(2)), {**pairs(5)[8]}]
    table = scores({"a": [5 - (r["day"] > 0) for r in rows]}, [r["sample_id"] for r in rows])
    t = compare(table, clinic(rows, drugs)).table
    mine = t[t["estimand"] == "composite"].set_index("tissue")
    assert mine["n_patients"].to_dict() == {"blood": 5, "skin": 2}
    assert mine["n_success"].to_dict() == {"blood": 4, "skin": 2}


@pytest.mark.parametrize(
    ("course", "settings", "failed"),
    [
        ([(0, 240, "AE")], "", True),
        ([(0, 241, "AE")], "", False),  # after the window around the target day
        ([(0, 500, "AE")], '[followup]\nrule = "last_on"\n', True),
        ([(0, 100, "AE"), (200, "", "")], "", False),  # restarted
        ([(0, 100, "AE"), (500, "", "")], "data_cut_day = 400\n", True),  # not known to be restarted at the cut
        ([(0, 100, "planned"), (500, 600, "AE")], "data_cut_day = 400\n", False),
        ([(0, 100, "planned")], "", False),
    ],
)
def test_who_failed_by_stopping(course, settings, failed):
    drugs = [{"patient_id": "k1", "start_day": a, "stop_day": b, "reason_stop": why} for a, b, why in course]
    cohort = clinic(pairs(1), drugs, settings)
    assert _composite.failures(cohort) == ({cohort.codes["k1"]: "AE"} if failed else {})


# 17: reasons, the mean of baselines, sensitivity, response rates
def test_contrasts_of_means_have_their_own_reasons():
    rows = [{"sample_id": "k1a", "patient_id": "k1", "day": -7}, *pairs(3)[2:]]
    drugs = [{"patient_id": "k1"}, {"patient_id": "k2", "stop_day": 100}, {"patient_id": "k3"}]
    cohort = clinic(rows, drugs)
    t = compare(scores({"a": [5.0, 5, 4, 5, 4]}, [r["sample_id"] for r in rows]), cohort).tables["patients"]
    left_out = t[t["excluded"] != ""].groupby(["contrast", "estimand"])
    why = {about: dict(zip(part["patient_id"], part["excluded"], strict=True)) for about, part in left_out}
    assert why["mean_after_minus_baseline", "treatment_policy"] == {cohort.codes["k1"]: "no later sample"}
    for contrast in ("mean_on_minus_baseline", "mean_on_minus_off"):
        assert why[contrast, "while_on_treatment"] == {cohort.codes[k]: "no sample on the drug" for k in ("k1", "k2")}


def test_the_mean_of_baselines_counts_in_the_link_too():
    days = {"z": -40, **TWO}
    cohort, table, s, y = build(days=days, settings='[baseline]\nrule = "mean"\n', version=2)
    got = run(cohort, table)
    b = {k: [np.mean([v[k, "z"], v[k, "a"]]) for v in (s, y)] for k in WHO}
    ds, dy = [s[k, "c"] - b[k][0] for k in WHO], [y[k, "c"] - b[k][1] for k in WHO]
    assert row_of(got, CHANGE)["estimate"] == pytest.approx(stats.spearmanr(ds, dy).statistic)
    assert row_of(got, "baseline")["estimate"] == pytest.approx(stats.spearmanr(*zip(*b.values(), strict=True)).statistic)


def test_the_link_at_other_distances_of_sample_and_visit():
    rows = pairs(7)
    lag = {"k1": 0, "k2": 0, "k3": 0, "k4": 5, "k5": 5, "k6": 10, "k7": 25}
    made = measured(rows, skin)
    made["visits"] = [{**v, "day": v["day"] - lag[v["patient_id"]]} for v in made["visits"]]
    got = run(clinic(rows, on_drug(7), **made), values(np.arange(7.0)), scores="a").tables["sensitivity"]
    n = got[got["contrast"] == CHANGE].set_index("variant")["n_patients"]
    names = ["as declared", *(f"sample within {d} days of its visit" for d in (0, 7, 30))]
    assert n[names].tolist() == [6, 3, 5, 7]


def test_response_rates_with_worst_and_best_case():
    drugs = on_drug(5)
    drugs[3] |= {"stop_day": 20, "reason_stop": "AE"}
    drugs[4] |= {"stop_day": 20, "reason_stop": "planned"}
    cohort, table, _, _ = build(
        5, outcome=lambda k, x: 30 - (10 if k in {"k1", "k2"} else 0) * (x != "a"), exposures=drugs, version=2
    )
    rates = run(cohort, table).tables["response_rates"]
    assert rates[["n_responders", "n_patients"]].to_numpy().tolist() == [[2, 3], [2, 4], [2, 5], [4, 5]]
    low, high = stats.binomtest(2, 3).proportion_ci()
    assert rates[["ci_low", "ci_high"]].iloc[0].tolist() == pytest.approx([low, high])
    assert [c.partition(":")[0] for c in rates["counting"]] == ["evaluable patients", "composite", "worst case", "best case"]
