"""Matrices that are stored by columns: only those that are needed are read, and rows come from a copy that is made once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.sources._base import ROWS, VALUES, Source
from ifnscore.sources._compressed import Compressed, index_type
from ifnscore.sources._turn import Turned
from ifnscore.sources._where import Where

if TYPE_CHECKING:
    from ifnscore.sources._base import Array
    from ifnscore.sources._turn import Slab

#: Stored values read at a time while columns are turned; the turning holds several copies of them.
SLAB = 1_000_000
#: Choices of columns that are kept turned, in files.
_KEPT = 16


class ByColumns(Source):
    """A matrix whose columns are cheap.

    Attributes
    ----------
    where
        For messages.
    """

    layout = "csc"
    where: Where

    def __init__(self) -> None:
        self._turned: dict[bytes, Turned] = {}

    @abstractmethod
    def slabs(self, columns: Array, *, values: bool) -> Iterator[Slab]:
        """Yield the stored values of some columns, about a million at a time.

        Parameters
        ----------
        columns
            Columns in growing order, each once.
        values
            Whether the values are needed; without, rows stand in their place.

        Yields
        ------
        Row of each value, position of its column in `columns`, and the value.
        """

    def number(self, columns: Array) -> int | None:
        """Return how many values some columns hold, if that is known."""
        return None

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR, from the copy by rows."""
        return self.by_rows().rows(start, stop)

    def by_rows(self) -> Source:
        """Return a copy by rows in a temporary file, made at the first call."""
        return self.picked(np.arange(self.shape[1]))

    def columns(self, columns: Array, start: int, stop: int) -> Any:
        """Return some columns of some rows, CSR; columns are read once and kept turned, in a temporary file if they are many."""
        wanted, back = np.unique(np.asarray(columns, dtype=np.int64), return_inverse=True)
        found = self.picked(wanted).rows(start, stop)
        return found if np.array_equal(back, np.arange(len(wanted))) else found[:, back]

    def picked(self, columns: Array) -> Source:
        """Return some columns, in growing order, as a source that is cheap by rows."""
        key = np.asarray(columns, dtype=np.int64).tobytes()
        if key not in self._turned:
            while len(self._turned) >= _KEPT:
                del self._turned[next(iter(self._turned))]
            self._turned[key] = self._turn(np.asarray(columns, dtype=np.int64))
        for other, turned in self._turned.items():
            if other != key:
                turned.release()
        return self._turned[key]

    def _turn(self, columns: Array) -> Turned:
        def slabs(values: bool) -> Iterator[Slab]:  # noqa: FBT001
            with self.where.reading():
                yield from self.slabs(columns, values=values)

        number = self.number(columns)
        if number is not None and number <= SLAB:
            held = list(slabs(True))  # noqa: FBT003
            return Turned(lambda _: iter(held), (self.shape[0], len(columns)), self.dtype, self.where)
        return Turned(slabs, (self.shape[0], len(columns)), self.dtype, self.where)

    def totals(self) -> Array:
        """Return the sum of each row, shape (n_samples,), column after column."""
        found = np.zeros(self.shape[0])
        with self.where.reading():
            for rows, _, values in self.slabs(np.arange(self.shape[1]), values=True):
                np.add.at(found, rows, values.astype(np.float64))
        return found


class ColumnsInFile(ByColumns):
    """A CSC matrix in a group of HDF5 or zarr.

    Parameters
    ----------
    parts
        The three arrays.
    """

    def __init__(self, parts: Compressed) -> None:
        super().__init__()
        self.parts, self.shape, self.dtype, self.where = parts, parts.shape, parts.data.dtype, parts.where
        with self.where.reading():
            self._bounds = parts.pointers(0, parts.major)

    def number(self, columns: Array) -> int:
        """Return how many values some columns hold."""
        return int((self._bounds[columns + 1] - self._bounds[columns]).sum())

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of rows that hold about a million stored values together, if all hold the same."""
        mean = self.parts.size / max(self.shape[0], 1)
        return super().blocks(rows or max(1, min(ROWS, int(VALUES / 2 / max(mean, 1)))))

    def slabs(self, columns: Array, *, values: bool) -> Iterator[Slab]:
        """Yield the stored values of some columns; neighbouring columns are read in one go."""
        counts = self._bounds[columns + 1] - self._bounds[columns]
        before = np.concatenate([[0], np.cumsum(counts)])
        total = int(before[-1])
        for a in range(0, total, SLAB):
            z = min(a + SLAB, total)
            first, last = int(np.searchsorted(before, a, side="right")) - 1, int(np.searchsorted(before, z, side="left"))
            # what of each column lies within the slab, and where that is in the file
            low = np.maximum(before[first:last], a)
            high = np.minimum(before[first + 1 : last + 1], z)
            shift = self._bounds[columns[first:last]] - before[first:last]
            spans = _joined(low + shift, high + shift)
            rows = _whole([self.parts.places(i, j) for i, j in spans])
            positions = np.repeat(np.arange(first, last, dtype=index_type(self.shape[1])), high - low)
            yield rows, positions, _whole([self.parts.values(i, j) for i, j in spans]) if values else rows


def _whole(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _joined(starts: Array, stops: Array) -> list[tuple[int, int]]:
    """Return spans of a file, those that follow each other as one."""
    new = np.flatnonzero(np.r_[True, starts[1:] != stops[:-1]])
    ends = np.append(new[1:], len(starts)) - 1
    return [(int(starts[a]), int(stops[z])) for a, z in zip(new, ends, strict=True)]
