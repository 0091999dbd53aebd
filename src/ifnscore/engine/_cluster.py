"""The Dask cluster that this process uses, or its own threads: tasks go out, results come back in order."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ifnscore import _threads
from ifnscore.errors import DataError

#: Tasks that are sent off at a time: the scheduler never knows more than two such batches, so that its memory is bounded.
BATCH = 500


def client() -> Any:
    """Return the client that dask uses in this process, or None."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None


def gathered(tasks: Iterable[Any]) -> Iterator[Any]:
    """Yield the results of tasks in order, never more than two batches ahead of the one who takes them."""
    there, todo = client(), iter(tasks)
    if there is None:
        yield from _here(todo)
        return
    waiting: deque[Any] = deque()
    with _told(there):
        try:
            while True:
                if len(waiting) <= BATCH and (batch := list(itertools.islice(todo, BATCH))):
                    waiting.extend(there.compute(batch))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            if waiting and there.status == "running":  # a client that lost its scheduler has nothing left to cancel
                there.cancel(list(waiting))


def _here(tasks: Iterator[Any]) -> Iterator[Any]:
    import dask

    while batch := list(itertools.islice(tasks, _threads.count())):
        yield from dask.compute(*batch)


@contextmanager
def _told(there: Any) -> Iterator[None]:
    """Turn what a cluster may die of into one line.

    Raises
    ------
    DataError
        A block killed every worker that took it, or nobody answers.
    """
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker as error:
        msg = (
            "workers died over the same samples again and again, most likely of memory: give them more (--memory-limit of dask "
            "worker), or cut the array into smaller blocks"
        )
        raise DataError(msg) from error
    except (CancelledError, CommClosedError, TimeoutError) as error:
        msg = f"the scheduler of the cluster ({there.scheduler_info().get('address', 'gone')}) no longer answers: start it again"
        raise DataError(msg) from error
