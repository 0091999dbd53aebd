"""Every kind of finding: a good cohort broken in one place gives exactly that finding, at its place."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from tests import cohorts
from tests.cohorts import SETTINGS, TABLES, change

from ifnscore.cli import _app, app
from ifnscore.cohort import Cohort


def one(folder, **changes):
    """Return the only finding of the changed cohort."""
    found = Cohort.check(cohorts.write(folder / "c", **changes))
    assert len(found) == 1, found.to_string()
    return found.iloc[0]


def test_good_cohort_has_no_findings(tmp_path):
    found = Cohort.check(cohorts.write(tmp_path / "c"))
    assert list(found.columns) == ["level", "file", "row", "column", "problem", "fix"]
    assert found.empty


def drop_column(table: str, name: str) -> dict[str, str]:
    lines = [line.split(",") for line in TABLES[table].splitlines()]
    i = lines[0].index(name)
    return {table: "\n".join(",".join(c for j, c in enumerate(line) if j != i) for line in lines) + "\n"}


def add_column(table: str, name: str, value: str = "", row: int = 2) -> dict[str, str]:
    lines = TABLES[table].splitlines()
    made = [lines[0] + f",{name}", *(line + ("," + value if i == row else ",") for i, line in enumerate(lines[1:], 2))]
    return {table: "\n".join(made) + "\n"}


def add(table: str, *rows: str) -> dict[str, str]:
    return {table: TABLES[table] + "".join(r + "\n" for r in rows)}


def setting(text: str) -> dict[str, str]:
    return {"settings": SETTINGS + text}


OWN = '\n[[instrument]]\nid = "my_score"\ntitle = "Mine"\ndirection = "higher_is_worse"\nminimum = 0\nmaximum = 10\n'
ERRORS = {
    # cells
    "number": (change("samples", "8.1,no,,,,\nB2", "good,no,,,,\nB2"), "samples.csv", 2, "rin", "not a number"),
    "number range": (change("samples", ",7.7,", ",77,"), "samples.csv", 15, "rin", "out of range"),
    "thousands": (change("concomitant", "5,6,1,g/kg", '5,6,"1,500",mg'), "concomitant.csv", 5, "dose", "the comma may stand"),
    "flag": (change("samples", "8.0,no,,,,\n", "8.0,perhaps,,,,\n"), "samples.csv", 6, "is_control", "neither yes nor no"),
    "known flag": (change("patients", "MDA5,no", "MDA5,a bit"), "patients.csv", 3, "calcinosis_ever", "neither yes nor no"),
    "choice": (change("exposures", "0.3,AE", "0.3,allergy"), "exposures.csv", 5, "reason_stop", "not one of the allowed"),
    "tissue": (change("samples", "K2,P-a,182,skin", "K2,P-a,182,skn"), "samples.csv", 5, "tissue", "not one of the allowed"),
    "empty cell": (change("samples", "K2,P-a,182,skin", "K2,P-a,182,"), "samples.csv", 5, "tissue", "the cell is empty"),
    "empty id": (change("visits", "007,V1,60", "007,V1,").copy(), "visits.csv", 7, "day", "the cell is empty"),
    "date as day": (change("visits", "V1,185", "V1,2021-03-04"), "visits.csv", 5, "day", "a calendar date"),
    "German date as day": (change("visits", "V1,185", "V1,04.03.2021"), "visits.csv", 5, "day", "a calendar date"),
    "Excel date as day": (change("visits", "V1,185", "V1,44259"), "visits.csv", 5, "day", "a calendar date that Excel"),
    "word as day": (change("visits", "V1,185", "V1,six months"), "visits.csv", 5, "day", "not a number"),
    "negative age": (change("patients", "M,10,15", "M,-10,15"), "patients.csv", 5, "age_at_dx_years", "out of range"),
    "age above 120": (change("patients", "M,10,15", "M,10,150"), "patients.csv", 5, "age_at_start_years", "out of range"),
    "ages in order": (change("patients", "M,10,15", "M,16,15"), "patients.csv", 5, "age_at_start_years", "younger at the first"),
    # files, columns, rows
    "file": ({"exposures": None}, "exposures.csv", None, "", "the file is missing"),
    "visits of outcomes": ({"visits": None}, "visits.csv", None, "", "the file is missing"),
    "settings file": ({"settings": None}, "cohort.toml", None, "", "the file is missing"),
    "no rows": ({"samples": TABLES["samples"].splitlines()[0]}, "samples.csv", None, "", "no rows"),
    "empty file": ({"adverse_events": "# nothing\n\n"}, "adverse_events.csv", None, "", "the file is empty"),
    "column": (drop_column("samples", "tissue"), "samples.csv", None, "tissue", "the column is missing"),
    "column twice": (add_column("visits", "day"), "visits.csv", 1, "day", "two columns have this name"),
    "column without name": ({"adverse_events": "patient_id,,ae_id\n"}, "adverse_events.csv", 1, "", "column 2 has no name"),
    "short row": (change("visits", "007,V1,60,planned", "007,V1,60"), "visits.csv", 7, "", "3 cells, but the header has 4"),
    "long row": (change("visits", "007,V1,60,planned", "007,V1,60,planned,x"), "visits.csv", 7, "", "5 cells, but"),
    "open quote": (change("adverse_events", "allergic", '"allergic'), "adverse_events.csv", 3, "", "a quote is opened"),
    # keys and links
    "patient twice": (add("patients", "007,M,4,8,,,,"), "patients.csv", 6, "patient_id", "the same patient_id as in line 4"),
    "sample twice": (change("samples", "\nB5,", "\nB4,"), "samples.csv", 8, "sample_id", "the same sample_id as in line 7"),
    "visit twice": (change("visits", "007,V1", "007,V0"), "visits.csv", 7, "visit_id", "the same patient_id, visit_id"),
    "outcome twice": (add("outcomes", "NA,V0,cmas,,41,,r2,,no"), "outcomes.csv", 12, "subscale", "the same patient_id"),
    "event twice": (add("adverse_events", "007,1,5,6,rash,no,no,none"), "adverse_events.csv", 4, "ae_id", "the same patient_id"),
    "exposure twice": (add("exposures", "NA,tofacitinib,200,,5,mg/day,,,,"), "exposures.csv", 8, "start_day", "the same patient_id"),
    "orphan sample": (change("samples", "B7,007", "B7,008"), "samples.csv", 10, "patient_id", "this patient is not in"),
    "orphan visit": (add("visits", "P-x,V0,3,"), "visits.csv", 10, "patient_id", "this patient is not in"),
    "orphan outcome": (add("outcomes", "P-x,V0,cmas,,3,,,,"), "outcomes.csv", 12, "patient_id", "this patient is not in"),
    "orphan exposure": (add("exposures", "P-x,tofacitinib,0,,,,,,,"), "exposures.csv", 8, "patient_id", "this patient is not in"),
    "orphan drug": (add("concomitant", "P-x,MTX,0,,,,,"), "concomitant.csv", 6, "patient_id", "this patient is not in"),
    "orphan event": (add("adverse_events", "P-x,1,0,,rash,,,"), "adverse_events.csv", 4, "patient_id", "this patient is not in"),
    "outcome without visit": (add("outcomes", "NA,V9,cmas,,3,,,,"), "outcomes.csv", 12, "visit_id", "this patient has no such visit"),
    "sample of nobody": (change("samples", "H1,,,blood,RNA-seq,A,8.8,yes", "H1,,,blood,RNA-seq,A,8.8,no"), "samples.csv", 13, "patient_id", "a sample without a patient"),
    "control with a patient": (change("samples", "H1,,", "H1,d1,"), "samples.csv", 13, "patient_id", "this patient is not in"),
    "patient as control": (change("samples", "H1,,", "H1,007,"), "samples.csv", 13, "is_control", "a healthy control that is one of"),
    "sample without day": (change("samples", "B4,P-b,100", "B4,P-b,"), "samples.csv", 7, "day", "a patient's sample without a day"),
    # drugs
    "stop before start": (change("exposures", "tofacitinib,120,,", "tofacitinib,120,110,"), "exposures.csv", 4, "stop_day", "stops before it starts"),
    "event ends first": (change("adverse_events", "88,118", "88,80"), "adverse_events.csv", 2, "end_day", "ends before it begins"),
    "unreadable stop": (change("exposures", "tofacitinib,120,,", "tofacitinib,120,soon,"), "exposures.csv", 4, "stop_day", "not a number"),
    "overlap": (change("exposures", "0,90,10", "0,130,10"), "exposures.csv", 4, "start_day", "overlaps with line 3"),
    "overlap of other drugs": (change("concomitant", "-300,30,", "-300,31,"), "concomitant.csv", 3, "start_day", "overlaps with line 2"),
    "ongoing before a later one": (change("exposures", "0,200,10", "0,,10"), "exposures.csv", 6, "stop_day", "ongoing, but line 7"),
    "start of another drug": (change("concomitant", "cyclophosphamide,,,,,,yes", "cyclophosphamide,,,,,,no"), "concomitant.csv", 4, "start_day", "the cell is empty"),
    "day 0": (change("exposures", "007,tofacitinib,0,", "007,tofacitinib,7,"), "exposures.csv", 5, "start_day", "the first dose of the index drug is on day 7"),
    "no index drug": (change("settings", '"tofacitinib"', '"baricitinib"'), "exposures.csv", None, "drug", "nobody has the index drug"),
    # measures
    "outcome above": (change("outcomes", "cmas,,40", "cmas,,60"), "outcomes.csv", 10, "value", "cmas is 60; its largest value is 52"),
    "outcome below": (change("outcomes", "activity,,24", "activity,,-2"), "outcomes.csv", 5, "value", "cdasi_activity is -2; its smallest"),
    "negative enzyme": (change("outcomes", "1.5,xULN", "-1.5,xULN"), "outcomes.csv", 8, "value", "a negative multiple"),
    "cm and mm": (change("outcomes", "21,mm", "2.1,cm"), "outcomes.csv", 7, "unit", "skin_vas has several units (1 of 2 rows differ)"),
    "with and without ULN": (change("outcomes", "2,ULN", "300,U/L"), "outcomes.csv", 9, "unit", "ck has several units"),
    "unit": (change("outcomes", "21,mm", "21,inch"), "outcomes.csv", 7, "unit", "skin_vas has no such unit"),
    "no unit": (change("outcomes", "21,mm", "21,"), "outcomes.csv", 7, "unit", "skin_vas has several units, and none is given"),
    "versions": (change("outcomes", "r1,v2", "r1,v1"), "outcomes.csv", 4, "version", "cdasi_activity has several versions"),
    "instrument": (change("outcomes", "CDASI activity", "cdasi_actvty"), "outcomes.csv", 4, "instrument", "unknown instrument"),
    "part": (add("outcomes", "NA,V0,calcinosis,weight,3,,,,"), "outcomes.csv", 12, "subscale", "calcinosis has no such part"),
    "das and mdas": (add("outcomes", "NA,V0,das_total,,9,,,,", "NA,V1,mdas_total,,5,,,,"), "outcomes.csv", 13, "instrument", "mdas_total beside das_total (line 12)"),
    "own range": ({**setting(OWN), **add("outcomes", "NA,V0,my_score,,11,,,,")}, "outcomes.csv", 12, "value", "my_score is 11; its largest value is 10"),
    # settings
    "no index drug named": ({"settings": "[primary]\n"}, "cohort.toml", None, "cohort.index_drug", "the index drug is not named"),
    "TOML": ({"settings": "[cohort\n"}, "cohort.toml", None, "", "not valid TOML"),
    "unknown key": (setting("[followup]\ntarget = 90\n"), "cohort.toml", 10, "followup.target", "unknown settings key"),
    "unknown table": (setting("[follow]\ntarget_day = 90\n"), "cohort.toml", 9, "follow", "unknown settings key"),
    "key without table": ({"settings": "target_day = 90\n" + SETTINGS}, "cohort.toml", 1, "target_day", "unknown settings key"),
    "no table": ({"settings": "matching = 14\n" + SETTINGS}, "cohort.toml", 1, "matching", "a table is needed here"),
    "text for number": (setting('[followup]\ntarget_day = "90"\n'), "cohort.toml", 10, "followup.target_day", "a number is needed"),
    "number too small": (setting("[followup]\nwindow_days = -1\n"), "cohort.toml", 10, "followup.window_days", "a number of at least 0"),
    "number too large": (setting("[regression_to_mean]\nicc = 2\n"), "cohort.toml", 10, "regression_to_mean.icc", "a number from 0 to 1"),
    "no whole number": (setting("[privacy]\nsmall_cell = 4.5\n"), "cohort.toml", 10, "privacy.small_cell", "a whole number"),
    "number for text": (change("settings", '"blood"', "3"), "cohort.toml", 7, "primary.tissue", "text in quotes"),
    "flag setting": (change("settings", "= true", '= "yes"'), "cohort.toml", 4, "cohort.synthetic", "true or false is needed"),
    "rule": (setting('[baseline]\nrule = "first"\n'), "cohort.toml", 10, "baseline.rule", "not one of last, mean"),
    "window": (setting("[baseline]\nwindow = [-90]\n"), "cohort.toml", 10, "baseline.window", "two days in brackets"),
    "window of words": (setting('[baseline]\nwindow = [-90, "0"]\n'), "cohort.toml", 10, "baseline.window", "two days in brackets"),
    "window reversed": (setting("[followup]\nlink_window = [240, 120]\n"), "cohort.toml", 10, "followup.link_window", "the first day must not"),
    "window after the dose": (setting("[baseline]\nwindow = [-90, 3]\n"), "cohort.toml", 10, "baseline.window", "the window must end"),
    "texts": ({"settings": SETTINGS.replace("synthetic", 'hypotheses = "one"\nsynthetic')}, "cohort.toml", 4, "cohort.hypotheses", "a list of texts"),
    "within-person SD": (setting("[score_rcv]\nrice2013_ags6 = -1\n"), "cohort.toml", 9, "score_rcv", "rice2013_ags6: a number above 0"),
    "primary tissue": (change("settings", '"blood"', '"liver"'), "cohort.toml", 7, "primary.tissue", "unknown tissue"),
    "primary instrument": (change("settings", "cdasi_activity", "cdasi"), "cohort.toml", 8, "primary.instrument", "unknown instrument"),
    "primary response": (setting('response = "cdasi_abs"\n'), "cohort.toml", 9, "primary.response", "unknown response"),
    "own instrument": (setting(OWN.replace("higher_is_worse", "worse")), "cohort.toml", 10, "instrument", "direction is 'worse'"),
    "own instrument no list": (setting("[instrument]\nid = 'x'\n"), "cohort.toml", 9, "instrument", "a list of tables"),
    "own instrument of a known name": (setting(OWN.replace("my_score", "cmas")), "cohort.toml", 10, "instrument", "'cmas' is the shipped"),
    "date in the title": ({"settings": SETTINGS.replace("synthetic", 'title = "cut 2024-03-01"\nsynthetic')}, "cohort.toml", 4, "cohort.title", "holds a calendar date"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_error_at_its_place(tmp_path, name):
    changes, file, row, column, problem = ERRORS[name]
    found = one(tmp_path, **changes)
    assert (found["level"], found["file"], found["column"]) == ("error", file, column)
    assert pd.isna(found["row"]) if row is None else found["row"] == row
    assert found["problem"].startswith(problem)
    assert found["fix"]


WARNINGS = {
    "visit after the cut": (add("visits", "NA,V2,500,"), "visits.csv", 10, "day", "after the data cut"),
    "sample after the cut": (change("samples", "B9,NA,176", "B9,NA,401"), "samples.csv", 12, "day", "after the data cut"),
    "outcome after the last dose": ({**change("visits", "007,V1,60", "007,V1,130"), **add("outcomes", "007,V1,cmas,,40,,,,", "007,V1,mmt8,,70,,,,")}, "outcomes.csv", 12, "visit_id", "recorded after the index drug was stopped"),
    "rater": (change("outcomes", "11,,r1", "11,,r2"), "outcomes.csv", 3, "rater_id", "another rater"),
    "extra column": (add_column("patients", "weight_kg", "30"), "patients.csv", None, "weight_kg", "a column that ifnscore does not use"),
    "patient without samples": ({**add("patients", "P-e,F,4,9,,,,"), **add("exposures", "P-e,tofacitinib,0,,,,,,,")}, "patients.csv", 6, "patient_id", "the patient has no samples"),
    "patient without the drug": ({**add("patients", "P-e,F,4,9,,,,"), **add("samples", "B10,P-e,5,blood,,,,,,,,")}, "patients.csv", 6, "patient_id", "the patient never had the index drug"),
    "dose timing": (change("samples", "8.3,no,,,,5", "8.3,no,,,,"), "samples.csv", None, "hours_since_last_dose", "1 of 5 samples on the index drug"),
    "day 0 sample": (change("samples", "8.2,no,,,yes,", "8.2,no,,,,1"), "samples.csv", 9, "pre_dose", "a sample of day 0"),
    "age of controls": (change("samples", "yes,d2,17", "yes,d2,14"), "patients.csv", 5, "age_at_start_years", "outside the ages"),
    "unverified maximum": (change("outcomes", "activity,,24", "activity,,120"), "outcomes.csv", 5, "value", "cdasi_activity is 120, above"),
    "interval without a day": (change("concomitant", "IVIG,5,6", "IVIG,5,5"), "concomitant.csv", 5, "stop_day", "an interval without a day"),
    "age in fractions": (change("patients", "M,10,15", "M,10,15.3"), "patients.csv", 5, "age_at_start_years", "an age in fractions"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_warning_at_its_place(tmp_path, name):
    changes, file, row, column, problem = WARNINGS[name]
    found = one(tmp_path, **changes)
    assert (found["level"], found["file"], found["column"]) == ("warning", file, column)
    assert pd.isna(found["row"]) if row is None else found["row"] == row
    assert found["problem"].startswith(problem)


def test_overlap_with_a_long_interval_is_found_behind_a_short_one(tmp_path):
    folder = cohorts.write(tmp_path / "c", **add("exposures", "007,MTX,0,90,,,,,,", "007,MTX,10,20,,,,,,", "007,MTX,30,40,,,,,,"))
    assert Cohort.check(folder)["row"].tolist() == [9, 10]


def test_misspelled_table_is_said(tmp_path):
    folder = cohorts.write(tmp_path / "c", outcomes=None)
    (folder / "outcome.csv").write_text(TABLES["outcomes"])
    (folder / "counts.csv").write_text("gene,B1\nISG15,3\n")
    found = Cohort.check(folder)
    assert found[["level", "file", "fix"]].to_numpy().tolist() == [
        ["warning", "outcome.csv", "call it outcomes.csv if it is that table"]
    ]


def test_two_files_of_one_table(tmp_path):
    folder = cohorts.write(tmp_path / "c")
    (folder / "visits.tsv").write_text(TABLES["visits"])
    assert Cohort.check(folder)[["file", "problem"]].to_numpy().tolist() == [["visits.tsv", "the same table as visits.csv"]]


def test_file_in_another_encoding(tmp_path):
    folder = cohorts.write(tmp_path / "c")
    (folder / "adverse_events.csv").write_bytes(TABLES["adverse_events"].replace("allergic", "älergic").encode("latin-1"))
    assert Cohort.check(folder)["problem"].tolist() == ["not UTF-8 text"]


def test_nearest_names_are_offered(tmp_path):
    assert "cdasi_activity" in one(tmp_path, **change("outcomes", "CDASI activity", "cdasi_actvty"))["fix"]
    assert "target_day" in one(tmp_path / "2", **setting("[followup]\ntarget = 90\n"))["fix"]
    assert "followup.target_day" in one(tmp_path / "3", settings="target_day = 90\n" + SETTINGS)["fix"]
    assert "tofacitinib" in one(tmp_path / "4", **change("settings", '"tofacitinib"', '"tofacitnib"'))["fix"]


def test_all_findings_come_at_once_and_read_raises_one_line(tmp_path):
    folder = cohorts.write(
        tmp_path / "c",
        **change("outcomes", "cmas,,40", "cmas,,60"),
        **change("visits", "V1,185", "V1,soon"),
        **change("exposures", "0,90,10", "0,130,10"),
        **change("concomitant", "IVIG,5,6", "IVIG,5,5"),
    )
    found = Cohort.check(folder)
    assert found["level"].tolist() == ["error", "error", "error", "warning"]
    with pytest.raises(ValueError, match="3 errors, the first: visits.csv line 5, column day: not a number; ") as error:
        Cohort.read(folder)
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(f"... and 2 more: run `ifnscore cohort check {folder}`")
    pd.testing.assert_frame_equal(error.value.findings, found)


def run(capsys, *words):
    code = _app.run(app, ["cohort", *(str(w) for w in words)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_command_of_a_good_cohort(tmp_path, capsys):
    code, out, err = run(capsys, "check", cohorts.write(tmp_path / "c"))
    assert (code, out) == (0, "level\tfile\trow\tcolumn\tproblem\tfix\n")
    assert err == "ifnscore: 0 errors, 0 warnings in 4 patients, 14 samples, 8 visits, 10 outcomes\n"


def test_command_of_a_bad_cohort(tmp_path, capsys):
    folder = cohorts.write(tmp_path / "c", **change("visits", "V1,185", "V1,soon"), **drop_column("samples", "platform"))
    (folder / "exposures.csv").unlink()
    code, out, _ = run(capsys, "check", folder)
    assert code == 1
    rows = [line.split("\t") for line in out.splitlines()]
    assert [r[:4] for r in rows[1:]] == [["error", "visits.csv", "5", "day"], ["error", "exposures.csv", "NA", ""]]
    code, out, _ = run(capsys, "check", folder, "--json")
    body = json.loads(out)
    assert code == 1
    assert body["counts"]["patients"] == 4
    assert [f["row"] for f in body["findings"]] == [5, None]


def test_command_of_nothing(tmp_path, capsys):
    code, out, err = run(capsys, "check", tmp_path / "none")
    assert (code, out) == (1, "")
    assert "there is no such folder" in err
