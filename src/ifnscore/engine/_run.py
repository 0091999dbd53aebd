"""Running tasks: plans are made once, samples pass through the kernels in chunks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ifnscore import expression, genes, methods
from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.matrix import Matrix, Row
from ifnscore.methods._protocol import ColumnKernel, Kernel, Plan, RowKernel, SetPlan, Stats, TwoPassKernel
from ifnscore.reference import Reference, label

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneUse:
    """One gene of one signature in one stratum: where it was found and why it was not used."""

    signature: str
    stratum: str
    gene: str
    published: str
    column: str
    occurrence: int
    weight: float
    centre: float
    spread: float
    used: bool
    note: str


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
        """Refuse zeros before a logarithm without a pseudo-count.

        Raises
        ------
        DataError
            Names the gene.
        """
        task = group.lead
        if task.works_on != "log2" or task.pseudocount != 0 or self.matrix.scale in {"log2", "ct"}:
            return
        keys = [*self._empty_plan(group).genes, *task.housekeeping]
        zeros = np.zeros(len(keys), dtype=bool)
        for chunk in self.matrix.chunks(self.chunk_size):
            zeros |= (self.matrix.values(keys, chunk) <= 0).any(axis=0)
        for stratum in self.reference.strata if self.reference and task.method.reference == "required" else ():
            zeros |= (self.reference.values(stratum, keys) <= 0).any(axis=0) if self.reference else False
        if zeros.any():
            gene = keys[int(np.argmax(zeros))]
            msg = f"{gene} is 0 in some samples and its logarithm has no pseudo-count: give one (--pseudocount 1)"
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
                    self._note_genes(group, plan, name, "no controls in this stratum")
                    continue
            plan = fitted(group.kernel, plan, controls)
            if isinstance(group.kernel, TwoPassKernel):
                plan = self._first_pass(group, plan, name)
            self._note_genes(group, plan, name)
            plan = _usable(group.kernel, plan, controls)
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

    def _note_genes(self, group: _Group, plan: Plan, stratum: str, why: str = "") -> None:
        """Record, for every published gene, where it was found and whether it is used."""
        table = genes.table()
        at = {g: i for i, g in enumerate(plan.genes)}
        for task, one in zip(group.tasks, plan.sets, strict=True):
            weights = dict(zip(one.index.tolist(), (one.sign * one.weights).tolist(), strict=True))
            for key, published in {table.resolve(g): g for g in reversed(task.signature.genes)}.items():
                i = at.get(key, -1)
                self.uses.append(self._use(task, stratum, key, published, plan.stats, i, weights.get(i, 1.0), why))

    def _use(
        self, task: Task, stratum: str, key: str, published: str, stats: Stats | None, i: int, weight: float, why: str
    ) -> GeneUse:
        in_matrix = key in self.matrix.position
        note = why
        if not in_matrix:
            note = "not in the matrix"
        elif key in self.dropped:
            note = self.dropped[key]
        elif i < 0:
            note = "not in the reference"
        elif stats is not None and not stats.usable[i]:
            note = "no spread" if task.method.score_type == "z" else "control centre is 0"
        row = self.matrix.rows_of([key])[key] if in_matrix else Row("", 0)
        return GeneUse(
            signature=task.signature.id,
            stratum=stratum,
            gene=key,
            published=published,
            column=row.identifier,
            occurrence=row.occurrence,
            weight=weight,
            centre=float(stats.centre[i]) if stats is not None and i >= 0 else float("nan"),
            spread=float(stats.spread[i]) if stats is not None and i >= 0 else float("nan"),
            used=not note,
            note=note,
        )

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
        """Return (leave-one-out, in-sample) scores of the controls of a stratum for one task, or None without a reference.

        In a leave-one-out score a control is compared with the others only; a gene that they leave without spread is
        dropped from that score, and a score under the minimum coverage is NaN.
        """
        group = next(g for g in self.groups if position in g.positions)
        plan, task = group.plans[name], self.tasks[position]
        if plan is None or task.method.reference != "required":
            return None
        place = group.positions.index(position)
        whole = self._empty_plan(group)
        controls = self.controls(task, whole, self.by[name])
        assert controls is not None
        inside = _scores_of(group.kernel, whole, controls, controls, place, task)
        n = len(controls)
        left = [
            _scores_of(group.kernel, whole, controls[np.arange(n) != i], controls[[i]], place, task) for i in range(n) if n > 1
        ]
        return np.concatenate(left) if left else np.full(n, np.nan), inside


def row_terms(kernel: RowKernel, matrix: Matrix, plan: Plan, samples: Array, dropped: Collection[str]) -> Array:
    """Return the terms of a row kernel; genes that were dropped take no part in the ranking."""
    rows = matrix.whole_rows(samples)
    if dropped:
        keep = [i for i, k in enumerate(matrix.universe) if k not in dropped]
        new = {old: i for i, old in enumerate(keep)}
        plan = replace(plan, columns=np.array([new[c] for c in plan.columns], dtype=np.intp))
        rows = rows[:, keep]
    return kernel.terms(rows, plan)


def fitted(kernel: Kernel, plan: Plan, controls: Array | None) -> Plan:
    """Return the plan with the statistics of the controls."""
    if controls is None or not isinstance(kernel, ColumnKernel):
        return plan
    return replace(plan, stats=kernel.statistics(controls, plan))


def _usable(kernel: Kernel, plan: Plan, controls: Array | None) -> Plan:
    """Return the plan whose signatures hold usable genes only; score-level statistics are made from those."""
    if plan.stats is not None:
        usable = plan.stats.usable
        plan = replace(plan, sets=tuple(s.subset(usable[s.index]) for s in plan.sets))
    if controls is not None and isinstance(kernel, ColumnKernel):
        plan = kernel.fit_sets(kernel.terms(controls, plan), plan)
    return plan


def _scores_of(kernel: Kernel, plan: Plan, controls: Array, x: Array, place: int, task: Task) -> Array:
    assert isinstance(kernel, ColumnKernel)
    with np.errstate(invalid="ignore", divide="ignore"):
        plan = _usable(kernel, fitted(kernel, plan, controls), controls)
        one = plan.sets[place]
        if not len(one.index) or len(one.index) < task.min_coverage * one.n_published - 1e-9:
            return np.full(len(x), np.nan)
        return kernel.score(kernel.terms(x, plan), one, plan)
