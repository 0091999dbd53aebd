"""Can these scores be trusted here: what they rest on, and what they go with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _evaluation
from ifnscore.pl import _below, _groups, _room, _style
from ifnscore.pl._ink import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.analysis._evaluation import Evaluation
    from ifnscore.scoretable import Scored

#: Inches a signature in a new figure; most height; below this width the matrix stands under the other panels.
ROW, MOST, WIDE = 0.27, 14.0, 4.6
#: Most signatures whose correlations are written into the matrix; most that are numbered one by one.
WRITTEN, NUMBERED = 9, 20
#: Correlation beyond which a number is white on dark; dark is low in cividis.
_DARK = 0.2
#: Panels of a wide figure: left, bottom, width, height as shares of the axes.
_PLACES = ((0.0, 0.0, 0.13, 1.0), (0.16, 0.0, 0.13, 1.0), (0.32, 0.0, 0.24, 1.0), (0.61, 0.0, 0.39, 1.0))
#: Of narrow axes: left and width of the three panels; inches between them and the matrix; least height of the matrix.
_THREE, GAP, LEAST = ((0.0, 0.26), (0.36, 0.26), (0.72, 0.28)), 1.05, 0.8
#: Least height of a name in points: with less, every second or so is named.
SMALLEST = 5.0


def evaluation(scored: Scored, *, layer: str | None = None, key: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what speaks for and against a set of scores, one row a signature.

    From the left: the share of genes that were used, with the least that a score needs; the share of zeros among the values of
    these genes; the Spearman correlation of the score with the library size and with the number of detected genes (a score that
    follows them may measure the depth of a sample); and the correlations of the scores with each other.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores. A small scored file lacks most genes, a table has
        none: what they cannot tell is said in the figure.
    layer
        Where to count zeros, genes and library sizes, such as a layer with counts; None for the values that were scored.
    key
        ``obsm`` key; None for the latest.
    ax
        Axes to draw into; None for a new figure, whose height follows the number of signatures.

    Returns
    -------
    Axes
        Invisible itself; its panels are ``ax.child_axes``. Where samples are of several tissues, all but coverage is of the
        largest one, named in the title: over several, everything goes with everything.

    Raises
    ------
    DataError
        There are no scores, or no such layer.
    """
    found = _evaluation.evaluate(scored, layer=layer, key=key)
    n = len(found.signatures)
    ax = _style.axes(ax, (9.4, min(MOST, max(1.3, n * ROW) + 2.1)))
    width, height = _room.inches(ax)
    wide = width >= WIDE
    ax.set_axis_off()
    panels = [ax.inset_axes(place) for place in (_PLACES if wide else _narrow(height, n))]
    whole = len(panels) == len(_PLACES)
    table = found.signatures
    _coverage(panels[0], table)
    _zeros(panels[1], table)
    _depth(panels[2], table)
    if whole:
        _between(panels[3], found)
    names = [f"{_style.shortened(s, 26 if wide else 15)} ({i})" for i, s in enumerate(table["signature"], 1)]
    for i, panel in enumerate(panels):
        named = i == 0 or (i == 3 and not wide)  # noqa: PLR2004 the matrix
        _rows(panel, names, named=named)
    ax.set_title(_style.plain(_heading(found)), loc="left", pad=18)
    only = f"All but coverage is of {_groups.values_of(found.stratum)} only." if found.stratum else ""
    few = "" if whole else "The correlations between the scores are not drawn: they need larger axes."
    _below.notes(ax, [], [only, *found.unknown, few])
    _below.laid_out(ax)
    for panel in (panels[0], *(panels[3:] if not wide else ())):
        _rows(panel, names)  # in the size that the panels have in the end
    return ax


def _narrow(height: float, n: int) -> list[tuple[float, float, float, float]]:
    """Return the panels of narrow axes: the matrix below the others, or no matrix where it has no room."""
    share = (1 - GAP * _room.type_size() / 8.3 / height) / 2  # words stand in the gap
    if share * height < max(LEAST, n * 4 / 72):
        return [(left, 0.0, width, 1.0) for left, width in _THREE]
    return [*((left, 1 - share, width, share) for left, width in _THREE), (0.0, 0.0, 1.0, share)]


def _heading(found: Evaluation) -> str:
    if found.stratum:
        return f"{_groups.values_of(found.stratum)}, {found.n_samples} of {found.n_all} samples"
    return f"{found.n_all} samples" if found.n_all != 1 else "1 sample"


def _rows(panel: Axes, names: list[str], *, named: bool = True) -> None:
    """Name the rows in type that fits, every second or so where there are too many."""
    n = len(names)
    panel.set_ylim(n - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.tick_params(axis="x", labelsize="small")
    high = _room.inches(panel)[1] * 72 / n
    step = max(1, math.ceil(SMALLEST / high))
    size = min(_room.type_size(), 0.95 * high * step)
    panel.set_yticks(range(0, n, step), [_style.plain(s) if named else "" for s in names[::step]], fontsize=size)


def _head(panel: Axes, text: str) -> None:
    panel.set_title(text, fontsize="small", loc="left")


def _share(panel: Axes, values: Any, colour: str, marker: str) -> None:
    """Draw shares from 0 to 1 as points on a line from 0; not known is said in the row."""
    _style.tidy(panel)
    y = np.arange(len(values))
    panel.hlines(y, 0, values, color=_style.GREY, linewidth=0.8, zorder=1)
    panel.scatter(values, y, s=20, color=colour, marker=marker, zorder=3, clip_on=False)
    panel.set_xlim(0, 1)
    panel.set_xticks((0, 0.5, 1), ["0", "", "1"])
    _absent(panel, values)


def _absent(panel: Axes, values: Any) -> None:
    """Write one "not known" over an empty panel, or a question mark into each empty row."""
    left, right = panel.get_xlim()
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing) == len(values):
        panel.text(0.5, 0.5, "not known", transform=panel.transAxes, ha="center", va="center", rotation=90, fontsize="small")
        return
    for row in missing:
        panel.text((left + right) / 2, float(row), "?", ha="center", va="center", fontsize="small")


def _coverage(panel: Axes, table: Any) -> None:
    values, least = table["coverage"].to_numpy(dtype=float), table["min_coverage"].to_numpy(dtype=float)
    _share(panel, values, _style.BLUE, "o")
    y = np.arange(len(table))
    if np.isfinite(least).any():
        panel.scatter(least, y, s=110, marker="|", color=_style.VERMILLION, linewidths=1.2, zorder=2, clip_on=False)
        panel.set_xlabel("|  needed\nfor a score", fontsize="small")
    _head(panel, "Coverage")


def _zeros(panel: Axes, table: Any) -> None:
    _share(panel, table["zeros"].to_numpy(dtype=float), _style.ORANGE, "D")
    panel.set_xlabel("share of\nvalues", fontsize="small")
    _head(panel, "Zeros")


def _depth(panel: Axes, table: Any) -> None:
    _style.tidy(panel)
    _head(panel, "rho with")
    y = np.arange(len(table))
    panel.set_xlim(-1, 1)
    panel.set_xticks((-1, 0, 1), ["\N{MINUS SIGN}1", "0", "1"])
    size, genes = (table[c].to_numpy(dtype=float) for c in ("rho_library_size", "rho_detected"))
    _absent(panel, np.where(np.isfinite(size), size, genes))
    if not np.isfinite([*size, *genes]).any():
        panel.set_xlabel("library size,\ndetected genes", fontsize="small")
        return
    panel.axvline(0, color=_style.GREY, linewidth=0.8, zorder=0)
    panel.hlines(y, -1, 1, color=_style.GREY, alpha=0.25, linewidth=0.6, zorder=0)
    handles = []
    for values, colour, marker, label in (
        (size, _style.GREEN, "s", "library size"),
        (genes, _style.PURPLE, "^", "detected genes"),
    ):
        if np.isfinite(values).any():
            faces = colour if marker == "s" else "none"
            look: dict[str, Any] = {"s": 22, "marker": marker, "facecolors": faces, "edgecolors": colour, "label": label}
            handles.append(panel.scatter(values, y, zorder=3, clip_on=False, **look))
    _style.legend(panel, handles, below=0.26)


def _between(panel: Axes, found: Evaluation) -> None:
    """Draw the lower half of the correlations; numbers are written where there is room."""
    from matplotlib.colors import ListedColormap

    n = len(found.between)
    values = np.where(np.tri(n, k=-1, dtype=bool), found.between.to_numpy(dtype=float), np.nan)
    panel.spines[:].set_visible(False)
    _head(panel, "Spearman rho between scores")
    if n == 1:
        panel.text(0.5, 0.5, "one score only", transform=panel.transAxes, ha="center", va="center", fontsize="small")
        panel.set_xticks([])
        return
    diagonal = np.where(np.eye(n, dtype=bool), 1.0, np.nan)  # a score beside itself: grey, so that no row is empty
    panel.imshow(diagonal, vmin=0, vmax=1, cmap=ListedColormap([_style.GREY]), alpha=0.3, aspect="auto")
    drawn = panel.imshow(values, vmin=-1, vmax=1, cmap="cividis", aspect="auto")
    step = 1 if n <= NUMBERED else 10
    panel.set_xticks(range(step - 1 if step > 1 else 0, n, step), [str(i) for i in range(step if step > 1 else 1, n + 1, step)])
    panel.tick_params(axis="x", length=0)
    if n > WRITTEN:
        inside = panel.inset_axes((0.62, 0.86, 0.36, 0.05))
        figure = panel.get_figure(root=True)
        assert figure is not None
        bar = figure.colorbar(drawn, cax=inside, orientation="horizontal")
        bar.set_ticks([-1, 0, 1])
        bar.ax.tick_params(labelsize="x-small", length=2)
        return
    for i in range(n):
        for j in range(i):
            v = values[i, j]
            text = f"{v:.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(v) else "?"
            colour = ink() if not np.isfinite(v) else "white" if v < _DARK else "black"
            panel.text(j, i, text, ha="center", va="center", fontsize="x-small", color=colour)
