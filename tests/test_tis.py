"""The Total Improvement Score: its table at every edge, cases by hand, tables and the command."""

from __future__ import annotations

import io
import json
import logging
import math
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from ifnscore.cli import _app
from ifnscore.cli.tis import tis as command
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.instruments import tis

#: The published table, typed again from the paper's table 3: (above, up to, points).
BINS = [(-100, 5), (5, 15), (15, 25), (25, 40), (40, 100)]
BINS_MUSCLE = [(-100, 2), (2, 10), (10, 20), (20, 30), (30, 100)]
POINTS = {
    "phys": [0, 7.5, 15, 17.5, 20],
    "parent": [0, 2.5, 5, 7.5, 10],
    "muscle": [0, 10, 20, 27.5, 32.5],
    "chaq": [0, 5, 7.5, 7.5, 10],
    "enzyme": [0, 2.5, 5, 7.5, 7.5],
    "extramusc": [0, 7.5, 12.5, 15, 20],
}
CELLS = [
    (place, low, high, x)
    for place, row in POINTS.items()
    for (low, high), x in zip(BINS_MUSCLE if place == "muscle" else BINS, row, strict=True)
]
IMACS = {"core_set": "IMACS", "enzyme_range": 15, "mmt_max": 80, "extramuscular_range": 10}
BEFORE = {"phys": 8, "parent": 7, "mmt": 60, "chaq": 2.0, "enzyme": 10, "extramusc": 5}
AFTER = {"phys": 2, "parent": 3, "mmt": 78, "chaq": 0.5, "enzyme": 1, "extramusc": 1}


@pytest.mark.parametrize(("place", "low", "high", "expected"), CELLS)
def test_every_cell_of_the_table_and_both_its_edges(place, low, high, expected):
    assert tis.points(place, low + 1e-6) == expected
    assert tis.points(place, (low + high) / 2) == expected
    assert tis.points(place, high) == expected  # the upper edge belongs to the bin
    assert tis.points(place, high + 1e-12 if high < 100 else high) == expected  # noise does not jump


def test_rounding_of_an_edge_that_is_not_exact():
    assert 0.15000000000000002 * 100 > 15
    assert tis.points("phys", 0.15000000000000002 * 100) == 7.5
    assert tis.points("phys", 15.00000001) == 15


def test_the_columns_sum_to_one_hundred():
    assert sum(tis.points(p, 100) for p in POINTS) == 100
    assert sum(tis.points(p, -100) for p in POINTS) == 0


@pytest.mark.parametrize(
    ("other", "place"),
    [("mmt", "muscle"), ("CMAS", "muscle"), ("HAQ", "chaq"), ("CHQ-PhS", "enzyme"), ("das", "extramusc"), ("ck", "enzyme")],
)
def test_other_names_of_a_place(other, place):
    for x in (1, 4, 12, 22, 35, 50):
        assert tis.points(other, x) == tis.points(place, x)


def test_points_of_nothing_and_of_nonsense():
    assert math.isnan(tis.points("phys", math.nan))
    assert math.isnan(tis.points("phys", None))
    for bad in ("much", True, math.inf, 100.1, -101):
        with pytest.raises(DataError, match="phys"):
            tis.points("phys", bad)
    assert tis.points("enzyme", 140) == 7.5
    with pytest.raises(UsageError, match="unknown core set measure 'skin'"):
        tis.points("skin", 3)


@pytest.mark.parametrize(
    ("total", "juvenile", "adult"),
    [
        (0, "none", "none"), (19.99, "none", "none"), (20, "none", "minimal"), (29.99, "none", "minimal"), (30, "minimal", "minimal"),
        (39.99, "minimal", "minimal"), (40, "minimal", "moderate"), (44.99, "minimal", "moderate"), (45, "moderate", "moderate"),
        (59.99, "moderate", "moderate"), (60, "moderate", "major"), (69.99, "moderate", "major"), (70, "major", "major"),
        (100, "major", "major"), (math.nan, None, None), (44.9999999999999, "moderate", "moderate"),
    ],
)  # fmt: skip
def test_categories(total, juvenile, adult):
    assert tis.categories(total) == (juvenile, adult)


def test_a_skin_only_responder_is_minimal_in_children():
    """Physician 45 % (20), extramuscular 50 % (20), nothing else: 40."""
    found = tis.score({"phys": 45, "parent": 0, "muscle": 0, "chaq": 0, "enzyme": 0, "extramusc": 50})
    assert (found.total, found.juvenile, found.adult, found.missing) == (40, "minimal", "moderate", ())
    assert found.points == {"phys": 20, "parent": 0, "muscle": 0, "chaq": 0, "enzyme": 0, "extramusc": 20}


@pytest.mark.parametrize("absent", list(POINTS))
@pytest.mark.parametrize("value", ["nothing", None, math.nan])
def test_a_missing_measure_gives_no_score(absent, value):
    percents = {p: 50.0 for p in POINTS if value != "nothing" or p != absent}
    if value != "nothing":
        percents[absent] = value
    found = tis.score(percents)
    assert math.isnan(found.total)
    assert found.missing == (absent,)
    assert found.juvenile is found.adult is None
    assert f"{absent} missing" in found.note
    assert np.isnan(found.points[absent])
    assert found.points["phys" if absent != "phys" else "parent"] > 0


@pytest.mark.parametrize(
    ("names", "core_set"),
    [
        (["mmt", "das"], None), (["cmas", "enzyme"], None), (["cmas", "extramusc"], None), (["mmt", "chq_phs"], None),
        (["mmt"], "PRINTO"), (["cmas"], "IMACS"), (["das"], "IMACS"), (["mmt", "cmas"], "PRINTO"),
    ],
)  # fmt: skip
def test_core_sets_are_not_mixed(names, core_set):
    with pytest.raises(UsageError, match="core sets are not mixed"):
        tis.score(dict.fromkeys(names, 10), core_set=core_set)


def test_core_set_of_a_score():
    assert tis.score(dict.fromkeys(POINTS, 10)).core_set == ""
    assert tis.score(dict.fromkeys(POINTS, 10), core_set="PRINTO").core_set == "PRINTO"
    assert tis.score({"cmas": 10}).core_set == "PRINTO"
    assert tis.score({"mmt": 10}).core_set == "IMACS"
    with pytest.raises(UsageError, match="second value for muscle"):
        tis.score({"mmt": 10, "muscle": 10})
    with pytest.raises(UsageError, match="second value for enzyme"):
        tis.score({"ck": 10, "ldh": 10})
    with pytest.raises(UsageError, match="core_set is 'imacs'"):
        tis.score({"phys": 10}, core_set="imacs")


def test_from_measures_by_hand():
    """60, 40, 22.5, 50, 60, 40 % give 20 + 7.5 + 27.5 + 10 + 7.5 + 15."""
    found = tis.from_measures(BEFORE, AFTER, **IMACS)
    assert list(found.percents.values()) == [60, 40, 22.5, 50, 60, 40]
    assert list(found.points.values()) == [20, 7.5, 27.5, 10, 7.5, 15]
    assert (found.total, found.juvenile, found.core_set) == (87.5, "major", "IMACS")
    assert "unverified" in found.note


def test_from_measures_uses_each_range():
    wide = tis.from_measures(BEFORE, AFTER, **{**IMACS, "mmt_max": 150, "enzyme_range": 90, "extramuscular_range": 60})
    assert wide.percents["muscle"] == 12
    assert wide.percents["enzyme"] == 10
    assert wide.percents["extramusc"] == pytest.approx(100 * 4 / 60)
    mm = {"phys": 80, "parent": 70}
    found = tis.from_measures({**BEFORE, **mm}, {**AFTER, "phys": 20, "parent": 30}, vas_unit="mm", **IMACS)
    assert (found.percents["phys"], found.percents["parent"]) == (60, 40)


def test_from_measures_printo_directions():
    before = {"phys": 8, "parent": 7, "cmas": 26, "chaq": 1.5, "chq_phs": 30, "das": 12}
    after = {"phys": 9, "parent": 7, "cmas": 39, "chaq": 1.8, "chq_phs": 40, "das": 2}
    found = tis.from_measures(before, after, core_set="PRINTO", enzyme_range=None, chq_phs_range=50)
    assert list(found.percents.values()) == [-10, 0, 25, -10, 20, 50]
    assert found.total == 0 + 0 + 27.5 + 0 + 5 + 20
    worse = tis.from_measures(after, before, core_set="PRINTO", enzyme_range=None, chq_phs_range=50)
    assert list(worse.percents.values()) == [10, 0, -25, 10, -20, -50]


def test_a_missing_value_in_measures():
    found = tis.from_measures({**BEFORE, "mmt": None}, AFTER, **IMACS)
    assert found.missing == ("muscle",)
    assert math.isnan(found.total)


@pytest.mark.parametrize("name", ["enzyme_range", "mmt_max", "extramuscular_range"])
def test_ranges_have_no_default(name):
    with pytest.raises(UsageError, match=rf"give {name} \("):
        tis.from_measures(BEFORE, AFTER, **{**IMACS, name: None})
    for bad in (0, -1, math.inf, math.nan, "15", True):
        with pytest.raises(UsageError, match=name):
            tis.from_measures(BEFORE, AFTER, **{**IMACS, name: bad})


def test_enzyme_range_must_be_written():
    with pytest.raises(TypeError, match="enzyme_range"):
        tis.from_measures(BEFORE, AFTER, core_set="IMACS")
    with pytest.raises(UsageError, match="chq_phs_range"):
        tis.from_measures({}, {}, core_set="PRINTO", enzyme_range=None)


@pytest.mark.parametrize(
    ("before", "options", "kind", "words"),
    [
        ({"phys": 11}, {}, DataError, "phys before is 11; it lies within 0-10"),
        ({"phys": -1}, {}, DataError, "phys before is -1"),
        ({"chaq": 3.5}, {}, DataError, "chaq before is 3.5; it lies within 0-3"),
        ({"mmt": 81}, {}, DataError, "mmt before is 81; it lies within 0-80"),
        ({"enzyme": -2}, {}, DataError, "enzyme before is -2; it lies at or above 0"),
        ({"mmt": "weak"}, {}, DataError, "mmt before is 'weak'"),
        ({"muscle": 3}, {}, UsageError, "'muscle' does not say which measure"),
        ({"cmas": 3}, {}, UsageError, "core sets are not mixed"),
        ({"skin": 3}, {}, UsageError, "unknown core set measure 'skin'"),
        ({}, {"mmt_max": 100}, UsageError, "mmt_max is 100; choose 80"),
        ({}, {"vas_unit": "inch"}, UsageError, "choose cm"),
        ({}, {"core_set": "both"}, UsageError, "choose one of IMACS, PRINTO"),
        ({}, {"core_set": None}, UsageError, "choose one of IMACS, PRINTO"),
    ],
)
def test_measures_that_cannot_be(before, options, kind, words):
    with pytest.raises(kind, match=words):
        tis.from_measures({**BEFORE, **before}, AFTER, **{**IMACS, **options})


# ---- tables and the command ----

PERCENT = "case,phys,parent,muscle,chaq,enzyme,extramusc\n"
VALUES = (
    "patient_id,phys_before,phys_after,parent_baseline,parent_followup,mmt_before,mmt_after,haq_before,haq_after,"
    "enzyme_before,enzyme_after,extramusc_before,extramusc_after\n"
)
ROW = "8,2,7,3,60,78,2.0,0.5,10,1,5,1\n"
GIVEN = ("--enzyme-range", "15", "--mmt-max", "80", "--extramuscular-range", "10")


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*words, stdin=None):
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with warnings.catch_warnings():
            code = _app.run(command, [str(w) for w in words])
        out = capsys.readouterr()
        return code, out.out, out.err

    yield call
    logger = logging.getLogger("ifnscore")
    logger.handlers, logger.propagate = [], True


@pytest.fixture
def written(tmp_path):
    def write(text, name="t.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def parsed(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NA"])


def test_command_percent_form(run, written):
    path = written(PERCENT + "007,12,12,31,30,41,0\nNA,41,41,,41,41,41\n")
    code, out, err = run(path)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split("\t") == ["case", *(f"p_{p}" for p in POINTS), "TIS", "juvenile", "adult", "missing"]
    assert lines[1].split("\t") == ["007", "7.5", "2.5", "32.5", "7.5", "7.5", "0.0", "57.5", "moderate", "moderate", ""]
    assert lines[2].split("\t") == ["NA", "20.0", "10.0", "NA", "10.0", "7.5", "20.0", "NA", "NA", "NA", "muscle"]
    assert err == ""


def test_command_says_what_it_does_not_use_and_what_is_missing(run, written):
    code, out, err = run(written("id,phys,site,TIS\na,10,x,3\n"))
    assert code == 0
    assert "columns not used: site, TIS" in err
    assert "warning: t.csv: nothing for parent, muscle, chaq, enzyme, extramusc" in err
    assert parsed(out)["missing"].tolist() == ["parent,muscle,chaq,enzyme,extramusc"]
    assert run(written("id,phys\na,10\n"), "-q")[2] == ""


def test_command_value_form_equals_the_library(run, written):
    code, out, err = run(written(VALUES + "P1," + ROW + "P2,," + ROW.removeprefix("8,")), *GIVEN)
    table = parsed(out)
    assert code == 0
    assert table["TIS"].tolist()[0] == 87.5
    assert np.isnan(table["TIS"].tolist()[1])
    assert table["missing"].tolist() == ["", "phys"]
    assert "unverified" in err
    assert "core set IMACS, globals in cm" in err


def test_command_printo_values(run, written):
    head = "id,phys_before,phys_after,parent_before,parent_after,cmas_before,cmas_after,chaq_before,chaq_after,chq_phs_before,chq_phs_after,das_before,das_after\n"
    code, out, _ = run(written(head + "a,8,9,7,7,26,39,1.5,1.8,30,40,12,2\n"), "--chq-phs-range", 50)
    assert code == 0
    assert parsed(out)["TIS"].tolist() == [52.5]


def test_command_long_form_from_stdin(run):
    rows = [
        ("physician_global", 8, 2), ("Patient global", 7, 3), ("MMT8", 60, 78), ("CHAQ", 2, 0.5), ("CK", 10, 1),
        ("extramuscular", 5, 1), ("cdasi_activity", 30, 10),
    ]  # fmt: skip
    text = "patient_id\tinstrument\tbaseline\tfollowup\n" + "".join(f"P{p}\t{i}\t{a}\t{b}\n" for p in (1, 2) for i, a, b in rows)
    code, out, err = run("-", *GIVEN, "--json", stdin=text.replace("P2\tCHAQ\t2\t0.5\n", ""))
    records = json.loads(out)
    assert code == 0
    assert [r["patient_id"] for r in records] == ["P1", "P2"]
    assert (records[0]["TIS"], records[0]["juvenile"], records[0]["missing"]) == (87.5, "major", "")
    assert (records[1]["TIS"], records[1]["adult"], records[1]["missing"]) == (None, None, "chaq")
    assert "not used: cdasi_activity" in err


@pytest.mark.parametrize(("patients", "other"), [("juvenile", "adult"), ("adult", "juvenile")])
def test_command_one_group(run, written, patients, other):
    _, out, _ = run(written(PERCENT + "a,1,1,1,1,1,1\n"), "--patients", patients)
    assert patients in parsed(out).columns
    assert other not in parsed(out).columns


@pytest.mark.parametrize("ending", ["tsv", "csv", "parquet"])
def test_command_writes_and_does_not_replace(run, written, tmp_path, ending):
    path, out = written(PERCENT + "a,1,1,1,1,1,1\nb,41,41,31,41,41,\n"), tmp_path / f"o.{ending}"
    assert run(path, "-o", out)[:2] == (0, "")
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, sep="\t" if ending == "tsv" else ",")
    assert table["TIS"].tolist()[0] == 0
    assert np.isnan(table["TIS"].tolist()[1])
    code, _, err = run(path, "-o", out)
    assert code == 1
    assert "--force" in err
    assert run(path, "-o", out, "--force", "-q")[0] == 0
    assert run(path, "-o", path, "--force")[0] == (1 if path.suffix == ".csv" else 0)


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        (PERCENT + "a,1,1,1,1,1,1\nb,1,1,much,1,1,1\n", (), "t.csv row 3 (b), column 'muscle' is 'much'"),
        (PERCENT + "a,1,1,1,1,1,1\nb,1,101,1,1,1,1\n", (), "t.csv row 3 (b), column 'parent': parent: a change of 101 % is not possible"),
        (PERCENT + "a,inf,1,1,1,1,1\n", (), "row 2 (a), column 'phys' is infinite"),
        (PERCENT, (), "the table has no rows"),
        ("a,b\n1,2\n", (), "no column is a core set measure (found a, b)"),
        ("id,phys,phys_before,phys_after\na,1,2,3\n", (), "per cent changes ('phys') and values ('phys_before') in one table"),
        ("id,phys,physician_global\na,1,2\n", (), "column 'physician_global' is a second one for phys"),
        ("id,mmt,das\na,1,2\n", (), "core sets are not mixed: mmt (IMACS) with das (PRINTO)"),
        ("id,cmas\na,1\n", ("--core-set", "IMACS"), "cmas in the IMACS set"),
        (VALUES + "P1," + ROW, (), "give --mmt-max (the largest MMT of the form in use, 80 or 150), --enzyme-range"),
        (VALUES + "P1," + "8,22," + ROW.removeprefix("8,2,"), GIVEN, "t.csv row 2 (P1), column 'phys_after' is 22; it lies within 0-10"),
        (VALUES + "P1," + "8,x," + ROW.removeprefix("8,2,"), GIVEN, "t.csv row 2 (P1), column 'phys_after' is 'x'"),
        ("id,phys_before,phys_after\na,1,2\n", (), "--core-set is missing"),
        ("id,muscle_before,muscle_after\na,1,2\n", ("--core-set", "IMACS", *GIVEN), "'muscle' does not say which measure"),
        ("patient_id,instrument,baseline,followup\na,skin_vas,1,2\n", (), "no instrument is a core set measure (found skin_vas)"),
        ("patient_id,instrument,baseline,followup\na,ck,1,2\na,ldh,1,2\n", (), "t.csv row 3 (a), column 'instrument': 'ldh' is a second value for enzyme"),
        ("instrument,baseline,followup\nck,1,2\n", (), "no column names the patient"),
    ],
)  # fmt: skip
def test_command_errors_are_one_line_with_row_and_column(run, written, text, more, words):
    code, out, err = run(written(text), *more)
    assert (code, out) == (1, "")
    errors = [line for line in err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert words in errors[0]


@pytest.mark.parametrize(
    "words",
    [
        (), ("t.csv", "--core-set", "BOTH"), ("t.csv", "--mmt-max", "100"), ("t.csv", "--enzyme-range", "0"), ("t.csv", "-o", "x.xlsx"),
        ("t.csv", "--patients", "dogs"),
    ],
)  # fmt: skip
def test_command_usage_errors(run, words):
    assert run(*words)[0] == 2


def test_command_missing_file(run, tmp_path):
    code, _, err = run(tmp_path / "no.csv")
    assert code == 1
    assert "cannot read" in err


def test_a_table_without_a_case_column_counts_rows(run, written):
    _, out, _ = run(written("phys,parent,muscle,chaq,enzyme,extramusc\n41,41,31,41,41,41\n0,0,0,0,0,0\n"))
    assert [line.split("\t")[0] for line in out.splitlines()] == ["case", "1", "2"]
    assert parsed(out)["TIS"].tolist() == [100, 0]


def test_an_enzyme_beyond_its_range_warns(written):
    table = pd.DataFrame([{"case": "a", **dict.fromkeys(POINTS, 50), "enzyme": -140}])
    with pytest.warns(IfnscoreWarning, match="beyond 100 % in a"):
        assert tis.from_table(table)["TIS"].tolist() == [92.5]


def test_help_is_light():
    code = (
        "import sys\nfrom ifnscore.cli.tis import tis\n"
        "try:\n    tis(['--help'])\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Examples:" in done.stdout
    assert not {"numpy", "pandas", "scipy", "anndata"} & {m.split(".")[0] for m in done.stderr.split()}
