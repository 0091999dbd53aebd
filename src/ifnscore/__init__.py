"""ifnscore: interferon signatures, their published formulas, and scores that say what they rest on.

Examples
--------
>>> import ifnscore as ifn
>>> adata = ifn.datasets.hppt()
>>> ifn.tl.score(adata, controls="treatment == 'untreated'")
>>> table = ifn.get.scores(adata)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifnscore import datasets, get, instruments, methods, pl, pp, reference, report, signatures, tl
    from ifnscore.cohort import Cohort
    from ifnscore.errors import IfnscoreError, IfnscoreWarning
    from ifnscore.loaders import read
    from ifnscore.reference import Reference
    from ifnscore.result import Result

__version__ = "0.1.0"
__all__ = [
    "Cohort",
    "IfnscoreError",
    "IfnscoreWarning",
    "Reference",
    "Result",
    "__version__",
    "datasets",
    "get",
    "instruments",
    "methods",
    "pl",
    "pp",
    "read",
    "reference",
    "report",
    "signatures",
    "tl",
]

_MODULES = {"datasets", "get", "instruments", "methods", "pl", "pp", "reference", "report", "signatures", "tl"}
_NAMES = {
    "Cohort": "ifnscore.cohort",
    "IfnscoreError": "ifnscore.errors",
    "IfnscoreWarning": "ifnscore.errors",
    "Reference": "ifnscore.reference",
    "Result": "ifnscore.result",
    "read": "ifnscore.loaders",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"ifnscore.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    msg = f"module 'ifnscore' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
