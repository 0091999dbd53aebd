"""Tables of cases for the Total Improvement Score: per cent changes, values before and after, or long form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.errors import DataError, UsageError, listing, say, warn
from ifnscore.instruments import _core_sets, _tis_measures, tis
from ifnscore.instruments._numbers import number

if TYPE_CHECKING:
    import pandas

    from ifnscore.instruments._core_sets import CoreSet

PERCENT = "percent"
_WHEN = {"before": "before", "baseline": "before", "after": "after", "followup": "after", "follow_up": "after"}
_NAMES = ("case", "patient_id")
_FORMS = (
    "per cent changes in phys, parent, muscle, chaq, enzyme, extramusc; values in <measure>_before and <measure>_after; "
    "or patient_id, instrument, baseline, followup"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it stands."""

    value: Any
    row: int
    column: str


@dataclass(slots=True)
class Case:
    """One patient: when (``before``, ``after`` or ``percent``) -> measure -> cell."""

    name: str
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)

    def put(self, when: str, measure: str, cell: Cell) -> bool:
        """Store a cell; False when there is one already."""
        known = self.cells.setdefault(when, {})
        if measure in known:
            return False
        known[measure] = cell
        return True


def scores(table: pandas.DataFrame, where: str, core_set: str | None, ranges: Mapping[str, Any]) -> pandas.DataFrame:
    """Return the scored table (see :func:`ifnscore.instruments.tis.from_table`)."""
    key, cases = _cases(table, where)
    found = {measure for case in cases for cells in case.cells.values() for measure in cells}
    try:
        chosen = _core_sets.which(found, core_set)
    except UsageError as error:
        if core_set is not None and core_set not in _core_sets.CORE_SETS:
            raise
        msg = f"{where}: {error}"
        raise DataError(msg) from error
    percent = any(PERCENT in case.cells for case in cases)
    absent = [p for p in _core_sets.PLACES if p not in {_core_sets.place(m) for m in found}]
    if absent:
        warn(f"{where}: nothing for {', '.join(absent)}, so no case has a score: a missing measure is never summed over")
    results = _from_percents(cases, where, chosen) if percent else _from_values(cases, where, chosen, ranges)
    rows = [_row(key, case.name, result) for case, result in zip(cases, results, strict=True)]
    return pd.DataFrame(rows)


def _row(key: str, name: str, result: tis.TIS) -> dict[str, Any]:
    return {
        key: name,
        **{f"p_{place}": x for place, x in result.points.items()},
        "TIS": result.total,
        "juvenile": result.juvenile,
        "adult": result.adult,
        "missing": ",".join(result.missing),
    }


def _from_percents(cases: list[Case], where: str, core_set: CoreSet | None) -> list[tis.TIS]:
    results, beyond = [], []
    for case in cases:
        percents = {}
        for measure, cell in case.cells[PERCENT].items():
            place = _place(cell, where, case)
            percents[measure] = number(cell.value, place)
            try:
                tis.check_percent(measure, percents[measure])
            except DataError as error:
                msg = f"{place}: {error}"
                raise DataError(msg) from error
            if measure == "enzyme" and abs(percents[measure]) > 100:  # noqa: PLR2004
                beyond.append(case.name)
        results.append(tis.score(percents, core_set=core_set))
    if beyond:
        warn(f"{where}: enzyme changes beyond 100 % in {listing(beyond, 3)}; are they per cent of the enzyme's range?")
    return results


def _from_values(cases: list[Case], where: str, core_set: CoreSet | None, ranges: Mapping[str, Any]) -> list[tis.TIS]:
    if core_set is None:
        msg = "core_set is missing: the measures could be either set; choose IMACS or PRINTO"
        raise UsageError(msg)
    scales = _tis_measures.scales(core_set, **ranges)
    say(f"core set {core_set}, globals in {ranges['vas_unit']}; {_tis_measures.NOTE}")
    results = []
    for case in cases:
        values: dict[str, dict[str, float]] = {"before": {}, "after": {}}
        for when, cells in case.cells.items():
            for measure, cell in cells.items():
                place = _place(cell, where, case)
                if measure not in scales:
                    msg = f"{place}: {measure!r} does not say which measure it is in the {core_set} set; use {', '.join(scales)}"
                    raise DataError(msg)
                values[when][measure] = _tis_measures.checked(number(cell.value, place), scales[measure], place)
        results.append(tis.from_measures(values["before"], values["after"], core_set=core_set, **ranges))
    return results


def _place(cell: Cell, where: str, case: Case) -> str:
    return f"{where} row {cell.row} ({case.name}), column {cell.column!r}"


def _cases(table: pandas.DataFrame, where: str) -> tuple[str, list[Case]]:
    """Return the name of the case column, and the cases."""
    columns = [str(c) for c in table.columns]
    if table.empty:
        msg = f"{where}: the table has no rows"
        raise DataError(msg)
    table = table.set_axis(columns, axis=1)
    lowered = {c.strip().lower(): c for c in columns}
    whens = {_WHEN[c]: lowered[c] for c in lowered if c in _WHEN}
    if "instrument" in lowered and set(whens) == {"before", "after"}:
        return _long(table, where, lowered["instrument"], whens)
    parts = {c: part for c in columns if (part := _meaning(c)) is not None}
    forms = {part[0] == PERCENT for part in parts.values()}
    if not parts:
        msg = f"{where}: no column is a core set measure (found {listing(columns)}); give {_FORMS}"
        raise DataError(msg)
    if len(forms) > 1:
        mixed = [next(c for c, p in parts.items() if (p[0] == PERCENT) is kind) for kind in (True, False)]
        msg = f"{where}: per cent changes ({mixed[0]!r}) and values ({mixed[1]!r}) in one table; give one of the two"
        raise DataError(msg)
    key = _key(columns, parts)
    _ignored([c for c in columns if c not in parts and c != key], where)
    cases = []
    for i, row in enumerate(table.to_dict(orient="records")):
        case = Case(_name(row.get(key), i))
        for column, (when, measure) in parts.items():
            if not case.put(when, measure, Cell(row[column], i + 2, column)):
                msg = f"{where}: column {column!r} is a second one for {measure}; keep one"
                raise DataError(msg)
        cases.append(case)
    return key, cases


def _long(table: pandas.DataFrame, where: str, instrument: str, whens: Mapping[str, str]) -> tuple[str, list[Case]]:
    taken = {instrument, *whens.values()}
    key = next((c for c in table.columns if c in _NAMES), next((c for c in table.columns if c not in taken), None))
    if key is None:
        msg = f"{where}: no column names the patient; add patient_id"
        raise DataError(msg)
    _ignored([c for c in table.columns if c not in {key, *taken}], where)
    cases: dict[str, Case] = {}
    strange: list[str] = []
    for i, row in enumerate(table.to_dict(orient="records")):
        case = cases.setdefault(_name(row[key], i), Case(_name(row[key], i), {"before": {}, "after": {}}))
        measure = _core_sets.measure(str(row[instrument]))
        if measure is None:
            strange.append(str(row[instrument]))
            continue
        for when, column in whens.items():
            if not case.put(when, measure, Cell(row[column], i + 2, column)):
                place = _place(Cell(None, i + 2, instrument), where, case)
                msg = f"{place}: {row[instrument]!r} is a second value for {measure}; keep one"
                raise DataError(msg)
    if not any(case.cells["before"] for case in cases.values()):
        msg = f"{where}: no instrument is a core set measure (found {listing(dict.fromkeys(strange))})"
        raise DataError(msg)
    if strange:
        say(f"{where}: instruments outside the core sets are not used: {listing(dict.fromkeys(strange))}")
    return str(key), list(cases.values())


def _meaning(column: str) -> tuple[str, str] | None:
    """Return when and what a column is, or None."""
    name = column.strip().lower()
    for ending, when in _WHEN.items():
        measure = _core_sets.measure(name.removesuffix(f"_{ending}")) if name.endswith(f"_{ending}") else None
        if measure is not None:
            return when, measure
    measure = _core_sets.measure(name)
    return None if measure is None else (PERCENT, measure)


def _key(columns: list[str], parts: Mapping[str, Any]) -> str:
    """Return the column that names the case: a known name, else the first column unless it is a measure."""
    named = next((c for c in columns if c.strip().lower() in _NAMES), columns[0])
    return "case" if named in parts else named


def _name(value: Any, i: int) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip()
    return str(i + 1) if missing else str(value).strip()


def _ignored(columns: list[str], where: str) -> None:
    if columns:
        say(f"{where}: columns not used: {listing(columns, 12)}")
