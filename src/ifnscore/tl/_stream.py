"""What scoring does otherwise where values are read in parts: nothing is known of a sample before it is scored.

The first samples say on which scale the matrix is; every part is held to that while it is scored
(:class:`ifnscore.engine.Watch`), and samples without expression are found in the same pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import engine, get
from ifnscore.errors import DataError, UsageError, warn

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.matrix import Matrix
    from ifnscore.methods._protocol import Array
    from ifnscore.tl._inputs import Input

#: Samples that are named in a warning.
_NAMED = 5


class _Seen:
    """An AnnData with its annotations in memory, where they are read on demand (``anndata.experimental.read_lazy``)."""

    def __init__(self, adata: AnnData) -> None:
        self._adata = adata
        self.obs, self.var = get.frame_of(adata.obs), get.frame_of(adata.var)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adata, name)


def seen(adata: AnnData) -> Any:
    """Return the matrix with annotations in memory; what is written to its ``obsm`` and ``uns`` is written to `adata`."""
    return _Seen(adata) if hasattr(adata.obs, "to_memory") and not hasattr(adata, "scratch") else adata


def copied(adata: AnnData) -> AnnData:
    """Return a copy.

    Raises
    ------
    UsageError
        The matrix stands in a file.
    """
    if getattr(adata, "isbacked", False):
        msg = "copy=True would read the whole file into memory: leave it out, or give adata.to_memory()"
        raise UsageError(msg)
    return adata.copy()


def watch(given: Input, tasks: Sequence[engine.Task], signature_genes: Sequence[str], dropped: Mapping[str, str]) -> Any:
    """Return what the values of a streamed matrix are held to; None for a matrix in memory, which was looked at before."""
    if not given.matrix.streamed:
        return None
    return engine.Watch(
        scale=given.scale,
        whole=given.whole,
        genes=None if _every(given, tasks) else tuple(signature_genes),
        signature_genes=frozenset(signature_genes),
        dropped=frozenset(dropped),
    )


def settle(given: Input, tasks: Sequence[engine.Task], signature_genes: Sequence[str]) -> None:
    """Choose the rows of duplicated genes that are needed; for a streamed matrix that is a pass of its own."""
    ranked = any(t.method.needs != "signature_columns" for t in tasks)
    given.matrix.settle(None if ranked else signature_genes)


def missing(given: Input, tasks: Sequence[engine.Task], signature_genes: Sequence[str], *, allow_missing: bool) -> dict[str, str]:
    """Return gene keys with missing values and the reason, or refuse them.

    Ranks need all genes of a sample and counts per million their total, so there every gene counts. A streamed matrix is
    looked through only where missing values are allowed; otherwise they are met while it is scored.

    Raises
    ------
    DataError
        A value is missing and that is not allowed.
    """
    matrix = given.matrix
    streamed = matrix.streamed and allow_missing and matrix.x.dtype.kind == "f"
    if not (streamed or (given.missing and not matrix.streamed)):
        return {}
    wanted = matrix.universe if _every(given, tasks) else [k for k in signature_genes if k in matrix.position]
    if not allow_missing:
        matrix.check_finite(wanted, signature_genes)
    dropped = {gene: f"missing values (first: sample {sample})" for gene, sample, _ in matrix.not_finite(wanted)}
    matrix.leave_out(dropped)
    return dropped


def _every(given: Input, tasks: Sequence[engine.Task]) -> bool:
    return given.matrix.scale == "counts" or any(t.method.needs != "signature_columns" for t in tasks)


def refuse_empty(empty: Array) -> None:
    """Refuse a matrix all of whose samples are empty.

    Raises
    ------
    DataError
        They are.
    """
    if empty.all():
        msg = "every sample is empty: all values are 0"
        raise DataError(msg)


def look_for_empty(matrix: Matrix) -> None:
    """Refuse a matrix in memory all of whose samples are empty, and name those that are; in a stream they are met on the way.

    Raises
    ------
    DataError
        All samples are empty.
    """
    if not matrix.streamed:
        refuse_empty(matrix.empty())
        tell_empty(matrix.empty(), matrix.samples)


def tell_empty(empty: Array, samples: Sequence[str]) -> None:
    """Warn about samples without any expression, which get no score."""
    at = empty.nonzero()[0]
    if len(at):
        names = ", ".join(str(samples[int(i)]) for i in at[:_NAMED])
        more = f" and {len(at) - _NAMED} more" if len(at) > _NAMED else ""
        warn(f"no score for {len(at)} samples without any expression: {names}{more}")
