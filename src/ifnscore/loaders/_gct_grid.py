"""The lines of a GCT file: version, size, header, and rows that are put right where only one reading is possible.

After the GSEA file format page of the Broad Institute (1.2: name and description before the values) and the Connectivity Map's
(1.3: the second line also counts row and column annotations; annotations of columns stand in rows above the values).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ifnscore.errors import DataError, say
from ifnscore.loaders._sniff import NUMBER

MARK = re.compile(r"#1\.(\d)\b")
_NUMBERS_IN_SIZE = {"2": 2, "3": 4}
_SIZE = re.compile(r"[0-9]{1,9}")
_WHAT = {"2": "rows, columns", "3": "rows, columns, annotations of rows, annotations of columns"}


@dataclass(frozen=True, slots=True)
class Size:
    """The second line: rows and columns of values, and how many annotations each row and each column has."""

    rows: int
    columns: int
    of_rows: int
    of_columns: int

    @property
    def before(self) -> int:
        """Number of cells before the values."""
        return 1 + self.of_rows

    @property
    def width(self) -> int:
        """Number of cells of a line."""
        return self.before + self.columns


@dataclass(frozen=True, slots=True)
class Grid:
    """A GCT file whose lines all have the right number of cells.

    Attributes
    ----------
    size
        What the second line says.
    header
        Names of the columns, those of the annotations included.
    annotations
        Rows that annotate the samples.
    body
        The rows of values as text, cells separated by tabs.
    numbers
        Line number of every row of `body`.
    """

    size: Size
    header: list[str]
    annotations: list[list[str]]
    body: str
    numbers: list[int]


def read(text: str, label: str) -> Grid:
    """Cut a GCT text into its parts.

    Raises
    ------
    DataError
        Wrong version or size, a header or number of rows that disagrees with the size, or a row that can be read in two ways.
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    size = _size(lines, label)
    header = _header(cells(lines[2][1]), size, lines[2][0], label)
    rows = [(number, line.rstrip("\r")) for number, line in lines[3:]]
    body = _body(rows, size, label)
    _check_rows(len(body) - size.of_columns, size, lines[1][0], label)
    numbers = [n for n, _ in rows[size.of_columns :]]
    return Grid(size, header, [cells(r) for r in body[: size.of_columns]], "\n".join(body[size.of_columns :]), numbers)


def _body(rows: Sequence[tuple[int, str]], size: Size, label: str) -> list[str]:
    """Return the lines with exactly one cell per column."""
    regular = [line.count("\t") == size.width - 1 for _, line in rows]
    whole = [line for (_, line), fits in zip(rows, regular, strict=True) if fits and not line.endswith("\t")]
    counts = bool(size.of_rows) and any(_is_number(line.split("\t", 2)[1]) for line in whole)
    shifted = all(regular) and not counts and any(_shifted(line, size) for _, line in rows)
    body, mended = [], 0
    for (number, line), fits in zip(rows, regular, strict=True):
        if fits and (counts or not _shifted(line, size)):
            body.append(line)
            continue
        found = cells(line)
        if shifted or (counts and sum(bool(c) for c in found) < size.width):
            raise _unclear(found, size, number, label)
        body.append("\t".join(_fitted(found, size, number, label)))
        mended += len(line.rstrip("\t").split("\t")) != size.width
    if mended:
        say(f"{label}: {mended} lines with doubled or missing tabs were read by their {size.columns} numbers each")
    return body


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip().strip('"')) is not None


def _shifted(line: str, size: Size) -> bool:
    """Whether a line may lack its description: a number stands there, and the last value is empty."""
    return bool(size.of_rows) and line.endswith("\t") and _is_number(line.split("\t", 2)[1])


def cells(line: str) -> list[str]:
    """Return the cells of a line, without blanks and quotes around them."""
    return [c.strip().strip('"').strip() for c in line.split("\t")]


def _size(lines: Sequence[tuple[int, str]], label: str) -> Size:
    """Read version and size; spreadsheets pad both with tabs."""
    version = MARK.match(lines[0][1].strip('" '))
    if version is None or version.group(1) not in _NUMBERS_IN_SIZE:
        msg = f"{label}, line {lines[0][0]}: {lines[0][1].strip()[:40]!r} where a GCT file has its version, '#1.2' or '#1.3'"
        raise DataError(msg)
    if len(lines) < 4:  # noqa: PLR2004
        msg = f"{label}: ends after {len(lines)} lines, without any row: the file is cut off; copy or download it again"
        raise DataError(msg)
    number, line = lines[1]
    words = line.replace('"', " ").split()
    if len(words) != _NUMBERS_IN_SIZE[version.group(1)] or not all(_SIZE.fullmatch(w) for w in words):
        what = _WHAT[version.group(1)]
        msg = f"{label}, line {number}: {line.strip()[:60]!r} where the size of the matrix stands ({what}, separated by tabs)"
        raise DataError(msg)
    rows, columns, of_rows, of_columns = ([int(w) for w in words] + [1, 0])[:4]
    if not rows or not columns:
        msg = f"{label}, line {number}: the size is {rows} rows and {columns} columns, so that there are no values"
        raise DataError(msg)
    return Size(rows, columns, of_rows, of_columns)


def _header(found: Sequence[str], size: Size, number: int, label: str) -> list[str]:
    """Return the names; empty cells between them are doubled tabs."""
    names = list(found[: size.width]) if not any(found[size.width :]) else [c for c in found if c]
    if len(names) < size.width or not all(names[size.before :]):
        names = [c for c in found if c]
    if len(names) != size.width:
        n = len(names) - size.before
        msg = (
            f"{label}, line {number}: {max(n, 0)} sample names, where line 2 says {size.columns} columns: a name is missing or "
            "the size is wrong; make both agree"
        )
        raise DataError(msg)
    return names


def _fitted(found: list[str], size: Size, number: int, label: str) -> list[str]:
    """Return the cells of a line with too many or too few tabs: a name, perhaps annotations, and one number per sample.

    Raises
    ------
    DataError
        The numbers are not exactly as many as there are samples, so that nobody can say which sample lacks one.
    """
    padded = len(found) > size.width and not any(found[size.width :])
    if padded and all(map(_is_number, found[size.before : size.width])):
        return found[: size.width]
    given = [c for c in found if c]
    before, values = given[: -size.columns], given[-size.columns :]
    if all(map(_is_number, values)) and 1 <= len(before) <= size.before and not any(map(_is_number, before[1:])):
        return [*before, *[""] * (size.before - len(before)), *values]
    raise _unclear(found, size, number, label)


def _unclear(found: Sequence[str], size: Size, number: int, label: str) -> DataError:
    n = sum(_is_number(c) for c in found[1:])
    msg = (
        f"{label}, line {number}, row {found[0]!r}: {n} numbers in {len(found)} fields, where {size.before} fields and then "
        f"{size.columns} numbers are needed: write one tab between fields, 'na' for a missing description, NA for a missing value"
    )
    return DataError(msg)


def _check_rows(n: int, size: Size, number: int, label: str) -> None:
    if n != size.rows:
        reason = "the file is cut off" if n < size.rows else "rows were added"
        n = max(n, 0)
        msg = f"{label}: {n} rows, where line {number} says {size.rows}: {reason}, or the number is wrong; make both agree"
        raise DataError(msg)
