"""How high a gene stands in a sample compared with all samples: kernel estimates of its cumulative distribution.

Where genes are compared with each other, only the order of these numbers counts. Sums that are equal by mathematics (two
genes detected in one sample each, all genes of two samples) must not differ by rounding, so the default rounds sums over n
samples to 2^-28, and adds up values in growing order; modes named after peers add up in the order of the samples and take the
logit, as these do, so that what rounding does to ties is the same.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from ifnscore import _threads
from ifnscore._lazy import np
from ifnscore.methods import _compiled, _gsva_terms
from ifnscore.methods._gsva_table import BOUND, STEPS, cdf_table

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Bandwidths in a standard deviation (Gaussian), and what is added to a count to make a rate (Poisson): Haenzelmann 2013.
BANDWIDTHS, RATE = 4.0, 0.5
#: Work (pairs of samples times genes) that numpy may take without compiled code, whatever the size of the matrix.
PATIENCE = 5e8
#: Genes worked on together: kernels by pairs of samples keep them in the fastest cache.
_BLOCK, _FEW = 256, 64
_GRID = 2.0**28

_ready: set[str] = set()


def densities(x: Array, genes: Array, kcdf: str, ties: str, *, compiled: bool) -> Array:
    """Return how high each gene stands in each sample, shape (n_samples, n_genes); only the order within a sample means anything.

    Parameters
    ----------
    x
        Values of shape (n_samples, n_columns), without missing ones.
    genes
        Columns to work on, in the wanted order, shape (n_genes,).
    kcdf
        ``gaussian``, ``poisson`` or ``none``.
    ties
        Whose rounding: ``average`` (ours), ``gsva``, ``gseapy`` or ``decoupler``.
    compiled
        Whether compiled code is worth its wait.
    """
    n, n_genes = len(x), len(genes)
    out = np.empty((n, n_genes))
    one, step = _worker(kcdf, ties, compiled=compiled or float(n) * n * n_genes > PATIENCE)

    def work(start: int, stop: int) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            for at in range(start, stop, step):
                end = min(at + step, stop)
                out[:, at:end] = one(x[:, genes[at:end]].astype(np.float64, copy=False))

    if kcdf != "none" and n_genes:
        work(0, 1)  # compiles before there are threads
    _threads.over_rows(work, n_genes)
    return out


def _worker(kcdf: str, ties: str, *, compiled: bool) -> tuple[Callable[[Array], Array], int]:
    """Return the function for a few genes, and how many these are."""
    ours = ties == "average"
    if kcdf == "none":
        return (at_most if ours else lambda x: at_most(x) / len(x)), _BLOCK
    if kcdf == "poisson":
        if ours:
            return lambda x: _rounded(poisson_sums(x)), _BLOCK
        by_terms = functools.partial(_added_up, compiled=compiled) if ties == "decoupler" else _poisson
        return lambda x: _logit(poisson_in_order(x, by_terms)), _BLOCK
    if ours:
        sums = _compiled_smooth if compiled else smooth_sums
        return lambda x: _rounded(sums(x)), _BLOCK
    table = cdf_table("decoupler" if ties == "decoupler" else "exact")
    looked_up = _compiled_table if compiled else table_sums
    return lambda x: _logit(looked_up(x, table)), _FEW


def _rounded(sums: Array) -> Array:
    made: Array = np.rint(sums * _GRID)
    return made


def _logit(sums: Array) -> Array:
    share = sums / len(sums)
    made: Array = -np.log((1.0 - share) / share)
    return made


# --- Gaussian ----------------------------------------------------------------------------------------------------------------


def _scales(ordered: Array) -> Array:
    """Return one over the bandwidth of each gene from values in growing order, shape (n_genes,); 0 for a constant gene."""
    spread = ordered.std(axis=1, ddof=1)
    made: Array = np.where(spread > 0, BANDWIDTHS / np.where(spread > 0, spread, 1.0), 0.0)
    return made


def smooth_sums(x: Array) -> Array:
    """Return the sum over samples k of Phi((x_j - x_k) / h), h a quarter of the standard deviation; shape of `x`."""
    from scipy.special import ndtr

    ordered = np.sort(x.T, axis=1)
    out = np.empty_like(x)
    for g, scale in enumerate(_scales(ordered)):
        out[:, g] = ndtr((x[:, g, None] - ordered[g]) * scale).sum(axis=1)
    return out


def _compiled_smooth(x: Array) -> Array:
    from ifnscore.methods import _gsva_compiled

    turned = np.ascontiguousarray(x.T)
    ordered = np.sort(turned, axis=1)
    out = np.empty_like(turned)
    with _announced("smooth"):
        _gsva_compiled.smooth_sums(turned, ordered, _scales(ordered), _gsva_compiled.translations(), out)
    return out.T


def bandwidths(x: Array) -> Array:
    """Return a quarter of the standard deviation of each gene, added up in the order of the samples, shape (n_genes,)."""
    mean = _in_order(x) / len(x)
    made: Array = np.sqrt(_in_order((x - mean) ** 2) / (len(x) - 1)) / BANDWIDTHS
    return made


def _in_order(x: Array) -> Array:
    made: Array = np.add.accumulate(x, axis=0)[-1]
    return made


def table_sums(x: Array, table: Array) -> Array:
    """Return the sum over samples k of the tabulated Phi((x_j - x_k) / h); shape of `x`.

    The place in the table is cut off to a whole number, and a bandwidth of 0 counts as no difference, as in peers.
    """
    width, out, middle = bandwidths(x), np.zeros_like(x), len(table) // 2
    for row in x:
        gap = (x - row) / width
        place = np.nan_to_num(np.minimum(np.abs(gap) / BOUND * STEPS, STEPS + 1.0)).astype(np.int64)
        place[np.abs(gap) > BOUND] = STEPS + 1
        out += 0.5 + table[middle + np.where(gap < 0, -1 - place, place)]
    return out


def _compiled_table(x: Array, table: Array) -> Array:
    from ifnscore.methods import _gsva_compiled

    x = np.ascontiguousarray(x)
    width, out = bandwidths(x), np.empty_like(x)
    with _announced("table"):
        _gsva_compiled.table_sums(x, np.where(width > 0, width, 1.0), table, out)
    return out


def _announced(what: str) -> contextlib.AbstractContextManager[None]:
    if what in _ready:
        return contextlib.nullcontext()
    _ready.add(what)
    return _compiled.announced()


# --- counts and ecdf ---------------------------------------------------------------------------------------------------------


def _poisson(y: Array, rate: Array) -> Array:
    """Return the probability of at most y, for y and rates of one shape.

    It is not worked out where it is 0 or 1 to the last digit, by Chernoff's bounds exp(-d^2 / 2 rate) below the rate and
    exp(-d^2 / (2 rate + 2 d / 3)) above, both under 1e-17.
    """
    from scipy.special import pdtr

    gap = y - rate
    out = (gap > 0).astype(np.float64)
    near = (gap > -9.0 * np.sqrt(rate)) & (gap < 13.5 + np.sqrt(182.0 + 80.0 * rate))
    out[near] = pdtr(y[near], rate[near])
    return out


def poisson_sums(x: Array) -> Array:
    """Return the sum over samples k of the probability that a Poisson count of rate x_k + 1/2 is at most x_j; shape of `x`."""
    out = np.empty_like(x)
    for g in range(x.shape[1]):
        level, at, times = np.unique(x[:, g], return_inverse=True, return_counts=True)
        by_level = _poisson(*np.broadcast_arrays(level[:, None], level + RATE)) @ times.astype(np.float64)
        out[:, g] = by_level[at]
    return out


def _added_up(y: Array, rate: Array, *, compiled: bool) -> Array:
    """Return the same as :func:`_poisson`, added up term by term where counts are not too high for that."""
    level, rates = y[:, 0], rate[0]
    return _gsva_terms.sums(level, rates, compiled=compiled) if level[-1] <= _gsva_terms.MOST else _poisson(y, rate)


def poisson_in_order(x: Array, probability: Callable[[Array, Array], Array] = _poisson) -> Array:
    """Return the same sums as :func:`poisson_sums`, added up in the order of the samples."""
    out = np.empty_like(x)
    for g in range(x.shape[1]):
        level, at = np.unique(x[:, g], return_inverse=True)
        every = probability(*np.broadcast_arrays(level[:, None], level + RATE))
        out[:, g] = np.add.accumulate(every[:, at], axis=1)[at, -1]
    return out


def at_most(x: Array) -> Array:
    """Return in how many samples a gene is at most as high as in this one; shape of `x`."""
    ordered = np.sort(x.T, axis=1)
    return np.column_stack([np.searchsorted(o, x[:, g], side="right") for g, o in enumerate(ordered)]).astype(np.float64)
