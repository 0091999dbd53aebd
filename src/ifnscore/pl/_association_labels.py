"""Codes beside their points, where they cover neither another code nor a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.pl import _room, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Where a code may stand, as seen from its point, the best first: (x, y) and which side of the code is nearest to the point.
_SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
#: Distance of a code from its point, half the width of a point, and room between codes, in points.
_OFFSET, _MARK, _GAP = 5.0, 4.5, 3.0
_ALIGN = {1: "left", 0: "center", -1: "right"}
_VALIGN = {1: "bottom", 0: "center", -1: "top"}


def place(ax: Axes, x: Any, y: Any, names: Sequence[str]) -> None:
    """Write a name beside each point, on the first side where it is free, else on the one with the least overlap.

    Parameters
    ----------
    ax
        Axes with limits that stay as they are.
    x, y
        Points, shape (n,).
    names
        One a point.
    """
    width, height = (inch * _room.POINTS for inch in _room.inches(ax))
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    across = (np.asarray(x, dtype=float) - left) / (right - left) * width
    up = (np.asarray(y, dtype=float) - low) / (high - low) * height
    taken = [(a - _MARK, b - _MARK, a + _MARK, b + _MARK) for a, b in zip(across, up, strict=True)]
    tall = _room.type_size()
    for i in np.lexsort((up, across)):
        wide = _room.text_width(names[i]) * _room.POINTS + _GAP
        others = taken[:i] + taken[i + 1 :]
        boxes = [_box(across[i], up[i], side, wide, tall) for side in _SIDES]
        costs = [sum(_overlap(box, other) for other in others) + _outside(box, width, height) for box in boxes]
        best = int(np.argmin(costs))
        side = _SIDES[best]
        taken.append(boxes[best])
        ax.annotate(
            _style.plain(names[i]), (float(np.asarray(x)[i]), float(np.asarray(y)[i])), (side[0] * _OFFSET, side[1] * _OFFSET),
            textcoords="offset points", ha=_ALIGN[side[0]], va=_VALIGN[side[1]], fontsize="small", zorder=4,
        )  # fmt: skip


def _box(x: float, y: float, side: tuple[int, int], wide: float, tall: float) -> tuple[float, float, float, float]:
    left = x + side[0] * _OFFSET - wide * (1 - side[0]) / 2
    low = y + side[1] * _OFFSET - tall * (1 - side[1]) / 2
    return left, low, left + wide, low + tall


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: tuple[float, float, float, float], width: float, height: float) -> float:
    return 1e6 if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height else 0.0
