"""Formats, normalisations and their options: listed, checked before a file is opened, and never dropped silently."""

from __future__ import annotations

import json
import re

import pytest

from ifnscore import loaders, options, pp
from ifnscore.errors import DataError, UsageError
from ifnscore.options import Option

CSV = "gene,s1,s2\nISG15,10,250\nMX1,7,90\n"


def test_the_list_names_every_format_and_option(run):
    code, text, _ = run("formats")
    assert code == 0
    for f in loaders.formats():
        assert f.name.removesuffix("_folder") in text
        assert all(f"--option {o.name}=" in text for o in f.options), f.name
    for n in pp.normalisations():
        assert n.name in text
        assert all(f"--option {o.name}=" in text for o in n.options), n.name
    assert max(map(len, text.splitlines())) <= 100


def test_json_list(run):
    body = json.loads(run("formats", "--json")[1])
    assert {f["id"] for f in body["formats"]} == {f.name for f in loaders.formats()}
    assert {n["id"] for n in body["normalisations"]} == {n.name for n in pp.normalisations()}
    rcc = next(f for f in body["formats"] if f["id"] == "rcc")
    assert rcc["normalise"] == "nanostring"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--option", "strnd=forward"], "unknown option 'strnd'.*Did you mean: strand"),
        (["--option", "strand=sideways"], "option strand=sideways: choose among auto, unstranded, forward, reverse"),
        (["--option", "strand"], "--option 'strand': write NAME=VALUE"),
        (["--normalise", "nanostrng"], "unknown normalisation 'nanostrng'.*Did you mean: nanostring"),
    ],
)
def test_what_nothing_knows_is_refused_without_a_file(run, arguments, sentence):
    code, _, err = run("score", "not_there.csv", *arguments)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert re.search(sentence, err), err


def test_an_option_that_the_file_has_no_use_for(tmp_path):
    (tmp_path / "m.csv").write_text(CSV)
    with pytest.raises(DataError, match=r"m\.csv: option strand has no meaning here"):
        loaders.read(tmp_path / "m.csv", strand="forward")
    with pytest.raises(DataError, match="option housekeeping has no meaning here"):
        loaders.read(tmp_path / "m.csv", housekeeping="auto")


def test_a_normalisation_that_does_not_fit_the_scale(tmp_path):
    (tmp_path / "m.csv").write_text(CSV.replace("10", "10.5"))
    with pytest.raises(DataError, match="scanpy starts from counts, and the scale is linear"):
        loaders.read(tmp_path / "m.csv", scale="linear", normalise="scanpy")


def test_a_layer_is_never_normalised(tmp_path):
    (tmp_path / "m.csv").write_text(CSV)
    with pytest.raises(UsageError, match="works on X, not on layer 'raw'"):
        loaders.read(tmp_path / "m.csv", normalise="scanpy", layer="raw")


def test_a_value_of_another_format():
    known = [Option("quantity", "", choices=("tpm",), default="tpm")]
    options.check({"quantity": "fpkm"}, [*known, Option("quantity", "", choices=("fpkm",))])
    with pytest.raises(DataError, match=r"a\.sf: option quantity=fpkm is not for this format; choose among tpm"):
        options.resolve({"quantity": "fpkm"}, known, "a.sf")
    assert options.resolve({}, known, "a.sf") == {"quantity": "tpm"}


def test_files_that_options_name_are_inputs(run, tmp_path):
    """An output must never replace the table that an option reads."""
    (tmp_path / "m.csv").write_text(CSV)
    table = tmp_path / "tx2gene.csv"
    table.write_text("tx,gene\n")
    code, _, err = run("score", tmp_path / "m.csv", "--option", f"tx2gene={table}", "-o", table, "--force")
    assert code == 1
    assert "is an input of this run" in err
    assert table.read_text() == "tx,gene\n"
