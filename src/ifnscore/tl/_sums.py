"""Sums over groups of cells that are read in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import engine, expression
from ifnscore._lazy import is_sparse, np, sp
from ifnscore.engine import track
from ifnscore.errors import ScaleError

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array
    from ifnscore.sources import Source

#: Sums that are held dense; beyond, sparse rows are added up.
DENSE = 8_000_000


class _Sums:
    """Sums of shape (n_groups, n_genes), dense where that is small."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.dense: Array | None = np.zeros(shape) if shape[0] * shape[1] <= DENSE else None
        self.whole = sp.csr_matrix(shape)
        self.waiting: list[Any] = []

    def add(self, part: Any) -> None:
        """Add a part of the same shape, CSR."""
        if self.dense is not None:
            rows = np.repeat(np.arange(self.shape[0]), np.diff(part.indptr))
            self.dense[rows, part.indices] += part.data
            return
        self.waiting.append(part)
        if sum(p.nnz for p in self.waiting) > max(self.whole.nnz, DENSE):
            self.gather()

    def gather(self) -> None:
        """Add up what waits; done when it is as much as the sums, so that each is moved a few times only."""
        for part in self.waiting:
            self.whole = self.whole + part
        self.waiting = []

    def result(self) -> Any:
        """Return the sums as CSR."""
        self.gather()
        return sp.csr_matrix(self.dense) if self.dense is not None else self.whole


def of_source(x: Source, codes: Array, n: int, samples: Sequence[str], genes: Sequence[str]) -> Any:
    """Return sums over groups of cells, CSR, or dense where the source is, of shape (n, n_genes); one pass.

    Parameters
    ----------
    x
        Counts of shape (n_cells, n_genes).
    codes
        Group of each cell, shape (n_cells,).
    n
        Number of groups.
    samples, genes
        Names, for messages.

    Raises
    ------
    ScaleError
        A value is no count; its cell and gene are named.
    """
    if x.layout == "dense":
        return _dense(x, codes, n, samples, genes)
    sums = _Sums((n, x.shape[1]))
    if x.layout == "csc" and hasattr(x, "slabs"):
        every = np.arange(x.shape[1])
        for rows, columns, values in x.slabs(every, values=True):
            _check(values.reshape(-1, 1), lambda i, _, r=rows, c=columns: (int(r[i]), int(c[i])), samples, genes)
            made = sp.csr_matrix((values.astype(np.float64), (codes[rows], columns)), shape=sums.shape)
            made.sum_duplicates()
            sums.add(made)
        return sums.result()
    for start, stop in track(x.blocks(), "summing", x.shape[0], lambda b: b[1] - b[0]):
        block = x.rows(start, stop)
        _check(block, lambda i, j, s=start: (s + i, j), samples, genes)
        sums.add((_adder(codes[start:stop], n) @ block).tocsr())
    return sums.result()


def _dense(x: Source, codes: Array, n: int, samples: Sequence[str], genes: Sequence[str]) -> Array:
    total = np.zeros((n, x.shape[1]))
    for start, stop in track(x.blocks(), "summing", x.shape[0], lambda b: b[1] - b[0]):
        block = x.rows(start, stop)
        _check(block, lambda i, j, s=start: (s + i, j), samples, genes)
        total += _adder(codes[start:stop], n) @ block
    return total


def _adder(codes: Array, n: int) -> Any:
    return sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(n, len(codes)))


def _check(block: Any, place: Any, samples: Sequence[str], genes: Sequence[str]) -> None:
    """Refuse values that are no counts; missing ones are refused when the sums are scored."""
    facts = expression.facts(block)
    if expression.detect(facts).scale == "counts":
        return
    values = block.data if is_sparse(block) else block
    if not np.isfinite(values).any():
        return
    row, column, value = engine.first(block, _no_count) or (0, 0, facts.maximum)
    sample, gene = place(row, column)
    msg = (
        f"pseudobulk sums raw counts, and {value:.6g} (cell {samples[sample]}, gene {genes[gene]}) is none; choose the counts "
        "with --layer"
    )
    raise ScaleError(msg)


def _no_count(values: Array) -> Array:
    return np.isfinite(values) & ((values < 0) | (values > expression.MAX_COUNT) | (np.floor(values) != values))
