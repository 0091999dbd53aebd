"""Values on the scale a kernel works on: dense columns of the signature genes, or whole rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore import expression
from ifnscore._lazy import is_sparse, np, sp
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import Plan

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
    if task.works_on in {"log2", "log"}:
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


def whole_rows(task: Task, matrix: Matrix, samples: slice | Array, dropped: Collection[str]) -> Any:
    """Return all genes of some samples on the working scale of a task; genes that were dropped are left out.

    Sparse rows stay sparse where zero stays zero.
    """
    rows = matrix.whole_rows(samples)
    if dropped:
        rows = rows[:, [i for i, k in enumerate(matrix.universe) if k not in dropped]]
    if task.works_on in {"order", "counts"} or _as_they_are(task, matrix.scale):
        return rows
    size = matrix.library_size(samples) if matrix.scale == "counts" else None
    base = zero(task, matrix.scale)
    if is_sparse(rows) and (base == 0 or (task.works_on == "log" and np.isfinite(base))):
        values = stored(rows, task, matrix.scale, size) - base
        return sp.csr_matrix((values, rows.indices, rows.indptr), shape=rows.shape)
    dense = rows.toarray() if is_sparse(rows) else rows
    return convert(dense, np.zeros((len(dense), 0)), task, matrix.scale, size)


def _as_they_are(task: Task, scale: expression.Scale) -> bool:
    """Whether a method of any log scale takes the values as they are (Ct values come with their sign turned)."""
    return task.works_on == "log" and task.pseudocount is None and scale in {*expression.LOG_SCALES, "ct"}


def zero(task: Task, scale: expression.Scale) -> float:
    """Return what a zero of the matrix is on the working scale of a task."""
    return float(convert(np.zeros((1, 1)), np.zeros((1, 0)), task, scale, np.ones(1))[0, 0])


def stored(rows: Any, task: Task, scale: expression.Scale, library_size: Array | None) -> Array:
    """Return the stored values of CSR rows on the working scale of a task, shape (n_stored,)."""
    size = None if library_size is None else np.repeat(library_size, np.diff(rows.indptr))
    values = rows.data.reshape(-1, 1)
    return convert(values, np.zeros((len(values), 0)), task, scale, size).ravel()


def remaining(plan: Plan, matrix: Matrix, dropped: Collection[str]) -> Plan:
    """Return the plan with columns counted among the genes that were not dropped."""
    if not dropped:
        return plan
    new = {old: i for i, old in enumerate(i for i, k in enumerate(matrix.universe) if k not in dropped)}
    stable = None if plan.stable is None else np.array([new[c] for c in plan.stable], dtype=np.intp)
    return replace(plan, columns=np.array([new[c] for c in plan.columns], dtype=np.intp), stable=stable)


def with_universe(plan: Plan, matrix: Matrix, dropped: Collection[str]) -> Plan:
    """Return the plan as :func:`remaining` does, with the gene keys of the rows."""
    return replace(remaining(plan, matrix, dropped), universe=tuple(k for k in matrix.universe if k not in dropped))
