"""Raw counts as a table: the RCC Collector Tool, and nSolver's export of raw data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ifnscore._lazy import np
from ifnscore.loaders import _files, _rcc_build, _rcc_parse, _rcc_table
from ifnscore.loaders._model import Known, Loader, Options

_SUFFIXES = (".csv", ".txt", ".tsv")


def _claims(path: Path) -> bool:
    if _files.is_stdin(path) or path.is_dir() or _files.suffix(path) not in _SUFFIXES:
        return False
    rows, layout = _rcc_table.peek(path)
    return layout is not None and not _rcc_table.is_fractional(rows, layout)


def _load(path: Path, _: Options) -> Known:
    label = _files.label(path)
    found, where = _rcc_table.read(_files.read_text(path), label)
    lanes = _rcc_table.lanes(where, label)
    counts = [
        [_rcc_parse.count(row.cell(j), f"{label}, line {row.number}, probe {probe.name}, {lane.sample}") for row, probe in found]
        for j, lane in zip(where.lanes, lanes, strict=True)
    ]
    probes = [probe for _, probe in found]
    known = _rcc_build.build(label, probes, np.array(counts, dtype=np.int64), lanes, "a table of raw NanoString counts")
    doubt = _doubt({probe.code_class.lower() for probe in probes})
    return replace(known, scale=None, doubt=doubt) if doubt else known


def _doubt(classes: set[str]) -> str:
    """Say why whole numbers may have been normalised and rounded: raw exports hold positive and negative controls."""
    missing = [kind for kind in ("positive", "negative") if not any(c.startswith(kind) for c in classes)]
    if not missing:
        return ""
    return (
        f"a NanoString table without {' and '.join(missing)} control probes may hold normalised values: "
        "declare --scale counts, or --scale linear --normalise none"
    )


LOADER = Loader(
    name="rcc_collector",
    title="NanoString raw counts as a table: RCC Collector Tool or nSolver raw data",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    order=5,
    normalise="nanostring",
)
