"""What stands for a sample in a report: its code in a cohort, its own name without one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ifnscore.cohort import _labels
from ifnscore.errors import UsageError, listing, nearest

if TYPE_CHECKING:
    from ifnscore._lazy import pd


def of_samples(names: Iterable[object]) -> dict[str, str]:
    """Return sample -> shown name, without a cohort: the user's own, or numbers where one of them is a path or holds a date."""
    own = [str(n) for n in names]
    if not any(_labels.wrong(n, []) for n in own):
        return {n: n for n in own}
    return {n: f"sample {i}" for i, n in enumerate(own, 1)}


def check_group(obs: pd.DataFrame, group: str | None) -> None:
    """Refuse a column of the samples that cannot make groups.

    Raises
    ------
    UsageError
        There is no such column.
    DataError
        A label holds a date or a path.
    """
    if group is None:
        return
    known = [str(c) for c in obs.columns]
    if group not in known:
        msg = f"group={group!r}: the samples have no such column.{nearest(group, known)} Columns: {listing(known, 12) or 'none'}"
        raise UsageError(msg)
    _labels.refuse(f"column {group!r}", obs[group].astype(str).unique(), [])
