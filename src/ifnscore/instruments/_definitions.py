"""Response definitions: data in ``responses.toml``, one record each, and what an evaluation returns."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.errors import UsageError, nearest
from ifnscore.instruments.tis import THRESHOLDS

if TYPE_CHECKING:
    import pandas

_FILE = Path(__file__).parent / "responses.toml"
ADULT_DERIVED = "adult-derived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A response definition.

    Attributes
    ----------
    name
        For instance ``cdasi_abs4``.
    label
        Text with the parameters in braces.
    kind
        Rule that evaluates it: ``absolute``, ``percent``, ``tis``, ``cid``, ``state`` or ``doi``.
    instruments
        Ids of the instruments it can use.
    parameters
        Defaults of everything that can be changed.
    population
        Patients for whom it was made.
    adult_derived
        Whether the threshold comes from adults; said in the label.
    source, notes
        Where it was read, and what to know of it.
    """

    name: str
    label: str
    kind: str
    instruments: tuple[str, ...]
    parameters: Mapping[str, Any]
    population: str
    adult_derived: bool
    source: str
    notes: str

    @property
    def is_state(self) -> bool:
        """Whether it judges the follow-up alone, without a baseline."""
        return self.kind in {"cid", "state"}

    def text(self, used: Mapping[str, Any] | None = None) -> str:
        """Return the label with parameters filled in, the defaults where none are given."""
        p = {**self.parameters, **(used or {})}
        if self.kind == "tis":
            p.setdefault("threshold", THRESHOLDS[p["patients"]][p["level"]])
        if self.kind == "state":
            p["instrument"] = p["instrument"] or " or ".join(self.instruments)
        return self.label.format(**p)


@dataclass(frozen=True, slots=True)
class Response:
    """Whether a patient met a response definition.

    Attributes
    ----------
    name, label
        Of the definition; the label holds the parameters used, and ``adult-derived`` where that is so.
    met
        True, False, or None when it cannot be judged.
    evaluable
        False when a value is missing or the baseline leaves no room to respond: that is not a non-responder.
    reason
        Why, with the numbers.
    adult_derived
        Whether the threshold comes from adults.
    value
        The number that was compared (points, per cent, score or count); NaN without one.
    """

    name: str
    met: bool | None
    evaluable: bool
    reason: str
    adult_derived: bool
    label: str
    value: float = math.nan


@functools.cache
def definitions() -> Mapping[str, Definition]:
    """Return the shipped definitions by name."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {n: Definition(name=n, **{**d, "instruments": tuple(d["instruments"])}) for n, d in data.items()}


def get(name: str) -> Definition:
    """Return one definition.

    Raises
    ------
    UsageError
        The name is unknown; the nearest are given.
    """
    known = definitions()
    if name in known:
        return known[name]
    msg = f"unknown response definition {name!r}.{nearest(name, known)} Known: {', '.join(known)}"
    raise UsageError(msg)


def names() -> tuple[str, ...]:
    """Return the names of all definitions."""
    return tuple(definitions())


def for_instrument(instrument: str) -> tuple[str, ...]:
    """Return the names of the definitions that use an instrument (id)."""
    return tuple(n for n, d in definitions().items() if instrument in d.instruments)


def table() -> pandas.DataFrame:
    """Return the definitions as a table, one row each."""
    rows = [
        {
            "name": d.name,
            "label": f"{d.text()} ({ADULT_DERIVED})" if d.adult_derived else d.text(),
            "kind": d.kind,
            "instruments": "; ".join(d.instruments),
            "parameters": "; ".join(f"{k} = {v}" for k, v in d.parameters.items()),
            "population": d.population,
            "adult_derived": d.adult_derived,
            "source": d.source,
            "notes": d.notes,
        }
        for d in definitions().values()
    ]
    return pd.DataFrame(rows)
