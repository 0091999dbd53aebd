"""Scores that are weighted sums of values, from sparse samples without writing out a zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np, sp
from ifnscore.engine._values import stored, zero
from ifnscore.matrix import Matrix
from ifnscore.methods import _sparse

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array, ColumnKernel, Plan


def linear_scores(kernel: ColumnKernel, task: Task, plan: Plan, part: Matrix, samples: slice | Array) -> Array | None:
    """Return scores of shape (n_samples, n_sets), or None where values are not stored as they are needed.

    A linear score is the sum of its genes' contributions, each a weight times the value plus a constant: both are read from the
    contributions of two made-up samples, one with zeros and one with ones.
    """
    if task.housekeeping or part.scale in {"log2", "ct"} or not len(plan.genes):
        return None
    rows = part.taken(samples)
    if rows.format != "csr":
        return None
    columns, adder = part.columns_of(plan.genes)
    chosen, sums = _sparse.columns_of(rows, columns, moments=part.scale == "counts" and part.sums_are_totals)
    if part.scale == "counts":
        size = sums[:, 0] if part.sums_are_totals else part.library_size(samples)
    else:
        size = None
    if adder is not None:
        chosen = (chosen.astype(np.float64) @ adder).tocsr()
    base = zero(task, part.scale)
    chosen = sp.csr_matrix((stored(chosen, task, part.scale, size) - base, chosen.indices, chosen.indptr), shape=chosen.shape)
    weights, constants = _weights(kernel, plan)
    return chosen @ weights + (base * weights.sum(axis=0) + constants)


def _weights(kernel: ColumnKernel, plan: Plan) -> tuple[Array, Array]:
    """Return weights (n_genes, n_sets) and constants (n_sets,)."""
    n = len(plan.genes)
    at_zero, at_one = kernel.terms(np.zeros((1, n)), plan), kernel.terms(np.ones((1, n)), plan)
    weights, constants = np.zeros((n, len(plan.sets))), np.zeros(len(plan.sets))
    for i, one in enumerate(plan.sets):
        low = kernel.contributions(at_zero, one, plan)[0]
        np.add.at(weights[:, i], one.index, kernel.contributions(at_one, one, plan)[0] - low)
        constants[i] = low.sum() if len(one.index) else np.nan
    return weights, constants
