"""Sheets of an Excel workbook as rows of cells, by openpyxl in its read-only mode.

A workbook is a zip archive of XML (ECMA-376): what it expands to is bounded by :mod:`ifnscore.loaders._bounds`, a document
type in one of its parts is refused (no spreadsheet program writes one, and entities are how XML expands), and what a sheet
declares of its size is not believed.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders import _bounds
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._optional import need

#: Rows of a sheet that Excel can hold; a row of a higher number is a forgery that would be counted up to.
MAX_ROWS = 1_048_576
#: What a cell takes in memory: the number, and its place in the row.
_CELL = 40
#: Cells between two looks at how many there are.
_STEP = 100_000
_HEAD = 4096
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells of a sheet: ``rows[i][j]`` lies in row i + 1 and column j + 1. Blank cells are None; rows end where cells end."""

    label: str
    name: str
    rows: list[tuple[Any, ...]]

    @property
    def where(self) -> str:
        """How messages name the sheet."""
        return f"{self.label}, sheet {self.name!r}"


def reference(row: int, column: int) -> str:
    """Return how Excel names a cell, such as ``B7``; both count from 0."""
    letters, n = "", column + 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def is_workbook(path: Path, label: str) -> bool:
    """Whether a file is a workbook in the format of Excel 2007 and later, or text (False).

    Raises
    ------
    DataError
        It is empty, or in the format of Excel 97, or protected by a password.
    """
    try:
        with path.open("rb") as handle:
            magic = handle.read(8)
    except OSError as error:
        msg = f"{label}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error
    if not magic:
        msg = f"{label}: the file is empty"
        raise DataError(msg)
    if magic == OLE:
        msg = f"{label}: an old Excel file (.xls), or one with a password: save it as .xlsx without a password"
        raise DataError(msg)
    return magic.startswith(ZIP)


@contextmanager
def _book(path: Path, label: str, *, values: bool = True) -> Iterator[Any]:
    """Open a workbook; with `values` cells of formulas hold what Excel computed last, otherwise the formula."""
    openpyxl = need("openpyxl", label, "Excel sheets")
    _bounds.check_zip(path, label)
    try:
        with warnings.catch_warnings(), path.open("rb") as handle:
            warnings.simplefilter("ignore")
            _refuse_document_types(path, label)
            book = openpyxl.load_workbook(handle, read_only=True, data_only=values, keep_links=False)
            yield book
    except (MemoryError, DataError):
        raise
    except Exception as error:  # openpyxl lets those of zipfile, the XML parser and its own through
        msg = f"{label}: not a readable Excel workbook, damaged or cut off ({reason(error)})"
        raise DataError(msg) from error


def _refuse_document_types(path: Path, label: str) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                with archive.open(member) as part:
                    head = part.read(_HEAD).replace(b"\0", b"")
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    msg = f"{label}: {member.filename!r} holds a document type, which no spreadsheet program writes: refused"
                    raise DataError(msg)


def sheets(path: Path, label: str) -> dict[str, bool]:
    """Return the names of the sheets with cells, in order, and whether each is shown."""
    with _book(path, label) as book:
        found = {str(s.title): s.sheet_state == "visible" for s in book.worksheets}
    if not found:
        msg = f"{label}: the workbook has no sheet with cells"
        raise DataError(msg)
    return found


def named(path: Path, label: str, asked: str) -> str:
    """Return the sheet of this name, in any case.

    Raises
    ------
    DataError
        There is none.
    """
    found = sheets(path, label)
    lowered = {n.strip().lower(): n for n in found}
    if asked in found or asked.strip().lower() in lowered:
        return asked if asked in found else lowered[asked.strip().lower()]
    shown = listing([n if visible else f"{n} (hidden)" for n, visible in found.items()], 8)
    msg = f"{label}: no sheet {asked!r}; the sheets are {shown}.{nearest(asked, found)}"
    raise DataError(msg)


def read(path: Path, label: str, name: str) -> Sheet:
    """Return the cells of a sheet.

    Raises
    ------
    DataError
        The workbook is damaged, or the sheet needs more memory than allowed.
    """
    rows: list[tuple[Any, ...]] = []
    with _book(path, label) as book:
        total, checked = 0, 0
        for row in _rows(book[name], label, name):
            rows.append(_cut(row) if row else ())
            total += len(row)
            if total > checked + _STEP:
                _bounds.check(total * _CELL, None, label, f"sheet {name!r}")
                checked = total
    while rows and not rows[-1]:
        rows.pop()
    return Sheet(label, name, rows)


def _cut(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the cells of a row up to the last one that is filled."""
    cells = [_plain(c) for c in row]
    while cells and cells[-1] is None:
        cells.pop()
    return tuple(cells)


def _rows(sheet: Any, label: str, name: str) -> Iterator[tuple[Any, ...]]:
    """Go through the rows as they are stored, not as the sheet declares its size (A1:XFD1048576)."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MAX_ROWS:
            msg = f"{label}: sheet {name!r} has a row beyond {MAX_ROWS}, which no Excel sheet has: the file is damaged"
            raise DataError(msg)
        yield row


def _plain(cell: Any) -> Any:
    """Return a cell; text without blanks around it, nothing for empty text."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def refuse_formulas(path: Path, sheet: Sheet, columns: set[int], first: int) -> None:
    """Refuse formulas that no program has computed: their cells are blank although they should hold something.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Its cells as read.
    columns
        Columns that matter.
    first
        First row that matters.

    Raises
    ------
    DataError
        Names the cell.
    """
    if not any(j >= len(row) or row[j] is None for row in sheet.rows[first:] for j in columns):
        return
    with _book(path, sheet.label, values=False) as book:
        for i, row in enumerate(_rows(book[sheet.name], sheet.label, sheet.name)):
            here = sheet.rows[i] if i < len(sheet.rows) else ()
            for j in columns if i >= first else ():
                if j < len(row) and row[j] is not None and _plain(row[j]) is not None and (j >= len(here) or here[j] is None):
                    msg = (
                        f"{sheet.where}, cell {reference(i, j)}: a formula without a stored value: "
                        "open the workbook in a spreadsheet program, recalculate and save it"
                    )
                    raise DataError(msg)


def as_text(path: Path, label: str, delimiter: str = "\t") -> str:
    """Return a sheet of annotations as text, one line a row: the sheet called samples, otherwise the first one.

    Dates become ISO dates, whole numbers have no decimal part, tabs and line breaks inside a cell become blanks.

    Raises
    ------
    DataError
        The workbook is damaged, or a formula has no stored value.
    """
    found = sheets(path, label)
    shown = [n for n, visible in found.items() if visible] or list(found)
    name = next((n for n in found if n.strip().lower() == "samples"), shown[0])
    if len(found) > 1:
        say(f"{label}: sheet {name!r} is read; the others ({listing([n for n in found if n != name], 4)}) are not")
    sheet = read(path, label, name)
    width = max((len(r) for r in sheet.rows), default=0)
    refuse_formulas(path, sheet, set(range(width)), 0)
    filled = [r + (None,) * (width - len(r)) for r in sheet.rows if r]
    kept = [j for j in range(width) if any(r[j] is not None for r in filled)]
    return "".join(delimiter.join(_text(r[j]) for j in kept) + "\n" for r in filled)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    text = " ".join(str(cell).split())
    return '"' + text.replace('"', '""') + '"' if '"' in text else text
