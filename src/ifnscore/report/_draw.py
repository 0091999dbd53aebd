"""A figure as matplotlib's SVG, with the value of every point in it; no window, no file, no settings of the user's."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ifnscore._lazy import np
from ifnscore.pl import _style
from ifnscore.report import _cells, _text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure as Drawing

    from ifnscore.report._model import Figure

#: The colour of text and axes while drawing: the page replaces it by its own, light or dark. No figure asks for it by itself.
INK = "#010203"
#: Scheme of the addresses that carry values of points through matplotlib; they never reach the page.
VALUE = "value:"
_BARE = ("figure.facecolor", "axes.facecolor", "legend.facecolor")
_INKED = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "patch.edgecolor")
#: A tick label that is a number, mathematics such as a power of ten included.
_NUMBER = re.compile(r"\$.*\$|[-+\N{MINUS SIGN}]?[\d.,]+(?:e[-+]?\d+)?\s*%?|")
#: Most characters of a label beside the pointer.
_LABEL = 40
#: Most points of a figure that say their values: more are told apart by nobody, and the table stands below.
_POINTS = 600


def raw(block: Figure) -> str:
    """Return a figure as matplotlib writes it: ids without chance in them, no date, nothing behind the axes.

    Parameters
    ----------
    block
        What to draw, and its size in inches.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Drawing

    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the browser's own fonts have it
        mpl.rcdefaults()
        with _style.style(), _style.any_letter():
            settings: Any = dict.fromkeys(_BARE, "none") | dict.fromkeys(_INKED, INK) | {"svg.hashsalt": "ifnscore"}
            mpl.rcParams.update(settings)
            figure = Drawing(figsize=block.size, layout="constrained")
            canvas: Any = FigureCanvasSVG(figure)
            block.draw(figure.subplots())
            _values(figure)
            target = io.StringIO()
            canvas.print_svg(target, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return re.sub("[\ufffe\uffff]", " ", str(_text.printable(target.getvalue())))  # two more that XML cannot hold


def _values(figure: Drawing) -> None:
    """Give every point of a scatter an address that says its value: what :func:`ifnscore.pl._style.tell` said, else x and y."""
    from matplotlib.collections import PathCollection

    every: list[Any] = figure.findobj(_is_axes)
    found: list[tuple[Any, Any]] = [(ax, c) for ax in every for c in ax.collections if isinstance(c, PathCollection)]
    if sum(len(points.get_offsets()) for _, points in found) > _POINTS:
        return
    for ax, points in found:
        told = getattr(points, _style.TOLD, None) or _seen(ax, points)
        if told:
            points.set_urls([VALUE + quote(t) for t in told])


def _is_axes(artist: Any) -> bool:
    from matplotlib.axes import Axes

    return isinstance(artist, Axes)


def _seen(ax: Axes, points: PathCollection) -> list[str]:
    """Return x and y of every point under the labels of the axes; nothing for marks that stand at no value."""
    if points.get_offset_transform() != ax.transData:
        return []
    x, y = _reader(ax.xaxis, ax.get_xlabel()), _reader(ax.yaxis, ax.get_ylabel())
    return ["; ".join(filter(None, (x(a), y(b)))) for a, b in np.ma.getdata(points.get_offsets()).astype(float)]


def _reader(axis: Axis, label: str) -> Any:
    """Return a function from a place on an axis to words: the name of the nearest tick where ticks are names, else the number.

    An axis without a label and without tick labels says nothing: a place on it is no value.
    """
    what = " ".join(_style.shortened(label.replace(r"\$", "$"), _LABEL).split())
    names = [" ".join(t.get_text().replace(r"\$", "$").split()) if t.get_visible() else "" for t in axis.get_ticklabels()]
    places = np.asarray(axis.get_majorticklocs(), float)
    if len(names) == len(places) and any(names) and not all(_NUMBER.fullmatch(n) for n in names):
        return lambda v: names[int(np.argmin(np.abs(places - v)))]
    if not what and not any(names):
        return lambda _: ""
    return lambda v: f"{what}: {_cells.shown(float(v))}" if what else _cells.shown(float(v))


def value(address: str) -> str:
    """Return the words that an address carries; nothing if it is an address of another kind."""
    return unquote(address.removeprefix(VALUE)) if address.startswith(VALUE) else ""
