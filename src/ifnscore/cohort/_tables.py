"""The tables of a cohort: columns, kinds, allowed words, units and help. Templates and checks are made from these records."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

#: ``flag`` is yes/no where an empty cell means no, ``known`` where it means "not known".
Kind = Literal["id", "text", "number", "day", "age", "flag", "known", "choice"]
TISSUES = ("blood", "skin", "muscle", "PBMC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name, kind, help
        Name, kind of its cells, one line for a clinician.
    required
        The column must be there.
    filled
        No cell may be empty.
    choices
        Allowed words of a ``choice``.
    unit
        Unit of numbers.
    low, high
        Limits of numbers, both included.
    """

    name: str
    kind: Kind
    help: str
    required: bool = False
    filled: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name (of the file and of the sheet), what a row is, its columns, and the key that no two rows share."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [c.name for c in self.columns]

    def __getitem__(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


def _id(name: str, text: str, *, filled: bool = True) -> Column:
    return Column(name, "id", text, required=True, filled=filled)


_PATIENT = _id("patient_id", "pseudonym of the patient: no initials, no dates")
_VISIT = _id("visit_id", "name of the visit, such as V1")
_REASONS = ("lack_efficacy", "AE", "remission", "planned", "patient_choice", "unknown")
_STEPS = ("start", "dose_change", "interruption", "restart", "discontinuation")
_ACTIONS = ("none", "interrupted", "dose_reduced", "discontinued")


def _interval(*, start_filled: bool) -> tuple[Column, ...]:
    return (
        _PATIENT,
        Column("drug", "text", "name of the drug, spelled the same way in all files", required=True, filled=True),
        Column("start_day", "day", "first day at this dose", required=True, filled=start_filled, unit="days"),
        Column("stop_day", "day", "first day without it; empty: ongoing at the data cut", required=True, unit="days"),
        Column("dose", "number", "dose", low=0),
        Column("unit", "text", "unit of the dose, such as mg/day or mg/kg/day"),
        Column("frequency", "text", "such as 5 mg twice a day"),
        Column("dose_mg_kg", "number", "daily dose by body weight", unit="mg/kg/day", low=0),
        Column("reason_stop", "choice", "why it was stopped", choices=_REASONS),
        Column("kind", "choice", "what this row begins or ends with", choices=_STEPS),
    )


PATIENTS = Table(
    "patients",
    "one patient",
    (
        _PATIENT,
        Column("sex", "choice", "F, M or other", choices=("F", "M", "other")),
        Column("age_at_dx_years", "age", "age at diagnosis: whole years, or a band such as 6-11", unit="years", low=0, high=120),
        Column("age_at_start_years", "age", "age at the first dose: whole years, or a band", unit="years", low=0, high=120),
        Column("msa", "text", "myositis-specific antibody, such as NXP2, MDA5, TIF1g, none"),
        Column("diagnosis", "text", "diagnosis, such as JDM"),
        Column("site", "text", "code of the hospital"),
        Column("calcinosis_ever", "known", "calcinosis at any time"),
        Column("weakness_ever", "known", "decreased muscle strength at any time"),
        Column("joint_ever", "known", "joint involvement at any time"),
        Column("ild_ever", "known", "interstitial lung disease at any time"),
    ),
    ("patient_id",),
    required=True,
)
VISITS = Table(
    "visits",
    "one visit of one patient",
    (
        _PATIENT,
        _VISIT,
        Column(
            "day", "day", "day of the visit; day 0 is the first dose of the index drug", required=True, filled=True, unit="days"
        ),
        Column("visit_type", "text", "such as baseline, planned, unplanned"),
    ),
    ("patient_id", "visit_id"),
)
SAMPLES = Table(
    "samples",
    "one sample",
    (
        _id("sample_id", "name of the sample in the expression matrix: no initials, no dates"),
        _id("patient_id", "pseudonym of the patient; empty for controls", filled=False),
        Column("day", "day", "day of the sample, may be fractional; empty for controls", required=True, unit="days"),
        Column("tissue", "choice", "tissue", required=True, filled=True, choices=TISSUES),
        Column("platform", "text", "such as RNA-seq, NanoString, RT-qPCR"),
        Column("batch", "text", "code of the run, not its date"),
        Column("rin", "number", "RNA integrity number", low=0, high=10),
        Column("collection_tube", "text", "such as PAXgene, Tempus"),
        Column("run_date_block", "text", "code of a block of runs, such as A, not a date"),
        Column("is_control", "flag", "healthy control"),
        Column("donor_id", "id", "pseudonym of the control: repeats of one person count once"),
        Column("age_years", "age", "age of the control", unit="years", low=0, high=120),
        Column("infection_flag", "flag", "infection at the time of the sample"),
        Column("vaccine_within_days", "number", "days since the last vaccination", unit="days", low=0),
        Column("pre_dose", "flag", "for samples of day 0: taken before the first dose"),
        Column("hours_since_last_dose", "number", "hours since the last dose of the index drug", unit="hours", low=0),
        Column("wbc", "number", "leukocytes of the same draw", unit="10^9/L", low=0, high=1000),
        Column("neutrophils", "number", "neutrophils of the same draw", unit="10^9/L", low=0, high=1000),
        Column("lymphocytes", "number", "lymphocytes of the same draw", unit="10^9/L", low=0, high=1000),
        Column("monocytes", "number", "monocytes of the same draw", unit="10^9/L", low=0, high=1000),
    ),
    ("sample_id",),
    required=True,
)
EXPOSURES = Table(
    "exposures",
    "one period of one drug at one dose, from start_day to the day before stop_day",
    _interval(start_filled=True),
    ("patient_id", "drug", "start_day"),
    required=True,
)
CONCOMITANT = Table(
    "concomitant",
    "one period of one other drug (steroids in mg/kg/day; an infusion on day 5 is 5 to 6)",
    (
        *_interval(start_filled=False),
        Column("prior_only", "flag", "given only before the index drug; days may be empty then"),
    ),
    ("patient_id", "drug", "start_day"),
)
OUTCOMES = Table(
    "outcomes",
    "one value of one measure at one visit",
    (
        _PATIENT,
        _VISIT,
        Column("instrument", "text", "id of the measure, such as cdasi_activity", required=True, filled=True),
        Column("subscale", "text", "part of the measure, where it has parts"),
        Column("value", "number", "value", required=True),
        Column("unit", "text", "such as cm, mm, U/L, xULN; needed where a measure has several"),
        Column("rater_id", "text", "code of the rater, no initials"),
        Column("version", "text", "version of the form"),
        Column("imputed", "flag", "the value was filled in, not measured"),
    ),
    ("patient_id", "visit_id", "instrument", "subscale"),
)
ADVERSE_EVENTS = Table(
    "adverse_events",
    "one adverse event",
    (
        _PATIENT,
        _id("ae_id", "number of the event within the patient"),
        Column("onset_day", "day", "first day", required=True, unit="days"),
        Column("end_day", "day", "last day; empty: ongoing or not known", unit="days"),
        Column("term", "text", "what happened, such as neutropenia", required=True, filled=True),
        Column("serious", "known", "serious"),
        Column("related", "known", "related to the index drug"),
        Column("action", "choice", "what was done with the index drug", choices=_ACTIONS),
    ),
    ("patient_id", "ae_id"),
)
TABLES: dict[str, Table] = {t.name: t for t in (PATIENTS, VISITS, SAMPLES, EXPOSURES, CONCOMITANT, OUTCOMES, ADVERSE_EVENTS)}
