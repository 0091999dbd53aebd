"""From intervals on the drug to the phase of a day: baseline, on, interrupted, discontinued, carry-over.

Intervals are half-open, ``[start, stop)``; a missing stop is still running at the data cut. Day 0 is the first dose.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.cohort._settings import Settings

BASELINE, ON, EARLY = "baseline", "on", "early_on"
CARRY_OVER, INTERRUPTED, DISCONTINUED = "carry_over", "off_interrupted", "off_discontinued"
START_DAY, NEVER = "start_day", "never_on_drug"
#: Every phase, in the order of time, with what it means.
PHASES = {
    NEVER: "no exposure to the index drug",
    BASELINE: "before the first dose",
    START_DAY: "on the day of the first dose, not known to be before it",
    EARLY: "on the drug for less than the minimum days",
    ON: "on the drug for at least the minimum days without interruption, last dose within the grace days",
    CARRY_OVER: "after the grace days, within the washout days of the last dose",
    INTERRUPTED: "off the drug, restarted later",
    DISCONTINUED: "off the drug, not restarted by the data cut",
}
#: Phases in which a sample is off the drug for certain: the zero of a longitudinal model.
OFF = (BASELINE, INTERRUPTED, DISCONTINUED)
HOURS_A_DAY = 24.0


@dataclass(frozen=True, slots=True)
class Run:
    """Days on the drug without an interruption longer than the grace days; `stop` is infinite while it goes on."""

    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class Moment:
    """What the exposure says about one day.

    Attributes
    ----------
    phase
        One of :data:`PHASES`.
    days_on
        Uninterrupted days on the drug up to that day (up to the last dose when off); 0 before the first dose.
    total_days_on
        Days on the drug so far, interruptions left out.
    """

    phase: str
    days_on: float
    total_days_on: float


def runs(intervals: Iterable[tuple[float, float]], grace_days: float = 1.0) -> list[Run]:
    """Join intervals whose gap is not longer than the grace days: a change of dose is no interruption.

    Parameters
    ----------
    intervals
        (start, stop) in days; a NaN stop means still on the drug.
    grace_days
        Longest gap that does not count as an interruption.
    """
    joined: list[Run] = []
    for start, given in sorted(intervals):
        stop = math.inf if math.isnan(given) else given
        if joined and start - joined[-1].stop <= grace_days:
            joined[-1] = Run(joined[-1].start, max(joined[-1].stop, stop))
        else:
            joined.append(Run(start, stop))
    return joined


def drug_runs(
    exposures: pd.DataFrame, patient: str, drug: str, grace_days: float, data_cut_day: float | None = None
) -> list[Run]:
    """Return the runs of one patient on one drug; what begins after the data cut is not known yet."""
    rows = exposures[(exposures["patient_id"] == patient) & (exposures["drug"].astype(str).str.lower() == drug.lower())]
    if data_cut_day is not None:
        rows = rows[rows["start_day"] < data_cut_day]
    return runs(zip(rows["start_day"].astype(float), rows["stop_day"].astype(float), strict=True), grace_days)


def moment(
    day: float, joined: list[Run], settings: Settings, *, pre_dose: bool = False, hours_since_last_dose: float = math.nan
) -> Moment:
    """Return the phase of a day.

    Parameters
    ----------
    day
        Day of the sample or visit, may be fractional.
    joined
        Runs of the index drug, see :func:`runs`.
    settings
        ``min_days_on``, ``grace_days``, ``washout_days``.
    pre_dose
        The sample of the first day was taken before the first dose.
    hours_since_last_dose
        NaN where unknown. More hours than the grace days mean missed doses: not "on", whatever the interval says.
    """
    if not joined:
        return Moment(NEVER, 0.0, 0.0)
    first = joined[0].start
    if day < first or (pre_dose and day < first + 1.0):
        return Moment(BASELINE, 0.0, 0.0)
    if math.floor(day) == first and not _dosed(hours_since_last_dose):
        return Moment(START_DAY, 0.0, 0.0)
    past = [r for r in joined if r.start <= day]
    run = past[-1]
    total = sum(min(r.stop, day) - r.start for r in past)
    days_on = min(run.stop, day) - run.start
    gap = max(0.0, day - run.stop)
    if not math.isnan(hours_since_last_dose):
        gap = max(gap, hours_since_last_dose / HOURS_A_DAY)
    if gap > settings.grace_days:
        return Moment(_off(day, gap, run, joined, settings), days_on, total)
    return Moment(ON if days_on >= settings.min_days_on else EARLY, days_on, total)


def _dosed(hours: float) -> bool:
    return not math.isnan(hours) and hours >= 0


def _off(day: float, gap: float, run: Run, joined: list[Run], settings: Settings) -> str:
    if gap <= settings.washout_days:
        return CARRY_OVER
    restarted = run.stop >= day or joined[-1] is not run
    return INTERRUPTED if restarted else DISCONTINUED


def interruptions(joined: list[Run]) -> list[tuple[float, float]]:
    """Return (stop, restart) of every gap that was followed by a restart."""
    return [(a.stop, b.start) for a, b in itertools.pairwise(joined)]


def discontinued_on(joined: list[Run], data_cut_day: float | None = None) -> float:
    """Return the day of the last dose where the drug was not restarted by the data cut, else NaN."""
    if not joined or math.isinf(joined[-1].stop):
        return math.nan
    stop = joined[-1].stop
    return math.nan if data_cut_day is not None and stop >= data_cut_day else stop
