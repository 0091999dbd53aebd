"""The change of each patient: one contrast, one estimand, one tissue, one arm, one signature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _batch
from ifnscore.cohort import _exposure, _pairs

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.scoretable import Column

PAIRED, MEANS, MEANS_OFF = "followup_minus_baseline", "mean_on_minus_baseline", "mean_on_minus_off"
MEANS_AFTER = "mean_after_minus_baseline"
#: What each contrast compares.
CONTRASTS = {
    PAIRED: "one follow-up sample against the baseline",
    MEANS: "mean of all samples on the drug against the mean of all baseline samples",
    MEANS_AFTER: "mean of all samples after the first dose against the mean of all baseline samples",
    MEANS_OFF: "mean of all samples on the drug against the mean of all samples off it",
}
NO_OFF = "no sample off the drug"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: everything that names a row of the result."""

    signature: str
    tissue: str
    group: str
    contrast: str
    estimand: str


@dataclass(frozen=True, eq=False)
class Changes:
    """Answer of every patient to one question.

    Attributes
    ----------
    question
        What was asked.
    column
        What the score is.
    table
        One row an analysed patient: ``patient_id, baseline, followup, change`` on the scale of analysis, days, phase, number
        of samples on each side, flags.
    excluded
        Patient -> the one reason why not.
    """

    question: Question
    column: Column
    table: pd.DataFrame
    excluded: dict[str, str]

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.table)

    @property
    def change(self) -> Any:
        """Changes, later minus earlier, of shape (n_patients,)."""
        return self.table["change"].to_numpy(dtype=float)

    def without(self, patient: str) -> Changes:
        """Return the changes with one patient left out."""
        return replace(self, table=self.table[self.table["patient_id"] != patient])


#: Columns of :attr:`Changes.table`.
COLUMNS = [
    "patient_id",
    "baseline",
    "followup",
    "change",
    "baseline_day",
    "followup_day",
    "followup_phase",
    "days_on",
    "steroid_change",
    "n_baseline",
    "n_followup",
    "platform",
    "cross_batch",
    "infection_flag",
    "baseline_rows",
    "followup_rows",
]


def questions(frame: Frame) -> Iterator[Question]:
    """Yield every question that the design can answer, the primary signature, tissue and estimand first."""
    signatures = sorted((c.id for c in frame.columns), key=lambda s: s != frame.primary)
    for tissue in frame.tissues:
        for contrast, estimand in contrasts(frame):
            for group in frame.groups:
                for signature in signatures:
                    yield Question(signature, tissue, group, contrast, estimand)


def contrasts(frame: Frame) -> list[tuple[str, str]]:
    """Return the pairs of contrast and estimand of this design."""
    if frame.simple:
        return [(PAIRED, _pairs.OBSERVED)]
    return [
        (PAIRED, _pairs.WHILE_ON),
        (PAIRED, _pairs.POLICY),
        (MEANS, _pairs.WHILE_ON),
        (MEANS_AFTER, _pairs.POLICY),
        (MEANS_OFF, _pairs.WHILE_ON),
    ]


def changes(frame: Frame, question: Question) -> Changes:
    """Answer one question for every patient of the arm."""
    score = frame.values[question.signature].to_numpy(dtype=float)
    found, excluded = [], {}
    for patient, group in frame.patients.items():
        if group != question.group:
            continue
        rows = frame.rows[(frame.rows["patient_id"] == patient) & (frame.rows["tissue"] == question.tissue)]
        got = _one(frame, rows, score, question)
        if isinstance(got, str):
            excluded[patient] = got
        else:
            found.append({"patient_id": patient, **got})
    return Changes(question, _column(frame, question.signature), pd.DataFrame(found, columns=COLUMNS), excluded)


def _column(frame: Frame, signature: str) -> Column:
    return next(c for c in frame.columns if c.id == signature)


def _one(frame: Frame, rows: pd.DataFrame, score: Any, question: Question) -> dict[str, Any] | str:
    here = score[rows.index.to_numpy()]
    if question.contrast != PAIRED:
        return _means(frame, rows, here, question)
    has_score = np.isfinite(here)
    known = (tuple(rows.index), has_score.tobytes(), question.estimand)
    if known not in frame.found:
        frame.found[known] = _pairs.choose(rows, has_score, frame.settings, question.estimand, frame.calibrated)
    pair = frame.found[known]
    if isinstance(pair, str):
        return pair
    return _change(rows, here, list(pair.baseline), list(pair.followup), cross=pair.cross_batch)


def _means(frame: Frame, rows: pd.DataFrame, score: Any, question: Question) -> dict[str, Any] | str:
    """Return the difference of means on one platform: the one with most samples on the drug."""
    if rows.empty:
        return _pairs.NO_SAMPLE
    if (rows["phase"] == _exposure.NEVER).all():
        return _pairs.NOT_EXPOSED
    before, after = _sides(frame, rows, question)
    if not before.any() or not after.any():
        return _no_side(rows, question, has_before=bool(before.any()))
    platforms, usable = rows["platform"].to_numpy(), np.isfinite(score)
    best: tuple[int, Any, Any] = (0, before, after)
    reason = _pairs.OTHER_PLATFORM
    for platform in sorted(set(platforms)):
        b, f = before & (platforms == platform), after & (platforms == platform)
        if not b.any() or not f.any():
            continue
        b, f = _batch.comparable(rows, b, f, frame)
        reason = _pairs.OTHER_BATCH if not b.any() else _pairs.NO_SCORE
        b, f = _batch.comparable(rows, b & usable, f & usable, frame)
        if f.sum() > best[0]:
            best = (int(f.sum()), b, f)
    return _change(rows, score, np.flatnonzero(best[1]).tolist(), np.flatnonzero(best[2]).tolist()) if best[0] else reason


def _no_side(rows: pd.DataFrame, question: Question, *, has_before: bool) -> str:
    if has_before:
        return _pairs.NO_LATER_ON if question.estimand == _pairs.WHILE_ON else _pairs.NO_LATER
    if question.contrast == MEANS_OFF:
        return NO_OFF
    return _pairs.FIRST_DAY if (rows["phase"] == _exposure.START_DAY).any() else _pairs.NO_BASELINE


def _sides(frame: Frame, rows: pd.DataFrame, question: Question) -> tuple[Any, Any]:
    baseline = (rows["phase"] == _exposure.BASELINE) & _pairs.in_baseline(rows["day"], frame.settings)
    after = rows["phase"].isin(_pairs.FOLLOWUP_PHASES[question.estimand])
    if question.contrast == MEANS_OFF:
        baseline |= rows["phase"].isin([_exposure.INTERRUPTED, _exposure.DISCONTINUED])
    return baseline.to_numpy(), after.to_numpy()


def _change(rows: pd.DataFrame, score: Any, before: list[int], after: list[int], *, cross: bool = False) -> dict[str, Any]:
    baseline, followup = float(np.mean(score[before])), float(np.mean(score[after]))
    b, f = rows.iloc[before], rows.iloc[after]
    batches = {x for x in [*b["batch"], *f["batch"]] if x}
    flagged = pd.concat([b["infection_flag"], f["infection_flag"]]).fillna(0.0)
    return {
        "baseline": baseline,
        "followup": followup,
        "change": followup - baseline,
        "baseline_day": _mean(b["day"]),
        "followup_day": _mean(f["day"]),
        "followup_phase": "+".join(dict.fromkeys(f["phase"])),
        "days_on": _mean(f["days_on"]),
        "steroid_change": float(f["steroid"].mean() - b["steroid"].mean()),
        "n_baseline": len(before),
        "n_followup": len(after),
        "platform": str(b["platform"].iloc[0]),
        "cross_batch": cross or len(batches) > 1,
        "infection_flag": bool(flagged.any()),
        "baseline_rows": tuple(b.index),
        "followup_rows": tuple(f.index),
    }


def _mean(days: pd.Series) -> float:
    known = days.dropna()
    return float(known.mean()) if len(known) else math.nan
