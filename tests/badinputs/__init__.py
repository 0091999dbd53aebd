"""The catalogue of bad inputs: one module a family of formats, each with ``CASES``."""

from __future__ import annotations

import importlib
import pkgutil

from tests.badinputs._model import Case


def cases() -> list[Case]:
    """Return every case, by module and in the order in which it stands there."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return [case for name in names for case in importlib.import_module(f"{__name__}.{name}").CASES]
