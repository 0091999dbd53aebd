"""Every child one line: scores over the days of treatment, or before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ifnscore.analysis import _changes, _healthy
from ifnscore.analysis._phrases import plural
from ifnscore.cohort import _exposure, _pairs
from ifnscore.errors import UsageError
from ifnscore.pl import _inputs, _room, _style
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Scored

#: Most patients whose codes are written at the ends of their lines.
NAMED = 12
#: Looks of the lines of few patients, in turn: a child can be followed where lines cross.
_LINES = ("-", "--", "-.", (0, (1, 1.2)))
_GREYS = ("0.5", "0.38", "0.62")
#: How far a point of many is moved sideways at most, in units of the axis from baseline (0) to follow-up (1).
_SHAKE = 0.07
#: Share of the axes on the left where the codes stand at the first points.
_LEFT = 0.13
#: Most patients whose lines are drawn in full strength.
FEW = 40


def paired(
    scored: Scored,
    cohort: Cohort,
    *,
    signature: str | None = None,
    tissue: str | None = None,
    x: Literal["auto", "day", "pair"] = "auto",
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw every patient as one line, every sample as one point, and the healthy controls as a band behind.

    Colour and shape of a point say the phase of the drug; a hollow point is a sample taken while the drug was interrupted or
    stopped. The band is the range of the controls' scores (repeats of a donor averaged) and its line their median: what was
    seen, no interval of anything.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores.
    cohort
        ``Cohort.read(folder)``, or ``Cohort.from_samples(...)``.
    signature
        Which scores; None for the primary ones.
    tissue
        Which samples; None for the primary tissue.
    x
        ``day``: all samples over the days from the first dose. ``pair``: the baseline and the follow-up that
        :func:`ifnscore.tl.compare` chooses. ``auto``: by day where days are known, else as pairs.
    scores, score_type, key
        As in :func:`ifnscore.tl.compare`.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        y is the scale of analysis: log2 for ratios, everything else as it is.

    Raises
    ------
    DataError
        No sample of the cohort has a score.
    UsageError
        There is no such tissue, or `x` is unknown.
    """
    inputs = _inputs.join(scored, cohort, scores=scores, score_type=score_type, key=key)
    if x not in {"auto", "day", "pair"}:
        msg = f"x={x!r} is none of auto, day, pair"
        raise UsageError(msg)
    column, where = inputs.column(signature), inputs.tissue(tissue)
    rows = _inputs.samples_of(inputs, column.id, where)
    by_day = x == "day" or (x == "auto" and not inputs.frame.simple)
    if by_day:
        _dated(inputs, rows)
    ax = _style.axes(ax, (5.2, 4.3))
    _style.tidy(ax)
    band = _band(ax, inputs, column.id, where)
    draw = _by_day if by_day else _by_pair
    drawn, handles, gone = draw(ax, inputs, column.id, where)
    ax.set_ylabel(_style.plain(_inputs.unit(column)))
    synthetic = inputs.cohort.settings.synthetic
    _room.title(ax, _style.plain(_inputs.heading(where, drawn)), synthetic=synthetic)
    if by_day and not inputs.frame.simple:
        ax.axvline(0, color=_style.GREY, linewidth=0.8, linestyle=":")
    below = _room.notes(ax, [_style.plain(_missing(gone))], _style.plain(_days(inputs)) if by_day else "")
    _room.legend(ax, [*handles, *band], below)
    return ax


def _dated(inputs: _inputs.Inputs, rows: pd.DataFrame) -> None:
    """Refuse days where times are words.

    Raises
    ------
    UsageError
        No sample has a day.
    """
    if len(rows) and not rows["day"].notna().any():
        design = inputs.cohort.simple
        column = f"column {design.time!r} holds" if design else "the cohort has"
        msg = f"x='day' needs times that are numbers, and {column} none: take x='pair'"
        raise UsageError(msg)


def _days(inputs: _inputs.Inputs) -> str:
    """Return what x is: the column of a simple design, of which nothing but its name is known, or days of the drug."""
    design = inputs.cohort.simple
    return _style.shortened(design.time, 40) if design else f"Days from the first dose of {_inputs.drug(inputs.cohort)}"


def _missing(gone: Iterable[str]) -> str:
    """Return how many patients are not shown, and why."""
    counts = sorted(Counter(gone).items(), key=lambda pair: (-pair[1], pair[0]))
    said = [f"{plural(n, 'patient')} ({why})" for why, n in counts]
    return f"Not shown: {'; '.join(said)}." if said else ""


def _band(ax: Axes, inputs: _inputs.Inputs, signature: str, tissue: str) -> list[Any]:
    """Draw the range and the median of the controls; return their handles."""
    controls = _healthy.values(inputs.scores, signature, tissue, inputs.cohort)
    if controls.empty:
        return []
    low, middle, high = float(controls.min()), float(controls.median()), float(controls.max())
    band = ax.axhspan(low, high, color=_style.GREY, alpha=0.2, linewidth=0, zorder=0)
    ax.axhline(middle, color=_style.GREY, linewidth=1, zorder=0)
    tubes = len(_healthy.samples(inputs.scores, signature, tissue, inputs.cohort))
    band.set_label(f"{_healthy.counted(len(controls), tubes)}: range, median")
    return [band]


def _by_day(ax: Axes, inputs: _inputs.Inputs, signature: str, tissue: str) -> tuple[int, list[Any], list[str]]:
    rows = _inputs.samples_of(inputs, signature, tissue)
    undated = set(rows["patient_id"])
    rows = rows[rows["day"].notna()]
    patients = list(dict.fromkeys(rows["patient_id"]))
    faint = 1.0 if len(patients) <= FEW else 0.35
    for i, patient in enumerate(patients):
        mine = rows[rows["patient_id"] == patient]
        ax.plot(mine["day"], mine["score"], linewidth=1, alpha=faint, zorder=1, **_line(i, len(patients)))
        for phase, part in mine.groupby("phase", sort=False):
            drawn = _points(ax, part["day"], part["score"], str(phase), faint)
            _style.tell(drawn, [f"{patient}, day {d:g}: {s:.2f}" for d, s in zip(part["day"], part["score"], strict=True)])
    if 0 < len(patients) <= NAMED:
        low, high = ax.get_xlim()
        ax.set_xlim(low - _LEFT * (high - low), high)
        ends = [{p: tuple(rows.loc[rows["patient_id"] == p, ["day", "score"]].iloc[i]) for p in patients} for i in (0, -1)]
        _both_ends(ax, *ends)
    if not patients:
        _style.said(ax, "no patient has a score")
    here = inputs.frame.rows
    sampled = set(here.loc[here["tissue"] == tissue, "patient_id"])
    gone = [
        "day not known" if p in undated else _pairs.NO_SCORE if p in sampled else _pairs.NO_SAMPLE
        for p in inputs.frame.patients
        if p not in set(patients)
    ]
    return len(patients), _phases(rows["phase"], simple=inputs.frame.simple), gone


def _points(ax: Axes, x: Any, y: Any, phase: str, faint: float) -> Any:
    """Draw samples; those off the drug lie on top, or they would hide where they matter."""
    drawn = _style.points(ax, x, y, phase, alpha=faint)
    drawn.set_zorder(2 if _style.PHASES[phase].filled else 3)
    return drawn


def _line(i: int, n: int) -> dict[str, Any]:
    """Return the look of the line of patient i of n: one of twelve where few are to be followed."""
    return {"color": _GREYS[i // 4 % 3], "linestyle": _LINES[i % 4]} if n <= NAMED else {"color": _style.GREY}


def _both_ends(ax: Axes, first: dict[str, tuple[float, float]], last: dict[str, tuple[float, float]]) -> None:
    """Write codes beside the last points, and where they fit beside the first ones."""
    gap = 1.1 * _room.type_size() / (_room.inches(ax)[1] * _room.POINTS)
    _names(ax, last, 1.02, max(gap, 0.05))
    if len(first) * gap <= 1:
        _names(ax, first, 0.01, max(gap, 0.05))


def _names(ax: Axes, ends: dict[str, tuple[float, float]], across: float, gap: float) -> None:
    """Write codes in a column at `across` (a share of the axes), moved apart where they would overlap."""
    low, high = ax.get_ylim()
    order = sorted(ends, key=lambda p: ends[p][1])
    wanted = [(ends[p][1] - low) / (high - low) for p in order]
    for patient, at in zip(order, apart(wanted, gap), strict=True):
        ax.annotate(
            _style.plain(patient), xy=ends[patient], xycoords="data", xytext=(across, at), textcoords="axes fraction",
            fontsize="small", va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": _style.GREY, "linewidth": 0.5, "linestyle": ":", "shrinkA": 0, "shrinkB": 4},
        )  # fmt: skip


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Return places in ascending order, at least `gap` apart and as near to the wanted ones as pushing upward allows.

    Parameters
    ----------
    wanted
        Places in ascending order, as a share of the axis.
    gap
        Smallest distance.
    """
    places = [wanted[0]] if wanted else []
    for place in wanted[1:]:
        places.append(max(place, places[-1] + gap))
    over = max(0.0, places[-1] - 1.0) if places else 0.0
    places = [p - over for p in places]
    for i in range(len(places) - 2, -1, -1):
        places[i] = min(places[i], places[i + 1] - gap)
    return places


def _by_pair(ax: Axes, inputs: _inputs.Inputs, signature: str, tissue: str) -> tuple[int, list[Any], list[str]]:
    frame = inputs.frame
    answers = [
        _changes.changes(frame, _changes.Question(signature, tissue, group, _changes.PAIRED, frame.estimands[0]))
        for group in frame.groups
    ]
    n, handles = sum(a.n for a in answers), []
    ends: dict[str, tuple[float, float]] = {}
    gone = [why for a in answers for why in a.excluded.values()]
    for i, answer in enumerate(answers):
        arm = (_style.COLOURS[i % 7], _style.MARKERS[i % 7]) if len(answers) > 1 else None
        for row in rows_of(answer.table):
            _pair(ax, row, arm, len(ends), n)
            ends[row["patient_id"]] = (row["baseline"], row["followup"])
        if arm:
            name = _style.shortened(answer.question.group or "no group")
            handles += ax.plot([], [], color=arm[0], marker=arm[1], label=_style.plain(f"{name} (n = {answer.n})"))
        else:
            handles += _phases([_exposure.BASELINE, *answer.table["followup_phase"]], simple=frame.simple)
    if not ends:
        _style.said(ax, "no patient has a baseline and a follow-up")
        return 0, [], gone
    ax.set_xlim(-0.2, 1.2)
    ax.set_xticks((0.0, 1.0), ["baseline", "follow-up"])
    if n <= NAMED:
        _both_ends(ax, {p: (0.0, y[0]) for p, y in ends.items()}, {p: (1.0, y[1]) for p, y in ends.items()})
    return n, handles, gone


def _pair(ax: Axes, row: dict[str, Any], arm: tuple[str, str] | None, i: int, n: int) -> None:
    """Draw patient i of n; of many each a little to the side, always the same, so that points do not hide each other."""
    y, faint = (row["baseline"], row["followup"]), 0.35 if n > FEW else 1.0
    moved = _SHAKE * (2 * (i * 0.618034 % 1) - 1) if n > FEW else 0.0
    x = (moved, 1.0 + moved)
    if arm:
        look = {"linestyle": _line(i, n).get("linestyle", "-")}
        ax.plot(x, y, color=arm[0], linewidth=1, marker=arm[1], markersize=5.5, alpha=faint, **look)
        return
    ax.plot(x, y, linewidth=1, alpha=faint, zorder=1, **_line(i, n))
    for k, phase in enumerate((_exposure.BASELINE, row["followup_phase"])):
        _style.tell(_points(ax, x[k], y[k], phase, faint), [f"{row['patient_id']}: {y[k]:.2f}"])


def _phases(seen: Iterable[str], *, simple: bool = False) -> list[Any]:
    here = set(seen)
    marks = [(phase, mark) for phase, mark in _style.PHASES.items() if phase in here]
    return [_style.handle(replace(m, label="follow-up") if simple and p == _exposure.ON else m) for p, m in marks]
