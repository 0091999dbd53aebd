"""Scores of cells by group, as violins with every cell."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError, listing, nearest
from ifnscore.pl import _below, _single_cell, _style
from ifnscore.pl._groups import natural
from ifnscore.pl._ink import ink

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

#: Fewest cells for a violin: below, its shape would be that of the smoothing.
FEW = 20
#: Most groups.
GROUPS = 60
#: Most lines of a name.
LINES = 3
#: Neighbours in value go to distant places: the golden ratio parts them best.
GOLDEN = 0.6180339887498949
_COLUMN = "group"
_NOT_GIVEN = "not given"


def violin(
    adata: AnnData, signature: str | None = None, *, by: str, key: str | None = None, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw the scores of each group of cells, by :func:`scanpy.pl.violin`; groups of under 20 cells are points only.

    Cells of one patient are not independent: the figure shows cells, and compares no patients
    (:func:`ifnscore.tl.pseudobulk` makes samples of them).

    Parameters
    ----------
    adata
        Scored cells.
    signature
        Which scores; None for the first on a log scale, else the first.
    by
        Column of ``adata.obs`` with the groups, such as the cell type.
    key
        ``obsm`` key of the scores; None for the latest.
    ax
        Axes to draw into; None for a new figure.
    **kwargs
        Passed to scanpy: ``order``, ``rotation``, ``density_norm``, ``cut`` and so on; ``stripplot=False`` leaves the points out,
        ``size`` is theirs.

    Returns
    -------
    Axes
        y is the scale of analysis: log2 for ratios, everything else as it is.

    Raises
    ------
    DataError
        There is no such score, no cell has one, or there are too many groups.
    UsageError
        There is no such column, or an argument that the figure decides itself.
    """
    _single_cell.allow("violin", kwargs, ("log", "multi_panel", "palette", "hue"))
    scores = _single_cell.scores_of(adata, signature, key)
    group = _groups(adata, by)[scores.values.notna().to_numpy()]
    known = _single_cell.Scores(scores.column, scores.values.dropna())
    order = _order(group, kwargs.pop("order", None), by)
    counts = {g: int((group == g).sum()) for g in order}
    longest = max(len(_style.shortened(g)) for g in order)
    each = min(max(0.055 * longest, 0.55), 1.2) if len(order) <= 6 else 0.55  # noqa: PLR2004 inches
    ax = _style.axes(ax, (max(3.6, 1.4 + each * len(order)), 4.6))
    _style.tidy(ax)
    points, size = kwargs.pop("stripplot", True), float(kwargs.pop("size", 3.0))
    _violins(ax, known, group, counts, kwargs)
    if points:
        _points(ax, known.values.to_numpy(), group, order, size)
    ax.set_xlabel(_style.plain(by))
    ax.set_ylabel(_style.plain(scores.column.unit))
    _below.laid_out(ax)
    _named(ax, counts, kwargs.get("rotation"))
    few = any(n < FEW for n in counts.values())
    _single_cell.titled(ax, scores, how="", more=f"no violin for groups of under {FEW} cells: too few for a shape" if few else "")
    return ax


def _named(ax: Axes, counts: dict[str, int], rotation: float | None) -> None:
    """Name the groups in up to three lines, or upright where these do not fit."""
    letters = int(_below.inches(ax)[0] * 72 / (len(counts) + 0.2) / (0.58 * _below.type_size()))
    names = {g: textwrap.wrap(_style.shortened(g), max(letters, 1), break_long_words=False) or [g] for g in counts}
    fits = all(len(line) <= letters for g, lines in names.items() for line in [*lines, f"(n = {counts[g]})"])
    across = rotation in {None, 0} and fits and max(len(lines) for lines in names.values()) <= LINES
    made = [
        "\n".join(map(_style.plain, [*lines, f"(n = {counts[g]})"])) if across
        else f"{_style.plain(_style.shortened(g))} (n = {counts[g]})"
        for g, lines in names.items()
    ]  # fmt: skip
    ax.set_xticks(range(len(counts)), made)
    ax.tick_params(axis="x", labelrotation=rotation if rotation is not None else 0 if across else 90, labelsize="small")


def _groups(adata: AnnData, by: str) -> Any:
    """Return the group of every cell, shape (n_cells,)."""
    if by not in adata.obs:
        known = [str(c) for c in adata.obs.columns]
        msg = f"by={by!r}: obs has no such column; there are {listing(known, 12) or 'none'}.{nearest(by, known)}"
        raise UsageError(msg)
    column: Any = adata.obs[by]
    text = column.astype(object).where(column.notna(), "").astype(str).replace("", _NOT_GIVEN)
    if text.nunique() > GROUPS:
        msg = f"by={by!r} has {text.nunique()} values, more than the {GROUPS} that fit: name a column that cells share"
        raise DataError(msg)
    values = text.to_numpy(dtype=object)
    return pd.Categorical(values, categories=_in_order(column, values))


def _in_order(column: pd.Series, values: Any) -> list[str]:
    """Return the groups in the order of a categorical column, else sorted, ``not given`` last."""
    there = set(values)
    if isinstance(column.dtype, pd.CategoricalDtype):
        given = [str(c) for c in column.cat.categories if str(c) in there]
        return [*given, *([_NOT_GIVEN] if _NOT_GIVEN in there - set(given) else [])]
    return sorted(there, key=lambda g: (g == _NOT_GIVEN, natural(g)))


def _order(group: Any, asked: Sequence[object] | None, by: str) -> list[str]:
    """Return the groups to draw: those asked for, or all that have a cell with a score."""
    have = [g for g in group.categories if (group == g).any()]
    wanted = have if asked is None else [str(a) for a in asked]
    for name in wanted:
        if name not in have:
            msg = f"order: no cell with a score has {name!r} in {by!r}; there are {listing(have, 12)}.{nearest(name, have)}"
            raise UsageError(msg)
    return wanted


def _violins(ax: Axes, scores: _single_cell.Scores, group: Any, counts: dict[str, int], given: dict[str, Any]) -> None:
    """Draw violins of the groups with enough cells, each at its place among all groups."""
    shown = [g for g, n in counts.items() if n >= FEW]
    ax.set_xlim(-0.6, len(counts) - 0.4)
    if not shown:
        return
    order = list(counts)
    # a group without enough cells keeps its place, and has nothing to draw a violin of
    named = pd.Categorical(pd.Series(group).astype(object).where(np.isin(group, shown)), categories=order)
    cells = _single_cell.light(scores, {}, {_COLUMN: named})
    settled = {"linewidth": 0.8, "inner": None, "legend": False, "dodge": False, **given}
    with _single_cell.quiet():
        import scanpy as sc

        sc.pl.violin(
            cells, scores.column.id, groupby=_COLUMN, order=order, stripplot=False, palette=dict.fromkeys(order, _style.SKY),
            hue=_COLUMN, show=False, ax=ax, **settled,
        )  # fmt: skip
    ax.set_xlim(-0.6, len(counts) - 0.4)


def _points(ax: Axes, values: Any, group: Any, order: list[str], size: float) -> None:
    """Draw every cell. scanpy would shake the points by numpy's global generator, so that no two pictures were the same."""
    alpha = 0.8 if len(values) <= 500 else 0.3  # noqa: PLR2004
    for i, name in enumerate(order):
        mine = np.sort(values[np.asarray(group == name)])  # so that the order of the cells does not matter
        x = i + 0.36 * ((np.arange(len(mine)) * GOLDEN) % 1.0 - 0.5)
        ax.scatter(x, mine, s=size**2, color=ink(), alpha=alpha, linewidths=0, zorder=3, rasterized=len(values) > 2_000)  # noqa: PLR2004
