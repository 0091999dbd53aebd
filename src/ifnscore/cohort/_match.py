"""Which visit belongs to which sample: same patient, nearest day within the tolerance, nothing changed in between.

Ties go to the visit before the sample; each sample and each visit is matched once; a start or stop of the index drug, or a change
of its dose or of the steroid dose by the stated share, between the two parts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort._exposure import drug_runs
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort._model import Cohort

#: How names of systemic steroids begin, in the spellings of several languages, and brand names.
_STEROID = ("prednis", "methylprednis", "dexameth", "betameth", "hydrocort", "deflazacort", "decortin", "medrol", "urbason")
_STEROID_WORDS = ("steroid", "glucocort", "cortico")
TOO_FAR = "no visit within the tolerance"
NO_VALUE = "visit without this measure"
PARTED = "drug or steroid dose changed between sample and visit"
TAKEN = "visit belongs to a nearer sample"
CLOSE = 1e-9


def is_steroid(drug: object) -> bool:
    """Whether a drug is a systemic steroid, by its name."""
    name = str(drug).strip().lower()
    return name.startswith(_STEROID) or any(w in name for w in _STEROID_WORDS)


def steroid_dose(cohort: Cohort, patient: str, day: float) -> float:
    """Return the steroid dose of one patient on a day, in mg/kg/day."""
    return _dose(_steroid_rows(cohort, patient), day)


def _steroid_rows(cohort: Cohort, patient: str) -> pd.DataFrame:
    c = cohort.concomitant
    mine = (c["patient_id"] == patient) & c["drug"].map(is_steroid).astype(bool) & ~c["prior_only"].astype(bool)
    return c[mine]


def _dose(rows: pd.DataFrame, day: float) -> float:
    """Return the dose in mg/kg/day on a day: 0 where none is recorded then, NaN where its amount is unknown."""
    stop = rows["stop_day"].astype(float).fillna(np.inf)
    now = rows[(rows["start_day"].astype(float).fillna(-np.inf) <= day) & (day < stop)]
    return float(per_kg(now).sum(skipna=False)) if len(now) else 0.0


def per_kg(rows: pd.DataFrame) -> pd.Series:
    """Return doses in mg/kg/day, NaN where they are not known."""
    by_weight = rows["unit"].astype(str).str.replace(" ", "").str.lower().str.startswith("mg/kg")
    return rows["dose_mg_kg"].astype(float).fillna(rows["dose"].astype(float).where(by_weight))


def doses(cohort: Cohort, patients: Any, days: Any) -> Any:
    """Return the steroid dose of each (patient, day), shape (n,); all NaN where nobody has any steroid recorded."""
    c = cohort.concomitant
    if not c["drug"].map(is_steroid).any():
        return np.full(len(patients), np.nan)
    of = {p: _steroid_rows(cohort, p) for p in set(patients)}
    return np.array([_dose(of[p], float(d)) for p, d in zip(patients, days, strict=True)])


def match(cohort: Cohort, samples: pd.DataFrame, visits: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Match samples to visits.

    Parameters
    ----------
    cohort
        Settings and steroid doses.
    samples
        ``sample_id, patient_id, day, phase``, of one tissue.
    visits
        ``patient_id, visit_id, day, phase`` of the visits that have the measure.

    Returns
    -------
    tuple
        Matches (``sample_id, visit_id, lag``: day of the sample minus day of the visit), and sample -> why it has none.
    """
    s = cohort.settings
    candidates, why = [], {}
    for sample in rows_of(samples):
        mine = visits[visits["patient_id"] == sample["patient_id"]]
        lag = sample["day"] - mine["day"].astype(float)
        near = mine.assign(lag=lag)[lag.abs() <= s.match_tolerance_days]
        if near.empty:
            why[sample["sample_id"]] = TOO_FAR
            continue
        kept = [v for v in rows_of(near) if not _parted(cohort, sample, v)]
        if not kept:
            why[sample["sample_id"]] = PARTED
        candidates += [(abs(v["lag"]), v["lag"] < 0, str(sample["sample_id"]), str(v["visit_id"]), v["lag"]) for v in kept]
    found: dict[str, tuple[str, float]] = {}
    patient = dict(zip(samples["sample_id"], samples["patient_id"], strict=True))
    taken: set[tuple[str, str]] = set()
    for _, _, sample_id, visit_id, lag in sorted(candidates):
        if sample_id not in found and (patient[sample_id], visit_id) not in taken:
            found[sample_id] = (visit_id, float(lag))
            taken.add((patient[sample_id], visit_id))
    why.update({c[2]: TAKEN for c in candidates if c[2] not in found})
    rows = [{"sample_id": i, "visit_id": v, "lag": lag} for i, (v, lag) in found.items()]
    return pd.DataFrame(rows, columns=["sample_id", "visit_id", "lag"]), why


def _parted(cohort: Cohort, sample: dict[str, Any], visit: dict[str, Any]) -> bool:
    """Whether the index drug or the steroid dose changed between sample and visit.

    A change on the later day itself does not part them: what is seen or drawn on a day comes before its dose.
    """
    first, last = sorted((float(sample["day"]), float(visit["day"])))
    if first == last:
        return False
    s, patient, share = cohort.settings, sample["patient_id"], cohort.settings.steroid_change
    joined = drug_runs(cohort.exposures, patient, s.index_drug, s.grace_days)
    if any(first <= day < last for run in joined for day in (run.start, run.stop)):
        return True
    e = cohort.exposures
    drug = e[(e["patient_id"] == patient) & (e["drug"].astype(str).str.lower() == s.index_drug.lower())]
    drug, steroid = _bridged(drug, s.grace_days), _steroid_rows(cohort, patient)
    return _stepped(drug, drug["dose"], first, last, share) or _stepped(steroid, per_kg(steroid), first, last, share)


def _bridged(rows: pd.DataFrame, grace_days: float) -> pd.DataFrame:
    """Return intervals whose gaps within the grace days are closed: those are no stops."""
    rows = rows.sort_values("start_day", kind="stable")
    following = rows["start_day"].astype(float).shift(-1)
    stop = rows["stop_day"].astype(float)
    return rows.assign(stop_day=stop.where(~(following - stop).between(0, grace_days), following))


def _stepped(rows: pd.DataFrame, dose: pd.Series, first: float, last: float, share: float) -> bool:
    """Whether a dose changed by `share` of what it was on a day in [first, last); pulses between equal doses are changes too."""
    start, stop = rows["start_day"].astype(float).fillna(-np.inf), rows["stop_day"].astype(float).fillna(np.inf)
    days = sorted({d for d in [*start, *stop] if first <= d < last})
    for day in days:
        before = float(dose[(start < day) & (day <= stop)].sum(skipna=False))
        after = float(dose[(start <= day) & (day < stop)].sum(skipna=False))
        if np.isfinite(before) and np.isfinite(after) and before != after and abs(after - before) >= share * before - CLOSE:
            return True
    return False
