"""Response of each patient as one bar, in order, with the line of the definition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.analysis._phrases import percent, plural
from ifnscore.errors import DataError, UsageError
from ifnscore.pl import _inputs, _room, _style
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.result import Result

#: Verdict -> colour, hatch, label.
MET, NOT_MET, UNKNOWN = "met", "not met", "not evaluable"
_LOOK = {MET: (_style.BLUE, ""), NOT_MET: (_style.ORANGE, "////"), UNKNOWN: (_style.GREY, "xxx")}
#: Most patients whose codes stand under their bars, whose values stand on them, and whose codes are listed with a reason.
NAMED, VALUED = 60, 25
#: Share of a place that a bar fills; height of the stub of a patient who cannot be judged, as a share of the axis.
_WIDTH, _STUB = 0.8, 0.035
NOT_EVALUABLE = "n/e"
_CALLED = {UNKNOWN: f"{NOT_EVALUABLE}: {UNKNOWN}"}


def waterfall(link: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the response of each patient as one bar, the best on the left, with the line of the response definition.

    Bars are what the definition compares (for ``cdasi_abs4`` the improvement in points, for a percentage the improvement in per
    cent of the baseline), always upward when better, as the instrument defines it; a definition that judges a state shows that
    state's value. Patients who cannot be judged have no bar but a hatched stub with "n/e", and stand below with the reason.

    Parameters
    ----------
    link
        What :func:`ifnscore.tl.associate` returned.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        One place on x a patient.

    Raises
    ------
    DataError
        No response was judged.
    UsageError
        `link` is not the result of ``tl.associate``.
    """
    judged = _judged(link)
    bars, unknown = _ordered(judged)
    ax = _style.axes(ax, (5.4, 4.8))
    _style.tidy(ax)
    about = judged.iloc[0]
    many = len(judged)
    wide = _WIDTH if many <= NAMED else 1.0
    for i, row in enumerate(bars):
        _bar(ax, i, row, wide)
    _frame(ax, [*bars, *unknown], [r["value"] for r in bars], about["threshold"])
    for i in range(len(bars), many):
        _stub(ax, i, wide, named=_room.inches(ax)[0] / many > _room.text_width(NOT_EVALUABLE, "x-small"))
    if many <= VALUED:
        for i, row in enumerate(bars):
            _number(ax, i, row["value"], about["threshold"])
    _stops(ax, [*bars, *unknown])
    if not bars:
        ax.text(0.5, 0.5, "no patient can be judged", transform=ax.transAxes, ha="center", va="center")
    ax.set_ylabel("\n".join(_lines(f"{about['quantity']} ({about['unit']})")))
    _room.heading(ax, _style.plain(about["label"]), [_rate(link)], synthetic=_inputs.synthetic(link))
    texts = [*_reasons(unknown), f"Codes of {many} patients are left out." if many > NAMED else ""]
    below = _room.notes(ax, texts, ticks=_room.text_width("P100") if _crowded(ax, many) else 0.0)
    _room.legend(ax, _handles(ax.get_facecolor(), bars, unknown, about), below)
    return ax


def _judged(link: Result) -> pd.DataFrame:
    if link.verb != "associate":
        msg = f"a waterfall shows the result of tl.associate, and this is one of {link.verb}"
        raise UsageError(msg)
    judged = link.tables.get("responders")
    if judged is None or not len(judged):
        msg = "no response was judged: name a definition, such as response='cdasi_abs4', in tl.associate; see responses.table()"
        raise DataError(msg)
    return judged


def _ordered(judged: pd.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows with a value, the best first, and those that cannot be judged; patients who are alike by code."""
    best = -1.0 if judged["met_if"].iloc[0] == "at least" else 1.0
    rows = sorted(rows_of(judged), key=lambda r: (len(r["patient_id"]), r["patient_id"]))
    bars = sorted((r for r in rows if r["evaluable"] and math.isfinite(r["value"])), key=lambda r: best * r["value"])
    return bars, [r for r in rows if not r["evaluable"] or not math.isfinite(r["value"])]


def _bar(ax: Axes, i: int, row: dict[str, Any], wide: float) -> None:
    colour, hatch = _LOOK[MET if row["met"] else NOT_MET]
    edge = ax.get_facecolor() if hatch else colour
    ax.bar(i, row["value"], width=wide, facecolor=colour, edgecolor=edge, hatch=hatch, linewidth=0)


def _stub(ax: Axes, i: int, wide: float, *, named: bool) -> None:
    """Draw a low hatched piece at zero: a column would look like the best response."""
    from matplotlib.patches import Rectangle

    colour, hatch = _LOOK[UNKNOWN]
    low, high = ax.get_ylim()
    tall = _STUB * (high - low)
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": colour, "hatch": hatch, "linewidth": 0.8, "zorder": 2}
    ax.add_patch(Rectangle((i - wide / 2, 0.0), wide, tall, **look))
    if named:
        ax.annotate(
            NOT_EVALUABLE, (i, tall), (0, 2), textcoords="offset points", ha="center", va="bottom", fontsize="x-small", zorder=5
        )


def _number(ax: Axes, i: int, value: float, line: float) -> None:
    """Write the value at the end of its bar, beyond the line of the definition where that would strike it through."""
    low, high = ax.get_ylim()
    point = (high - low) / (_room.inches(ax)[1] * _room.POINTS)
    up, away, tall = value >= 0, 2.0, _room.type_size()
    gap = (line - value if up else value - line) / point
    if math.isfinite(gap) and -1.0 <= gap <= away + tall + 1.0:
        away = gap + 2.0
    ax.annotate(
        f"{value:.3g}".replace("-", "\N{MINUS SIGN}"), (i, value), (0, away if up else -away), textcoords="offset points",
        ha="center", va="bottom" if up else "top", fontsize="small", zorder=5,
    )  # fmt: skip


def _frame(ax: Axes, rows: list[dict[str, Any]], values: list[float], line: float) -> None:
    """Set limits, codes, the line of the definition and the one of no change."""
    reach = [0.0, *values, *([line] if math.isfinite(line) else [])]
    low, high = min(reach), max(reach)
    room = 0.14 * (high - low or 1.0)
    ax.set_ylim(low - room if low < 0 else low, high + room)
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ax.axhline(0, color=_style.GREY, linewidth=0.8)
    if math.isfinite(line):
        ax.axhline(line, color=_style.VERMILLION, linewidth=1.2, linestyle="--", zorder=3)
    if len(rows) > NAMED:
        ax.set_xticks([])
        return
    crowded = _crowded(ax, len(rows))
    ax.set_xticks(
        range(len(rows)), [_style.plain(r["patient_id"]) for r in rows], rotation=90 if crowded else 0,
        fontsize="x-small" if crowded else "small",
    )  # fmt: skip


def _stops(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Mark patients who had to stop the drug, at the upper edge of their place."""
    at = [i for i, r in enumerate(rows) if r["stopped"]]
    few = len(rows) <= NAMED
    ax.scatter(
        at, [0.965] * len(at), s=34 if few else 9, marker="X", color=_style.VERMILLION, linewidths=0, zorder=4,
        transform=ax.get_xaxis_transform(), clip_on=False,
    )  # fmt: skip


def _rate(link: Result) -> str:
    """Return how many met the definition, as the table of rates says."""
    rate = link.tables["response_rates"].iloc[0]
    n = int(rate["n_patients"])
    text = f"met by {int(rate['n_responders'])} of {plural(n, 'evaluable patient')}"
    return f"{text} (95 % interval {percent(rate['ci_low'], rate['ci_high'])})" if n else text


def _handles(ground: Any, bars: list[dict[str, Any]], unknown: list[dict[str, Any]], about: Any) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    made: list[Any] = []
    for word, seen in ((MET, [r for r in bars if r["met"]]), (NOT_MET, [r for r in bars if not r["met"]]), (UNKNOWN, unknown)):
        colour, hatch = _LOOK[word]
        face = "none" if word == UNKNOWN else colour
        edge = ground if word == NOT_MET else colour
        if seen:
            label = f"{_CALLED.get(word, word)} (n = {len(seen)})"
            made.append(Patch(facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0, label=label))
    if math.isfinite(about["threshold"]):
        text = _style.plain(f"{about['met_if']} {about['threshold']:g} {about['unit']}")
        made.append(Line2D([], [], color=_style.VERMILLION, linewidth=1.2, linestyle="--", label=text))
    why = sorted({str(r["stopped"]) for r in (*bars, *unknown) if r["stopped"]})
    if why:
        words = " or ".join("lack of efficacy" if w == "lack_efficacy" else w for w in why)
        look: dict[str, Any] = {"color": _style.VERMILLION, "marker": "X", "linestyle": "", "markeredgewidth": 0}
        made.append(Line2D([], [], label=_style.plain(f"stopped: {words}"), **look))
    return made


def _reasons(unknown: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each reason why patients cannot be judged, with their codes or, of many, their number."""
    found: dict[str, list[str]] = {}
    for row in unknown:
        found.setdefault(str(row["reason"]), []).append(str(row["patient_id"]))
    listed = {why: ", ".join(who) if len(unknown) <= VALUED else plural(len(who), "patient") for why, who in found.items()}
    return [_style.plain(f"Not evaluable, {who}: {why}.") for why, who in listed.items()]


def _lines(text: str) -> list[str]:
    """Return a text in two lines of about the same length, its first letter a capital."""
    import textwrap

    whole = text[:1].upper() + text[1:]
    return [_style.plain(line) for line in textwrap.wrap(whole, max(24, len(whole) // 2 + 4))]


def _crowded(ax: Axes, n: int) -> bool:
    """Whether codes must be turned upright to stand side by side."""
    return n <= NAMED and _room.inches(ax)[0] / n < _room.text_width("P100") + 0.05
