"""Which genes make a score."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ifnscore import get, methods
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, IfnscoreWarning, UsageError, listing
from ifnscore.pl import _below, _groups, _style, _swarm
from ifnscore.pl._ink import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.methods._protocol import Array
    from ifnscore.scoretable import Scored

#: Most genes with a row, and most groups beside each other in it.
GENES, GROUPS = 30, 7
#: Most samples of a gene that are drawn as points; largest height of all rows, in inches.
MANY, HIGHEST = 300, 7.5
#: Room that the points of one gene may fill.
LANE = 0.4


@dataclass(frozen=True, eq=False)
class _Parts:
    """Parts of shape (n_samples, n_genes), their unit, and whether the score is a median."""

    table: pd.DataFrame
    unit: str
    median: bool


def contributions(
    scored: Scored,
    *,
    signature: str | None = None,
    samples: Sequence[str] | Array | None = None,
    by: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each gene adds to the score: every sample one point, one row a gene, ordered by the median, then by the mean.

    The parts are those of :func:`ifnscore.get.contributions`: they add up to the score of a sample (to its log2 for ``geomean``).
    A median is made by the one or two genes in the middle alone, so for such a score only the samples in which a gene stood there
    are drawn, and counted at the right. More than 300 samples are drawn as bands.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to.
    signature
        Which score; None for the first on a log scale.
    samples
        Names of samples, or a boolean mask of shape (n_samples,). None: all but the healthy controls, as far as these are known
        and `by` makes them no group of their own.
    by
        Column whose values are drawn beside each other, at most 7.
    key
        ``obsm`` key of the scores; None for the latest.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        x is the part of the score. At most 30 genes have a row, those with the largest parts; the figure says how many have none.

    Raises
    ------
    DataError
        `scored` is a table of scores, or no sample has a score.
    UsageError
        There are no such samples, or too many groups.
    """
    shown = _groups.shown(scored, by=by, signature=signature, cohort=None, tissue=None, key=key)
    parts = _parts(shown)
    rows, left_out = _chosen(shown, samples, parts.table)
    groups = [i for i in range(len(shown.groups)) if (rows["group"] == i).any()] if by is not None else [-1]
    if len(groups) > GROUPS:
        msg = f"{len(groups)} groups do not fit beside each other in a row (at most {GROUPS}): choose a column with fewer values"
        raise UsageError(msg)
    table = parts.table.loc[rows.index]
    counts = (table != 0.0).sum()
    large = counts if parts.median else table.median().abs()
    most = min(GENES, int(HIGHEST / _row(len(groups))))
    kept = _ranked(large, table.mean().abs())[:most]
    order = _ranked((counts if parts.median else table.median())[kept], table[kept].mean())
    said = _said(shown, parts, left_out, len(large) - len(order))
    bands = any(n > _many_points(len(groups)) for n in _sizes(rows, groups))
    handles = _legend(shown, groups, line=not parts.median and len(table) > 1, bands=bands)
    ax = _style.axes(ax, (5.2, 1.0 + _row(len(groups)) * len(order) + 0.2 * (len(said) + len(handles))))
    _frame(ax, table[order], parts)
    if parts.median:
        for j, gene in enumerate(order):
            _count(ax, j, f"{counts[gene]} of {len(table)}")
    _below.laid_out(ax)
    _below.titled(ax, _style.shortened(shown.column.id, 30), _many(len(table)))
    _below.notes(ax, handles, said, columns=2 if len(groups) > 3 else 1)  # noqa: PLR2004
    _below.laid_out(ax)
    for j, gene in enumerate(order):
        for k, group in enumerate(groups):
            values = table[gene].to_numpy() if group < 0 else table.loc[rows["group"] == group, gene].to_numpy()
            _points(ax, values, j, (k, len(groups)), None if group < 0 else shown.groups[group].mark, median=parts.median)
    return ax


def _row(groups: int) -> float:
    """Return the height of the row of one gene in inches."""
    return 0.2 * max(1.0, 0.6 * groups)


def _ranked(first: pd.Series, then: pd.Series) -> pd.Index:
    """Return the genes from large to small; where these are the same, such as medians of 0, the second number decides."""
    both = pd.DataFrame({"first": first, "then": then.reindex(first.index)})
    return both.sort_values(["first", "then"], ascending=False, kind="stable").index


def _sizes(rows: pd.DataFrame, groups: Sequence[int]) -> list[int]:
    return [len(rows) if g < 0 else int((rows["group"] == g).sum()) for g in groups]


def _many_points(groups: int) -> int:
    """Return the most samples of a group that are drawn as points."""
    return max(MANY // groups, 30)


def _count(ax: Axes, row: int, text: str) -> None:
    ax.annotate(
        text, (1.0, row), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points", va="center",
        fontsize="x-small", annotation_clip=False,
    )  # fmt: skip


def _parts(shown: _groups.Shown) -> _Parts:
    scores, signature = shown.scores, shown.column.id
    if scores.adata is None:
        msg = "a table of scores holds no genes: give the AnnData that was scored (or its small scored file)"
        raise DataError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IfnscoreWarning)  # scoring said it
        table = get.contributions(scores.adata, signature, key=scores.key)
    table = table.set_axis(table.index.astype(str), axis=0)
    how = get.provenance(scores.adata, key=scores.key)["signatures"][signature]
    record = methods.get(how["method"])
    median = record.summary == "median" or how["params"].get("summary") == "median"
    if record.id == "geomean":  # parts of the natural logarithm
        return _Parts(table / np.log(2.0), "log2", median=False)
    return _Parts(table, {"ratio": "ratio", "rank": "rank score"}.get(record.score_type, shown.column.unit), median)


def _chosen(shown: _groups.Shown, samples: Sequence[str] | Array | None, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the samples to draw, and how many are left out for which reason."""
    said, rows = [], shown.rows
    apart = rows["group"].isin([i for i, g in enumerate(shown.groups) if g.apart])
    if samples is not None:
        rows = rows.loc[_asked(rows, samples)]
    elif apart.any() and not apart.all():
        said.append(f"{_many(int(apart.sum()))} of healthy controls")
        rows = rows[~apart]
    whole = rows["score"].notna() & table.loc[rows.index].notna().all(axis=1)
    if not whole.any():
        msg = "none of the samples has a score"
        raise DataError(msg)
    if not whole.all():
        said.append(f"{_many(int((~whole).sum()))} without a score")
    return rows[whole], said


def _asked(rows: pd.DataFrame, samples: Sequence[str] | Array) -> Any:
    given = np.asarray(samples)
    if given.dtype == bool:
        if given.shape != (len(rows),) or not given.any():
            msg = f"samples is a mask of shape {given.shape}; it needs shape ({len(rows)},) and at least one True"
            raise UsageError(msg)
        return given
    names = [str(s) for s in np.atleast_1d(given)]
    absent = [n for n in names if n not in rows.index]
    if absent or not names:
        msg = f"samples: there is no sample {listing(absent, 3)}" if absent else "samples is empty: name at least one"
        raise UsageError(msg)
    return names


def _many(n: int) -> str:
    return f"{n} samples" if n != 1 else "1 sample"


def _frame(ax: Axes, table: pd.DataFrame, parts: _Parts) -> None:
    _style.tidy(ax, grid="x")
    ax.set_ylim(len(table.columns) - 0.4, -0.6)
    values = table.to_numpy()
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = 0.04 * (high - low) or 0.5
    ax.set_xlim(low - room, high + room)
    ax.locator_params(axis="x", nbins=6)
    ax.axvline(0, color=_style.GREY, linewidth=0.8, zorder=0.5)
    ax.set_yticks(range(len(table.columns)), [_style.plain(_style.shortened(g, 16)) for g in table.columns], fontsize="small")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(_style.plain(f"part of the score ({parts.unit})"))


def _points(ax: Axes, values: Array, row: int, lane: tuple[int, int], mark: _style.Mark | None, *, median: bool) -> None:
    """Draw one gene in one group: its samples, and their median as a line."""
    (k, many), n = lane, len(values)
    half = LANE / many
    middle = row - LANE + half * (2 * k + 1)
    if median:
        values = values[values != 0.0]
    elif n > 1:
        ax.plot([np.median(values)] * 2, [middle - half, middle + half], color=ink(), linewidth=1.6, zorder=3, gid="median")
    mark = mark or _style.Mark(_style.BLUE, "o", "")
    if n > _many_points(many):
        if len(values):
            _bands(ax, values, (middle, 0.85 * half), mark.colour)
        return
    size = 14.0 if n <= 20 else 7.0 if n <= 80 else 3.0  # noqa: PLR2004
    face, edge = (mark.colour, 0.0) if mark.filled else ("none", 0.8)
    ax.scatter(
        values, middle + _swarm.offsets(ax, values, size, 0.85 * half), s=size, marker=mark.marker, linewidths=edge,
        facecolors=face, edgecolors=mark.colour, alpha=0.75, zorder=2,
    )  # fmt: skip


def _bands(ax: Axes, values: Array, place: tuple[float, float], colour: str) -> None:
    """Draw many samples as two bands, the quartiles darker and higher: points would lie on one another."""
    middle, half = place
    low, first, third, high = np.quantile(values, [0.05, 0.25, 0.75, 0.95])
    ax.barh(middle, high - low, 0.9 * half, left=low, color=colour, alpha=0.35, linewidth=0, zorder=2, gid="centiles")
    ax.barh(middle, third - first, 2 * half, left=first, color=colour, alpha=0.6, linewidth=0, zorder=2, gid="quartiles")


def _legend(shown: _groups.Shown, groups: Sequence[int], *, line: bool, bands: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = {i: _style.plain(_style.shortened(shown.groups[i].label)) for i in groups if i >= 0}
    made: list[Any] = [_style.handle(replace(shown.groups[i].mark, label=name)) for i, name in names.items()]
    if line:
        made.append(Line2D([], [], color=ink(), linewidth=1.6, marker="", label="median"))
    if bands:
        made.append(Patch(color=_style.GREY, alpha=0.8, linewidth=0, label="many samples: quartiles (5th to 95th centile pale)"))
    return made


def _said(shown: _groups.Shown, parts: _Parts, left_out: Sequence[str], more: int) -> list[str]:
    """Return what the reader must know: how a median is made, which genes and samples are not here."""
    assert shown.scores.adata is not None
    covered = get.coverage(shown.scores.adata, key=shown.scores.key)
    covered = covered[covered["signature"] == shown.column.id]
    lines = []
    if parts.median:
        lines.append("A median: only the one or two genes in the middle make it. Right: in how many samples a gene stood there")
    if more:
        lines.append(f"{more} genes with smaller parts not shown")
    for what, column in (("not in the matrix", "missing"), ("not usable", "dropped")):
        genes = dict.fromkeys(g for text in covered[column] for g in str(text).split(",") if g)
        if genes:
            lines.append(f"{what}: {listing(genes, 8)}")
    return [*lines, *([f"not shown: {', '.join(left_out)}"] if left_out else [])]
