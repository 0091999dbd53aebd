"""The primary link again under other rules: distance of sample and visit, window, infections left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _link, _linked
from ifnscore.errors import DataError

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort, Settings

TOLERANCES = (0.0, 7.0, 30.0)
_KEPT = ("contrast", "estimand", "n_patients", "estimate", "ci_low", "ci_high", "unit", "p", "min_attainable_p", "test", "note")


def variants(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Yield the declared rules and each variation of one of them, with its name."""
    yield "as declared", settings
    for days in TOLERANCES:
        if days != settings.match_tolerance_days:
            yield f"sample within {days:g} days of its visit", replace(settings, match_tolerance_days=days)
    first, last = settings.link_window
    yield f"follow-up {first / 2:g} to {last * 1.5:g} days", replace(settings, link_window=(first / 2, last * 1.5))
    other = "mean" if settings.baseline_rule == "last" else "last"
    yield f"baseline rule {other}", replace(settings, baseline_rule=other)


def table(frame: Frame, cohort: Cohort, outcome: str, subscale: str, rng: Any = None) -> pd.DataFrame:
    """Return change-with-change and baseline correlations of the primary score in the primary tissue under every variant."""
    tissue, rows = frame.tissues[0], []
    well = frame.rows["infection_flag"].fillna(0.0) == 0
    for name, settings in variants(frame.settings):
        rows += _rows(name, replace(frame, settings=settings), replace(cohort, settings=settings), (outcome, subscale), rng)
    if not well.all():
        values = frame.values.mask(~well)
        ill = replace(frame, values=values)
        rows += _rows("samples flagged for infection or vaccine left out", ill, cohort, (outcome, subscale), rng)
    return pd.DataFrame([{"signature": frame.primary, "tissue": tissue, **r} for r in rows])


def _rows(name: str, frame: Frame, cohort: Cohort, measure: tuple[str, str], rng: Any) -> list[dict[str, Any]]:
    try:
        linked = _linked.build(frame, cohort, *measure)
    except DataError as error:
        blank = dict.fromkeys(_KEPT, np.nan) | {"contrast": _link.CHANGE, "n_patients": 0, "note": str(error)}
        return [{"variant": name, **blank}]
    pairs, _ = _linked.pairs(frame, linked, frame.primary, frame.tissues[0])
    before = _linked.baselines(frame, linked, frame.primary, frame.tissues[0])
    made = [_link.change(pairs, rng, leave_out=False), _link.baseline(before, rng, leave_out=False)]
    return [{"variant": name, **{k: r[k] for k in _KEPT}} for r in made]
