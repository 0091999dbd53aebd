"""The swimmer plot: every patient one lane of drug, doses, interruptions, samples, skin and score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore._lazy import np
from ifnscore.analysis import _linked
from ifnscore.errors import DataError, UsageError, listing
from ifnscore.pl import _below, _inputs, _room, _style
from ifnscore.pl import _timeline_lanes as _lanes
from ifnscore.pl._timeline_course import Course, courses
from ifnscore.pl._timeline_lanes import Lanes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Scored

#: Most patients whose lanes are made high enough for lines of measure and score.
DETAILED = 12
#: Height of a lane in a new figure, inches: with lines, and without; and of the whole figure at most.
HIGH, LOW, TALLEST = 0.85, 0.2, 14.0


def timeline(
    cohort: Cohort,
    scored: Scored | None = None,
    *,
    instrument: str | None = None,
    signature: str | None = None,
    tissue: str | None = None,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the course of every patient as one lane over the days from the first dose.

    A lane holds the drug (the height of a bar is the dose), interruptions longer than the grace days and the stop with their
    reasons, an arrow where the drug went on, every sample by tissue, and two small lines, one above the other: the clinical
    measure and the score, each on one scale for all patients. Lanes that are too low for lines and doses (under half an
    inch, as from 13 patients on) are drawn without, and the figure says so.

    Parameters
    ----------
    cohort
        ``Cohort.read(folder)``.
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores; None for a figure without scores.
    instrument
        The clinical measure; None for the primary one of ``cohort.toml``, or for none if that names none.
    signature, tissue
        Which scores; None for the primary ones.
    scores, score_type, key
        As in :func:`ifnscore.tl.compare`.
    ax
        Axes to draw into; None for a new figure, as high as the patients need.

    Returns
    -------
    Axes
        x in days from the first dose of the index drug; lanes from top to bottom in the order of codes.

    Raises
    ------
    DataError
        A simple design, of which no exposure is known; nobody has the measure; no sample of the cohort has a score.
    UsageError
        The measure or the tissue is unknown, or scores are described and none are given.

    Notes
    -----
    A reason is what ``exposures.csv`` says (``reason_stop``). Where that cell is empty, and an adverse event that began in that
    run has the action "interrupted" or "discontinued", the reason is AE. What an adverse event was is not drawn.
    """
    if scored is None and any(x is not None for x in (signature, tissue, scores, score_type, key)):
        msg = "signature, tissue, scores, score_type and key describe scores: give them as the second argument, scored"
        raise UsageError(msg)
    if cohort.simple is not None:
        msg = "a timeline needs exposures and days: read a cohort folder (ifnscore cohort template DIR writes one)"
        raise DataError(msg)
    found, unit = courses(cohort)
    if not found:
        msg = "the cohort has no patients yet"
        raise DataError(msg)
    measure = _measure(cohort, instrument)
    score = None if scored is None else _score(scored, cohort, signature, tissue, scores=scores, score_type=score_type, key=key)
    lines = [line for line in (measure, score) if line is not None]
    ax = _style.axes(ax, (6.6, _height(len(found))))
    bare = not ax.has_data()
    wanted = _plan(ax, len(found))
    _whole(ax, cohort, found, wanted, lines, unit)
    _below.laid_out(ax)  # what stands below takes room from the lanes, and more so in axes of a small figure
    fits = _plan(ax, len(found))
    if bare and fits != wanted:
        ax.clear()
        _whole(ax, cohort, found, fits, lines, unit)
    return ax


def _plan(ax: Axes, n: int) -> _lanes.Plan:
    width, height = _room.inches(ax)
    return _lanes.plan(height / n, width)


def _whole(ax: Axes, cohort: Cohort, found: list[Course], plan: _lanes.Plan, lines: list[tuple[Any, ...]], unit: str) -> None:
    """Draw everything with what fits into the lanes."""
    lanes = _empty(ax, found, plan)
    _lanes.draw(lanes)
    drug = _inputs.drug(cohort)
    handles = [*_handles(lanes, cohort, drug, unit), *_tissues(lanes, cohort)]
    if plan.lines is not None:
        handles += [_line(lanes, _lanes.strip(plan, k, len(lines)), *line) for k, line in enumerate(lines)]
    below = _room.notes(ax, _left_out(lanes, len(lines)), _style.plain(f"Days from the first dose of {drug}"))
    _room.legend(ax, handles, below)
    many = f"{len(found)} patients" if len(found) != 1 else "1 patient"
    title = f"{many} on {drug}" if all(c.bars for c in found) else many
    _room.title(ax, _style.plain(title), synthetic=cohort.settings.synthetic)


def _height(n: int) -> float:
    return n * HIGH + 1.9 if n <= DETAILED else min(n * LOW + 1.9, TALLEST)


def _empty(ax: Axes, found: list[Course], plan: _lanes.Plan) -> Lanes:
    """Return axes with a lane a patient, the days on x."""
    first, last = min(0.0, *(c.first for c in found)), max(c.last for c in found)
    wide = max(last - first, 1.0)
    arrow = (1.4 * (_lanes.ENDS * plan.mark) ** 0.5 + 2.0) / _room.POINTS / _room.inches(ax)[0]
    ax.set_xlim(first - 0.03 * wide, last + max(0.05, 1.03 * min(arrow, 0.5) / (1 - min(arrow, 0.5))) * wide)
    ax.set_ylim(0, len(found))
    doses = [b.dose for c in found for b in c.bars if math.isfinite(b.dose)]
    _style.tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    codes = [_style.plain(c.patient) for c in found] if plan.type else []
    ax.set_yticks([len(found) - 1 - i + 0.5 for i in range(len(codes))], codes)
    if plan.type == "x-small":
        ax.tick_params(axis="y", labelsize="x-small", pad=1)
    if plan.type:
        ax.hlines(range(1, len(found)), 0, 1, transform=ax.get_yaxis_transform(), color=_style.GREY, alpha=0.35, linewidth=0.5)
    ax.axvline(0, color=_style.GREY, linewidth=0.8, linestyle=":", zorder=0)
    return Lanes(ax, found, plan, max(doses) if doses else math.nan)


def _measure(cohort: Cohort, asked: str | None) -> tuple[Any, ...] | None:
    """Return (rows with patient_id, day, value; column; look; name; unit) of the measure, None where none is declared."""
    name = asked or cohort.settings.primary_instrument
    if not name:
        return None
    one = instruments.get(name, cohort.instruments)
    rows = _linked.measured(cohort, one.id)
    if rows.empty:
        have = sorted(set(cohort.outcomes["instrument"].astype(str)))
        msg = f"no outcome {one.id} in outcomes.csv; measured there: {listing(have) or 'nothing'}"
        raise DataError(msg)
    look = {"color": _lanes.MEASURE, "marker": "x", "markersize": 4.0, "linewidth": 1.0, "linestyle": "--"}
    return rows.assign(patient_id=rows["patient_id"].map(cohort.codes)), "outcome", look, one.title, one.unit, "g"


def _score(scored: Scored, cohort: Cohort, signature: str | None, tissue: str | None, **more: Any) -> tuple[Any, ...]:
    inputs = _inputs.join(scored, cohort, **more)
    column, where = inputs.column(signature), inputs.tissue(tissue)
    colour, marker = _lanes.TISSUES.get(where, _lanes.OTHER)
    look = {"color": colour, "marker": marker, "markersize": 3.0, "linewidth": 1.0}
    return _inputs.samples_of(inputs, column.id, where), "score", look, f"{column.id} in {where}", column.unit, ".2f"


def _line(
    lanes: Lanes, where: tuple[float, float], rows: Any, column: str, look: dict[str, Any], name: str, unit: str, form: str
) -> Any:
    """Draw one of the small lines; return its handle, which says what the ends of its part of the lane mean."""
    from matplotlib.lines import Line2D

    low, high = _lanes.course_of(lanes, rows, column, where, **look)
    if not rows.groupby("patient_id").size().gt(1).any():  # single values are no lines
        look = {**look, "linestyle": ""}
    ends = f"{low:{form}} to {high:{form}}".replace("-", "\N{MINUS SIGN}")
    return Line2D([], [], label=_style.plain(f"{_style.shortened(name, 40)}: {ends} {unit}, one scale in all lanes"), **look)


def _handles(lanes: Lanes, cohort: Cohort, drug: str, unit: str) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    bars = [b for c in lanes.courses for b in c.bars if b.stop > b.start]
    known = [b for b in bars if math.isfinite(b.dose)]
    made: list[Any] = []
    if known:
        numbers = " and number" if lanes.plan.lines is not None else ""
        text = f"on {drug}; height{numbers}: dose, at most {lanes.top_dose:g} {unit}"
        made.append(Patch(label=_style.plain(text), **_lanes.DOSE))
    if len(known) < len(bars):
        look = _lanes.NO_DOSE if known else _lanes.DOSE
        other = f"dose not known in {unit}" if known else "doses not recorded"
        made.append(Patch(label=_style.plain(f"on {drug}, {other}"), **look))
    why = ", with its reason" if lanes.plan.type else ""
    if any(c.gaps for c in lanes.courses):
        made.append(Line2D([], [], color=_lanes.OFF, linewidth=1.6, linestyle=(0, (1.2, 0.8)), label=f"interruption{why}"))
    mark: dict[str, Any] = {"linestyle": "", "markersize": 6.0, "markeredgewidth": 0.0}
    if any(not math.isnan(c.stopped) for c in lanes.courses):
        made.append(Line2D([], [], color=_lanes.OFF, marker="X", label=f"stopped{why}", **mark))
    if any(c.ongoing for c in lanes.courses):
        cut = cohort.settings.data_cut_day
        when = "when last seen" if cut is None else f"at the data cut, day {cut:g}"
        made.append(Line2D([], [], color=_lanes.ON, marker=">", label=f"went on {when}", **mark))
    return made


def _tissues(lanes: Lanes, cohort: Cohort) -> list[Any]:
    """Draw the samples of the patients; return the handles of their tissues."""
    from matplotlib.lines import Line2D

    rows = cohort.samples[~cohort.samples["is_control"].astype(bool) & np.isfinite(cohort.samples["day"].astype(float))]
    rows = rows.assign(patient_id=rows["patient_id"].map(cohort.codes))
    rows["tissue"] = rows["tissue"].astype(str).where(rows["tissue"].astype(str) != "", "unknown")
    made = []
    for tissue in _lanes.samples(lanes, rows):
        colour, marker = _lanes.TISSUES.get(tissue, _lanes.OTHER)
        label = _style.plain(f"{tissue} sample")
        look: dict[str, Any] = {"linestyle": "", "marker": marker, "color": colour, "markeredgecolor": lanes.ax.get_facecolor()}
        made.append(Line2D([], [], label=label, **look))
    return made


def _left_out(lanes: Lanes, n_lines: int) -> list[str]:
    """Return what the lanes are too low for."""
    if lanes.plan.lines is not None:
        return []
    gone = [*(["lines of measure and score"] if n_lines else []), "doses in numbers"]
    gone += [] if lanes.plan.type else ["codes of patients", "reasons"]
    return [f"Left out, because {len(lanes.courses)} lanes are too low for it: {', '.join(gone)}."]
