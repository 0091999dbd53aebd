"""Cut-offs from healthy controls, honest about how few they are (STATS amendment d in docs/architecture.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Fewest independent controls for any cut-off, and for a 95th centile or an interval.
MIN_CONTROLS, MIN_FOR_CENTILE = 10, 20
N_BOOTSTRAP = 2_000


@dataclass(frozen=True, slots=True)
class ControlCutoff:
    """A cut-off and how it was made.

    Attributes
    ----------
    rule
        ``mean+2sd`` (ddof 1) or ``p95`` (linear interpolation).
    n_controls
        Independent controls; repeats of one person count once.
    value
        Cut-off from leave-one-out control scores; NaN where there are too few.
    in_sample
        The published rule on scores of controls that helped to set their own mean and SD: too low.
    low, high
        95 % bootstrap interval of `value` over controls; NaN under 20.
    note
        Why something is missing.
    """

    rule: str
    n_controls: int
    value: float
    in_sample: float
    low: float
    high: float
    note: str


def _rule(scores: Array, rule: str, axis: int = -1) -> Any:
    if rule == "p95":
        return np.quantile(scores, 0.95, axis=axis)
    return scores.mean(axis=axis) + 2.0 * scores.std(axis=axis, ddof=1)


def from_controls(left_out: Array, in_sample: Array, rule: str, rng: Any = None) -> ControlCutoff:
    """Return the cut-off for one signature in one stratum.

    Parameters
    ----------
    left_out
        Leave-one-out scores: each control scored against the others, shape (n_controls,). NaN where that was impossible.
    in_sample
        Scores of the controls against all of them, shape (n_controls,).
    rule
        Published rule: ``mean+2sd`` or ``p95``; anything else becomes ``mean+2sd``.
    rng
        Seed or generator of the bootstrap.
    """
    n = len(left_out)
    rule = rule if rule in {"mean+2sd", "p95"} else "mean+2sd"
    nan = float("nan")
    if n < MIN_CONTROLS:
        return ControlCutoff(rule, n, nan, nan, nan, nan, f"no cut-off: {n} independent controls, {MIN_CONTROLS} needed")
    if rule == "p95" and n < MIN_FOR_CENTILE:
        note = f"no 95th centile: {n} independent controls, {MIN_FOR_CENTILE} needed"
        return ControlCutoff(rule, n, nan, nan, nan, nan, note)
    if not np.isfinite(left_out).all():
        return ControlCutoff(rule, n, nan, nan, nan, nan, "no cut-off: a control cannot be scored without itself")
    value, inside = float(_rule(left_out, rule)), float(_rule(in_sample, rule))
    if n < MIN_FOR_CENTILE:
        return ControlCutoff(rule, n, value, inside, nan, nan, f"no interval: {n} independent controls, {MIN_FOR_CENTILE} needed")
    left_out = np.sort(left_out)  # the interval must not depend on the order of the controls
    picks = np.random.default_rng(rng).integers(0, n, size=(N_BOOTSTRAP, n))
    low, high = np.quantile(_rule(left_out[picks], rule), [0.025, 0.975])
    return ControlCutoff(rule, n, value, inside, float(low), float(high), "")
