"""Colours, shapes and words that all figures share: never colour alone, readable in grey."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore.cohort import _exposure, _timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), told apart with every common colour vision. Black is left out: it
#: is the colour of text, which turns white on a dark page.
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#808080"
#: Told apart on white: yellow, which is hardly seen there, fills edged shapes only and is no colour of a group.
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
#: Shapes beside :data:`COLOURS`; they are one more, so that 42 groups differ in colour and shape together.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: Type of interferon -> colour, marker.
TYPES = {"I": (BLUE, "o"), "II": (VERMILLION, "s"), "III": (PURPLE, "^"), "I+II": (GREEN, "D"), "comparator": (GREY, "X")}
#: Width of a journal's single and double column, inches (85 and 178 mm).
COLUMN, PAGE = 3.35, 7.0


@dataclass(frozen=True, slots=True)
class Mark:
    """How a phase is drawn, and what it is called."""

    colour: str
    marker: str
    label: str
    filled: bool = True


#: Phase of the drug -> mark. Hollow means: off the drug after a start.
PHASES = {
    _exposure.NEVER: Mark(GREY, "o", "never on the drug"),
    _exposure.BASELINE: Mark(BLUE, "o", "baseline"),
    _exposure.START_DAY: Mark(SKY, "D", "day of the first dose"),
    _exposure.EARLY: Mark(ORANGE, "^", "on the drug, first days"),
    _exposure.ON: Mark(GREEN, "s", "on the drug"),
    _exposure.CARRY_OVER: Mark(PURPLE, "v", "off, carry-over", filled=False),
    _exposure.INTERRUPTED: Mark(VERMILLION, "v", "interrupted", filled=False),
    _exposure.DISCONTINUED: Mark(VERMILLION, "X", "discontinued", filled=False),
    _timeline.OTHER: Mark(GREY, "o", "other time", filled=False),
}


#: Whether the reader's fonts draw the text (a page in a browser) and not those of matplotlib.
_ANY_LETTER: ContextVar[bool] = ContextVar("ifnscore_any_letter", default=False)


@contextlib.contextmanager
def any_letter() -> Iterator[None]:
    """Keep letters that the fonts of matplotlib lack: for text that a browser draws."""
    token = _ANY_LETTER.set(True)
    try:
        yield
    finally:
        _ANY_LETTER.reset(token)


def plain(text: object) -> str:
    """Return text from data so that matplotlib prints it as it is: no mathematics between dollar signs, no line breaks.

    A letter that the fonts of the figure lack would be an empty box and a warning;
    it stands as its Unicode number with a backslash and u.
    """
    return drawable(text).replace("$", r"\$")


def drawable(text: object) -> str:
    """Return text without line breaks and without letters that the fonts lack: for text that is not searched for mathematics."""
    shown = "".join(c if c.isprintable() else " " for c in str(text))
    if shown.isascii() or _ANY_LETTER.get():
        return shown
    from matplotlib import rcParams

    settings: Any = rcParams
    fonts = (tuple(settings["font.family"]), *(tuple(settings[f"font.{g}"]) for g in _GENERIC))
    return "".join(c if c.isascii() or _has(c, fonts) else c.encode("unicode_escape").decode() for c in shown)


_GENERIC = ("serif", "sans-serif", "cursive", "fantasy", "monospace")


@functools.lru_cache(maxsize=4096)
def _has(letter: str, fonts: tuple[tuple[str, ...], ...]) -> bool:
    from matplotlib.font_manager import get_font

    return any(get_font(path).get_char_index(ord(letter)) for path in _files(fonts))


@functools.lru_cache(maxsize=64)
def _files(fonts: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Return the files of the fonts of a figure, one for each family; the default one if there is none."""
    from matplotlib.font_manager import FontProperties, findfont

    found = []
    for family in fonts[0]:
        with contextlib.suppress(ValueError):
            found.append(str(findfont(FontProperties(family=family), fallback_to_default=False)))
    return tuple(found) or (str(findfont(FontProperties())),)


def ink() -> Any:
    """Return the colour of text under the current settings: black, or white on a dark page."""
    from matplotlib import rcParams

    return rcParams["text.color"]


def shortened(text: object, most: int = 24) -> str:
    """Return text of at most `most` characters, the middle left out: names differ at their ends."""
    whole = str(text)
    if len(whole) <= most:
        return whole
    head = (most - 1) // 2
    return f"{whole[:head]}…{whole[-(most - 1 - head) :]}"


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, the minus as typographers write it."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return `ax`, or the axes of a new figure of that size in inches; nothing is shown.

    Parameters
    ----------
    ax
        Axes of the caller.
    size
        Width and height of a new figure.
    """
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def tidy(ax: Axes, *, grid: str = "") -> None:
    """Take away the upper and right spine, and draw a quiet grid along `grid` (``x`` or ``y``) behind everything."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GREY, alpha=0.25, linewidth=0.6)  # type: ignore[arg-type]


def said(ax: Axes, text: str) -> None:
    """Write in the middle of the axes why nothing is drawn: a figure is never empty without a word."""
    ax.text(0.5, 0.5, drawable(text), transform=ax.transAxes, ha="center", va="center", wrap=True, parse_math=False)
    ax.set_xticks([])
    ax.set_yticks([])


def legend(ax: Axes, handles: Sequence[Any], *, columns: int = 1, title: str | None = None, below: float = 0.5) -> None:
    """Put a legend below the axes, where it covers no point; none without handles.

    Parameters
    ----------
    ax
        Axes.
    handles
        What it names.
    columns, title
        Its form.
    below
        Distance from the axes in inches: room for tick labels and the label of x.
    """
    if not handles:
        return
    from matplotlib.transforms import offset_copy

    ax.legend(
        handles=list(handles), loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=columns, frameon=False, fontsize="small",
        bbox_transform=offset_copy(ax.transAxes, fig=ax.get_figure(root=True), y=-below), title=title, borderaxespad=0.0,
        handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip


def handle(mark: Mark) -> Any:
    """Return the legend entry of a phase."""
    from matplotlib.lines import Line2D

    face = mark.colour if mark.filled else "none"
    return Line2D([], [], linestyle="", marker=mark.marker, color=mark.colour, markerfacecolor=face, label=mark.label)


#: Attribute of an artist that holds what its points say on a page.
TOLD = "_ifnscore_told"


def tell(artist: Any, words: Sequence[object]) -> None:
    """Say what the points of a collection show, such as ``P01, day 30: 7.2``; the report tells it beside the pointer.

    Parameters
    ----------
    artist
        What ``scatter`` returned.
    words
        One text a point, in the order of the points.
    """
    setattr(artist, TOLD, [" ".join(str(w).split()) for w in words])


def points(ax: Axes, x: Any, y: Any, phase: str, *, size: float = 30, alpha: float = 1.0) -> Any:
    """Draw samples of one phase: colour and shape by phase, hollow when off the drug after a start."""
    mark = PHASES[phase]
    face = mark.colour if mark.filled else "none"
    return ax.scatter(
        x, y, s=size, marker=mark.marker, facecolors=face, edgecolors=mark.colour, linewidths=1.2, alpha=alpha, zorder=2
    )


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw the figures inside for print: small type, vector text, 300 dots per inch.

    Nothing changes outside, and no figure changes the settings of matplotlib unless it is drawn inside.

    Examples
    --------
    >>> with ifn.pl.style():
    ...     ax = ifn.pl.paired(adata, cohort)
    ...     ax.figure.savefig("figure1.pdf")
    """
    import matplotlib as mpl

    with mpl.rc_context(
        {
            "font.size": 8,
            "axes.titlesize": 8,
            "axes.labelsize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "axes.linewidth": 0.8,
            "lines.linewidth": 1.0,
            "lines.markersize": 5,
            "svg.fonttype": "none",
            "pdf.fonttype": 42,
            "savefig.dpi": 300,
        }
    ):
        yield
