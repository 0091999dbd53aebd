"""What stands below a figure: its legend, and in words what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from ifnscore.pl import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


NOTE = "note below"


def notes(ax: Axes, handles: Sequence[Any], lines: Sequence[str], *, columns: int = 1) -> None:
    """Put legend and notes below the axes.

    Parameters
    ----------
    ax
        Axes.
    handles
        Entries of the legend.
    lines
        Sentences; wrapped to the width of the figure.
    columns
        Of the legend.
    """
    before = ax.get_legend()
    if before is not None:
        before.remove()
    for note in [t for t in ax.texts if t.get_gid() == NOTE]:  # of an earlier call
        note.remove()
    laid_out(ax)
    whole = ax.get_tightbbox()
    assert whole is not None
    # tick labels and the label of x come first
    below = (ax.get_window_extent().y0 - whole.y0) / root(ax).dpi + 0.08
    text = "\n".join(_style.plain(part) for line in lines if line for part in fill(line, _characters(ax)).split("\n"))
    if handles:
        _style.legend(ax, handles, columns=columns, title=text or None, below=below)
        legend: Any = ax.get_legend()
        legend.set_loc("upper right")  # names to the left of the axes leave more room on that side
        legend.set_bbox_to_anchor((1.0, 0.0), transform=_offset(ax, below))
        legend.set_alignment("left")
        legend.get_title().set(fontsize="small", multialignment="left")
    elif text:
        from matplotlib.text import Text

        note = Text(1.0, 0.0, text, ha="right", va="top", fontsize="small", multialignment="left", transform=_offset(ax, below))
        note.set_gid(NOTE)
        ax.add_artist(note).set_clip_on(False)


def _offset(ax: Axes, below: float) -> Any:
    from matplotlib.transforms import offset_copy

    return offset_copy(ax.transAxes, fig=root(ax), y=-below)


def root(ax: Axes) -> Figure:
    """Return the figure that the axes stand in, however deep."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def inches(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes."""
    box, dots = ax.get_window_extent(), root(ax).dpi
    return box.width / dots, box.height / dots


def titled(ax: Axes, first: str, second: str) -> None:
    """Write a title of two parts, below each other where the axes are too narrow for one line."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    size = FontProperties(size=rcParams["axes.titlesize"]).get_size_in_points()
    fits = (len(first) + len(second) + 2) * 0.58 * size / 72 <= inches(ax)[0] + 0.3
    ax.set_title(_style.plain(first) + (": " if fits else "\n") + _style.plain(second), loc="left")


def row_height(ax: Axes) -> float:
    """Return the height of one unit of y in points: the room for the name of a row."""
    low, high = ax.get_ylim()
    return inches(ax)[1] * 72 / abs(high - low)


def type_size(size: str = "small") -> float:
    """Return relative type in points under the settings of matplotlib."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def cell_width(ax: Axes) -> float:
    """Return the width in inches of the part of the figure that the axes stand in, names at its sides included."""
    figure, spec = root(ax), ax.get_subplotspec()
    share = 1.0 if spec is None else spec.get_position(figure).width if spec.get_gridspec().ncols > 1 else 1.0
    return float(figure.get_figwidth() * share)


def laid_out(ax: Axes) -> None:
    """Give the axes the size that they will have, so that what is drawn next can be measured in it."""
    figure = root(ax)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def _characters(ax: Axes) -> int:
    """Return how many small characters fit between the left edge of the figure (of its part) and the right edge of the axes."""
    from matplotlib.font_manager import FontProperties

    figure, spec = root(ax), ax.get_subplotspec()
    left = 0.0 if spec is None else spec.get_position(figure).x0 if spec.get_gridspec().ncols > 1 else 0.0
    inches = ax.get_window_extent().x1 / figure.dpi - left * figure.get_figwidth()
    return max(20, int(inches * 72 / (FontProperties(size="small").get_size_in_points() * 0.57)))
