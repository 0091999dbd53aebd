"""What may leave the house: codes instead of ids, bands instead of ages, and no small counts."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

#: Upper ends of the age bands, in whole years.
_BANDS = ((6, "0-5"), (12, "6-11"), (18, "12-17"))
ADULT = "18+"
#: What stands for a count that was hidden so that a small one cannot be worked out from the totals.
HIDDEN = "*"
#: Numbers that a hidden small count must still be able to be.
_AT_LEAST = 2


def codes(ids: Iterable[str], letter: str, digits: int) -> dict[str, str]:
    """Return id -> code (``P01``, ``P02``, ...) in an order drawn from the operating system's entropy.

    No seed exists, so the order of the codes tells nothing, and no run can be repeated to learn it.

    Parameters
    ----------
    ids
        Ids; repeats count once.
    letter, digits
        First letter, and smallest number of digits.
    """
    order = list(dict.fromkeys(ids))
    secrets.SystemRandom().shuffle(order)
    width = max(digits, len(str(len(order))))
    return {name: f"{letter}{number:0{width}d}" for number, name in enumerate(order, 1)}


def recode(frame: pandas.DataFrame, codes: Mapping[str, Mapping[str, str]]) -> pandas.DataFrame:
    """Return a table with codes in place of ids, in the columns (or the index) that `codes` names; empty cells stay.

    Parameters
    ----------
    frame
        Table.
    codes
        Name of a column -> id -> code.

    Raises
    ------
    DataError
        An id has no code, so that it would get out as it is.
    """
    made = frame.copy()
    for name, known in codes.items():
        if name in made.columns:
            made[name] = pd.Series(_coded(made[name], known, name), index=made.index, dtype=object)
        if made.index.name == name:
            made.index = pd.Index(_coded(made.index, known, name), name=name, dtype=object)
    return made


def _coded(ids: Iterable[Any], known: Mapping[str, str], name: str) -> list[str]:
    words = ["" if i is None or i is pd.NA or (isinstance(i, float) and math.isnan(i)) else str(i) for i in ids]
    unknown = sum(bool(w) and w not in known for w in words)
    if unknown:
        msg = f"{name}: {unknown} of {len(words)} ids are not of this cohort, and are not shown without a code"
        raise DataError(msg)
    return [known[w] if w else "" for w in words]


def band(age: float) -> str:
    """Return the band of an age in years (0-5, 6-11, 12-17, 18+); an empty string where it is missing."""
    if age is None or math.isnan(age):
        return ""
    return next((word for below, word in _BANDS if age < below), ADULT)


def small_cells(table: pandas.DataFrame, columns: Sequence[str], limit: int = 4) -> list[str]:
    """List the counts from 1 to `limit` in a table that is to be shared.

    Parameters
    ----------
    table
        Counts; the index names the rows.
    columns
        Columns that hold counts of patients.
    limit
        Largest count that is called small; 0: none is.

    Returns
    -------
    list of str
        One line a cell, naming row and column.
    """
    found = []
    for column in columns:
        for label, count in zip(table.index, pd.to_numeric(table[column], errors="coerce"), strict=True):
            if 1 <= count <= limit:
                found.append(f"row {label!r}, column {column!r}: {count:g} (from 1 to {limit})")
    return found


def suppress(counts: pandas.DataFrame, limit: int = 4, *, totals: str = "both") -> pandas.DataFrame:
    """Replace counts from 1 to `limit` by ``<5`` and hide as many others (``*``) as are needed to keep them hidden.

    A reader who knows the total of a row or column must not be able to work out a hidden count from that line: at least two
    counts of it are hidden, and each small one could be at least two numbers. The further count hidden is the smallest one
    of the line, zeros last. Where a line is hidden whole and its total still tells (1 and 1 of 2), leave out the total too.

    Parameters
    ----------
    counts
        Counts, shape (n_rows, n_columns), without the totals themselves.
    limit
        Largest count that is called small.
    totals
        Which totals a reader knows: of ``rows``, of ``columns``, ``both`` or ``none``.

    Raises
    ------
    UsageError
        `totals` is another word.
    """
    if totals not in {"rows", "columns", "both", "none"}:
        msg = f"totals={totals!r}: use rows, columns, both or none"
        raise UsageError(msg)
    values = counts.to_numpy(dtype=float)
    small = (values >= 1) & (values <= limit)
    hidden = small.copy()
    views: list[tuple[Any, ...]] = []
    if totals in {"rows", "both"}:
        views += [(i, slice(None)) for i in range(values.shape[0])]
    if totals in {"columns", "both"}:
        views += [(slice(None), j) for j in range(values.shape[1])]
    while any(_hide_one(values[v], small[v], hidden[v], limit) for v in views):
        pass
    shown = pd.DataFrame([[_plain(v) for v in row] for row in values], index=counts.index, columns=counts.columns, dtype=object)
    return shown.mask(hidden, HIDDEN).mask(small, f"<{limit + 1}")


def _hide_one(values: NDArray[np.float64], small: NDArray[np.bool_], hidden: NDArray[np.bool_], limit: int) -> bool:
    """Hide one more count of a line, in place, where its total gives a hidden one away; returns whether it did."""
    if not hidden.any() or not _known(values[hidden], int(small.sum()), limit):
        return False
    left = np.flatnonzero(~hidden & ~np.isnan(values))
    if not left.size:
        return False
    order = np.where(values[left] > 0, values[left], np.inf)
    hidden[left[int(np.argmin(order))]] = True
    return True


def _known(values: NDArray[np.float64], n_small: int, limit: int) -> bool:
    """Whether the sum of the hidden counts gives one away: a ``<5`` is 1 to 4, a ``*`` is 0 or at least 5."""
    if values.size == 1:
        return True
    if not n_small:
        return False
    others = values.size - n_small
    possible = 0
    for value in range(1, limit + 1):
        rest = values.sum() - value
        low, high = n_small - 1, (n_small - 1) * limit
        # The other small ones take from low to high; what is left must be 0, or at least limit + 1 where a * can hold it.
        possible += low <= rest <= high or (others > 0 and rest - low > limit)
    return possible < _AT_LEAST


def _plain(value: float) -> Any:
    if math.isnan(value):
        return ""
    return int(value) if value == int(value) else value
