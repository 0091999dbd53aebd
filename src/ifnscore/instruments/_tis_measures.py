"""From values before and after to absolute per cent changes, for the Total Improvement Score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ifnscore.errors import DataError, UsageError
from ifnscore.instruments import _core_sets, _registry
from ifnscore.instruments._model import DIGITS
from ifnscore.instruments._numbers import number

NOTE = "absolute % change = improvement / range x 100: this definition was not in the sources at hand (unverified)"
_VAS = {"cm": 10.0, "mm": 100.0}
_MMT = (80.0, 150.0)
_WHAT = {
    "mmt_max": "the largest MMT of the form in use, 80 or 150",
    "enzyme_range": "the range of the enzyme, in the unit of its values",
    "extramuscular_range": "10 for one extramuscular VAS, 60 for the sum of six",
    "chq_phs_range": "the range of the CHQ physical summary score",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """Range of a measure: lowest and highest value (None: unlimited), and the width that changes are divided by."""

    low: float | None
    high: float | None
    width: float


def scales(
    core_set: str,
    *,
    enzyme_range: float | None,
    mmt_max: float | None,
    extramuscular_range: float | None,
    chq_phs_range: float | None,
    vas_unit: str,
) -> dict[str, Scale]:
    """Return the scale of each measure of a core set.

    Raises
    ------
    UsageError
        The set or unit is unknown, or a range that the set needs is absent or not positive.
    """
    _core_sets.which((), core_set)
    if core_set not in _core_sets.CORE_SETS:
        msg = f"core_set is {core_set!r}; choose one of {', '.join(_core_sets.CORE_SETS)}"
        raise UsageError(msg)
    if vas_unit not in _VAS:
        msg = f"vas_unit is {vas_unit!r}; choose cm (0-10) or mm (0-100)"
        raise UsageError(msg)
    printo = core_set == "PRINTO"
    given = {"mmt_max": mmt_max, "enzyme_range": enzyme_range, "extramuscular_range": extramuscular_range}
    widths = _needed({"chq_phs_range": chq_phs_range} if printo else given)
    chaq, cmas, das = (_wide(_registry.get(i).maximum or math.nan) for i in ("chaq", "cmas", "das_total"))
    found = {"phys": _wide(_VAS[vas_unit]), "parent": _wide(_VAS[vas_unit]), "chaq": chaq}
    if printo:
        return {**found, "cmas": cmas, "das": das, "chq_phs": Scale(None, None, widths["chq_phs_range"])}
    if widths["mmt_max"] not in _MMT:
        msg = f"mmt_max is {mmt_max:g}; choose 80 (8 groups, one side) or 150 (both sides)"
        raise UsageError(msg)
    enzyme = Scale(0.0, None, widths["enzyme_range"])
    return {**found, "mmt": _wide(widths["mmt_max"]), "enzyme": enzyme, "extramusc": _wide(widths["extramuscular_range"])}


def _wide(width: float) -> Scale:
    return Scale(0.0, width, width)


def _needed(ranges: Mapping[str, float | None]) -> dict[str, float]:
    absent = [f"{name} ({_WHAT[name]})" for name, value in ranges.items() if value is None]
    if absent:
        msg = f"give {', '.join(absent)}: no default is known"
        raise UsageError(msg)
    for name, value in ranges.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            msg = f"{name} is {value!r}; it needs a positive number: {_WHAT[name]}"
            raise UsageError(msg)
    return {name: float(value) for name, value in ranges.items() if value is not None}


def percents(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    core_set: str,
    **ranges: Any,
) -> tuple[dict[str, float], str]:
    """Return the absolute per cent change of each measure (positive when better, NaN when missing), and a note."""
    known = scales(core_set, **ranges)
    pair = [_values(one, core_set, when, known) for one, when in ((before, "before"), (after, "after"))]
    found = {}
    for measure, scale in known.items():
        old, new = pair[0][measure], pair[1][measure]
        gain = new - old if measure in _core_sets.HIGHER_IS_BETTER else old - new
        found[measure] = round(gain / scale.width * 100.0, DIGITS)
    return found, NOTE


def _values(values: Mapping[str, Any], core_set: str, when: str, known: Mapping[str, Scale]) -> dict[str, float]:
    given = _core_sets.named(values)
    _core_sets.which(given, core_set)
    strange = [m for m in given if m not in known]
    if strange:
        allowed = ", ".join(_core_sets.MEASURES["PRINTO" if core_set == "PRINTO" else "IMACS"])
        msg = f"{strange[0]!r} does not say which measure it is in the {core_set} set; use {allowed}"
        raise UsageError(msg)
    return {m: checked(number(given.get(m), f"{m} {when}"), scale, f"{m} {when}") for m, scale in known.items()}


def checked(value: float, scale: Scale, where: str) -> float:
    """Return a value that lies within its scale (or is NaN).

    Raises
    ------
    DataError
        It lies outside; `where` says which.
    """
    x = round(value, DIGITS)
    if (scale.low is not None and x < scale.low) or (scale.high is not None and x > scale.high):
        low, high = scale.low or 0.0, scale.high
        msg = f"{where} is {value:g}; it lies {f'within {low:g}-{high:g}' if high is not None else f'at or above {low:g}'}"
        raise DataError(msg)
    return value


def best_changes(before: Mapping[str, Any], *, core_set: str, **ranges: Any) -> dict[str, float]:
    """Return the largest per cent change that each measure's baseline allows (100 where its scale has no known end)."""
    known = scales(core_set, **ranges)
    values = _values(before, core_set, "before", known)
    found = {}
    for measure, scale in known.items():
        end = scale.high if measure in _core_sets.HIGHER_IS_BETTER else scale.low
        room = scale.width if end is None else abs(end - values[measure])
        found[measure] = min(round(room / scale.width * 100.0, DIGITS), 100.0)
    return found
