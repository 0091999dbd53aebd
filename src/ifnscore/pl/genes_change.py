"""Which genes moved: a forest of gene-level changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _batch
from ifnscore.errors import DataError, UsageError, listing
from ifnscore.pl import _below, _inputs, _room, _style
from ifnscore.stats import attainable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd
    from ifnscore.result import Result

LEVEL = 0.05
#: What is subtracted, where its name in the table is that of a scale.
_SCALES = {"ct": "\N{MINUS SIGN}Ct", "log2": "log2 expression", "log2p1": "log2(x + 1)", "log1p": "log2(x + 1)"}
#: Inches a gene in a new figure, few and many genes; least and most height of the forest.
ROW, TIGHT_ROW, MANY, LEAST, MOST = 0.19, 0.14, 40, 1.6, 15.0
#: Points that a label needs, in sizes of its type.
_LEADING = 1.1


def genes_change(
    change: Result, *, signature: str | None = None, tissue: str | None = None, group: str = "", ax: Axes | None = None
) -> Axes:
    """Draw the mean paired change of every gene of a signature with its 95 % t interval, the largest fall on top.

    Parameters
    ----------
    change
        What :func:`ifnscore.tl.compare` returned for a scored matrix.
    signature
        Whose genes; None for the primary one.
    tissue
        Which samples; None for the primary tissue.
    group
        Which arm; empty for the only or the first one.
    ax
        Axes to draw into; None for a new figure, whose height follows the number of genes.

    Returns
    -------
    Axes
        x is the mean log2 fold change, later minus earlier. A gene that the score did not use is hollow. Intervals are not
        adjusted; p is exact (sign flip) and adjusted over the genes by Benjamini and Hochberg.

    Raises
    ------
    DataError
        The comparison holds no gene-level changes.
    UsageError
        `change` is no comparison, or there is no such signature, tissue or group.
    """
    table = _table(change)
    table = table[table["signature"] == _inputs.choose("signature", signature, _names(table["signature"]))]
    table = table[table["tissue"] == _inputs.choose("tissue", tissue, _names(table["tissue"]))]
    table = table[table["group"] == _inputs.choose("group", group or None, _names(table["group"]))]
    measured = table[table["n_patients"] > 0].sort_values("estimate", kind="stable")
    n = len(measured)
    room = min(MOST, max(LEAST, n * (ROW if n <= MANY else TIGHT_ROW)))
    ax = _style.axes(ax, (4.8, room + 1.9))
    _style.tidy(ax, grid="x")
    if measured.empty:
        _style.said(ax, "no gene of this signature was measured in a pair of samples")
        return ax
    ax.axvline(0, color=_style.GREY, linewidth=1)
    row = _room.inches(ax)[1] * _room.POINTS / n
    handles = _rows(ax, measured, row)
    _names_of_genes(ax, list(measured["gene"]), row)
    ax.set_ylim(n - 0.4, -0.6)
    scale = str(measured["note"].iloc[0]).removeprefix(_batch.NO_P).removeprefix("; ")
    ax.set_xlabel(_style.plain(f"Mean change of {_SCALES.get(scale, scale)}"))
    _room.title(ax, _style.plain(_heading(measured)), synthetic=_inputs.synthetic(change))
    _below.notes(ax, handles, _said(table, measured), columns=2)
    return ax


def _table(change: Result) -> pd.DataFrame:
    if getattr(change, "verb", "") != "compare":
        given = f"the result of {change.verb}" if hasattr(change, "verb") else type(change).__name__
        msg = f"genes_change draws what ifn.tl.compare returned, not {given}"
        raise UsageError(msg)
    table = change.tables.get("genes")
    if table is None or table.empty:
        msg = (
            "the comparison holds no gene-level changes: it was made from a table of scores, or no patient has a pair; "
            "compare the scored matrix (h5ad, zarr, AnnData)"
        )
        raise DataError(msg)
    return table


def _names(column: pd.Series) -> list[str]:
    return list(dict.fromkeys(column.fillna("").astype(str)))


def _rows(ax: Axes, genes: pd.DataFrame, row: float) -> list[Any]:
    """Draw points and intervals into rows of `row` points; return the handles of what there is."""
    size = float(np.clip(row * 0.6, 1.5, 4.7)) ** 2
    y = np.arange(len(genes))
    used = genes["used_in_score"].to_numpy(dtype=bool)
    below = genes["p_adj"].to_numpy(dtype=float) < LEVEL
    kinds = (
        (used & ~below, _style.BLUE, "o", True, "gene of the score"),
        (used & below, _style.VERMILLION, "s", True, f"gene of the score, adjusted p < {LEVEL:g}"),
        (~used & ~below, _style.BLUE, "o", False, "not used in the score"),
        (~used & below, _style.VERMILLION, "s", False, f"not used in the score, adjusted p < {LEVEL:g}"),
    )
    handles = []
    for mask, colour, marker, filled, label in kinds:
        if mask.any():
            part = genes[mask]
            ax.hlines(y[mask], part["ci_low"], part["ci_high"], color=colour, linewidth=1.1, zorder=1)
            face = colour if filled else ax.get_facecolor()
            look: dict[str, Any] = {"s": size, "marker": marker, "facecolors": face, "edgecolors": colour, "linewidths": 1.1}
            handles.append(ax.scatter(part["estimate"], y[mask], label=label, zorder=2, **look))
    return handles


def _names_of_genes(ax: Axes, genes: list[str], row: float) -> None:
    """Name every gene, or every k-th where rows of `row` points are too low for all of them."""
    size = "small" if len(genes) <= MANY else "x-small"
    step = max(1, int(np.ceil(_LEADING * _room.type_size(size) / row)))
    ax.set_yticks(range(0, len(genes), step), [_style.plain(g) for g in genes[::step]], fontsize=size)
    ax.tick_params(axis="y", length=0)


def _heading(genes: pd.DataFrame) -> str:
    row = genes.iloc[0]
    where = _inputs.heading(str(row["tissue"]), int(genes["n_patients"].max()))
    arm = f"{_style.shortened(row['group'])}, " if row["group"] else ""
    return f"{_style.shortened(row['signature'], 30)}: {arm}{where}"


def _said(table: pd.DataFrame, measured: pd.DataFrame) -> list[str]:
    """Return how many genes pass, or why none can, and which genes are not drawn."""
    n, many = int(measured["n_patients"].max()), len(measured)
    floor = attainable.min_p(n)
    below = int((measured["p_adj"] < LEVEL).sum())
    if str(measured["note"].iloc[0]).startswith(_batch.NO_P):
        told = "No p: the batch is confounded with time."
    elif floor >= LEVEL:
        told = f"With {n} patient{'s' if n != 1 else ''} no gene can reach p < {LEVEL:g} (smallest possible p: {floor:.3g})."
    else:
        told = f"{below} of {many} genes with adjusted p < {LEVEL:g} (Benjamini-Hochberg over these genes)."
    fewer = int((measured["n_patients"] < n).sum())
    absent = list(table.loc[table["n_patients"] == 0, "gene"])
    bars = "bars are 95 % t intervals, each gene by itself" if n > 1 else "one patient has no interval"
    return [
        told,
        f"Follow-up minus baseline; {bars}.",
        f"{fewer} genes were measured in fewer patients." if fewer else "",
        f"Not measured in any pair: {listing(absent)}." if absent else "",
    ]
