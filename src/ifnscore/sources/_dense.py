"""Dense matrices in HDF5 and zarr."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.sources import _inflate, _where
from ifnscore.sources._base import ROWS, VALUES, Source
from ifnscore.sources._scratch import Scratch

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

_AXES = 2
_WHY = "rows of a dense matrix in chunks of very many rows"
_FIX = "set TMPDIR to a folder with room, or write the matrix again in chunks of fewer rows"


class Dense(Source):
    """A dataset of HDF5 or an array of zarr with two axes.

    Chunks reach over several rows, and each is decompressed once in a pass: a stripe of chunks is held, in memory if it is
    small, else in a temporary file.

    Parameters
    ----------
    array
        An ``h5py.Dataset`` or a ``zarr.Array``.

    Raises
    ------
    DataError
        It is no matrix of numbers.
    """

    layout = "dense"

    def __init__(self, array: Any) -> None:
        self.where, self.array = _where.of(array), array
        with self.where.reading():
            if len(array.shape) != _AXES or array.dtype.kind not in "iufb":
                wrong = f"is no matrix of numbers (shape {tuple(array.shape)}, type {array.dtype}): choose a layer that is one"
                self.where.unusable(wrong)
            self.shape = (int(array.shape[0]), int(array.shape[1]))
            self.dtype = array.dtype.newbyteorder("=")
            self.chunks = self._chunks()
            self._filters = _inflate.pipeline(array) if _is_hdf5(array) else ()
        self._held: _Stripe | None = None
        self._announced = False

    def _chunks(self) -> tuple[int, int]:
        """Return rows and columns that are decompressed together; what is not compressed may be cut anywhere."""
        chunks = self.array.chunks
        if not chunks or (_is_hdf5(self.array) and not self.array.id.get_create_plist().get_nfilters()):
            return 1, max(self.shape[1], 1)
        return int(chunks[0]), int(chunks[1])

    def rows(self, start: int, stop: int) -> Array:
        """Return some rows, the values as they are stored."""
        with self.where.reading():
            height = self.chunks[0]
            if start % height == 0 and (stop % height == 0 or stop == self.shape[0]):
                return self.rectangle(start, stop, 0, self.shape[1])
            out = np.empty((stop - start, self.shape[1]), dtype=self.dtype)
            at = start
            while at < stop:
                top = at - at % height
                end = min(top + height, stop)
                out[at - start : end - start] = self._stripe(top).rows(at - top, end - top)
                at = end
            return out

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of whole stripes of chunks if they are small, else of about two million values."""
        height = self.chunks[0]
        step = max(1, min(ROWS, VALUES // max(self.shape[1], 1)))
        if step >= height:
            step -= step % height
        return super().blocks(rows or step)

    def rectangle(self, top: int, bottom: int, left: int, right: int) -> Array:
        """Return values of a rectangle that begins where chunks begin."""
        out = np.empty((bottom - top, right - left), dtype=self.dtype)
        if out.size and not (self._filters and _inflate.region(self.array, self._filters, (top, left), out)):
            out[...] = self.array[top:bottom, left:right]
        return out

    def _stripe(self, top: int) -> _Stripe:
        if self._held is None or self._held.top != top:
            self._held = None
            self._held = _Stripe(self, top, announced=self._announced)
            self._announced = True
        return self._held


class _Stripe:
    """One row of chunks, as tiles of whole chunks side by side; what is beyond memory lies in a temporary file."""

    def __init__(self, source: Dense, top: int, *, announced: bool) -> None:
        self.top, self.height = top, min(source.chunks[0], source.shape[0] - top)
        self.width, self.dtype = source.shape[1], source.dtype
        self.values: Array | None = None
        if self.height * self.width <= VALUES:
            self.values = source.rectangle(top, top + self.height, 0, self.width)
            return
        size = self.height * self.width * self.dtype.itemsize
        self.scratch = Scratch(size, source.where, _WHY, _FIX, announced=announced)
        self.step = max(1, VALUES // (self.height * source.chunks[1])) * source.chunks[1]
        for left, right in self._tiles():
            tile = source.rectangle(top, top + self.height, left, right)
            self.scratch.write(self.height * left * self.dtype.itemsize, np.ascontiguousarray(tile))

    def _tiles(self) -> Iterator[tuple[int, int]]:
        for left in range(0, self.width, self.step):
            yield left, min(left + self.step, self.width)

    def rows(self, start: int, stop: int) -> Array:
        """Return some rows, counted from the top of the stripe."""
        if self.values is not None:
            return self.values[start:stop]
        out = np.empty((stop - start, self.width), dtype=self.dtype)
        for left, right in self._tiles():
            at = (self.height * left + start * (right - left)) * self.dtype.itemsize
            out[:, left:right] = self.scratch.read(at, (stop - start, right - left), self.dtype)
        return out


def _is_hdf5(array: Any) -> bool:
    return type(array).__module__.startswith("h5py")
