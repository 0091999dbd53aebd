"""What is asked of a matrix beside its scores: its first values, which rows are empty, and where a number is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np, sp
from ifnscore.sources._base import ROWS, Source
from ifnscore.sources._columns import SLAB, ByColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Values other than zero that say enough about all, and genes of a matrix by columns that do.
_ENOUGH, _GENES = 10_000, 200
#: How many times further genes of a matrix by columns are looked at.
_TRIES = 8
#: Columns of dense rows that are looked at first: hardly a row has none above zero among so many.
_SOME = 64


def head(source: Source) -> Any:
    """Return the first rows of a source with enough values, dense or CSR; of a matrix by columns some rows of the first genes."""
    if isinstance(source, ByColumns):
        return _head_of_columns(source)
    block: Any = None
    found = 0
    for start, stop in source.blocks():
        block = source.rows(start, stop)
        found += int(np.count_nonzero(block.data if is_sparse(block) else block))
        if found >= _ENOUGH:
            break
    return block


def _head_of_columns(source: ByColumns) -> Any:
    """Return the first rows of the first genes, CSR; of more genes where these hold hardly anything there.

    Genes are taken as many at a time as fit into memory whole, since nothing says where in a column its first rows end.
    """
    rows, first, found = min(ROWS, source.shape[0]), 0, 0
    blocks: list[Any] = []
    while first < source.shape[1] and len(blocks) < _TRIES and found < _ENOUGH:
        n = min(_GENES, source.shape[1] - first)
        while n > 1 and (source.number(np.arange(first, first + n)) or 0) > SLAB:
            n //= 2
        blocks.append(source.columns(np.arange(first, first + n), 0, rows))
        found += int(np.count_nonzero(blocks[-1].data))
        first += n
        if found and source.number(np.arange(1)) is None:  # of a dask array every look may cost a whole block
            break
    return sp.hstack(blocks, format="csr") if blocks else source.columns(np.arange(0), 0, rows)


def gathered(source: Source, columns: Array, blocks: Iterable[tuple[int, int]], *, totals: bool) -> tuple[Any, Array | None]:
    """Return some columns of all rows, and the sum of each row over all columns, in one pass.

    Parameters
    ----------
    source
        Of shape (n_samples, n_columns).
    columns
        In growing order.
    blocks
        Bounds of the parts that are read, as the source itself yields them.
    totals
        Whether the sums are wanted; else they are None.

    Returns
    -------
    CSR or dense of shape (n_samples, len(columns)), and shape (n_samples,).
    """
    sums = source.totals() if totals else None
    of_rows = totals and sums is None
    parts: list[Any] = []
    found: list[Array] = []
    for start, stop in blocks:
        block = source.rows(start, stop) if of_rows else source.columns(columns, start, stop)
        parts.append(block[:, columns] if of_rows else block)
        if of_rows:
            found.append(np.asarray(block.sum(axis=1, dtype=np.float64)).ravel())
    whole = sp.vstack(parts, format="csr") if is_sparse(parts[0]) else np.concatenate(parts)
    return whole, np.concatenate(found) if of_rows else sums


def maybe_empty(x: Any) -> Array:
    """Return which rows may hold nothing above zero, shape (n_rows,): all that do not, and few others, at hardly any cost.

    Parameters
    ----------
    x
        Values that are not negative, dense, CSR or CSC.
    """
    if not is_sparse(x):
        return ~(x[:, :_SOME] > 0).any(axis=1)
    if x.format == "csr":
        held = x.indptr[1:] > x.indptr[:-1]
        if not x.nnz:
            return ~held
        first = x.data[np.minimum(x.indptr[:-1], x.nnz - 1)]
        return ~(held & (first > 0))
    found = np.ones(x.shape[0], dtype=bool)
    found[x.indices[x.data > 0]] = False
    return found


def not_finite(x: Any, columns: Array) -> Iterator[tuple[int, int]]:
    """Yield row and column of missing and infinite values in some columns, row by row."""
    if not is_sparse(x):
        bad = np.zeros(x.shape, dtype=bool)
        bad[:, columns] = ~np.isfinite(x[:, columns])
        rows, found = np.nonzero(bad)
    else:
        x = x.tocsr()
        at = np.flatnonzero(~np.isfinite(x.data))
        at = at[np.isin(x.indices[at], columns)]
        rows, found = np.searchsorted(x.indptr, at, side="right") - 1, x.indices[at]
    yield from zip(rows.tolist(), found.tolist(), strict=True)


def view(x: Any, start: int, stop: int) -> Any:
    """Return consecutive rows of a canonical CSR matrix; neither values nor indices are copied or looked at."""
    bounds = x.indptr[start : stop + 1]
    a, z = int(bounds[0]), int(bounds[-1])
    made = sp.csr_matrix((stop - start, x.shape[1]), dtype=x.dtype)
    made.data, made.indices, made.indptr = x.data[a:z], x.indices[a:z], (bounds - a).astype(x.indices.dtype, copy=False)
    made.has_sorted_indices = made.has_canonical_format = True
    return made
