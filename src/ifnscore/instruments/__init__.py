"""Clinical instruments of (juvenile) dermatomyositis: range, direction, unit, responses, each with its source.

Improvement is always positive; a change is always after - before. What no source confirmed is recorded as such.

Examples
--------
>>> from ifnscore import instruments
>>> instruments.get("CDASI activity").direction
'higher_is_worse'
>>> instruments.improvement("cmas", 40, 46), instruments.improvement("cdasi_activity", 20, 12)
(6.0, 8.0)
"""

from __future__ import annotations

from ifnscore.instruments import responses, tis
from ifnscore.instruments._change import change, improvement
from ifnscore.instruments._model import Anchor, Band, Instrument, Mcid, Problem
from ifnscore.instruments._parse import from_dict
from ifnscore.instruments._registry import get, ids, table, with_user

__all__ = [
    "Anchor",
    "Band",
    "Instrument",
    "Mcid",
    "Problem",
    "change",
    "from_dict",
    "get",
    "ids",
    "improvement",
    "responses",
    "table",
    "tis",
    "with_user",
]
