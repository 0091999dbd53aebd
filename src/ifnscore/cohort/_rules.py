"""Keys, links between tables, samples, visits and ages."""

from __future__ import annotations

from typing import Any

from ifnscore.cohort._cells import MISSING, Typed
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._settings import Settings

Tables = dict[str, Typed]


def check(tables: Tables, present: set[str], settings: Settings, findings: Findings) -> None:
    """Check what holds within and between tables; columns that are absent were named before."""
    for table in tables.values():
        _duplicates(table, findings)
    _controls(tables["samples"])
    if "patients" in present and tables["patients"].has("patient_id"):
        _orphans(tables, findings)
        _without_samples(tables, present, findings)
    if "visits" in present:
        _visits(tables, findings)
    _samples(tables["samples"], findings)
    _ages(tables, findings)
    if settings.data_cut_day is not None:
        for name in ("visits", "samples"):
            _after_cut(tables[name], settings.data_cut_day, findings)
    _events(tables["adverse_events"], findings)


def _duplicates(table: Typed, findings: Findings) -> None:
    if not table.has(*(k for k in table.spec.key if table.spec[k].required)):
        return
    seen: dict[tuple[Any, ...], int] = {}
    columns = [table.column(k) for k in table.spec.key]
    for line, *key in zip(table.lines, *columns, strict=True):
        words = tuple(k.casefold() if isinstance(k, str) and n == "drug" else k for n, k in zip(table.spec.key, key, strict=True))
        needed = [k for n, k in zip(table.spec.key, key, strict=True) if table.spec[n].required]
        if any(k == "" or k != k for k in needed):  # NaN is not itself  # noqa: PLR0124
            continue
        if words in seen:
            problem = f"the same {', '.join(table.spec.key)} as in line {seen[words]}"
            findings.error(table.file, line, table.spec.key[-1], problem, "keep one of the two rows, or correct its key")
        else:
            seen[words] = line


def _controls(samples: Typed) -> None:
    """Take NA in a control's patient_id for an empty cell, even where a patient is called so."""
    frame = samples.frame
    nobody = [c and p.lower() in MISSING for c, p in zip(frame["is_control"], frame["patient_id"], strict=True)]
    frame.loc[nobody, "patient_id"] = ""


def _orphans(tables: Tables, findings: Findings) -> None:
    known = set(tables["patients"].column("patient_id"))
    samples = tables["samples"]
    for line, patient, control in zip(samples.lines, samples.column("patient_id"), samples.column("is_control"), strict=True):
        if control and patient in known:
            fix = "write no under is_control, or leave patient_id empty and name the person in donor_id"
            findings.error(samples.file, line, "is_control", "a healthy control that is one of the patients", fix)
    for name, table in tables.items():
        if name == "patients" or not table.has("patient_id"):
            continue
        for line, patient in zip(table.lines, table.column("patient_id"), strict=True):
            if patient and patient not in known:
                fix = "add the patient there, or correct the id"
                fix += "; the pseudonym of a control belongs in donor_id" if name == "samples" else ""
                findings.error(table.file, line, "patient_id", f"this patient is not in {tables['patients'].file}", fix)


def _visits(tables: Tables, findings: Findings) -> None:
    visits, outcomes = tables["visits"], tables["outcomes"]
    if not (visits.has("patient_id", "visit_id") and outcomes.has("patient_id", "visit_id")):
        return
    known = set(zip(visits.column("patient_id"), visits.column("visit_id"), strict=True))
    patients = set(tables["patients"].column("patient_id"))
    for line, patient, visit in zip(outcomes.lines, outcomes.column("patient_id"), outcomes.column("visit_id"), strict=True):
        if visit and patient in patients and (patient, visit) not in known:
            fix = "add the visit and its day there, or correct the id"
            findings.error(outcomes.file, line, "visit_id", f"this patient has no such visit in {visits.file}", fix)


def _without_samples(tables: Tables, present: set[str], findings: Findings) -> None:
    patients, samples = tables["patients"], tables["samples"]
    if "samples" not in present or not samples.has("patient_id") or not samples.lines:
        return
    sampled = set(samples.column("patient_id"))
    for line, patient in zip(patients.lines, patients.column("patient_id"), strict=True):
        if patient and patient not in sampled:
            fix = "described only, not analysed; add the samples if there are some"
            findings.warning(patients.file, line, "patient_id", "the patient has no samples", fix)


def _samples(samples: Typed, findings: Findings) -> None:
    if not samples.has("patient_id"):
        return
    f, days = samples.frame, samples.text.get("day", [])
    for i, (line, patient, control) in enumerate(zip(samples.lines, f["patient_id"], f["is_control"], strict=True)):
        if not patient and not control:
            fix = "fill in the patient, or write yes under is_control"
            findings.error(samples.file, line, "patient_id", "a sample without a patient that is no control", fix)
        elif not control and days and days[i].lower() in MISSING:
            fix = "fill in the day of the sample (day 0: first dose of the index drug)"
            findings.error(samples.file, line, "day", "a patient's sample without a day", fix)
        elif not control and f["day"][i] == 0 and samples.text.get("pre_dose", [""] * (i + 1))[i].lower() in MISSING:
            fix = "write yes or no under pre_dose; without it the sample is no baseline"
            findings.warning(
                samples.file, line, "pre_dose", "a sample of day 0, and it is not said if before the first dose", fix
            )


def _ages(tables: Tables, findings: Findings) -> None:
    patients, samples = tables["patients"], tables["samples"]
    columns = [patients.column(c) for c in ("age_at_dx_years", "age_at_start_years")]
    controls = samples.frame.loc[samples.frame["is_control"], "age_years"].dropna()
    low, high = (controls.min(), controls.max()) if len(controls) else (None, None)
    for line, diagnosis, start in zip(patients.lines, *columns, strict=True):
        if start < diagnosis:
            problem = "younger at the first dose than at diagnosis"
            findings.error(patients.file, line, "age_at_start_years", problem, "correct one of the two ages")
        if low is not None and not low <= start <= high and start == start:  # NaN is not itself  # noqa: PLR0124
            problem = "outside the ages of the controls"
            findings.warning(
                patients.file, line, "age_at_start_years", problem, "add controls of this age; scores may depend on it"
            )


def _after_cut(table: Typed, cut: float, findings: Findings) -> None:
    for line, day in zip(table.lines, table.column("day"), strict=True):
        if day > cut:
            problem = f"after the data cut (day {cut:g})"
            findings.warning(table.file, line, "day", problem, "correct the day, or data_cut_day in the settings")


def _events(events: Typed, findings: Findings) -> None:
    for line, onset, end in zip(events.lines, events.column("onset_day"), events.column("end_day"), strict=True):
        if end < onset:
            findings.error(events.file, line, "end_day", "ends before it begins", "correct onset_day or end_day")
