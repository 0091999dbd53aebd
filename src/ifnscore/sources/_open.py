"""Which source serves what stands in ``X``: backed sparse and dense HDF5, zarr, dask."""

from __future__ import annotations

from typing import Any

from ifnscore.sources._base import Source


def of(x: Any) -> Source | None:
    """Return a source for a matrix that is not in memory, or None for one that is.

    Parameters
    ----------
    x
        What ``AnnData.X`` may be: a backed sparse dataset of anndata, an ``h5py.Dataset``, a ``zarr.Array`` or a dask array; also
        the group of HDF5 or zarr that holds a sparse matrix. Anything else, such as a numpy array, is in memory.

    Raises
    ------
    DataError
        It holds no matrix of numbers, or a damaged one.
    """
    if isinstance(x, Source):
        return x
    library = type(x).__module__.partition(".")[0]
    if library == "anndata" and hasattr(x, "group"):
        return _stored(x.group)
    if library in {"h5py", "zarr"}:
        return _stored(x)
    if library == "dask":
        from ifnscore.sources import _distributed

        return _distributed.opened(x)
    return None


def _stored(node: Any) -> Source:
    """Return a source for a group or an array in a file."""
    from ifnscore.sources._columns import ColumnsInFile
    from ifnscore.sources._compressed import Compressed
    from ifnscore.sources._dense import Dense
    from ifnscore.sources._rows import RowsInFile

    if hasattr(node, "shape"):
        return Dense(node)
    parts = Compressed(node)
    return RowsInFile(parts) if parts.format == "csr" else ColumnsInFile(parts)
