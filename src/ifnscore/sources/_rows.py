"""CSR matrices in HDF5 and zarr: rows are cheap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.sources._base import ROWS, VALUES, Source
from ifnscore.sources._compressed import Compressed, csr

if TYPE_CHECKING:
    from ifnscore.sources._base import Array


class RowsInFile(Source):
    """A CSR matrix in a group of HDF5 or zarr.

    Parameters
    ----------
    parts
        The three arrays.
    """

    layout = "csr"

    def __init__(self, parts: Compressed) -> None:
        self.parts, self.shape, self.dtype = parts, parts.shape, parts.data.dtype

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR, the values as they are stored."""
        with self.parts.where.reading():
            bounds = self.parts.pointers(start, stop)
            a, z = int(bounds[0]), int(bounds[-1])
            return csr(self.parts.values(a, z), self.parts.places(a, z), bounds - a, self.shape[1])

    def stored(self, start: int, stop: int) -> Array:
        """Return the number of stored values of some rows."""
        with self.parts.where.reading():
            return np.diff(self.parts.pointers(start, stop))

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of rows that hold about two million stored values together."""
        if rows is not None:
            yield from super().blocks(rows)
            return
        start, n = 0, self.shape[0]
        while start < n:
            with self.parts.where.reading():
                bounds = self.parts.pointers(start, min(start + ROWS, n))
            fit = int(np.searchsorted(bounds, bounds[0] + VALUES, side="right")) - 1
            yield start, start + max(fit, 1)
            start += max(fit, 1)
