"""Is the batch the time point? Then no comparison can tell a drug from a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.cohort import _exposure, _pairs
from ifnscore.errors import DataError, warn

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame

NO_P = "batch confounded with time: no p"


def confounded(frame: Frame) -> frozenset[str]:
    """Return the tissues in which no patient has a baseline and a later sample of one batch, or of calibrated ones."""
    return frozenset(str(t) for t, rows in frame.rows.groupby("tissue") if _crossed(rows, frame))


def _crossed(rows: pd.DataFrame, frame: Frame) -> bool:
    after = {p for phases in _pairs.FOLLOWUP_PHASES.values() for p in phases}
    seen = False
    for _, mine in rows.groupby("order"):
        early = list(mine.loc[mine["phase"] == _exposure.BASELINE, "batch"])
        late = list(mine.loc[mine["phase"].isin(after), "batch"])
        if not early or not late:
            continue
        seen = True
        if any(_pairs.same_batch(a, b, frame.calibrated) for a in early for b in late):
            return False
    return seen


def comparable(rows: pd.DataFrame, before: Any, after: Any, frame: Frame) -> tuple[Any, Any]:
    """Return both sides without samples that have no partner of their batch on the other side.

    Parameters
    ----------
    rows
        Samples of one patient.
    before, after
        Which of them belong to each side, boolean.
    frame
        Its settings may allow any pair.
    """
    if frame.settings.allow_cross_batch:
        return before, after
    batch = rows["batch"].to_numpy(dtype=object)
    fits = np.array([[_pairs.same_batch(a, b, frame.calibrated) for b in batch] for a in batch], dtype=bool)
    fits = fits.reshape(len(batch), len(batch))
    return before & fits[:, after].any(axis=1), after & fits[:, before].any(axis=1)


def allow(frame: Frame) -> tuple[Frame, frozenset[str]]:
    """Refuse a comparison of batches, or let it through without p where the user asked for that.

    Returns
    -------
    tuple
        The frame (pairs across batches allowed in a confounded design) and the tissues that get no p.

    Raises
    ------
    DataError
        Batch and time are confounded and ``allow_confounded_batch`` is False.
    """
    bad = confounded(frame)
    if not bad:
        return frame, bad
    where = ", ".join(sorted(bad))
    need = frame.settings.min_controls_batch
    if not frame.settings.allow_confounded_batch:
        msg = (
            f"{where}: all baseline samples are in other batches than all later ones, so a change of the score cannot be told "
            f"from a difference between runs; measure {need} or more controls in every batch and score with --reference-by "
            "batch, or set allow_confounded = true under [batch] of cohort.toml for estimates without p"
        )
        raise DataError(msg)
    warn(f"{where}: batch is confounded with time; estimates are given without p")
    return replace(frame, settings=replace(frame.settings, allow_cross_batch=True)), bad
