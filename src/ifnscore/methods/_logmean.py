"""Bases of logarithm, shared by the means of logs."""

from __future__ import annotations

import math
from typing import Any

from ifnscore.methods._protocol import Parameter

#: log_base(x) = log2(x) * factor
FACTOR = {"2": 1.0, "10": math.log10(2.0), "e": math.log(2.0)}

BASE = Parameter(name="base", default="2", choices=("2", "10", "e"), help="base of the logarithm")


def factor(params: Any) -> float:
    """Return what turns log2 into the base that was asked for."""
    return FACTOR[str(params["base"])]
