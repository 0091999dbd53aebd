"""Tables of NanoString software: probes in rows, lanes in columns, facts about lanes above them.

Two layouts. The *RCC Collector Tool* writes rows of attributes (``File Name,,,a.RCC,b.RCC``; ``Gene RLF``; ``FOV Count`` ...)
and then one row a probe: code class, name, accession, counts (seen in NanoStringQCPro's example file). nSolver's table export has
one header row with ``Probe Name`` and ``Class Name`` (or ``Code Class``), describing columns, and one column a lane; rows of
annotations and a blank row may stand between header and probes (known from programs that read it, not from a file of the vendor).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ifnscore.errors import DataError
from ifnscore.loaders import _files
from ifnscore.loaders._rcc_build import is_known_class
from ifnscore.loaders._rcc_parse import Probe
from ifnscore.loaders._rcc_qc import Lane, number

_NAMES = ("probe name", "probename", "gene name", "genename", "name")
CLASSES = ("class name", "classname", "code class", "codeclass")
_ACCESSIONS = ("accession #", "accession", "accession number")
#: Columns of nSolver that describe probes or summarise lanes.
_DESCRIBING = re.compile(
    r"annotation.*|.*\bid\b.*|analyte type|target sequence|species.*|comments?|description|.*flag.*|.*threshold.*|%.*|"
    r"(avg|average|mean|min|max|median|std|sd|stdev)\b.*|.*cv\b.*|gene\.?rlf|position|probe.*label|is ?control.*|p-?value.*",
    re.IGNORECASE,
)
_FACTS = {
    "sample id": "rcc_id",
    "gene rlf": "rlf",
    "generlf": "rlf",
    "lane id": "lane",
    "cartridge id": "cartridge",
    "cartridgeid": "cartridge",
    "scanner id": "scanner",
    "scannerid": "scanner",
    "fov count": "fov_count",
    "fovcount": "fov_count",
    "fov counted": "fov_counted",
    "fovcounted": "fov_counted",
    "binding density": "binding_density",
    "bindingdensity": "binding_density",
}
_NUMBERS = ("fov_count", "fov_counted", "binding_density")
_HEAD_ROWS = 60
_FIRST_LANE = 3
_FRACTION = re.compile(r"\d+\.\d*[1-9]\d*([eE][+-]?\d+)?|\d*\.?\d+[eE]-\d+")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its number from 1, and its cells."""

    number: int
    cells: list[str]

    def cell(self, j: int) -> str:
        """Return a cell, empty where the line is short."""
        return self.cells[j] if j < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand.

    Attributes
    ----------
    name, code_class, accession
        Columns; -1 for no accession.
    lanes
        Columns of the lanes.
    samples
        Their names as printed.
    first
        Index of the first row that may hold a probe.
    facts
        Field of :class:`Lane` -> text of each lane.
    """

    name: int
    code_class: int
    accession: int
    lanes: list[int]
    samples: list[str]
    first: int
    facts: dict[str, list[str]]


def rows(data: bytes) -> list[Row]:
    """Return the rows of a text with commas, tabs or semicolons."""
    text = data.decode("utf-8", errors="replace")
    head = text[:4096]
    separator = max("\t;,", key=head.count)
    try:
        return list(_rows(text, separator))
    except csv.Error:  # a stray carriage return, or a cell of 100,000 letters: quotes then mean nothing
        return [Row(i, [c.strip() for c in line.split(separator)]) for i, line in enumerate(text.split("\n"), 1)]


def _rows(text: str, separator: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for cells in reader:
        yield Row(reader.line_num, [c.strip() for c in cells])


def peek(path: Path) -> tuple[list[Row], Layout | None]:
    """Return the first rows of a file and their layout, None where it is neither of the two."""
    data = _files.peek(path)
    if not data or b"\0" in data[:2] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if len(data) >= _files.HEAD:
        data = data.rpartition(b"\n")[0]
    found = rows(data)
    return found, layout(found)


def is_fractional(found: Sequence[Row], where: Layout) -> bool:
    """Whether any value of a gene is no whole number, as after normalisation."""
    probes = (r for r in found[where.first :] if is_known_class(r.cell(where.code_class)))
    return any(_FRACTION.fullmatch(r.cell(j)) for r in probes for j in where.lanes)


def layout(found: Sequence[Row]) -> Layout | None:
    """Return the layout of a table, None where it is neither of the two."""
    for i, row in enumerate(found[:_HEAD_ROWS]):
        words = [plain(c) for c in row.cells]
        name = next((words.index(w) for w in _NAMES if w in words), -1)
        code_class = next((words.index(w) for w in CLASSES if w in words), -1)
        if name >= 0 and code_class >= 0 and any(row.cells[_FIRST_LANE:]):
            shift = _row_names(found[i + 1 : i + 2], code_class)
            return _grid(found, i, name + shift, code_class + shift, ["", *row.cells] if shift else row.cells)
        if is_known_class(row.cell(0)) and i > 0:
            return _collector(found, i)
    return None


def plain(word: str) -> str:
    """Return the name of a column in small letters, with single spaces for dots and underscores, as R writes them.

    Examples
    --------
    >>> [plain(w) for w in ("Code.Class", "CODE_CLASS", "Code  Class", "CodeClass")]
    ['code class', 'code class', 'code class', 'codeclass']
    """
    return " ".join(re.split(r"[._\s]+", word.strip().lower()))


def _row_names(below: Sequence[Row], code_class: int) -> int:
    """Return 1 where the rows begin with a name that the header does not count, as R writes tables, else 0."""
    return int(any(is_known_class(r.cell(code_class + 1)) and not is_known_class(r.cell(code_class)) for r in below))


def _collector(found: Sequence[Row], first: int) -> Layout | None:
    facts: dict[str, list[str]] = {}
    names: list[str] = []
    for row in found[:first]:
        key = re.sub(r"\s+", " ", row.cell(0).lower().rstrip(": "))
        if key in ("file name", "filename") and not names:
            names = row.cells[_FIRST_LANE:]
        elif key in _FACTS:
            facts[_FACTS[key]] = row.cells
    while names and not names[-1]:
        names.pop()
    if not names:
        return None
    lanes = list(range(_FIRST_LANE, _FIRST_LANE + len(names)))
    return Layout(1, 0, 2, lanes, names, first, {k: [_at(v, j) for j in lanes] for k, v in facts.items()})


def _grid(found: Sequence[Row], i: int, name: int, code_class: int, header: list[str]) -> Layout | None:
    words = [plain(c) for c in header]
    accession = next((words.index(w) for w in _ACCESSIONS if w in words), -1)
    lanes = [j for j, c in enumerate(header) if re.search(r"\.rcc\b", c, re.IGNORECASE)]
    if not lanes:
        taken = {name, code_class, accession}
        first = min(name, code_class)  # row names may stand before
        lanes = [j for j, c in enumerate(header) if c and j > first and j not in taken and not _DESCRIBING.fullmatch(c)]
    if not lanes:
        return None
    before = _collector(found, i) if i else None
    facts = before.facts if before and before.lanes == lanes else {}
    samples = before.samples if before and before.lanes == lanes else [header[j] for j in lanes]
    return Layout(name, code_class, accession, lanes, samples, i + 1, facts)


def _at(cells: list[str], j: int) -> str:
    return cells[j] if j < len(cells) else ""


def read(data: bytes, label: str) -> tuple[list[tuple[Row, Probe]], Layout]:
    """Return the probe rows of a table and its layout.

    Raises
    ------
    DataError
        The layout is none of the two, there are no probes, the last row is cut off, a probe has no name or stands twice, or a
        lane has no name.
    """
    found = rows(data)
    where = layout(found)
    if where is None:
        msg = f"{label}: neither the layout of the RCC Collector (rows 'File Name', 'Gene RLF', ...) nor of an nSolver table"
        raise DataError(msg)
    nameless = next((j for j, s in zip(where.lanes, where.samples, strict=True) if not s), None)
    if nameless is not None:
        msg = f"{label}: column {nameless + 1} has no file name"
        raise DataError(msg)
    _check_end(found, where, label)
    probes: list[tuple[Row, Probe]] = []
    first: dict[Probe, int] = {}
    for row in found[where.first :]:
        probe = Probe(row.cell(where.code_class), row.cell(where.name), row.cell(where.accession) if where.accession >= 0 else "")
        if not probe.code_class or not any(row.cell(j) for j in where.lanes):
            continue
        if not probe.name:
            msg = f"{label}, line {row.number}: a probe without a name"
            raise DataError(msg)
        if probe in first:
            msg = f"{label}, line {row.number}: probe {probe.name} ({probe.accession}) stands twice, first in line {first[probe]}"
            raise DataError(msg)
        first[probe] = row.number
        probes.append((row, probe))
    if not any(is_known_class(p.code_class) for _, p in probes):
        msg = f"{label}: no rows of probes (code class Endogenous, Housekeeping, Positive or Negative) below the header"
        raise DataError(msg)
    return probes, where


def _check_end(found: Sequence[Row], where: Layout, label: str) -> None:
    """Refuse a table whose last row ends before the last lane: a copy that stopped within it."""
    last = next((r for r in reversed(found[where.first :]) if any(r.cells)), None)
    if last is not None and len(last.cells) <= where.lanes[-1]:
        msg = (
            f"{label}, line {last.number}: the last row ends after {len(last.cells)} of {where.lanes[-1] + 1} columns: "
            "the file is cut off; copy or export it again"
        )
        raise DataError(msg)


def lanes(where: Layout, label: str) -> list[Lane]:
    """Return the lanes of a table.

    Raises
    ------
    DataError
        Two have the same name.
    """
    names = [re.sub(r"\.rcc\b", "", s, flags=re.IGNORECASE).strip() for s in where.samples]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        msg = f"{label}: two columns are named {twice!r}; samples must be unique"
        raise DataError(msg)
    out = []
    for i, name in enumerate(names):
        facts = {k: v[i] for k, v in where.facts.items()}
        known: dict[str, Any] = {k: number(v) if k in _NUMBERS else v for k, v in facts.items()}
        out.append(Lane(sample=name, **known))
    return out
