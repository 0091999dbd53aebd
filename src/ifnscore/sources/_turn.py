"""From columns to rows, out of core: stored values are dealt out to buckets of rows; a bucket is put in order when it is read.

One pass counts the values of each bucket, a second one writes them to their places in a temporary file as (row within the
bucket, column, value), a bucket never being more than memory bears. Nothing depends on the number of rows but the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from ifnscore._lazy import np, sp
from ifnscore.sources._base import ROWS, VALUES, Source
from ifnscore.sources._compressed import index_type
from ifnscore.sources._scratch import Scratch
from ifnscore.sources._where import Where

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

    #: Rows, columns and values of some stored values; columns never fall from one slab to the next.
    Slab: TypeAlias = tuple[Array, Array, Array]

#: Groups of rows that are counted, so that the counts are half a megabyte at most.
_GROUPS = 65_536
_WHY = "whole rows of a matrix that is stored by columns (CSC)"
_FIX = (
    "set TMPDIR to a folder with room, or store the matrix by rows once "
    "(adata.X = adata.X.tocsr() on a machine that can hold it), or use a method that reads only its genes (such as mean_log)"
)


class Turned(Source):
    """A matrix by rows, made of slabs of columns.

    Parameters
    ----------
    slabs
        Yields the stored values column after column; called once with False, when only rows are needed, and once with True.
    shape
        Number of rows, and of the columns that the slabs hold.
    dtype
        Of the values.
    where
        What is turned, for messages.
    """

    layout = "csr"

    def __init__(self, slabs: Callable[[bool], Iterator[Slab]], shape: tuple[int, int], dtype: Any, where: Where) -> None:
        self.shape, self.dtype = shape, dtype
        self._group = max(1, -(-shape[0] // _GROUPS))
        counts = self._counted(slabs(False))  # noqa: FBT003
        self._bounds, self._first = _buckets(counts, self._group, shape[0])
        self._record = np.dtype([("row", np.uint16), ("column", _small(shape[1])), ("value", dtype)])
        self._scratch = Scratch(int(self._first[-1]) * self._record.itemsize, where, _WHY, _FIX)
        self._held: tuple[int, Any] | None = None
        self._deal(slabs(True))  # noqa: FBT003

    def _counted(self, slabs: Iterator[Slab]) -> Array:
        """Return the number of stored values of each group of rows."""
        n = -(-self.shape[0] // self._group)
        counts = np.zeros(n, dtype=np.int64)
        for rows, _, _ in slabs:
            counts += np.bincount(rows // self._group, minlength=n)
        return counts

    def _deal(self, slabs: Iterator[Slab]) -> None:
        """Write every stored value to the next free place of its bucket."""
        of_group = np.searchsorted(self._bounds, np.arange(-(-self.shape[0] // self._group)) * self._group, side="right") - 1
        of_group = of_group.astype(np.uint16 if len(self._bounds) <= _GROUPS else np.int64)
        first_row = self._bounds[:-1].astype(index_type(self.shape[0]))
        free = self._first[:-1].copy()
        for rows, columns, values in slabs:
            bucket = of_group[rows // self._group]
            order = np.argsort(bucket, kind="stable")
            records = np.empty(len(rows), dtype=self._record)
            records["row"] = (rows - first_row[bucket])[order]
            records["column"] = columns[order]
            records["value"] = values[order]
            del order
            counts = np.bincount(bucket)
            ends = np.cumsum(counts)
            for b in np.flatnonzero(counts):
                self._scratch.write(int(free[b]) * self._record.itemsize, records[ends[b] - counts[b] : ends[b]])
            free[: len(counts)] += counts

    def _bucket(self, b: int) -> Any:
        """Return the rows of a bucket, CSR; the last one is kept."""
        if self._held is None or self._held[0] != b:
            self._held = None
            a, z = int(self._first[b]), int(self._first[b + 1])
            records = self._scratch.read(a * self._record.itemsize, (z - a,), self._record)
            where = (records["row"].astype(np.int32), records["column"].astype(index_type(self.shape[1])))
            values = np.ascontiguousarray(records["value"])
            del records
            shape = (int(self._bounds[b + 1] - self._bounds[b]), self.shape[1])
            self._held = (b, sp.coo_matrix((values, where), shape=shape, copy=False).tocsr())
        return self._held[1]

    def release(self) -> None:
        """Let go of what is kept in memory."""
        self._held = None

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR."""
        first = int(np.searchsorted(self._bounds, start, side="right")) - 1
        parts = []
        while start < stop:
            low, high = int(self._bounds[first]), int(self._bounds[first + 1])
            cut = self._bucket(first)
            end = min(stop, high)
            parts.append(cut if (start, end) == (low, high) else cut[start - low : end - low])
            start, first = end, first + 1
        if len(parts) == 1:
            return parts[0]
        return sp.vstack(parts, format="csr") if parts else sp.csr_matrix((0, self.shape[1]), dtype=self.dtype)

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield the bounds of the buckets."""
        if rows is not None:
            yield from super().blocks(rows)
            return
        yield from zip(self._bounds[:-1].tolist(), self._bounds[1:].tolist(), strict=True)


def _small(n: int) -> Any:
    """Return the type of column numbers in the file."""
    return np.uint16 if n <= np.iinfo(np.uint16).max + 1 else index_type(n)


def _buckets(counts: Array, group: int, n: int) -> tuple[Array, Array]:
    """Return the first row of each bucket and the first stored value, both with the end behind the last.

    A bucket is as many groups as hold a million values together, since several copies of them are held while they are put in
    order, and at most 20,000 rows unless one group has more.
    """
    before = np.concatenate([[0], np.cumsum(counts)])
    most = max(1, ROWS // group)
    ends = [0]
    while ends[-1] < len(counts):
        at = ends[-1]
        fit = int(np.searchsorted(before, before[at] + VALUES // 2, side="right")) - 1
        ends.append(min(max(fit, at + 1), at + most))
    return np.minimum(np.asarray(ends) * group, n), before[ends]
