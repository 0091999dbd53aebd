"""Mean and spread of whole samples beside the values of a few genes, from dense or sparse rows; sparse rows stay sparse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan

#: Share of the sum of squares below which a spread is rounding: sums over a genome are exact to about 1e-14.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Moments:
    """Values of the plan's genes, and what a regression needs to know of all genes of a sample.

    Attributes
    ----------
    x
        Values of the plan's genes, shape (n_samples, n_genes).
    mean
        Mean over all genes of the sample, shape (n_samples,).
    squares
        Sum of squared deviations from it, shape (n_samples,); NaN where all genes are equal up to rounding.
    """

    x: Array
    mean: Array
    squares: Array


def moments(rows: Any, plan: Plan) -> Moments:
    """Return the moments by numpy, two passes over each sample.

    Parameters
    ----------
    rows
        Dense or CSR matrix of shape (n_samples, n_universe).
    plan
        Says which columns are wanted.
    """
    n = rows.shape[1]
    if not is_sparse(rows):
        x = np.asarray(rows, dtype=np.float64)
        mean = x.mean(axis=1)
        off = x - mean[:, None]
        squares = np.einsum("ij,ij->i", off, off)
        return Moments(x[:, plan.columns], mean, _spread(squares, mean, n))
    values, stored = rows.data.astype(np.float64), np.diff(rows.indptr)
    mean = _sums(values, rows.indptr) / n
    off = values - np.repeat(mean, stored)
    squares = _sums(off * off, rows.indptr) + (n - stored) * mean**2
    x = rows[:, plan.columns].toarray().astype(np.float64)
    return Moments(x, mean, _spread(squares, mean, n))


def weighted_sums(rows: Any, columns: Array, weights: Array, *, with_moments: bool = False) -> tuple[Array, Array]:
    """Return sums of weight times value over the wanted columns, by compiled code from CSR rows.

    Parameters
    ----------
    rows
        CSR matrix of shape (n_samples, n_universe).
    columns
        Wanted columns, each once, shape (n_genes,).
    weights
        Shape (n_genes, n_sets).
    with_moments
        Whether sum and sum of squares of each whole row are wanted too.

    Returns
    -------
    out : ndarray
        Shape (n_samples, n_sets).
    sums : ndarray
        Shape (n_samples, 2), or (0, 2).
    """
    from ifnscore import _threads
    from ifnscore.methods import _moments_compiled, _sparse

    n = rows.shape[0]
    genes, sets = np.nonzero(weights)
    start = np.searchsorted(genes, np.arange(len(columns) + 1)).astype(np.int32)
    slot = _sparse.slots(columns, rows.shape[1])
    held = _moments_compiled.Held(
        (slot >= 0).view(np.uint8), slot, start, sets.astype(np.int32), np.asarray(weights, dtype=np.float64)[genes, sets]
    )
    data = _sparse.floats(rows)
    indices, indptr = rows.indices.astype(np.int32, copy=False), rows.indptr.astype(np.int64, copy=False)
    out, sums = np.zeros((n, weights.shape[1])), np.zeros((n if with_moments else 0, 2))

    def work(start: int, stop: int) -> None:
        bounds = indptr[start : stop + 1]
        hits = np.empty(int(np.diff(bounds).max(initial=0)) + 1, dtype=np.uint32)
        _moments_compiled.weighted_sums(data, indices, bounds, held, hits, out[start:stop], sums[start:stop])

    _sparse.first_call(data.dtype.str, "weighted sums", work)
    _threads.over_rows(work, n)
    return out, sums


def spread_of(sums: Array, n: int) -> tuple[Array, Array]:
    """Return mean and sum of squared deviations of samples of `n` genes, from sums and sums of squares (n_samples, 2)."""
    mean = sums[:, 0] / n
    return mean, _spread(sums[:, 1] - n * mean**2, mean, n)


def _sums(values: Array, bounds: Array) -> Array:
    """Return the sum of the values of each row; of an empty one 0."""
    out, filled = np.zeros(len(bounds) - 1), np.diff(bounds) > 0
    if filled.any():
        out[filled] = np.add.reduceat(values, bounds[:-1][filled])
    return out


def _spread(squares: Array, mean: Array, n: int) -> Array:
    return np.where(squares > ROUNDING * (squares + n * mean**2), squares, np.nan)
