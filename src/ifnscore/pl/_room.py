"""How much room there is: inches of axes, letters in a line, notes below the axes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore.pl import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 72.0
#: What stands in a figure of invented data.
INVENTED = "SYNTHETIC data"
#: Mean width of a letter and height of a line, as a share of the size of the type.
LETTER, LINE = 0.52, 1.25
#: Width of axes from which a legend has two columns, and of a legend's mark and margins, in inches.
TWO_COLUMNS, HANDLE = 5.0, 0.5


def inches(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in inches, as far as they are known before the layout."""
    box = ax.get_window_extent()
    dpi = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    return box.width / dpi, box.height / dpi


def type_size(size: str = "small") -> float:
    """Return the size of relative type (``small``, ``x-small``) in points under the current settings."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def text_width(text: str, size: str = "small") -> float:
    """Return the width of a text in inches, roughly."""
    return len(text) * LETTER * type_size(size) / POINTS


def wrapped(ax: Axes, text: str, size: str = "small") -> list[str]:
    """Return a text in lines that fit the width of the axes."""
    letters = int(inches(ax)[0] * POINTS / (LETTER * type_size(size)))
    return textwrap.wrap(text, max(20, letters), break_long_words=False, break_on_hyphens=False)


def title(ax: Axes, text: str, *, synthetic: bool = False, pad: float | None = None) -> None:
    """Write a title in lines that fit and, where the data are synthetic, say so small and grey at the end of its last line."""
    lines = wrapped(ax, text, "medium")
    full = bool(lines) and text_width(lines[-1], "medium") + text_width(INVENTED, "x-small") + 0.1 > inches(ax)[0]
    ax.set_title("\n".join([*lines, ""] if synthetic and full else lines), loc="left", pad=pad, fontsize="medium")
    if synthetic:
        ax.set_title(INVENTED, loc="right", pad=pad, fontsize="x-small", color=_style.GREY)


def heading(ax: Axes, words: str, texts: Iterable[str], *, synthetic: bool = False) -> None:
    """Write a title, and between it and the axes smaller lines of text."""
    lines = [line for text in texts if text for line in wrapped(ax, text)]
    ax.annotate(
        "\n".join(lines), (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize="small",
        va="bottom", ha="left", linespacing=LINE, annotation_clip=False,
    )  # fmt: skip
    pad = 8 + len(lines) * type_size() * LINE * 1.12
    title(ax, words, synthetic=synthetic, pad=pad)


def notes(ax: Axes, texts: Iterable[str], label: str = "", *, ticks: float = 0.0) -> float:
    """Write the label of x and, smaller, notes below it; return the distance in inches at which a legend has room.

    Parameters
    ----------
    ax
        Axes with tick labels.
    texts
        Sentences, each on lines of its own; empty ones are left out.
    label
        What x is.
    ticks
        Height of tick labels that are turned upright, in inches.
    """
    lines = [line for text in texts if text for line in wrapped(ax, text)]
    if label:
        ax.set_xlabel(label)
    depth = max(ticks + 0.1, 0.28) + (LINE * type_size("medium") / POINTS + 0.04 if label else 0.0)
    if lines:
        from matplotlib.transforms import offset_copy

        where = offset_copy(ax.transAxes, fig=ax.get_figure(root=True), y=-depth)
        ax.text(0.0, 0.0, "\n".join(lines), transform=where, fontsize="small", va="top", ha="left", linespacing=LINE)
    return depth + len(lines) * LINE * type_size() / POINTS * 1.1 + (0.08 if lines else 0.0)


def legend(ax: Axes, handles: Sequence[Any], below: float, title: str | None = None) -> None:
    """Put a legend below the axes in as many columns as fit, its labels in lines that fit a column.

    Parameters
    ----------
    ax, handles, below, title
        As for :func:`ifnscore.pl._style.legend`.
    """
    wide = inches(ax)[0] * 1.1
    longest = max((text_width(str(h.get_label())) for h in handles), default=0.0) + HANDLE
    columns = min(2 if wide >= TWO_COLUMNS or 2 * longest <= wide else 1, max(1, len(handles)))
    letters = int((wide / columns - HANDLE) * POINTS / (LETTER * type_size()))
    for handle in handles:
        handle.set_label("\n".join(textwrap.wrap(str(handle.get_label()), max(20, letters), break_on_hyphens=False)))
    _style.legend(ax, handles, columns=columns, below=below, title=title)
