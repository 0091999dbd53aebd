"""Every child one line: scores over the days of treatment, or before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ifnscore.analysis import _changes, _healthy
from ifnscore.cohort import _exposure
from ifnscore.errors import UsageError
from ifnscore.pl import _inputs, _style
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Scored

#: Most patients whose codes are written at the end of their lines.
NAMED = 12
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
    ax = _style.axes(ax, (5.2, 3.9))
    _style.tidy(ax)
    band = _band(ax, _healthy.values(inputs.scores, column.id, where, inputs.cohort))
    drawn, handles = _by_day(ax, rows) if by_day else _by_pair(ax, inputs, column.id, where)
    ax.set_ylabel(_style.plain(_inputs.unit(column)))
    ax.set_title(_style.plain(_inputs.heading(where, drawn)), loc="left")
    if by_day:
        ax.set_xlabel(_style.plain(f"Days from the first dose of {_inputs.drug(inputs.cohort)}"))
        ax.axvline(0, color=_style.GREY, linewidth=0.8, linestyle=":")
    _style.legend(ax, [*handles, *band], columns=2, below=0.5 if by_day else 0.3)
    return ax


def _band(ax: Axes, controls: pd.Series) -> list[Any]:
    """Draw the range and the median of the controls; return their handles."""
    if controls.empty:
        return []
    low, middle, high = float(controls.min()), float(controls.median()), float(controls.max())
    band = ax.axhspan(low, high, color=_style.GREY, alpha=0.2, linewidth=0, zorder=0)
    ax.axhline(middle, color=_style.GREY, linewidth=1, zorder=0)
    band.set_label(f"{len(controls)} healthy controls: range, median")
    return [band]


def _by_day(ax: Axes, rows: pd.DataFrame) -> tuple[int, list[Any]]:
    patients = list(dict.fromkeys(rows["patient_id"]))
    faint = 1.0 if len(patients) <= FEW else 0.35
    for patient in patients:
        mine = rows[rows["patient_id"] == patient]
        ax.plot(mine["day"], mine["score"], color=_style.GREY, linewidth=1, alpha=faint, zorder=1)
        for phase, part in mine.groupby("phase", sort=False):
            drawn = _style.points(ax, part["day"], part["score"], str(phase), alpha=faint)
            _style.tell(drawn, [f"{patient}, day {d:g}: {s:.2f}" for d, s in zip(part["day"], part["score"], strict=True)])
    if len(patients) <= NAMED:
        _names(ax, {p: tuple(rows[rows["patient_id"] == p][["day", "score"]].iloc[-1]) for p in patients})
    return len(patients), _phases(rows["phase"])


def _names(ax: Axes, ends: dict[str, tuple[float, float]], gap: float = 0.05) -> None:
    """Write codes at the right, beside the ends of their lines, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    order = sorted(ends, key=lambda p: ends[p][1])
    wanted = [(ends[p][1] - low) / (high - low) for p in order]
    for patient, at in zip(order, apart(wanted, gap), strict=True):
        ax.annotate(
            _style.plain(patient), xy=ends[patient], xycoords="data", xytext=(1.02, at), textcoords="axes fraction",
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


def _by_pair(ax: Axes, inputs: _inputs.Inputs, signature: str, tissue: str) -> tuple[int, list[Any]]:
    frame = inputs.frame
    answers = [
        _changes.changes(frame, _changes.Question(signature, tissue, group, _changes.PAIRED, frame.estimands[0]))
        for group in frame.groups
    ]
    many, ends, handles = sum(a.n for a in answers) > FEW, {}, []
    for i, answer in enumerate(answers):
        arm = (_style.COLOURS[i % 7], _style.MARKERS[i % 7]) if len(answers) > 1 else None
        for row in rows_of(answer.table):
            _pair(ax, row, arm, 0.35 if many else 1.0)
            ends[row["patient_id"]] = (1.0, row["followup"])
        if arm:
            name = answer.question.group or "no group"
            handles += ax.plot([], [], color=arm[0], marker=arm[1], label=_style.plain(f"{name} (n = {answer.n})"))
        else:
            handles += _phases([_exposure.BASELINE, *answer.table["followup_phase"]], simple=frame.simple)
    if not ends:
        _style.said(ax, "no patient has a baseline and a follow-up")
        return 0, []
    ax.set_xlim(-0.2, 1.2)
    ax.set_xticks((0.0, 1.0), ["baseline", "follow-up"])
    if len(ends) <= NAMED:
        _names(ax, ends)
    return len(ends), handles


def _pair(ax: Axes, row: dict[str, Any], arm: tuple[str, str] | None, faint: float) -> None:
    y = (row["baseline"], row["followup"])
    if arm:
        ax.plot((0.0, 1.0), y, color=arm[0], linewidth=1, marker=arm[1], markersize=5.5, alpha=faint)
        return
    ax.plot((0.0, 1.0), y, color=_style.GREY, linewidth=1, alpha=faint, zorder=1)
    for x, phase in enumerate((_exposure.BASELINE, row["followup_phase"])):
        _style.tell(_style.points(ax, float(x), y[x], phase, alpha=faint), [f"{row['patient_id']}: {y[x]:.2f}"])


def _phases(seen: Iterable[str], *, simple: bool = False) -> list[Any]:
    here = set(seen)
    marks = [(phase, mark) for phase, mark in _style.PHASES.items() if phase in here]
    return [_style.handle(replace(m, label="follow-up") if simple and p == _exposure.ON else m) for p, m in marks]
