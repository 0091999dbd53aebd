"""Which annotations could name the healthy controls, as expressions that ``--controls`` takes."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from ifnscore import expr
from ifnscore.errors import IfnscoreError

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore._lazy import pd

#: Columns that most often hold the group, asked first.
_FIRST = ("is_control", "group", "condition", "disease", "diagnosis", "status", "treatment", "stim")
#: Words for controls; those of the second list count only where no value has one of the first.
_WORDS = (
    re.compile(r"(^|[^a-z])(healthy|health|hc|hd|controls?|ctrl|ctl|normal)([^a-z]|$)", re.IGNORECASE),
    re.compile(r"(^|[^a-z])(untreated|unstimulated|unstim|buffer|mock)([^a-z]|$)", re.IGNORECASE),
)
_NOT = re.compile(r"(^|[^a-z])(not|non|un)[- _]?(healthy|control|normal)", re.IGNORECASE)
_TRUE = re.compile(r"(is|are)?_?(healthy)?_?controls?|is_?healthy|healthy", re.IGNORECASE)
#: A column with more values names samples, not groups.
_MANY = 30
#: Fewer controls have no spread to speak of.
FEWEST = 3


def candidates(adata: AnnData) -> list[dict[str, Any]]:
    """Return columns of ``obs`` that could name controls, the likeliest first.

    Returns
    -------
    list of dict
        ``column``, ``values`` (value -> number of samples) and ``expression``, which is empty where no value sounds like
        controls, or where it would select nobody or everybody.
    """
    found = []
    for column in sorted((str(c) for c in adata.obs.columns), key=lambda c: _FIRST.index(c) if c in _FIRST else len(_FIRST)):
        values = adata.obs[column]
        if column.startswith("qc_") or values.dtype.kind == "f":
            continue
        counts = {str(k): int(n) for k, n in values.value_counts(sort=False).items() if n}
        if 1 < len(counts) <= _MANY and len(counts) < len(values):
            found.append({"column": column, "values": counts, "expression": _expression(column, values, adata.obs)})
    return sorted(found, key=lambda c: c["expression"] == "")


def _expression(column: str, values: pd.Series, obs: pd.DataFrame) -> str:
    name = column if column.isidentifier() and not keyword.iskeyword(column) else f"`{column}`"
    if "`" in column:
        return ""
    if _TRUE.fullmatch(column) and _selects(name, obs):
        return name
    words = [v for v in values.dropna().unique() if isinstance(v, str)]
    healthy = next(filter(None, ([v for v in words if w.search(v) and not _NOT.search(v)] for w in _WORDS)), [])
    if not healthy:
        return ""
    text = f"{name} == {healthy[0]!r}" if len(healthy) == 1 else f"{name} in {healthy!r}"
    return text if _selects(text, obs) else ""


def _selects(text: str, obs: pd.DataFrame) -> int:
    """Return how many samples an expression selects; 0 where it cannot be used, or selects too few or all."""
    try:
        n = int(expr.mask(obs, text).sum())
    except IfnscoreError:
        return 0
    return n if FEWEST <= n < len(obs) else 0
