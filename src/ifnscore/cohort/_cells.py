"""From text to typed columns: each cell that does not fit its column is named."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.cohort import _identifiers
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._privacy import band
from ifnscore.cohort._read import Raw
from ifnscore.cohort._tables import Column, Table
from ifnscore.errors import nearest

if TYPE_CHECKING:
    import pandas

MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", ".", "<na>"})
_YES, _NO = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})
_SYNONYMS = {"female": "F", "male": "M", "unknown": ""}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_BAND = re.compile(r"\d{1,3} ?[-–] ?\d{1,3}|\d{1,3} ?\+")
#: A day beyond this is a date that Excel wrote as a number.
_MAX_DAYS = 36_500
_DAY_FIX = "write days since the first dose of the index drug (day 0); negative before it"


@dataclass(slots=True)
class Typed:
    """One table with typed columns.

    Attributes
    ----------
    spec, file
        Its record, and what messages call it.
    frame
        One row a line; schema columns first, then age bands, then extra columns as text.
    lines
        Line of the file for each row.
    given
        Schema columns that the file has.
    text
        The cells as written, by column.
    """

    spec: Table
    file: str
    frame: pandas.DataFrame
    lines: list[int]
    given: frozenset[str] = frozenset()
    text: dict[str, list[str]] = field(default_factory=dict)

    def column(self, name: str) -> list[Any]:
        """Return a typed column as a list."""
        return self.frame[name].tolist()

    def has(self, *names: str) -> bool:
        """Whether the file has these columns."""
        return self.given.issuperset(names)


def empty(spec: Table) -> Typed:
    """Return a table that the cohort does not have: all columns, no rows."""
    return _build(spec, f"{spec.name}.csv", {}, [], Findings())


def blank(spec: Table, key: str, ids: list[str]) -> pandas.DataFrame:
    """Return a table of which only the ids are known."""
    return _build(spec, f"{spec.name}.csv", {key: ids}, list(range(len(ids))), Findings()).frame


def typed(spec: Table, raw: Raw, findings: Findings) -> Typed:
    """Check the header and type every cell of one table."""
    text = {name: [row[i] for row in raw.rows] for i, name in enumerate(raw.header)}
    refused = _identifiers.check_header(raw.file, [h for h in raw.header if h not in spec.names], findings)
    for column in spec.columns:
        if column.required and column.name not in text:
            near = nearest(column.name, [h for h in raw.header if h not in spec.names])
            findings.error(raw.file, None, column.name, "the column is missing", f"add it: {column.help}.{near}")
    for name in text:
        if name not in spec.names and name not in refused:
            near = nearest(name, [c for c in spec.names if c not in text], 1)
            findings.warning(raw.file, None, name, "a column that ifnscore does not use", f"kept as it is.{near}")
    for name, cells in text.items():
        kind = spec[name].kind if name in spec.names else "text"
        if name not in refused and kind in {"id", "text"}:
            _identifiers.check_cells(raw.file, name, cells, raw.lines, findings, ids=kind == "id")
    return _build(spec, raw.file, text, raw.lines, findings)


def _build(spec: Table, file: str, text: dict[str, list[str]], lines: list[int], findings: Findings) -> Typed:
    columns: dict[str, Any] = {}
    bands: dict[str, Any] = {}
    for column in spec.columns:
        cells = text.get(column.name, [""] * len(lines))
        values = [
            _cell(column, cell, file, line, findings, given=column.name in text) for cell, line in zip(cells, lines, strict=True)
        ]
        columns[column.name] = pd.Series(values, dtype=_dtype(column))
        if column.kind == "age":
            words = [
                w.replace(" ", "").replace("–", "-") if _BAND.fullmatch(w) else band(v)
                for w, v in zip(cells, values, strict=True)
            ]
            bands[column.name.replace("_years", "_band")] = pd.Series(words, dtype=object)
    extra = {name: pd.Series(cells, dtype=object) for name, cells in text.items() if name not in columns}
    frame = pd.DataFrame({**columns, **bands, **extra})
    return Typed(spec, file, frame, list(lines), frozenset(text) & frozenset(spec.names), text)


def _dtype(column: Column) -> Any:
    return {"flag": bool, "known": "boolean", "number": float, "day": float, "age": float}.get(column.kind, object)


def _cell(column: Column, cell: str, file: str, line: int, findings: Findings, *, given: bool) -> Any:
    """Return the value of a cell; one that does not fit is noted and becomes a missing value."""
    value, problem, fix = _value(column, cell)
    if problem:
        findings.error(file, line, column.name, problem, fix)
    elif given and column.filled and (value == "" or value != value):  # NaN is not itself  # noqa: PLR0124
        findings.error(file, line, column.name, "the cell is empty", f"fill it in: {column.help}")
    elif column.kind == "age" and not problem and value != value // 1:
        value = _whole(column, value, file, line, findings)
    return value


def _whole(column: Column, value: float, file: str, line: int, findings: Findings) -> float:
    if math.isnan(value):
        return value
    findings.warning(
        file, line, column.name, "an age in fractions of a year, rounded down", "write whole years: a fraction tells the birthday"
    )
    return float(math.floor(value))


def _value(column: Column, cell: str) -> tuple[Any, str, str]:
    """Return the value, what is wrong with it, and the fix."""
    missing = cell.lower() in (MISSING - {"none"} if column.kind == "text" else MISSING)  # "none" is a word: no antibody
    if column.kind in {"id", "text"}:
        return "" if missing and column.kind == "text" else cell, "", ""
    if column.kind in {"flag", "known"}:
        nothing = False if column.kind == "flag" else None
        word = cell.lower()
        wrong = not missing and word not in _YES | _NO
        value = nothing if missing or wrong else word in _YES
        return value, "neither yes nor no" if wrong else "", "write yes or no, or leave the cell empty"
    if column.kind == "choice":
        return _choice(column, cell, missing=missing)
    if missing or (column.kind == "age" and _BAND.fullmatch(cell)):
        return math.nan, "", ""
    return _number(column, cell)


def _choice(column: Column, cell: str, *, missing: bool) -> tuple[str, str, str]:
    words = {c.lower(): c for c in column.choices}
    known = {**{s: t for s, t in _SYNONYMS.items() if column.name == "sex"}, **words}
    if missing and cell.lower() not in words:
        return "", "", ""
    found = known.get(cell.lower().replace(" ", "_"))
    if found is not None:
        return found, "", ""
    return "", "not one of the allowed words", f"write one of {', '.join(column.choices)}.{nearest(cell, column.choices, 1)}"


def _number(column: Column, cell: str) -> tuple[float, str, str]:
    unit = f" in {column.unit}" if column.unit else ""
    if not _NUMBER.fullmatch(cell) and _identifiers.holds_date(cell):
        return math.nan, "a calendar date", _DAY_FIX if column.kind == "day" else f"write a number{unit}"
    if _THOUSANDS.fullmatch(cell):
        return math.nan, "the comma may stand for thousands or for decimals", "write 1234 or 1.234"
    if not _NUMBER.fullmatch(cell):
        return math.nan, "not a number", _DAY_FIX if column.kind == "day" else f"write a number{unit}, or leave the cell empty"
    value = float(cell.replace(",", "."))
    if column.kind == "day" and abs(value) > _MAX_DAYS:
        return math.nan, "a calendar date that Excel wrote as a number", _DAY_FIX
    if not column.low <= value <= column.high:
        limits = f"of at least {column.low:g}" if math.isinf(column.high) else f"from {column.low:g} to {column.high:g}"
        return math.nan, "out of range", f"write a number {limits}{unit}"
    return value, "", ""
