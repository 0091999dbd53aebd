"""An Excel workbook as rows of text, through pandas and openpyxl."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from ifnscore._lazy import pd
from ifnscore.cohort import _settings
from ifnscore.cohort._findings import Findings
from ifnscore.errors import DataError

SUFFIXES = (".xlsx", ".xlsm")
Rows = list[tuple[int, list[str]]]


def need_openpyxl(path: Path) -> None:
    """Say in one line how to get openpyxl where it is absent.

    Raises
    ------
    DataError
        It is not installed.
    """
    if importlib.util.find_spec("openpyxl") is None:
        msg = f"{path.name}: Excel workbooks need openpyxl: pip install 'ifnscore[excel]' (or keep a folder of CSV files)"
        raise DataError(msg)


def read(path: Path) -> dict[str, Rows]:
    """Return the rows of every sheet as (row in Excel, cells), comments and blank rows left out.

    Raises
    ------
    DataError
        openpyxl is absent, or the file is no workbook.
    """
    need_openpyxl(path)
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str, na_filter=False, engine="openpyxl")
    except Exception as error:  # openpyxl raises whatever the zip, XML or cell at fault raises
        msg = f"{path.name}: cannot be read as an Excel workbook ({type(error).__name__}); save it again as .xlsx"
        raise DataError(msg) from error
    return {str(name).strip(): _rows(sheet) for name, sheet in sheets.items()}


def _rows(sheet: Any) -> Rows:
    found: Rows = []
    for number, row in enumerate(sheet.to_numpy(dtype=object), 1):
        cells = ["" if cell is None else str(cell) for cell in row]
        if any(c.strip() for c in cells) and not cells[0].lstrip().startswith("#"):
            found.append((number, cells))
    return found


def settings(rows: Rows, findings: Findings) -> tuple[dict[str, Any], dict[str, int]]:
    """Turn the sheet ``cohort`` (columns key, value) into the tables of ``cohort.toml``.

    Keys are written as ``followup.target_day``, or ``target_day`` where only one table has it; a user's own instrument as
    ``instrument.my_score.maximum``.
    """
    tables: dict[str, Any] = {}
    lines: dict[str, int] = {}
    own: dict[str, dict[str, Any]] = {}
    for line, cells in rows:
        word, text = cells[0].strip(), (cells[1].strip() if len(cells) > 1 else "")
        if word.lower() == "key" or not word or not text:
            continue
        dotted = _full(word)
        if dotted in lines:
            findings.error("sheet cohort", line, dotted, f"the same key as in line {lines[dotted]}", "keep one of the two")
            continue
        lines[dotted] = line
        table, _, name = dotted.partition(".")
        if table == _settings.INSTRUMENT:
            which, _, key = name.partition(".")
            own.setdefault(which, {"id": which})[key] = _plain(text)
        elif name:
            tables.setdefault(table, {})[name] = _typed(dotted, text)
        else:
            tables[table] = text
    if own:
        tables[_settings.INSTRUMENT] = list(own.values())
    return tables, lines


def _full(word: str) -> str:
    owners = [k.dotted for k in _settings.KEYS if k.name == word]
    return owners[0] if len(owners) == 1 else word


def _typed(dotted: str, text: str) -> Any:
    """Return the value that the text would be in TOML."""
    kind = next((k.kind for k in _settings.KEYS if k.dotted == dotted), None)
    if kind in {"text", "choice"}:
        return text
    if kind == "texts":
        return [t.strip() for t in text.split(";") if t.strip()]
    if kind == "window":
        return [_plain(t) for t in text.strip("[]() ").replace(";", ",").split(",")]
    return _plain(text)


def _plain(text: str) -> Any:
    """Return a number, true or false, a list in brackets, or the text itself."""
    if text.lower() in {"true", "false", "yes", "no"}:
        return text.lower() in {"true", "yes"}
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | list | dict) else text
