"""How many threads scoring uses, and rows shared out among them; results never depend on the number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

from ifnscore.errors import UsageError

#: Environment variable that sets the number of threads.
VARIABLE = "IFNSCORE_THREADS"
_MOST = 16
_limit: ContextVar[int | None] = ContextVar("_limit", default=None)


@contextmanager
def at_most(threads: int | None) -> Iterator[None]:
    """Use no more than some threads inside, where something else runs several of these already; None: no limit."""
    token = _limit.set(threads)
    try:
        yield
    finally:
        _limit.reset(token)


def count() -> int:
    """Return the number of threads: ``IFNSCORE_THREADS``, else the cores this process may use, at most 16.

    Raises
    ------
    UsageError
        The variable holds something other than a whole number of at least 1.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if text:
        if not text.isdecimal() or int(text) < 1:
            msg = f"{VARIABLE} is {text!r}; it takes a whole number of at least 1"
            raise UsageError(msg)
        return int(text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST)


def over_rows(work: Callable[[int, int], None], n_rows: int, smallest: int = 64) -> None:
    """Call ``work(start, stop)`` for parts of the rows, on several threads where there are enough rows.

    Parameters
    ----------
    work
        Writes its results where they belong, and lets go of the interpreter's lock for most of its time.
    n_rows
        Number of rows.
    smallest
        Fewest rows that are worth a thread.
    """
    threads = min(_limit.get() or count(), max(n_rows // smallest, 1))
    if threads < 2:  # noqa: PLR2004
        work(0, n_rows)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, start, stop) for start, stop in _parts(n_rows, threads * 4)]:
            done.result()


def _parts(n: int, parts: int) -> Iterator[tuple[int, int]]:
    parts = min(parts, n)
    for i in range(parts):
        yield n * i // parts, n * (i + 1) // parts
