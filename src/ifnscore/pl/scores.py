"""Scores of groups, every sample one point, beside the cut-off of the healthy controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _cutoffs
from ifnscore.pl import _below, _groups, _inputs, _style, _swarm
from ifnscore.pl._ink import ink, paper
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.cohort import Cohort
    from ifnscore.methods._protocol import Array
    from ifnscore.scoretable import Scored

#: Fewest samples of a group for a median line, and for a box of the quartiles.
MEDIAN, BOX = 3, 10
#: Half the height of a row that points may fill.
LANE = 0.36


def scores(
    scored: Scored,
    *,
    by: str | None = None,
    signature: str | None = None,
    cohort: Cohort | None = None,
    tissue: str | None = None,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the scores of groups: every sample one point, one row a group, and the cut-off of the controls as a line.

    The line in a group is its median, the box (from 10 samples on) its quartiles. The cut-off is that of
    :func:`ifnscore.get.cutoffs` with its bootstrap interval as a band; where there is none, the figure says why. Each stratum
    (such as a tissue) has its own controls and its own cut-off. Healthy controls never share a group with others, and repeats of
    one control are averaged, as everywhere.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores.
    by
        Column of the samples whose values make the groups; with a cohort also a column of the patients, or ``patient_id``. None:
        the phases of the drug with a cohort, else the healthy controls, as far as they are known, and all others.
    signature
        Which scores; None for the primary ones, without a cohort the first on a log scale.
    cohort
        Its samples and healthy controls are shown, patients counted.
    tissue
        With a cohort: which samples; None for the primary tissue.
    scores, score_type, key
        As in :func:`ifnscore.tl.compare`.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        x is the scale of analysis, as in :func:`ifnscore.pl.paired`: log2 for ratios, cut-off included, everything else as it is.

    Raises
    ------
    DataError
        No sample has a score, or there is no such column.
    UsageError
        There is no such tissue, or there are more than 30 groups.
    """
    shown = _groups.shown(
        scored, by=by, signature=signature, cohort=cohort, tissue=tissue, scores=scores, score_type=score_type, key=key
    )
    points = _points(shown.rows)
    ax = _style.axes(ax, (5.2, 1.7 + 0.42 * len(shown.groups)))
    _style.tidy(ax, grid="x")
    ax.set_ylim(len(shown.groups) - 0.5, -0.5)
    ax.set_xlim(*_limits(points["score"].to_numpy()))
    of = [points.loc[points["group"] == i, ["person", "score"]] for i in range(len(shown.groups))]
    names = [_name(g, shown.rows[shown.rows["group"] == i], of[i]) for i, g in enumerate(shown.groups)]
    ax.set_yticks(range(len(shown.groups)), names)
    ax.set_xlabel(_style.plain(_inputs.unit(shown.column)))
    ax.set_title(_style.plain(shown.title), loc="left")
    handles, said = _limit_lines(ax, shown)
    handles = [*_middles([len(part) for part in of]), *handles]
    without = int(shown.rows["score"].isna().sum()) + shown.absent
    lost = [f"{without} sample{'s' if without > 1 else ''} without a score not shown"] if without else []
    _below.notes(ax, handles, [*said, *lost])
    _below.laid_out(ax)
    if _below.row_height(ax) < 2.3 * _below.type_size(_tick_size()):
        _named_in_a_line(ax, names)
        _below.notes(ax, handles, [*said, *lost])
        _below.laid_out(ax)
    for i, group in enumerate(shown.groups):
        _row(ax, i, group, of[i]["score"].to_numpy())
    return ax


def _tick_size() -> Any:
    from matplotlib import rcParams

    return rcParams["ytick.labelsize"]


def _named_in_a_line(ax: Axes, names: list[str]) -> None:
    """Name the groups in one line each, in type that fits."""
    most = max(10, int(_below.cell_width(ax) * 5.5))
    short = [f"{_style.shortened(name, most)}, {n}" for name, _, n in (text.partition("\n") for text in names)]
    ax.set_yticks(range(len(names)), short, fontsize=min(_below.type_size(), max(4.0, 0.9 * _below.row_height(ax))))
    ax.tick_params(axis="y", pad=2)


def _middles(numbers: list[int]) -> list[Any]:
    """Return the legend of medians and boxes, as far as there are any."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    made: list[Any] = []
    if max(numbers) >= MEDIAN:
        made.append(Line2D([], [], color=ink(), linewidth=1.6, marker="|", linestyle="", markersize=9, label="median"))
    if max(numbers) >= BOX:
        made.append(Patch(color=_style.GREY, alpha=0.22, linewidth=0, label=f"quartiles, groups of {BOX} or more"))
    return made


def _points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is drawn: samples with a score, repeats of one control averaged."""
    rows = rows.dropna(subset=["score"])
    one = rows["person"].where(rows["control"], pd.Series(rows.index, index=rows.index))
    return rows.groupby(["group", one], as_index=False, sort=False).agg({"group": "first", "person": "first", "score": "mean"})


def _name(group: _groups.Group, rows: pd.DataFrame, points: pd.DataFrame) -> str:
    """Return the name of a group with its numbers: points, and people or samples where these are other numbers."""
    n, people = len(points), points["person"].nunique()
    samples = int(rows["score"].notna().sum())
    more = f" ({samples} samples)" if group.control and samples != n else f" ({people} patients)" if 1 < people < n else ""
    return f"{_style.plain(_style.shortened(group.label, 28))}\nn = {n}{more}"


def _limits(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _row(ax: Axes, i: int, group: _groups.Group, values: Array) -> None:
    if not len(values):
        return
    if len(values) >= BOX:
        low, high = np.quantile(values, [0.25, 0.75])
        ax.fill_between([low, high], i - LANE, i + LANE, color=_style.GREY, alpha=0.22, linewidth=0, zorder=1)
    if len(values) >= MEDIAN:
        ax.plot([np.median(values)] * 2, [i - LANE, i + LANE], color=ink(), linewidth=1.6, zorder=3, gid="median")
    size = 26.0 if len(values) <= 30 else 14.0 if len(values) <= 100 else 7.0  # noqa: PLR2004
    size = max(7.0, min(size, (0.45 * _below.row_height(ax)) ** 2))  # not larger than half the row
    mark = group.mark
    face, edge, line = (mark.colour, paper(), 0.4) if mark.filled else ("none", mark.colour, 1.1)
    ax.scatter(
        values, i + _swarm.offsets(ax, values, size, LANE), s=size, marker=mark.marker, facecolors=face, edgecolors=edge,
        linewidths=line, zorder=2.5,
    )  # fmt: skip


def _limit_lines(ax: Axes, shown: _groups.Shown) -> tuple[list[Any], list[str]]:
    """Draw the cut-off of each stratum across its rows; return the legend, and why there is none."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    here = list(dict.fromkeys(g.stratum for g in shown.groups))
    found = {r["stratum"]: r for r in rows_of(_cutoffs.table(shown.scores, shown.column.id))}
    reached, band, said = [], False, []
    for stratum in here:
        one = found.get(stratum)
        where = f"{_groups.values_of(stratum)}: " if stratum and len(here) > 1 else ""
        if one is None or one["why_none"]:
            said.append(where + (str(one["why_none"]) if one else "no cut-off: no healthy controls"))
            continue
        rows = [i for i, g in enumerate(shown.groups) if g.stratum == stratum]
        edges = (min(rows) - 0.5, max(rows) + 0.5)
        left, right = ax.get_xlim()
        ax.set_xlim(min(left, one["cutoff"]), max(right, one["cutoff"]))
        if not np.isnan(one["cutoff_low"]):
            band = True
            low = max(float(one["cutoff_low"]), ax.get_xlim()[0])
            ax.set_xlim(right=max(ax.get_xlim()[1], float(one["cutoff_high"])))
            ax.fill_betweenx(edges, low, one["cutoff_high"], color=_style.ORANGE, alpha=0.3, linewidth=0, zorder=0.5)
        elif one["note"]:
            said.append(where + str(one["note"]).replace("no interval", "no interval of the cut-off"))
        ax.plot([one["cutoff"]] * 2, edges, color=ink(), linewidth=1.2, linestyle="--", zorder=1.5, gid="cutoff")
        log = "log2 of " if shown.column.score_type == "ratio" else ""
        reached.append(f"{where}{one['cutoff']:.3g} ({log}{_rule(one)})")
    handles: list[Any] = []
    if reached:
        label = _style.plain("cut-off " + "; ".join(reached))
        handles.append(Line2D([], [], color=ink(), linewidth=1.2, linestyle="--", label=label))
    if band:
        handles.append(Patch(color=_style.ORANGE, alpha=0.3, linewidth=0, label="95 % bootstrap interval of the cut-off"))
    return handles, said


def _rule(one: dict[str, Any]) -> str:
    words = {"mean+2sd": "mean + 2 SD", "p95": "95th centile"}
    return f"{words.get(one['rule'], one['rule'])} of {int(one['n_controls'])} controls"
