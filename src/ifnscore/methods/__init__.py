"""Scoring methods: one module each, found by name; a new file in this folder is a new method."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from ifnscore.errors import UsageError, nearest
from ifnscore.methods._protocol import Kernel, Method

__all__ = ["WORTH_COMPILING", "Kernel", "Method", "get", "kernel", "records"]

#: Matrices with fewer stored values are scored by numpy alone, which waits for no compiler.
WORTH_COMPILING = 2_000_000


@functools.cache
def _modules() -> tuple[str, ...]:
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@functools.cache
def records() -> dict[str, Method]:
    """Return the record of every method by id, without importing numpy."""
    found = (importlib.import_module(f"{__name__}.{m}").METHOD for m in _modules())
    return {m.id: m for m in found}


def get(method: str) -> Method:
    """Return the record of one method.

    Raises
    ------
    UsageError
        There is no such method; the nearest names are given.
    """
    if method not in records():
        msg = f"unknown method {method!r}.{nearest(method, [*records(), 'published'])} All: ifnscore methods"
        raise UsageError(msg)
    return records()[method]


def kernel(method: str) -> Kernel:
    """Return the kernel of one method."""
    found: Kernel = importlib.import_module(f"{__name__}.{get(method).id}").KERNEL
    return found
