"""A variable of Table 1: counts that add up to the patients, so that none can be worked out from the others; and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ifnscore._lazy import pd

if TYPE_CHECKING:
    import pandas

Kind = Literal["levels", "flag", "numbers", "count"]
#: Cells of a variable that are no level of it.
YES, NO, HAS, MISSING, OUTSIDE = "\0yes", "\0no", "\0has", "\0missing", "\0outside"
NOT_GIVEN = "not given"


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """One variable of all patients.

    Attributes
    ----------
    section, name, level
        Where it is printed; `level` only where a variable of numbers has parts.
    kind
        ``levels`` (a row a level), ``flag`` (n/N), ``numbers`` (median), ``count`` (a sum).
    cells
        Counts, shape (n_patients, n_cells), indexed by patient: the cells of a patient add up to 1, for samples to their number.
        Patients of whom the question is not asked (reason for stopping, where nobody stopped) are in the cell `OUTSIDE`.
    numbers
        One number a patient; None for counts.
    note
        Printed with it.
    """

    section: str
    name: str
    kind: Kind
    cells: pandas.DataFrame
    numbers: pandas.Series[Any] | None = None
    note: str = ""
    level: str = ""


def levels(
    section: str,
    name: str,
    of: Mapping[str, str],
    order: Sequence[str] | None = None,
    *,
    asked: set[str] | None = None,
    ages: pandas.Series[Any] | None = None,
    note: str = "",
) -> Variable:
    """Return a variable of words (missing: ""); without an order by the alphabet: an order by frequency tells hidden counts."""
    found = {w for p, w in of.items() if w and (asked is None or p in asked)}
    names = sorted(found, key=lambda w: (w.lower(), w)) if order is None else list(order)
    words = {p: OUTSIDE if asked is not None and p not in asked else w or MISSING for p, w in of.items()}
    return Variable(section, name, "levels", _one_hot(words, [*names, MISSING, OUTSIDE]), ages, note)


def flag(section: str, name: str, of: Mapping[str, bool | None], *, asked: set[str] | None = None, note: str = "") -> Variable:
    """Return a variable that is true, false or not known (None)."""
    word = {True: YES, False: NO, None: MISSING}
    words = {p: OUTSIDE if asked is not None and p not in asked else word[v] for p, v in of.items()}
    return Variable(section, name, "flag", _one_hot(words, [YES, NO, MISSING, OUTSIDE]), None, note)


def numbers(
    section: str, name: str, of: Mapping[str, float], *, asked: set[str] | None = None, note: str = "", level: str = ""
) -> Variable:
    """Return a variable of numbers (missing: NaN)."""
    words = {p: OUTSIDE if asked is not None and p not in asked else MISSING if math.isnan(v) else HAS for p, v in of.items()}
    values = pd.Series({p: v for p, v in of.items() if words[p] == HAS}, dtype=float)
    return Variable(section, name, "numbers", _one_hot(words, [HAS, MISSING, OUTSIDE]), values, note, level)


def count(section: str, name: str, of: Mapping[str, int]) -> Variable:
    """Return a sum over patients, such as the number of visits."""
    return Variable(section, name, "count", pd.DataFrame({HAS: pd.Series(dict(of), dtype=int)}))


def _one_hot(words: Mapping[str, str], columns: Sequence[str]) -> pandas.DataFrame:
    return pd.DataFrame([[int(w == c) for c in columns] for w in words.values()], index=list(words), columns=list(columns))
