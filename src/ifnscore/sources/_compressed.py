"""The three arrays of a sparse matrix in a file, checked as they are read.

The layout is anndata's (https://anndata.readthedocs.io/en/stable/fileformat-prose.html, sparse arrays): a group with
``data``, ``indices`` and ``indptr``, the attributes ``encoding-type`` (``csr_matrix`` or ``csc_matrix``) and ``shape``. Old files
(before anndata 0.7) name them ``h5sparse_format`` and ``h5sparse_shape``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, sp
from ifnscore.sources import _where
from ifnscore.sources._flat import Flat, flat

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

_PARTS = ("data", "indices", "indptr")
_AXES = 2


class Compressed:
    """A CSR or CSC matrix in a group of HDF5 or zarr.

    Attributes
    ----------
    format
        ``csr`` or ``csc``.
    shape
        Of the matrix.
    major, minor
        Number of compressed rows (CSR) or columns (CSC), and the bound of the indices.
    size
        Number of stored values.

    Raises
    ------
    DataError
        The group is no sparse matrix, or its parts do not fit each other.
    """

    def __init__(self, group: Any) -> None:
        self.where = _where.of(group)
        with self.where.reading():
            self.format, self.shape = self._declared(group)
            arrays = {name: group.get(name) for name in _PARTS}
            for name, array in arrays.items():
                self._check_array(name, array)
            self.data, self.indices, self.indptr = (flat(arrays[name]) for name in _PARTS)
            self.major, self.minor = self.shape if self.format == "csr" else self.shape[::-1]
            self.size = self.data.size
            self._check_ends()

    def _declared(self, group: Any) -> tuple[str, tuple[int, int]]:
        attributes: dict[str, Any] = dict(group.attrs)
        kind = attributes.get("encoding-type", attributes.get("h5sparse_format", ""))
        kind = kind.decode("utf-8", "replace") if isinstance(kind, bytes) else str(kind)
        form = kind.removesuffix("_matrix")
        if form not in {"csr", "csc"}:
            self.where.unusable(f"is a group of type {kind!r}, not a matrix: give a sparse matrix or a dense array")
        shape = np.ravel(attributes.get("shape", attributes.get("h5sparse_shape", ())))
        if len(shape) != _AXES or shape.dtype.kind not in "iu" or int(shape.min()) < 0:
            self.where.damaged(f"its shape is {shape.tolist()}")
        return form, (int(shape[0]), int(shape[1]))

    def _check_array(self, name: str, array: Any) -> None:
        if array is None or not hasattr(array, "shape"):
            self.where.damaged(f"{name} is missing")
        kinds = "iufb" if name == "data" else "iu"
        if len(array.shape) != 1 or array.dtype.kind not in kinds:
            self.where.damaged(f"{name} is no row of numbers (shape {tuple(array.shape)}, type {array.dtype})")

    def _check_ends(self) -> None:
        if self.indptr.size != self.major + 1 or self.indices.size != self.size:
            wrong = f"{self.size} values, {self.indices.size} indices and {self.indptr.size} pointers do not make {self.major}"
            self.where.damaged(f"{wrong} {'rows' if self.format == 'csr' else 'columns'}")
        first, last = int(self.indptr.read(0, 1)[0]), int(self.indptr.read(self.major, self.major + 1)[0])
        if first != 0 or last != self.size:
            self.where.damaged(f"indptr runs from {first} to {last}, not from 0 to the {self.size} values")

    def pointers(self, start: int, stop: int) -> Array:
        """Return where each of some compressed rows begins and the last one ends, int64 of shape (stop - start + 1,)."""
        found = self.indptr.read(start, stop + 1).astype(np.int64, copy=False)
        if bool(np.any(found[1:] < found[:-1])):
            self.where.damaged("indptr decreases")
        if int(found[0]) < 0 or int(found[-1]) > self.size:
            self.where.damaged(f"indptr holds {found[0]} to {found[-1]}, outside of 0 to the {self.size} values")
        return found

    def places(self, start: int, stop: int) -> Array:
        """Return some of the indices, int32 where the shape allows that."""
        found = self.indices.read(start, stop)
        if len(found):
            low, high = int(found.min()), int(found.max())
            if low < 0 or high >= self.minor:
                self.where.damaged(f"indices run from {low} to {high}, outside of 0 to {self.minor - 1}")
        return found.astype(index_type(self.minor), copy=False)

    def values(self, start: int, stop: int) -> Array:
        """Return some of the stored values."""
        return self.data.read(start, stop)


def index_type(n: int) -> Any:
    """Return the type of indices below `n`: what the kernels are compiled for, unless `n` is beyond it."""
    return np.int32 if n <= np.iinfo(np.int32).max else np.int64


def in_order(bounds: Array, indices: Array) -> bool:
    """Whether indices grow within each row, so that each is there once."""
    rising = indices[1:] > indices[:-1]
    seams = bounds[1:-1]
    rising[seams[(seams > 0) & (seams < len(indices))] - 1] = True
    return bool(rising.all())


def csr(data: Array, indices: Array, bounds: Array, n_columns: int) -> Any:
    """Return CSR rows; those out of order are sorted, duplicates summed. The arrays belong to the result."""
    made = sp.csr_matrix((data, indices, bounds.astype(index_type(len(indices)))), shape=(len(bounds) - 1, n_columns), copy=False)
    if in_order(bounds, indices):
        made.has_sorted_indices = made.has_canonical_format = True
    else:
        made.has_sorted_indices = made.has_canonical_format = False
        made.sum_duplicates()
    return made


__all__ = ["Compressed", "Flat", "csr", "in_order", "index_type"]
