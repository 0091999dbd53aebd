"""From the tables of a TOML file to an :class:`Instrument`: strict, every error names file and key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ifnscore.errors import DataError, nearest
from ifnscore.instruments._model import COMPARISONS, DIRECTIONS, RANGE_CONFIDENCES, STATUSES, Anchor, Band, Instrument, Mcid

_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PARTS: dict[str, Any] = {"mcid": Mcid, "bands": Band, "anchors": Anchor}
_OF_PART = {"population": ("adult", "juvenile", "mixed"), "scale": ("points", "percent")}
_OF_INSTRUMENT = {
    "direction": DIRECTIONS,
    "range_confidence": RANGE_CONFIDENCES,
    "status": STATUSES,
    "comparison": COMPARISONS,
}
_NUMBERS = {"minimum", "maximum", "age_min", "age_max", "value", "value_high", "above", "at_least", "below", "at_most", "sd"}
_LISTS = {"excludes", "aliases", "subscales", "sources"}


def from_dict(data: Any, where: str) -> Instrument:
    """Build an :class:`Instrument` from a TOML table, shipped or a user's ``[[instrument]]``.

    Parameters
    ----------
    data
        Mapping; keys are the fields of :class:`Instrument`; ``id``, ``title`` and ``direction`` are required. A range that a
        user gives is the user's own statement, so it is enforced unless ``range_confidence`` says otherwise.
    where
        File name (or description) that error messages name.

    Raises
    ------
    DataError
        A key is unknown or missing, or a value is of the wrong kind.
    """
    if not isinstance(data, Mapping):
        msg = f"{where}: an instrument is a table of keys, not {data!r}"
        raise DataError(msg)
    given = dict(data)
    parts: dict[str, Any] = {key: _parts(given.pop(key, ()), kind, f"{where} [[{key}]]") for key, kind in _PARTS.items()}
    name = given.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        msg = f"{where}: 'id' is {name!r}; it needs small letters, digits and underscores, such as my_skin_score"
        raise DataError(msg)
    given["units"] = _units(given.get("units", {}), where)
    instrument = Instrument(**_values(given, Instrument, where, set(parts)), **parts)
    _check(instrument, where)
    return instrument


def _parts(values: Any, kind: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(v, Mapping) for v in values):
        msg = f"{where}: expected a list of tables"
        raise DataError(msg)
    return tuple(kind(**_values(dict(v), kind, f"{where} {i}", set())) for i, v in enumerate(values, 1))


def _values(data: dict[str, Any], kind: Any, where: str, elsewhere: set[str]) -> dict[str, Any]:
    """Check names and kinds of the values of one table."""
    known = {f.name: f for f in fields(kind)}
    for key in data:
        if key not in known or key in elsewhere:
            msg = f"{where}: unknown key {key!r}.{nearest(key, sorted(set(known) - elsewhere))}"
            raise DataError(msg)
    needed = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING and n not in elsewhere]
    absent = [n for n in needed if n not in data]
    if absent:
        msg = f"{where}: {absent[0]!r} is missing"
        raise DataError(msg)
    choices = _OF_INSTRUMENT if kind is Instrument else _OF_PART
    return {key: _value(key, value, choices.get(key), where) for key, value in data.items()}


def _value(key: str, value: Any, choices: tuple[str, ...] | None, where: str) -> Any:
    if choices is not None and value not in choices:
        msg = f"{where}: {key} is {value!r}; choose one of {', '.join(choices)}"
        raise DataError(msg)
    if key in _NUMBERS or key == "n":
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            msg = f"{where}: {key} is {value!r}; it needs a number (leave the key out where it is unknown)"
            raise DataError(msg)
        return value if key == "n" else float(value)
    if key in _LISTS:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v.strip() for v in value):
            msg = f"{where}: {key} is {value!r}; it needs a list of texts"
            raise DataError(msg)
        return tuple(value)
    if key != "units" and not isinstance(value, str):
        msg = f"{where}: {key} is {value!r}; it needs text"
        raise DataError(msg)
    return value


def _units(value: Any, where: str) -> dict[str, float]:
    if not isinstance(value, Mapping):
        msg = f"{where}: units is {value!r}; it needs a table unit = factor, such as {{ mm = 0.1 }}"
        raise DataError(msg)
    for unit, factor in value.items():
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < math.inf:
            msg = f"{where} [units]: {unit} is {factor!r}; a factor is a positive number"
            raise DataError(msg)
    return {str(k): float(v) for k, v in value.items()}


def _check(instrument: Instrument, where: str) -> None:
    low, high = instrument.minimum, instrument.maximum
    if low is not None and high is not None and not low < high:
        msg = f"{where}: minimum is {low:g} and maximum {high:g}; the minimum must be smaller"
        raise DataError(msg)
    if instrument.units.get(instrument.unit, 1.0) != 1.0:
        msg = f"{where} [units]: {instrument.unit} is the unit itself; its factor is 1"
        raise DataError(msg)
    if instrument.id in instrument.excludes:
        msg = f"{where}: excludes names the instrument itself"
        raise DataError(msg)
