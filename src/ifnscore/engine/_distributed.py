"""Samples of a dask array, or of a file that many open, worked on where they are read.

What goes out is one picklable piece of work (plans, kernels, where each gene stands; no value, no annotation) which every worker
fetches once. A task reads some samples, works on them in pieces that fit into memory and sends the results back, which are taken
in the order of the samples. A worker that is lost takes nothing with it: its samples are read again elsewhere. Without a client
the blocks of a dask array go to dask's scheduler of this process, as many at a time as there are threads.
"""

from __future__ import annotations

import copy
import functools
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ifnscore import _threads
from ifnscore._lazy import np
from ifnscore.engine._cluster import BATCH, client, gathered
from ifnscore.engine._progress import length, track
from ifnscore.errors import DataError
from ifnscore.matrix import Matrix, canonical
from ifnscore.sources import Place, Shared
from ifnscore.strata import Coded

if TYPE_CHECKING:
    from ifnscore.engine._run import Runner
    from ifnscore.engine._scores import Scores
    from ifnscore.engine._watch import Finding
    from ifnscore.methods._protocol import Array, Plan

#: What is done with some samples in memory; gets the matrix of them and the stratum label of each.
Work = Callable[[Matrix, Coded[str]], Any]


def is_afar(matrix: Matrix) -> bool:
    """Whether samples are read and worked on by dask: those of a dask array, and of a shared file where there is a client."""
    return _array_of(matrix) is not None or (isinstance(matrix.x, Shared) and client() is not None)


def _array_of(matrix: Matrix) -> Any:
    """Return the dask array that the rows of a matrix are computed from, or None."""
    module = sys.modules.get("ifnscore.sources._distributed")  # there is no dask array where nobody asked for it
    return matrix.x.x if module is not None and isinstance(matrix.x, module.DaskRows) else None


def refuse_whole(matrix: Matrix, method: str) -> None:
    """Refuse a dask array for a method that needs all samples at once.

    Raises
    ------
    DataError
        It is one.
    """
    if type(matrix.x).__name__ in {"DaskRows", "DaskColumns"}:
        msg = (
            f"{method} needs all samples in memory at once, and these are in a dask array: make pseudobulk samples first "
            "(ifnscore.tl.pseudobulk), choose another method, or read them with adata.to_memory()"
        )
        raise DataError(msg)


def scored(runner: Runner, *, detail: bool) -> Iterator[tuple[slice, Scores]]:
    """Score all samples of a runner, see :meth:`Runner.parts`."""
    yield from visit(runner, functools.partial(_score, _sendable(runner), detail=detail))


def folded(runner: Runner, which: tuple[Any, Plan, str]) -> Any:
    """Return the state of a first pass over one stratum, the parts put together in their order; None without samples."""
    group, plan, name = which
    work = functools.partial(_fold, _sendable(runner), (runner.groups.index(group), plan, name))
    state = None
    for chunk, (finding, later) in track(
        visit(runner, work), "first pass", runner.matrix.n_samples, lambda done: length(done[0])
    ):
        runner._refuse(finding, chunk)
        state = later if state is None else state if later is None else group.kernel.merge(state, later)
    return state


def zeros(runner: Runner, keys: Sequence[str]) -> Iterator[Array]:
    """Yield which of some genes are 0 in any sample, part by part, each of shape (len(keys),)."""
    return (found for _, found in visit(runner, functools.partial(_zeros, keys)))


def _score(runner: Runner, part: Matrix, labels: Coded[str], *, detail: bool) -> Scores:
    return _at(runner, labels).score_part(part, slice(0, part.n_samples), detail=detail)


def _fold(runner: Runner, which: tuple[int, Plan, str], part: Matrix, labels: Coded[str]) -> tuple[Finding | None, Any]:
    place, plan, name = which
    finding = runner.watch.look(part) if runner.watch else None
    if finding is not None:
        return finding, None
    return None, _at(runner, labels).fold(None, (runner.groups[place], plan, name), part, slice(0, part.n_samples))


def _zeros(keys: Sequence[str], part: Matrix, _: Coded[str]) -> Array:
    return np.asarray((part.values(keys) <= 0).any(axis=0))


def _at(runner: Runner, labels: Coded[str]) -> Runner:
    """Return a runner whose samples are those of one part."""
    made = copy.copy(runner)
    made.labels = labels
    return made


def _sendable(runner: Runner) -> Runner:
    """Return a runner with plans, kernels and genes, but without samples and controls: small enough to be sent."""
    made = copy.copy(runner)
    made.matrix, made.reference, made.uses, made.labels = without_values(runner.matrix), None, [], ()
    return made


def visit(runner: Runner, work: Work) -> Iterator[tuple[slice, Any]]:
    """Call `work` with all samples of a runner, and yield what it returns in their order.

    Parameters
    ----------
    runner
        Its matrix stands on a dask array of shape (n_samples, n_columns), or on a file that all workers see.
    work
        Picklable.

    Raises
    ------
    DataError
        The array cannot be read by rows, a worker cannot read the file, or the cluster is lost.
    """
    import dask

    matrix, labels = runner.matrix, runner.labels
    assert isinstance(labels, Coded)
    sent = dask.delayed(_Sent(work, without_values(matrix), labels.values, runner.chunk_size), pure=False, traverse=False)
    reads, call = _reads(matrix, runner.chunk_size), dask.delayed(_worked, pure=False)
    tasks = (
        call(
            sent,
            start,
            values,
            labels.codes[start:stop] if len(labels.values) > 1 else None,
            None if matrix.totals is None else matrix.totals[start:stop],
        )
        for start, stop, values in reads
    )
    for results in gathered(tasks):
        yield from results


def _reads(matrix: Matrix, size: int | None) -> Iterator[tuple[int, int, Any]]:
    """Yield what a task reads: the first sample, the one behind the last, and a block of a dask array or a part of a file."""
    if isinstance(matrix.x, Shared):
        for share in matrix.x.shares(size):
            yield share[0][0], share[-1][1], _Share(matrix.x.place, tuple(share))
        return
    array = by_rows(_array_of(matrix))
    bounds = list(itertools.pairwise(np.cumsum([0, *array.chunks[0]]).tolist()))
    for at in range(0, len(bounds), BATCH):  # the graph of the array is only ever made for one batch
        blocks = array.blocks[at : at + BATCH].to_delayed().ravel()
        for block, (start, stop) in zip(blocks, bounds[at : at + BATCH], strict=True):
            yield start, stop, block


def by_rows(array: Any) -> Any:
    """Return a dask array each block of which holds whole samples.

    Raises
    ------
    DataError
        All samples stand in every block.
    """
    rows, columns = array.chunks
    if len(columns) == 1:
        return array
    if len(rows) == 1 and array.shape[0] > 1:
        msg = (
            "this dask array is cut by genes, all samples in every block (a CSC matrix?), and would have to be read whole: "
            "store it by samples (CSR), or cut it with X.rechunk((10000, -1)) where it fits into memory"
        )
        raise DataError(msg)
    return array.rechunk({1: -1})


def without_values(matrix: Matrix) -> Matrix:
    """Return a matrix that knows its genes and nothing else, small enough to be sent."""
    made = copy.copy(matrix)
    made.x, made.samples, made.totals = None, (), None
    made._held = made._empty = made._sums = made._whole_sums = None
    return made


class _Sent(NamedTuple):
    """What every worker gets once: the work, the genes of the matrix, the labels of the strata, samples at a time."""

    work: Work
    genes: Matrix
    strata: list[str]
    size: int | None


class _Share(NamedTuple):
    """Samples in a file: where it is, and the bounds of the parts that are read one after another."""

    place: Place
    bounds: tuple[tuple[int, int], ...]


def _worked(sent: _Sent, start: int, values: Any, codes: Array | None, totals: Array | None) -> list[tuple[slice, Any]]:
    """Read the samples of one task and work on them piece by piece: where each piece stands, and what came out."""
    found = []
    with _threads.at_most(1 if "distributed.worker" in sys.modules and _in_worker() else None):
        for first, x in _pieces(values, start):
            part, stop = copy.copy(sent.genes), first + x.shape[0]
            part.x, part.samples = canonical(x), [""] * x.shape[0]
            part.totals = None if totals is None else totals[first - start : stop - start]
            which = np.zeros(x.shape[0], dtype=np.uint8) if codes is None else codes[first - start : stop - start]
            labels = Coded(which, sent.strata)
            parts = ((at, part.part(at), labels[at]) for at in part.chunks(sent.size))
            found += [(slice(first + at.start, first + at.stop), sent.work(p, own)) for at, p, own in parts]
    return found


def _pieces(values: Any, start: int) -> Iterator[tuple[int, Any]]:
    """Yield the values of some samples, dense or sparse, and where the first one stands."""
    if not isinstance(values, _Share):
        yield start, values
        return
    with values.place.opened() as source:
        for first, stop in values.bounds:
            yield first, source.rows(first, stop)


def _in_worker() -> bool:
    """Whether this is a task of a worker, which runs as many tasks at a time as it has threads."""
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True
