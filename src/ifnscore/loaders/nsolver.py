"""nSolver's export of normalised data: what nSolver has done is left as it is."""

from __future__ import annotations

import math
from pathlib import Path

from ifnscore._lazy import np
from ifnscore.errors import DataError, say
from ifnscore.loaders import _files, _rcc_build, _rcc_table
from ifnscore.loaders._model import Known, Loader, Options

_SUFFIXES = (".csv", ".txt", ".tsv")
#: log2 of a count that no lane reaches; larger values are not logarithms.
_MAX_LOG2 = 30.0
NOTE = "normalised by nSolver over the lanes of one experiment: controls must come from the same experiment"


def _claims(path: Path) -> bool:
    if _files.is_stdin(path) or path.is_dir() or _files.suffix(path) not in _SUFFIXES:
        return False
    rows, layout = _rcc_table.peek(path)
    return layout is not None and _rcc_table.is_fractional(rows, layout)


def _value(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{where}: {text[:40]!r} is not a number; write numbers with a decimal point and without thousands separators"
        raise DataError(msg)
    return value


def _load(path: Path, _: Options) -> Known:
    label = _files.label(path)
    found, where = _rcc_table.read(_files.read_text(path), label)
    lanes = _rcc_table.lanes(where, label)
    values = [
        [_value(row.cell(j), f"{label}, line {row.number}, probe {probe.name}, {lane.sample}") for row, probe in found]
        for j, lane in zip(where.lanes, lanes, strict=True)
    ]
    x = np.array(values)
    made = _rcc_build.build(label, [p for _, p in found], x, lanes, "")
    made.adata.obs = made.adata.obs[[c for c in made.adata.obs.columns if not c.startswith("qc_")]]
    notes = (*made.notes, NOTE)
    say(f"{label}: {NOTE}")
    linear = float(x.max()) > _MAX_LOG2 and float(x.min()) >= 0
    why = "normalised counts of nSolver, above any logarithm of a count" if linear else ""
    return Known(made.adata, "linear" if linear else None, why, made.platform, notes)


LOADER = Loader(
    name="nsolver",
    title="NanoString data normalised by nSolver, as a table",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    order=5,
)
