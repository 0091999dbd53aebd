"""How many genes signatures share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore import signatures as catalogue
from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.pl import _below, _style
from ifnscore.pl._ink import ink
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.methods._protocol import Array

#: Smallest type that is still read, in points: where a cell is too small for it, no counts are written.
SMALLEST = 4.0
#: Most signatures whose counts are written, however large the figure: thousands of numbers are read by nobody, and take seconds.
WRITTEN = 40
#: Inches of a cell of a new figure, up to so many signatures, with more, and where no counts are written.
CELL, FEW, SMALL_CELL, TINY_CELL = 0.34, 12, 0.22, 0.12
UNKNOWN = (_style.GREY, "o")


def overlap(signatures: object = "panel", *, ax: Axes | None = None) -> Axes:
    """Draw the genes that any two signatures share: the count, and its share of the shorter list as colour.

    The numbers are those of :func:`ifnscore.signatures.overlap`, identifiers made current. On the diagonal stands the size of
    each list. Signatures stand in the order of their interferon type, as asked for within a type; a mark beside the name says the
    type. Scores whose genes are the same cannot confirm one another.

    Parameters
    ----------
    signatures
        See :func:`ifnscore.signatures.resolve`; at least two.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        A square matrix; columns have the numbers of the rows.

    Raises
    ------
    UsageError
        A name is unknown, or there is one signature only.
    """
    types = {s.id: s.ifn_type for s in catalogue.resolve(signatures)}
    if len(types) < 2:  # noqa: PLR2004
        msg = "one signature shares nothing with itself: ask for two or more, such as 'panel'"
        raise UsageError(msg)
    ranks = [*_style.TYPES, "unknown"]
    names = sorted(types, key=lambda s: ranks.index(types[s]) if types[s] in ranks else len(ranks))
    counts, share = _matrices(signatures, names)
    n = len(names)
    cell = max(CELL if n <= FEW else SMALL_CELL if n <= WRITTEN else TINY_CELL, 1.6 / n)
    ax = _style.axes(ax, (2.9 + cell * n, 1.1 + cell * n))
    image = ax.imshow(np.ma.masked_where(np.eye(n, dtype=bool), share), cmap=_map(), vmin=0, vmax=1, aspect="auto")
    ax.spines[:].set_visible(False)
    _colours(ax, image)
    handles = _types(ax, [types[s] for s in names])
    _numbered(ax, names, SMALLEST, SMALLEST)
    said = ["Genes that two signatures share; on the diagonal, genes of the list"]
    _below.notes(ax, handles, said, columns=2)
    _below.laid_out(ax)
    wide, high = (72 * side / n for side in _below.inches(ax))
    _numbered(ax, names, high, wide)
    size = min(8.0, 0.5 * high, 0.42 * wide)
    if size >= SMALLEST and n <= WRITTEN:
        _counts(ax, counts, share, size)
    else:
        why = "too many signatures" if n > WRITTEN else "the cells are too small"
        _below.notes(ax, handles, [*said, f"counts are not written: {why}"], columns=2)
    return ax


def _numbered(ax: Axes, names: list[str], high: float, wide: float) -> None:
    """Name the rows and number rows and columns, in type that fits."""
    from matplotlib.font_manager import FontProperties

    small, width = FontProperties(size="small").get_size_in_points(), len(str(len(names)))
    labels = [f"{_style.shortened(s, 28)}  {i:>{width}}" for i, s in enumerate(names, 1)]
    ax.set_yticks(range(len(names)), [_style.plain(label) for label in labels], fontsize=min(small, 0.85 * high))
    step = int(np.ceil(0.9 * width * min(small, 7.0) / wide))
    ax.set_xticks(range(0, len(names), step), [str(i + 1) for i in range(0, len(names), step)], fontsize=min(small, 7.0))
    ax.tick_params(length=0, pad=2)
    ax.tick_params(axis="y", pad=14)


def _matrices(signatures: object, names: list[str]) -> tuple[Array, Array]:
    """Return counts of shared genes (on the diagonal the sizes), and their share of the shorter list; shape (n, n)."""
    place = {s: i for i, s in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=int)
    for row in rows_of(catalogue.overlap(signatures)):
        i, j = place[row["first"]], place[row["second"]]
        counts[i, j] = counts[j, i] = row["n_shared"]
        counts[i, i], counts[j, j] = row["n_first"], row["n_second"]
    sizes = np.diag(counts)
    return counts, counts / np.maximum(np.minimum(sizes[:, None], sizes), 1)


def _map() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ifnscore_share", ["white", _style.SKY, _style.BLUE, "#00304D"])


def _counts(ax: Axes, counts: Array, share: Array, size: float) -> None:
    for (i, j), count in np.ndenumerate(counts):
        same = i == j
        dark = share[i, j] > 0.45 and not same  # noqa: PLR2004
        ax.text(
            j, i, str(count) if count or same else "\N{MIDDLE DOT}", ha="center", va="center", fontsize=size,
            color="white" if dark else ink() if same else "0.15", fontweight="bold" if same else "normal",
        )  # fmt: skip


def _types(ax: Axes, types: list[str]) -> list[Any]:
    """Mark the type of each signature at the left of its row; return the legend."""
    from matplotlib.lines import Line2D

    handles = []
    for kind in dict.fromkeys(types):
        colour, marker = _style.TYPES.get(kind, UNKNOWN)
        rows = [i for i, t in enumerate(types) if t == kind]
        face = colour if kind in _style.TYPES else "none"
        look: dict[str, Any] = {"linestyle": "", "marker": marker, "color": colour, "markerfacecolor": face, "markersize": 5}
        ax.plot([0.0] * len(rows), rows, clip_on=False, transform=_beside(ax), **look)
        other = "comparator" if kind == "comparator" else "type not known"
        handles.append(Line2D([], [], label=f"type {kind}" if kind not in {"comparator", "unknown"} else other, **look))
    return handles


def _beside(ax: Axes) -> Any:
    """Return a transform: x a few points left of the axes, y in rows."""
    from matplotlib.transforms import blended_transform_factory, offset_copy

    return offset_copy(blended_transform_factory(ax.transAxes, ax.transData), fig=_below.root(ax), x=-8, units="points")


def _colours(ax: Axes, image: Any) -> None:
    inset = ax.inset_axes((1.03, 0.0, 0.035, 1.0))
    bar = _below.root(ax).colorbar(image, cax=inset, ticks=[0, 0.5, 1])
    bar.ax.set_yticklabels(["0", "50 %", "100 %"], fontsize="small")
    bar.ax.set_ylabel("of the shorter list", fontsize="small")
    bar.outline.set_linewidth(0.5)
