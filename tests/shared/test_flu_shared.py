"""The H3N2 challenge as a simple paired design: 0 h against 77 h, symptomatic against asymptomatic, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.cli import _app, app

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "flu_challenge_h3n2"
if not DATA.is_dir():
    pytest.skip("material outside the project is absent: ../shared/data", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

RICE = "rice2013_ags6"
METHODS = {"mean_log": 1.0, "published": 1.0, "zref_sum": 1.0, "singscore": 0.98}
DESIGN = ("--patient", "Subject", "--time", "Hours.Numeric", "--baseline", "0", "--followup", "77", "--group", "Condition")
FIRST, ARMS = "followup_minus_baseline", "difference_of_changes:followup_minus_baseline"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Score and compare as a user would; the 0 h samples of everybody are the controls of the published formula and the z-sum."""
    path = tmp_path_factory.mktemp("flu")
    for method in METHODS:
        controls = ("--controls", "Hours == 0") if method in {"published", "zref_sum"} else ()
        scored, out = path / f"{method}.h5ad", path / method
        line = (
            "score",
            DATA / "expr_log2.csv.gz",
            "--samples",
            DATA / "samples.csv",
            "--scale",
            "log2",
            "-s",
            RICE,
            "-m",
            method,
        )
        assert _app.run(app, [str(w) for w in (*line, *controls, "-o", scored, "-q")]) == 0
        assert _app.run(app, [str(w) for w in ("compare", scored, *DESIGN, "-o", out, "-q")]) == 0
    return path


def table(folder, method, name="compare"):
    return pd.read_csv(folder / method / f"{name}.tsv", sep="\t", keep_default_na=False, na_values=["NA"])


@pytest.mark.parametrize("method", METHODS)
def test_the_symptomatic_rise(folder, method):
    main = table(folder, method)
    main = main[main["contrast"] == FIRST].set_index("group")
    assert main.loc["sx", ["n_patients", "p", "min_attainable_p"]].tolist() == [9, 2 / 512, 2 / 512]
    assert main.loc["asx", "n_patients"] == 8
    assert main.loc["sx", "ci_low"] > 0
    assert main.loc["asx", "p"] > 0.5
    assert main.loc["asx", "ci_low"] < 0 < main.loc["asx", "ci_high"]


@pytest.mark.parametrize(("method", "least"), METHODS.items())
def test_the_change_tells_the_groups_apart(folder, method, least):
    tests = table(folder, method, "tests")
    tests = tests[tests["contrast"] == ARMS].set_index("test")
    assert tests.loc["auc_change", "estimate"] >= least
    assert tests.loc["mann_whitney", "p"] < 0.001
    assert tests.loc["auc_baseline", "p"] > 0.3


def test_the_size_of_the_change(folder):
    """About 0.08 log2 in the asymptomatic; both arms by plain means of log2 values from the matrix."""
    log = table(folder, "mean_log").query("contrast == @FIRST").set_index("group")
    assert log.loc["asx", "estimate"] == pytest.approx(0.08, abs=0.005)
    assert log.loc["asx", "ratio"] == pytest.approx(2 ** log.loc["asx", "estimate"])
    x = pd.read_csv(DATA / "expr_log2.csv.gz", index_col=0)
    samples = pd.read_csv(DATA / "samples.csv").set_index("SampleID")
    genes = x.loc[list(ifn.signatures.get(RICE).genes)].mean()
    wide = samples.assign(score=genes).pivot_table(index=["Condition", "Subject"], columns="Hours.Numeric", values="score")
    change = (wide[77] - wide[0]).groupby("Condition").mean()
    assert log["estimate"].dropna().to_dict() == pytest.approx(change.to_dict(), rel=1e-6)


def test_what_is_said(folder):
    words = (folder / "mean_log" / "reading.txt").read_text(encoding="utf-8")
    asx, sx = words.index(", asx (Hours.Numeric 77 against 0, as observed"), words.index(", sx (Hours.Numeric 77 against 0")
    assert "no change shown" in words[asx:sx]
    assert "a rise is shown" in words[sx:]
    assert "if they were not randomised, the difference describes them only" in words
    assert "arose after the baseline" in words
    assert "predicts nothing" in words
    methods = (folder / "mean_log" / "methods.txt").read_text(encoding="utf-8")
    assert "sign-flip" in methods


def test_nobody_is_named(folder):
    samples = pd.read_csv(DATA / "samples.csv")
    written = b"".join(f.read_bytes() for m in METHODS for f in (folder / m).iterdir())
    found = [w for w in (*samples["SampleID"], *samples["Subject"], str(DATA), str(folder)) if w.encode() in written]
    assert not found


def test_the_same_from_python(folder):
    adata = ifn.read(DATA / "expr_log2.csv.gz", scale="log2")
    notes = pd.read_csv(DATA / "samples.csv").set_index("SampleID")
    adata.obs = notes.loc[adata.obs_names]
    ifn.tl.score(adata, signatures=[RICE], method="mean_log")
    design = ifn.Cohort.from_samples(patient="Subject", time="Hours.Numeric", baseline=0, followup=77, group="Condition")
    got = ifn.tl.compare(adata, design).table
    want = table(folder, "mean_log")
    for column in ("estimate", "ci_low", "ci_high", "p", "p_adj"):
        assert got[column].tolist() == pytest.approx(want[column].tolist(), rel=1e-6, nan_ok=True)


def test_json_and_long_scores(folder, capsys):
    """The long table of the scores joined to the annotations gives the same answer; genes are named as left out."""
    lines = ["score", str(DATA / "expr_log2.csv.gz"), "--scale", "log2", "-s", RICE, "-m", "mean_log", "--long", "-q"]
    assert _app.run(app, lines) == 0
    (folder / "long.tsv").write_text(capsys.readouterr().out, encoding="utf-8")
    ask = [
        "compare",
        str(folder / "long.tsv"),
        "--samples",
        str(DATA / "samples.csv"),
        *DESIGN,
        "--score-type",
        "log",
        "--json",
        "-q",
    ]
    assert _app.run(app, ask) == 0
    said = json.loads(capsys.readouterr().out)
    got, want = pd.DataFrame(said["table"]), table(folder, "mean_log")
    assert got["estimate"].tolist() == pytest.approx(want["estimate"].tolist(), rel=1e-6)
    assert "genes" not in said["tables"]
    assert "genes" in said["reading"]
