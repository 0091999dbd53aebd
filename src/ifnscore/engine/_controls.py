"""Plans fitted to controls, and the scores of the controls themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods._protocol import ColumnKernel, Kernel, Plan

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


def fitted(kernel: Kernel, plan: Plan, controls: Array | None) -> Plan:
    """Return the plan with the statistics of the controls."""
    if controls is None or not isinstance(kernel, ColumnKernel):
        return plan
    return replace(plan, stats=kernel.statistics(controls, plan))


def usable(kernel: Kernel, plan: Plan, controls: Array | None) -> Plan:
    """Return the plan whose signatures hold usable genes only; score-level statistics are made from those."""
    if plan.stats is not None:
        good = plan.stats.usable
        plan = replace(plan, sets=tuple(s.subset(good[s.index]) for s in plan.sets))
    if controls is not None and isinstance(kernel, ColumnKernel):
        plan = kernel.fit_sets(kernel.terms(controls, plan), plan)
    return plan


def scores_of(kernel: Kernel, plan: Plan, controls: Array, x: Array, place: int, task: Task) -> Array:
    assert isinstance(kernel, ColumnKernel)
    with np.errstate(invalid="ignore", divide="ignore"):
        plan = usable(kernel, fitted(kernel, plan, controls), controls)
        one = plan.sets[place]
        if not len(one.index) or len(one.index) < task.min_coverage * one.n_published - 1e-9:
            return np.full(len(x), np.nan)
        return kernel.score(kernel.terms(x, plan), one, plan)


def left_out_and_inside(kernel: Kernel, plan: Plan, controls: Array, place: int, task: Task) -> tuple[Array, Array]:
    """Return leave-one-out and in-sample scores of the controls of a stratum for one signature.

    In a leave-one-out score a control is compared with the others only; a gene that they leave without spread is
    dropped from that score, and a score under the minimum coverage is NaN. Where a method needs no controls, the two
    are the same.
    """
    inside = scores_of(kernel, plan, controls, controls, place, task)
    if task.method.reference != "required":
        return inside, inside
    n = len(controls)
    if n < 2:  # noqa: PLR2004
        return np.full(n, np.nan), inside
    others = [np.arange(n) != i for i in range(n)]
    left = [scores_of(kernel, plan, controls[o], controls[[i]], place, task) for i, o in enumerate(others)]
    return np.concatenate(left), inside
