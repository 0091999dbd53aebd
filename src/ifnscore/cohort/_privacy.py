"""What may leave the house: codes instead of ids, bands instead of ages, and no small counts."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import UsageError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

#: Upper ends of the age bands, in whole years.
_BANDS = ((6, "0-5"), (12, "6-11"), (18, "12-17"))
ADULT = "18+"
#: What stands for a count that was hidden so that a small one cannot be worked out from the totals.
HIDDEN = "*"


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

    A reader who knows the total of a row or column must not be able to work out a hidden count: in each line whose
    total is known, at least two counts are hidden, and their sum leaves more than one possibility. The further count
    hidden is the smallest one of the line, zeros last.

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
    while any(_hide_one(values[v], small[v], hidden, v, limit) for v in views):
        pass
    shown = pd.DataFrame([[_plain(v) for v in row] for row in values], index=counts.index, columns=counts.columns, dtype=object)
    return shown.mask(hidden, HIDDEN).mask(small, f"<{limit + 1}")


def _hide_one(values: NDArray[np.float64], small: NDArray[np.bool_], hidden: NDArray[np.bool_], view: Any, limit: int) -> bool:
    """Hide one more count of a line where its total gives a small one away; returns whether it did."""
    mine = hidden[view]
    if not (small & mine).any() or not _known(values[mine], small[mine], limit):
        return False
    left = np.flatnonzero(~mine & ~np.isnan(values))
    if not left.size:
        return False
    order = np.where(values[left] > 0, values[left], np.inf)
    mine[left[int(np.argmin(order))]] = True  # a view: the table itself is changed
    return True


def _known(values: NDArray[np.float64], small: NDArray[np.bool_], limit: int) -> bool:
    """Whether the sum of the hidden counts gives a small one away."""
    if values.size == 1:
        return True
    return bool(small.all()) and values.sum() in (values.size, values.size * limit)


def _plain(value: float) -> Any:
    if math.isnan(value):
        return ""
    return int(value) if value == int(value) else value
