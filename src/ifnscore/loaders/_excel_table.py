"""Where the table lies in a sheet: titles above it, its header, its rows, footnotes below, and cells that Excel changed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ifnscore import genes, identify
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, listing, say, warn
from ifnscore.loaders import _cells
from ifnscore.loaders._excel import Sheet, reference
from ifnscore.loaders._model import Table
from ifnscore.loaders._parse import MISSING
from ifnscore.loaders._sniff import NUMBER

#: Rows in which the header is looked for.
_HEAD = 200
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER_WORDS = ("gene", "id", "symbol", "name", "ensembl", "entrez", "sample", "probe", "feature", "patient", "donor")
_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
#: Text that was meant as a number.
_MEANT = re.compile(r"[+-]?\d[\d.,' ]*([eE][+-]?\d+)?%?")
_BLANK = frozenset(MISSING)
#: Days that Excel counts from 1900: 2000 to 2050, when gene symbols were typed into it.
_SERIALS = range(36_526, 55_000)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies: rows and columns of the sheet, counted from 0; what lies outside of it, in words."""

    header: int
    rows: list[int]
    columns: list[int]
    names: list[str]
    remarks: list[str]


def locate(sheet: Sheet) -> Place:
    """Find the header, the rows and the columns of the table in a sheet.

    Raises
    ------
    DataError
        The sheet is empty, holds no numbers, has no header, or a column of values has no name; the cell is named.
    """
    rows = sheet.rows
    if not any(rows):
        msg = f"{sheet.where}: the sheet is empty"
        raise DataError(msg)
    header, first = _header(sheet)
    filled = [i for i in range(first, len(rows)) if rows[i]]
    body = _without_footnotes(sheet, filled)
    if not body:
        msg = f"{sheet.where}: only a header (row {header + 1}), no rows"
        raise DataError(msg)
    width = max(len(rows[i]) for i in (header, *body))
    used = {j for i in body for j, cell in enumerate(rows[i]) if cell is not None}
    columns = [j for j in range(width) if j in used or _at(rows[header], j) is not None]
    names = [_column_name(sheet, header, j, body, is_first=j == columns[0]) for j in columns]
    return Place(header, body, columns, names, _remarks(sheet, header, filled[len(body) :]))


def _remarks(sheet: Sheet, header: int, below: list[int]) -> list[str]:
    """Return what lies above and below the table."""
    titles = [i for i in range(header) if sheet.rows[i]]
    told = []
    if titles:
        told.append(f"the header is row {header + 1}; {_rows_in_words(titles)} above it left out")
    if below:
        told.append(f"remarks below the table left out, {_rows_in_words(below)} from row {below[0] + 1} on")
    return told


def _rows_in_words(rows: list[int]) -> str:
    return f"{len(rows)} row{'s' if len(rows) > 1 else ''}"


def _at(row: Sequence[Any], j: int) -> Any:
    return row[j] if j < len(row) else None


def is_number(cell: Any) -> bool:
    """Whether a cell holds a number, also one that is stored as text."""
    if isinstance(cell, str):
        return NUMBER.fullmatch(cell) is not None
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _n_numbers(row: Sequence[Any]) -> int:
    """Return how many numbers stand behind the first cell that is filled, decimal commas and the like included."""
    start = next((j for j, cell in enumerate(row) if cell is not None), 0)
    return sum(is_number(c) or (isinstance(c, str) and _MEANT.fullmatch(c) is not None) for c in row[start + 1 :])


def _n_filled(row: Sequence[Any]) -> int:
    return sum(cell is not None for cell in row)


def _header(sheet: Sheet) -> tuple[int, int]:
    """Return the row with the names of the columns, and the first row of the table."""
    counts = [_n_numbers(row) for row in sheet.rows[:_HEAD]]
    found = sorted(n for n in counts if n)
    if not found:
        msg = f"{sheet.where}: no table of numbers; choose another sheet with --option sheet=NAME"
        raise DataError(msg)
    usual = found[len(found) // 2]
    first = next(i for i, n in enumerate(counts) if n >= max(1, usual / 2))
    above = next((i for i in range(first - 1, -1, -1) if sheet.rows[i]), None)
    if above is not None and _n_filled(sheet.rows[above]) >= max(2, _n_filled(sheet.rows[first]) / 2):
        header, start = above, first
    elif _names_columns(sheet.rows[first]) and first + 1 < len(sheet.rows):
        header, start = first, first + 1
    else:
        msg = (
            f"{sheet.where}: no header: row {first + 1} (cell {reference(first, 0)}) already holds values and "
            f"{'nothing stands' if above is None else f'row {above + 1} does not name the columns'} above it; "
            "put one row with the sample names on top"
        )
        raise DataError(msg)
    return header, start


def _names_columns(row: Sequence[Any]) -> bool:
    """Whether a row of numbers is a header whose samples are numbered: nothing or a word such as gene stands before them."""
    word = _at(row, 0)
    return word is None or (isinstance(word, str) and word.lower().replace("_", " ").split()[-1].rstrip("s") in _HEADER_WORDS)


def _column_name(sheet: Sheet, header: int, j: int, body: Sequence[int], *, is_first: bool) -> str:
    cell = _at(sheet.rows[header], j)
    if cell is None and header and sheet.rows[header - 1]:
        above, below = sheet.rows[header - 1], sheet.rows[header]
        if _at(above, j + 1) is not None or _at(below, j + 1) is None:  # not merged with its neighbour, but with the cell below
            cell = _at(above, j)
    if cell is None and not is_first and any(is_number(_at(sheet.rows[i], j)) for i in body):
        msg = (
            f"{sheet.where}, cell {reference(header, j)}: the column holds values but has no name in row {header + 1} "
            "(merged cells?): give every column a name of its own"
        )
        raise DataError(msg)
    return name_of(cell)


def _without_footnotes(sheet: Sheet, body: list[int]) -> list[int]:
    """Leave out remarks below the table: rows with a single cell of words that is no gene."""
    end = len(body)
    while end and _is_remark(sheet.rows[body[end - 1]]):
        end -= 1
    return body[:end]


def _is_remark(row: Sequence[Any]) -> bool:
    words = [c for c in row if c is not None]
    return len(words) == 1 and isinstance(words[0], str) and not is_number(words[0]) and identify.known([words[0]]) == 0


def name_of(cell: Any) -> str:
    """Return a cell as a name; a date as Excel shows what was a gene (2-Sep), as :mod:`ifnscore.genes` knows it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime.datetime | datetime.date):
        return f"{cell.day}-{_MONTHS[cell.month - 1]}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def table(sheet: Sheet, place: Place) -> Table:
    """Return the table, with the row names in its first column.

    Raises
    ------
    DataError
        A cell among the values holds an error of Excel, a date, or words; names are dates. The cell is named.
    """
    for remark in place.remarks:
        say(f"{sheet.where}: {remark}")
    names = [_at(sheet.rows[i], place.columns[0]) for i in place.rows]
    _check_names(sheet, names, [reference(i, place.columns[0]) for i in place.rows])
    heads = [_at(sheet.rows[place.header], j) for j in place.columns[1:]]
    _check_names(sheet, heads, [reference(place.header, j) for j in place.columns[1:]])
    header, columns, at = [place.names[0]], [pd.Series([name_of(n) for n in names], dtype=object)], [place.columns[0]]
    dates = []
    for j, name in zip(place.columns[1:], place.names[1:], strict=True):
        cells = [_at(sheet.rows[i], j) for i in place.rows]
        if _are_dates(cells):
            dates.append(name or reference(place.header, j))
            continue
        header.append(name)
        columns.append(_column(sheet, place, j, cells))
        at.append(j)
    if dates:
        say(f"{sheet.where}: columns of dates are left out: {listing(dates)}")
    found = Table(sheet.where, header, pd.DataFrame(dict(enumerate(columns))))
    _check_words(sheet, place, found, at)
    return found


def _are_dates(cells: Sequence[Any]) -> bool:
    filled = [c for c in cells if c is not None]
    return bool(filled) and all(isinstance(c, datetime.datetime | datetime.date | datetime.time) for c in filled)


def _column(sheet: Sheet, place: Place, j: int, cells: Sequence[Any]) -> pd.Series:
    """Return a column of numbers, of truth values or of words."""
    cells = [None if isinstance(c, str) and c in _BLANK else c for c in cells]
    filled = [c for c in cells if c is not None]
    n_numbers = sum(is_number(c) for c in filled)
    if n_numbers and n_numbers >= len(filled) / 2:
        for i, cell in zip(place.rows, cells, strict=True):
            _refuse_cell(sheet, reference(i, j), cell)
    if filled and all(isinstance(c, bool) for c in filled) and len(filled) == len(cells):
        return pd.Series(cells, dtype=bool)
    if all(isinstance(c, int | float) and not isinstance(c, bool) for c in filled):
        if len(filled) == len(cells) and all(isinstance(c, int) and abs(c) < 2**53 for c in filled):
            return pd.Series(cells, dtype=np.int64)
        return pd.Series([np.nan if c is None else float(c) for c in cells], dtype=np.float64)
    return pd.Series([None if c is None else repr(c) if isinstance(c, float) else name_of(c) for c in cells], dtype=object)


def _refuse_cell(sheet: Sheet, cell: str, value: Any) -> None:
    """Refuse an error of Excel or a date among numbers."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        msg = f"{sheet.where}, cell {cell}: a date or time among numbers (Excel reads 1.2 as a day): write the number again"
        raise DataError(msg)
    if isinstance(value, str) and value.upper() in _ERRORS:
        msg = f"{sheet.where}, cell {cell}: the error {value} of Excel: mend its formula, or write NA"
        raise DataError(msg)


def _check_words(sheet: Sheet, place: Place, found: Table, at: Sequence[int]) -> None:
    """Refuse a cell that is no number in a column of numbers, with the name that Excel gives to the cell."""
    numeric = [j for j in range(1, len(found.header)) if found.frame[j].dtype.kind in "iuf"]
    leading = min(numeric, default=len(found.header))
    for j in range(1, len(found.header)):
        column = found.frame[j]
        if column.dtype.kind in "iufb" or not _cells._should_be_numbers(found, j, leading=j < leading):
            continue
        wrong = pd.to_numeric(column, errors="coerce").isna() & column.notna()
        if wrong.any():
            i = int(np.flatnonzero(wrong.to_numpy())[0])
            where = f"{sheet.where}, cell {reference(place.rows[i], at[j])}"
            raise DataError(_cells._bad_cell(Table(where, found.header, found.frame), j, wrong))


def _check_names(sheet: Sheet, cells: Sequence[Any], places: Sequence[str]) -> None:
    """Name the cells in which Excel made a date of a gene; refuse dates as names of samples.

    Raises
    ------
    DataError
        Most names are dates.
    """
    filled = [(p, c) for p, c in zip(places, cells, strict=True) if c is not None]
    dates = [(p, name_of(c)) for p, c in filled if isinstance(c, datetime.datetime | datetime.date)]
    if len(dates) * 2 > len(filled):
        msg = f"{sheet.where}, cell {dates[0][0]}: the names are dates: call samples by an id, and keep days in another column"
        raise DataError(msg)
    if dates:
        restored = genes.match([name for _, name in dates]).restored
        told = [f"{p} ({n}{', taken for ' + restored[n] if n in restored else ', not certain which gene'})" for p, n in dates]
        warn(f"{sheet.where}: gene names that Excel turned into dates, in the cells {listing(told)}")
    words = sum(isinstance(c, str) for _, c in filled)
    serials = [p for p, c in filled if isinstance(c, int) and c in _SERIALS]
    if serials and words > 0.9 * len(filled):
        warn(
            f"{sheet.where}: numbers among the names, which Excel may have made of genes such as SEPT2: cells {listing(serials)}"
        )
