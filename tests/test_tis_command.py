"""``ifnscore tis``: three forms of tables, what is said, and errors that name row and column."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ifnscore.errors import IfnscoreWarning
from ifnscore.instruments import tis

PERCENT = "case,phys,parent,muscle,chaq,enzyme,extramusc\n"
VALUES = (
    "patient_id,phys_before,phys_after,parent_baseline,parent_followup,mmt_before,mmt_after,haq_before,haq_after,"
    "enzyme_before,enzyme_after,extramusc_before,extramusc_after\n"
)
ROW = "8,2,7,3,60,78,2.0,0.5,10,1,5,1\n"
GIVEN = ("--enzyme-range", "15", "--mmt-max", "80", "--extramuscular-range", "10")


@pytest.fixture
def call_tis(run):
    """Run ``ifnscore tis``."""
    return lambda *words, stdin=None: run("tis", *words, stdin=stdin)


@pytest.fixture
def written(tmp_path):
    def write(text, name="t.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def parsed(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NA"])


def test_command_percent_form(call_tis, written):
    path = written(PERCENT + "007,12,12,31,30,41,0\nNA,41,41,,41,41,41\n")
    code, out, err = call_tis(path)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split("\t") == ["case", *(f"p_{p}" for p in tis.PLACES), "TIS", "juvenile", "adult", "missing"]
    assert lines[1].split("\t") == ["007", "7.5", "2.5", "32.5", "7.5", "7.5", "0.0", "57.5", "moderate", "moderate", ""]
    assert lines[2].split("\t") == ["NA", "20.0", "10.0", "NA", "10.0", "7.5", "20.0", "NA", "NA", "NA", "muscle"]
    assert err == ""


def test_command_says_what_it_does_not_use_and_what_is_missing(call_tis, written):
    code, out, err = call_tis(written("id,phys,site,TIS\na,10,x,3\n"))
    assert code == 0
    assert "columns not used: site, TIS" in err
    assert "warning: t.csv: nothing for parent, muscle, chaq, enzyme, extramusc" in err
    assert parsed(out)["missing"].tolist() == ["parent,muscle,chaq,enzyme,extramusc"]
    assert call_tis(written("id,phys\na,10\n"), "-q")[2] == ""


def test_command_value_form_equals_the_library(call_tis, written):
    code, out, err = call_tis(written(VALUES + "P1," + ROW + "P2,," + ROW.removeprefix("8,")), *GIVEN)
    table = parsed(out)
    assert code == 0
    assert table["TIS"].tolist()[0] == 87.5
    assert np.isnan(table["TIS"].tolist()[1])
    assert table["missing"].tolist() == ["", "phys"]
    assert "unverified" in err
    assert "core set IMACS, globals in cm" in err


def test_command_printo_values(call_tis, written):
    head = "id,phys_before,phys_after,parent_before,parent_after,cmas_before,cmas_after,chaq_before,chaq_after,chq_phs_before,chq_phs_after,das_before,das_after\n"
    code, out, _ = call_tis(written(head + "a,8,9,7,7,26,39,1.5,1.8,30,40,12,2\n"), "--chq-phs-range", 50)
    assert code == 0
    assert parsed(out)["TIS"].tolist() == [52.5]


def test_command_long_form_from_stdin(call_tis):
    rows = [
        ("physician_global", 8, 2), ("Patient global", 7, 3), ("MMT8", 60, 78), ("CHAQ", 2, 0.5), ("CK", 10, 1),
        ("extramuscular", 5, 1), ("cdasi_activity", 30, 10),
    ]  # fmt: skip
    text = "patient_id\tinstrument\tbaseline\tfollowup\n" + "".join(f"P{p}\t{i}\t{a}\t{b}\n" for p in (1, 2) for i, a, b in rows)
    code, out, err = call_tis("-", *GIVEN, "--json", stdin=text.replace("P2\tCHAQ\t2\t0.5\n", ""))
    records = json.loads(out)
    assert code == 0
    assert [r["patient_id"] for r in records] == ["P1", "P2"]
    assert (records[0]["TIS"], records[0]["juvenile"], records[0]["missing"]) == (87.5, "major", "")
    assert (records[1]["TIS"], records[1]["adult"], records[1]["missing"]) == (None, None, "chaq")
    assert "not used: cdasi_activity" in err


@pytest.mark.parametrize(("patients", "other"), [("juvenile", "adult"), ("adult", "juvenile")])
def test_command_one_group(call_tis, written, patients, other):
    _, out, _ = call_tis(written(PERCENT + "a,1,1,1,1,1,1\n"), "--patients", patients)
    assert patients in parsed(out).columns
    assert other not in parsed(out).columns


@pytest.mark.parametrize("ending", ["tsv", "csv", "parquet"])
def test_command_writes_and_does_not_replace(call_tis, written, tmp_path, ending):
    path, out = written(PERCENT + "a,1,1,1,1,1,1\nb,41,41,31,41,41,\n"), tmp_path / f"o.{ending}"
    assert call_tis(path, "-o", out)[:2] == (0, "")
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, sep="\t" if ending == "tsv" else ",")
    assert table["TIS"].tolist()[0] == 0
    assert np.isnan(table["TIS"].tolist()[1])
    code, _, err = call_tis(path, "-o", out)
    assert code == 1
    assert "--force" in err
    assert call_tis(path, "-o", out, "--force", "-q")[0] == 0
    assert call_tis(path, "-o", path, "--force")[0] == (1 if path.suffix == ".csv" else 0)


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
def test_command_errors_are_one_line_with_row_and_column(call_tis, written, text, more, words):
    code, out, err = call_tis(written(text), *more)
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
def test_command_usage_errors(call_tis, words):
    assert call_tis(*words)[0] == 2


def test_command_missing_file(call_tis, tmp_path):
    code, _, err = call_tis(tmp_path / "no.csv")
    assert code == 1
    assert "cannot be read" in err


def test_a_table_without_a_case_column_counts_rows(call_tis, written):
    _, out, _ = call_tis(written("phys,parent,muscle,chaq,enzyme,extramusc\n41,41,31,41,41,41\n0,0,0,0,0,0\n"))
    assert [line.split("\t")[0] for line in out.splitlines()] == ["case", "1", "2"]
    assert parsed(out)["TIS"].tolist() == [100, 0]


def test_an_enzyme_beyond_its_range_warns(written):
    table = pd.DataFrame([{"case": "a", **dict.fromkeys(tis.PLACES, 50), "enzyme": -140}])
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
