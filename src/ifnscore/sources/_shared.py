"""A matrix in a file that several processes read at the same time: each opens the file itself, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore.errors import DataError
from ifnscore.sources._base import Source
from ifnscore.sources._open import of

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

#: Parts of a matrix that a process works on one after another before it tells what came out.
TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where another process finds a matrix, and what it has to find there."""

    path: str
    name: str
    shape: tuple[int, int]

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """Open the matrix.

        Raises
        ------
        DataError
            The file is not there, cannot be opened, or holds another matrix.
        """
        with _file(self.path) as root:
            node = root.get(self.name)
            found = None if node is None else of(node)
            if found is None or found.shape != self.shape:
                msg = f"{self.path}: {self.name} is another matrix for this worker: all workers must see the same file"
                raise DataError(msg)
            yield found


@contextmanager
def _file(path: str) -> Iterator[Any]:
    try:
        if Path(path).is_dir():
            import zarr

            yield zarr.open_group(path, mode="r")
            return
        import h5py

        with h5py.File(path, "r", locking="best-effort") as root:
            yield root
    except FileNotFoundError as error:
        msg = f"{path} is not there for a worker: put the file where all workers see it under the same path"
        raise DataError(msg) from error


class Shared(Source):
    """A source that can be read elsewhere as well.

    Parameters
    ----------
    source
        The matrix, for what is read here.
    place
        Where others find it.

    Raises
    ------
    DataError
        The matrix is stored by columns, so that no process can take some rows for itself.
    """

    def __init__(self, source: Source, place: Place) -> None:
        if source.layout == "csc":
            msg = (
                f"{Path(place.path).name}: {place.name} is stored by genes (CSC), so that workers cannot share out the samples: "
                "leave --scheduler out, or write it by samples (CSR) first"
            )
            raise DataError(msg)
        self.source, self.place = source, place
        self.shape, self.dtype, self.layout = source.shape, source.dtype, source.layout

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR or dense."""
        return self.source.rows(start, stop)

    def columns(self, columns: Array, start: int, stop: int) -> Any:
        """Return some columns of some rows."""
        return self.source.columns(columns, start, stop)

    def totals(self) -> Array | None:
        """Return the sum of each row where that is cheaper than reading rows."""
        return self.source.totals()

    def stored(self, start: int, stop: int) -> Array | None:
        """Return the number of stored values of some rows, or None."""
        return self.source.stored(start, stop)

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of parts that fit into memory."""
        return self.source.blocks(rows)

    def shares(self, rows: int | None = None) -> Iterator[list[tuple[int, int]]]:
        """Yield bounds of parts, those together that one process works on in one go."""
        share: list[tuple[int, int]] = []
        for bounds in self.blocks(rows):
            share.append(bounds)
            if len(share) == TOGETHER:
                yield share
                share = []
        if share:
            yield share
