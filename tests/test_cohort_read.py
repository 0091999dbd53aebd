"""Reading: text as hospitals write it, types, workbooks."""

from __future__ import annotations

import importlib.util
import math

import pandas as pd
import pytest
from tests import cohorts
from tests.cohorts import SETTINGS, TABLES, change

from ifnscore.cohort import Cohort, Settings
from ifnscore.errors import DataError, IfnscoreWarning


def test_types_and_ids(tmp_path):
    cohort = Cohort.read(cohorts.write(tmp_path / "c"))
    assert cohort.patients["patient_id"].tolist() == ["P-a", "P-b", "007", "NA"]
    assert cohort.patients["weakness_ever"].tolist() == [False, pd.NA, True, False]
    assert cohort.patients["msa"].tolist() == ["NXP2", "MDA5", "", "TIF1g"]
    assert cohort.patients["age_at_start_band"].tolist() == ["6-11", "6-11", "12-17", "12-17"]
    assert cohort.visits["day"].tolist() == [-3, 180, -1, 185, 0, 60, -10, 175.5]
    samples = cohort.samples
    assert samples["is_control"].dtype == bool
    assert samples.loc[samples["is_control"], "patient_id"].tolist() == ["", "", ""]
    assert samples["pre_dose"].sum() == 1
    assert samples["infection_flag"].dtype == bool
    assert samples["wbc"].isna().all()
    assert math.isnan(cohort.exposures["stop_day"][0])
    assert set(cohort.exposures["drug"]) == {"tofacitinib"}, "one spelling"
    assert cohort.concomitant["prior_only"].tolist() == [False, False, True, False]


def test_outcomes_come_in_the_instruments_unit(tmp_path):
    outcomes = Cohort.read(cohorts.write(tmp_path / "c")).outcomes
    skin = outcomes[outcomes["instrument"] == "skin_vas"]
    assert skin["value"].tolist() == [6.3, 2.1]
    assert skin["unit"].tolist() == ["cm", "cm"]
    assert outcomes.loc[outcomes["instrument"] == "ck", "unit"].tolist() == ["xULN", "xULN"]
    assert (outcomes["instrument"] == "cdasi_activity").sum() == 4, "an alias becomes the id"
    assert math.isnan(outcomes["value"].iloc[-1])


def test_settings(tmp_path):
    text = SETTINGS + (
        'response = "cdasi_abs4"\n[baseline]\nwindow = [-60.5, 0]\nrule = "mean"\n[batch]\nallow_confounded = true\n'
        "[privacy]\nsmall_cell = 3\n[score_rcv]\nrice2013_ags6 = 0.4\n"
    )
    settings = Cohort.read(cohorts.write(tmp_path / "c", settings=text)).settings
    assert settings == Settings(
        index_drug="tofacitinib", data_cut_day=400.0, synthetic=True, baseline_window=(-60.5, 0.0), baseline_rule="mean",
        allow_confounded_batch=True, small_cell=3, primary_tissue="blood", primary_instrument="cdasi_activity",
        primary_response="cdasi_abs4", score_rcv={"rice2013_ags6": 0.4},
    )  # fmt: skip


def same(one: Cohort, other: Cohort) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.settings == other.settings


def semicolons(text: str) -> str:
    return text.replace(",", ";")


REWRITES = {
    "semicolons": semicolons,
    "tabs": lambda text: text.replace(",", "\t"),
    "decimal commas": lambda text: semicolons(text).replace("175.5", "175,5").replace("8.1;", "8,1;").replace(";0.5", ";0,5"),
    "BOM": lambda text: "\ufeff" + text,
    "Windows lines": lambda text: text.replace("\n", "\r\n"),
    "old Mac lines": lambda text: text.replace("\n", "\r"),
    "comments and blank lines": lambda text: '# one\n\n"# two, in quotes by Excel",,\n' + text.replace("\n", "\n\n#x,y\n"),
    "quotes": lambda text: "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in text.splitlines()),
    "blanks around cells": lambda text: text.replace(",", " , "),
    "header in capitals": lambda text: text.replace(text.splitlines()[0], text.splitlines()[0].upper().replace("_", " ")),
    "empty rows and columns": lambda text: "\n".join(line + ",," for line in text.splitlines()) + "\n,,,\n",
    "no last line end": lambda text: text.rstrip("\n"),
}


@pytest.mark.parametrize("name", REWRITES)
def test_text_as_hospitals_write_it(tmp_path, name):
    plain = Cohort.read(cohorts.write(tmp_path / "plain"))
    folder = cohorts.write(tmp_path / "c")
    for table, text in TABLES.items():
        (folder / f"{table}.csv").write_bytes(REWRITES[name](text).encode())
    same(Cohort.read(folder), plain)


def test_lines_are_those_of_the_file(tmp_path):
    text = "# one\n\n# two\n" + change("visits", "V1,185", "V1,soon")["visits"].replace("visit_type\n", "visit_type\n\n", 1)
    found = Cohort.check(cohorts.write(tmp_path / "c", visits=text))
    line = text.splitlines()[found["row"][0] - 1]
    assert line == "P-b,V1,soon,planned"


def test_line_of_a_row_that_spans_two(tmp_path):
    text = TABLES["adverse_events"].replace("neutropenia", '"neutro-\npenia"').replace("99,,", "soon,,")
    found = Cohort.check(cohorts.write(tmp_path / "c", adverse_events=text))
    assert found["row"].tolist() == [4]


def test_optional_tables_may_be_absent(tmp_path):
    cohort = Cohort.read(cohorts.write(tmp_path / "c", visits=None, outcomes=None, concomitant=None, adverse_events=None))
    assert cohort.visits.columns.tolist() == ["patient_id", "visit_id", "day", "visit_type"]
    assert len(cohort.outcomes) == 0
    assert cohort.outcomes["value"].dtype == float
    assert cohort.concomitant["prior_only"].dtype == bool


def test_ages_as_bands(tmp_path):
    folder = cohorts.write(tmp_path / "c", **change("patients", "F,5,9", "F,0-5,6 - 11"))
    patients = Cohort.read(folder).patients
    assert patients["age_at_start_years"].isna().tolist() == [True, False, False, False]
    assert patients["age_at_start_band"][0] == "6-11"
    assert patients["age_at_dx_band"][0] == "0-5"


def test_warnings_remain_and_are_said(tmp_path):
    folder = cohorts.write(tmp_path / "c", **change("concomitant", "IVIG,5,6", "IVIG,5,5"))
    with pytest.warns(IfnscoreWarning, match="concomitant.csv line 5, column stop_day: an interval without a day"):
        cohort = Cohort.read(folder)
    assert cohort.findings["level"].tolist() == ["warning"]
    assert "1 warnings" in repr(cohort)


def test_extra_columns_are_kept(tmp_path):
    text = TABLES["patients"].replace("joint_ever", "joint_ever,arm").replace("yes\n", "yes,x\n").replace("no\n", "no,y\n")
    with pytest.warns(IfnscoreWarning, match="arm"):
        cohort = Cohort.read(cohorts.write(tmp_path / "c", patients=text))
    assert cohort.patients["arm"].tolist() == ["x", "x", "y", "y"]


def test_own_instrument(tmp_path):
    own = '\n[[instrument]]\nid = "my_score"\ntitle = "Mine"\ndirection = "higher_is_better"\nunits = { half = 0.5 }\n'
    outcomes = TABLES["outcomes"] + "NA,V0,My score,,8,half,,,\n"
    cohort = Cohort.read(cohorts.write(tmp_path / "c", settings=SETTINGS + own, outcomes=outcomes))
    assert cohort.instruments["my_score"].direction == "higher_is_better"
    assert cohort.outcomes.iloc[-1][["instrument", "value", "unit"]].tolist() == ["my_score", 4.0, "points"]


def test_no_names_of_people_in_the_short_view(tmp_path):
    cohort = Cohort.read(cohorts.write(tmp_path / "c"))
    for text in (repr(cohort), cohort._repr_html_()):
        assert "4 patients" in text or "<th>patients</th><td>4</td>" in text
        assert "SYNTHETIC" in text
        assert not any(p in text for p in ("P-a", "007", "NXP2"))


# workbooks


def workbook(path, settings, **changes):
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        for name, text in {**TABLES, **changes}.items():
            rows = [line.split(",") for line in text.splitlines()]
            pd.DataFrame([[_number(c) for c in row] for row in rows]).to_excel(book, sheet_name=name, header=False, index=False)
        pd.DataFrame(settings).to_excel(book, sheet_name="cohort", header=False, index=False)
    return path


def _number(cell: str):
    try:
        return cell if cell == "007" else float(cell)
    except ValueError:
        return cell


BOOK = [
    ["key", "value"], ["index_drug", "tofacitinib"], ["cohort.data_cut_day", 400], ["cohort.synthetic", True],
    ["primary.tissue", "blood"], ["primary.instrument", "cdasi_activity"],
]  # fmt: skip


def test_workbook_is_read_as_the_folder(tmp_path):
    same(Cohort.read(workbook(tmp_path / "c.xlsx", BOOK)), Cohort.read(cohorts.write(tmp_path / "c")))


def test_workbook_settings(tmp_path):
    rows = [
        *BOOK, ["# a comment", ""], ["baseline.window", "-60, 0"], ["target_day", 90], ["followup.rule", "first_on"],
        ["hypotheses", "one; two"], ["score_rcv.rice2013_ags6", 0.4], ["min_controls", 7], ["icc", ""],
        ["instrument.my_score.title", "Mine"], ["instrument.my_score.direction", "higher_is_worse"],
        ["instrument.my_score.maximum", 10],
    ]  # fmt: skip
    cohort = Cohort.read(workbook(tmp_path / "c.xlsx", rows))
    found = cohort.settings
    assert (found.baseline_window, found.target_day, found.followup_rule) == ((-60, 0), 90, "first_on")
    assert (found.hypotheses, found.score_rcv, found.min_controls_batch, found.icc) == (
        ("one", "two"),
        {"rice2013_ags6": 0.4},
        7,
        None,
    )
    assert cohort.instruments["my_score"].maximum == 10


def test_workbook_findings_name_sheet_and_row(tmp_path):
    rows = [*BOOK, ["followup.targetday", 90], ["target_day", "soon"], ["synthetic", False]]
    book = workbook(tmp_path / "c.xlsx", rows, **change("visits", "V1,185", "V1,soon"))
    found = Cohort.check(book)
    assert found[["file", "row", "column"]].to_numpy().tolist() == [
        ["sheet cohort", 9, "cohort.synthetic"], ["sheet cohort", 7, "followup.targetday"],
        ["sheet cohort", 8, "followup.target_day"], ["sheet visits", 5, "day"],
    ]  # fmt: skip


def test_workbook_dates_are_refused(tmp_path):
    with pd.ExcelWriter(tmp_path / "c.xlsx", engine="openpyxl") as book:
        workbook(tmp_path / "d.xlsx", BOOK)
        for name, sheet in pd.read_excel(
            tmp_path / "d.xlsx", sheet_name=None, header=None, dtype=object, na_filter=False
        ).items():
            if name == "visits":
                sheet.iloc[4, 2] = pd.Timestamp("2021-03-04")
            sheet.to_excel(book, sheet_name=name, header=False, index=False)
    found = Cohort.check(tmp_path / "c.xlsx")
    assert found[found["file"] == "sheet visits"][["row", "column", "problem"]].to_numpy().tolist() == [
        [5, "day", "a calendar date"]
    ]


def test_workbook_without_settings(tmp_path):
    book = workbook(tmp_path / "c.xlsx", BOOK)
    with pd.ExcelWriter(book, engine="openpyxl", mode="a") as writer:
        del writer.book["cohort"]
    assert Cohort.check(book)[["file", "problem"]].to_numpy().tolist() == [["sheet cohort", "the sheet is missing"]]


def test_workbook_without_openpyxl(tmp_path, monkeypatch):
    (tmp_path / "c.xlsx").write_bytes(b"")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"c.xlsx: Excel workbooks need openpyxl: pip install 'ifnscore\[excel\]'"):
        Cohort.read(tmp_path / "c.xlsx")


def test_no_cohort(tmp_path):
    (tmp_path / "c.xlsx").write_bytes(b"no workbook")
    (tmp_path / "c.csv").write_text("a\n")
    with pytest.raises(ValueError, match="cannot be read as an Excel workbook"):
        Cohort.read(tmp_path / "c.xlsx")
    with pytest.raises(ValueError, match="a cohort is a folder"):
        Cohort.read(tmp_path / "c.csv")
    with pytest.raises(ValueError, match="no such folder"):
        Cohort.read(tmp_path / "none")


def test_a_name_that_no_system_can_hold_is_one_line():
    with pytest.raises(DataError, match="cannot be opened"):
        Cohort.read("m" * 5000)
