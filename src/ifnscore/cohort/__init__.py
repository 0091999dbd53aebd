"""A cohort: patients, visits, samples, drugs and measures, read strictly and without identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifnscore.cohort._findings import CohortError
    from ifnscore.cohort._model import Cohort
    from ifnscore.cohort._settings import Settings
    from ifnscore.cohort._simple import SimpleDesign

__all__ = ["Cohort", "CohortError", "Settings", "SimpleDesign"]

_NAMES = {
    "Cohort": "ifnscore.cohort._model",
    "CohortError": "ifnscore.cohort._findings",
    "Settings": "ifnscore.cohort._settings",
    "SimpleDesign": "ifnscore.cohort._simple",
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        import importlib

        return getattr(importlib.import_module(_NAMES[name]), name)
    msg = f"module 'ifnscore.cohort' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
