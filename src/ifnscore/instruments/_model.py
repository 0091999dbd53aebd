"""What a clinical instrument is: range, direction, unit, and what is known of its changes, each with a source."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ifnscore.errors import UsageError, nearest

Direction = Literal["higher_is_worse", "higher_is_better"]
DIRECTIONS: tuple[str, ...] = ("higher_is_worse", "higher_is_better")
RANGE_CONFIDENCES: tuple[str, ...] = ("verified", "inferred", "unverified")
STATUSES: tuple[str, ...] = ("verified", "partial", "unverified", "user")
COMPARISONS: tuple[str, ...] = ("difference", "log_ratio")
#: Rounding of values before they are compared: 0.30000000000000004 is 0.3.
DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Mcid:
    """A change that somebody called meaningful.

    Attributes
    ----------
    value, value_high
        Size of the change, or a range of it.
    scale
        ``points`` (in the instrument's unit) or ``percent`` of the baseline.
    anchor
        What the change was judged by.
    condition
        For which baselines or subscale it was found; empty: no condition.
    population
        ``adult``, ``juvenile`` or ``mixed``.
    source
        Address or DOI.
    """

    value: float
    value_high: float | None = None
    scale: str = "points"
    anchor: str
    condition: str = ""
    population: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A named interval of scores; `scheme` tells apart what different groups proposed.

    Attributes
    ----------
    above, at_least, below, at_most
        The ends, each possibly absent.
    """

    label: str
    scheme: str
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    population: str
    source: str

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the band (after rounding to 1e-9)."""
        x = round(value, DIGITS)
        return (
            (self.above is None or x > self.above)
            and (self.at_least is None or x >= self.at_least)
            and (self.below is None or x < self.below)
            and (self.at_most is None or x <= self.at_most)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A typical value of a described group: no limit, and no band."""

    label: str
    value: float
    statistic: str
    sd: float | None = None
    n: int | None = None
    population: str
    source: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value: ``error`` (it cannot be) or ``warning`` (beyond a range that nobody verified)."""

    level: Literal["error", "warning"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A clinical measure.

    Attributes
    ----------
    id
        Name used everywhere, for instance ``cdasi_activity``.
    minimum, maximum
        Range in `unit`; None where there is no limit or where it is unknown.
    range_confidence
        ``verified``: read in a source. ``inferred``: worked out from the items. ``unverified``: recorded as usually
        said; it only warns. ``range_note`` has the wording.
    direction
        ``higher_is_worse`` or ``higher_is_better``.
    unit
        Unit that values are compared in; `units` maps each accepted linear unit to its factor (``mm`` -> 0.1 cm).
    ratio_unit
        Unit of values already divided by the upper limit of normal, for enzymes (``xULN``).
    comparison
        ``difference``, or ``log_ratio``: compared on log2(value / upper limit of normal).
    version, excludes
        Version that this record describes, and ids of instruments whose values must never be mixed with it.
    age_min, age_max
        Ages in years for which it is made; None where unknown.
    mcid, bands, anchors
        See :class:`Mcid`, :class:`Band`, :class:`Anchor`.
    status, status_note
        How far the record was read in a source.
    """

    id: str
    title: str
    direction: Direction
    minimum: float | None = None
    maximum: float | None = None
    range_confidence: str = "verified"
    range_note: str = ""
    domain: str = "unknown"
    population: str = "unknown"
    unit: str = "points"
    units: Mapping[str, float] = field(default_factory=dict)
    ratio_unit: str = ""
    comparison: str = "difference"
    version: str = ""
    excludes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    subscales: tuple[str, ...] = ()
    age_min: float | None = None
    age_max: float | None = None
    age_note: str = ""
    mcid: tuple[Mcid, ...] = ()
    bands: tuple[Band, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    status: str = "user"
    status_note: str = ""
    notes: str = ""
    sources: tuple[str, ...] = ()

    @property
    def higher_is_worse(self) -> bool:
        """Whether a higher value is a worse one."""
        return self.direction == "higher_is_worse"

    @property
    def best(self) -> float | None:
        """The best possible value, None where there is no known limit."""
        return self.minimum if self.higher_is_worse else self.maximum

    @property
    def accepted_units(self) -> tuple[str, ...]:
        """All units that :meth:`convert` understands, the canonical one first."""
        return tuple(dict.fromkeys([self.unit, *self.units, *filter(None, [self.ratio_unit])]))

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the response definitions that use this instrument."""
        from ifnscore.instruments import responses

        return responses.for_instrument(self.id)

    def check(self, value: float) -> Problem | None:
        """Return what is wrong with a value in the canonical unit, or None. Missing values (NaN) are not wrong.

        A value below the minimum is an error, whatever the confidence in the maximum; a value above it is one only
        where the maximum was read in a source, otherwise a warning.
        """
        if math.isnan(value):
            return None
        x, unit = round(value, DIGITS), "" if self.unit == "points" else f" {self.unit}"
        if math.isinf(x):
            return Problem("error", f"{self.id} is infinite")
        if self.minimum is not None and x < self.minimum:
            return Problem("error", f"{self.id} is {x:g}; its smallest value is {self.minimum:g}{unit}")
        if self.maximum is None or x <= self.maximum:
            return None
        if self.range_confidence == "verified":
            return Problem("error", f"{self.id} is {x:g}; its largest value is {self.maximum:g}{unit}{self._hint(x)}")
        text = f"{self.id} is {x:g}, above {self.maximum:g}{unit}, a maximum that is {self.range_confidence}: check the form"
        return Problem("warning", text)

    def _hint(self, value: float) -> str:
        for unit, factor in self.units.items():
            if unit != self.unit and self.maximum is not None and value * factor <= self.maximum:
                return f" (is the value in {unit}?)"
        return ""

    def convert(self, value: float, unit: str, *, uln: float | None = None) -> float:
        """Return a value in the canonical unit.

        Parameters
        ----------
        value
            In `unit`.
        unit
            One of :attr:`accepted_units`.
        uln
            Upper limit of normal of the laboratory, in the canonical unit; needed for :attr:`ratio_unit` only.

        Raises
        ------
        UsageError
            The unit is unknown, or `uln` is needed and absent.
        """
        if unit == self.unit:
            return value
        if unit in self.units:
            return value * self.units[unit]
        if unit and unit == self.ratio_unit:
            if uln is None or not uln > 0:
                msg = f"{self.id}: to turn {unit} into {self.unit}, give the laboratory's upper limit of normal (uln=)"
                raise UsageError(msg)
            return value * uln
        known = self.accepted_units
        msg = f"{self.id}: unknown unit {unit!r}; use one of {', '.join(known)}.{nearest(unit, known)}"
        raise UsageError(msg)

    def band(self, value: float, scheme: str | None = None) -> str | None:
        """Return the label of the band that holds `value` (canonical unit), or None.

        Parameters
        ----------
        scheme
            Which proposal; needed where there are several.

        Raises
        ------
        UsageError
            There are several schemes and none was named, or the name is unknown.
        """
        schemes = tuple(dict.fromkeys(b.scheme for b in self.bands))
        if scheme is None and len(schemes) > 1:
            msg = f"{self.id} has bands by {', '.join(schemes)}: name one with scheme="
            raise UsageError(msg)
        if scheme is not None and scheme not in schemes:
            msg = f"{self.id} has no bands by {scheme!r}; it has {', '.join(schemes) or 'none'}"
            raise UsageError(msg)
        return next((b.label for b in self.bands if scheme in (None, b.scheme) and b.holds(value)), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the instrument as plain JSON-ready types, ``id`` first."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain
