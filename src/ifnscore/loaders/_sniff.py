"""The layout of a text table: comment lines, separator, header, number of columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ifnscore.errors import DataError

WHITESPACE = " "
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: First cell of a header whose sample names are numbers.
_HEADER_WORD = re.compile(r"^$|gene|symbol|\bid|id$|name|ensembl|entrez|sample|probe|feature|patient|donor", re.I)
_SEPARATORS = ("\t", ",", ";")
_N_LINES = 60
#: How other kinds of text begin that people save under the ending of a table.
_NO_TABLE = {
    "<!doctype html": "a web page: download the file itself",
    "<html": "a web page: download the file itself",
    "<?xml": "XML: export a table",
    "{\\rtf": "a word processor's document: save a table as CSV",
    "{": "JSON: export a table",
    "[{": "JSON: export a table",
    "%pdf": "a PDF: a table as CSV or TSV is needed",
}


class Line(NamedTuple):
    """One line of a file: its number from 1, where it starts and ends, its text."""

    number: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first lines say about a text table.

    Attributes
    ----------
    separator
        Tab, comma or semicolon; a blank stands for any white space.
    header
        One name per column, an empty one for a row-name column that has none.
    offset, first_line
        Where the first data row starts: byte offset and line number.
    trailing
        Rows end in a separator, so that the last column is empty.
    """

    separator: str
    header: list[str]
    offset: int
    first_line: int
    trailing: bool = False


def fields(text: str, separator: str) -> list[str]:
    """Split one line into its cells; quotes are understood."""
    if separator == WHITESPACE and '"' not in text:
        return text.split()
    if separator == WHITESPACE:
        text = text.replace("\t", " ").strip()
    try:
        row = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        row = text.split(separator)
    return [cell.strip() for cell in row]


def lines(data: bytes, start: int = 0, first: int = 1) -> Iterator[Line]:
    """Go through the lines of `data` from a byte offset on, blank ones included."""
    number = first
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield Line(number, start, end + 1, data[start:end].rstrip(b"\r").decode("utf-8", errors="replace"))
        start, number = end + 1, number + 1


def layout(data: bytes, label: str, header: bool = True) -> Layout:  # noqa: FBT001, FBT002
    """Find the layout of a text table; see :class:`Layout`.

    Raises
    ------
    DataError
        Only comments, only a header, no separator, no header, or a header that does not fit the rows.
    """
    comment, head = _head(data)
    if not head:
        msg = f"{label}: nothing but comment lines"
        raise DataError(msg)
    _refuse_other_text(head[0].text, label)
    separator = _separator([line.text for line in head], label)
    rows = [fields(line.text, separator) for line in head]
    if not header:
        width = Counter(len(r) for r in rows).most_common(1)[0][0]
        return Layout(separator, [""] * width, head[0].start, head[0].number)
    if comment and _is_data(rows[0]) and len(names := fields(comment.text.lstrip("#"), separator)) == len(rows[0]):
        return Layout(separator, names, head[0].start, head[0].number)
    if len(rows) == 1:
        msg = f"{label}: only a header line, no rows"
        raise DataError(msg)
    names, trailing = _fit(rows[0], rows[1:], label)
    if _is_data(names) and not names_a_column(names[0]):
        msg = (
            f"{label}: no header line (the first line, {names[0]!r}, is already data): put a line with the sample "
            "names on top; where samples are named by numbers, call the first column 'gene'"
        )
        raise DataError(msg)
    return Layout(separator, names, head[0].end, head[1].number, trailing)


def _head(data: bytes) -> tuple[Line | None, list[Line]]:
    """Return the last comment line on top, and the first lines that are neither comment nor blank."""
    comment: Line | None = None
    head: list[Line] = []
    for line in lines(data):
        if not line.text.strip():
            continue
        if not head and line.text.startswith("#"):
            comment = line
            continue
        head.append(line)
        if len(head) == _N_LINES:
            break
    return comment, head


def _refuse_other_text(first: str, label: str) -> None:
    """Refuse what is text but no table, before any cell is looked at."""
    start = first[:20].lower()
    what = next((words for mark, words in _NO_TABLE.items() if start.startswith(mark)), None)
    if what is not None:
        msg = f"{label}: no table but {what}"
        raise DataError(msg)


def _separator(texts: list[str], label: str) -> str:
    best: tuple[tuple[bool, float, bool, int], str] | None = None
    for separator in (*_SEPARATORS, WHITESPACE):
        if separator == WHITESPACE and best is not None:
            break
        if separator != WHITESPACE and not any(separator in text for text in texts):
            continue
        counts = [len(fields(text, separator)) for text in texts]
        body = counts[1:] or counts
        width, n = Counter(body).most_common(1)[0]
        if width < 2:  # noqa: PLR2004
            continue
        key = (counts[0] in (width - 1, width, width + 1), n / len(body), counts[0] == width, width)
        if best is None or key > best[0]:
            best = (key, separator)
    if best is None:
        msg = f"{label}: only one column; a table separated by tabs, commas, semicolons or blanks is needed"
        raise DataError(msg)
    return best[1]


def _fit(names: list[str], body: list[list[str]], label: str) -> tuple[list[str], bool]:
    """Return one name per column, and whether rows end in a separator."""
    width = Counter(len(r) for r in body).most_common(1)[0][0]
    empty_end = all(not r[-1] for r in body if len(r) == width)
    if len(names) == width:
        return names, empty_end and not names[-1]
    if len(names) == width - 1:
        return ([*names, ""], True) if empty_end and width > 2 else (["", *names], False)  # noqa: PLR2004
    if len(names) == width + 1 and not names[-1]:
        return names[:-1], False
    msg = f"{label}: the header has {len(names)} fields, but the rows have {width}: each column needs one name"
    raise DataError(msg)


def names_a_column(cell: str) -> bool:
    """Whether the first cell of a line says that this is a header, even where the others are numbers."""
    return _HEADER_WORD.search(cell) is not None


def _is_data(row: list[str]) -> bool:
    return len(row) > 1 and all(NUMBER.fullmatch(cell) for cell in row[1:])
