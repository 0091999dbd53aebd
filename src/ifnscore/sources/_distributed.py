"""Dask arrays whose blocks are scipy sparse matrices or numpy arrays, computed here one after another.

Only methods of the object are called, so that dask is never imported for those who do not use it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np, sp
from ifnscore.sources._base import ROWS, VALUES, Source
from ifnscore.sources._columns import ByColumns
from ifnscore.sources._compressed import index_type
from ifnscore.sources._where import Where

if TYPE_CHECKING:
    from ifnscore.sources._base import Array
    from ifnscore.sources._turn import Slab

_AXES = 2


def computed(x: Any) -> Any:
    """Return a block of a dask array: CSR or CSC in canonical form, or dense."""
    found = x.compute(scheduler="synchronous")
    if not is_sparse(found):
        return np.asarray(found)
    found = found if found.format in {"csr", "csc"} else found.tocsr()
    if not found.has_canonical_format:
        found = found.copy()
        found.sum_duplicates()
    return found


def _csr(block: Any) -> Any:
    """Return CSR rows with small indices, so that kernels see the same types from every source."""
    made = sp.csr_matrix(block)
    made.indices = made.indices.astype(index_type(made.shape[1]), copy=False)
    made.indptr = made.indptr.astype(index_type(made.nnz), copy=False)
    return made


class DaskRows(Source):
    """A dask array whose blocks are groups of whole rows, or rectangles."""

    def __init__(self, x: Any, where: Where) -> None:
        self.x, self.where = x, where
        self.shape, self.dtype = (int(x.shape[0]), int(x.shape[1])), x.dtype
        self.layout = "csr" if is_sparse(x._meta) else "dense"
        self._bounds = np.concatenate([[0], np.cumsum(x.chunks[0])]).astype(np.int64)
        self._held: tuple[int, Any] | None = None

    def _block(self, i: int) -> Any:
        """Return the rows of one row of blocks; the last one is kept."""
        if self._held is None or self._held[0] != i:
            self._held = None
            parts = [computed(self.x.blocks[i, j]) for j in range(self.x.numblocks[1])]
            if any(is_sparse(p) for p in parts):
                whole = _csr(parts[0] if len(parts) == 1 else sp.hstack(parts, format="csr"))
            else:
                whole = parts[0] if len(parts) == 1 else np.hstack(parts)
            self._held = (i, whole)
        return self._held[1]

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR or dense."""
        parts = []
        with self.where.reading():
            i = max(int(np.searchsorted(self._bounds, start, side="right")) - 1, 0)
            while start < stop:
                low, high = int(self._bounds[i]), int(self._bounds[i + 1])
                end = min(stop, high)
                if end > start:
                    block = self._block(i)
                    parts.append(block if (start, end) == (low, high) else block[start - low : end - low])
                start, i = max(start, end), i + 1
        if len(parts) == 1:
            return parts[0]
        if self.layout == "dense":
            return np.vstack(parts) if parts else np.empty((0, self.shape[1]), dtype=self.dtype)
        return _csr(sp.vstack(parts, format="csr")) if parts else sp.csr_matrix((0, self.shape[1]), dtype=self.dtype)

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of dask's own blocks: large ones in parts, small ones together."""
        if rows is not None:
            yield from super().blocks(rows)
            return
        least = max(1, VALUES // max(self.shape[1], 1))
        start = 0
        for stop in self._bounds[1:].tolist():
            while stop - start > ROWS:
                yield start, start + ROWS
                start += ROWS
            if stop - start >= least:
                yield start, stop
                start = stop
        if start < self.shape[0]:
            yield start, self.shape[0]


class DaskColumns(ByColumns):
    """A dask array whose blocks are groups of columns over all rows, as anndata reads CSC matrices."""

    def __init__(self, x: Any, where: Where) -> None:
        super().__init__()
        self.x, self.where = x, where
        self.shape, self.dtype = (int(x.shape[0]), int(x.shape[1])), x.dtype
        self._bounds = np.concatenate([[0], np.cumsum(x.chunks[1])]).astype(np.int64)

    def slabs(self, columns: Array, *, values: bool) -> Iterator[Slab]:
        """Yield the stored values of some columns, block after block."""
        ends = np.searchsorted(columns, self._bounds)
        for j, (a, z) in enumerate(itertools.pairwise(ends)):
            if a < z:
                block = computed(self.x.blocks[0, j])[:, columns[a:z] - self._bounds[j]].tocoo()
                yield block.row, block.col + a, block.data if values else block.row


def opened(x: Any) -> Source:
    """Return the source for a dask array.

    Raises
    ------
    DataError
        It is no matrix of numbers, or its shape is not known before it is computed.
    """
    where = Where("dask array", "X")
    if x.ndim != _AXES or x.dtype.kind not in "iufb":
        where.unusable(f"is no matrix of numbers (shape {x.shape}, type {x.dtype})")
    if any(np.isnan(size) for size in x.shape):
        where.unusable("has blocks of unknown size: call X.compute_chunk_sizes() first")
    by_columns = is_sparse(x._meta) and x._meta.format == "csc" and x.numblocks[0] == 1
    return DaskColumns(x, where) if by_columns else DaskRows(x, where)
