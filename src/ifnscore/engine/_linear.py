"""Linear scores of samples as they are stored: values of the signature genes alone are brought to the working scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np, sp
from ifnscore.engine._values import stored, zero
from ifnscore.matrix import Matrix
from ifnscore.methods import _linear, _sparse

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array, ColumnKernel, Plan


def linear_scores(kernel: ColumnKernel, task: Task, plan: Plan, part: Matrix, samples: slice | Array) -> Array | None:
    """Return scores of shape (n_samples, n_sets), or None where values are not stored as they are needed."""
    if task.housekeeping or part.scale in {"log2", "ct"} or not len(plan.genes):
        return None
    rows = part.taken(samples)
    if rows.format != "csr":
        return None
    columns, adder = part.columns_of(plan.genes)
    counts = part.scale == "counts"
    chosen, sums = _sparse.columns_of(rows, columns, moments=counts and part.sums_are_totals)
    size = None
    if counts:
        size = sums[:, 0] if part.sums_are_totals else part.library_size(samples)
    if adder is not None:
        chosen = (chosen.astype(np.float64) @ adder).tocsr()
    base = zero(task, part.scale)
    values = stored(chosen, task, part.scale, size) - base
    chosen = sp.csr_matrix((values, chosen.indices, chosen.indptr), shape=chosen.shape)
    return _linear.from_rows(kernel, chosen, np.arange(len(plan.genes)), plan, base)
