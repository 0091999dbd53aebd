"""Table 1: the published margins, the rules of counting, and that hidden counts stay hidden."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import cohorts
from tests.cohorts import change

import ifnscore as ifn
from ifnscore.cohort import Cohort
from ifnscore.cohort._table1_print import number
from ifnscore.errors import DataError, UsageError

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "jdm_tofacitinib" / "cohort"
COLUMNS = ["section", "row", "level", "value", "n", "n_total", "n_missing", "note"]
SMALL = "small cell: may identify a child"


@pytest.fixture(scope="module")
def example() -> Cohort:
    with pytest.warns(ifn.IfnscoreWarning, match="after the index drug was stopped"):
        return Cohort.read(EXAMPLE)


@pytest.fixture(scope="module")
def table(example) -> pd.DataFrame:
    return example.table1()


def small(tmp_path: Path, **changes: str | None) -> Cohort:
    return Cohort.read(cohorts.write(tmp_path / "c", **changes))


def cell(made: pd.DataFrame, name: str, level: str = "", section: str | None = None) -> pd.Series:
    hit = made[(made["row"] == name) & (made["level"] == level)]
    hit = hit if section is None else hit[hit["section"] == section]
    assert len(hit) == 1, (name, level, made["row"].unique().tolist())
    return hit.iloc[0]


# --- the example: margins of the published report ---


def test_columns_and_banners(table):
    assert list(table.columns) == COLUMNS
    assert table["row"].tolist()[:2] == ["SYNTHETIC", "fewer than 10 patients"]
    assert set(table["section"].iloc[:2]) == {"note"}
    assert table["note"].iloc[:2].str.len().gt(20).all()


@pytest.mark.parametrize(
    ("name", "level", "value"),
    [
        ("Patients", "", "6"),
        ("Samples", "", "39"),
        ("Samples by tissue", "blood", "30/39 (77 %)"),
        ("Samples by tissue", "skin", "9/39 (23 %)"),
        ("Visits", "", "34"),
        ("Visits a patient", "", "6 [4 to 8]"),
        ("Sex", "F", "3/6"),
        ("Sex", "M", "3/6"),
        ("Age at start, years", "0-5", "0/6"),
        ("Age at start, years", "6-11", "3/6"),
        ("Age at start, years", "12-17", "3/6"),
        ("Age at diagnosis, years", "12-17", "1/6"),
        ("Disease duration at start, years", "", "5.5 [3 to 9]"),
        ("Calcinosis, ever", "", "5/6"),
        ("Muscle weakness, ever", "", "3/6"),
        ("Joint involvement, ever", "", "4/6"),
        ("First dose, mg/day", "", "10 [10 to 10]"),
        ("Interrupted, later restarted", "", "1/6"),
        ("Reason of interruption", "adverse event", "1/1"),
        ("Discontinued", "", "1/6"),
        ("Reason of discontinuation", "adverse event", "1/1"),
    ],
)
def test_margins_of_the_report(table, name, level, value):
    assert cell(table, name, level)["value"] == value


@pytest.mark.parametrize(
    ("drug", "n"),
    {
        "prednisone": 6, "methotrexate": 6, "nsaid": 6, "pamidronate": 4, "IVIG": 4, "mycophenolate": 3, "rituximab": 3,
        "cyclophosphamide": 1,
    }.items(),
)  # fmt: skip
def test_prior_drugs_of_the_report(table, drug, n):
    row = cell(table, drug, section="prior drugs")
    assert (row["value"], row["n"], row["n_total"], row["n_missing"]) == (f"{n}/6", n, 6, 0)


def test_no_further_prior_drug(table):
    assert len(table[table["section"] == "prior drugs"]) == 1 + 8  # any drug, and the eight


def test_ranges_of_ages_stand_in_the_note_and_are_called_what_they_are(table):
    assert cell(table, "Age at start, years", "0-5")["note"] == "range 7 to 17 years: the ages of single children"
    assert "range 2 to 13 years" in cell(table, "Age at diagnosis, years", "0-5")["note"]


def test_months_on_the_drug(table):
    """By hand: the last day seen of each child, less the pause of 30 days, over 365.25/12."""
    days = [728, 540, 365, 188, 34, 156 + 236 - 186]
    months = [d / (365.25 / 12) for d in days]
    row = cell(table, "Months on it")
    assert row["value"] == f"{np.median(months):.2f} [{min(months):.2f} to {max(months):.1f}]"
    five = cell(table, "Months on it of those not discontinued")
    assert (five["n"], five["n_total"]) == (5, 5)
    assert five["value"] == "12 [6.18 to 23.9]"  # the report: 6-24 months in five


def test_drugs_and_steroid_dose_at_baseline(table):
    """By hand from concomitant.csv: 0.5, 0.15, 0.4, 0.3, 0.25 and 0.35 mg/kg/day; methotrexate goes on in four."""
    assert cell(table, "Glucocorticoid dose of those on it, mg/kg/day")["value"] == "0.325 [0.15 to 0.5]"
    assert cell(table, "methotrexate", section="drugs at baseline")["value"] == "4/6"
    assert not ((table["section"] == "drugs at baseline") & (table["row"] == "IVIG")).any()


def test_baseline_measures_are_the_last_before_the_first_dose(table):
    o = pd.read_csv(EXAMPLE / "outcomes.csv", comment="#").merge(pd.read_csv(EXAMPLE / "visits.csv", comment="#"))
    before = o[(o["day"] <= 0) & (o["day"] >= -90)].sort_values("day").groupby(["instrument", "patient_id"])["value"].last()
    titles = {
        "cdasi_activity": "CDASI version 2, activity", "cdasi_damage": "CDASI version 2, damage",
        "skin_vas": "Skin activity VAS, by the physician, cm", "cmas": "Childhood Myositis Assessment Scale (CMAS)",
        "mmt8": "Manual Muscle Testing of 8 groups (MMT8)", "ck": "Creatine kinase (CK), U/L",
        "physician_global": "Physician's global disease activity (VAS), cm",
        "chaq": "Childhood Health Assessment Questionnaire (CHAQ)",
        "patient_global": "Patient's or parent's global disease activity (VAS), cm",
    }  # fmt: skip
    there = table[table["section"] == "baseline measures"]
    assert there["row"].tolist() == list(titles.values())  # primary first, skin, then what is always named
    for name, title in titles.items():
        v = before[name]
        assert cell(there, title)["value"] == f"{number(v.median())} [{number(v.min())} to {number(v.max())}]", name
    assert "not divided by the upper limit" in cell(there, titles["ck"])["note"]


def test_what_nobody_recorded_says_so(table):
    row = cell(table, "Interstitial lung disease, ever")
    assert (row["value"], row["n"], row["n_total"], row["n_missing"]) == ("not recorded", 0, 0, 6)


def test_nothing_identifies(example, table):
    text = table.astype(str).to_csv()
    for word in [*example.patients["patient_id"], *example.samples["sample_id"], *example.adverse_events["term"], "p ="]:
        assert word not in text
    assert "±" not in text


def test_small_cells_are_marked(example, table):
    marked = table["note"].str.contains(SMALL)
    assert marked[(table["row"] == "Sex")].all()
    assert marked[table["row"] == "Calcinosis, ever"].all()  # 5 of 6: the one without it
    assert not marked[table["row"].isin(["Patients", "nsaid", "Visits", "Interstitial lung disease, ever"])].any()
    counts = table[["n", "n_missing"]].astype(float)
    assert marked[counts.isin([1, 2, 3, 4]).any(axis=1)].all()
    unmarked = replace(example, settings=replace(example.settings, small_cell=0)).table1()
    assert not unmarked["note"].str.contains(SMALL).any()


# --- scores ---


def test_scores_of_the_baseline_and_the_controls(example):
    s = example.samples.set_index("sample_id")
    scores = pd.Series(np.arange(len(s)) / 8, index=s.index)
    made = example.table1(scores=scores, controls=scores[s["is_control"]], score_name="type I, log2")
    blood = s[~s["is_control"] & (s["tissue"] == "blood") & (s["day"] < 0)].sort_values("day")
    last = blood.assign(x=scores[blood.index]).groupby("patient_id")["x"].last()
    row, ref = made[made["section"] == "baseline score"].iloc[0], made.iloc[-1]
    assert (row["row"], row["level"], row["n"], row["n_missing"]) == ("type I, log2", "blood", 6, 0)
    assert row["value"] == f"{number(last.median())} [{number(last.min())} to {number(last.max())}]"
    donors = s[s["is_control"] & (s["tissue"] == "blood")]
    mean = donors.assign(x=scores[donors.index]).groupby("donor_id")["x"].mean()
    low, mid, high = (number(mean.quantile(q)) for q in (0.25, 0.5, 0.75))
    assert (ref["n"], ref["value"]) == (14, f"{mid} [{low} to {high}]")
    assert "interquartile" in ref["note"]
    assert example.table1(scores=scores.iloc[3:4], group="sex")["row"].tolist().count("kim2018_irg28_geomean") == 2


def test_without_a_primary_tissue_each_tissue_has_a_row(tmp_path):
    made = small(tmp_path, **change("settings", 'tissue = "blood"\n', "")).table1(
        scores=pd.Series({"B1": 1.0, "K1": 5.0, "B3": 2.0, "B6": 4.0, "B2": 99.0})
    )
    assert cell(made, "Interferon score", "blood")[["value", "n", "n_missing"]].tolist() == ["2 [1 to 4]", 3, 1]
    assert cell(made, "Interferon score", "skin")[["value", "n", "n_missing"]].tolist() == ["5 [5 to 5]", 1, 3]


def test_wrong_scores(example):
    s = example.samples.set_index("sample_id")["is_control"].astype(float)
    with pytest.raises(DataError, match=r"scores: none of .* is a sample of this cohort"):
        example.table1(scores=pd.Series([1.0], index=["nobody"]))
    with pytest.raises(DataError, match="stands twice"):
        example.table1(scores=pd.concat([s, s]))
    with pytest.raises(DataError, match="a patient's sample is among them"):
        example.table1(controls=s)


# --- rules ---


def test_small_cohort_by_hand(tmp_path):
    """cohorts.py: 007 and NA stop or go on, P-b pauses; data cut on day 400."""
    made = small(tmp_path).table1()
    assert cell(made, "Calcinosis, ever")[["value", "n", "n_total", "n_missing"]].tolist() == ["2/4", 2, 4, 0]
    assert cell(made, "Muscle weakness, ever")[["value", "n", "n_total", "n_missing"]].tolist() == ["1/3", 1, 3, 1]
    assert cell(made, "Myositis-specific antibody", "NXP2")[["n_total", "n_missing"]].tolist() == [3, 1]
    months = np.array([400, 90 + 280, 100, 400]) * 12 / 365.25
    text = f"{number(np.median(months))} [{number(months.min())} to {number(months.max())}]"
    assert cell(made, "Months on it")["value"] == text
    assert cell(made, "First dose, mg/kg/day")["value"] == "0.35 [0.2 to 0.5]"
    assert cell(made, "cyclophosphamide", section="prior drugs")["value"] == "1/4"  # prior_only, without days
    assert cell(made, "prednisone", section="prior drugs")["value"] == "1/4"
    assert cell(made, "any drug", section="prior drugs")["value"] == "2/4"
    assert cell(made, "any drug", section="drugs at baseline")["value"] == "1/4"  # IVIG comes later
    ck = cell(made, "Creatine kinase (CK), xULN")
    assert (ck["value"], ck["n"], ck["n_missing"]) == ("1.75 [1.5 to 2]", 2, 2)
    assert "not divided" not in ck["note"]
    assert cell(made, "Skin activity VAS, by the physician, cm")["value"] == "6.3 [6.3 to 6.3]"
    assert cell(made, "Manual Muscle Testing of 8 groups (MMT8)")["value"] == "not recorded"
    assert made["row"].tolist()[made["row"].tolist().index("CDASI version 2, activity") + 1].startswith("Skin activity VAS")


def test_ongoing_without_a_data_cut_ends_with_the_last_visit_or_sample(tmp_path):
    changed = {**change("settings", "data_cut_day = 400\n", "")}
    made = small(tmp_path, **changed).table1()
    months = np.array([182, 90 + 186 - 120, 100, 200]) * 12 / 365.25  # NA: seen on 176, but a dose of day 200 is recorded
    assert cell(made, "Months on it")["value"] == f"{number(np.median(months))} [{number(min(months))} to {number(max(months))}]"


def test_exposure_is_missing_where_nobody_saw_the_patient_again(tmp_path):
    only = "sample_id,patient_id,day,tissue\n" + "".join(
        f"S{i},{p},-5,blood\n" for i, p in enumerate(["P-a", "P-b", "007", "NA"])
    )
    c = cohorts.write(tmp_path / "c", samples=only, visits=None, outcomes=None, **change("settings", "data_cut_day = 400\n", ""))
    made = Cohort.read(c).table1()
    row = cell(made, "Months on it")
    assert (row["n"], row["n_missing"]) == (2, 2)  # 007 stopped on day 100, NA changed the dose on day 200
    months = np.array([100, 200]) * 12 / 365.25
    assert row["value"] == f"{number(np.median(months))} [{number(months[0])} to {number(months[1])}]"
    assert cell(made, "Visits a patient")[["value", "n_missing"]].tolist() == ["not recorded", 4]
    assert cell(made, "Follow-up, first to last visit or sample, years")["value"] == "0 [0 to 0]"


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_days_around_the_first_dose_decide_what_is_prior_and_what_is_beside(tmp_path):
    rows = "patient_id,drug,start_day,stop_day,dose,unit,dose_mg_kg,prior_only\n" + "\n".join(
        [
            "P-a,until-day-0,-30,0,,,,no",  # last day -1: beside
            "P-a,until-the-day-before,-30,-1,,,,no",
            "P-a,from-day-0,0,20,,,,no",
            "P-a,from-day-1,1,20,,,,no",
            "P-a,only-before,-30,0,,,,yes",
            "P-a,methylprednisolone,-20,-10,,,2,no",
            "P-b,prednisone,0,30,,,0.7,no",  # nothing the day before: the dose of day 0
            "007,prednisolone,-9,0,0.4,mg/kg/day,,no",
            "NA,prednisone,-9,10,20,mg/day,,no",  # not by weight: missing
        ]
    )
    made = small(tmp_path, concomitant=rows + "\n").table1()
    prior = set(made.loc[(made["section"] == "prior drugs") & (made["n"] > 0), "row"])
    assert prior == {
        "any drug", "any glucocorticoid", "until-day-0", "until-the-day-before", "only-before", "methylprednisolone",
        "prednisolone", "prednisone",
    }  # fmt: skip
    beside = set(made.loc[made["section"] == "drugs at baseline", "row"]) - {"Glucocorticoid dose of those on it, mg/kg/day"}
    assert beside == {"any drug", "any glucocorticoid", "until-day-0", "from-day-0", "prednisolone", "prednisone"}
    assert cell(made, "any glucocorticoid", section="prior drugs")["value"] == "3/4"
    dose = cell(made, "Glucocorticoid dose of those on it, mg/kg/day")
    assert dose[["value", "n", "n_total", "n_missing"]].tolist() == ["0.55 [0.4 to 0.7]", 2, 3, 1]


def test_another_drug_in_exposures_counts_as_a_drug(tmp_path):
    more = cohorts.TABLES["exposures"] + "P-a,ruxolitinib,-200,-20,10,mg/day,,,lack_efficacy,start\n"
    assert cell(small(tmp_path, exposures=more).table1(), "ruxolitinib", section="prior drugs")["value"] == "1/4"


def test_doses_in_other_units_are_missing(tmp_path):
    made = small(
        tmp_path,
        **change("exposures", "P-a,tofacitinib,0,,10,mg/day,5 mg twice a day,0.4", "P-a,tofacitinib,0,,0.6,mg/kg/day,x,"),
    ).table1()
    assert cell(made, "First dose, mg/day")[["n", "n_missing"]].tolist() == [3, 1]
    assert cell(made, "First dose, mg/kg/day")["value"] == "0.4 [0.2 to 0.6]"


def test_several_reasons_are_one_level_and_missing_ones_are_named(tmp_path):
    text = cohorts.TABLES["exposures"].replace("P-b,tofacitinib,120,,", "P-b,tofacitinib,120,150,")
    text = text.replace("5 mg twice a day,0.5,,restart", "5 mg twice a day,0.5,patient_choice,restart").replace(
        "0.3,AE,", "0.3,,"
    )
    text += "P-b,tofacitinib,170,,10,mg/day,,0.5,,restart\n"
    made = small(tmp_path, exposures=text).table1()
    assert cell(made, "Reason of interruption", "adverse event + patient's choice")["value"] == "1/1"
    assert cell(made, "Reason of discontinuation", "reason not given")["value"] == "1/1"


def test_measures_outside_the_window_or_after_the_dose_are_no_baseline(tmp_path):
    made = small(tmp_path, **change("visits", "P-b,V0,-1,", "P-b,V0,-91,")).table1()
    assert cell(made, "CDASI version 2, activity")[["value", "n"]].tolist() == ["20 [20 to 20]", 1]
    outcomes = cohorts.TABLES["outcomes"] + "007,V0,cdasi_activity,,7,,r1,2,yes\n007,V1,cdasi_activity,,3,,r1,2,no\n"
    made = small(tmp_path / "2", outcomes=outcomes).table1()
    row = cell(made, "CDASI version 2, activity")  # a visit of day 0 is before the dose
    assert row["value"] == "20 [7 to 25]"
    assert "filled in" in row["note"]


def test_last_or_mean_of_the_baseline(tmp_path):
    visits = cohorts.TABLES["visits"] + "P-a,V00,-60,baseline\n"
    outcomes = cohorts.TABLES["outcomes"] + "P-a,V00,cdasi_activity,,30,,r1,2,no\n"
    made = small(tmp_path, visits=visits, outcomes=outcomes).table1()
    assert cell(made, "CDASI version 2, activity")["value"] == "22.5 [20 to 25]"
    settings = cohorts.SETTINGS + '\n[baseline]\nrule = "mean"\n'
    made = small(tmp_path / "2", visits=visits, outcomes=outcomes, settings=settings).table1()
    assert cell(made, "CDASI version 2, activity")["value"] == "25 [25 to 25]"


def test_parts_of_a_measure(tmp_path):
    rows = "P-a,V0,skindex29,symptoms,40,,,,no\nP-a,V0,skindex29,emotions,20,,,,no\nP-a,V0,chaq,made-up-part,1,,,,no\n"
    made = small(tmp_path, outcomes=cohorts.TABLES["outcomes"] + rows).table1()
    assert cell(made, "Skindex-29", "symptoms")["value"] == "40 [40 to 40]"
    assert cell(made, "Skindex-29", "emotions")["value"] == "20 [20 to 20]"
    row = cell(made, "Childhood Health Assessment Questionnaire (CHAQ)")
    assert row["value"] == "not recorded"
    assert "parts" in row["note"]
    assert "made-up-part" not in made.to_csv()


def test_bands_in_the_file_are_kept_as_bands(tmp_path):
    patients = cohorts.TABLES["patients"].replace("P-a,F,5,9,", "P-a,F,0-5,9,").replace("NA,M,10,15,", "NA,M,10,18+,")
    c = small(tmp_path, patients=patients)
    c = replace(c, settings=replace(c.settings, band_ages_below=0))
    made = c.table1()
    assert cell(made, "Age at diagnosis, years", "0-5")["n"] == 2
    assert "range 3 to 10 years" in cell(made, "Age at diagnosis, years", "0-5")["note"]
    assert cell(made, "Age at start, years", "18+")["n"] == 1
    assert cell(made, "Disease duration at start, years")[["value", "n_missing"]].tolist() == ["4 [4 to 4]", 2]


BARE = {
    "patients": "patient_id\nP1\nP2\n",
    "samples": "sample_id,patient_id,day,tissue\nS1,P1,-1,blood\nS2,P2,-1,blood\n",
    "exposures": "patient_id,drug,start_day,stop_day\nP1,tofacitinib,0,\nP2,tofacitinib,0,\n",
    **dict.fromkeys(("visits", "outcomes", "concomitant", "adverse_events")),
}


def test_edge_cohort_with_nothing_but_ids(tmp_path):
    made = small(tmp_path, **BARE).table1()
    assert cell(made, "Patients")["value"] == "2"
    for name in ["Calcinosis, ever", "First dose, mg/day", "Creatine kinase (CK), U/L", "Disease duration at start, years"]:
        assert cell(made, name)[["value", "n", "n_missing"]].tolist() == ["not recorded", 0, 2], name
    antibody = cell(made, "Myositis-specific antibody")
    assert antibody["value"] == "not recorded"
    assert antibody["n_missing"] == 2
    assert cell(made, "Visits")["value"] == "0"
    drugs = cell(made, "any drug", section="prior drugs")
    assert drugs[["value", "n_missing"]].tolist() == ["not recorded", 2]
    assert "no file of other drugs" in drugs["note"]
    assert not made["row"].isin(["Site", "Glucocorticoid dose of those on it, mg/kg/day"]).any()
    assert cell(made, "Discontinued")["value"] == "0/2"
    assert not made["row"].str.startswith("Reason").any()


def test_nobody_on_the_index_drug_is_no_failure(tmp_path):
    c = small(tmp_path)
    c = replace(c, exposures=c.exposures.iloc[:0])
    made = c.table1()
    assert cell(made, "ever on tofacitinib")["value"] == "0/4"
    assert not made["row"].isin(["Months on it", "Discontinued"]).any()
    assert cell(made, "CDASI version 2, activity")["value"] == "not recorded"


def test_simple_design_prints_patients_samples_and_groups():
    obs = pd.DataFrame(
        {"who": list("aabbcc"), "when": ["pre", "post"] * 3, "arm": ["x", "x", "y", "y", "", ""]},
        index=[f"s{i}" for i in range(6)],
    )
    design = Cohort.from_samples(obs, patient="who", time="when", baseline="pre", followup="post", group="arm")
    made = design.table1()
    assert set(made["section"]) == {"note", "cohort"}
    assert made["row"].tolist()[1:] == ["Patients", "Samples", "Samples a patient", "Group", "Group"]
    assert cell(made, "Samples")["value"] == "6"
    assert cell(made, "Group", "x")[["value", "n_missing"]].tolist() == ["1/2", 1]
    scores = pd.Series(range(6), index=obs.index, dtype=float)
    assert cell(design.table1(scores=scores, score_name="s"), "s")["value"] == "2 [0 to 4]"
    assert design.table1(group="arm")["group"].unique().tolist() == ["not given", "x", "y"]
    unbound = Cohort.from_samples(patient="who", time="when", baseline="pre", followup="post")
    with pytest.raises(DataError, match="no patients yet"):
        unbound.table1()
    with pytest.raises(UsageError, match="none in this design"):
        unbound.bind(obs).table1(group="arm")


# --- groups ---


def test_groups_add_up(example, table):
    made = example.table1(group="sex")
    assert list(made.columns) == ["group", *COLUMNS]
    assert made["group"].unique().tolist() == ["F", "M"]
    both = made[made["section"] != "note"].groupby(["section", "row", "level"])["n"].sum()
    one = table[table["section"] != "note"].set_index(["section", "row", "level"])["n"]
    assert (both.reindex(one.index).astype(int) == one.astype(int)).all()
    assert example.table1(group="calcinosis_ever")["group"].unique().tolist() == ["no", "yes"]
    assert example.table1(group="ild_ever")["group"].unique().tolist() == ["not given"]
    assert example.table1(group="age_at_start_band")["group"].unique().tolist() == ["12-17", "6-11"]


@pytest.mark.parametrize("name", ["patient_id", "age_at_start_years", "sexx"])
def test_no_groups_of_ids_and_ages(example, name):
    with pytest.raises(UsageError, match=f"group='{name}'"):
        example.table1(group=name)


# --- ten and more ---


def many(n: int, seed: int = 0, **columns: object) -> Cohort:
    """Return a cohort of n patients with random facts, without any file."""
    rng = np.random.default_rng(seed)
    base = Cohort.from_samples(
        pd.DataFrame({"p": ["a", "a"], "t": [0, 1]}, index=["1", "2"]), patient="p", time="t", baseline=0, followup=1
    )
    ids = [f"X{i}" for i in range(n)]
    blank = base.patients.iloc[[0] * n].reset_index(drop=True)
    facts = {
        "patient_id": ids,
        "sex": rng.choice(["F", "M"], n),
        "msa": rng.choice(["NXP2", "MDA5", "TIF1g", ""], n, p=[0.6, 0.2, 0.1, 0.1]),
        "age_at_dx_years": rng.integers(1, 10, n).astype(float),
        "age_at_start_years": rng.integers(10, 17, n).astype(float),
        "calcinosis_ever": pd.array(rng.choice([True, False, None], n, p=[0.7, 0.2, 0.1]), dtype="boolean"),
        "joint_ever": pd.array(rng.choice([True, False], n), dtype="boolean"),
        **columns,
    }
    samples = pd.DataFrame(
        {
            "sample_id": ids, "patient_id": ids, "day": -1.0, "tissue": "blood", "platform": "", "batch": "", "is_control": False,
            "pre_dose": False, "hours_since_last_dose": math.nan,
        }
    )  # fmt: skip
    return replace(base, patients=blank.assign(**facts), samples=samples, simple=None, codes={}, sample_codes={})


def test_quartiles_and_percentages_from_ten_on():
    ages = [float(a) for a in [10, 11, 12, 13, 14, 15, 16, 16, 17, 17, *[12] * 10]]
    c = many(20, age_at_start_years=ages)
    made = c.table1()
    low, mid, high = (number(q) for q in np.percentile(ages, [25, 50, 75]))
    row = cell(made, "Age at start, years")
    assert row["value"] == f"{mid} [{low} to {high}]"
    assert row["note"] == "median [interquartile range]"
    n = int((c.patients["sex"] == "F").sum())
    assert cell(made, "Sex", "F")["value"] == f"{n}/20 ({100 * n / 20:.0f} %)"
    assert not (made["row"] == "fewer than 10 patients").any()
    nine = many(9).table1()
    assert "%" not in cell(nine, "Sex", "F")["value"]
    assert cell(nine, "Disease duration at start, years")["note"].startswith("median [minimum to maximum]")
    ten = many(10).table1()
    assert cell(ten, "Disease duration at start, years")["note"].startswith("median [interquartile range]")
    assert not (ten["row"] == "Age at start, years")[ten["level"] == ""].any()  # under 20 patients: bands


@pytest.mark.parametrize(
    ("x", "text"),
    [(1205.4, "1205"), (100.0, "100"), (33.54, "33.5"), (10.0, "10"), (8.3, "8.3"), (0.325, "0.325"), (-0.0001, "0"), (-1.25, "-1.25"), (0, "0")],
)  # fmt: skip
def test_numbers_as_printed(x, text):
    assert number(x) == text
