"""What a reader sees of a table: words for the names of contrasts and tests, even digits, intervals in one column.

The downloads keep names and full precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore.analysis import _arms, _changes, _composite, _link
from ifnscore.analysis._phrases import number, share, small, times
from ifnscore.cohort import _exposure, _pairs
from ifnscore.report import _cells

if TYPE_CHECKING:
    from ifnscore._lazy import pd

#: Column of the shown table that holds both ends of an interval, and the two columns it is made of.
INTERVALS = {
    "interval": ("ci_low", "ci_high"),
    "interval_ratio": ("ratio_low", "ratio_high"),
    "interval_loo": ("loo_low", "loo_high"),
    "interval_loo_p": ("loo_p_low", "loo_p_high"),
    "interval_cutoff": ("cutoff_low", "cutoff_high"),
    "interval_fraction": ("fraction_change_low", "fraction_change_high"),
    "interval_adjusted": ("adjusted_low", "adjusted_high"),
    "interval_drift": ("untreated_drift_low", "untreated_drift_high"),
}
_CHANGES = {
    _changes.PAIRED: "follow-up against baseline",
    _changes.MEANS: "all visits on the drug against baseline",
    _changes.MEANS_AFTER: "all visits after the first dose against baseline",
    _changes.MEANS_OFF: "all visits on the drug against all off it",
}
_CONTRASTS = {
    **_CHANGES,
    **{f"{_arms.PREFIX}:{k}": f"difference of the arms: {v}" for k, v in _CHANGES.items()},
    "score_fell_and_stayed_on": "score fell and the drug was not stopped as a failure",
    _link.CHANGE: "change with change",
    _link.BASELINE: "at baseline, between patients",
    _link.CHANGE_STEROID: "change with change, given the change of steroid",
    _link.TIME: "change of the score with the day of follow-up",
    _link.WITHIN: "within patients, mixed model",
    _link.BETWEEN: "between patients, mixed model",
    _link.WITHIN_OWN: "within patients, given phase and own course",
    _link.WITHIN_SLOPES: "within patients, slopes given phase and own course",
    _link.WITHIN_ADJUSTED: "within patients, given phase and one common course",
    _link.WITHIN_STEROID: "within patients, given phase, course and steroid",
    _link.UNADJUSTED: "within patients, unadjusted",
    "responders_baseline_score": "responders against the rest, score at baseline",
    "responders_change_of_score": "responders against the rest, change of the score",
}
_TESTS = {
    "sign_flip": "exact sign flips",
    "clopper_pearson": "Clopper-Pearson",
    "spearman_permutation": "Spearman, permutation",
    "partial_spearman": "partial Spearman",
    "mixed_model_t": "mixed model, t",
    "partial_rmcorr_restricted_permutation": "repeated measures, permutation inside patient and phase",
    "sign_flip_of_slopes": "sign flips of the slopes",
    "rmcorr": "repeated measures, unadjusted",
    "mann_whitney": "Mann-Whitney",
    "permutation_of_labels": "permutation of the labels",
    "firth_logistic": "Firth's logistic regression",
}
_PHASES = {
    _exposure.NEVER: "never on the drug",
    _exposure.BASELINE: "before the first dose",
    _exposure.START_DAY: "day of the first dose",
    _exposure.EARLY: "on the drug, early",
    _exposure.ON: "on the drug",
    _exposure.CARRY_OVER: "carry-over after the last dose",
    _exposure.INTERRUPTED: "interrupted",
    _exposure.DISCONTINUED: "stopped",
}
_WORDS: dict[str, Mapping[str, str]] = {
    "contrast": _CONTRASTS,
    "test": _TESTS,
    "phase": _PHASES,
    "estimand": {
        _pairs.WHILE_ON: "while on treatment",
        _pairs.POLICY: "treatment policy",
        _pairs.OBSERVED: "as observed",
        _composite.COMPOSITE: "composite",
    },
    "platform_match": {"off-platform": "other than the published assay", "native": "that of the published assay"},
    "rule": {"mean+2sd": "mean + 2 SD", "p95": "95th centile"},
}
#: Columns that hold shares; others do where the unit says so.
_SHARES = frozenset({"share", "coverage", "min_coverage", "zeros", "fraction"})
_RATIOS = frozenset({"ratio", "ratio_low", "ratio_high"})
_P = ("p", "p_adj", "min_attainable_p", "loo_p_low", "loo_p_high")
#: From here on three significant digits stand in place of two decimals.
_MANY = 100.0
_OF_UNIT = frozenset({"estimate", "ci_low", "ci_high", "loo_low", "loo_high"})


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as a reader sees it, row by row and column by column that of the download, with the intervals beside.

    Parameters
    ----------
    frame
        What the download holds.
    """
    shown = frame.astype(object)
    unit = frame["unit"].astype(str) if "unit" in frame else None
    for i, name in enumerate(map(str, frame.columns)):
        values = frame.iloc[:, i]
        units = unit if unit is not None and name in _OF_UNIT else [""] * len(frame)
        shown.isetitem(i, [_cell(name, v, u, whole=_whole(values)) for v, u in zip(values, units, strict=True)])
    for made, (low, high) in INTERVALS.items():
        if low in shown and high in shown and made not in shown:
            shown[made] = [f"{a} to {b}" if a and b else "" for a, b in zip(shown[low], shown[high], strict=True)]
    return shown


def _whole(values: pd.Series) -> bool:
    known = values.dropna()
    return values.dtype.kind == "f" and bool((known == known.round()).all())


def _cell(name: str, value: Any, unit: str, *, whole: bool) -> Any:
    if isinstance(value, str):
        return _word(name, value)
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, float) or math.isnan(value):
        return _cells.shown(value)
    if name in _P:
        return small(value)
    if name in _SHARES or unit == "proportion":
        return f"{share(value)} %"
    if name in _RATIOS:
        return times(value)
    return _cells.shown(value) if whole or abs(value) >= _MANY else number(value)


def _word(name: str, value: str) -> str:
    special = {"stratum": stratum, "outcome": outcome}
    return special[name](value) if name in special else _WORDS.get(name, {}).get(value, value)


def stratum(text: str) -> str:
    """Return the value of a stratum: ``blood`` for ``tissue=blood``."""
    return ", ".join(part.split("=", 1)[-1] for part in text.split(", "))


def outcome(name: str) -> str:
    """Return the title of a clinical measure, or the name of one that is not known."""
    return instruments.get(name).title if name in instruments.ids() else name
