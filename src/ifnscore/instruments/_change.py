"""Change and improvement of an instrument: the sign is decided here and nowhere else."""

from __future__ import annotations

from typing import Any

from ifnscore._lazy import np
from ifnscore.instruments._model import Instrument
from ifnscore.instruments._registry import get


def change(instrument: Instrument | str, before: Any, after: Any, *, uln: float | tuple[float, float] = 1.0) -> Any:
    """Return after - before, sign kept.

    Parameters
    ----------
    instrument
        Instrument, id or alias.
    before, after
        Numbers or arrays in one unit.
    uln
        Upper limit of normal, or the two of before and after where the laboratory changed. Used for enzymes only, whose
        change is that of log2(value / ULN); one ULN for both cancels.

    Returns
    -------
    float or array
        In the instrument's unit; for enzymes a difference of log2 (1 means twice as high). NaN where a value is missing, and
        for an enzyme of 0, which has no logarithm.
    """
    one = get(instrument) if isinstance(instrument, str) else instrument
    if one.comparison == "difference":
        return _plain(np.asarray(after, dtype=float) - np.asarray(before, dtype=float))
    first, last = uln if isinstance(uln, tuple) else (uln, uln)
    return _plain(_log2(after, last) - _log2(before, first))


def improvement(instrument: Instrument | str, before: Any, after: Any, *, uln: float | tuple[float, float] = 1.0) -> Any:
    """Return the improvement: the :func:`change` with its sign turned so that better is always positive."""
    one = get(instrument) if isinstance(instrument, str) else instrument
    moved = change(one, before, after, uln=uln)
    return -moved + 0.0 if one.higher_is_worse else moved


def _log2(value: Any, uln: float) -> Any:
    x = np.asarray(value, dtype=float)
    return np.log2(np.where(x > 0, x, np.nan) / uln)


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value
