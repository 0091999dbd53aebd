"""compare, associate, tis, cohort and demo as a user runs them: exit codes, one line of error, files, and nobody named."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from tests import studies
from tests.clinic import FOREIGN, PEOPLE, SIMPLE, one_line, read, strict

COLUMNS = [
    "signature", "tissue", "contrast", "estimand", "n_patients", "estimate", "ci_low", "ci_high", "p", "p_adj",
    "min_attainable_p", "test",
]  # fmt: skip


# --- what comes out ------------------------------------------------------------------------------------------------------------


def test_the_main_table_of_compare(run, pairs):
    folder, _ = pairs
    code, out, err = run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN)
    table = read(out)
    assert code == 0
    assert list(table.columns[:12]) == COLUMNS
    assert table.loc[0, ["signature", "contrast", "n_patients", "test"]].tolist() == [
        "ifn",
        "followup_minus_baseline",
        7,
        "sign_flip",
    ]
    assert table.loc[0, "min_attainable_p"] == 2 / 2**7
    assert "as observed" in err
    assert "genes" in err


def test_the_main_table_of_associate(run, clinic):
    folder, _ = clinic
    code, out, err = run("associate", folder / "scores.tsv", folder / "cohort", "--outcome", "cdasi_activity", *FOREIGN)
    table = read(out)
    assert code == 0
    assert list(table.columns[:12]) == COLUMNS
    assert table.loc[0, "contrast"] == "change_with_change"
    assert "None of this shows a cause" in err


def test_json_holds_everything(run, clinic):
    folder, _ = clinic
    for words in (("compare",), ("associate", "--outcome", "cdasi_activity")):
        code, out, _ = run(words[0], folder / "scores.tsv", folder / "cohort", *words[1:], *FOREIGN, "--json", "--seed", 1)
        said = strict(out)
        assert code == 0
        assert set(said) >= {"verb", "reading", "methods", "settings", "table", "tables"}
        assert list(said["table"][0])[:12] == COLUMNS
        assert all(isinstance(rows, list) for rows in said["tables"].values())
        assert said["settings"]["index_drug"] == "tofacitinib"


def test_a_folder_of_output(run, clinic):
    folder, _ = clinic
    words = ("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "-o", folder / "out", "--seed", 1)
    code, out, _ = run(*words)
    assert code == 0
    names = {p.name for p in (folder / "out").iterdir()}
    assert {"compare.tsv", "patients.tsv", "flow.tsv", "tests.tsv", "reading.txt", "methods.txt", "result.json"} <= names
    assert (folder / "out" / "compare.tsv").read_text(encoding="utf-8") == out
    strict((folder / "out" / "result.json").read_text(encoding="utf-8"))
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert "--force" in one_line(err)
    assert run(*words, "--force")[0] == 0
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


def test_a_failed_run_leaves_nothing(run, clinic):
    folder, _ = clinic
    before = sorted(p.name for p in folder.iterdir())
    assert run("compare", folder / "scores.tsv", folder / "cohort", "--scores", "ifn", "-o", folder / "out")[0] == 1
    assert run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "-o", folder / "no" / "out")[0] == 1
    assert sorted(p.name for p in folder.iterdir()) == before


CODES = ["loo_patient", "loo_patients"]


def test_a_seed_gives_the_same_bytes(run, clinic):
    folder, _ = clinic
    words = ("associate", folder / "scores.tsv", folder / "cohort", "--outcome", "cdasi_activity", *FOREIGN, "--seed", 3)
    first, again = read(run(*words)[1]), read(run(*words)[1])
    pd.testing.assert_frame_equal(first.drop(columns=CODES), again.drop(columns=CODES))


# --- what goes in --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wide.csv", "wide.tsv", "wide.parquet", "-", "long.csv", "long.tsv", "long.parquet", "joined"])
def test_every_form_of_a_score_table(run, pairs, kind):
    folder, table = pairs
    want = read(run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN)[1])
    long = table.rename(columns={"ifn": "score"}).assign(signature="ifn")
    form, more, stdin = (long if kind.startswith("long") else table), FOREIGN, None
    if kind == "joined":
        table[["sample", "ifn"]].to_csv(folder / kind, index=False)
        table.drop(columns="ifn").rename(columns={"sample": "sample_id"}).to_csv(folder / "notes.csv", index=False)
        more = (*FOREIGN, "--samples", folder / "notes.csv")
    elif kind == "-":
        stdin = table.to_csv(sep="\t", index=False)
    elif kind.endswith("parquet"):
        form.to_parquet(folder / kind, index=False)
    else:
        form.to_csv(folder / kind, sep="\t" if kind.endswith("tsv") else ",", index=False)
    code, out, err = run("compare", kind if kind == "-" else folder / kind, *SIMPLE, *more, stdin=stdin)
    assert code == 0, err
    numbers = ["n_patients", "estimate", "ci_low", "ci_high", "p"]
    pd.testing.assert_frame_equal(read(out)[numbers], want[numbers])


def test_the_kind_of_a_foreign_score_is_asked_for(run, pairs):
    folder, _ = pairs
    code, _, err = run("compare", folder / "wide.csv", *SIMPLE, "--scores", "ifn")
    assert code == 1
    assert "--score-type" in one_line(err)
    code, _, err = run("compare", folder / "wide.csv", *SIMPLE)
    assert code == 1
    assert "--scores" in one_line(err)


def test_a_ratio_is_logged_and_a_rank_is_not(run, pairs):
    folder, table = pairs
    table.assign(ifn=2 ** table["ifn"]).to_csv(folder / "ratio.csv", index=False)
    log = read(run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN)[1]).iloc[0]
    ratio = read(run("compare", folder / "ratio.csv", *SIMPLE, "--scores", "ifn", "--score-type", "ratio")[1]).iloc[0]
    rank = read(run("compare", folder / "wide.csv", *SIMPLE, "--scores", "ifn", "--score-type", "rank")[1]).iloc[0]
    assert ratio[["estimate", "ratio"]].tolist() == pytest.approx(log[["estimate", "ratio"]].tolist())
    assert rank["estimate"] == pytest.approx(log["estimate"])
    assert np.isnan(rank["ratio"])


def test_groups_of_a_simple_design_make_arms(run, pairs):
    folder, _ = pairs
    code, out, err = run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "--group", "arm")
    got = read(out).set_index("group")
    assert code == 0
    assert sorted(got.index) == ["u", "v", "v minus u"]
    assert got.loc["u", "n_patients"] == 4
    assert got.loc["v", "n_patients"] == 3
    assert "not randomised" in err


# --- what is refused -------------------------------------------------------------------------------------------------------------

WRONG = [
    (2, ("compare", "{wide}"), "--patient"),
    (2, ("compare", "{wide}", *SIMPLE[:6]), "--followup"),
    (2, ("compare", "{wide}", "{cohort}", "--patient", "who"), "leave out"),
    (2, ("compare", "{wide}", *SIMPLE, "--score-type", "percent"), "percent"),
    (2, ("compare", "{wide}", *SIMPLE, "--adjust", "bonferroni"), "bonferroni"),
    (2, ("compare", "{wide}", *SIMPLE, "--wrong"), "--wrong"),
    (2, ("compare", "{wide}", *SIMPLE, *FOREIGN, "--seed", "-1"), "--seed"),
    (1, ("compare", "{none}", *SIMPLE, *FOREIGN), "none.csv"),
    (1, ("compare", "{wide}", "{none}", *FOREIGN), "none.csv"),
    (1, ("compare", "{wide}", *SIMPLE, *FOREIGN, "--samples", "{none}"), "none.csv"),
    (1, ("compare", "{wide}", *SIMPLE, "--scores", "ifm", "--score-type", "log"), "Did you mean: ifn"),
    (1, ("compare", "{wide}", *SIMPLE[:2], "--time", "wen", *SIMPLE[4:], *FOREIGN), "Did you mean: when"),
    (1, ("compare", "{wide}", *SIMPLE[:6], "--followup", "later", *FOREIGN), "after, before"),
    (1, ("compare", "{wide}", *SIMPLE, *FOREIGN, "--group", "site"), "site"),
    (1, ("compare", "{wide}", "{cohort}", *FOREIGN), "sample_id"),
    (1, ("compare", "{scores}", "{cohort}", *FOREIGN, "--group", "arm"), "arm"),
    (2, ("associate", "{scores}"), "COHORT_DIR"),
    (2, ("associate", "{scores}", "{cohort}", *FOREIGN), "--outcome"),
    (2, ("associate", "{scores}", "{cohort}", "--outcome", "cdasi_activit", *FOREIGN), "cdasi_activity"),
    (2, ("associate", "{none}", "{none}", "--outcome", "cdasi_activity", "--response", "cdasi_abs"), "cdasi_abs4"),
    (1, ("associate", "{none}", "{cohort}", "--outcome", "cdasi_activity"), "none.csv"),
    (1, ("associate", "{scores}", "{cohort}", "--outcome", "skin_vas", *FOREIGN), "cdasi_activity"),
    (1, ("associate", "{scores}", "{cohort}", "--outcome", "cdasi_activity", "--response", "skin_vas_2cm", *FOREIGN), "skin_vas"),
    (2, ("tis",), "FILE"),
    (2, ("tis", "{wide}", "--core-set", "ACR"), "ACR"),
    (2, ("tis", "{wide}", "-o", "x.doc"), "x.doc"),
    (1, ("tis", "{none}"), "none.csv"),
    (1, ("tis", "{wide}"), "wide.csv"),
    (2, ("cohort", "chek", "{cohort}"), "chek"),
    (1, ("cohort", "check", "{none}"), "none.csv"),
    (1, ("cohort", "template", "{cohort}"), "cohort"),
    (1, ("demo", "{cohort}"), "cohort"),
    (1, ("demo", "{cohort}", "--force"), "cohort"),
    (2, ("demo", "{cohort}", "--fast"), "--fast"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "words", "said"), WRONG, ids=[" ".join(w)[:60] for _, w, _ in WRONG])
def test_one_line_and_the_right_code(run, pairs, clinic, code, words, said):
    folder, _ = clinic
    names = {"wide": "wide.csv", "none": "none.csv", "cohort": "cohort", "scores": "scores.tsv"}
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    got, out, err = run(*(w.format(**{k: folder / v for k, v in names.items()}) for w in words))
    assert said in one_line(err)
    assert (got, out) == (code, "")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_inputs_are_never_replaced(run, pairs, clinic):
    folder, _ = pairs
    for target in ("wide.csv", "cohort"):
        words = ("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--force", "-o", folder / target)
        if target == "wide.csv":
            words = ("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "--force", "-o", folder / target)
        before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        code, _, err = run(*words)
        assert code == 1
        assert "never replaced" in one_line(err)
        assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


# --- cohort and tis ----------------------------------------------------------------------------------------------------------------


def test_check_prints_findings_and_says_how_many(run, clinic):
    folder, _ = clinic
    code, out, err = run("cohort", "check", folder / "cohort")
    assert code == 0
    assert list(read(out).columns) == ["level", "file", "row", "column", "problem", "fix"]
    assert "0 errors" in err
    samples = (folder / "cohort" / "samples.csv").read_text(encoding="utf-8").replace("blood", "bones", 1)
    (folder / "cohort" / "samples.csv").write_text(samples, encoding="utf-8")
    code, out, err = run("cohort", "check", folder / "cohort", "--json")
    said = strict(out)
    assert code == 1
    assert [f["column"] for f in said["findings"] if f["level"] == "error"] == ["tissue"]
    assert "1 errors" in err or "1 error" in err
    code, out, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN)
    assert (code, out) == (1, "")
    assert "tissue" in one_line(err)


def test_a_template_is_valid_but_empty(run, tmp_path):
    for name in ("new", "new.xlsx"):
        assert run("cohort", "template", tmp_path / name)[0] == 0
        code, _, err = run("cohort", "check", tmp_path / name)
        assert code in {0, 1}
        assert "Traceback" not in err
        assert run("cohort", "template", tmp_path / name)[0] == 1


def test_a_missing_measure_gives_no_score(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "case,phys,parent,muscle,chaq,enzyme,extramusc\nfull,41,41,31,41,41,41\npart,41,,31,41,41,41\n", encoding="utf-8"
    )
    code, out, _ = run("tis", tmp_path / "t.csv")
    table = read(out).set_index("case")
    assert code == 0
    assert table.loc["full", "TIS"] == 100
    assert np.isnan(table.loc["part", "TIS"])
    code, out, _ = run("tis", "-", "--json", stdin=(tmp_path / "t.csv").read_text(encoding="utf-8"))
    assert code == 0
    assert [r["TIS"] for r in strict(out)] == [100.0, None]
    assert run("tis", tmp_path / "t.csv", "-o", tmp_path / "t.csv", "--force")[0] == 1
    assert run("tis", tmp_path / "t.csv", "-o", tmp_path / "o.tsv")[0] == 0
    assert run("tis", tmp_path / "t.csv", "-o", tmp_path / "o.tsv")[0] == 1


# --- nobody is named ---------------------------------------------------------------------------------------------------------------


def everything(run, folder, words):
    """Return all that a command writes: files and stdout, once as a table and once as JSON."""
    code, out, err = run(*words, "-o", folder / "out", "--force")
    assert code == 0, err
    code, more, _ = run(*words, "--json")
    assert code == 0
    files = b"".join(p.name.encode() + p.read_bytes() for p in sorted((folder / "out").rglob("*")) if p.is_file())
    return files + out.encode() + more.encode()


@pytest.mark.parametrize("verb", ["simple", "compare", "associate"])
def test_no_id_date_or_path_is_written(run, pairs, clinic, verb):
    folder, visits = clinic
    words = {
        "simple": ("compare", folder / "wide.csv", *SIMPLE, *FOREIGN),
        "compare": ("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN),
        "associate": ("associate", folder / "scores.tsv", folder / "cohort", "--outcome", "cdasi_activity", *FOREIGN),
    }[verb]
    written = everything(run, folder, words).decode()
    names = [*PEOPLE, *studies.ids(visits), *(f"{p}{t}" for p in PEOPLE for t in "ab")]
    assert not [n for n in names if n in written]
    assert str(folder) not in written
    assert str(folder.name) not in written
    assert not re.search(r"\b(19|20)\d\d-[01]\d-[0-3]\d\b", written)


def test_codes_are_drawn_anew_and_the_key_goes_elsewhere(run, clinic):
    folder, _ = clinic
    drawn = []
    for i in range(4):
        key, out = folder / f"key{i}.csv", folder / f"out{i}"
        code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--key", key, "-o", out)
        assert code == 0
        assert "keep it apart" in err
        table = pd.read_csv(key)
        assert list(table.columns) == ["patient_id", "code"]
        assert sorted(table["patient_id"]) == sorted(PEOPLE)
        assert sorted(table["code"]) == [f"P{i:02d}" for i in range(1, 8)]
        drawn.append(dict(zip(table["patient_id"], table["code"], strict=True)))
        patients = pd.read_csv(out / "patients.tsv", sep="\t")
        assert set(patients["patient_id"]) == set(table["code"])
    assert len({tuple(sorted(d.items())) for d in drawn}) > 1
    code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--key", folder / "key0.csv")
    assert code == 1
    assert "--force" in one_line(err)


def test_the_key_leads_back_to_the_right_person(run, clinic):
    folder, visits = clinic
    run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--key", folder / "key.csv", "-o", folder / "out")
    code = pd.read_csv(folder / "key.csv").set_index("code")["patient_id"]
    table = pd.read_csv(folder / "out" / "patients.tsv", sep="\t")
    table = table[(table["contrast"] == "followup_minus_baseline") & (table["estimand"] == "while_on_treatment")]
    score = visits.pivot_table(index="patient", columns="day", values="score")
    got = table.set_index(table["patient_id"].map(code))["change"]
    want = score[210] - score[-5]  # day 150 is as near to day 180: the later one counts
    assert got.to_dict() == pytest.approx(want.to_dict())
