"""Is the batch the time point? Then no comparison can tell a drug from a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore.cohort import _exposure, _pairs
from ifnscore.errors import DataError, warn

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame

NO_P = "batch confounded with time: no p"


def confounded(frame: Frame) -> frozenset[str]:
    """Return the tissues whose baseline samples and later samples share no batch, calibrated batches aside."""
    found = set()
    after = {p for phases in _pairs.FOLLOWUP_PHASES.values() for p in phases}
    for tissue, rows in frame.rows.groupby("tissue"):
        known = rows[rows["batch"] != ""]
        early = set(known.loc[known["phase"] == _exposure.BASELINE, "batch"])
        late = set(known.loc[known["phase"].isin(after), "batch"])
        if early and late and not early & late and not early | late <= frame.calibrated:
            found.add(str(tissue))
    return frozenset(found)


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
