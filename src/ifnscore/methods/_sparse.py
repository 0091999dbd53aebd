"""From scipy's rows to the compiled kernels and back, rows shared out over threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import _threads
from ifnscore._lazy import np, sp
from ifnscore.methods import _compiled

if TYPE_CHECKING:
    from ifnscore.methods._measure import Measure
    from ifnscore.methods._protocol import Array

#: Unsigned whole numbers of the size of a float, and the bits of infinity in it.
_BITS = {"f4": ("u4", 0x7F800000), "f8": ("u8", 0x7FF0000000000000)}
#: Whole numbers of fewer bytes are exact as 32-bit floats.
_EXACT = 3
_ready: set[tuple[str, str]] = set()


def floats(rows: Any) -> Any:
    """Return the stored values as 32-bit floats, or 64-bit ones where those lose something."""
    kind = rows.data.dtype
    if kind.kind == "f" and kind.itemsize in {4, 8}:
        return rows.data
    return rows.data.astype(np.float32 if kind.itemsize < _EXACT else np.float64)


def slots(columns: Array, n_genes: int) -> Array:
    """Return the place of each gene among the wanted ones, -1 for the others, shape (n_genes,)."""
    slot = np.full(n_genes, -1, dtype=np.int32)
    slot[columns] = np.arange(len(columns), dtype=np.int32)
    return slot


def rank_sums(rows: Any, columns: Array, halves: Sequence[Array], measures: Sequence[Measure]) -> tuple[Array, Array]:
    """Return sums over the genes of each half, and which rows could not be done.

    Parameters
    ----------
    rows
        CSR matrix of shape (n_samples, n_genes), columns growing within a row, each stored once.
    columns
        Wanted genes, shape (n_columns,).
    halves
        Places of the genes of each half of a signature among `columns`.
    measures
        How places become numbers.

    Returns
    -------
    sums : ndarray
        Shape (n_measures, 3, n_samples, n_halves): first number, second number, product.
    bad : ndarray of bool
        Rows with negative or missing values, shape (n_samples,).
    """
    from ifnscore.methods import _ranks

    n, n_genes = rows.shape
    data = floats(rows)
    unsigned, infinity = _BITS[data.dtype.str[1:]]
    bits, indices = data.view(unsigned), rows.indices.astype(np.int32, copy=False)
    indptr = rows.indptr.astype(np.int64, copy=False)
    sets, how = _sets(columns, n_genes, halves), _measures(measures, n_genes)
    out = np.zeros((len(measures), 3, n, len(halves)))
    bad = np.zeros(n, dtype=bool)

    def work(start: int, stop: int) -> None:
        part = np.zeros((len(measures), 3, stop - start, len(halves)))
        bounds, limit = indptr[start : stop + 1], bits.dtype.type(infinity)
        _ranks.rank_sums(bits, indices, bounds, n_genes, limit, sets, how, part, bad[start:stop])
        out[:, :, start:stop] = part

    first_call(unsigned, "ranks", work)
    _threads.over_rows(work, n)
    return out, bad


def first_call(kind: str, what: str, work: Callable[[int, int], None]) -> None:
    """Compile for a kind of value by a call without rows, announced if it takes long."""
    if (kind, what) not in _ready:
        with _compiled.announced():
            work(0, 0)
        _ready.add((kind, what))


def _sets(columns: Array, n_genes: int, halves: Sequence[Array]) -> Any:
    from ifnscore.methods._ranks import Sets

    held = sorted((int(place), h) for h, half in enumerate(halves) for place in half)
    return Sets(
        slots(columns, n_genes),
        np.searchsorted([p for p, _ in held], np.arange(len(columns) + 1)).astype(np.int32),
        np.array([h for _, h in held], dtype=np.int32),
        np.array([len(h) for h in halves], dtype=np.int32),
        np.asarray(columns, dtype=np.int32),
    )


def _measures(measures: Sequence[Measure], n_genes: int) -> Any:
    from ifnscore.methods._measure import RULES
    from ifnscore.methods._ranks import Measures

    order = next((m.order for m in measures if m.order is not None), np.zeros(0))
    rules = np.array([[RULES.index(m.rule), RULES.index(m.second_rule) if m.second is not None else -1] for m in measures])
    tables = np.zeros((len(measures), 2, 2 * n_genes + 1))
    for i, m in enumerate(measures):
        tables[i, 0, : len(m.table)] = m.table
        if m.second is not None:
            tables[i, 1, : len(m.second)] = m.second
    at_zero = np.array([np.nan if m.at_zero is None else m.at_zero for m in measures])
    return Measures(rules, tables, at_zero, np.asarray(order, dtype=np.int32))


def columns_of(rows: Any, columns: Array, *, moments: bool = False) -> tuple[Any, Array]:
    """Return the wanted columns as CSR, and sum and sum of squares of each whole row where asked for.

    Parameters
    ----------
    rows
        CSR matrix of shape (n_samples, n_genes).
    columns
        Wanted columns, each once, shape (n_columns,).
    moments
        Whether the sums are needed.

    Returns
    -------
    chosen : csr_matrix
        Shape (n_samples, n_columns).
    sums : ndarray
        Shape (n_samples, 2).
    """
    from ifnscore.methods import _columns

    n, n_genes = rows.shape
    data, slot = floats(rows), slots(columns, n_genes)
    indices, indptr = rows.indices.astype(np.int32, copy=False), rows.indptr.astype(np.int64, copy=False)
    sums = np.zeros((n if moments else 0, 2))
    parts: dict[int, tuple[Array, Array, Array]] = {}

    def work(start: int, stop: int) -> None:
        bounds = indptr[start : stop + 1]
        room = int(bounds[-1] - bounds[0])
        values, where = np.empty(room, dtype=data.dtype), np.empty(room, dtype=np.int32)
        ends = np.zeros(len(bounds), dtype=np.int64)
        kept = _columns.chosen_columns(data, indices, bounds, slot, values, where, ends, sums[start:stop])
        parts[start] = (values[:kept].copy(), where[:kept].copy(), ends)

    first_call(data.dtype.str, "columns", work)
    parts.clear()
    _threads.over_rows(work, n)
    done = [parts[k] for k in sorted(parts)]
    values, where = np.concatenate([d[0] for d in done]), np.concatenate([d[1] for d in done])
    ends = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(d[2]) for d in done]))])
    return sp.csr_matrix((values, where, ends), shape=(n, len(columns))), sums
