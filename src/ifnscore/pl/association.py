"""Change against change: one point a patient, those in whom score and measure went different ways marked."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _discordant, _link
from ifnscore.analysis._leave_one_out import ALPHA, TOO_FEW
from ifnscore.analysis._phrases import bounded, p_value, plural, small
from ifnscore.analysis._words_link import FEWEST
from ifnscore.errors import UsageError
from ifnscore.pl import _inputs, _room, _style
from ifnscore.pl._association_labels import place
from ifnscore.result import rows as rows_of
from ifnscore.scoretable import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.result import Result

#: Most patients whose codes stand beside their points, and from how many on points are small and pale.
NAMED, MANY = 20, 60
#: Smallest share that either side of zero has of an axis: its quadrants can be named.
_SIDE = 0.3
#: Kind of a patient -> colour, marker.
_AGREED, _ONE = "both improved, or neither", "only one of the two improved"
_LESS = "both improved, but the response definition was not met"
_LOOK = {_AGREED: (_style.BLUE, "o"), _LESS: (_style.ORANGE, "^"), _ONE: (_style.VERMILLION, "D")}
#: (score fell, measure improved) -> what that is called.
_PATTERN = {
    (True, True): _discordant.BOTH,
    (True, False): _discordant.ONLY_SCORE,
    (False, True): _discordant.ONLY_MEASURE,
    (False, False): _discordant.NEITHER,
}
#: Room above and below the points, as a share of their range: the words of the quadrants stand there.
_MARGIN = {"score_change": 0.12, "outcome_change": 0.3}


def association(link: Result, *, signature: str | None = None, tissue: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the change of the measure against the change of the score, one point a patient.

    Patients in whom only one of the two improved ("discordant") have another shape and colour, and so have those in whom both
    improved but the measure by less than the response definition asks for, where one was judged (a thin dashed line shows what it
    asks for, as far as it is a change of this measure); a point is hollow where the change
    of the score lies within the noise of the assay, as far as that is known. The rank correlation stands above with its interval
    and p, or with the words why there is none. There is no line through the points: a rank correlation has no slope.

    Parameters
    ----------
    link
        What :func:`ifnscore.tl.associate` returned.
    signature, tissue
        Which scores; None for the primary ones.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        x is the change of the score (follow-up minus baseline) on the scale of analysis, y that of the measure.

    Raises
    ------
    UsageError
        `link` is not the result of ``tl.associate``, or holds no such signature or tissue.
    """
    if link.verb != "associate":
        msg = f"an association shows the result of tl.associate, and this is one of {link.verb}"
        raise UsageError(msg)
    row = _row(link, signature, tissue)
    points = _points(link, row)
    column = Column(row["signature"], row["ifn_type"], row["score_type"], row["method"])
    ax = _style.axes(ax, (4.6, 5.4))
    _style.tidy(ax)
    texts = _left_out(link, row)
    if points.empty:
        _style.said(ax, "no patient has both changes")
        ax.set_title(_style.plain(_inputs.heading(row["tissue"], 0)), loc="left")
        _room.notes(ax, texts)
        return ax
    line = _threshold(link, points)
    _limits(ax, points, line)
    handles = [*_draw(ax, points), *_line(ax, link, line)]
    _quadrants(ax, higher_is_worse=bool(points["higher_is_worse"].iloc[0]))
    if len(points) <= NAMED:
        place(ax, points["score_change"], points["outcome_change"], list(points["patient_id"]))
    title, unit = points["outcome_title"].iloc[0], points["outcome_unit"].iloc[0]
    ax.set_ylabel(_style.plain(f"Change of {_style.shortened(title, 36)} ({unit})"))
    title = f"{_inputs.heading(row['tissue'], len(points))} ({column.unit} against {unit})"
    _room.heading(ax, _style.plain(title), [_style.plain(text) for text in _correlation(row)], synthetic=_inputs.synthetic(link))
    below = _room.notes(ax, texts, _style.plain(f"Change of {_style.shortened(column.id, 36)} ({column.unit})"))
    _room.legend(ax, handles, below)
    return ax


def _row(link: Result, signature: str | None, tissue: str | None) -> dict[str, Any]:
    """Return the row of change with change that is asked for; the table has the primary one first."""
    table = link.table[link.table["contrast"] == _link.CHANGE]
    chosen = _inputs.choose("signature", signature, list(dict.fromkeys(table["signature"])))
    table = table[table["signature"] == chosen]
    where = _inputs.choose("tissue", tissue, list(dict.fromkeys(table["tissue"])))
    return rows_of(table[table["tissue"] == where])[0]


def _points(link: Result, row: dict[str, Any]) -> pd.DataFrame:
    table = link.tables.get("discordant")
    if table is None or table.empty:
        return pd.DataFrame()
    mine = table[(table["signature"] == row["signature"]) & (table["tissue"] == row["tissue"])]
    known: pd.DataFrame = mine.dropna(subset=["score_change", "outcome_change"])
    return known


def _threshold(link: Result, points: pd.DataFrame) -> float:
    """Return the change of the measure that the response definition asks for; NaN where it asks for something else."""
    judged, one = link.tables.get("responders"), points.iloc[0]
    if judged is None or judged.empty:
        return math.nan
    about = judged.iloc[0]
    same = about["quantity"] == f"improvement of {one['outcome_title']}" and about["unit"] == one["outcome_unit"]
    if not same or about["met_if"] != "at least":
        return math.nan
    return float(about["threshold"]) * (-1.0 if one["higher_is_worse"] else 1.0)


def _line(ax: Axes, link: Result, at: float) -> list[Any]:
    """Draw the line of the response definition; return its handle."""
    if not math.isfinite(at):
        return []
    about = link.tables["responders"].iloc[0]
    look: dict[str, Any] = {"color": _style.VERMILLION, "linewidth": 0.8, "linestyle": "--"}
    line = ax.axhline(at, zorder=0.5, **look)
    line.set_label(_style.plain(f"response: improvement of at least {about['threshold']:g} {about['unit']}"))
    return [line]


def _limits(ax: Axes, points: pd.DataFrame, line: float) -> None:
    for column, setter in (("score_change", ax.set_xlim), ("outcome_change", ax.set_ylim)):
        seen = [0.0, *points[column], *([line] if column == "outcome_change" and math.isfinite(line) else [])]
        low, high = float(min(seen)), float(max(seen))
        wide = max(high - low, 1e-9)
        low, high = low - _MARGIN[column] * wide, high + _MARGIN[column] * wide
        least = _SIDE / (1 - _SIDE)
        setter(min(low, -least * high), max(high, -least * low))


def _draw(ax: Axes, points: pd.DataFrame) -> list[Any]:
    """Draw zero lines and points; return the handles of the kinds that are seen."""
    from matplotlib.lines import Line2D

    ax.axhline(0, color=_style.GREY, linewidth=0.8, zorder=0)
    ax.axvline(0, color=_style.GREY, linewidth=0.8, zorder=0)
    many = len(points) > MANY
    within = points["beyond_rcv"].eq(other=False)
    handles = []
    kind = _kinds(points)
    for name, (colour, marker) in _LOOK.items():
        for hollow in (False, True):
            mine = points[(kind == name) & (within.astype(bool) == hollow)]
            if mine.empty:
                continue
            face = "none" if hollow else colour
            ax.scatter(
                mine["score_change"], mine["outcome_change"], s=16 if many else 36, marker=marker, facecolors=face,
                edgecolors=colour, linewidths=1.2, alpha=0.6 if many else 1.0, zorder=3,
            )  # fmt: skip
            label = f"{name}{', score within the noise of the assay' if hollow else ''} (n = {len(mine)})"
            handles.append(Line2D([], [], linestyle="", marker=marker, color=colour, markerfacecolor=face, label=label))
    return handles


def _kinds(points: pd.DataFrame) -> pd.Series:
    """Return the kind of every patient; whether the response was met is what the table says, where it was judged."""
    less = (points["pattern"] == _discordant.BOTH) & points["response"].eq(other=False).astype(bool)
    odd = points["discordant"].astype(bool)
    return pd.Series(np.where(odd, _ONE, np.where(less, _LESS, _AGREED)), index=points.index)


def _quadrants(ax: Axes, *, higher_is_worse: bool) -> None:
    """Name the quadrants in quiet words at their outer corners, in lines as long as the quadrant is wide."""
    left, right = ax.get_xlim()
    inch = _room.inches(ax)[0] / (right - left)
    for fell, wide in ((True, -left), (False, right)):
        letters = int(wide * inch * _room.POINTS / (_room.LETTER * _room.type_size("x-small"))) - 1
        for lower in (True, False):
            pattern = _PATTERN[fell, lower == higher_is_worse]
            parts = pattern.replace(" and ", ", ").split(", ")
            text = "\n".join(line for part in parts for line in textwrap.wrap(part, max(10, letters)))
            ax.text(
                0.015 if fell else 0.985, 0.015 if lower else 0.985, text, transform=ax.transAxes, color=_style.GREY,
                ha="left" if fell else "right", va="bottom" if lower else "top", fontsize="x-small", zorder=1,
            )  # fmt: skip


def _correlation(row: dict[str, Any]) -> list[str]:
    """Return n, rho, interval and p in words; of few patients what the reading says, and never a verdict."""
    n, note = int(row["n_patients"]), str(row["note"] or "")
    if n < FEWEST:
        return [f"{plural(n, 'patient')}: no correlation is given, see the single points"]
    if not math.isfinite(row["estimate"]):
        return [f"n = {n}: {note or 'no correlation'}"]
    lines = [f"n = {n}, \N{GREEK SMALL LETTER RHO} = {bounded(row['estimate'])}"]
    if math.isfinite(row["ci_low"]):
        lines[0] += f" (95 % interval {bounded(row['ci_low'])} to {bounded(row['ci_high'])})"
        note = "" if not note.startswith("no p") else note
    if note:
        lines[0] += f"; {note}"
    floor = row["min_attainable_p"]
    if not np.isfinite(row["p"]):
        return lines
    attainable = f"smallest attainable p {small(floor)}" if np.isfinite(floor) else ""
    if n < TOO_FEW or (np.isfinite(floor) and floor > ALPHA):
        return [*lines, f"so few patients allow no conclusion ({attainable}): read the single points"]
    text = f"permutation {p_value(row['p'])}"
    text += f" ({attainable})" if row["exact"] and attainable else ""
    if row["adjustment"] != "none" and np.isfinite(row["p_adj"]) and row["p_adj"] > row["p"]:
        text += f", adjusted over signatures {small(row['p_adj'])}"
    return [*lines, text]


def _left_out(link: Result, row: dict[str, Any]) -> list[str]:
    """Return how many patients have no point, and why, from the flow."""
    flow = link.tables["flow"]
    mine = flow[(flow["signature"] == row["signature"]) & (flow["tissue"] == row["tissue"]) & (flow["step"] == "excluded")]
    gone = [f"{plural(int(r['n_patients']), 'patient')} ({r['reason']})" for r in rows_of(mine) if r["n_patients"] > 0]
    return [_style.plain(f"Without a point: {'; '.join(gone)}.")] if gone else []
