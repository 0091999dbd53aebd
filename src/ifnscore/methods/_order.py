"""Where signature genes stand among all genes of a sample, for dense and sparse rows alike.

Every tie rule follows from three counts per sample and gene: how many genes lie below, how many are equal (the gene
itself included), and, where a peer breaks ties by position, how many of the equal ones stand before it. Zeros of a
sparse row are one tie group of known size and are never written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class Places:
    """Counts of shape (n_samples, n_columns) over the `n` genes of each sample.

    Attributes
    ----------
    less, equal
        Genes strictly below, and genes equal (itself included).
    before
        Equal genes at smaller positions; zeros unless asked for.
    n
        Number of genes.
    """

    less: Array
    equal: Array
    before: Array
    n: int

    def ascending(self, ties: str) -> Array:
        """Return ranks from 1 (lowest) by the tie rule ``min``, ``average`` or ``max``."""
        if ties == "min":
            return self.less + 1.0
        if ties == "max":
            return (self.less + self.equal).astype(float)
        return self.less + (self.equal + 1.0) / 2.0

    def descending(self, ties: str) -> Array:
        """Return ranks from 1 (highest) by the tie rule ``min``, ``average`` or ``max``."""
        above = self.n - self.less - self.equal
        if ties == "min":
            return above + 1.0
        if ties == "max":
            return (above + self.equal).astype(float)
        return above + (self.equal + 1.0) / 2.0


def places(rows: Any, columns: Array, *, order: bool = False) -> Places:
    """Count, for each sample, the genes below and equal to the genes at `columns`.

    Parameters
    ----------
    rows
        Dense array or CSR matrix of shape (n_samples, n_genes).
    columns
        Positions of the wanted genes, shape (n_columns,).
    order
        Whether to count the equal genes that stand before each wanted gene too.
    """
    columns = np.asarray(columns, dtype=np.intp)
    n, k = rows.shape[0], len(columns)
    less, equal, before = (np.zeros((n, k), dtype=np.int64) for _ in range(3))
    sparse = is_sparse(rows)
    wanted = rows[:, columns].toarray() if sparse else np.asarray(rows)[:, columns]
    for i in range(n):
        row = rows.data[rows.indptr[i] : rows.indptr[i + 1]] if sparse else np.asarray(rows[i])
        row = row[row != 0] if sparse else row
        zeros = rows.shape[1] - len(row) if sparse else 0
        less[i], equal[i] = _counts(row, wanted[i], zeros)
        if order:
            full = np.asarray(rows[i].toarray()).ravel() if sparse else row
            before[i] = _before(full, columns, wanted[i])
    return Places(less, equal, before, rows.shape[1])


def _counts(row: Array, wanted: Array, zeros: int) -> tuple[Array, Array]:
    """Count values below and equal to `wanted` among `row` and `zeros` further zeros."""
    ordered = np.sort(row)
    left = np.searchsorted(ordered, wanted, side="left")
    right = np.searchsorted(ordered, wanted, side="right")
    return left + np.where(wanted > 0, zeros, 0), right - left + np.where(wanted == 0, zeros, 0)


def _before(row: Array, columns: Array, wanted: Array) -> Array:
    """Count the equal values at smaller positions than each of `columns`."""
    return np.array([np.count_nonzero(row[:c] == v) for c, v in zip(columns, wanted, strict=True)], dtype=np.int64)
