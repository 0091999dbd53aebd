"""Tasks that share a plan, and the plan while nothing is known but which genes there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore import genes, methods
from ifnscore._lazy import np
from ifnscore.engine import _stable
from ifnscore.methods import worth_compiling
from ifnscore.methods._protocol import Kernel, Plan, SetPlan

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.matrix import Matrix
    from ifnscore.methods._protocol import Array
    from ifnscore.reference import Reference


@dataclass(slots=True)
class Group:
    """Tasks of one method, parameters and scale, with one plan a stratum (None: no score there).

    Attributes
    ----------
    tasks, positions
        The tasks, and where they stand among those of the call.
    kernel
        Of their method.
    plans, control_terms, prepared
        By stratum: plan, terms of its controls, what a method of the whole matrix made of its samples.
    factor
        What all scores are multiplied by in the end.
    """

    tasks: list[Task]
    positions: list[int]
    kernel: Kernel
    plans: dict[str, Plan | None] = field(default_factory=dict)
    control_terms: dict[str, Array] = field(default_factory=dict)
    prepared: dict[str, Any] = field(default_factory=dict)
    factor: float = 1.0

    @property
    def lead(self) -> Task:
        """Any of the tasks, for what they share."""
        return self.tasks[0]


def grouped(tasks: Sequence[Task]) -> list[Group]:
    """Return the tasks of a call in groups, in the order of their first tasks."""
    groups: dict[tuple[Any, ...], Group] = {}
    for position, task in enumerate(tasks):
        group = groups.setdefault(task.group, Group([], [], methods.kernel(task.method.id)))
        group.tasks.append(task)
        group.positions.append(position)
    return list(groups.values())


def empty_plan(group: Group, matrix: Matrix, reference: Reference | None, dropped: Collection[str]) -> Plan:
    """Return the plan of a group before statistics: genes found, in the order of the signatures.

    Parameters
    ----------
    group
        Tasks.
    matrix
        Says which genes there are.
    reference
        For methods that compare with controls: only its genes count.
    dropped
        Gene keys that may not be used.
    """
    found: dict[str, int] = {}
    sets = tuple(_set_plan(task, matrix, reference, dropped, found) for task in group.tasks)
    return Plan(
        genes=tuple(found),
        columns=np.array([matrix.position[k] for k in found], dtype=np.intp),
        sets=sets,
        params=dict(group.lead.params),
        n_universe=len(matrix.universe) - len([d for d in dropped if d in matrix.position]),
        compiled=worth_compiling(matrix.n_samples, matrix.n_stored),
        stable=_stable.positions(group.lead.params, matrix, dropped),
    )


def _set_plan(
    task: Task, matrix: Matrix, reference: Reference | None, dropped: Collection[str], found: dict[str, int]
) -> SetPlan:
    """Return the genes of one signature that can be used; `found` learns where those stand in the plan that are new."""
    table, s = genes.table(), task.signature
    in_reference = set(reference.genes) if reference is not None and task.method.reference == "required" else None
    keys: dict[str, tuple[float, float]] = {}
    for gene, direction in (dict.fromkeys(s.up, 1.0) | dict.fromkeys(s.down, -1.0)).items():
        weight = s.weights.get(gene, 1.0)
        keys.setdefault(table.resolve(gene), (direction * (-1.0 if weight < 0 else 1.0), abs(weight)))
    here = [k for k in keys if k in matrix.position and k not in dropped and (in_reference is None or k in in_reference)]
    for k in here:
        found.setdefault(k, len(found))
    gone = [keys[k][0] for k in keys if k not in here]
    return SetPlan(
        id=s.id,
        index=np.array([found[k] for k in here], dtype=np.intp),
        sign=np.array([keys[k][0] for k in here]),
        weights=np.array([keys[k][1] for k in here]),
        n_published=len(keys),
        absent=(gone.count(1.0), gone.count(-1.0)),
        withheld=len(here) < task.min_coverage * len(keys) - 1e-9,
    )
