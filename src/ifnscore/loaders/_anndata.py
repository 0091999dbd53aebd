"""What the two formats of anndata share: errors in one line instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ifnscore._lazy import ad, is_sparse, np
from ifnscore.errors import DataError
from ifnscore.loaders._orient import quiet_names

#: How messages of the HDF5 library begin that say: another program has the file open for writing.
_LOCKED = ("unable to lock file", "file is already open for write", "is already open for SWMR")


def read_with(reader: Callable[[], ad.AnnData], label: str) -> ad.AnnData:
    """Call one of anndata's readers.

    anndata lets the exceptions of h5py, zarr, numcodecs and pandas through as they come, so any of them means that
    the file is damaged or was written by something that this anndata does not know.

    Raises
    ------
    DataError
        The reader failed.
    """
    try:
        with quiet_names():
            adata = reader()
    except (MemoryError, DataError):
        raise
    except Exception as error:
        msg = f"{label}: anndata cannot read it, the file is damaged or of another version ({reason(error)})"
        raise DataError(msg) from error
    check_sparse(adata, label)
    return adata


def check_sparse(adata: ad.AnnData, label: str) -> None:
    """Refuse sparse matrices whose indices lie outside of their shape: compiled code would read foreign memory.

    Raises
    ------
    DataError
        Names the matrix.
    """
    for name, x in _sparse_in(adata):
        wrong = _inconsistent(x)
        if wrong:
            msg = f"{label}: the sparse matrix {name} is damaged: {wrong}: copy or download the file again"
            raise DataError(msg)


def _sparse_in(adata: ad.AnnData) -> Iterator[tuple[str, Any]]:
    held = [("X", adata.X), *((f"layers[{k!r}]", v) for k, v in adata.layers.items())]
    if adata.raw is not None:
        held.append(("raw.X", adata.raw.X))
    for name in ("obsm", "varm", "obsp", "varp"):
        held += [(f"{name}[{k!r}]", v) for k, v in getattr(adata, name).items()]
    return ((name, x) for name, x in held if is_sparse(x) and x.format in {"csr", "csc"})


def _inconsistent(x: Any) -> str:
    """Return what is wrong with the parts of a CSR or CSC matrix, or an empty string."""
    major, minor = x.shape if x.format == "csr" else x.shape[::-1]
    if len(x.indptr) != major + 1 or len(x.indices) != len(x.data):
        return f"{len(x.data)} values, {len(x.indices)} indices and {len(x.indptr)} pointers do not make {major} rows"
    if int(x.indptr[0]) != 0 or int(x.indptr[-1]) != len(x.indices):
        return f"indptr runs from {x.indptr[0]} to {x.indptr[-1]}, not from 0 to the {len(x.indices)} values"
    if bool(np.any(x.indptr[1:] < x.indptr[:-1])):
        return "indptr decreases"
    if len(x.indices) and not (int(x.indices.min()) >= 0 and int(x.indices.max()) < minor):
        return f"indices run from {x.indices.min()} to {x.indices.max()}, outside of 0 to {minor - 1}"
    return ""


def damaged(path: Path, label: str, error: Exception) -> str:
    """Return what is wrong with an HDF5 file that cannot be opened."""
    if isinstance(error, PermissionError):
        return f"{label}: cannot be read ({error.strerror or 'Permission denied'})"
    if path.is_file() and path.stat().st_size == 0:
        return f"{label}: the file is empty"
    if "truncated" in str(error):
        return f"{label}: the file is cut off (truncated): copy or download it again"
    if any(words in str(error) for words in _LOCKED):
        return f"{label}: another program has this file open for writing (such as anndata in backed mode): close it there first"
    return f"{label}: not a readable HDF5 file, damaged or of another format ({reason(error)})"


def reason(error: BaseException) -> str:
    """Return the first line of an exception's text, or its type."""
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:200]
