"""Frozen controls (healthy.json)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.badinputs._model import CSV, GENES, Case, Outcome, X, files

from ifnscore import reference
from ifnscore.reference import Reference, Stratum

_WORDS = ("score", "{folder}/m.csv", "--reference", "{path}", "-s", "rice", "-m", "zref_mean", "-o", "{out}/scores.tsv")
_SHOW = ("reference", "show", "{path}")


def body() -> dict[str, Any]:
    """Return a valid reference of twelve controls as JSON-ready types."""
    values = np.tile(X / X.sum(axis=1, keepdims=True) * 1e6, (4, 1)) + np.arange(12)[:, None]
    made = Reference(scale="counts", genes=GENES, rows={}, strata=(Stratum(values=values, n_samples=12),), n_universe=6)
    return made.to_dict()


def _text(change: Callable[[dict[str, Any]], object] | None = None, rehash: bool = True) -> str:
    """Return the JSON of a reference with a change, its hash mended unless told otherwise."""
    made = body()
    if change is not None:
        change(made)
    if rehash:
        made.pop("hash", None)
        made["hash"] = reference._hash(made)
    return json.dumps(made)


def _case(id: str, wrong: str, content: object, says: str, **more: object) -> Case:
    more.setdefault("words", _WORDS)
    name = str(more.pop("name", "healthy.json"))
    return Case(id=f"reference-{id}", format="reference", wrong=wrong, make=files({"m.csv": CSV, name: content}, name), says=says, **more)


def _damaged(body: dict[str, Any]) -> None:
    body["strata"][0]["values"][0][0] += 1


def _nan(body: dict[str, Any]) -> None:
    body["strata"][0]["values"][0][3] = float("nan")


def _ragged(body: dict[str, Any]) -> None:
    body["strata"][0]["values"][0].pop()


def _word(body: dict[str, Any]) -> None:
    body["strata"][0]["values"][0][0] = "a word"


def _huge(body: dict[str, Any]) -> None:
    body["strata"][0]["values"][0][3] = 1e308


def _few(body: dict[str, Any]) -> None:
    body["strata"][0]["values"] = body["strata"][0]["values"][:1]
    body["strata"][0].update(n_controls=1, n_samples=1)


def _directory(folder: Path) -> Path:
    (folder / "m.csv").write_text(CSV)
    (folder / "healthy.json").mkdir()
    return folder / "healthy.json"


def _no_score(outcome: Outcome) -> None:
    rows = (outcome.out / "scores.tsv").read_text(encoding="utf-8").splitlines()
    assert [r.split("\t")[1] for r in rows] == ["rice2013_ags6", "NA", "NA", "NA"]


_NO = "is not a reference"
CASES = [
    _case("empty", "0 bytes", b"", f"{_NO}: it is not JSON"),
    _case("truncated", "cut off", _text()[:300], f"{_NO}: it is not JSON"),
    _case("other-json", "JSON of something else", '{"a": 1}', f"{_NO} of format 1"),
    _case("list", "a JSON list", "[1, 2]", f"{_NO} of format 1"),
    _case("binary", "random bytes", bytes(range(256)), f"{_NO}: it is not JSON"),
    _case("utf16", "UTF-16", _text().encode("utf-16"), f"{_NO}: it is not JSON"),
    _case("deep", "100,000 brackets", "[" * 100_000, "is not a reference: it is not JSON (make one with: ifnscore reference fit)"),
    _case("missing", "no such file", b"", "cannot read the reference: No such file or directory", words=[w.replace("{path}", "{folder}/gone.json") for w in _WORDS], named="gone.json"),
    _case("folder", "a folder", b"", "cannot read the reference: Is a directory"),
    _case("changed", "a value was changed", _text(_damaged, rehash=False), "the content does not fit its hash, so it was changed or damaged"),
    _case("no-hash", "the hash is missing", _text(lambda b: b.pop("hash"), rehash=False), "the content does not fit its hash"),
    _case("future", "a version from the future", _text(lambda b: b.update(ifnscore_reference=99)), f"{_NO} of format 1"),
    _case("no-strata", "its hash fits, but strata are missing", _text(lambda b: b.pop("strata")), "'strata' is missing or of the wrong kind; make the reference again with: ifnscore reference"),
    _case("empty-strata", "its hash fits, but there are no controls", _text(lambda b: b.update(strata=[])), "it holds no controls; make the reference again with: ifnscore reference fit"),
    _case("strata-list", "its hash fits, but strata are numbers", _text(lambda b: b.update(strata=[1])), "stratum 1: it is no table; make the reference again with: ifnscore reference fit"),
    _case("scale", "an unknown scale", _text(lambda b: b.update(scale="log10")), "unknown scale 'log10'"),
    _case("scale-list", "a scale that is a list", _text(lambda b: b.update(scale=[])), "'scale' is missing or of the wrong kind; make the reference again with: ifnscore reference fit"),
    _case("nan", "NaN among the controls", _text(_nan), "genes dropped for all samples alike ... ISG15", code=0, holds=_no_score),
    _case("ragged", "a control with one value less", _text(_ragged), "stratum 1: control 1 does not have 6 values, one a gene; make the reference again with:"),
    _case("word", "a word among the values", _text(_word), "stratum 1: control 1 holds 'a word', which is no expression value; make the reference again"),
    _case("huge", "1e308 among the values", _text(_huge), "stratum 1: control 1 holds 1e+308, which is no expression value; make the reference again"),
    _case("genes", "fewer genes than values", _text(lambda b: b["genes"].pop()), "stratum 1: control 1 does not have 5 values, one a gene; make the reference again with:"),
    _case("gene-numbers", "genes that are numbers", _text(lambda b: b.update(genes=[1, 2, 3, 4, 5, 6])), "'genes' must be names, each once; make the reference again with: ifnscore reference fit"),
    _case("duplicate-genes", "a gene twice", _text(lambda b: b.update(genes=["ISG15"] * 6)), "'genes' must be names, each once; make the reference again with: ifnscore reference fit"),
    _case("other-genes", "none of the genes of the signature", _text(lambda b: b.update(genes=[f"G{i}" for i in range(6)])), "no score for rice2013_ags6 (0/6 genes", code=0, holds=_no_score),
    _case("other-scale", "made on another scale", _text(lambda b: b.update(scale="log2", stored_scale="log2")), "the reference is on scale log2, this matrix on counts: use one made from the same kind of data", named=""),
    _case("one-control", "one control", _text(_few), "no score for rice2013_ags6 (0/6 genes", code=0, holds=_no_score),
    _case("rows", "rows that are no pairs", _text(lambda b: b.update(rows={"ISG15": 3})), "the row of 'ISG15' must be an identifier and a number; make the reference again with:"),
    _case("show-damaged", "shown: a value was changed", _text(_damaged, rehash=False), "the content does not fit its hash", words=_SHOW),
    _case("show-word", "shown: n_samples is a word", _text(lambda b: b["strata"][0].update(n_samples="x")), "stratum 1: 'n_samples' is missing or of the wrong kind; make the reference again with: ifnscore", words=_SHOW),
    _case("show-age", "shown: an age range of one number", _text(lambda b: b["strata"][0].update(age_range=[5])), "stratum 1: 'age_range' must be two numbers; make the reference again with: ifnscore reference fit", words=_SHOW),
]  # fmt: skip
CASES = [c if c.id != "reference-folder" else Case(id=c.id, format=c.format, wrong=c.wrong, make=_directory, says=c.says, words=_WORDS) for c in CASES]
