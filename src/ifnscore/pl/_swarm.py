"""Points that lie on one another, moved apart across their row: always in the same way for the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.pl import _below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.methods._protocol import Array

#: More points than this are spread evenly over the row.
MANY = 1_000
GOLDEN = 0.6180339887498949


def offsets(ax: Axes, values: Array, size: float, lane: float) -> Array:
    """Return how far each point is moved off its row, so that none lies on another unless the row is full.

    Parameters
    ----------
    ax
        Axes with their final limits and size.
    values
        Places along x, shape (n,).
    size
        Area of a point in square points, as ``scatter`` takes it.
    lane
        Largest offset, in units of y; a swarm that needs more is pressed together.
    """
    if not len(values):
        return np.zeros(0)
    if len(values) > MANY:  # the row is full anyway: neighbours in value go to distant places
        place = np.empty(len(values))
        place[np.argsort(values, kind="stable")] = (np.arange(len(values)) * GOLDEN) % 1.0
        return lane * (2.0 * place - 1.0)
    box = ax.get_window_extent()
    dots = _below.root(ax).dpi / 72 * (size**0.5 + 0.8)  # the diameter with its edge, in pixels
    wide = dots / box.width * abs(float(np.diff(ax.get_xlim())[0]))
    high = dots / box.height * abs(float(np.diff(ax.get_ylim())[0]))
    off = spread(values, wide, high)
    return off * min(1.0, lane / max(float(np.abs(off).max()), 1e-12))


def spread(values: Array, wide: float, high: float) -> Array:
    """Return offsets of a swarm: from left to right each point takes the place nearest to the middle that is free.

    Parameters
    ----------
    values
        Places along the row, shape (n,).
    wide, high
        Size of a point along the row and across it.
    """
    order, out, start = np.argsort(values, kind="stable"), np.zeros(len(values)), 0
    for k, i in enumerate(order):
        while values[i] - values[order[start]] >= wide:
            start += 1
        near = order[start:k]
        if not len(near):
            continue
        gap = high * np.sqrt(1.0 - ((values[i] - values[near]) / wide) ** 2)
        places = np.concatenate([[0.0], out[near] + gap, out[near] - gap])
        free = (np.abs(places[:, None] - out[near]) >= gap - 1e-9 * high).all(axis=1)
        out[i] = min(places[free], key=lambda p: (round(abs(p) / high, 6), p))
    return out
