"""What a source of expression values is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ifnscore._lazy import is_sparse, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

#: Stored values handled at a time: with their columns about 25 MB, with working copies under 100 MB.
VALUES = 2_000_000
#: Rows handled at a time at most.
ROWS = 20_000


class Source(ABC):
    """A matrix of shape (n_samples, n_columns) that is read in parts.

    Attributes
    ----------
    shape, dtype
        As of an array.
    layout
        ``csr`` and ``dense`` are cheap by rows, ``csc`` by columns.
    """

    shape: tuple[int, int]
    dtype: Any
    layout: Literal["csr", "csc", "dense"]

    @abstractmethod
    def rows(self, start: int, stop: int) -> Any:
        """Return some rows, CSR (columns growing within a row, each stored once) or dense."""

    def columns(self, columns: Array, start: int, stop: int) -> Any:
        """Return some columns of some rows, CSR or dense, of shape (stop - start, len(columns))."""
        found = self.rows(start, stop)[:, columns]
        return found.tocsr() if is_sparse(found) else np.asarray(found)

    def picked(self, columns: Array) -> Source | None:
        """Return some columns, in growing order, as a source cheap by rows, where that spares reading the others; else None."""
        return None

    def by_rows(self) -> Source:
        """Return a source that is cheap by rows: itself, or for ``csc`` a copy in a temporary file.

        Raises
        ------
        DataError
            There is no room for the copy; its size and the fix are named.
        """
        return self

    def totals(self) -> Array | None:
        """Return the sum of each row, shape (n_samples,), where that is cheaper than reading rows; else None."""
        return None

    def stored(self, start: int, stop: int) -> Array | None:
        """Return the number of stored values of some rows, shape (stop - start,), or None where that is not known."""
        return None

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield bounds of parts that fit into memory together with what is computed from them.

        Parameters
        ----------
        rows
            Rows of a part; None: as many as hold about two million stored values.
        """
        n = self.shape[0]
        step = rows or max(1, min(ROWS, VALUES // max(self.shape[1], 1)))
        for start in range(0, n, step):
            yield start, min(start + step, n)
