"""Values on the scale a kernel works on: dense columns of the signature genes, or whole rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore import expression
from ifnscore._lazy import np
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import Plan, RowKernel

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


def convert(x: Array, housekeeping: Array, task: Task, scale: expression.Scale, library_size: Array | None) -> Array:
    """Bring values to the working scale of a task, housekeeping genes taken off.

    Parameters
    ----------
    x, housekeeping
        Values of shape (n_samples, n_genes) and (n_samples, n_housekeeping) on `scale`.
    task
        Says the working scale and the pseudo-count.
    library_size
        Totals of shape (n_samples,), for counts.
    """
    has = housekeeping.shape[1] > 0
    if scale == "ct":
        x = expression.from_ct(x, housekeeping) if has else x
        has = False
    if task.works_on == "log2":
        log = expression.to_log2(x, scale, library_size, task.pseudocount)
        if not has:
            return log
        return log - expression.to_log2(housekeeping, scale, library_size, task.pseudocount).mean(axis=1, keepdims=True)
    linear = expression.to_linear(x, scale, library_size)
    if has:
        with np.errstate(divide="ignore"):
            logs = np.log(expression.to_linear(housekeeping, scale, library_size))
        level = np.exp(logs.mean(axis=1, keepdims=True))
        linear = linear / np.where(level > 0, level, np.nan)
    return linear + (task.pseudocount or 0.0)


def row_terms(kernel: RowKernel, matrix: Matrix, plan: Plan, samples: Array, dropped: Collection[str]) -> Array:
    """Return the terms of a row kernel; genes that were dropped take no part in the ranking."""
    rows = matrix.whole_rows(samples)
    if dropped:
        keep = [i for i, k in enumerate(matrix.universe) if k not in dropped]
        new = {old: i for i, old in enumerate(keep)}
        plan = replace(plan, columns=np.array([new[c] for c in plan.columns], dtype=np.intp))
        rows = rows[:, keep]
    return kernel.terms(rows, plan)
