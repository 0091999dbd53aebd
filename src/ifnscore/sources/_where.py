"""Where a matrix stands, and what is said when it cannot be read: one line instead of a library's traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ifnscore.errors import DataError


@dataclass(frozen=True, slots=True)
class Where:
    """The file and the name of a matrix in it."""

    file: str
    name: str

    def damaged(self, wrong: str) -> NoReturn:
        """Say what is wrong with the parts of a sparse matrix.

        Raises
        ------
        DataError
            Always.
        """
        msg = f"{self.file}: the sparse matrix {self.name} is damaged: {wrong}: copy or download the file again"
        raise DataError(msg)

    def unusable(self, wrong: str) -> NoReturn:
        """Say why something is no matrix of numbers.

        Raises
        ------
        DataError
            Always.
        """
        msg = f"{self.file}: {self.name} {wrong}"
        raise DataError(msg)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn whatever h5py, zarr, zlib or dask raise while values are read into one line.

        Raises
        ------
        DataError
            Reading failed.
        """
        try:
            yield
        except (MemoryError, DataError):
            raise
        except Exception as error:
            text = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
            why = (text.splitlines()[0] if text else type(error).__name__)[:200]
            msg = f"{self.file}: {self.name} cannot be read, the file is damaged or was closed ({why}): copy or download it again"
            raise DataError(msg) from error


def of(node: Any) -> Where:
    """Return where a group, dataset or array of HDF5 or zarr stands."""
    if type(node).__module__.startswith("h5py"):
        return Where(Path(str(node.file.filename)).name, str(node.name).strip("/") or "the root")
    root = getattr(node.store, "root", None)
    return Where(Path(str(root)).name if root else "zarr store", str(node.path).strip("/") or "the root")
