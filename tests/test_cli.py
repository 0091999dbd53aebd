"""The command line, run as a user runs it: exit codes, one line of error, tables, files."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import anndata as ad
import click
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.cli import app

RECORD = [
    "sample", "signature", "method", "score", "coverage", "n_genes", "n_used", "missing", "cutoff", "above_cutoff",
    "jackknife_low", "jackknife_high", "top_gene", "top_gene_share",
]  # fmt: skip
HEALTHY = "group == 'healthy'"


@pytest.fixture
def files(toy, tmp_path):
    """Write the toy cohort as a genes-by-samples CSV, its annotations, and an h5ad."""
    toy.to_df().T.to_csv(tmp_path / "matrix.csv")
    toy.obs.rename_axis("sample_id").to_csv(tmp_path / "samples.csv")
    toy.write_h5ad(tmp_path / "matrix.h5ad")
    return tmp_path


def score_line(files, *more):
    return ("score", files / "matrix.csv", "--samples", files / "samples.csv", "--scale", "linear", *more)


def test_wide_table_on_stdout(run, files):
    code, out, err = run(*score_line(files, "--controls", HEALTHY))
    table = pd.read_csv(io.StringIO(out), sep="\t")
    assert code == 0
    assert list(table.columns) == ["sample", *ifn.signatures.PANEL]
    assert len(table) == 18
    assert all(line.startswith("ifnscore: ") for line in err.splitlines())


def test_numbers_equal_the_library(run, files, toy):
    _, out, _ = run(*score_line(files, "--controls", HEALTHY, "-q"))
    wide = pd.read_csv(io.StringIO(out), sep="\t", index_col=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *a, **k: None)
        ifn.tl.score(toy, controls=HEALTHY, scale="linear")
    pd.testing.assert_frame_equal(wide, ifn.get.scores_wide(toy), check_names=False, rtol=1e-12)


def test_long_and_json_records(run, files):
    _, long_, _ = run(*score_line(files, "--controls", HEALTHY, "--long", "-q", "-s", "rice,kim2018_irg28_z"))
    table = pd.read_csv(io.StringIO(long_), sep="\t")
    assert list(table.columns)[: len(RECORD)] == RECORD
    assert len(table) == 36
    _, text, _ = run(*score_line(files, "--controls", HEALTHY, "--json", "-q", "-s", "rice,kim2018_irg28_z"))
    records = json.loads(text)
    assert list(records[0])[: len(RECORD)] == RECORD
    np.testing.assert_allclose([r["score"] for r in records], table["score"])
    assert {r["above_cutoff"] for r in records} <= {True, False}
    assert all(r["cutoff"] is not None for r in records)


@pytest.mark.parametrize("suffix", ["tsv", "csv", "parquet"])
def test_output_tables(run, files, suffix):
    path = files / f"out.{suffix}"
    code, out, _ = run(*score_line(files, "--controls", HEALTHY, "-o", path))
    read = {"tsv": lambda p: pd.read_csv(p, sep="\t"), "csv": pd.read_csv, "parquet": pd.read_parquet}[suffix]
    assert (code, out) == (0, "")
    assert list(read(path).columns) == ["sample", *ifn.signatures.PANEL]
    before = path.read_bytes()
    code, _, err = run(*score_line(files, "--controls", HEALTHY, "-o", path))
    assert code == 1
    assert "exists; choose another name or add --force" in err
    assert path.read_bytes() == before
    assert run(*score_line(files, "--controls", HEALTHY, "-o", path, "--force"))[0] == 0
    assert sorted(p.name for p in files.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("suffix", ["h5ad", "zarr"])
def test_the_small_scored_file(run, files, toy, suffix):
    path = files / f"out.{suffix}"
    assert run(*score_line(files, "--controls", HEALTHY, "-o", path, "-s", "rice"))[0] == 0
    small = ifn.read(path)
    assert small.n_vars < toy.n_vars
    assert list(small.obs["group"]) == list(toy.obs["group"])
    np.testing.assert_allclose(small.obs["ifn_library_size"], toy.X.sum(axis=1))
    parts = ifn.get.contributions(small, "rice2013_ags6")
    np.testing.assert_allclose(parts.sum(axis=1), ifn.get.scores_wide(small)["rice2013_ags6"], rtol=1e-12)
    assert str(files) not in str(small.uns)


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_scoring_a_small_file_again_gives_the_same(run, files, toy):
    counts = toy.copy()
    counts.X = np.round(toy.X)
    counts.write_h5ad(files / "counts.h5ad")
    line = ("score", files / "counts.h5ad", "--controls", HEALTHY, "-m", "zref_mean", "-q")
    _, first, _ = run(*line)
    assert run(*line, "-o", files / "small.h5ad")[0] == 0
    _, second, _ = run("score", files / "small.h5ad", "--controls", HEALTHY, "-m", "zref_mean", "-q")
    pd.testing.assert_frame_equal(*(pd.read_csv(io.StringIO(t), sep="\t") for t in (first, second)), rtol=1e-12)
    code, _, err = run("score", files / "small.h5ad", "-m", "singscore")
    assert code == 1
    assert "holds only some of them: score the original matrix" in err


def test_stdin(run, files, toy):
    text = toy.to_df().T.to_csv(sep="\t")
    code, out, _ = run("score", "-", "--scale", "linear", "-m", "geomean", "-s", "rice", stdin=text)
    assert code == 0
    assert out.splitlines()[0] == "sample\trice2013_ags6"
    assert len(out.splitlines()) == 19


def test_several_matrices_become_one(run, files, toy):
    toy.to_df().T.iloc[:, :9].to_csv(files / "a.csv")
    toy.to_df().T.iloc[5:, 9:].to_csv(files / "b.csv")
    code, out, err = run("score", files / "a.csv", files / "b.csv", "--scale", "linear", "-m", "geomean", "-s", "kim2018_irg28_z")
    assert code == 0
    assert len(out.splitlines()) == 19
    assert "5" in err
    code, _, err = run("score", files / "a.csv", files / "a.csv", "--scale", "linear", "-m", "geomean")
    assert code == 1
    assert "s00" in err


def test_reference_fit_show_and_use(run, files):
    healthy = files / "healthy.json"
    line = ("reference", "fit", files / "matrix.csv", "--samples", files / "samples.csv", "--scale", "linear")
    assert run(*line, "--controls", HEALTHY, "-o", healthy)[0] == 0
    code, out, _ = run("reference", "show", healthy)
    assert code == 0
    assert "linear" in out
    assert " 12 " in out
    assert "6-17" in out
    _, frozen, _ = run("score", files / "matrix.csv", "--scale", "linear", "--reference", healthy, "-q")
    _, within, _ = run(*score_line(files, "--controls", HEALTHY, "-q"))
    pd.testing.assert_frame_equal(*(pd.read_csv(io.StringIO(t), sep="\t") for t in (frozen, within)), rtol=1e-12)
    names = healthy.read_text()
    assert "s00" not in names
    body = json.loads(names)
    body["strata"][0]["values"][0][0] += 1
    healthy.write_text(json.dumps(body))
    code, _, err = run("reference", "show", healthy)
    assert code == 1
    assert "changed or damaged" in err


def test_is_control_of_a_cohort_table_is_the_default(run, files, toy):
    toy.obs.assign(is_control=toy.obs["group"] == "healthy").rename_axis("sample_id").to_csv(files / "samples.csv")
    _, default, err = run(*score_line(files))
    assert "controls: the 12 samples with is_control" in err
    _, named, _ = run(*score_line(files, "--controls", HEALTHY, "-q"))
    assert default == named


def test_own_gmt_and_toml_files(run, files):
    (files / "own.gmt").write_text("my set/one\ta description with spaces\tISG15\tMX1\nother\t\tIFIT1\tRSAD2\n")
    toml = 'id = "mine"\n[genes]\nup = ["ISG15", "MX1"]\n[formula]\nmethod = "geomean"\nstatus = "published"\n'
    (files / "own.toml").write_text(toml)
    code, out, err = run(*score_line(files, "-m", "geomean", "-s", files / "own.gmt", "-s", files / "own.toml"))
    assert code == 0
    assert out.splitlines()[0] == "sample\tmy set_one\tother\tmine"
    assert "becomes 'my set_one'" in err
    rows = [line.split("\t") for line in out.splitlines()[1:]]
    assert all(r[1] == r[3] for r in rows)


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_identical_signatures_are_shown_once_only_by_the_default_rule(run, files):
    _, out, err = run(*score_line(files))
    assert "kim2018_irg28_geomean" not in out.splitlines()[0]
    assert "kim2018_irg28_geomean has the genes of kim2018_irg28_z" in err
    _, out, _ = run(*score_line(files, "-s", "kim2018_irg28_z,kim2018_irg28_geomean"))
    assert "kim2018_irg28_geomean" in out.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["score"], 2, "Missing argument 'MATRIX...'"),
        (["score", "x.csv", "--nope"], 2, "No such option"),
        (["scor"], 2, "Did you mean one of: 'cohort', 'score'?"),
        (["score", "x.csv", "-s", "rise2013"], 2, "unknown signature 'rise2013'. Did you mean: rice2013_ags6"),
        (["score", "x.csv", "-m", "zscore"], 2, "unknown method 'zscore'. Did you mean"),
        (["score", "x.csv", "-m", "geomean", "--param", "x=1"], 2, "geomean has no parameter 'x'"),
        (["score", "x.csv", "--param", "x"], 2, "write NAME=VALUE"),
        (["score", "x.csv", "--controls", "__import__('os').system('touch hacked')"], 2, "not allowed in an expression"),
        (["score", "x.csv", "-o", "out.xlsx"], 2, "the ending says the format"),
        (["score", "x.csv", "--scale", "tpm"], 2, "Invalid value for '--scale'"),
        (["score", "x.csv", "--controls", "a == 1", "--reference", "r.json"], 2, "not both"),
        (["score", "nosuch.csv"], 1, "no such file"),
        (["score", "nosuch.csv", "-s", "own/none.gmt"], 1, "cannot read the signature file"),
        (["inspect", "nosuch.h5ad"], 1, "no such file"),
        (["reference", "show", "nosuch.json"], 1, "cannot read the reference"),
        (["signatures", "nosuch"], 2, "unknown signature"),
    ],
)
def test_errors_are_one_line_with_the_right_code(run, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--controls", "group == 'nobody'"], "selects none of the 18 samples; values of 'group': healthy, jdm"),
        (["--controls", "age > 0"], "selects all 18 samples"),
        (["--controls", "grp == 'healthy'"], "there is no column 'grp'. Did you mean: group?"),
        (["-m", "zref_mean"], "compares with healthy controls"),
        (["--scale", "ct"], "Ct values are scored against controls"),
        (["--donor", "nobody", "--controls", HEALTHY], "there is no column 'nobody'"),
        (["--reference-by", "nothing", "--controls", HEALTHY], "there is no column 'nothing'"),
        (["--layer", "x"], "no layer 'x'"),
        (["--samples", "nosuch.csv"], "nosuch.csv"),
    ],
)
def test_errors_that_depend_on_files(run, files, more, message):
    line = [*score_line(files), *more, "-o", files / "out.tsv"]
    code, _, err = run(*line)
    assert code in {1, 2}
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not (files / "out.tsv").exists()


def test_uncertain_scale_names_the_flag(run, files):
    code, _, err = run("score", files / "matrix.csv")
    assert code == 1
    assert "declare it with --scale" in err


def test_debug_shows_the_traceback(run, tmp_path):
    assert "Traceback" in run("score", tmp_path / "no.csv", "--debug")[2]
    assert "Traceback" not in run("score", tmp_path / "no.csv")[2]


def test_inspect_tells_all_and_the_next_command(run, files):
    code, out, _ = run("inspect", files / "matrix.csv", "--samples", files / "samples.csv")
    assert code == 0
    assert "18 samples x 300 genes" in out
    assert "not certain" in out
    assert "ifnscore score" in out.splitlines()[-1]
    code, text, err = run("inspect", files / "matrix.h5ad", "--scale", "linear", "--json")
    found = json.loads(text)
    assert (code, err) == (0, "")
    assert (found["n_samples"], found["n_genes"], found["scale"]) == (18, 300, "linear")
    assert [c["signature"] for c in found["coverage"]] == list(ifn.signatures.PANEL)
    assert "--controls \"group == 'healthy'\"" in found["next"]


def test_signature_lists(run):
    _, text, _ = run("signatures", "--json")
    listed = json.loads(text)
    assert {s["id"] for s in listed} == set(ifn.signatures.ids())
    _, text, _ = run("signatures", "--type", "II", "--json")
    assert {s["ifn_type"] for s in json.loads(text)} == {"II"}
    _, gmt, _ = run("signatures", "--platform", "nanostring", "--gmt")
    assert all(len(line.split("\t")) > 2 for line in gmt.splitlines())
    assert any(line.startswith("kim2018_irg28_z\t") for line in gmt.splitlines())
    _, text, _ = run("signatures", "rice")
    assert "2.466" in text
    assert "kim2018_irg28_z" in text.split("genes shared")[1]
    assert len(run("signatures")[1].splitlines()) == len(ifn.signatures.ids()) + 3


def test_methods_list(run):
    _, text, _ = run("methods", "--json")
    assert {m["id"] for m in json.loads(text)} == set(ifn.methods.records())
    _, text, _ = run("methods")
    assert "singscore" in text


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        yield (*path, name), command


@pytest.mark.parametrize(("path", "command"), list(commands(app)), ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_every_help_has_an_example(run, path, command):
    code, out, _ = run(*path, "--help")
    assert code == 0
    assert "Example" in out
    assert f"ifnscore {' '.join(path)} " in out.split("Example")[1] or f"ifnscore {' '.join(path)}\n" in out.split("Example")[1]
    assert command.help
    for option in command.params:
        assert isinstance(option, click.Argument) or option.help, option.name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run, shell):
    code, out, _ = run("completion", shell)
    assert code == 0
    assert "_IFNSCORE_COMPLETE" in out


def test_the_installed_program_answers():
    done = subprocess.run([sys.executable, "-m", "ifnscore", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f"ifnscore, version {ifn.__version__}")


def test_quiet_says_nothing(run, files):
    assert run(*score_line(files, "--controls", HEALTHY, "-q"))[2] == ""


def test_pseudobulk(run, files, toy):
    cells = toy.copy()
    cells.X = np.round(toy.X)
    cells.obs["sample"] = [f"p{i % 6}" for i in range(12)] + [f"q{i % 3}" for i in range(6)]
    cells.obs["cell_type"] = ["T", "B", "B", "T", "B", "T"] * 3
    cells.write_h5ad(files / "cells.h5ad")
    code, out, err = run("score", files / "cells.h5ad", "--pseudobulk", "sample", "--controls", HEALTHY, "-m", "zref_mean", "-s", "rice")
    assert code == 0, err
    assert len(out.splitlines()) == 10
    assert isinstance(ad.read_h5ad(files / "cells.h5ad"), ad.AnnData)


def test_inputs_and_foreign_folders_are_never_replaced(run, files):
    before = (files / "matrix.csv").read_bytes()
    for name in ("matrix.csv", "samples.csv"):
        code, _, err = run(*score_line(files, "-m", "geomean", "-o", files / name, "--force"))
        assert code == 1
        assert "is an input of this run" in err
    assert (files / "matrix.csv").read_bytes() == before
    for name in ("mine.zarr", "mine.tsv"):
        (files / name).mkdir()
        (files / name / "thesis.txt").write_text("x")
        code, _, err = run(*score_line(files, "-m", "geomean", "-o", files / name, "--force"))
        assert code == 1
        assert "folder with other things in it" in err
        assert (files / name / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--min-coverage", "2"], "min_coverage is 2.0"),
        (["--min-coverage", "nan"], "min_coverage is nan"),
        (["--pseudocount", "-1"], "pseudocount is -1.0"),
        (["--pseudocount", "nan"], "pseudocount is nan"),
        (["-m", "ucell", "--param", "max_rank=-5"], "a number of at least 1"),
        (["-m", "ssgsea", "--param", "alpha=nan"], "alpha of ssgsea is nan"),
        (["-m", "zref_mean"], "compares with healthy controls"),
    ],
)
def test_impossible_values_exit_with_2_before_any_file_is_opened(run, more, message):
    code, out, err = run("score", "nosuch.csv", *more)
    assert (code, out) == (2, "")
    assert message in err


def test_is_control_that_names_nobody_is_an_error_only_where_it_matters(run, files, toy):
    toy.obs.assign(is_control=False).rename_axis("sample_id").to_csv(files / "samples.csv")
    code, _, err = run(*score_line(files))
    assert code == 1
    assert "is_control selects nobody" in err
    assert run(*score_line(files, "-m", "geomean"))[0] == 0
    code, _, err = run(*score_line(files, "-m", "zref_mean"))
    assert code == 1


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_missing_counts_anywhere_are_refused(run, files, toy, value):
    counts = toy.copy()
    counts.X = np.round(toy.X)
    counts.X[4, toy.var_names.get_loc("GENE001")] = value
    counts.write_h5ad(files / "counts.h5ad")
    code, _, err = run("score", files / "counts.h5ad", "--scale", "counts", "-m", "geomean", "-s", "rice")
    assert code == 1
    assert f"{value} in gene GENE001, sample s04" in err
    code, out, _ = run("score", files / "counts.h5ad", "--scale", "counts", "-m", "geomean", "-s", "rice", "--allow-missing", "-q")
    assert code == 0
    kept = np.delete(counts.X, toy.var_names.get_loc("GENE001"), axis=1)
    cpm = counts[:, ifn.signatures.get("rice").genes].X / kept.sum(axis=1, keepdims=True) * 1e6
    table = pd.read_csv(io.StringIO(out), sep="\t")
    np.testing.assert_allclose(table["rice2013_ags6"], np.exp(np.log(cpm + 1).mean(axis=1)), rtol=1e-12)


def test_samples_called_na_keep_their_names(run, files, toy):
    toy.obs_names = ["NA", "nan", *toy.obs_names[2:]]
    toy.to_df().T.to_csv(files / "matrix.csv")
    toy.obs.rename_axis("sample_id").to_csv(files / "samples.csv")
    code, out, _ = run(*score_line(files, "--controls", HEALTHY, "-m", "zref_mean", "-s", "rice", "-q"))
    assert code == 0
    assert [line.split("\t")[0] for line in out.splitlines()[1:3]] == ["NA", "nan"]


def test_the_log1p_mark_of_scanpy_is_read_with_care(run, files, toy):
    logged = toy.copy()
    logged.X = np.log1p(toy.X)
    for base, works in ((None, True), (2, True), ("None", False), (10, False)):
        logged.uns["log1p"] = {} if base is None else {"base": base}
        logged.write_h5ad(files / "logged.h5ad")
        code, _, err = run("score", files / "logged.h5ad", "-m", "geomean", "-s", "rice")
        assert code == (0 if works else 1), base
        assert works or "declare it with --scale" in err


def test_annotations_as_r_writes_them(run, files, toy):
    """write.table() leaves the header one field short."""
    lines = toy.obs.to_csv(sep="\t").splitlines()
    (files / "samples.csv").write_text("\n".join([lines[0].removeprefix("\t"), *lines[1:]]) + "\n")
    code, out, err = run(*score_line(files, "--controls", HEALTHY, "-m", "zref_mean", "-s", "rice", "-q"))
    assert code == 0, err
    assert len(out.splitlines()) == 19
