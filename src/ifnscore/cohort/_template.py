"""An empty cohort to fill in: every column and every setting explained, made from the records that check it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ifnscore import _files
from ifnscore._lazy import pd
from ifnscore.cohort import _read, _settings, _workbook
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._settings import KEYS, Key, Settings
from ifnscore.cohort._tables import TABLES, Column, Table
from ifnscore.errors import DataError

README = "README.txt"
_KINDS = {
    "id": "text",
    "text": "text",
    "number": "number",
    "day": "day, may be fractional",
    "age": "whole years or band",
    "flag": "yes, or no/empty",
    "known": "yes, no, or empty: not known",
    "choice": "one of",
}
_README = """\
A cohort for ifnscore

Fill in the tables; lines that start with # are explanations and are not read. The first line without # has the names of the
columns. Columns that you do not have may be deleted, except those called needed. Tables that are not needed may be deleted too.

{tables}

Days count from day 0, the first dose of the index drug; days before it are negative. Calendar dates are refused, everywhere.
In Excel: day = date - date of the first dose, pasted as values. A period of a drug goes from start_day to the day before
stop_day; an empty stop_day means ongoing. An interruption is two rows with a gap between them.

Columns with names, dates of birth, record numbers or addresses, and calendar dates in any cell, are refused, and there is no way
round it. Ids are taken as pseudonyms and cannot all be recognised: use codes without meaning, such as P01 and S001, never
initials. The sample ids are those of the expression matrix. Steroids need their dose in mg/kg/day (dose_mg_kg).

{save} Then run

    ifnscore cohort check {where}

which lists everything that is wrong, with file, line, column and what to do. It says nothing about single patients.
"""


def write(path: Path, *, force: bool = False) -> Path:
    """Write an empty, commented cohort, whole or not at all; returns its path.

    Parameters
    ----------
    path
        A new or empty folder, or a new ``.xlsx`` workbook.
    force
        Replace an earlier template that was not filled in.

    Raises
    ------
    DataError
        The path exists and is not a template without rows, or cannot be written.
    """
    book = path.suffix.lower() in _workbook.SUFFIXES
    if book:
        _workbook.need_openpyxl(path)
    bare = path.is_dir() and not any(path.iterdir())
    if path.exists() and force and not bare:
        _check_unfilled(path)
    writer: Callable[[Path], None] = _write_book if book else _write_folder
    _files.write(path, writer, force=force or bare, own=None if book else lambda _: True)  # looked at above
    return path


def _check_unfilled(path: Path) -> None:
    """Refuse to replace anything but an earlier template without rows."""
    if path.is_dir():
        ours = {f"{name}.csv" for name in TABLES} | {_read.SETTINGS, README}
        foreign = sorted(f.name for f in path.iterdir() if f.name not in ours)
        if foreign:
            msg = f"{path} is a folder with other things in it, such as {foreign[0]}; choose another name"
            raise DataError(msg)
    filled = [name for name, table in _read.read(path, Findings()).tables.items() if table.rows]
    if filled:
        msg = f"{path}: the table {filled[0]} has rows, and data are never replaced; choose another name"
        raise DataError(msg)


def _write_folder(target: Path) -> None:
    target.mkdir()
    for table in TABLES.values():
        lines = [f"# {text}" for text in explain(table)]
        (target / f"{table.name}.csv").write_text("\n".join([*lines, ",".join(table.names), ""]), encoding="utf-8")
    (target / _read.SETTINGS).write_text(settings_text(), encoding="utf-8")
    (target / README).write_text(_readme(), encoding="utf-8")


def _readme(*, book: bool = False) -> str:
    rows = [f"  {t.name + '.csv':<20} {'needed' if t.required else '':<7} one row: {t.row}" for t in TABLES.values()]
    tables = "\n".join([*rows, f"  {_read.SETTINGS:<20} needed  the rules of the analysis"])
    if book:
        tables = tables.replace(_read.SETTINGS, "cohort     ")
        return _README.format(tables=tables, save="Keep this workbook as .xlsx.", where="THIS_WORKBOOK.xlsx")
    return _README.format(tables=tables, save="Save as CSV UTF-8 (comma, semicolon or tab).", where="THIS_FOLDER")


def explain(table: Table) -> list[str]:
    """Return one line about the table, and one about each column."""
    key = ", ".join(table.key)
    return [f"{table.name}: one row is {table.row}; no two rows share {key}", *(_explain(c) for c in table.columns)]


def _explain(column: Column) -> str:
    kind = _KINDS[column.kind] + (f" {', '.join(column.choices)}" if column.choices else "")
    unit = f", {column.unit}" if column.unit and column.kind in {"number", "day"} else ""
    needed = ", needed" if column.filled else ", needed column" if column.required else ""
    return f"{column.name} ({kind}{unit}{needed}): {column.help}"


def settings_text() -> str:
    """Return a commented ``cohort.toml`` with all defaults."""
    lines = ["# Rules of the analysis. Every value here is the default; change what you need. Days count from the first dose."]
    for table in _settings.TABLES:
        lines += ["", f"[{table}]"]
        for key in (k for k in KEYS if k.table == table):
            default = getattr(Settings(), key.field)
            lines.append(f"# {key.help}")
            if not key.name:
                lines.append("# name_of_signature = 0.35")
            else:
                lines.append(f"# {key.name} = {key.example}" if default is None else f"{key.name} = {_toml(default)}")
    return "\n".join([*lines, "", *_OWN_INSTRUMENT, ""])


_OWN_INSTRUMENT = (
    "# A measure that ifnscore does not know, for outcomes.csv; repeat the block for each one.",
    "# [[instrument]]",
    '# id = "my_skin_score"',
    '# title = "My skin score"',
    '# direction = "higher_is_worse"   # or "higher_is_better"',
    "# minimum = 0",
    "# maximum = 20",
)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return f"{value:g}"


def _write_book(target: Path) -> None:
    with pd.ExcelWriter(target.with_suffix(".xlsx"), engine="openpyxl") as book:
        readme = [[line] for line in _readme(book=True).replace(".csv", "").splitlines()]
        pd.DataFrame(readme).to_excel(book, sheet_name="README", header=False, index=False)
        for table in TABLES.values():
            blank = [""] * (len(table.names) - 1)
            rows = [[f"# {text}", *blank] for text in explain(table)]
            pd.DataFrame([*rows, table.names]).to_excel(book, sheet_name=table.name, header=False, index=False)
        settings = [["key", "value", "meaning"], *(_row(k) for k in KEYS)]
        pd.DataFrame(settings).to_excel(book, sheet_name="cohort", header=False, index=False)
    target.with_suffix(".xlsx").replace(target)


def _row(key: Key) -> list[str]:
    value = getattr(Settings(), key.field)
    if not key.name:
        return [f"# {key.table}.NAME", "", key.help]
    if value is None:
        text = ""
    elif isinstance(value, tuple):
        text = ", ".join(f"{v:g}" for v in value)
    else:
        text = _toml(value).strip('"')
    return [key.dotted, text, key.help]
