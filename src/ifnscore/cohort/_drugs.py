"""Intervals of drugs: order, overlaps, the index drug and its day 0."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

from ifnscore._lazy import pd
from ifnscore.cohort._cells import MISSING, Typed
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._match import is_steroid, per_kg
from ifnscore.cohort._settings import Settings
from ifnscore.errors import nearest

Tables = dict[str, Typed]


class Interval(NamedTuple):
    """[start, stop) of one row; an ongoing one stops at infinity, an unreadable stop is NaN."""

    start: float
    stop: float
    line: int


def check(tables: Tables, present: set[str], settings: Settings, findings: Findings) -> None:
    """Check the intervals of both tables, bring drugs to one spelling, and look for the index drug."""
    exposures, concomitant = tables["exposures"], tables["concomitant"]
    one_spelling([exposures, concomitant], settings.index_drug)
    for table in (exposures, concomitant):
        _order(table, findings)
        _overlaps(table, findings)
    _missing_start(concomitant, findings)
    _steroid_doses(concomitant, findings)
    if "exposures" in present and exposures.has("patient_id", "drug", "start_day") and exposures.lines and settings.index_drug:
        _index(tables, settings.index_drug, findings)


def _steroid_doses(table: Typed, findings: Findings) -> None:
    """Say once that a steroid has no dose by weight: nothing can be adjusted for it then."""
    f = table.frame
    if not len(f):
        return
    unknown = f["drug"].map(is_steroid).astype(bool) & ~f["prior_only"].astype(bool) & f["start_day"].notna() & per_kg(f).isna()
    if unknown.any():
        more = f" ({int(unknown.sum())} rows)" if unknown.sum() > 1 else ""
        line = table.lines[int(unknown.to_numpy().argmax())]
        problem = f"a steroid without a dose by weight{more}"
        findings.warning(table.file, line, "dose_mg_kg", problem, "fill in dose_mg_kg, or dose with the unit mg/kg/day")


def one_spelling(tables: list[Typed], index_drug: str) -> None:
    """Write each drug as it is first spelled (the index drug as in the settings): case makes no other drug."""
    spelling = {index_drug.casefold(): index_drug} if index_drug else {}
    for table in tables:
        drugs = [spelling.setdefault(d.casefold(), d) for d in table.column("drug")]
        table.frame["drug"] = pd.Series(drugs, dtype=object)


def intervals(table: Typed) -> dict[tuple[str, str], list[Interval]]:
    """Return the intervals of each patient and drug in order of start; rows without a start are left out."""
    found: dict[tuple[str, str], list[Interval]] = defaultdict(list)
    f, stops = table.frame, table.text.get("stop_day", [])
    prior = f["prior_only"] if "prior_only" in f else [False] * len(f)
    rows = zip(table.lines, f["patient_id"], f["drug"], f["start_day"], f["stop_day"], prior, strict=True)
    for i, (line, patient, drug, start, stop, before) in enumerate(rows):
        unreadable = math.isnan(stop) and i < len(stops) and stops[i].lower() not in MISSING
        if patient and drug and not math.isnan(start) and not before:
            end = stop if unreadable or not math.isnan(stop) else math.inf
            found[patient, drug].append(Interval(start, end, line))
    return {k: sorted(v, key=lambda i: (i.start, i.line)) for k, v in found.items()}


def _order(table: Typed, findings: Findings) -> None:
    for line, start, stop in zip(table.lines, table.column("start_day"), table.column("stop_day"), strict=True):
        if stop < start:
            findings.error(table.file, line, "stop_day", "stops before it starts", "correct start_day or stop_day")
        elif stop == start:
            fix = "stop_day is the first day without the drug: a single day 5 is 5 to 6"
            findings.warning(table.file, line, "stop_day", "an interval without a day", fix)


def _overlaps(table: Typed, findings: Findings) -> None:
    for rows in intervals(table).values():
        reach: Interval | None = None
        for row in (r for r in rows if r.stop > r.start):
            if reach is not None and reach.start < row.start < reach.stop:  # the same start is a duplicate key, named before
                _overlap(table, reach, row, findings)
            reach = row if reach is None or row.stop > reach.stop else reach


def _overlap(table: Typed, first: Interval, second: Interval, findings: Findings) -> None:
    if math.isinf(first.stop):
        problem = f"ongoing, but line {second.line} starts the same drug later"
        findings.error(table.file, first.line, "stop_day", problem, "fill in when this period ended")
    else:
        problem = f"overlaps with line {first.line} (same patient, same drug)"
        findings.error(table.file, second.line, "start_day", problem, "let stop_day of the first be start_day of the second")


def _missing_start(table: Typed, findings: Findings) -> None:
    if not table.has("start_day"):
        return
    for line, text, prior in zip(table.lines, table.text["start_day"], table.frame["prior_only"], strict=True):
        if not text and not prior:
            fix = "fill in the first day, or write yes under prior_only"
            findings.error(table.file, line, "start_day", "the cell is empty", fix)


def _index(tables: Tables, drug: str, findings: Findings) -> None:
    exposures, patients = tables["exposures"], tables["patients"]
    mine = {patient: rows for (patient, name), rows in intervals(exposures).items() if name == drug}
    if not any(d == drug for d in exposures.column("drug")):
        fix = f"spell it as in the settings (index_drug).{nearest(drug, sorted(set(exposures.column('drug')) - {''}), 1)}"
        findings.error(exposures.file, None, "drug", "nobody has the index drug", fix)
        return
    for rows in mine.values():
        if rows[0].start != 0:
            fix = "count all days of this patient from the first dose: it is day 0"
            problem = f"the first dose of the index drug is on day {rows[0].start:g}"
            findings.error(exposures.file, rows[0].line, "start_day", problem, fix)
    takers = {p for p, d in zip(exposures.column("patient_id"), exposures.column("drug"), strict=True) if d == drug}
    for line, patient in zip(patients.lines, patients.column("patient_id"), strict=True):
        if patient and patient not in takers:
            fix = "not in comparisons of before and on the drug; add the exposure if there was one"
            findings.warning(patients.file, line, "patient_id", "the patient never had the index drug", fix)
    _timing(tables["samples"], mine, findings)


def _timing(samples: Typed, mine: dict[str, list[Interval]], findings: Findings) -> None:
    """Tell how many samples on the drug do not say how long after the last dose they were taken."""
    f = samples.frame
    columns = (f["patient_id"], f["day"], f["pre_dose"], f["hours_since_last_dose"])
    on = [
        hours
        for patient, day, before, hours in zip(*columns, strict=True)
        if not before and any(i.start <= day < i.stop for i in mine.get(patient, []))
    ]
    unknown = sum(math.isnan(h) for h in on)
    if unknown:
        problem = f"{unknown} of {len(on)} samples on the index drug do not say the time since the last dose"
        fix = "fill it in where it is known: the effect of a short-lived drug depends on it"
        findings.warning(samples.file, None, "hours_since_last_dose", problem, fix)


def stopped_for_good(exposures: Typed, drug: str) -> dict[str, float]:
    """Return patient -> day of the last stop, for patients who do not take the drug any more."""
    mine = {p: rows for (p, name), rows in intervals(exposures).items() if name == drug}
    last = {p: max(r.stop for r in rows) for p, rows in mine.items() if all(r.stop >= r.start for r in rows)}
    return {p: day for p, day in last.items() if not math.isinf(day)}
