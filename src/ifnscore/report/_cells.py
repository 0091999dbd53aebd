"""How a cell of a table is printed; the downloads hold full precision."""

from __future__ import annotations

import math
from typing import Any

#: Whole numbers up to here are printed as they are.
_WHOLE = 1e6
_SMALL = 1e-3
_DIGITS = 3


def shown(value: Any) -> str:
    """Return a cell as text: nothing for what is missing, yes and no, numbers with three significant digits.

    Parameters
    ----------
    value
        Cell of a DataFrame.
    """
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if value is None or str(value) in {"<NA>", "NaT"}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    return str(value).replace("-", "\N{MINUS SIGN}") if isinstance(value, int) else str(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < _WHOLE:
        text = f"{value:.0f}"
    elif abs(value) >= 10**_DIGITS and abs(value) < _WHOLE:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{_DIGITS}g}"
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")
