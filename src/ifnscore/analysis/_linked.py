"""Scores beside the clinical measure: sample and visit matched, one row a match; and the pair of each patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore._lazy import np, pd
from ifnscore.analysis import _longitudinal
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
        matches += [found] if len(found) else []
        missing += [{"tissue": tissue, "reason": r} for r in why.values()]
    if not matches:
        days = cohort.settings.match_tolerance_days
        msg = f"no sample lies within {days:g} days of a visit with {one.id} on the same doses; see [matching] in cohort.toml"
        raise DataError(msg)
    joined = pd.concat(matches, ignore_index=True).merge(samples.reset_index(names="row")[["sample_id", "patient_id", "row"]])
    joined = joined.merge(visits[["patient_id", "visit_id", "day", "outcome"]].rename(columns={"day": "visit_day"}))
    joined = joined.set_index("row").sort_index()
    rows = frame.rows.loc[joined.index].assign(
        visit_day=joined["visit_day"], lag=joined["lag"], outcome=joined["outcome"].astype(float)
    )
    reasons = pd.DataFrame(missing, columns=["tissue", "reason"]).value_counts().rename("n_samples").reset_index()
    return Linked(rows, reasons, one)


def measured(cohort: Cohort, instrument: str, subscale: str = "") -> pd.DataFrame:
    """Return visits with a value of one measure: ``patient_id, visit_id, day, phase, days_on, outcome`` and rater."""
    o = cohort.outcomes
    mine = o[(o["instrument"].astype(str) == instrument) & o["value"].notna()]
    if subscale or (mine["subscale"].astype(str) == "").any():
        mine = mine[mine["subscale"].astype(str) == subscale]
    visits = _timeline.visits(cohort)[["patient_id", "visit_id", "day", "phase", "days_on"]]
    made = visits.merge(mine[["patient_id", "visit_id", "value"]], on=["patient_id", "visit_id"])
    return made.rename(columns={"value": "outcome"}).reset_index(drop=True)


UNMATCHED = "no sample matched to a visit with the measure"
NO_BASELINE, NO_FOLLOWUP = "no matched baseline", "no matched follow-up on the drug in the common window"
#: Reasons for exclusion from the link, in the order in which they are looked for.
REASONS = (UNMATCHED, _pairs.NO_SCORE, NO_BASELINE, NO_FOLLOWUP, _pairs.OTHER_PLATFORM, _pairs.OTHER_BATCH)
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
    first, last = frame.settings.link_window
    score = frame.values[signature]
    here = linked.rows[linked.rows["tissue"] == tissue]
    here = here.assign(score=score[here.index])
    found, why = [], {}
    for patient in frame.patients:
        mine = here[here["patient_id"] == patient]
        usable = mine[mine["score"].notna()]
        before = usable[(usable["phase"] == _exposure.BASELINE) & _pairs.in_baseline(usable["day"], frame.settings)]
        after = usable[(usable["phase"] == _exposure.ON) & usable["day"].between(first, last)]
        if mine.empty:
            why[patient] = UNMATCHED
        elif usable.empty:
            why[patient] = _pairs.NO_SCORE
        elif before.empty:
            why[patient] = NO_BASELINE
        elif after.empty:
            why[patient] = NO_FOLLOWUP
        else:
            got = _pair(before, after, frame)
            if isinstance(got, str):
                why[patient] = got
            else:
                found.append({"patient_id": patient, **got})
    table = pd.DataFrame(found, columns=[*_PAIR, "steroid_change"])
    table["score_change"] = table["score_after"] - table["score_before"]
    moved = instruments.change(linked.instrument, table["outcome_before"].to_numpy(), table["outcome_after"].to_numpy())
    table["outcome_change"] = np.asarray(moved, dtype=float)
    return table, why


def _pair(before: pd.DataFrame, after: pd.DataFrame, frame: Frame) -> dict[str, Any] | str:
    """Return the pair nearest to the target day, on one platform and in one batch, or why there is none."""
    s, reason = frame.settings, _pairs.OTHER_PLATFORM
    order = after.assign(far=(after["day"] - s.target_day).abs(), later=-after["day"])
    for _, f in order.sort_values(["far", "later"], kind="stable").iterrows():
        same = before[before["platform"] == f["platform"]].sort_values("day", kind="stable")
        if same.empty:
            continue
        reason = _pairs.OTHER_BATCH
        fits = [s.allow_cross_batch or _pairs.same_batch(str(b), str(f["batch"]), frame.calibrated) for b in same["batch"]]
        same = same[fits]
        if len(same):
            b = same.tail(1) if s.baseline_rule == "last" else same
            return {
                "score_before": float(b["score"].mean()),
                "score_after": f["score"],
                "outcome_before": float(b["outcome"].mean()),
                "outcome_after": f["outcome"],
                "day_before": float(b["day"].mean()),
                "day_after": f["day"],
                "steroid_change": f["steroid"] - float(b["steroid"].mean()),
            }
    return reason


def baselines(frame: Frame, linked: Linked, signature: str, tissue: str) -> pd.DataFrame:
    """Return the matched baseline of each patient by the baseline rule: ``patient_id, score, outcome, steroid``."""
    here = linked.rows[(linked.rows["tissue"] == tissue) & (linked.rows["phase"] == _exposure.BASELINE)]
    here = here[_pairs.in_baseline(here["day"], frame.settings)]
    here = here.assign(score=frame.values.loc[here.index, signature], outcome=compared(linked.instrument, here["outcome"]))
    here = here.dropna(subset=["score", "outcome"]).sort_values(["order", "day"], kind="stable")
    names = ["score", "outcome", "steroid"]
    if frame.settings.baseline_rule == "mean":
        return here.groupby(["order", "patient_id"])[names].mean().reset_index().drop(columns="order")
    return here.groupby("order").tail(1)[["patient_id", *names]].reset_index(drop=True)


def compared(instrument: Instrument, values: pd.Series) -> pd.Series:
    """Return values on the scale on which the measure is compared: log2 of enzymes, everything else as it is."""
    if instrument.comparison == "difference":
        return values.astype(float)
    return pd.Series(np.log2(values.astype(float).where(values > 0)), index=values.index)


def visits_of(frame: Frame, linked: Linked, signature: str, tissue: str) -> pd.DataFrame:
    """Return all matches of one signature and tissue: ``patient_id, score, outcome, phase, days_on, steroid, day``."""
    here = linked.rows[linked.rows["tissue"] == tissue]
    here = here.assign(score=frame.values.loc[here.index, signature], outcome=compared(linked.instrument, here["outcome"]))
    here = here[here["phase"] != _exposure.NEVER].dropna(subset=["score", "outcome"])
    here = _longitudinal.within_batches(here, frame)
    names = ["patient_id", "order", "score", "outcome", "phase", "days_on", "steroid", "day", "infection_flag"]
    return here[names].sort_values(["order", "day"], kind="stable").reset_index(drop=True)


def drug_covariates(visits: pd.DataFrame, *, own_course: bool = False) -> Any:
    """Return what score and skin share on a drug: phase indicators and log(1 + days on the drug).

    Parameters
    ----------
    visits
        See :func:`visits_of`.
    own_course
        A separate slope of log(1 + days on the drug) for each patient, and a common one of days, instead of one slope for all.

    Returns
    -------
    array
        Shape (n_visits, k).
    """
    phases = sorted(set(visits["phase"]))[1:]
    columns = [(visits["phase"] == p).to_numpy(dtype=float) for p in phases]
    time = np.log1p(visits["days_on"].to_numpy(dtype=float))
    if not own_course:
        return np.column_stack([*columns, time])
    courses = repeated.per_patient(visits["order"].to_numpy(), time)
    return np.column_stack([*columns, courses, visits["days_on"].to_numpy(dtype=float)])
