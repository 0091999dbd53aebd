"""Arrays of a file of anndata that are filled part by part.

:func:`anndata.io.write_elem` writes each without any row, so that types and encodings are its own; then it is made as long as
it will be.
"""

from __future__ import annotations

from typing import Any

from ifnscore._lazy import ad, np, pd

#: Rows, and stored values of a sparse matrix, that lie together in a chunk.
ROWS, VALUES = 50_000, 1 << 18


class Cells:
    """A column of `n` cells in a data frame.

    Parameters
    ----------
    frame
        Group of HDF5 or zarr.
    name
        Of the column; what stands there is replaced.
    empty
        An array without cells.
    n
        Number of samples.
    """

    def __init__(self, frame: Any, name: str, empty: Any, n: int) -> None:
        if is_hdf5(frame):
            _write(frame, name, empty)
            self._arrays = {leaf: _longer(frame, f"{name}/{leaf}".rstrip("/"), n) for leaf in _pieces(empty)}
            return
        _write(frame, name, empty, chunks=(ROWS,), shards=None)
        self._arrays = {leaf: frame[f"{name}/{leaf}".rstrip("/")] for leaf in _pieces(empty)}
        for array in self._arrays.values():
            array.resize((n,))

    def put(self, start: int, values: Any) -> None:
        """Fill in cells from a place on."""
        for leaf, piece in _pieces(values).items():
            self._arrays[leaf][start : start + len(piece)] = piece


class Rows:
    """A dense matrix of shape (n_samples, n_columns), filled by rows."""

    def __init__(self, root: Any, name: str, like: Any, n: int) -> None:
        empty = np.zeros((0, like.shape[1]), dtype=like.dtype)
        if is_hdf5(root):
            ad.io.write_elem(root, name, empty)
            self._array = _longer(root, name, n)
        else:
            chunk = max(1, VALUES // max(like.shape[1], 1))
            ad.io.write_elem(root, name, empty, dataset_kwargs={"chunks": (min(chunk, n), max(like.shape[1], 1)), "shards": None})
            self._array = root[name]
            self._array.resize((n, like.shape[1]))

    def put(self, start: int, block: Any) -> None:
        """Fill in rows from one on."""
        self._array[start : start + len(block)] = block


class SparseRows:
    """A CSR matrix of shape (n_samples, n_columns), filled by rows in their order."""

    def __init__(self, root: Any, name: str, like: Any, n: int) -> None:
        options = {"chunks": (VALUES,), "indptr_dtype": np.dtype("int64"), **({} if is_hdf5(root) else {"shards": None})}
        ad.io.write_elem(root, name, like[:0], dataset_kwargs=options)
        group = root[name]
        group.attrs["shape"] = [n, like.shape[1]] if not is_hdf5(root) else np.array([n, like.shape[1]])
        self._data, self._indices, self._indptr = (_Growing(group[k]) for k in ("data", "indices", "indptr"))
        self._n, self._size = n, 0

    def put(self, start: int, block: Any) -> None:
        """Append rows; `start` is the number of those that are there."""
        last = start + block.shape[0] == self._n
        self._data.add(block.data, last=last)
        self._indices.add(block.indices, last=last)
        self._indptr.add(block.indptr[1:].astype(np.int64) + self._size, last=last)
        self._size += block.nnz


class _Growing:
    """An array that is appended to; whole chunks are written, as part of one would be read again to add the rest."""

    def __init__(self, array: Any) -> None:
        self._array, self._chunk, self._waiting = array, int(array.chunks[0]), [np.zeros(0, dtype=array.dtype)]

    def add(self, values: Any, *, last: bool) -> None:
        """Append values; the last ones make what waits go over as well."""
        self._waiting.append(values)
        there, n = int(self._array.shape[0]), sum(map(len, self._waiting))
        stop = there + n if last else (there + n) // self._chunk * self._chunk
        if stop <= there:
            return
        held = np.concatenate(self._waiting)
        self._array.resize((stop,))
        self._array[there:stop] = held[: stop - there]
        self._waiting = [held[stop - there :].copy()]


def is_hdf5(node: Any) -> bool:
    """Whether a group is one of HDF5, not of zarr."""
    return type(node).__module__.startswith("h5py")


def _write(frame: Any, name: str, empty: Any, **options: Any) -> None:
    with ad.settings.override(allow_write_nullable_strings=True):
        ad.io.write_elem(frame, name, empty, dataset_kwargs=options)


def _longer(group: Any, name: str, n: int) -> Any:
    """Replace an array of HDF5 without rows by one with `n`, in one piece on the disk."""
    old = group[name]
    attributes, dtype, shape = dict(old.attrs), old.dtype, (n, *old.shape[1:])
    del group[name]
    made = group.create_dataset(name, shape=shape, dtype=dtype)
    made.attrs.update(attributes)
    return made


def _pieces(values: Any) -> dict[str, Any]:
    """Return the arrays that make a column in a file, by their names below it."""
    if isinstance(values, pd.Categorical):
        return {"codes": values.codes}
    if isinstance(values, pd.api.extensions.ExtensionArray):
        mask = np.asarray(values.isna(), dtype=bool)
        filled = values.fillna("" if isinstance(values.dtype, pd.StringDtype) else values.dtype.type(0)) if mask.any() else values
        return {"values": filled.to_numpy(dtype=getattr(values.dtype, "numpy_dtype", object)), "mask": mask}
    return {"": np.asarray(values)}
