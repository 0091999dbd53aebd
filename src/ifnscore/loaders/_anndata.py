"""What the two formats of anndata share: errors in one line instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ifnscore._lazy import ad
from ifnscore.errors import DataError
from ifnscore.loaders._orient import quiet_names


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
            return reader()
    except MemoryError:
        raise
    except Exception as error:
        msg = f"{label}: anndata cannot read it, the file is damaged or of another version ({reason(error)})"
        raise DataError(msg) from error


def damaged(path: Path, label: str, error: Exception) -> str:
    """Return what is wrong with an HDF5 file that cannot be opened."""
    if path.is_file() and path.stat().st_size == 0:
        return f"{label}: the file is empty"
    if "truncated" in str(error):
        return f"{label}: the file is cut off (truncated): copy or download it again"
    return f"{label}: not a readable HDF5 file, damaged or of another format ({reason(error)})"


def reason(error: BaseException) -> str:
    """Return the first line of an exception's text, or its type."""
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:200]
