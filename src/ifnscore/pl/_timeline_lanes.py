"""The lanes of the swimmer plot: where things stand in a lane, and how much of them fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore.pl import _room, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd
    from ifnscore.pl._timeline_course import Course

#: Height of a lane in inches from which it holds lines and doses, and from which it holds codes and reasons.
FULL, NAMED = 0.5, 0.14
#: Width of axes from which marks have their full size.
WIDE = 4.5
#: Tissue -> colour and shape of its samples.
TISSUES = {
    "blood": (_style.BLUE, "o"),
    "skin": (_style.ORANGE, "s"),
    "muscle": (_style.YELLOW, "^"),
    "PBMC": (_style.SKY, "D"),
}
OTHER = (_style.GREY, "v")
ON, OFF, MEASURE = _style.GREEN, _style.VERMILLION, _style.PURPLE
#: Looks of a bar whose height is the dose (or where nobody's dose is known), and of one whose dose alone is not known.
DOSE: dict[str, Any] = {"facecolor": ON, "alpha": 0.45, "linewidth": 0}
NO_DOSE: dict[str, Any] = {"facecolor": "none", "edgecolor": ON, "hatch": "////", "linewidth": 0.8}
#: Smallest distance of two texts in a lane, and how far a dose may be moved from its bar, in inches.
_APART, _FAR = 0.06, 0.3
#: Share of a lane between two strips; how much larger than a sample the marks of stops and arrows are.
_BETWEEN, ENDS = 0.05, 1.6


@dataclass(frozen=True, slots=True)
class Plan:
    """Places inside a lane (0 its lower end, 1 its upper end), type and size of marks.

    Attributes
    ----------
    middle, half
        Centre of the bars, and half the height of the largest dose.
    words
        Lower end of the row of texts.
    lines
        Lower and upper end of the part for measure and score; None where the lane is too low for them.
    type
        Size of the texts in the lane; empty where it is too low for any.
    mark
        Area of a sample's mark, points squared.
    """

    middle: float
    half: float
    words: float
    lines: tuple[float, float] | None
    type: str
    mark: float


def plan(height: float, width: float) -> Plan:
    """Return what fits into lanes of this height and width (inches)."""
    if height >= FULL:
        return Plan(0.18, 0.13, 0.33, (0.57, 0.95), "small", 22.0 if width >= WIDE else 11.0)
    if height >= NAMED:
        return Plan(0.28, 0.22, 0.48, None, "x-small", min(11.0, max(6.0, (height * _room.POINTS * 0.32) ** 2)))
    return Plan(0.5, 0.4, 0.9, None, "", max(2.0, (height * _room.POINTS * 0.45) ** 2))


@dataclass(frozen=True, eq=False)
class Lanes:
    """Axes with one lane a patient, the first one on top.

    Attributes
    ----------
    ax, courses, plan
        Where, who, and what fits.
    top_dose
        Dose of a bar of full height; NaN where no dose is known.
    """

    ax: Axes
    courses: Sequence[Course]
    plan: Plan
    top_dose: float

    def base(self, i: int) -> float:
        """Return the lower end of the lane of patient i."""
        return float(len(self.courses) - 1 - i)

    def inch(self) -> float:
        """Return how many days an inch holds."""
        low, high = self.ax.get_xlim()
        return (high - low) / _room.inches(self.ax)[0]


def draw(lanes: Lanes) -> None:
    """Draw exposure, gaps, stops and arrows of all patients, with what is written beside them."""
    from matplotlib.transforms import offset_copy

    for i, course in enumerate(lanes.courses):
        y = lanes.base(i) + lanes.plan.middle
        lanes.ax.plot([course.first, course.last], [y, y], color=_style.GREY, linewidth=0.6, zorder=1)
        for bar in course.bars:
            _bar(lanes, bar.start, bar.stop, bar.dose, y)
        for gap in course.gaps:
            lanes.ax.plot([gap.start, gap.stop], [y, y], color=OFF, linewidth=1.6, linestyle=(0, (1.2, 0.8)), zorder=3)
        size = ENDS * lanes.plan.mark
        if not math.isnan(course.stopped):
            lanes.ax.scatter(course.stopped, y, s=size, marker="X", color=OFF, zorder=5, linewidths=0)
        elif course.ongoing:
            beyond = offset_copy(lanes.ax.transData, fig=lanes.ax.get_figure(root=True), x=0.8 * size**0.5, units="points")
            lanes.ax.scatter(
                course.bars[-1].stop, y, s=size, marker=">", color=ON, zorder=5, linewidths=0, clip_on=False, transform=beyond
            )
        if lanes.plan.type:
            _write(lanes, _words(lanes, course), lanes.base(i) + lanes.plan.words)


def _bar(lanes: Lanes, start: float, stop: float, dose: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    known = math.isfinite(dose) and lanes.top_dose > 0
    half = lanes.plan.half * (dose / lanes.top_dose if known else 1.0)
    look = DOSE if known or math.isnan(lanes.top_dose) else NO_DOSE
    lanes.ax.add_patch(Rectangle((start, y - half), stop - start, 2 * half, zorder=2, **look))


def _words(lanes: Lanes, course: Course) -> list[tuple[float, str, bool]]:
    """Return (day of the left end, text, whether it must stay) of everything that is written in a lane."""
    inch, kind = lanes.inch(), lanes.plan.type
    found: list[tuple[float, str, bool]] = []
    if not course.bars:
        return [(0.0, "never on the drug", True)]
    if lanes.plan.lines is not None:
        before = math.nan
        for bar in course.bars:
            if math.isfinite(bar.dose) and bar.dose != before:
                found.append((bar.start, f"{bar.dose:g}", False))
            before = bar.dose
    for gap in course.gaps:
        half = _room.text_width(gap.reason, kind) * inch / 2
        found.append(((gap.start + gap.stop) / 2 - half, gap.reason, True))
    if not math.isnan(course.stopped):
        found.append((course.stopped, course.reason, True))
    return sorted(found)


def _write(lanes: Lanes, words: list[tuple[float, str, bool]], y: float) -> None:
    """Write texts from left to right, moved apart; a dose that would stand far from its bar is left out."""
    inch, free = lanes.inch(), -math.inf
    for i, (day, text, stays) in enumerate(words):
        at = max(day, free)
        wide = (_room.text_width(text, lanes.plan.type) + _APART) * inch
        crowded = not stays and any(at + wide > d and s for d, _, s in words[i + 1 :])
        if not stays and (at - day > _FAR * inch or (crowded and at > day)):
            continue
        lanes.ax.annotate(
            _style.plain(_style.shortened(text)), (at, y), (1.5, 0), textcoords="offset points", fontsize=lanes.plan.type,
            va="bottom", ha="left", color=OFF if stays else None, zorder=6, annotation_clip=False,
        )  # fmt: skip
        free = at + wide


def samples(lanes: Lanes, rows: pd.DataFrame) -> list[str]:
    """Draw a mark for every sample; those of other tissues on one day stand beside each other. Return the tissues seen."""
    where = {course.patient: i for i, course in enumerate(lanes.courses)}
    seen = [t for t in [*TISSUES, *sorted(set(rows["tissue"]) - set(TISSUES))] if (rows["tissue"] == t).any()]
    spread = lanes.plan.half * 0.9 if len(seen) > 1 else 0.0
    for k, tissue in enumerate(seen):
        mine = rows[(rows["tissue"] == tissue) & rows["patient_id"].isin(list(where))]
        shift = spread * (1 - 2 * k / (len(seen) - 1)) if len(seen) > 1 else 0.0
        y = [lanes.base(where[p]) + lanes.plan.middle + shift for p in mine["patient_id"]]
        colour, marker = TISSUES.get(tissue, OTHER)
        edge = 0.5 if lanes.plan.type else 0.0
        lanes.ax.scatter(
            mine["day"], y, s=lanes.plan.mark, marker=marker, color=colour, edgecolors=lanes.ax.get_facecolor(), linewidths=edge,
            zorder=4,
        )  # fmt: skip
    return seen


def strip(plan: Plan, k: int, n: int) -> tuple[float, float]:
    """Return lower and upper end of strip k of n, the first on top: lines on scales of their own must not cover each other."""
    bottom, top = plan.lines or (0.0, 1.0)
    tall = (top - bottom - _BETWEEN * (n - 1)) / n
    upper = top - k * (tall + _BETWEEN)
    return upper - tall, upper


def course_of(lanes: Lanes, rows: pd.DataFrame, column: str, ends: tuple[float, float], **look: Any) -> tuple[float, float]:
    """Draw a value over the days in a strip of each lane, one scale for all; return its lowest and highest value."""
    low, high = float(rows[column].min()), float(rows[column].max())
    bottom, top = ends
    for i, course in enumerate(lanes.courses):
        mine = rows[rows["patient_id"] == course.patient].sort_values("day", kind="stable")
        share = (mine[column] - low) / (high - low) if high > low else mine[column] * 0 + 0.5
        y = lanes.base(i) + bottom + share * (top - bottom)
        lanes.ax.plot(mine["day"], y, zorder=3, **look)
    return low, high
