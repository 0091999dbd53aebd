"""Clinical values as users hand them over: numbers, or missing in one of several ways."""

from __future__ import annotations

import math
from typing import Any

from ifnscore.errors import DataError

_MISSING_WORDS = {"", "na", "nan", "n/a", "none", "null"}


def number(value: Any, where: str) -> float:
    """Return a value as float; None, NaN, pandas' NA and empty text become NaN.

    Raises
    ------
    DataError
        The value is text, a boolean, infinite or something else that is no measurement; `where` says which.
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return math.nan
    if isinstance(value, str):
        word = value.strip()
        if word.lower() in _MISSING_WORDS:
            return math.nan
        try:
            value = float(word)
        except ValueError:
            msg = f"{where} is {value!r}; it needs a number, or nothing where it is missing"
            raise DataError(msg) from None
    if isinstance(value, bool) or type(value).__name__ in {"bool", "bool_"} or not hasattr(value, "__float__"):
        msg = f"{where} is {value!r}; it needs a number, or nothing where it is missing"
        raise DataError(msg)
    x = float(value)
    if math.isinf(x):
        msg = f"{where} is infinite; leave it empty where it is missing"
        raise DataError(msg)
    return x
