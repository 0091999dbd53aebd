"""The 2016 ACR/EULAR Total Improvement Score (TIS) of myositis.

Table of points: https://pmc.ncbi.nlm.nih.gov/articles/PMC5577002/table/T3; for juvenile dermatomyositis cite
doi:10.1136/annrheumdis-2017-211401. The score is a **change** score: pair it with a change in an interferon score, never with
a level. It is weighted to muscle and is no skin outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore.errors import DataError, UsageError
from ifnscore.instruments import _core_sets
from ifnscore.instruments._core_sets import CORE_SETS, PLACES, CoreSet
from ifnscore.instruments._model import DIGITS
from ifnscore.instruments._numbers import number

if TYPE_CHECKING:
    from ifnscore._lazy import pd

__all__ = [
    "CORE_SETS",
    "PLACES",
    "THRESHOLDS",
    "TIS",
    "categories",
    "check_percent",
    "from_measures",
    "from_table",
    "points",
    "score",
]

#: Upper ends (included) of the bins of absolute per cent change; the last bin is open.
_EDGES = (5.0, 15.0, 25.0, 40.0)
_EDGES_MUSCLE = (2.0, 10.0, 20.0, 30.0)
_POINTS: Mapping[str, tuple[float, float, float, float, float]] = {
    "phys": (0.0, 7.5, 15.0, 17.5, 20.0),
    "parent": (0.0, 2.5, 5.0, 7.5, 10.0),
    "muscle": (0.0, 10.0, 20.0, 27.5, 32.5),
    "chaq": (0.0, 5.0, 7.5, 7.5, 10.0),
    "enzyme": (0.0, 2.5, 5.0, 7.5, 7.5),
    "extramusc": (0.0, 7.5, 12.5, 15.0, 20.0),
}
#: Smallest scores of minimal, moderate and major improvement.
THRESHOLDS: Mapping[str, Mapping[str, float]] = {
    "juvenile": {"minimal": 30.0, "moderate": 45.0, "major": 70.0},
    "adult": {"minimal": 20.0, "moderate": 40.0, "major": 60.0},
}
_WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class TIS:
    """A Total Improvement Score.

    Attributes
    ----------
    percents
        Absolute per cent change of each of the six measures, positive when better; NaN where missing.
    points
        Points of each measure, NaN where missing.
    total
        Their sum, 0-100; NaN when a measure is missing, never summed over what is present.
    juvenile, adult
        ``none``, ``minimal``, ``moderate`` or ``major`` by the thresholds of either group; None without a total.
    missing
        Measures that are missing.
    core_set
        ``IMACS``, ``PRINTO`` or an empty string where nobody said.
    note
        What a reader of the number must know.
    """

    percents: Mapping[str, float]
    points: Mapping[str, float]
    total: float
    juvenile: str | None
    adult: str | None
    missing: tuple[str, ...]
    core_set: str = ""
    note: str = ""


def points(measure: str, percent: float) -> float:
    """Return the points of one measure.

    Parameters
    ----------
    measure
        ``phys``, ``parent``, ``muscle`` (or ``mmt``, ``cmas``), ``chaq`` (or ``haq``), ``enzyme`` (or ``chq_phs``),
        ``extramusc`` (or ``das``).
    percent
        Absolute per cent change, positive when better. Bins are half-open, (a, b]: exactly 15 % takes the lower bin, after
        rounding to 1e-9. NaN gives NaN.

    Raises
    ------
    UsageError
        The measure is unknown.
    DataError
        The change is no number, or beyond what is possible (see :func:`check_percent`).
    """
    place = _core_sets.place(measure)
    percent = check_percent(measure, percent)
    if math.isnan(percent):
        return math.nan
    edges = _EDGES_MUSCLE if place == "muscle" else _EDGES
    return _POINTS[place][sum(round(percent, DIGITS) > edge for edge in edges)]


def check_percent(measure: str, percent: Any) -> float:
    """Return an absolute per cent change as float (missing as NaN).

    A change cannot exceed the range of the measure, so it lies within -100 to 100 %; enzymes have no upper limit and may
    leave the range that was chosen for them.

    Raises
    ------
    DataError
        It is text, infinite, or beyond 100 %.
    """
    value = number(percent, f"{measure}: the per cent change")
    if abs(round(value, DIGITS)) > _WHOLE and _core_sets.measure(measure) != "enzyme":
        msg = f"{measure}: a change of {value:g} % is not possible; it lies within -100 to 100 % of the measure's range"
        raise DataError(msg)
    return value


def categories(total: float) -> tuple[str | None, str | None]:
    """Return the juvenile and the adult category of a total score; None for NaN."""
    if math.isnan(total):
        return None, None
    found = [
        next((level for level in ("major", "moderate", "minimal") if round(total, DIGITS) >= cuts[level]), "none")
        for cuts in (THRESHOLDS["juvenile"], THRESHOLDS["adult"])
    ]
    return found[0], found[1]


def score(percents: Mapping[str, Any], *, core_set: str | None = None, note: str = "") -> TIS:
    """Return the Total Improvement Score from six absolute per cent changes.

    Parameters
    ----------
    percents
        Measure -> absolute per cent change, positive when better. A measure that is absent or NaN is missing.
    core_set
        ``IMACS`` or ``PRINTO``, where it is known; names that belong to the other set are refused.
    note
        Kept in the result.

    Raises
    ------
    UsageError
        A name is unknown or given twice, or the core sets are mixed.
    DataError
        A change is no number or not possible.
    """
    given = _core_sets.named(percents)
    chosen = _core_sets.which(given, core_set)
    at_place: dict[str, float] = {}
    for name, value in given.items():
        place = _core_sets.place(name)
        if place in at_place:
            msg = f"{name!r} is a second value for {place}; give one"
            raise UsageError(msg)
        at_place[place] = check_percent(name, value)
    changes = {p: at_place.get(p, math.nan) for p in PLACES}
    found = {p: points(p, x) for p, x in changes.items()}
    missing = tuple(p for p, x in changes.items() if math.isnan(x))
    total = math.nan if missing else sum(found.values())
    juvenile, adult = categories(total)
    if missing:
        note = "; ".join(filter(None, [note, f"no score: {', '.join(missing)} missing"]))
    return TIS(changes, found, total, juvenile, adult, missing, chosen or "", note)


def from_measures(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    core_set: CoreSet,
    enzyme_range: float | None,
    mmt_max: float | None = None,
    extramuscular_range: float | None = None,
    chq_phs_range: float | None = None,
    vas_unit: str = "cm",
) -> TIS:
    """Return the Total Improvement Score from values before and after.

    The absolute per cent change is taken as improvement / range of the measure x 100. **This definition, and the range of the
    enzymes, were not in the sources at hand** (unverified): the result says so, and the range has no default.

    Parameters
    ----------
    before, after
        Measure -> value. IMACS: phys, parent, mmt, chaq, enzyme (the most abnormal), extramusc. PRINTO: phys, parent, cmas,
        chaq, chq_phs, das. Absent or NaN: missing.
    core_set
        ``IMACS`` or ``PRINTO``; measures of the other set are refused.
    enzyme_range
        Range of the enzyme in the unit of its values (multiples of the upper limit of normal, for instance). Must be given;
        None is allowed only with PRINTO, which has no enzyme.
    mmt_max
        Largest MMT of the form in use, 80 or 150; required for IMACS.
    extramuscular_range
        Range of the extramuscular measure: 10 (one VAS) or 60 (sum of six); required for IMACS.
    chq_phs_range
        Range of the CHQ physical summary score; required for PRINTO.
    vas_unit
        ``cm`` (0-10) or ``mm`` (0-100), of both globals.

    Raises
    ------
    UsageError
        A range is absent, a name is unknown, or the core sets are mixed.
    DataError
        A value is no number or outside the range of its measure.
    """
    from ifnscore.instruments._tis_measures import percents

    changes, note = percents(
        before,
        after,
        core_set=core_set,
        enzyme_range=enzyme_range,
        mmt_max=mmt_max,
        extramuscular_range=extramuscular_range,
        chq_phs_range=chq_phs_range,
        vas_unit=vas_unit,
    )
    return score(changes, core_set=core_set, note=note)


def from_table(
    table: pd.DataFrame,
    *,
    where: str = "table",
    core_set: str | None = None,
    enzyme_range: float | None = None,
    mmt_max: float | None = None,
    extramuscular_range: float | None = None,
    chq_phs_range: float | None = None,
    vas_unit: str = "cm",
) -> pd.DataFrame:
    """Return the Total Improvement Score of each case of a table.

    Parameters
    ----------
    table
        One of three forms. Absolute per cent changes: columns phys, parent, muscle, chaq, enzyme, extramusc (or the measures'
        own names). Values: columns ``<measure>_before`` and ``<measure>_after`` (or ``_baseline``, ``_followup``). Long:
        columns patient_id, instrument, baseline, followup. The case is named by a column ``case`` or ``patient_id``, else by
        the first column.
    where
        What error messages call the table; rows are counted as in the file, whose header is row 1.
    core_set, enzyme_range, mmt_max, extramuscular_range, chq_phs_range, vas_unit
        As in :func:`from_measures`; not used for per cent changes. A core set that follows from the measures need not be named.

    Returns
    -------
    DataFrame
        The case, points ``p_<place>``, ``TIS``, ``juvenile``, ``adult``, ``missing``.

    Raises
    ------
    UsageError
        A range that the values need is not given.
    DataError
        The form is not recognised, sets are mixed, or a cell is no number or out of range; row and column are named.
    """
    from ifnscore.instruments import _tis_table

    return _tis_table.scores(
        table,
        where,
        core_set,
        {
            "enzyme_range": enzyme_range,
            "mmt_max": mmt_max,
            "extramuscular_range": extramuscular_range,
            "chq_phs_range": chq_phs_range,
            "vas_unit": vas_unit,
        },
    )
