"""``ifnscore report`` as a user runs it: one file, exit codes, one line of error, nobody named."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests import figures
from tests.clinic import FOREIGN, PEOPLE, SIMPLE, one_line

import ifnscore as ifn
from ifnscore import scored
from ifnscore.cli.demo import MARK

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
TITLES = ("At a glance", "Who was studied", "What cannot be concluded", "Where the numbers come from")


@pytest.fixture
def alone(tmp_path):
    """Return a scored file without a cohort."""
    adata = figures.simple(6)[0]
    ifn.tl.score(adata, "rice,aybey_ifn2_6", controls="group == 'healthy'")
    scored.write(adata, tmp_path / "scored.h5ad")
    return tmp_path


def test_a_cohort_as_html(run, clinic):
    folder, _ = clinic
    target = folder / "report.html"
    code, out, err = run(
        "report", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--outcome", "cdasi_activity", "-o", target
    )
    page = target.read_text(encoding="utf-8")
    assert (code, out) == (0, "")
    assert page.lower().startswith("<!doctype html>")
    assert all(title in page for title in TITLES)
    assert "SYNTHETIC" in page
    assert f"wrote {target}: open it in a browser" in err
    assert all(line.startswith("ifnscore: ") for line in err.splitlines())
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == []


def test_markdown_on_stdout(run, clinic):
    folder, _ = clinic
    words = ("report", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--outcome", "cdasi_activity", "--seed", 1)
    code, out, err = run(*words, "--format", "md", "-o", "-", "--title", "A title", "--suppress-small-cells")
    assert code == 0
    assert out.startswith("# A title\n\n**SYNTHETIC DATA**")
    assert all(title in out for title in TITLES)
    assert "hidden in Table 1 only" in out
    assert "wrote" not in err
    code, quiet, err = run(*words, "--format", "md", "-o", "-", "-q", "--title", "A title", "--suppress-small-cells")
    assert (code, err) == (0, "")
    without = [re.sub(r"\b[PS]\d{2,3}\b", "", t) for t in (out, quiet)]
    assert sorted(without[0].splitlines()) == sorted(without[1].splitlines())


def test_a_simple_design(run, pairs):
    folder, _ = pairs
    target = folder / "report.md"
    code, _, _ = run("report", folder / "wide.csv", *SIMPLE, *FOREIGN, "--group", "arm", "-o", target)
    text = target.read_text(encoding="utf-8")
    assert code == 0
    assert "1 score in 14 samples of 7 patients" in text
    assert "A simple design knows no clinical measure" in text
    assert not [p for p in PEOPLE if p in text]


def test_scores_alone(run, alone):
    code, _, _ = run("report", alone / "scored.h5ad", "--group", "group", "-o", alone / "report.md")
    text = (alone / "report.md").read_text(encoding="utf-8")
    assert code == 0
    assert "2 scores of 24 samples, 12 of them of healthy controls" in text
    adata = ifn.read(alone / "scored.h5ad")
    median = np.median(np.log2(ifn.get.scores_wide(adata).loc[(adata.obs["group"] == "JDM").to_numpy(), "rice2013_ags6"]))
    assert f"JDM: 12 samples, median {median:.2f}" in text


def test_annotations_are_joined(run, alone):
    obs = ifn.read(alone / "scored.h5ad").obs
    obs.assign(site=["x", "y"] * 12)[["site"]].rename_axis("sample_id").to_csv(alone / "more.csv")
    words = (
        "report",
        alone / "scored.h5ad",
        "--samples",
        alone / "more.csv",
        "--group",
        "site",
        "-o",
        "-",
        "--format",
        "md",
        "-q",
    )
    code, out, _ = run(*words)
    assert code == 0
    assert "x: 6 samples" in out  # the controls of a site stand by themselves
    assert "x, controls: 6 samples" in out


def test_an_existing_file_needs_force(run, alone):
    target = alone / "report.md"
    target.write_text("mine")
    words = ("report", alone / "scored.h5ad", "-o", target)
    code, _, err = run(*words)
    assert code == 1
    assert "exists; choose another name or add --force" in one_line(err)
    assert target.read_text() == "mine"
    assert run(*words, "--force")[0] == 0
    assert target.read_text(encoding="utf-8").startswith("# Interferon scores")


WRONG = [
    (2, ("{scores}", "{cohort}", *FOREIGN), "--output"),
    (2, ("{scores}", "{cohort}", *FOREIGN, "-o", "report.pdf"), ".html, .htm, .md"),
    (2, ("{scores}", "{cohort}", *FOREIGN, "-o", "report.html", "--format", "md"), "use one of .md"),
    (2, ("{scores}", "{cohort}", *FOREIGN, "-o", "-", "--format", "doc"), "doc"),
    (2, ("{scores}", "{cohort}", *SIMPLE, *FOREIGN, "-o", "-"), "leave out"),
    (2, ("{wide}", *SIMPLE[:4], *FOREIGN, "-o", "-"), "--baseline"),
    (2, ("{scores}", *FOREIGN, "-o", "-", "--outcome", "cdasi_activity"), "--outcome needs COHORT_DIR"),
    (2, ("{none}", "{none}", "-o", "-", "--response", "cdasi_abs"), "cdasi_abs4"),
    (2, ("{scores}", "{cohort}", *FOREIGN, "-o", "-", "--outcome", "cdasi_activit"), "cdasi_activity"),
    (2, ("{wide}", *FOREIGN, "-o", "-", "--group", "sight"), "no such column"),
    (1, ("{none}", "{cohort}", "-o", "-"), "none.csv"),
    (1, ("{scores}", "{none}", *FOREIGN, "-o", "-"), "none.csv"),
    (1, ("{wide}", "{cohort}", *FOREIGN, "-o", "-"), "sample_id"),
    (1, ("{scores}", "{cohort}", "-o", "-", "--scores", "ifn"), "--score-type"),
    (2, ("{scores}", "{cohort}", *FOREIGN, "-o", "{scores}"), "scores.tsv"),
    (1, ("{scores}", "{cohort}", *FOREIGN, "-o", "-", "--title", "Anna, born 4.3.2011"), "a calendar date"),
    (1, ("{wide}", *SIMPLE, *FOREIGN, "-o", "-", "--title", "About Xavier1q"), "the id of a patient"),
]


@pytest.mark.parametrize(("code", "words", "said"), WRONG, ids=[" ".join(w)[-60:] for _, w, _ in WRONG])
def test_one_line_and_the_right_code(run, pairs, clinic, code, words, said):
    folder, _ = clinic
    names = {"wide": "wide.csv", "none": "none.csv", "cohort": "cohort", "scores": "scores.tsv"}
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    got, out, err = run("report", *(w.format(**{k: folder / v for k, v in names.items()}) for w in words))
    assert said in one_line(err)
    assert (got, out) == (code, "")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_the_demo_writes_a_report_over_an_earlier_demo(run, tmp_path):
    (tmp_path / "demo").mkdir()
    for name in (MARK, "report.html"):
        (tmp_path / "demo" / name).write_text("earlier", encoding="utf-8")
    code, out, err = run("demo", tmp_path / "demo", "--force")
    assert code == 0
    assert "run one by one, each draw codes anew: --key FILE writes who is who" in err.splitlines()[-1]
    assert "$ ifnscore report scored.h5ad cohort --seed 1 -o report.html" in out
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert "SYNTHETIC" in page
    assert not re.search(r"SYN-0\d|SYN-S\d", page)
    assert len(page) < 2_000_000
