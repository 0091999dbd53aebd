"""Scores that are weighted sums of values, from sparse samples without writing out a zero.

A linear score is the sum of its genes' contributions, each a weight times the value plus a constant: both are read from the
contributions of two made-up samples, one with zeros and one with ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.methods import _moments

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, ColumnKernel, Plan


def from_rows(kernel: ColumnKernel, rows: Any, columns: Array, plan: Plan, base: float = 0.0) -> Array:
    """Return scores of shape (n_samples, n_sets).

    Parameters
    ----------
    kernel, plan
        A method for which ``kernel.is_linear(plan)`` holds.
    rows
        CSR matrix of shape (n_samples, n_columns): values on the working scale less `base`.
    columns
        Column of each gene of the plan, shape (n_genes,).
    base
        What a zero of the matrix is on the working scale.
    """
    weights, constants = _weights(kernel, plan)
    return _moments.weighted_sums(rows, columns, weights)[0] + (base * weights.sum(axis=0) + constants)


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
