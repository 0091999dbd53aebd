"""The primary comparison again under other rules: windows, baseline rule, choice of follow-up, infections left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.analysis import _changes, _paired
from ifnscore.cohort import _pairs

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Settings


def variants(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Yield the declared rules and each variation of one of them, with its name."""
    yield "as declared", settings
    for days in (30.0, 90.0, 120.0):
        if settings.followup_rule == "target" and days != settings.window_days:
            yield f"window {days:g} days", replace(settings, window_days=days)
    for rule in ("target", "last_on", "first_on"):
        if rule != settings.followup_rule:
            yield f"follow-up rule {rule}", replace(settings, followup_rule=rule)
    other = "mean" if settings.baseline_rule == "last" else "last"
    yield f"baseline rule {other}", replace(settings, baseline_rule=other)


def table(frame: Frame, signature: str, rng: Any = None) -> pd.DataFrame:
    """Return the paired comparison of one signature under every variant, one row a tissue, arm and variant."""
    if frame.simple:
        return pd.DataFrame()
    rows = []
    for tissue in frame.tissues:
        for group in frame.groups:
            question = _changes.Question(signature, tissue, group, _changes.PAIRED, _pairs.WHILE_ON)
            for name, settings in variants(frame.settings):
                rows.append({"variant": name, **_row(replace(frame, settings=settings), question, rng)})
            well = frame.rows["infection_flag"].fillna(0.0) == 0
            if not well.all():
                kept = replace(frame, rows=frame.rows[well])
                rows.append({"variant": "samples flagged for infection or vaccine left out", **_row(kept, question, rng)})
    return pd.DataFrame(rows)


def _row(frame: Frame, question: _changes.Question, rng: Any) -> dict[str, Any]:
    made = _paired.row(_changes.changes(frame, question), rng)
    names = "signature tissue group contrast estimand n_patients estimate ci_low ci_high unit p min_attainable_p note"
    return {k: made[k] for k in names.split()}
