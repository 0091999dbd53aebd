"""Samples of one patient joined in the plane of two scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort import _exposure
from ifnscore.pl import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAIR = 2
#: Where a name may stand beside its point: points to the right and up, and how the text is aligned.
_BESIDE = ((5, 4, "left", "bottom"), (-5, 4, "right", "bottom"), (5, -4, "left", "top"), (-5, -4, "right", "top"))
#: Middle of a name, measured from its point.
_MIDDLE = 12.0


def joined(ax: Axes, rows: pd.DataFrame) -> None:
    """Join the samples of each patient in the order of days, with an arrow to the last and the code at both ends.

    Times that are words are joined from baseline to follow-up.

    Parameters
    ----------
    ax
        Axes with the samples drawn.
    rows
        One row a sample: ``patient_id, day, phase, x, y``.
    """
    ends: list[tuple[str, Any]] = []
    for patient, mine in rows.groupby("patient_id", sort=False):
        line = _ordered(mine)
        if not len(line):
            continue
        ends += [(str(patient), at) for at in (line[0], line[-1])[: len(line)]]
        if len(line) >= _PAIR:
            ax.plot(line[:, 0], line[:, 1], color=_style.GREY, linewidth=0.5, alpha=0.6, zorder=1)
            arrow = {"arrowstyle": "-|>", "color": _style.GREY, "linewidth": 0.5, "mutation_scale": 7, "shrinkA": 0, "shrinkB": 3}
            ax.annotate("", xy=line[-1], xytext=line[-2], arrowprops={**arrow, "alpha": 0.8}, zorder=1)
    _names(ax, ends, rows[["x", "y"]].to_numpy(dtype=float))


def _ordered(mine: pd.DataFrame) -> Any:
    """Return the path of a patient, shape (n, 2)."""
    dated = mine.dropna(subset=["day"])
    if dated.empty:
        dated = pd.concat([mine[mine["phase"] == p] for p in (_exposure.BASELINE, _exposure.ON)])
        return dated[["x", "y"]].to_numpy(dtype=float)
    return np.asarray(dated.sort_values("day", kind="stable")[["x", "y"]], dtype=float)


def _names(ax: Axes, ends: list[tuple[str, Any]], points: Any) -> None:
    """Write each code beside its first and its last sample, on the side with most room."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    scale = figure.dpi / 72
    taken = [np.asarray(p) for p in ax.transData.transform(points)]
    for patient, start in ends:
        at = ax.transData.transform(start)
        places = [at + scale * np.array([np.sign(dx) * _MIDDLE, dy * 2]) for dx, dy, *_ in _BESIDE]
        best = int(np.argmax([min(float(np.hypot(*(p - t))) for t in taken) for p in places]))
        dx, dy, ha, va = _BESIDE[best]
        taken.append(places[best])
        look: dict[str, Any] = {"ha": ha, "va": va, "fontsize": "x-small", "zorder": 4}
        ax.annotate(_style.plain(patient), start, xytext=(dx, dy), textcoords="offset points", **look)
