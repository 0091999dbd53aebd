"""What a newcomer met: messages that name the way out which is right, codes that are said to be drawn, arguments that are swapped."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from tests.clinic import FOREIGN, SIMPLE, one_line

import ifnscore as ifn
from ifnscore import scored
from ifnscore.cohort import Cohort

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
DRAWN = "patients stand under codes drawn for this run; --key FILE keeps who is who"


def test_a_wide_table_is_scored_again_and_the_types_are_explained(run, pairs):
    folder, _ = pairs
    line = one_line(run("compare", folder / "wide.csv", *SIMPLE, "--scores", "ifn")[2])
    assert "score again with -o scored.h5ad or --long" in line
    assert "only for scores from elsewhere that are all of one type" in line
    assert re.search(r"log: log2 values; ratio: .*; z: .*; rank: ", line)
    for command in ("compare", "associate", "report"):
        text = " ".join(run(command, "--help")[1].split())
        assert "log (log2 values), ratio (linear" in text
        assert "Codes are drawn anew for each run" in text


def test_the_way_out_works(run, tmp_path):
    rng = np.random.default_rng(2)
    genes = ifn.signatures.get("rice2013_ags6").genes
    names = [f"p{i}{t}" for i in range(6) for t in ("a", "b")]
    pd.DataFrame(rng.lognormal(3, 1, (len(genes), 12)), index=genes, columns=names).to_csv(tmp_path / "m.csv", index_label="gene")
    samples = pd.DataFrame({"sample_id": names, "who": [n[:2] for n in names], "when": ["before", "after"] * 6})
    samples.to_csv(tmp_path / "s.csv", index=False)
    score = ("score", tmp_path / "m.csv", "--scale", "linear", "-s", "rice2013_ags6", "-o")
    assert run(*score, tmp_path / "wide.tsv")[0] == run(*score, tmp_path / "long.tsv", "--long")[0] == 0
    more = ("--samples", tmp_path / "s.csv", *SIMPLE)
    assert run("compare", tmp_path / "wide.tsv", *more)[0] == 1
    assert run("compare", tmp_path / "long.tsv", *more)[0] == 0


def test_codes_are_said_to_be_drawn_once(run, pairs, clinic):
    folder, _ = clinic
    words = ("associate", folder / "scores.tsv", folder / "cohort", "--outcome", "cdasi_activity", *FOREIGN)
    assert run(*words)[2].count(DRAWN) == 1
    assert DRAWN not in run(*words, "-q")[2]
    assert DRAWN not in run(*words, "--key", folder / "who.csv")[2]
    pair, _ = pairs
    assert run("compare", pair / "wide.csv", *SIMPLE, *FOREIGN)[2].count(DRAWN) == 1


def test_a_report_writes_its_key(run, pairs):
    folder, table = pairs
    words = ("report", folder / "wide.csv", *SIMPLE, *FOREIGN, "-o", folder / "r.md")
    code, _, err = run(*words, "--key", folder / "who.csv")
    assert code == 0
    assert "keep it apart" in err
    assert DRAWN not in err
    key = pd.read_csv(folder / "who.csv")
    assert set(key["patient_id"]) == set(table["who"])
    text = (folder / "r.md").read_text(encoding="utf-8")
    assert all(code in text for code in key["code"])
    assert run(*words, "--force")[2].count(DRAWN) == 1
    assert "kept apart" in one_line(run(*words, "--force", "--key", folder / "r.md")[2])
    assert "--key needs patients" in one_line(
        run("report", folder / "wide.csv", *FOREIGN, "-o", "-", "--key", folder / "k.csv")[2]
    )


FRAMES = {
    "patient first": ["who", "when", "ifn"],
    "sample first": ["tube", "who", "when", "ifn"],
    "a column sample": ["who", "when", "sample", "ifn"],
    "scores first": ["ifn", "who", "when"],
}


@pytest.mark.parametrize("columns", FRAMES.values(), ids=FRAMES)
def test_the_same_table_is_design_and_scores(columns):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"who": np.repeat(list("abcdef"), 2), "when": ["pre", "post"] * 6, "ifn": rng.normal(size=12)})
    frame["tube"] = frame["sample"] = [f"t{i}" for i in range(12)]
    frame = frame[columns]
    names = {"patient": "who", "time": "when", "baseline": "pre", "followup": "post"}
    want = ifn.tl.compare(frame, Cohort.from_samples(**names), scores="ifn", score_type="log").table
    cohort = Cohort.from_samples(frame, **names)
    got = ifn.tl.compare(frame, cohort, scores="ifn", score_type="log").table
    assert got.loc[0, "n_patients"] == 6
    assert got.loc[0, "estimate"] == pytest.approx(want.loc[0, "estimate"])
    long = frame.rename(columns={"ifn": "score"}).assign(signature="ifn")
    if columns[0] == "tube" or "sample" in columns:
        again = ifn.tl.compare(long, Cohort.from_samples(long, **names), score_type="log").table
        assert again.loc[0, "estimate"] == pytest.approx(want.loc[0, "estimate"])


def test_a_decimal_comma_is_named(run, pairs):
    folder, table = pairs
    table.assign(ifn=table["ifn"].map(lambda v: f"{v:.2f}".replace(".", ","))).to_csv(folder / "comma.csv", sep=";", index=False)
    line = one_line(run("compare", folder / "comma.csv", *SIMPLE, *FOREIGN)[2])
    assert re.search(r"is no number: a decimal comma\? write -?\d+\.\d\d$", line)


@pytest.mark.parametrize("command", ["inspect", "score"])
@pytest.mark.parametrize("text", ["sample,rice2013_ags6\na,1.2\nb,2.3\n", "sample,who,rice2013_ags6\na,x,1.2\nb,y,2.3\n"])
def test_scores_are_no_matrix(run, tmp_path, command, text):
    (tmp_path / "scores.csv").write_text(text, encoding="utf-8")
    code, _, err = run(command, tmp_path / "scores.csv")
    assert code == 1
    assert "(a table of scores goes to ifnscore compare or report with --scores)" in one_line(err)


def test_swapped_arguments(run, clinic):
    folder, _ = clinic
    for words in (("compare",), ("associate",), ("report", "-o", "-")):
        code, _, err = run(words[0], folder / "cohort", folder / "scores.tsv", *words[1:])
        assert code == 1
        assert "the scores come first, then the cohort; swap them" in one_line(err)


def test_a_report_is_refused_before_the_work(run, clinic, tmp_path):
    folder, _ = clinic
    words = ("report", folder / "scores.tsv", folder / "cohort", "-o", "-")
    for more, said in (
        (("--scores", "nonsense", "--score-type", "log"), "no scores named 'nonsense'"),
        ((*FOREIGN, "--title", "Anna, 4.3.2011"), "error: --title: a label holds a calendar date"),
    ):
        _, _, err = run(*words, *more)
        assert said in one_line(err)
        assert "comparing, linking" not in err
    assert "scores.tsv" not in one_line(run(*words, *FOREIGN, "--title", "Anna, 4.3.2011")[2])
    adata, _ = ifn.datasets.jdm_tofacitinib()
    ifn.tl.score(adata, "rice", controls="is_control", donor="donor_id")
    scored.write(adata, tmp_path / "scored.h5ad")
    err = run("report", tmp_path / "scored.h5ad", "-o", "-", "--scores", "nonsense")[2]
    assert "no scores named 'nonsense'" in one_line(err)
    assert "comparing" not in err
