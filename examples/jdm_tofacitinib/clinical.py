"""SYNTHETIC children: the clinical half of the example cohort, written by hand.

Only the marginal counts (sexes, age ranges, features, earlier drugs, what happened on the drug) are those of the report
named in the README. Who has what together, every day and every value is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Blood counts in 10^9/L as (mean, standard deviation); neutrophils of children may be set sample by sample.
BLOOD = {"neutrophils": (3.6, 0.7), "lymphocytes": (2.3, 0.4), "monocytes": (0.45, 0.10)}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a child; `neutrophils` fixes that count (10^9/L) instead of drawing it."""

    day: int
    tissue: str = "blood"
    infection: bool = False
    vaccine: int | None = None
    neutrophils: float | None = None
    counts_missing: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """One invented child.

    `cdasi` holds (day, CDASI activity) of each visit, None where it was not taken; `cmas`, `mmt8` and `ck` are the values at
    the first visit and the ones they drift to; `steroid` holds (start day, mg/kg/day) of each prednisone step.
    """

    id: str
    sex: str
    age_dx: int
    age_start: int
    msa: str
    weight: float
    calcinosis: bool
    weakness: bool
    joint: bool
    cdasi: tuple[tuple[int, int | None], ...]
    samples: tuple[Sample, ...]
    cmas: tuple[int, int]
    mmt8: tuple[int, int]
    ck: tuple[int, int]
    damage: int
    steroid: tuple[tuple[int, float], ...]
    prior: tuple[str, ...]
    off: tuple[int, int | None] | None = None
    batch: str = "SYN-RUN-1"

    def days_on(self, day: int) -> int | None:
        """Return how long the child has taken the drug without a break, None if it is not taking it."""
        if day < 0:
            return None
        if self.off is None or day < self.off[0]:
            return day
        restart = self.off[1]
        return day - restart if restart is not None and day >= restart else None


def _bloods(*days: int) -> tuple[Sample, ...]:
    return tuple(Sample(d) for d in days)


def _skins(*days: int) -> tuple[Sample, ...]:
    return tuple(Sample(d, tissue="skin") for d in days)


CHILDREN = (
    Child(
        "SYN-01", "F", 2, 7, "NXP2", 22, calcinosis=True, weakness=True, joint=True,
        cdasi=((-63, 33), (-7, 31), (31, 24), (96, 15), (182, 9), (371, 7), (545, 6), (728, 4)),
        # two baselines; a cold on day 371; no blood at the visit of day 545
        samples=(*_bloods(-63, -7, 31, 96, 182), Sample(371, infection=True), *_bloods(728), *_skins(-7, 182)),
        cmas=(33, 47), mmt8=(62, 77), ck=(310, 95), damage=4,
        steroid=((-1400, 0.50), (110, 0.30), (260, 0.15)),
        prior=("pamidronate", "IVIG", "rituximab"),
    ),
    Child(
        "SYN-02", "M", 5, 14, "TIF1g", 48, calcinosis=True, weakness=False, joint=True,
        cdasi=((-14, 17), (42, 16), (127, None), (201, 14), (333, 12), (540, 12)),  # day 127 was a telephone call
        samples=(*_bloods(-14, 42, 201), Sample(333, vaccine=9), Sample(540, counts_missing=True), *_skins(-14, 201)),
        cmas=(48, 50), mmt8=(78, 79), ck=(120, 105), damage=6,
        steroid=((-2900, 0.15), (250, 0.10)),
        prior=("pamidronate", "mycophenolate", "rituximab"), batch="SYN-RUN-2",
    ),
    Child(
        "SYN-03", "F", 13, 17, "MDA5", 56, calcinosis=True, weakness=True, joint=True,
        cdasi=((-21, 28), (35, 22), (91, None), (168, 13), (262, 11), (365, 12)),
        # the blood of day 98 has no visit: the one of day 91 lies before a cut of the steroid dose
        samples=_bloods(-21, 35, 98, 168, 262, 365) + _skins(-21),
        cmas=(38, 48), mmt8=(66, 78), ck=(205, 88), damage=2,
        steroid=((-1100, 0.40), (95, 0.25), (300, 0.15)),
        prior=("pamidronate", "IVIG", "mycophenolate", "cyclophosphamide"),
    ),
    Child(
        "SYN-04", "M", 8, 11, "NXP2", 36, calcinosis=True, weakness=False, joint=False,
        cdasi=((-35, 22), (56, 17), (119, 14), (188, 10)),
        samples=_bloods(-30, 56, 119, 188) + _skins(-35, 188),
        cmas=(49, 51), mmt8=(79, 80), ck=(98, 90), damage=3,
        steroid=((-1000, 0.30), (60, 0.20)),
        prior=("mycophenolate",), batch="SYN-RUN-2",
    ),
    Child(
        "SYN-05", "F", 6, 12, "none", 40, calcinosis=True, weakness=False, joint=True,
        cdasi=((-10, 26), (30, 21), (62, 23), (165, 22)),
        samples=_bloods(-10, 30, 150),  # off the drug on day 150, and 15 days from the nearest visit
        cmas=(48, 49), mmt8=(78, 78), ck=(140, 130), damage=5,
        steroid=((-2100, 0.25), (34, 0.50), (120, 0.30)),
        prior=("pamidronate", "IVIG", "rituximab"), off=(34, None),
    ),
    Child(
        "SYN-06", "M", 3, 10, "TIF1g", 31, calcinosis=False, weakness=True, joint=False,
        cdasi=((-45, 24), (40, 20), (95, 15), (150, 14), (174, 18), (236, 15)),
        samples=(
            Sample(-45, neutrophils=3.4), Sample(40, neutrophils=2.2), Sample(118, neutrophils=1.3),  # no visit near day 118
            Sample(172, neutrophils=1.9), Sample(236, neutrophils=2.3), *_skins(-45, 174),  # the only later biopsy is off the drug
        ),
        cmas=(36, 45), mmt8=(64, 74), ck=(260, 120), damage=1,
        steroid=((-2500, 0.35), (130, 0.25)),
        prior=("IVIG",), off=(156, 186), batch="SYN-RUN-2",
    ),
)  # fmt: skip

#: Doses of earlier courses were not kept, as in many a chart.
_UNKNOWN = (None, "", "")
_PHONE = {("SYN-02", 127)}
_NOT_TAKEN = {
    ("SYN-01", 371, "cmas"),
    ("SYN-03", 35, "ck"),
    ("SYN-04", 56, "mmt8"),
    ("SYN-06", 95, "chaq"),
    ("SYN-02", 333, "ck"),
}
_INSTRUMENTS = {  # unit, version
    "cdasi_activity": ("points", "2"),
    "cdasi_damage": ("points", "2"),
    "skin_vas": ("cm", ""),
    "physician_global": ("cm", ""),
    "patient_global": ("cm", ""),
    "cmas": ("points", ""),
    "mmt8": ("points", ""),
    "chaq": ("points", ""),
    "ck": ("U/L", ""),
}


def tables(rng: np.random.RandomState) -> dict[str, pd.DataFrame]:
    """Return the clinical tables but for the samples, by name."""
    return {
        "patients": pd.DataFrame([_patient(c) for c in CHILDREN]),
        "visits": pd.DataFrame([r for c in CHILDREN for r in _visits(c)]),
        "exposures": pd.DataFrame([r for c in CHILDREN for r in _exposures(c)]),
        "concomitant": pd.DataFrame([r for c in CHILDREN for r in _concomitant(c)]),
        "outcomes": pd.DataFrame([r for c in CHILDREN for r in _outcomes(c, rng)]),
        "adverse_events": pd.DataFrame(_adverse_events()),
    }


def _patient(c: Child) -> dict[str, object]:
    return {
        "patient_id": c.id, "sex": c.sex, "age_at_dx_years": c.age_dx, "age_at_start_years": c.age_start, "msa": c.msa,
        "diagnosis": "JDM", "site": "SYNTHETIC", "calcinosis_ever": c.calcinosis, "weakness_ever": c.weakness, "joint_ever": c.joint,
    }  # fmt: skip


def _visit_id(c: Child, day: int) -> str:
    return f"{c.id}-V{[d for d, _ in c.cdasi].index(day) + 1}"


def _visits(c: Child) -> list[dict[str, object]]:
    kinds = {day: "telephone" if (c.id, day) in _PHONE else "baseline" if day < 0 else "follow-up" for day, _ in c.cdasi}
    return [{"patient_id": c.id, "visit_id": _visit_id(c, d), "day": d, "visit_type": kind} for d, kind in kinds.items()]


def _course(
    c: Child, drug: str, start: int, stop: int | None, dose: tuple[float | None, str, str], **more: object
) -> dict[str, object]:
    amount, unit, frequency = dose
    row = {"patient_id": c.id, "drug": drug, "start_day": start, "stop_day": stop, "dose": amount, "unit": unit}
    return row | {"frequency": frequency, "dose_mg_kg": None, "reason_stop": "", "kind": "start"} | more


def _exposures(c: Child) -> list[dict[str, object]]:
    dose = (10, "mg/day", "5 mg twice daily")
    per_kg: dict[str, object] = {"dose_mg_kg": round(10 / c.weight, 2)}
    if c.off is None:
        return [_course(c, "tofacitinib", 0, None, dose, **per_kg)]
    stop, restart = c.off
    first = _course(c, "tofacitinib", 0, stop, dose, reason_stop="AE", **per_kg)
    return [first] if restart is None else [first, _course(c, "tofacitinib", restart, None, dose, kind="restart", **per_kg)]


def _concomitant(c: Child) -> list[dict[str, object]]:
    diagnosed = (c.age_dx - c.age_start) * 365  # the day; only whole years are known
    rows = []
    for i, (start, per_kg) in enumerate(c.steroid):
        stop = c.steroid[i + 1][0] if i + 1 < len(c.steroid) else None
        dose = (round(per_kg * c.weight, 1), "mg/day", "daily")
        kind = "start" if i == 0 else "dose_change"
        rows.append(_course(c, "prednisone", start, stop, dose, dose_mg_kg=per_kg, kind=kind, prior_only=False))
    rows.append(_methotrexate(c, diagnosed + 20))
    rows.append(_course(c, "nsaid", diagnosed + 20, -30, _UNKNOWN, reason_stop="planned", prior_only=True))
    for i, drug in enumerate(c.prior):
        start = diagnosed + 200 + 150 * i
        rows.append(_course(c, drug, start, start + 140, _UNKNOWN, reason_stop="lack_efficacy", prior_only=True))
    if c.id == "SYN-05":
        rows.append(_course(c, "IVIG", 60, 62, (70, "g", "over two days"), prior_only=False))
    return rows


def _methotrexate(c: Child, start: int) -> dict[str, object]:
    """Return the course of methotrexate: every child had it, four go on with it beside the index drug."""
    if c.id in {"SYN-02", "SYN-05"}:
        return _course(c, "methotrexate", start, -120, _UNKNOWN, reason_stop="lack_efficacy", prior_only=True)
    return _course(c, "methotrexate", start, None, (min(round(0.5 * c.weight, 1), 20), "mg", "weekly"), prior_only=False)


def _outcomes(c: Child, rng: np.random.RandomState) -> list[dict[str, object]]:
    """Return the long table of outcomes; measures other than CDASI follow it, or drift with the time on the drug."""
    rows = []
    last = c.cdasi[0][1] or 0
    for day, cdasi in c.cdasi:
        last = last if cdasi is None else cdasi
        gone = 1 - np.exp(-max(day, 0) / 120) if c.off is None or c.off[1] else 0.1 * (day > 0)
        muscle = {k: a + (b - a) * gone for k, (a, b) in {"cmas": c.cmas, "mmt8": c.mmt8, "ck": c.ck}.items()}
        noise = rng.normal(0, 1, 9)
        skin = float(np.clip(last / 3.9 + 0.35 * noise[0], 0.2, 10))
        muscles = (52 - muscle["cmas"]) / 4
        values: dict[str, float | None] = {
            "cdasi_activity": cdasi,
            "cdasi_damage": c.damage,
            "skin_vas": round(skin, 1),
            "physician_global": round(float(np.clip(0.6 * skin + 0.4 * muscles + 0.3 * noise[1], 0.2, 10)), 1),
            "patient_global": round(float(np.clip(0.5 * skin + 0.5 * muscles + 0.6 * noise[2], 0.2, 10)), 1),
            "cmas": int(np.clip(round(muscle["cmas"] + noise[3]), 0, 52)),
            "mmt8": int(np.clip(round(muscle["mmt8"] + 0.7 * noise[4]), 0, 80)),
            "chaq": round(float(np.clip(muscles / 2.4 + 0.1 * noise[5], 0, 3)) * 8) / 8,
            "ck": int(max(round(muscle["ck"] * float(np.exp(0.12 * noise[6]))), 25)),
        }
        phone = (c.id, day) in _PHONE
        for instrument, (unit, version) in _INSTRUMENTS.items():
            value = values[instrument]
            if value is None or (c.id, day, instrument) in _NOT_TAKEN or (phone and instrument not in {"patient_global", "chaq"}):
                continue
            rater = "" if instrument in {"patient_global", "chaq", "ck"} else "SYN-R1"
            rows.append({
                "patient_id": c.id, "visit_id": _visit_id(c, day), "instrument": instrument, "subscale": "", "value": value,
                "unit": unit, "rater_id": rater, "version": version, "imputed": False,
            })  # fmt: skip
    return rows


def _adverse_events() -> list[dict[str, object]]:
    events = (
        ("SYN-05", 33, 41, "severe allergic reaction", True, True, "discontinued"),
        ("SYN-06", 150, 186, "neutropenia", False, True, "interrupted"),
        ("SYN-01", 367, 376, "upper respiratory infection", False, False, "none"),
        ("SYN-02", 300, 304, "headache", False, False, "none"),
    )
    numbers: dict[str, int] = {}
    rows = []
    for patient, onset, end, term, serious, related, action in events:
        numbers[patient] = numbers.get(patient, 0) + 1
        rows.append({
            "patient_id": patient, "ae_id": f"{patient}-AE{numbers[patient]}", "onset_day": onset, "end_day": end, "term": term,
            "serious": serious, "related": related, "action": action,
        })  # fmt: skip
    return rows
