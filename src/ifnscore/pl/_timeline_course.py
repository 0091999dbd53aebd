"""What the swimmer plot shows of one patient: bars of dose, gaps and stops with their reasons, the end of what is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore._lazy import np, pd
from ifnscore.cohort import _exposure, _match, _timeline
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort

#: Reasons as they are recorded -> as they are written.
WORDS = {"lack_efficacy": "lack of efficacy", "patient_choice": "patient's choice", "unknown": "reason unknown"}
NOT_RECORDED = "reason not recorded"
#: What an adverse event did to the drug, where exposures.csv gives no reason itself.
_BY_EVENT = {"interrupted", "discontinued"}


@dataclass(frozen=True, slots=True)
class Bar:
    """Days at one dose; NaN where the dose is not known."""

    start: float
    stop: float
    dose: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without the drug, longer than the grace days, before a restart."""

    start: float
    stop: float
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """One patient on the index drug; days from the first dose.

    Attributes
    ----------
    patient
        Code.
    bars, gaps
        In the order of time.
    stopped, reason
        Day of the stop that was not followed by a restart (NaN without one), and why.
    ongoing
        Whether the drug went on at `last`.
    first, last
        First and last day of which anything is known; `last` is the data cut for those who were still on the drug.
    """

    patient: str
    bars: tuple[Bar, ...]
    gaps: tuple[Gap, ...]
    stopped: float
    reason: str
    ongoing: bool
    first: float
    last: float


def courses(cohort: Cohort) -> tuple[list[Course], str]:
    """Return the course of every patient in the order of codes, and the unit of the doses (empty where none is known)."""
    s, exposures = cohort.settings, cohort.exposures
    mine = exposures[exposures["drug"].astype(str).str.lower() == s.index_drug.lower()]
    if s.data_cut_day is not None:
        mine = mine[mine["start_day"] < s.data_cut_day]
    doses, unit = _doses(mine)
    mine = mine.assign(amount=doses).sort_values("start_day", kind="stable")
    runs = _timeline.runs(cohort)
    ordered = sorted(cohort.codes.items(), key=lambda pair: (len(pair[1]), pair[1]))
    return [
        _course(cohort, patient, code, mine[mine["patient_id"] == patient], runs[patient])
        for patient, code in ordered
        if patient in runs
    ], unit


def _doses(rows: pd.DataFrame) -> tuple[pd.Series, str]:
    """Return doses in the one unit that most rows have: by weight, or as they stand; NaN for the rest."""
    by_weight = _match.per_kg(rows)
    given = rows["unit"].astype(str).where(rows["dose"].notna(), "").str.strip()
    units = given[given != ""].value_counts()
    if by_weight.notna().any() and (units.empty or by_weight.notna().sum() >= units.iloc[0]):
        return by_weight, "mg/kg/day"
    if units.empty:
        return pd.Series(np.nan, index=rows.index), ""
    unit = str(units.index[0])
    return rows["dose"].astype(float).where(given == unit), unit


def _course(cohort: Cohort, patient: str, code: str, rows: pd.DataFrame, runs: list[_exposure.Run]) -> Course:
    cut = cohort.settings.data_cut_day
    first, last = _seen(cohort, patient, rows)
    stopped = _exposure.discontinued_on(runs, cut)
    ongoing = bool(runs) and math.isnan(stopped)
    end = last if cut is None else cut
    bars = [Bar(r["start_day"], min(_stop(r["stop_day"]), end), r["amount"]) for r in rows_of(rows)]
    events = cohort.adverse_events[cohort.adverse_events["patient_id"] == patient]
    began = {run.stop: run.start for run in runs}

    def why(stop: float) -> str:
        return _reason(rows, events, began[stop], stop)

    return Course(
        patient=code,
        bars=tuple(bars),
        gaps=tuple(Gap(a, b, why(a)) for a, b in _exposure.interruptions(runs)),
        stopped=stopped,
        reason="" if math.isnan(stopped) else why(stopped),
        ongoing=ongoing,
        first=first,
        last=max(last, end) if ongoing else last,
    )


def _stop(day: float) -> float:
    return math.inf if math.isnan(day) else day


def _seen(cohort: Cohort, patient: str, rows: pd.DataFrame) -> tuple[float, float]:
    """Return the first and the last day of which the tables say anything: doses, samples, visits."""
    tables = (cohort.samples, cohort.visits)
    days = [d for t in tables for d in t.loc[t["patient_id"] == patient, "day"].astype(float) if math.isfinite(d)]
    cut = cohort.settings.data_cut_day
    known = [d for c in ("start_day", "stop_day") for d in rows[c].astype(float) if math.isfinite(d)]
    days += known if cut is None else [min(d, cut) for d in known]
    return (min(days), max(days)) if days else (0.0, 0.0)


def _reason(rows: pd.DataFrame, events: pd.DataFrame, start: float, stop: float) -> str:
    """Return why a run ended: as exposures.csv says, else ``AE`` where an adverse event of that run changed the drug."""
    ended = rows.loc[rows["stop_day"] == stop, "reason_stop"].astype(str)
    said = next((r for r in ended if r not in {"", "nan"}), "")
    if said:
        return WORDS.get(said, said)
    during = events["action"].isin(list(_BY_EVENT)) & events["onset_day"].between(start, stop)
    return "AE" if during.any() else NOT_RECORDED
