"""Drugs of Table 1: given before, given beside, and the index drug itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ifnscore.cohort import _exposure, _match, _timeline
from ifnscore.cohort._table1_rows import Variable, flag, levels, numbers
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort._model import Cohort

DAYS_A_MONTH = 365.25 / 12
ANY, ANY_STEROID = "any drug", "any glucocorticoid"
_MG_A_DAY = frozenset({"mg/day", "mg/d", "mgdaily", "mgperday", "mg/24h"})
_REASONS = {
    "AE": "adverse event",
    "lack_efficacy": "lack of efficacy",
    "patient_choice": "patient's choice",
    "": "reason not given",
}


class _Period(NamedTuple):
    """One drug of one patient; infinite where it has no start or no stop."""

    patient: str
    drug: str
    start: float
    stop: float
    prior_only: bool

    @property
    def before(self) -> bool:
        return self.prior_only or self.start < 0

    @property
    def beside(self) -> bool:
        """Whether it runs on day 0 or on the last day before it."""
        return not self.prior_only and any(self.start <= day < self.stop for day in (0, -1))


def others(cohort: Cohort, who: list[str]) -> list[Variable]:
    """Return the drugs given before day 0, those running at baseline, and the steroid dose then."""
    periods = _periods(cohort)
    made = _drugs("prior drugs", who, periods, lambda p: p.before)
    return [*made, *_drugs("drugs at baseline", who, periods, lambda p: p.beside), *_steroids(cohort, who, periods)]


def _periods(cohort: Cohort) -> list[_Period]:
    index = cohort.settings.index_drug.lower()
    rows = [r for t in (cohort.concomitant, cohort.exposures) for r in rows_of(t) if str(r["drug"]).lower() != index]
    return [
        _Period(
            row["patient_id"],
            row["drug"],
            -math.inf if math.isnan(row["start_day"]) else float(row["start_day"]),
            math.inf if math.isnan(row["stop_day"]) else float(row["stop_day"]),
            bool(row.get("prior_only", False)),
        )
        for row in rows
    ]


def _drugs(section: str, who: list[str], periods: list[_Period], wanted: Callable[[_Period], bool]) -> list[Variable]:
    """Return one row a drug; without any row in the files nothing is known of anybody."""
    if not periods:
        return [flag(section, ANY, dict.fromkeys(who), note="no file of other drugs, or no row in it")]
    takers: dict[str, set[str]] = {}
    for period in filter(wanted, periods):
        takers.setdefault(period.drug, set()).add(period.patient)
    order = sorted(takers, key=str.lower)  # by frequency the order would tell hidden counts
    steroids = [drug for drug in order if _match.is_steroid(drug)]
    rows = {ANY: set().union(*takers.values())}
    if len(steroids) > 1:
        rows[ANY_STEROID] = set().union(*(takers[drug] for drug in steroids))
    rows |= {drug: takers[drug] for drug in order}
    return [flag(section, name, {p: p in taking for p in who}) for name, taking in rows.items()]


def _steroids(cohort: Cohort, who: list[str], periods: list[_Period]) -> list[Variable]:
    taking = {p.patient for p in periods if p.beside and _match.is_steroid(p.drug)}
    if not taking:
        return []
    dose = {p: _match.steroid_dose(cohort, p, -1) or _match.steroid_dose(cohort, p, 0) for p in who}
    name = "Glucocorticoid dose of those on it, mg/kg/day"
    return [numbers("drugs at baseline", name, dose, asked=taking, note="last day before the first dose")]


def index(cohort: Cohort, who: list[str]) -> list[Variable]:
    """Return dose, months on the index drug, and who paused or stopped it, with reasons."""
    of = _timeline.runs(cohort)
    ever = {p for p in who if of[p]}
    made = [flag("index drug", f"ever on {cohort.settings.index_drug}", {p: p in ever for p in who})]
    if not ever:
        return made
    stopped = {p: _exposure.discontinued_on(of[p], cohort.settings.data_cut_day) for p in who}
    gone = {p for p, day in stopped.items() if not math.isnan(day)}
    paused = {p: [a for a, _ in _exposure.interruptions(of[p])] for p in who}
    months = _months(cohort, who)
    made += [*_dose(cohort, who, ever), numbers("index drug", "Months on it", months, asked=ever, note="interruptions left out")]
    if gone and ever - gone:
        name = "Months on it of those not discontinued"
        made.append(numbers("index drug", name, months, asked=ever - gone, note="interruptions left out"))
    halted = {p for p in ever if paused[p]}
    made.append(flag("index drug", "Interrupted, later restarted", {p: p in halted for p in who}, asked=ever))
    if halted:
        made.append(levels("index drug", "Reason of interruption", _why(cohort, paused), asked=halted))
    made.append(flag("index drug", "Discontinued", {p: p in gone for p in who}, asked=ever))
    if gone:
        ends = {p: [day] if p in gone else [] for p, day in stopped.items()}
        made.append(levels("index drug", "Reason of discontinuation", _why(cohort, ends), asked=gone))
    return made


def _mine(cohort: Cohort, patient: str) -> list[dict[str, Any]]:
    e = cohort.exposures
    return rows_of(e[(e["patient_id"] == patient) & (e["drug"].str.lower() == cohort.settings.index_drug.lower())])


def _why(cohort: Cohort, ends: dict[str, list[float]]) -> dict[str, str]:
    """Return the reasons of each patient for the stops on given days; several different ones are joined: one level a patient."""
    made = {}
    for patient, days in ends.items():
        codes = [row["reason_stop"] for row in _mine(cohort, patient) if row["stop_day"] in days]
        made[patient] = " + ".join(sorted({_REASONS.get(c, c) for c in codes}))
    return made


def _dose(cohort: Cohort, who: list[str], ever: set[str]) -> list[Variable]:
    """Return the first dose a day; a dose in another unit than mg a day (or by weight) is missing."""
    per_day, per_kg = dict.fromkeys(who, math.nan), dict.fromkeys(who, math.nan)
    for patient in ever:
        first = min(_mine(cohort, patient), key=lambda row: row["start_day"])
        unit = str(first["unit"]).replace(" ", "").lower()
        per_day[patient] = float(first["dose"]) if unit in _MG_A_DAY else math.nan
        by_weight = float(first["dose"]) if unit.startswith("mg/kg") else math.nan
        per_kg[patient] = by_weight if math.isnan(first["dose_mg_kg"]) else float(first["dose_mg_kg"])
    return [
        numbers("index drug", "First dose, mg/day", per_day, asked=ever, note="doses in other units are missing"),
        numbers("index drug", "First dose, mg/kg/day", per_kg, asked=ever),
    ]


def _months(cohort: Cohort, who: list[str]) -> dict[str, float]:
    """Return months on the drug, interruptions left out; NaN where it goes on and nothing was recorded after its last start.

    A drug that goes on ends at the data cut, or without one at the last visit, sample or recorded dose.
    """
    of, cut = _timeline.runs(cohort), cohort.settings.data_cut_day
    seen: dict[str, list[float]] = {p: [] for p in who}
    for table, columns in ((cohort.visits, ["day"]), (cohort.samples, ["day"]), (cohort.exposures, ["start_day", "stop_day"])):
        for line in rows_of(table):
            if line["patient_id"] in seen:
                seen[line["patient_id"]] += [float(line[c]) for c in columns if not math.isnan(line[c])]
    made = {}
    for patient in who:
        last = max(seen[patient], default=math.nan) if cut is None else cut
        days = [min(run.stop, last if math.isinf(run.stop) or cut is not None else run.stop) - run.start for run in of[patient]]
        unknown = cut is None and bool(days) and math.isinf(of[patient][-1].stop) and days[-1] <= 0
        made[patient] = math.nan if unknown else sum(max(0.0, d) for d in days) / DAYS_A_MONTH
    return made
