"""Scores beside the clinical measure: sample and visit matched, one row a match; and the pair of each patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore._lazy import np, pd
from ifnscore.cohort import _exposure, _match, _pairs, _timeline
from ifnscore.errors import DataError, listing
from ifnscore.stats import repeated

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort
    from ifnscore.instruments import Instrument


@dataclass(frozen=True, eq=False)
class Linked:
    """Samples with the measure of their visit.

    Attributes
    ----------
    rows
        One row a match: ``patient_id`` (code), ``tissue, group, day`` (of the sample), ``visit_day, lag, phase, days_on,
        outcome`` (value of the measure), ``steroid`` (mg/kg/day), ``infection_flag``. Index: that of the frame.
    unmatched
        Reason -> number of samples without a visit.
    instrument
        The measure.
    """

    rows: pd.DataFrame
    unmatched: pd.DataFrame
    instrument: Instrument


def build(frame: Frame, cohort: Cohort, outcome: str, subscale: str = "") -> Linked:
    """Match samples to the visits that have the measure.

    Raises
    ------
    DataError
        A simple design, or nobody has this measure.
    """
    if frame.simple:
        msg = "a link needs a cohort folder with visits.csv and outcomes.csv (ifnscore cohort template DIR writes one)"
        raise DataError(msg)
    one = instruments.get(outcome, cohort.instruments)
    visits = measured(cohort, one.id, subscale)
    if visits.empty:
        have = sorted(set(cohort.outcomes["instrument"].astype(str)))
        msg = f"no outcome {one.id} in outcomes.csv; measured there: {listing(have) or 'nothing'}"
        raise DataError(msg)
    decode = {code: patient for patient, code in cohort.codes.items()}
    samples = frame.rows.assign(sample_id=frame.ids, patient_id=frame.rows["patient_id"].map(decode))
    matches, missing = [], []
    for tissue in frame.tissues:
        found, why = _match.match(cohort, samples[samples["tissue"] == tissue], visits)
        matches.append(found)
        missing += [{"tissue": tissue, "reason": r} for r in why.values()]
    joined = pd.concat(matches, ignore_index=True).merge(samples.reset_index(names="row")[["sample_id", "patient_id", "row"]])
    joined = joined.merge(visits[["patient_id", "visit_id", "day", "outcome"]].rename(columns={"day": "visit_day"}))
    joined = joined.set_index("row").sort_index()
    rows = frame.rows.loc[joined.index].assign(
        visit_day=joined["visit_day"], lag=joined["lag"], outcome=joined["outcome"].astype(float)
    )
    steroid = _match.doses(cohort, list(joined["patient_id"]), list(rows["day"]))
    reasons = pd.DataFrame(missing, columns=["tissue", "reason"]).value_counts().rename("n_samples").reset_index()
    return Linked(rows.assign(steroid=steroid), reasons, one)


def measured(cohort: Cohort, instrument: str, subscale: str = "") -> pd.DataFrame:
    """Return visits with a value of one measure: ``patient_id, visit_id, day, phase, days_on, outcome`` and rater."""
    o = cohort.outcomes
    mine = o[(o["instrument"].astype(str) == instrument) & o["value"].notna()]
    if subscale or (mine["subscale"].astype(str) == "").any():
        mine = mine[mine["subscale"].astype(str) == subscale]
    visits = _timeline.visits(cohort)[["patient_id", "visit_id", "day", "phase", "days_on"]]
    made = visits.merge(mine[["patient_id", "visit_id", "value"]], on=["patient_id", "visit_id"])
    return made.rename(columns={"value": "outcome"}).reset_index(drop=True)


_PAIR = ["patient_id", "score_before", "score_after", "outcome_before", "outcome_after", "day_before", "day_after"]


def pairs(frame: Frame, linked: Linked, signature: str, tissue: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return score and measure of each patient before and on the drug, both changes inside the common window.

    Parameters
    ----------
    frame, linked
        Scores and matches.
    signature, tissue
        Which scores.

    Returns
    -------
    tuple
        One row a patient: ``patient_id, score_before, score_after, outcome_before, outcome_after, day_before, day_after,
        score_change, outcome_change, steroid_change``; and patient -> why there is none.
    """
    low, high = frame.settings.baseline_window
    first, last = frame.settings.link_window
    score = frame.values[signature]
    here = linked.rows[linked.rows["tissue"] == tissue]
    here = here.assign(score=score[here.index])
    found, why = [], {}
    for patient in frame.patients:
        mine = here[here["patient_id"] == patient]
        usable = mine[mine["score"].notna()]
        before = usable[(usable["phase"] == _exposure.BASELINE) & usable["day"].between(low, high + 1, inclusive="left")]
        after = usable[(usable["phase"] == _exposure.ON) & usable["day"].between(first, last)]
        if mine.empty:
            why[patient] = "no sample matched to a visit with the measure"
        elif usable.empty:
            why[patient] = _pairs.NO_SCORE
        elif before.empty:
            why[patient] = "no matched baseline"
        elif after.empty:
            why[patient] = "no matched follow-up on the drug in the common window"
        else:
            got = _pair(before, after, frame.settings.target_day)
            if got is None:
                why[patient] = _pairs.OTHER_PLATFORM
            else:
                found.append({"patient_id": patient, **got})
    table = pd.DataFrame(found, columns=[*_PAIR, "steroid_change"])
    table["score_change"] = table["score_after"] - table["score_before"]
    table["outcome_change"] = table["outcome_after"] - table["outcome_before"]
    return table, why


def _pair(before: pd.DataFrame, after: pd.DataFrame, target: float) -> dict[str, Any] | None:
    order = after.assign(far=(after["day"] - target).abs(), later=-after["day"]).sort_values(["far", "later"], kind="stable")
    for _, f in order.iterrows():
        same = before[before["platform"] == f["platform"]]
        if len(same):
            b = same.sort_values("day", kind="stable").iloc[-1]
            return {
                "score_before": b["score"],
                "score_after": f["score"],
                "outcome_before": b["outcome"],
                "outcome_after": f["outcome"],
                "day_before": b["day"],
                "day_after": f["day"],
                "steroid_change": f["steroid"] - b["steroid"],
            }
    return None


def baselines(frame: Frame, linked: Linked, signature: str, tissue: str) -> pd.DataFrame:
    """Return the last matched baseline of each patient: ``patient_id, score, outcome, steroid``."""
    low, high = frame.settings.baseline_window
    here = linked.rows[(linked.rows["tissue"] == tissue) & (linked.rows["phase"] == _exposure.BASELINE)]
    here = here[here["day"].between(low, high + 1, inclusive="left")]
    here = here.assign(score=frame.values.loc[here.index, signature]).dropna(subset=["score", "outcome"])
    last = here.sort_values("day", kind="stable").groupby("patient_id").tail(1)
    return last.sort_values("order")[["patient_id", "score", "outcome", "steroid"]].reset_index(drop=True)


def visits_of(frame: Frame, linked: Linked, signature: str, tissue: str) -> pd.DataFrame:
    """Return all matches of one signature and tissue: ``patient_id, score, outcome, phase, days_on, steroid, day``."""
    here = linked.rows[linked.rows["tissue"] == tissue]
    here = here.assign(score=frame.values.loc[here.index, signature])
    here = here[here["phase"] != _exposure.NEVER].dropna(subset=["score", "outcome"])
    names = ["patient_id", "order", "score", "outcome", "phase", "days_on", "steroid", "day", "infection_flag"]
    return here[names].sort_values(["order", "day"], kind="stable").reset_index(drop=True)


def drug_covariates(visits: pd.DataFrame, *, own_course: bool = False) -> Any:
    """Return what score and skin share on a drug: phase indicators and log(1 + days on the drug).

    Parameters
    ----------
    visits
        See :func:`visits_of`.
    own_course
        A separate slope of log(1 + days on the drug) for each patient, instead of a common one.

    Returns
    -------
    array
        Shape (n_visits, k).
    """
    phases = sorted(set(visits["phase"]))[1:]
    columns = [(visits["phase"] == p).to_numpy(dtype=float) for p in phases]
    time = np.log1p(visits["days_on"].to_numpy(dtype=float))
    courses = repeated.per_patient(visits["order"].to_numpy(), time) if own_course else time
    return np.column_stack([*columns, courses])
