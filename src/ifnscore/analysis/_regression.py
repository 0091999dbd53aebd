"""Regression to the mean: children start a drug when they are worst, so some of the fall would have come without it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _paired
from ifnscore.cohort import _exposure, _pairs
from ifnscore.result import rows as rows_of
from ifnscore.stats import regression_to_mean

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes
    from ifnscore.analysis._frame import Frame

NAN = math.nan
FEWEST = 3


def row(frame: Frame, changes: Changes) -> dict[str, Any]:
    """Return what can be said: untreated drift between two baselines, Oldham's correlation, and the expected regression.

    The expected regression needs an ICC and a long-run mean from outside (settings ``icc``, ``long_run_mean``); two baselines
    of a flare do not give them. No net change is made of it.
    """
    before, after = _sides(changes)
    s = frame.settings
    oldham = regression_to_mean.oldham(before, after) if changes.n >= FEWEST else None
    expected = regression_to_mean.expected(float(before.mean()) if changes.n else NAN, s.long_run_mean, s.icc)
    early, late, apart = two_baselines(frame, changes)
    drift = regression_to_mean.drift(early, late) if len(early) else None
    return {
        **_paired.names(changes.question, changes.column),
        "n_patients": changes.n,
        "n_two_baselines": len(early),
        "untreated_drift": drift.mean if drift else NAN,
        "untreated_drift_low": drift.low if drift else NAN,
        "untreated_drift_high": drift.high if drift else NAN,
        "drift_days": float(np.median(apart)) if len(apart) else NAN,
        "change": float(changes.change.mean()) if changes.n else NAN,
        "oldham_r": oldham.r if oldham else NAN,
        "oldham_p": oldham.p if oldham else NAN,
        "pitman_morgan_p": regression_to_mean.pitman_morgan(before, after) if changes.n >= FEWEST else NAN,
        "expected_regression": expected.value,
        "note": expected.note,
    }


def _sides(changes: Changes) -> tuple[Any, Any]:
    return changes.table["baseline"].to_numpy(dtype=float), changes.table["followup"].to_numpy(dtype=float)


def two_baselines(frame: Frame, changes: Changes) -> tuple[Any, Any, Any]:
    """Return the first and last baseline score of the analysed patients who have two on one platform, and the days between."""
    score = frame.values[changes.question.signature]
    rows = frame.rows[(frame.rows["tissue"] == changes.question.tissue) & (frame.rows["phase"] == _exposure.BASELINE)]
    rows = rows[_pairs.in_baseline(rows["day"], frame.settings) & score[rows.index].notna()]
    early, late, apart = [], [], []
    for row in rows_of(changes.table):
        mine = rows[(rows["patient_id"] == row["patient_id"]) & (rows["platform"] == row["platform"])].sort_values("day")
        if len(mine) and not frame.settings.allow_cross_batch:
            last = str(mine["batch"].iloc[-1])
            mine = mine[[_pairs.same_batch(str(b), last, frame.calibrated) for b in mine["batch"]]]
        if mine["day"].nunique() > 1:
            early.append(float(score[mine.index[0]]))
            late.append(float(score[mine.index[-1]]))
            apart.append(float(mine["day"].iloc[-1] - mine["day"].iloc[0]))
    return np.array(early), np.array(late), np.array(apart)
