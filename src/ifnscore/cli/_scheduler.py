"""``--scheduler``: samples are read and scored by the workers of a Dask cluster, somewhere else or on this machine."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ifnscore import loaders
from ifnscore.errors import DataError, UsageError, listing, say

LOCAL = "local"
#: Seconds to wait for an answer, and for a first worker.
PATIENCE = 10
#: Bytes of memory of a local worker at least and at most; its share of half the machine lies between.
LEAST, MOST = 1 << 30, 4 << 30

option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of a Dask scheduler (tcp://HOST:PORT, or 'local' for this machine) read and score a large file.",
)


def check(address: str | None) -> None:
    """Refuse an address that is none, and one where nobody answers, before any file is opened.

    Raises
    ------
    UsageError
        It is no address.
    DataError
        Dask is not installed, or nobody answers.
    """
    if address is None:
        return
    _need()
    if address != LOCAL:
        _probe(address)


def _need() -> None:
    try:
        import dask.array  # noqa: F401
        import distributed  # noqa: F401
    except ImportError as error:
        msg = '--scheduler needs Dask: pip install "ifnscore[dask]"'
        raise DataError(msg) from error


def _probe(address: str) -> None:
    """Shake hands and leave: a client itself would wait for ever for a server that is no scheduler."""
    import asyncio

    from distributed.comm import connect
    from distributed.security import Security

    async def shake() -> None:
        keys = Security().get_connection_args("client")
        (await asyncio.wait_for(connect(address, timeout=PATIENCE, **keys), PATIENCE + 1)).abort()

    try:
        asyncio.run(shake())
    except (ValueError, TypeError, RuntimeError) as error:  # no port, a scheme that is unknown or not installed
        why = " ".join(str(error).split())[:150]
        msg = f"--scheduler {address}: no address of a scheduler ({why}); write tcp://HOST:PORT or local"
        raise UsageError(msg) from error
    except (OSError, TimeoutError) as error:
        msg = f"--scheduler {address}: no Dask scheduler answers there within {PATIENCE} s; start one with: dask scheduler"
        raise DataError(msg) from error


@contextlib.contextmanager
def used(address: str | None, adata: Any, matrices: Sequence[str]) -> Iterator[None]:
    """Score inside with the workers of a scheduler; what is not a large file is scored here.

    Parameters
    ----------
    address
        Of the scheduler, ``local``, or None.
    adata
        What was read.
    matrices
        Files of the command.

    Raises
    ------
    DataError
        There is no worker, or the workers have another version of ifnscore.
    """
    if address is None:
        yield
        return
    if not isinstance(adata, loaders.Lazy):
        say("--scheduler is not used: the matrix is in memory already, as all are but a single large h5ad or zarr")
        yield
        return
    adata.share(Path(matrices[0]))
    with _connected(address) as client:
        _check_workers(client, address)
        yield


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Yield a client that dask uses from now on."""
    import logging

    from distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        if address == LOCAL:
            n = _cores()
            memory = min(MOST, max(LEAST, _memory() // 2 // n))
            cluster = LocalCluster(
                n_workers=n,
                threads_per_worker=1,
                processes=True,
                memory_limit=memory,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            cluster = stack.enter_context(cluster)
            say(f"{n} workers on this machine, each with up to {memory / 2**30:.1f} GB")
            address = cluster.scheduler_address
        yield stack.enter_context(Client(address, timeout=f"{PATIENCE}s"))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int:
    from distributed.system import MEMORY_LIMIT

    return int(MEMORY_LIMIT)


def _check_workers(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or whose workers would compute something else."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        msg = f"--scheduler {address}: it has no worker; start some with: dask worker {address} --nthreads 1"
        raise DataError(msg) from error
    here = importlib.metadata.version("ifnscore")
    try:
        there = set(client.run(importlib.metadata.version, "ifnscore").values())
    except importlib.metadata.PackageNotFoundError as error:
        msg = f'--scheduler {address}: its workers lack ifnscore: pip install "ifnscore[dask]=={here}" in their environment'
        raise DataError(msg) from error
    if there != {here}:
        found = listing(sorted(there))
        msg = f"--scheduler {address}: its workers have ifnscore {found} and this is {here}: install the same one"
        raise DataError(msg)
    if address != LOCAL:
        n = sum(client.nthreads().values())
        say(f"scoring on {len(client.nthreads())} workers ({n} threads) of {address}")
