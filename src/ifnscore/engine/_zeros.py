"""Zeros that nothing can be made of: before a logarithm without a pseudo-count, and housekeeping genes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.engine import _distributed
from ifnscore.engine._progress import length, track
from ifnscore.errors import DataError

if TYPE_CHECKING:
    from ifnscore.engine._run import Runner
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


def check(runner: Runner, task: Task, logged: Sequence[str]) -> None:
    """Refuse zeros before a logarithm without a pseudo-count, and housekeeping genes that are 0.

    Parameters
    ----------
    runner
        Samples and reference.
    task
        Says the working scale, the pseudo-count and the housekeeping genes.
    logged
        Genes whose logarithms are taken where the method works on them.

    Raises
    ------
    DataError
        Names the gene.
    """
    matrix, reference = runner.matrix, runner.reference
    if matrix.scale in {"log2", "ct"} or task.works_on == "order":
        return
    bare = task.works_on in {"log2", "log"} and task.pseudocount == 0
    divides = task.works_on == "linear"
    keys = [*(logged if bare else ()), *(task.housekeeping if bare or divides else ())]
    if not keys:
        return
    zeros = np.zeros(len(keys), dtype=bool)
    for found in _distributed.zeros(runner, keys) if runner.afar else _here(runner, keys):
        zeros |= found
    for stratum in reference.strata if reference and task.method.reference == "required" else ():
        zeros |= (reference.values(stratum, keys) <= 0).any(axis=0) if reference else False
    if zeros.any():
        gene = keys[int(np.argmax(zeros))]
        what = "its logarithm has no pseudo-count: give one (--pseudocount 1)" if bare else "nothing can be divided by it"
        msg = f"{gene} is 0 in some samples and {what}"
        raise DataError(msg)


def _here(runner: Runner, keys: Sequence[str]) -> Iterator[Array]:
    matrix = runner.matrix
    for chunk in track(matrix.chunks(runner.chunk_size), "looking for zeros", matrix.n_samples, length):
        yield np.any(matrix.part(chunk, keys).values(keys) <= 0, axis=0)
