"""When and how numba compiles: on first use, kept on disk, announced if it takes long.

numba keeps what it compiled beside this package or, where that folder cannot be written to, in the user's cache. Where neither
can be, it compiles again in every process, which is said once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ifnscore.errors import say

#: Seconds after which a first compilation is announced.
_PATIENCE = 1.0

_said: set[str] = set()


def jit(function: Callable[..., Any]) -> Any:
    """Return the function compiled on its first call, without the interpreter's lock, kept on disk where that is possible."""
    import numba

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder to write to
        _once("no folder can be written to for compiled code (set NUMBA_CACHE_DIR to one): it is compiled again in each run")
        return numba.njit(**options)(function)


def _once(message: str) -> None:
    if message not in _said:
        _said.add(message)
        say(message)


@contextmanager
def announced() -> Iterator[None]:
    """Say that code is being compiled if what happens inside takes longer than a moment."""
    text = "compiling for this machine, once (a few seconds; kept on disk for the next time)"
    timer = threading.Timer(_PATIENCE, functools.partial(_once, text))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
