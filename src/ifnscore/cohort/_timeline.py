"""Samples and visits with the phase that the exposure gives them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ifnscore._lazy import pd
from ifnscore.cohort import _exposure
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort._model import Cohort

#: Visit types that say: before the first dose of the day.
PRE_DOSE_VISITS = frozenset({"baseline", "pre_dose", "pre-dose", "predose", "screening"})
OTHER = "other"


def runs(cohort: Cohort) -> dict[str, list[_exposure.Run]]:
    """Return the runs of every patient on the index drug."""
    s = cohort.settings
    return {
        patient: _exposure.drug_runs(cohort.exposures, patient, s.index_drug, s.grace_days, s.data_cut_day)
        for patient in cohort.patients["patient_id"]
    }


def samples(cohort: Cohort) -> pd.DataFrame:
    """Return the patients' samples (controls left out) with ``phase``, ``days_on``, ``total_days_on`` and ``group``.

    Parameters
    ----------
    cohort
        Read from a folder, or a simple design bound to its samples.
    """
    rows = cohort.samples[~cohort.samples["is_control"].astype(bool)].copy()
    if cohort.simple is not None:
        rows["phase"] = rows["visit_label"].map({"baseline": _exposure.BASELINE, "followup": _exposure.ON}).fillna(OTHER)
        rows["days_on"] = rows["total_days_on"] = math.nan
        return rows.reset_index(drop=True)
    before = _pre_dose_visits(cohort)
    of_patient = runs(cohort)
    found = [
        _exposure.moment(
            float(row["day"]),
            of_patient.get(row["patient_id"], []),
            cohort.settings,
            pre_dose=bool(row["pre_dose"]) or (row["patient_id"], row["day"]) in before,
            hours_since_last_dose=float(row["hours_since_last_dose"]),
        )
        for row in rows_of(rows)
    ]
    return _with(rows, found)


def visits(cohort: Cohort) -> pd.DataFrame:
    """Return visits with ``phase``, ``days_on`` and ``total_days_on``; a visit of the first day comes before the dose.

    What is seen on the day of the first dose (skin, strength) is baseline: no drug changes it within hours.
    """
    rows = cohort.visits.copy()
    of_patient = runs(cohort)
    found = [
        _exposure.moment(float(row["day"]), of_patient.get(row["patient_id"], []), cohort.settings, pre_dose=True)
        for row in rows_of(rows)
    ]
    return _with(rows, found)


def _with(rows: pd.DataFrame, found: list[_exposure.Moment]) -> pd.DataFrame:
    rows["phase"] = pd.Series([m.phase for m in found], index=rows.index, dtype=object)
    rows["days_on"] = pd.Series([m.days_on for m in found], index=rows.index, dtype=float)
    rows["total_days_on"] = pd.Series([m.total_days_on for m in found], index=rows.index, dtype=float)
    return rows.reset_index(drop=True)


def _pre_dose_visits(cohort: Cohort) -> set[tuple[str, float]]:
    v = cohort.visits
    typed = v[v["visit_type"].astype(str).str.lower().isin(PRE_DOSE_VISITS)]
    return set(zip(typed["patient_id"], typed["day"].astype(float), strict=True))
