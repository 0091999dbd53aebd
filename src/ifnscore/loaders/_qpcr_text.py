"""Text of qPCR exports: preamble, header, rows, footer, whatever the software and the line endings."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from ifnscore.errors import DataError
from ifnscore.loaders import _files
from ifnscore.loaders._qpcr_columns import Role, biomark_roles, plain, roles

Kind: TypeAlias = Literal["long", "abi", "cfx", "biomark", "headless"]

#: Before the general table loaders, and before those that look at the shape of lines only.
ORDER = -1
#: What messages call the writers.
_WRITERS: dict[Kind, str] = {
    "abi": "Applied Biosystems export",
    "cfx": "Bio-Rad CFX export",
    "biomark": "Fluidigm BioMark export",
    "headless": "SDS export without a header",
}
#: File name endings of text that instrument software writes; ``.xls`` is often text by another name.
SUFFIXES = (".txt", ".csv", ".tsv", ".tab", ".xls", ".asc", "")
_SEPARATORS = ("\t", ",", ";")
_NEWLINE = re.compile(r"\r\n|\n|\r")
#: A line that may be a header: it has one of the words for Ct.
_MAY_BE_HEADER = re.compile(r"\b(c[tqpт]|crt|cycle|crossing)\b|c\?|c\(t\)", re.IGNORECASE)
_ABI_KEY = re.compile(
    r"[*#\"\s]*(block type|chemistry|experiment (barcode|name|file name|type)|instrument type|passive reference"
    r"|quantification cycle method|assay type|thermalcycleparams|document name|plate type)\s*[=:,\t]",
    re.IGNORECASE,
)
_SDS = re.compile(r"\s*\"?sds v?[12]\.\d", re.IGNORECASE)
#: SDS plain exports: number, name, well, passed or flagged, sample, detector, task, Ct; no header.
_HEADLESS = re.compile(
    r"\d+\t[^\t]*\t[A-P]\d{1,2}\t(Passed|Flagged|Failed|Undetermined|Unreliable)?\t[^\t]*\t[^\t]*\t[A-Za-z ]*\t"
    r"(\d+([.,]\d+)?|Undetermined|)(\t|$)"
)
_HEADLESS_COLUMNS: dict[Role, int] = {"well": 2, "flag": 3, "sample": 4, "target": 5, "task": 6, "ct": 7}
_FOOTER = {"reference sample", "endogenous control", "analysis type", "rq min max confidence level"}


class Row(NamedTuple):
    """A line of a file: its number from 1, its cells."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the table of a file begins and what its columns are.

    Attributes
    ----------
    kind
        Which software wrote it.
    columns
        Column of each role.
    names
        Column names as they stand.
    separator
        Tab, comma or semicolon.
    after
        Position of the first line behind the header.
    """

    kind: Kind
    columns: dict[Role, int]
    names: list[str]
    separator: str
    after: int


@dataclass(frozen=True, slots=True)
class Export:
    """The table of one file.

    Attributes
    ----------
    label
        The file as messages name it.
    header
        See :class:`Header`.
    rows
        Lines that stand for a well.
    footer
        What stands behind the table, by name in small letters.
    """

    label: str
    header: Header
    rows: list[Row]
    footer: dict[str, str] = field(default_factory=dict)


def kind_of(path: Path) -> Kind | None:
    """Return which software wrote a file, or None where it is no table of Ct values; looks at the first bytes only."""
    if _files.is_stdin(path) or not path.is_file() or _files.suffix(path) not in SUFFIXES:
        return None
    head = _files.peek(path)
    return None if b"\0" in head[:4096] and head[:2] not in (b"\xff\xfe", b"\xfe\xff") else _kind(head)


@functools.lru_cache(maxsize=64)
def _kind(head: bytes) -> Kind | None:
    """Return what the first bytes say; every format asks about the same ones."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    lines = _NEWLINE.split(text)
    found = find_header(lines)
    if found is not None:
        return found.kind
    return "abi" if _is_abi(lines) else None


def split(line: str, separator: str) -> list[str]:
    """Return the cells of one line; quotes are understood."""
    if '"' not in line:
        return [c.strip() for c in line.split(separator)]
    try:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        cells = line.split(separator)
    return [c.strip() for c in cells]


def _is_abi(lines: Sequence[str]) -> bool:
    """Whether a file begins as Applied Biosystems software does."""
    top = [line for line in lines[:60] if line.strip()]
    marks = sum(_ABI_KEY.match(line) is not None for line in top)
    starred = sum(line.lstrip('"').startswith("* ") for line in top)
    return any(_SDS.match(line) for line in top[:12]) or (marks > 0 and starred > 0) or marks > 1


def find_header(lines: Sequence[str]) -> Header | None:
    """Return the header of the table of Ct values, or None.

    Parameters
    ----------
    lines
        The lines of a file, or the first ones. Where sections such as ``[Results]`` exist, only that one is looked at.
    """
    filled = [line for line in lines if line.strip()]
    if filled[:50] and all(_HEADLESS.match(line) for line in filled[:50]) and (len(filled) > 1 or filled[0].count("\t") > 7):  # noqa: PLR2004
        return Header("headless", dict(_HEADLESS_COLUMNS), [], "\t", 0)
    section = ""
    has_results = any(line.strip().strip(',;\t"').lower() == "[results]" for line in lines)
    for i, line in enumerate(lines):
        bare = line.strip().strip(',;\t"').lower()
        if bare.startswith("[") and bare.endswith("]"):
            section = bare
        elif (not has_results or section == "[results]") and _MAY_BE_HEADER.search(line):
            found = _header(lines, i)
            if found is not None:
                return found
    return None


def _header(lines: Sequence[str], i: int) -> Header | None:
    for separator in _SEPARATORS:
        cells = split(lines[i], separator)
        if i and i + 1 < len(lines) and plain(cells[0]) == "chamber":
            low = split(lines[i + 1], separator)
            columns = biomark_roles(split(lines[i - 1], separator), cells, low)
            if columns is not None:
                return Header("biomark", columns, low, separator, i + 2)
        columns = roles(cells) if len(cells) > 2 else None  # noqa: PLR2004
        if columns is not None:
            return Header(_written_by(cells, lines[:i]), columns, cells, separator, i + 1)
    return None


def _written_by(cells: Sequence[str], before: Sequence[str]) -> Kind:
    names = {plain(c) for c in cells}
    if {"fluor", "content"} <= names:
        return "cfx"
    if _is_abi(before) or {"target name", "task", "reporter"} <= names or {"detector name", "task"} <= names:
        return "abi"
    return "long"


def read(path: Path) -> Export:
    """Read the table of Ct values of a file.

    Raises
    ------
    DataError
        The file is empty or damaged, has no such table, or a row is cut off.
    """
    label = _files.label(path)
    lines = _NEWLINE.split(_files.read_text(path).decode("utf-8", errors="replace"))
    header = find_header(lines)
    if header is None:
        msg = (
            f"{label}: no table with a Ct or Cq column: export the results of the wells (in QuantStudio, StepOne and ViiA 7 "
            "the section 'Results') with the columns sample, target and Ct"
        )
        raise DataError(msg)
    return _export(label, header, [Row(n, split(t, header.separator)) for n, t in enumerate(lines, 1) if n > header.after])


def _export(label: str, header: Header, lines: Sequence[Row]) -> Export:
    """Return the rows that are wells, and the footer."""
    last = max(header.columns.values())
    rows: list[Row] = []
    footer: dict[str, str] = {}
    for row in lines:
        first = next((c for c in row.cells if c), "")
        if first.startswith("[") and first.endswith("]"):
            break
        said = _said(row.cells)
        if said is not None:
            footer[said[0]] = said[1]
        elif first and len(row.cells) <= last:
            msg = (
                f"{label}, line {row.number}: {len(row.cells)} fields where {last + 1} or more are expected (too few): "
                "is the file cut off, or a name split by a separator?"
            )
            raise DataError(msg)
        elif first:
            rows.append(row)
    if not rows:
        msg = f"{label}: only a header line, no wells"
        raise DataError(msg)
    return Export(label, header, rows, footer)


def _said(cells: Sequence[str]) -> tuple[str, str] | None:
    """Return name and value of a footer line such as ``Reference Sample = C25``."""
    filled = [c for c in cells if c]
    if len(filled) == 1 and " = " in filled[0]:
        name, _, value = filled[0].partition(" = ")
        return plain(name), value.strip()
    if filled and plain(filled[0].removesuffix("=")) in _FOOTER and len(filled) <= 2:  # noqa: PLR2004
        return plain(filled[0].removesuffix("=")), filled[1] if len(filled) > 1 else ""
    return None


def why(export: Export) -> str:
    """Return what says that these are Ct values."""
    header = export.header
    column = f"column {header.names[header.columns['ct']]!r} holds Ct values" if header.names else ""
    return ": ".join(word for word in (_WRITERS.get(header.kind, ""), column) if word)


def from_cells(label: str, rows: Sequence[Sequence[str]]) -> Export | None:
    """Return the table of Ct values in the cells of a spreadsheet, or None where there is none."""
    lines = ["\t".join(c.replace("\t", " ") for c in row) for row in rows]
    header = find_header(lines)
    if header is None:
        return None
    return _export(label, header, [Row(n, list(r)) for n, r in enumerate(rows, 1) if n > header.after])
