"""Values of clinical measures: known instruments, units, ranges, versions, raters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from ifnscore import instruments
from ifnscore._lazy import pd
from ifnscore.cohort import _drugs
from ifnscore.cohort._cells import Typed
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._settings import Settings
from ifnscore.errors import UsageError, nearest

if TYPE_CHECKING:
    from ifnscore.instruments import Instrument

Tables = dict[str, Typed]
Known = Mapping[str, "Instrument"]
#: Digits kept when a value is converted: 63 mm is 6.3 cm, not 6.300000000000001.
_DIGITS = 9


def check(tables: Tables, settings: Settings, known: Known, findings: Findings) -> None:
    """Check outcomes, and bring instruments to their ids and values to the instrument's own unit, in place."""
    outcomes = tables["outcomes"]
    if not outcomes.has("instrument"):
        return
    measures = _resolve(outcomes, known, findings)
    _subscales(outcomes, measures, findings)
    units = _units(outcomes, measures, findings)
    _ranges(outcomes, measures, units, findings)
    _mixtures(outcomes, measures, "unit", units, "units", findings)
    versions = [re.sub(r"^v(ersion)?\.? ?(?=\d)", "", v.lower()) for v in outcomes.column("version")]
    _mixtures(outcomes, measures, "version", versions, "versions", findings)
    _exclusions(outcomes, measures, findings)
    _write(outcomes, measures, units)
    _days(tables, settings, findings)


def _resolve(outcomes: Typed, known: Known, findings: Findings) -> list[Instrument | None]:
    """Return the instrument of each row; None where it is unknown."""
    found: list[Instrument | None] = []
    seen = {name: _find(name, known) for name in set(outcomes.column("instrument"))}
    for line, name in zip(outcomes.lines, outcomes.column("instrument"), strict=True):
        if name and seen[name] is None:
            fix = f"use its id, or define it in cohort.toml as [[instrument]].{nearest(name, known)}"
            findings.error(outcomes.file, line, "instrument", "unknown instrument", fix)
        found.append(seen[name])
    return found


def _find(name: str, known: Known) -> Instrument | None:
    try:
        return instruments.get(name, known)
    except UsageError:
        return None


def _subscales(outcomes: Typed, measures: list[Instrument | None], findings: Findings) -> None:
    for line, measure, part in zip(outcomes.lines, measures, outcomes.column("subscale"), strict=True):
        if measure is not None and part and measure.subscales and part not in measure.subscales:
            fix = f"write one of {', '.join(measure.subscales)}.{nearest(part, measure.subscales, 1)}"
            findings.error(outcomes.file, line, "subscale", f"{measure.id} has no such part", fix)


def _unit_word(text: str) -> str:
    word = re.sub(r"[\s*·]", "", text.lower().replace("×", "x"))
    return "xuln" if word in {"uln", "timesuln", "xuln"} else word


def _units(outcomes: Typed, measures: list[Instrument | None], findings: Findings) -> list[str]:
    """Return the accepted unit of each row; an empty string where it cannot be known."""
    found = []
    for line, measure, text in zip(outcomes.lines, measures, outcomes.column("unit"), strict=True):
        unit = ""
        if measure is not None:
            accepted = measure.accepted_units
            unit = {_unit_word(u): u for u in accepted}.get(_unit_word(text), "")
            if not text and len(accepted) == 1:
                unit = accepted[0]
            elif not unit:
                problem = f"{measure.id} has no such unit" if text else f"{measure.id} has several units, and none is given"
                findings.error(outcomes.file, line, "unit", problem, f"write {' or '.join(accepted)}")
        found.append(unit)
    return found


def _converted(measure: Instrument, value: float, unit: str) -> float:
    return value if unit == measure.ratio_unit else round(measure.convert(value, unit), _DIGITS)


def _ranges(outcomes: Typed, measures: list[Instrument | None], units: list[str], findings: Findings) -> None:
    for line, measure, value, unit in zip(outcomes.lines, measures, outcomes.column("value"), units, strict=True):
        if measure is None or not unit or math.isnan(value):
            continue
        if unit == measure.ratio_unit:
            if value < 0:
                findings.error(
                    outcomes.file, line, "value", "a negative multiple of the upper limit of normal", "correct the value"
                )
            continue
        problem = measure.check(_converted(measure, value, unit))
        if problem is not None and problem.level == "error":
            findings.error(outcomes.file, line, "value", problem.text, "correct the value, its unit or the instrument")
        elif problem is not None:
            findings.warning(outcomes.file, line, "value", problem.text, "nothing to do if the form allows it")


def _mixtures(
    outcomes: Typed, measures: list[Instrument | None], column: str, words: list[str], what: str, findings: Findings
) -> None:
    """Refuse two units, or two versions, of one instrument; the rarer one is pointed at."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for line, measure, word in zip(outcomes.lines, measures, words, strict=True):
        if measure is not None and word:
            rows.setdefault(measure.id, []).append((line, word))
    for name, mine in rows.items():
        (usual, _), *others = Counter(word for _, word in mine).most_common()
        if others:
            odd = [line for line, word in mine if word != usual]
            fix = f"bring all rows of {name} to one of the {what}, or name them as different instruments"
            findings.error(
                outcomes.file, odd[0], column, f"{name} has several {what} ({len(odd)} of {len(mine)} rows differ)", fix
            )


def _exclusions(outcomes: Typed, measures: list[Instrument | None], findings: Findings) -> None:
    first: dict[str, int] = {}
    excludes: dict[str, tuple[str, ...]] = {}
    for line, measure in zip(outcomes.lines, measures, strict=True):
        if measure is None or measure.id in first:
            continue
        for other, line_of_other in first.items():
            if other in measure.excludes or measure.id in excludes[other]:
                problem = f"{measure.id} beside {other} (line {line_of_other}): the two have different scales"
                findings.error(outcomes.file, line, "instrument", problem, "keep one of the two in this cohort")
                break
        first[measure.id], excludes[measure.id] = line, measure.excludes


def _write(outcomes: Typed, measures: list[Instrument | None], units: list[str]) -> None:
    frame = outcomes.frame
    rows = list(zip(measures, units, frame["instrument"], frame["value"], frame["unit"], strict=True))
    frame["instrument"] = pd.Series([name if m is None else m.id for m, _, name, _, _ in rows], dtype=object)
    values = [value if m is None or not u else _converted(m, value, u) for m, u, _, value, _ in rows]
    frame["value"] = pd.Series(values, dtype=float)
    frame["unit"] = pd.Series(
        [text if m is None or not u else u if u == m.ratio_unit else m.unit for m, u, _, _, text in rows], dtype=object
    )


def _days(tables: Tables, settings: Settings, findings: Findings) -> None:
    """Warn about values after the drug was stopped for good, and about raters that change within a patient."""
    visits, outcomes = tables["visits"], tables["outcomes"]
    keys = zip(visits.column("patient_id"), visits.column("visit_id"), strict=True)
    day_of = dict(zip(keys, visits.column("day"), strict=True))
    stopped = _drugs.stopped_for_good(tables["exposures"], settings.index_drug)
    f = outcomes.frame
    columns = (f["patient_id"], f["visit_id"], f["instrument"], f["subscale"], f["rater_id"])
    after_stop: set[tuple[str, str]] = set()
    raters: dict[tuple[str, str, str], list[tuple[float, int, str]]] = {}
    for line, patient, visit, name, part, rater in zip(outcomes.lines, *columns, strict=True):
        day = day_of.get((patient, visit), math.nan)
        if day >= stopped.get(patient, math.inf) and (patient, visit) not in after_stop:
            after_stop.add((patient, visit))  # one finding a visit, at its first value
            fix = "kept: counts in treatment policy, not while on treatment"
            findings.warning(outcomes.file, line, "visit_id", "recorded after the index drug was stopped for good", fix)
        if rater and not math.isnan(day):
            raters.setdefault((patient, name, part), []).append((day, line, rater))
    for rows in raters.values():
        ordered = sorted(rows)
        for (_, _, before), (_, line, after) in pairwise(ordered):
            if before != after:
                fix = "a change may be one of raters; let the same person rate all visits"
                findings.warning(outcomes.file, line, "rater_id", "another rater than at the visit before", fix)
