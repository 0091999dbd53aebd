"""Nothing in a file is run, opened, obeyed by a terminal or evaluated by a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from tests import bombs

import ifnscore as ifn
from ifnscore import _formulas
from ifnscore.cli import _output
from ifnscore.errors import DataError, say, visible, warn
from ifnscore.loaders import _files, _hdf5

FORMULAS = ["=cmd|' /C calc'!A0", "+SUM(1)", "-1_S1", "@x", "\tx", "'=x", "''@x", "=1+1", "'-5"]
HARMLESS = ["", "x", "'x", "-1.5", "+2e5", "-", "-1.5 (-2 to 0.3)", "a=b", "s-1", "NA", "'5"]


def refused(path):
    with pytest.raises(DataError) as error:
        ifn.read(path)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- no path in a file is opened, nothing in a file is run


def _external(file, other):
    file["uns/away"] = h5py.ExternalLink(str(other), "/secret")


def _virtual(file, other):
    layout = h5py.VirtualLayout(shape=(10,), dtype="i8")
    layout[:] = h5py.VirtualSource(str(other), "secret", shape=(10,))
    file.create_virtual_dataset("uns/away", layout)


def _stored_elsewhere(file, other):
    file.create_dataset("uns/away", (10,), dtype="u1", external=[(str(other), 0, 10)])


def _soft_to_external(file, other):
    file["uns/a"] = h5py.SoftLink("/uns/away/x")
    file["uns/away"] = h5py.ExternalLink(str(other), "/")


@pytest.mark.parametrize("how", [_external, _virtual, _stored_elsewhere, _soft_to_external])
def test_no_other_file_is_opened(tmp_path, how):
    """The other file is there and readable, and is not touched: its access is watched by the library's own error."""
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.arange(10)
    path = tmp_path / "m.h5ad"
    bombs.h5ad(lambda file: how(file, other))(path)
    assert "'uns/away'" in (text := refused(path))
    assert "never opened: copy the data into one file" in text


def test_links_inside_a_file_are_no_trap(tmp_path):
    """Groups that hold themselves and soft links that point nowhere end."""
    path = tmp_path / "m.h5ad"

    def change(file):
        file["uns/self"] = file["/"]
        file["uns/nowhere"] = h5py.SoftLink("/not/there")

    bombs.h5ad(change)(path)
    with _hdf5.opened(path, "m.h5ad") as file:
        assert "obs" in file


def test_hdf5_from_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "m.h5ad")
    assert "HDF5 needs a file on a disk; this is a pipe or a device" in refused(tmp_path / "m.h5ad")
    os.mkfifo(tmp_path / "m.parquet")
    assert "parquet needs a file on a disk" in refused(tmp_path / "m.parquet")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_nothing_is_unpickled_from_zarr(tmp_path, monkeypatch):
    import numcodecs
    import zarr

    mark = tmp_path / "ran"
    path = tmp_path / "m.zarr"
    bombs.zarr(lambda _: None)(path)
    store = zarr.open_group(path, mode="r+")
    if store.metadata.zarr_format == 3:
        store = zarr.open_group(tmp_path / "v2.zarr", mode="w", zarr_format=2)
        (tmp_path / "v2.zarr" / "obs").mkdir()
        (tmp_path / "v2.zarr" / "var").mkdir()
        path = tmp_path / "v2.zarr"
    (path / "uns" / "x").mkdir(parents=True)
    document = {"shape": [1], "chunks": [1], "dtype": "|O", "compressor": None, "fill_value": None, "order": "C", "zarr_format": 2}
    (path / "uns" / "x" / ".zarray").write_text(json.dumps({**document, "filters": [{"id": "pickle", "protocol": 5}]}))
    (path / "uns" / "x" / "0").write_bytes(pickle.dumps(np.array([Bomb(str(mark))], dtype=object)))
    monkeypatch.setattr("numcodecs.pickles.ALLOW_UNSAFE_PICKLE_DECODE", True, raising=False)  # newer versions refuse, too
    numcodecs.Pickle().decode((path / "uns" / "x" / "0").read_bytes())
    assert mark.exists(), "the test could not fail"
    mark.unlink()
    assert "the array 'uns/x' is stored with pickle, which can run code" in refused(path)
    (path / "uns" / "x" / ".zarray").write_text(json.dumps({**document, "filters": None}))
    assert "the array 'uns/x' holds Python objects, which are never loaded" in refused(path)
    assert not mark.exists()


@pytest.mark.parametrize("name", [".zmetadata", "zarr.json"])
def test_consolidated_metadata_are_looked_at_too(tmp_path, name):
    path = tmp_path / "m.zarr"
    bombs.zarr(lambda _: None)(path)
    array = {"shape": [1], "chunks": [1], "dtype": "|O", "filters": [{"id": "pickle"}]}
    if name == ".zmetadata":
        (path / name).write_text(json.dumps({"metadata": {"uns/x/.zarray": array}}))
    else:
        (path / name).write_text(json.dumps({"node_type": "group", "consolidated_metadata": {"metadata": {"uns/x": array}}}))
    assert "'uns/x' is stored with pickle" in refused(path)
    outside = {"metadata": {"../other/.zarray": {"shape": [1]}}}
    (path / name).write_text(json.dumps(outside if name == ".zmetadata" else {"consolidated_metadata": outside}))
    assert "outside of the store" in refused(path)


@pytest.mark.parametrize("content", ["{", "[]", "[" * 100_000, '{"shape": ["x"]}', '{"shape": [-1], "dtype": "<f8"}', '{"shape": [1], "dtype": "<q9"}'])
def test_damaged_zarr_metadata(tmp_path, content):
    path = tmp_path / "m.zarr"
    bombs.zarr(lambda _: None)(path)
    (path / "uns" / ".zarray").write_text(content)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("kind", ["file", "folder", "loop", "pipe"])
def test_links_inside_a_store_are_not_followed(tmp_path, kind):
    path = tmp_path / "m.zarr"
    bombs.zarr(lambda _: None)(path)
    inside = path / "uns" / "x"
    if kind == "pipe":
        os.mkfifo(inside)
    else:
        inside.symlink_to({"file": "/etc/passwd", "folder": tmp_path, "loop": path}[kind])
    assert "uns/x inside the store is a link or a pipe, which is never followed" in refused(path)


def test_links_that_a_user_made_are_followed(tmp_path):
    """A link to a file, to a store, and a folder of links, as workflow managers make them, are inputs like others."""
    (tmp_path / "real").mkdir()
    for name in ("a", "b"):
        (tmp_path / "real" / f"{name}.counts").write_text("ISG15\t5\nMX1\t7\n")
    (tmp_path / "linked").mkdir()
    for name in ("a", "b"):
        (tmp_path / "linked" / f"{name}.counts").symlink_to(tmp_path / "real" / f"{name}.counts")
    assert ifn.read(tmp_path / "linked").n_obs == 2
    bombs.zarr(lambda _: None)(tmp_path / "m.zarr")
    (tmp_path / "link.zarr").symlink_to(tmp_path / "m.zarr")
    assert ifn.read(tmp_path / "link.zarr").n_obs == 6


@pytest.mark.parametrize("name", ["m.csv", "m.h5ad", "m.zarr", "folder"])
def test_a_link_to_itself(tmp_path, name):
    (tmp_path / name).symlink_to(tmp_path / name)
    text = refused(tmp_path / name)
    assert text.startswith(str(tmp_path / name))


def test_no_network(tmp_path, monkeypatch):
    """Reading, scoring and writing of a plain matrix open no socket."""

    def forbidden(*_, **__):
        msg = "a socket was opened"
        raise AssertionError(msg)

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    adata = ifn.datasets.whole_blood()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ifn.tl.score(adata, "rice", method="mean_log")


# --- HDF5 that makes its library loop or crash


def test_a_library_that_loops_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "m.h5ad"
    bombs.h5ad(lambda _: None)(path)
    script = tmp_path / "look.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(_hdf5._hdf5_look, "__file__", str(script))
    monkeypatch.setattr(_hdf5, "TIME", 1)
    assert "damaged: the HDF5 library was not through with it after 1 s: copy or download it again" in refused(path)
    script.write_text("import os\nos.kill(os.getpid(), 11)\n")
    assert "damaged: the HDF5 library breaks down on it" in refused(path)


def test_where_no_process_can_be_started_the_look_is_taken_here(tmp_path, monkeypatch):
    path = tmp_path / "m.h5ad"
    bombs.h5ad(lambda file: _external(file, "x"))(path)
    monkeypatch.setattr(sys, "executable", "/not/there/python")
    assert "never opened" in refused(path)
    monkeypatch.setattr(sys, "executable", "")
    assert "never opened" in refused(path)


def test_the_look_needs_nothing_of_this_package():
    """It must start fast: h5py and the standard library only."""
    source = Path(_hdf5._hdf5_look.__file__).read_text(encoding="utf-8")
    assert "ifnscore import" not in source
    assert "import pandas" not in source


# --- spreadsheets


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_guarded_and_come_back(text):
    assert _formulas.guard(text) == f"'{text}"
    assert _formulas.unguard(_formulas.guard(text)) == text
    assert _formulas.unguard(_formulas.guard(_formulas.guard(text))) == _formulas.guard(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_words_stay(text):
    assert _formulas.guard(text) == text
    assert _formulas.unguard(text) == text


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_every_cell_of_a_table_comes_back(dtype, caplog):
    table = pd.DataFrame({"=name": pd.Series([*FORMULAS, *HARMLESS], dtype=dtype), "x": np.arange(20) - 5.5, "y": [None, "=y"] * 10})
    with caplog.at_level("INFO", "ifnscore"):
        written = _formulas.guarded(table)
    n = len(FORMULAS) + 1 + 10
    assert f"an apostrophe stands before {n} cell(s) that a spreadsheet would run as a formula" in caplog.text
    text = written.to_csv(index=False)
    cells = [c for row in csv.reader(io.StringIO(text)) for c in row]
    assert not [c for c in cells if c[:1] in ("=", "@", "\t") or (c[:1] in "+-" and c[1:2].isalpha())]
    back = _formulas.unguarded(written)
    assert list(back.columns) == list(table.columns)
    assert back["=name"].tolist() == table["=name"].tolist()
    assert back["x"].tolist() == table["x"].tolist()


@pytest.fixture
def named(tmp_path):
    """A matrix whose samples, and one signature, are called like formulas; pairs of visits."""
    who = [f"=HYPERLINK({i})" for i in range(7)]
    samples = [f"{w}-{v}" for w in who for v in ("pre", "post")]
    rng = np.random.default_rng(1)
    genes = ["ISG15", "IFI27", "IFI44L", "IFIT1", "RSAD2", "SIGLEC1"]
    values = pd.DataFrame(rng.lognormal(3, 1, (6, 14)), index=genes, columns=samples)
    values.to_csv(tmp_path / "m.tsv", sep="\t", index_label="gene")
    table = pd.DataFrame({"sample_id": samples, "who": np.repeat(who, 2), "visit": ["pre", "post"] * 7})
    table.to_csv(tmp_path / "samples.csv", index=False)
    return tmp_path, samples


@pytest.mark.parametrize("ending", ["tsv", "csv", "parquet"])
def test_scores_of_samples_called_like_formulas_join_again(named, run, ending):
    folder, samples = named
    scores = folder / f"scores.{ending}"
    code, _, err = run("score", folder / "m.tsv", "-s", "rice", "-m", "mean_log", "--scale", "linear", "-o", scores)
    assert code == 0, err
    if ending != "parquet":
        assert "an apostrophe stands before 14 cell(s) that a spreadsheet would run" in err
        lines = scores.read_text().splitlines()[1:]
        assert all(line.lstrip('"').startswith("'=") for line in lines)
    design = ("--patient", "who", "--time", "visit", "--baseline", "pre", "--followup", "post", "--score-type", "log")
    code, out, err = run("compare", scores, "--samples", folder / "samples.csv", *design, "--json")
    assert code == 0, err
    assert json.loads(out)["table"][0]["n_patients"] == 7
    code, out, err = run("score", folder / "m.tsv", "-s", "rice", "-m", "mean_log", "--scale", "linear", "--json")
    assert [r["sample"] for r in json.loads(out)] == samples


def test_stdout_is_guarded_like_a_file(named, run):
    folder, _ = named
    code, out, _ = run("score", folder / "m.tsv", "-s", "rice", "-m", "mean_log", "--scale", "linear", "-q")
    assert code == 0
    assert all(line.startswith("'=") for line in out.splitlines()[1:])


# --- terminals and JSON


def test_control_characters_are_written_out():
    assert visible("a\x1b[31mb\u202ec\x9bd\x07") == r"a\x1b[31mb\u202ec\x9bd\x07"
    assert visible("Größe µ 表") == "Größe µ 表"
    assert str(DataError("x\x1b]0;title\x07\ny")) == r"x\x1b]0;title\x07\ny"


def test_notes_and_warnings_are_clean(caplog):
    with caplog.at_level("INFO", "ifnscore"):
        say("sample \x1b[2J of 100 %s")
    assert caplog.messages == [r"sample \x1b[2J of 100 %s"]
    with pytest.warns(ifn.errors.IfnscoreWarning, match=r"sample \\x1b\[2J"):
        warn("sample \x1b[2J")


@pytest.mark.parametrize("where", ["sample", "gene", "file", "twice"])
def test_names_in_files_do_not_reach_the_terminal(tmp_path, where, run):
    evil = "\x1b]0;owned\x07"
    name = f"m{evil}.tsv" if where == "file" else "m.tsv"
    sample = f"s{evil}" if where != "gene" else "s"
    gene = f"g{evil}" if where == "gene" else "g"
    again = f"\t{sample}" if where == "twice" else "\tother"
    (tmp_path / name).write_text(f"gene\t{sample}{again}\nISG15\t5\t6\n{gene}\tx\t7\n")
    for words in (["score", tmp_path / name], ["inspect", tmp_path / name]):
        code, out, err = run(*words)
        assert code == 1
        assert "\x1b" not in out + err
        assert "\x07" not in out + err


def test_json_is_valid_whatever_the_names(capsys):
    _output.show_json({"a\x1b": ["\x9b31m", "\u202e", "\ud800", "\x7f", "ok ü"], "n": None})
    out = capsys.readouterr().out
    assert not [c for c in out if not c.isprintable() and c != "\n"]
    assert json.loads(out)["a\x1b"] == ["\x9b31m", "\u202e", "\ud800", "\x7f", "ok ü"]


def test_numbers_that_are_none_become_null(run, tmp_path):
    (tmp_path / "m.csv").write_text("gene,a,b\nISG15,0,0\n" + "".join(f"X{i},0,0\n" for i in range(20)) + "MX1,0,5\n")
    code, out, _ = run("score", tmp_path / "m.csv", "-m", "mean_log", "-s", "all", "--json")
    assert code == 0
    assert {r["score"] for r in json.loads(out)} >= {None}
    assert "NaN" not in out


def test_file_names_that_are_no_text(tmp_path):
    """Names of other times and systems: read, shown and stored as escapes."""
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in (b"a\xe9.counts", b"b.counts"):
        (folder / os.fsdecode(name)).write_text("ISG15\t5\nMX1\t7\n")
    adata = ifn.read(folder)
    assert list(adata.obs_names) == [r"a\xe9", "b"]
    assert _files.sample_name(tmp_path / "x.tsv.gz") == "x"
    ended = subprocess.run([sys.executable, "-m", "ifnscore", "score", os.fsencode(folder) + b"/a\xe9.csv"], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1)
