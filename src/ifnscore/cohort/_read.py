"""The text of a cohort: a folder of CSV files with ``cohort.toml``, or one Excel workbook. Nothing is interpreted here."""

from __future__ import annotations

import csv
import difflib
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ifnscore.cohort import _workbook
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._tables import TABLES
from ifnscore.errors import DataError

SETTINGS = "cohort.toml"
_SUFFIXES = (".csv", ".tsv")
_MISNAMED = 0.75


@dataclass(slots=True)
class Raw:
    """One table as text.

    Attributes
    ----------
    file
        What messages call it.
    header
        Names of the columns as written.
    rows, lines
        Cells, and the line of the file where each row starts.
    """

    file: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Source:
    """Everything that was read: tables by name, and the settings with what to call their file and its lines."""

    tables: dict[str, Raw] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    settings_file: str = SETTINGS
    settings_lines: dict[str, int] = field(default_factory=dict)


def read(path: Path, findings: Findings) -> Source:
    """Read the text of a folder or workbook; unusable files become findings.

    Raises
    ------
    DataError
        There is nothing at `path`, or it is neither a folder nor a workbook.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # said below
    except OSError as error:
        msg = f"{path.name[:80]}: cannot be opened ({error.strerror})"
        raise DataError(msg) from error
    if path.is_dir():
        return _folder(path, findings)
    if not path.exists():
        msg = f"{path}: there is no such folder; `ifnscore cohort template {path}` writes an empty one"
        raise DataError(msg)
    if path.suffix.lower() not in _workbook.SUFFIXES:
        msg = f"{path}: a cohort is a folder of CSV files with {SETTINGS}, or an .xlsx workbook"
        raise DataError(msg)
    book = _workbook.read(path)
    source = Source(settings_file="sheet cohort")
    for name, rows in book.items():
        if name in TABLES:
            table = _table(f"sheet {name}", iter(rows), findings)
            if table is not None:
                source.tables[name] = table
        elif name == "cohort":
            source.settings, source.settings_lines = _workbook.settings(rows, findings)
    _misnamed([n for n in book if n not in TABLES and n != "cohort"], source, "sheet ", findings)
    if "cohort" not in book:
        findings.error("sheet cohort", None, "", "the sheet is missing", "add it, with columns key and value")
    return source


def _folder(path: Path, findings: Findings) -> Source:
    source = Source()
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith("."):
            if file.stem in found:
                other = found[file.stem].name
                findings.error(file.name, None, "", f"the same table as {other}", "keep one of the two files")
            found.setdefault(file.stem, file)
    for name in TABLES:
        if name in found:
            table = _csv(found[name], findings)
            if table is not None:
                source.tables[name] = table
    _misnamed([n for n in found if n not in TABLES], source, "", findings)
    _toml(path / SETTINGS, source, findings)
    return source


def _misnamed(strangers: list[str], source: Source, before: str, findings: Findings) -> None:
    """Warn about a table that is nearly called like one that is absent; other files are none of our business."""
    absent = [t for t in TABLES if t not in source.tables]
    for name in strangers:
        near = difflib.get_close_matches(name.lower(), absent, n=1, cutoff=_MISNAMED)
        if near:
            suffix = "" if before else ".csv"
            findings.warning(f"{before}{name}{suffix}", None, "", "not read", f"call it {near[0]}{suffix} if it is that table")


def _toml(path: Path, source: Source, findings: Findings) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig")
        source.settings = tomllib.loads(text)
    except FileNotFoundError:
        findings.error(SETTINGS, None, "", "the file is missing", 'write one that says [cohort] and index_drug = "tofacitinib"')
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        findings.error(SETTINGS, None, "", f"cannot be read: {reason}", "save it as UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        findings.error(SETTINGS, None, "", f"not valid TOML: {error}", "correct the line; text stands in quotes, lists in [ ]")
    else:
        source.settings_lines = _toml_lines(text)


def _toml_lines(text: str) -> dict[str, int]:
    """Return dotted key -> line, for messages only: the plain layout of the template is understood."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split("#")[0].strip()
        if word.startswith("["):
            table = word.strip("[] ")
            lines.setdefault(table, number)
        elif "=" in word:
            lines.setdefault(".".join(filter(None, [table, word.split("=")[0].strip()])), number)
    return lines


def _csv(path: Path, findings: Findings) -> Raw | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        findings.error(path.name, None, "", f"cannot be read: {error.strerror}", "check its permissions")
        return None
    except UnicodeDecodeError:
        findings.error(path.name, None, "", "not UTF-8 text", "in Excel, save it as 'CSV UTF-8'")
        return None
    return _table(path.name, _records(text), findings)


def _is_comment(line: str) -> bool:
    """Whether a line is a comment; Excel puts quotes around one that holds a comma."""
    return line.lstrip('"').startswith("#")


class _Lines:
    """The lines of a text for :mod:`csv`, without comments, with the number of the line that a record starts on."""

    def __init__(self, text: str) -> None:
        self._lines = iter(enumerate(io.StringIO(text, newline=""), 1))
        self.start = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for number, line in self._lines:
            if self.start or not _is_comment(line):
                self.start = self.start or number
                return line
        raise StopIteration


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    head = next((line for line in text.splitlines() if line.strip() and not _is_comment(line)), "")
    separator = max((",", ";", "\t"), key=head.count)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        lines.start = 0
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield lines.start, []
            return
        if record:
            yield lines.start, record


def _table(file: str, records: Iterator[tuple[int, list[str]]], findings: Findings) -> Raw | None:
    """Take the first record as the header, and note rows that do not fit it."""
    header: list[str] | None = None
    table = Raw(file, [])
    for line, record in records:
        cells = [c.strip() for c in record]
        if not record:
            findings.error(file, line, "", "a quote is opened here and not closed", 'write two quotes ("") for one inside a text')
        elif not any(cells):
            continue
        elif header is None:
            header = _header(file, line, cells, findings)
            if header is None:
                return None
            table.header = header
        else:
            extra = len(cells) - len(header)
            if any(cells[len(header) :]) or extra < 0:
                problem = f"{len(cells)} cells, but the header has {len(header)}"
                findings.error(file, line, "", problem, "put text that holds the separator in quotes; write empty cells too")
            table.rows.append((cells + [""] * -extra)[: len(header)])
            table.lines.append(line)
    if header is None:
        findings.error(file, None, "", "the file is empty", "write a header line with the names of the columns")
        return None
    return table


def _header(file: str, line: int, cells: list[str], findings: Findings) -> list[str] | None:
    while cells and not cells[-1]:
        cells = cells[:-1]
    lowered = [c.lower().replace(" ", "_") for c in cells]
    known = set(_columns_of(file))
    names = [low if low in known else cell for low, cell in zip(lowered, cells, strict=True)]
    for position, name in enumerate(names, 1):
        if not name:
            findings.error(file, line, "", f"column {position} has no name", "name it or remove it")
            return None
        if name in names[: position - 1]:
            findings.error(file, line, name, "two columns have this name", "keep one of them")
            return None
    return names


def _columns_of(file: str) -> list[str]:
    name = file.removeprefix("sheet ").rpartition(".")[0] or file.removeprefix("sheet ")
    return TABLES[name].names if name in TABLES else []
