"""Running tasks: plans are made once, samples pass through the kernels in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ifnscore import genes, methods
from ifnscore._lazy import np
from ifnscore.engine._controls import fitted, left_out_and_inside, usable
from ifnscore.engine._uses import GeneUse, gene_uses
from ifnscore.engine._values import convert, row_terms
from ifnscore.errors import DataError
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import ColumnKernel, Kernel, Plan, RowKernel, SetPlan, TwoPassKernel
from ifnscore.reference import Reference, label

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


@dataclass(slots=True, kw_only=True)
class Scores:
    """Results in memory; rows are samples, columns follow the tasks.

    Attributes
    ----------
    values
        Scores, shape (n_samples, n_tasks); NaN below the minimum coverage.
    low, high, top_share
        Jackknife range over genes and largest share of one gene, or None where details were not asked for.
    top_gene
        Gene with that share.
    uses
        What happened to each gene.
    stratum
        Label of each sample's stratum.
    """

    values: Array
    stratum: list[str]
    low: Array | None = None
    high: Array | None = None
    top_share: Array | None = None
    top_gene: Array | None = None
    uses: list[GeneUse] = field(default_factory=list)

    def blank(self, samples: Array) -> None:
        """Take the scores of some samples away, in place; `samples` is a mask of shape (n_samples,)."""
        for values in (self.values, self.low, self.high, self.top_share):
            if values is not None:
                values[samples] = np.nan
        if self.top_gene is not None:
            self.top_gene[samples] = ""


@dataclass(slots=True)
class _Group:
    """Tasks that share a plan, with one plan a stratum."""

    tasks: list[Task]
    positions: list[int]
    kernel: Kernel
    plans: dict[str, Plan | None] = field(default_factory=dict)
    control_terms: dict[str, Array] = field(default_factory=dict)
    factor: float = 1.0

    @property
    def lead(self) -> Task:
        return self.tasks[0]


class Runner:
    """Scores the samples of one matrix.

    Parameters
    ----------
    matrix
        Samples and genes.
    tasks
        One a signature.
    reference
        Healthy controls, or None.
    strata
        Stratum of each sample, as made by :func:`ifnscore.reference.strata_of`.
    dropped
        Gene keys that may not be used (missing values), with the reason.
    """

    def __init__(
        self,
        matrix: Matrix,
        tasks: Sequence[Task],
        reference: Reference | None,
        strata: Sequence[Mapping[str, str]],
        dropped: Mapping[str, str],
        chunk_size: int | None = None,
    ) -> None:
        self.matrix, self.tasks, self.reference = matrix, list(tasks), reference
        self.dropped, self.chunk_size = dropped, chunk_size
        self.labels = [label(s) for s in strata]
        self.by = dict(zip(self.labels, strata, strict=True))
        self.uses: list[GeneUse] = []
        self.groups = self._grouped()
        for group in self.groups:
            self._check_zeros(group)
            self._plan(group)

    def _check_zeros(self, group: _Group) -> None:
        """Refuse zeros before a logarithm without a pseudo-count, and housekeeping genes that are 0.

        Raises
        ------
        DataError
            Names the gene.
        """
        task = group.lead
        if self.matrix.scale in {"log2", "ct"} or task.works_on == "order":
            return
        bare = task.works_on == "log2" and task.pseudocount == 0
        divides = task.works_on == "linear"
        keys = [*(self._empty_plan(group).genes if bare else ()), *(task.housekeeping if bare or divides else ())]
        zeros = np.zeros(len(keys), dtype=bool)
        for chunk in self.matrix.chunks(self.chunk_size):
            zeros |= (self.matrix.values(keys, chunk) <= 0).any(axis=0)
        for stratum in self.reference.strata if self.reference and task.method.reference == "required" else ():
            zeros |= (self.reference.values(stratum, keys) <= 0).any(axis=0) if self.reference else False
        if zeros.any():
            gene = keys[int(np.argmax(zeros))]
            what = "its logarithm has no pseudo-count: give one (--pseudocount 1)" if bare else "nothing can be divided by it"
            msg = f"{gene} is 0 in some samples and {what}"
            raise DataError(msg)

    def _grouped(self) -> list[_Group]:
        groups: dict[tuple[Any, ...], _Group] = {}
        for position, task in enumerate(self.tasks):
            group = groups.setdefault(task.group, _Group([], [], methods.kernel(task.method.id)))
            group.tasks.append(task)
            group.positions.append(position)
        return list(groups.values())

    def _plan(self, group: _Group) -> None:
        for name, by in self.by.items():
            plan = self._empty_plan(group)
            controls = None
            if group.lead.method.reference == "required":
                controls = self.controls(group.lead, plan, by)
                if controls is None:
                    group.plans[name] = None
                    self._note(group, plan, name, "no controls in this stratum")
                    continue
            plan = fitted(group.kernel, plan, controls)
            if isinstance(group.kernel, TwoPassKernel):
                plan = self._first_pass(group, plan, name)
            self._note(group, plan, name)
            plan = usable(group.kernel, plan, controls)
            if controls is not None and isinstance(group.kernel, ColumnKernel):
                group.control_terms[name] = group.kernel.terms(controls, plan)
            group.plans[name] = plan

    def _empty_plan(self, group: _Group) -> Plan:
        """Return the plan before statistics: genes found, in the order of the signatures."""
        table = genes.table()
        found: dict[str, int] = {}
        sets = []
        for task in group.tasks:
            s = task.signature
            directions = dict.fromkeys(s.up, 1.0) | dict.fromkeys(s.down, -1.0)
            keys: dict[str, tuple[float, float]] = {}
            for gene, direction in directions.items():
                weight = s.weights.get(gene, 1.0)
                keys.setdefault(table.resolve(gene), (direction * (-1.0 if weight < 0 else 1.0), abs(weight)))
            here = [k for k in keys if k in self.matrix.position and k not in self.dropped and self._in_reference(k, task)]
            for k in here:
                found.setdefault(k, len(found))
            sets.append(
                SetPlan(
                    id=s.id,
                    index=np.array([found[k] for k in here], dtype=np.intp),
                    sign=np.array([keys[k][0] for k in here]),
                    weights=np.array([keys[k][1] for k in here]),
                    n_published=len(keys),
                )
            )
        return Plan(
            genes=tuple(found),
            columns=np.array([self.matrix.position[k] for k in found], dtype=np.intp),
            sets=tuple(sets),
            params=dict(group.lead.params),
            n_universe=len(self.matrix.universe) - len([d for d in self.dropped if d in self.matrix.position]),
        )

    def _in_reference(self, key: str, task: Task) -> bool:
        return task.method.reference != "required" or self.reference is None or key in self.reference.genes

    def controls(self, task: Task, plan: Plan, by: Mapping[str, str]) -> Array | None:
        """Return control values on the working scale of a task, shape (n_controls, n_genes), or None without controls."""
        stratum = self.reference.stratum(by) if self.reference else None
        if stratum is None or self.reference is None:
            return None
        absent = [h for h in task.housekeeping if h not in self.reference.genes]
        if absent:
            msg = f"the reference does not hold housekeeping gene {absent[0]}: fit it again from a matrix that does"
            raise DataError(msg)
        x = self.reference.values(stratum, plan.genes)
        housekeeping = self.reference.values(stratum, task.housekeeping)
        return convert(x, housekeeping, task, self.reference.stored_scale, None)

    def working(self, group: _Group, plan: Plan, samples: Array) -> Array:
        """Return values of some samples on the working scale of a group."""
        size = self.matrix.library_size(samples) if self.matrix.scale == "counts" else None
        x = self.matrix.values(plan.genes, samples)
        housekeeping = self.matrix.values(group.lead.housekeeping, samples)
        return convert(x, housekeeping, group.lead, self.matrix.scale, size)

    def _parts(self) -> list[tuple[str, Array]]:
        """Return (stratum label, sample indices) chunk by chunk."""
        names = np.array(self.labels, dtype=object)
        parts = []
        for chunk in self.matrix.chunks(self.chunk_size):
            index = np.arange(chunk.start, chunk.stop)
            parts += [(name, index[names[index] == name]) for name in self.by]
        return [(n, i) for n, i in parts if len(i)]

    def _first_pass(self, group: _Group, plan: Plan, name: str) -> Plan:
        assert isinstance(group.kernel, TwoPassKernel)
        state = None
        for stratum, samples in self._parts():
            if stratum == name:
                x = self.working(group, plan, samples)
                state = group.kernel.fold(state, x[np.isfinite(x).all(axis=1)])
        return replace(plan, stats=group.kernel.finish(state, plan))

    def _note(self, group: _Group, plan: Plan, stratum: str, why: str = "") -> None:
        for task, one in zip(group.tasks, plan.sets, strict=True):
            self.uses += gene_uses(task, one, plan, stratum, self.matrix, self.dropped, why)

    def terms(self, group: _Group, plan: Plan, samples: Array) -> Array:
        """Return the kernel's terms for some samples."""
        if isinstance(group.kernel, RowKernel):
            return row_terms(group.kernel, self.matrix, plan, samples, self.dropped)
        assert isinstance(group.kernel, ColumnKernel)
        return group.kernel.terms(self.working(group, plan, samples), plan)

    def run(self, *, detail: bool) -> Scores:
        """Score all samples.

        Parameters
        ----------
        detail
            Also compute the jackknife range over genes and the largest share of one gene.
        """
        shape = (self.matrix.n_samples, len(self.tasks))
        out = Scores(values=np.full(shape, np.nan), stratum=self.labels, uses=self.uses)
        if detail:
            out.low, out.high, out.top_share = (np.full(shape, np.nan) for _ in range(3))
            out.top_gene = np.full(shape, "", dtype=object)
        for group in self.groups:
            for stratum, samples in self._parts():
                plan = group.plans[stratum]
                if plan is not None:
                    self._score(group, plan, stratum, samples, out, detail=detail)
            group.factor = group.kernel.factor(out.values[:, group.positions], self._empty_plan(group))
            for values in (out.values, out.low, out.high):
                if values is not None:
                    values[:, group.positions] *= group.factor
        return out

    def _score(self, group: _Group, plan: Plan, stratum: str, samples: Array, out: Scores, *, detail: bool) -> None:
        terms = self.terms(group, plan, samples)
        for task, position, one in zip(group.tasks, group.positions, plan.sets, strict=True):
            if len(one.index) < task.min_coverage * one.n_published - 1e-9 or not len(one.index):
                continue
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                out.values[samples, position] = group.kernel.score(terms, one, plan)
                if detail:
                    self._detail(group, plan, group.control_terms.get(stratum), terms, one, (samples, position), out)

    def _detail(
        self,
        group: _Group,
        plan: Plan,
        control_terms: Array | None,
        terms: Array,
        one: SetPlan,
        at: tuple[Array, int],
        out: Scores,
    ) -> None:
        assert out.low is not None
        assert out.high is not None
        assert out.top_share is not None
        assert out.top_gene is not None
        if len(one.index) > 1:
            rest = [group.kernel.left_out(one, i, plan, control_terms) for i in range(len(one.index))]
            left = np.array([group.kernel.score(terms, r, plan) for r in rest])
            out.low[at], out.high[at] = left.min(axis=0), left.max(axis=0)
        parts = np.abs(group.kernel.contributions(terms, one, plan))
        whole = parts.sum(axis=1)
        top = np.nan_to_num(parts).argmax(axis=1)
        share = np.where(whole > 0, parts[np.arange(len(parts)), top] / np.where(whole > 0, whole, 1.0), np.nan)
        out.top_share[at] = share
        names = np.array([plan.genes[i] for i in one.index], dtype=object)
        out.top_gene[at] = np.where(np.isfinite(share), names[top], "")

    def score_level(self, position: int, name: str) -> tuple[float, float, float]:
        """Return centre and spread of whole scores of one task in a stratum, and the final factor: mostly 0, 1, 1."""
        group = next(g for g in self.groups if position in g.positions)
        plan = group.plans[name]
        one = plan.sets[group.positions.index(position)] if plan else None
        return (one.centre, one.spread, group.factor) if one else (0.0, 1.0, group.factor)

    def control_scores(self, position: int, name: str) -> tuple[Array, Array] | None:
        """Return (leave-one-out, in-sample) scores of the controls of a stratum for one task.

        None where they cannot be made from the reference: no controls, ranks over whole samples, or two passes.
        """
        group = next(g for g in self.groups if position in g.positions)
        task = self.tasks[position]
        if group.plans[name] is None or not isinstance(group.kernel, ColumnKernel) or isinstance(group.kernel, TwoPassKernel):
            return None
        plan = self._empty_plan(group)
        if self.reference is None or not {*plan.genes, *task.housekeeping} <= set(self.reference.genes):
            return None
        controls = self.controls(task, plan, self.by[name])
        if controls is None:
            return None
        return left_out_and_inside(group.kernel, plan, controls, group.positions.index(position), task)
