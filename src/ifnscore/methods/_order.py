"""Where signature genes stand among all genes of a sample, for dense and sparse rows alike.

Every tie rule follows from three counts per sample and gene: how many genes lie below, how many are equal (the gene
itself included), and, where a peer breaks ties by position, how many of the equal ones stand before it. Zeros of a
sparse row are one tie group of known size and are never written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import _threads
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
    zero
        Whether the gene is 0.
    n
        Number of genes.
    """

    less: Array
    equal: Array
    before: Array
    zero: Array
    n: int

    def ascending(self, ties: str) -> Array:
        """Return ranks from 1 (lowest) by the tie rule ``min``, ``average`` or ``max``."""
        if ties == "min":
            return self.less + 1.0
        if ties == "max":
            return (self.less + self.equal).astype(float)
        return self.less + (self.equal + 1.0) / 2.0


def places(rows: Any, columns: Array, *, order: Array | None = None, among: Array | None = None) -> Places:
    """Count, for each sample, the genes below and equal to the genes at `columns`.

    Parameters
    ----------
    rows
        Dense array or CSR matrix of shape (n_samples, n_genes).
    columns
        Positions of the wanted genes, shape (n_columns,).
    order
        Place of each gene in the order that breaks ties, shape (n_genes,): equal genes before each wanted one are counted too.
    among
        Positions of the genes to count, shape (n,); None: all of them.
    """
    columns = np.asarray(columns, dtype=np.intp)
    wanted = _dense(rows, columns)
    if among is not None:
        rows = _dense(rows, np.asarray(among, dtype=np.intp))
    n, k = wanted.shape
    less, equal, before = (np.zeros((n, k), dtype=np.int64) for _ in range(3))
    sparse = is_sparse(rows)

    def count(start: int, stop: int) -> None:
        for i in range(start, stop):
            row = rows.data[rows.indptr[i] : rows.indptr[i + 1]] if sparse else rows[i]
            row = row[row != 0] if sparse else row
            zeros = rows.shape[1] - len(row) if sparse else 0
            less[i], equal[i] = _counts(row, wanted[i], zeros)
            if order is not None and (equal[i] > 1).any():
                full = np.asarray(rows[i].toarray()).ravel() if sparse else row
                before[i] = _before(full, columns, order)

    _threads.over_rows(count, n)
    return Places(less, equal, before, wanted == 0, rows.shape[1])


def _dense(rows: Any, columns: Array) -> Array:
    return rows[:, columns].toarray() if is_sparse(rows) else np.asarray(rows)[:, columns]


def _counts(row: Array, wanted: Array, zeros: int) -> tuple[Array, Array]:
    """Count values below and equal to `wanted` among `row` and `zeros` further zeros."""
    ordered = np.sort(row)
    by = np.argsort(wanted)
    asked = wanted[by]  # searched in growing order, neighbours are found in the cache
    left = np.searchsorted(ordered, asked, side="left")
    right = left.copy()
    there = np.flatnonzero(left < len(ordered))
    right[there] += ordered[left[there]] == asked[there]
    again = np.flatnonzero(right < len(ordered))
    again = again[(ordered[right[again]] == asked[again]) | np.isnan(asked[again])]
    right[again] = np.searchsorted(ordered, asked[again], side="right")
    less, equal = np.empty_like(left), np.empty_like(left)
    less[by], equal[by] = left, right - left
    return less + np.where(wanted > 0, zeros, 0), equal + np.where(wanted == 0, zeros, 0)


def _before(row: Array, columns: Array, order: Array) -> Array:
    """Count the equal values that stand before each of `columns` in the order of genes."""
    walk = np.lexsort((order, row))
    ordered = row[walk]
    place = np.empty(len(row), dtype=np.int64)
    place[walk] = np.arange(len(row))
    return place[columns] - np.searchsorted(ordered, row[columns], side="left")
