"""A dense HDF5 matrix of genes x cells as CSR of cells x genes, block by block."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import sp
from ifnscore.errors import DataError
from ifnscore.loaders import _bounds

if TYPE_CHECKING:
    import h5py

#: Values that are held dense at a time.
_BLOCK = 16_000_000
#: No compression of HDF5's own (deflate: 1032-fold at most) makes a matrix this much smaller.
_MAX_RATIO = 1100


def read(data: h5py.Dataset, label: str, what: str) -> Any:
    """Read a matrix.

    Parameters
    ----------
    data
        Numbers of shape (n_genes, n_cells); the type is kept.
    label, what
        The file and the matrix, for messages.

    Returns
    -------
    scipy.sparse.csr_matrix
        Shape (n_cells, n_genes).

    Raises
    ------
    DataError
        No numbers, a declared size far beyond what is stored, or more values than the memory allows.
    """
    if data.dtype.kind not in "biuf":
        msg = f"{label}: {what} holds {data.dtype}, not numbers"
        raise DataError(msg)
    declared, stored = math.prod(data.shape) * data.dtype.itemsize, data.id.get_storage_size()
    if declared > max(_bounds.FREE, _MAX_RATIO * stored):
        size = f"{data.shape[0]} x {data.shape[1]}"
        msg = f"{label}: {what} is declared as {size} ({_bounds.words(declared)}) and {_bounds.words(stored)} are stored: damaged"
        raise DataError(msg)
    if 0 in data.shape:
        return sp.csr_matrix(data.shape[::-1], dtype=data.dtype)
    return _by_cells(data, label, what) if _cells_at_once(data) else _by_genes(data, label, what)


def _cells_at_once(data: h5py.Dataset) -> int:
    """Return how many cells are read at a time, whole chunks; 0 where the chunks are too wide for that."""
    wide = data.chunks[1] if data.chunks else 1
    fit = _BLOCK // data.shape[0]
    return max(wide, fit // wide * wide) if wide * data.shape[0] <= 4 * _BLOCK else 0


def _by_cells(data: h5py.Dataset, label: str, what: str) -> Any:
    step = _cells_at_once(data)
    blocks = _Blocks(label, what)
    for start in range(0, data.shape[1], step):
        blocks.add(data[:, start : start + step].T)
    return sp.vstack(blocks.parts, format="csr")


def _by_genes(data: h5py.Dataset, label: str, what: str) -> Any:
    """Read chunks that run along the cells; the result is turned around at the end."""
    high = data.chunks[0]
    step = max(high, _BLOCK // data.shape[1] // high * high)
    blocks = _Blocks(label, what)
    for start in range(0, data.shape[0], step):
        blocks.add(data[start : start + step, :])
    return sp.vstack(blocks.parts, format="csr").T.tocsr()


class _Blocks:
    """Sparse blocks, and what they take in memory together."""

    def __init__(self, label: str, what: str) -> None:
        self.label, self.what, self.size = label, what, 0
        self.parts: list[Any] = []

    def add(self, dense: Any) -> None:
        part: Any = sp.csr_matrix(dense)
        self.size += part.data.nbytes + part.indices.nbytes + part.indptr.nbytes
        _bounds.check(self.size, None, self.label, self.what)
        self.parts.append(part)
