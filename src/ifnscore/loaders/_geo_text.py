"""GEO text files: what the first line says, logical lines with values broken over lines, and where tables begin and end.

The marks are those of GEO's own documents (https://www.ncbi.nlm.nih.gov/geo/info/soft.html): ``^`` opens a record, ``!`` an
attribute, ``#`` describes a column. Values of series matrix files hold line feeds and carriage returns in the wild
(GEOquery issues 54, 62, 66 and 93), so that a line without a mark belongs to the attribute before it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files

#: Attributes of one sample, in the order of the file; a name may come several times.
Attributes = list[tuple[str, str]]

_SERIES = re.compile(r'"?!(series|sample)_', re.IGNORECASE)
_ATTRIBUTE = re.compile(r'"?!(Series|Sample)_\w', re.IGNORECASE)
_FILE_NAME = re.compile(r"[\w.+\-]+\Z")


class Line(NamedTuple):
    """One attribute of a series matrix file: its line number, its name without mark, one value per sample (or one)."""

    number: int
    name: str
    values: list[str]


def first_line(path: Path) -> str:
    """Return the first line of a text file that is not blank, without quotes, or nothing."""
    data = _files.peek(path)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return next((line.strip().strip('"') for line in text.splitlines() if line.strip()), "")


def is_series(line: str) -> bool:
    """Whether a first line is that of a series matrix file."""
    return _SERIES.match(line) is not None


def attributes(text: str, n: int | None = None) -> list[Line]:
    """Return the attributes of the head of a series matrix file.

    Parameters
    ----------
    text
        Everything before the table.
    n
        Number of samples, which decides where a value holds a tab or a quote; None means not known yet.
    """
    broken: list[tuple[int, str]] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.replace("\r", " ").strip(" ")
        if _ATTRIBUTE.match(line):
            broken.append((number, line))
        elif broken and line.strip():
            broken[-1] = (broken[-1][0], f"{broken[-1][1]} {line}")
    tabs = any("\t" in line for _, line in broken)
    return [_tabbed(number, line, n) if tabs else _commas(number, line) for number, line in broken]


def _tabbed(number: int, line: str, n: int | None) -> Line:
    name, _, rest = line.partition("\t")
    values = rest.split("\t")
    quoted = rest.strip(" ").removeprefix('"').removesuffix('"').split('"\t"')
    if n is not None and len(values) != n and len(quoted) == n:
        values = quoted  # a value holds a tab
    return Line(number, name.strip('"!'), [_plain(v) for v in values])


def _commas(number: int, line: str) -> Line:
    """Split a line that a spreadsheet wrote with commas or semicolons; it pads short lines with empty cells."""
    separator = ";" if line.partition('"')[0].count(";") > line.partition('"')[0].count(",") else ","
    try:
        name, *values = next(csv.reader([line], delimiter=separator), []) or [""]
    except csv.Error:  # a stray carriage return, or a cell of 100,000 letters
        name, *values = line.split(separator)
    while len(values) > 1 and not values[-1]:
        values.pop()
    return Line(number, name.strip('"!'), [_plain(v) for v in values])


def _plain(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    return " ".join(value.replace('""', '"').strip('"').split())


def accession(values: Iterable[str], prefix: str) -> str:
    """Return the first accession such as ``GSE42872`` among some values, or nothing."""
    found = (re.search(rf"\b{prefix}\d+\b", value) for value in values)
    return next((hit.group() for hit in found if hit), "")


def file_names(links: Iterable[str]) -> list[str]:
    """Return the file names at the end of links; only shown to the user, never opened."""
    names = [_FILE_NAME.search(link.strip().rstrip("/")) for link in links]
    return list(dict.fromkeys(n.group() for n in names if n and n.group() not in ("NONE", "none")))


def no_values(label: str, series: str, links: Iterable[str]) -> DataError:
    """Return the error for a record without expression values, which lie in supplementary files."""
    names = file_names(links)
    which = f"the file lists {listing(names, 3)}; " if names else ""
    at = f"https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={series}" if series else "the page of the series at GEO"
    msg = (
        f"{label}: no expression values (the table has 0 rows): GEO keeps those of this series in supplementary files; {which}"
        f"download the counts or normalised values from {at} and give that file instead"
    )
    return DataError(msg)
