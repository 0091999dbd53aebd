"""Arrays of one dimension in files, read in slices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.sources import _inflate

if TYPE_CHECKING:
    from ifnscore.sources._base import Array


#: Values that zarr is asked for at a time, or one chunk.
_AT_ONCE = 500_000


class Flat(ABC):
    """An array in a file.

    What is decompressed is whole chunks, and slices that follow each other share the chunk they meet in; so the chunk in
    which a slice ended is kept.

    Parameters
    ----------
    size
        Number of values.
    dtype
        Their type, in the byte order of this machine.
    chunk
        Values that are compressed together.
    """

    def __init__(self, size: int, dtype: Any, chunk: int) -> None:
        self.size, self.dtype, self.chunk = size, dtype.newbyteorder("="), max(chunk, 1)
        self._kept: tuple[int, Array] | None = None

    @abstractmethod
    def _load(self, start: int, stop: int, out: Array) -> None:
        """Put values from the start of a chunk to the end of one into `out`, of shape (stop - start,)."""

    def read(self, start: int, stop: int) -> Array:
        """Return the values from `start` to before `stop`; the caller may change them."""
        held = self._from_kept(start, stop)
        if start + len(held) >= stop:
            return held.copy()
        # chunks are loaded from where one begins: behind what is held, or before `start`
        low = (start + len(held)) // self.chunk * self.chunk
        high = min(stop + -stop % self.chunk, self.size)
        first = min(start, low)
        values = np.empty(high - first, dtype=self.dtype)
        values[: len(held)] = held
        self._load(low, high, values[low - first :])
        last = (high - 1) // self.chunk * self.chunk
        self._kept = (last, values[last - first :].copy()) if high > stop else None
        return values[start - first : stop - first]

    def _from_kept(self, start: int, stop: int) -> Array:
        """Return the values from `start` on that are kept."""
        if self._kept is None or start < self._kept[0]:
            return np.empty(0, dtype=self.dtype)
        first, values = self._kept
        return values[start - first : stop - first]


class Hdf5Flat(Flat):
    """A one-dimensional dataset of HDF5."""

    def __init__(self, dataset: Any) -> None:
        super().__init__(int(dataset.shape[0]), dataset.dtype, dataset.chunks[0] if dataset.chunks else 1)
        self.dataset, self.filters = dataset, _inflate.pipeline(dataset)

    def _load(self, start: int, stop: int, out: Array) -> None:
        if not (self.filters and _inflate.region(self.dataset, self.filters, (start,), out)):
            self.dataset.read_direct(out, np.s_[start:stop])


class ZarrFlat(Flat):
    """A one-dimensional array of zarr, decoded by zarr's own pipeline on its threads."""

    def __init__(self, array: Any) -> None:
        super().__init__(int(array.shape[0]), array.dtype, int(array.chunks[0]))
        self.array = array

    def _load(self, start: int, stop: int, out: Array) -> None:
        step = max(_AT_ONCE // self.chunk, 1) * self.chunk
        for a in range(start, stop, step):  # zarr makes an array of its own, and holds what its chunks were packed in
            z = min(a + step, stop)
            out[a - start : z - start] = self.array[a:z]


def flat(node: Any) -> Flat:
    """Return a one-dimensional dataset of HDF5 or array of zarr as one that is read in slices."""
    return Hdf5Flat(node) if type(node).__module__.startswith("h5py") else ZarrFlat(node)
