"""The composite estimand: a patient who had to stop the drug has not responded, whatever the last sample said."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _changes, _leave_one_out, _paired
from ifnscore.cohort import _pairs, _timeline
from ifnscore.cohort._exposure import discontinued_on, drug_runs
from ifnscore.stats import proportion

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort, Settings

COMPOSITE = "composite"
#: Reasons for stopping that make a failure of the drug.
FAILURES = frozenset({"lack_efficacy", "ae"})
NAN = math.nan


def last_day(settings: Settings) -> float:
    """Return the day up to which a stop makes a failure: the end of the follow-up window; NaN: any day."""
    return settings.target_day + settings.window_days if settings.followup_rule == "target" else NAN


def failures(cohort: Cohort, *, ever: bool = False) -> dict[str, str]:
    """Return code -> reason of patients who stopped the index drug for an adverse event or lack of efficacy.

    With a target day, a stop after its window comes too late to make a failure of what was seen before.
    """
    s = cohort.settings
    failed = {}
    for patient in cohort.patients["patient_id"]:
        rows = cohort.exposures[
            (cohort.exposures["patient_id"] == patient) & (cohort.exposures["drug"].str.lower() == s.index_drug.lower())
        ]
        joined = drug_runs(cohort.exposures, patient, s.index_drug, s.grace_days, s.data_cut_day)
        stopped = discontinued_on(joined, s.data_cut_day)
        if math.isnan(stopped) or (not ever and stopped > last_day(s)):
            continue
        known = rows if s.data_cut_day is None else rows[rows["start_day"] < s.data_cut_day]
        last = known.sort_values("start_day").iloc[-1]
        if str(last["reason_stop"]).lower() in FAILURES:
            failed[cohort.codes[patient]] = str(last["reason_stop"])
    return failed


def _share(counted: set[str], fell: set[str]) -> Callable[[Any], tuple[float, float]]:
    of = np.array([p in fell for p in sorted(counted)], dtype=float)
    return lambda keep: (float(of[keep].mean()), NAN)


def rows(frame: Frame, cohort: Cohort, signatures: list[str]) -> list[dict[str, Any]]:
    """Return one row a signature, tissue and arm: share of treated patients whose score fell and who could stay on the drug.

    A patient without a follow-up who stopped for an adverse event or lack of efficacy counts as a failure and needs no score;
    anybody else without a pair is left out. The interval is Clopper and Pearson's.
    """
    if frame.simple:
        return []
    failed = failures(cohort)
    later = set(failures(cohort, ever=True)) - set(failed)
    treated = {cohort.codes[p] for p, found in _timeline.runs(cohort).items() if found}
    made = []
    for tissue in frame.tissues:
        for group in frame.groups:
            sampled = set(frame.rows.loc[frame.rows["tissue"] == tissue, "patient_id"])
            here = {p for p, g in frame.patients.items() if g == group} & treated & sampled
            for signature in signatures:
                question = _changes.Question(signature, tissue, group, _changes.PAIRED, _pairs.WHILE_ON)
                answer = _changes.changes(frame, question)
                fell = set(answer.table.loc[answer.table["change"] < 0, "patient_id"]) - set(failed)
                counted = (set(answer.table["patient_id"]) | set(failed)) & here if answer.n else set()
                fell &= here
                k, n = len(fell), len(counted)
                p = proportion.clopper_pearson(k, n) if n else None
                made.append(
                    {
                        **_paired.names(question, answer.column),
                        "contrast": "score_fell_and_stayed_on",
                        "estimand": COMPOSITE,
                        "n_patients": n,
                        "estimate": k / n if n else NAN,
                        "ci_low": p.low if p else NAN,
                        "ci_high": p.high if p else NAN,
                        "p": NAN,
                        "p_adj": NAN,
                        "min_attainable_p": NAN,
                        "test": "clopper_pearson",
                        **_paired.ratio(answer.column, NAN, NAN, NAN),
                        "unit": "proportion",
                        "exact": True,
                        "n_success": k,
                        "n_stopped_later": len(set(later) & here),
                        "stops_until": last_day(frame.settings),
                        **_leave_one_out.summary(k / n if n else NAN, NAN, sorted(counted), _share(counted, fell)),
                        "note": f"{k} of {n}; {len(set(failed) & here)} stopped for an adverse event or lack of efficacy",
                    }
                )
    return made
