"""Sensitivity: the main result without one patient, in other windows, with interruptions, at constant blood cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.analysis import _changes
from ifnscore.report import _blocks, _rows
from ifnscore.report._model import Block, Bullets, Section

if TYPE_CHECKING:
    from ifnscore.report._study import Study

_LOO = {
    **_blocks.PLACES,
    "n_patients": "patients",
    "estimate": "estimate",
    "interval_loo": "leaving one out",
    "unit": "unit",
    "p": "p",
    "interval_loo_p": "p, leaving one out",
    "loo_sign_holds": "sign holds",
    "n_loo_flips": "patients without whom it changes sides",
    "loo_patients": "which",
}
_VARIANTS = {"variant": "variant", "tissue": "tissue", "group": "arm", **_blocks.ESTIMATES, "note": "note"}
_ESTIMANDS = {"group": "arm", "contrast": "contrast", "estimand": "estimand", **_blocks.ESTIMATES, "note": "note"}
_CELLS = {
    "signature": "score",
    "group": "arm",
    "cell": "cells",
    "n_patients": "patients",
    "fraction_change": "change of fraction",
    "interval_fraction": "95 % interval of the fraction",
    "score_change": "change of the score",
    "adjusted_change": "at constant fraction",
    "interval_adjusted": "its 95 % interval",
    "extrapolated": "extrapolated",
    "note": "note",
}
_DRIFT = {
    "signature": "score",
    "group": "arm",
    "n_patients": "patients",
    "n_two_baselines": "with two baselines",
    "untreated_drift": "drift",
    "interval_drift": "95 % interval",
    "drift_days": "days apart",
    "change": "change on treatment",
    "expected_regression": "expected regression",
    "note": "note",
}
_LAGS = {
    "tissue": "tissue",
    "n_matched": "matched samples",
    "median_lag": "median days",
    "max_lag": "most days",
    "within_0_days": "same day",
    "within_7_days": "within 7",
    "within_14_days": "within 14",
    "within_30_days": "within 30",
    "tolerance_days": "tolerance",
}
_LINK = {"variant": "variant", "contrast": "contrast", **_blocks.ESTIMATES, "note": "note"}


def section(study: Study) -> Section:
    """Return the section on sensitivity."""
    name, title = "sensitivity", "Does the result hold under other rules"
    if study.change is None:
        return Section(name, title, (_blocks.missing("Sensitivity of the comparison", study.no_change),))
    topics = ("leave_one_out", "estimands", "noise", "noise_unknown", "regression", "steroid", "cells")
    said = study.sentences("compare", *topics)
    blocks: list[Block] = [Bullets(tuple(said))] if said else []
    blocks += [_left_one_out(study), *_windows(study), *_interruption(study), *_cells(study), *_drift(study), *_of_link(study)]
    return Section(name, title, tuple(blocks))


def _left_one_out(study: Study) -> Block:
    assert study.change is not None
    rows = _rows.headline(study, study.change.table, primary=False)
    if not rows["loo_low"].notna().any():
        return _blocks.missing("Leaving out one patient at a time", "There are too few patients to leave one out")
    return _blocks.table(study, "leave_one_out", "The main comparison without each patient in turn.", rows, _LOO)


def _windows(study: Study) -> list[Block]:
    assert study.change is not None
    rows = study.change.tables.get("sensitivity")
    if rows is None or rows.empty:
        return [_blocks.missing("Other windows and rules", "A simple design has two times and no windows")]
    return [_blocks.table(study, "windows", f"{study.primary} with other windows and rules.", rows, _VARIANTS)]


def _interruption(study: Study) -> list[Block]:
    assert study.change is not None
    assert study.frame is not None
    if study.frame.simple:
        return [_blocks.missing("Interruptions and stops", "A simple design knows no days on a drug")]
    rows = _blocks.mine(study.change.table, study)
    rows = rows[rows["contrast"].isin(_changes.CONTRASTS) | (rows["estimand"] == "composite")]
    caption = "While on treatment, whatever happened after the first dose, and with a stop counted as failure."
    return [_blocks.table(study, "interruption", caption, rows, _ESTIMANDS)]


def _cells(study: Study) -> list[Block]:
    assert study.change is not None
    cells = study.change.tables.get("cells")
    own = _blocks.mine(cells, study) if cells is not None and len(cells) else None
    if own is None or own.empty or not (own["n_patients"] > 0).any():
        return [_blocks.missing("Blood counts", "There are none of the same draw, or the samples are no blood")]
    caption = "Change of white cells over the same pairs, and the change of the score that would be left at constant fractions."
    return [_blocks.table(study, "blood_cells", caption, own, _CELLS)]


def _drift(study: Study) -> list[Block]:
    assert study.change is not None
    rows = study.change.tables.get("regression_to_mean")
    if rows is None or rows.empty:
        return [_blocks.missing("Regression to the mean", "Nobody has a pair of samples")]
    caption = "Drift between two baselines, before the drug, and regression to the mean where your settings allow it."
    return [_blocks.table(study, "regression_to_mean", caption, _blocks.mine(rows, study), _DRIFT)]


def _of_link(study: Study) -> list[Block]:
    if study.link is None:
        return [_blocks.missing("Sensitivity of the link", study.no_link)]
    blocks: list[Block] = []
    rows = study.link.tables.get("sensitivity")
    if rows is not None and len(rows):
        blocks.append(_blocks.table(study, "link_variants", "The link with other windows and distances.", rows, _LINK))
    lags = study.link.tables.get("lags")
    if lags is not None and len(lags):
        blocks.append(_blocks.table(study, "lags", "Days between a sample and its visit.", lags, _LAGS))
    return blocks
