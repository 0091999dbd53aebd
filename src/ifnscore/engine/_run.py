"""Running tasks: plans are made once, samples pass through the kernels in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.engine import _distributed, _null, _zeros
from ifnscore.engine._controls import fitted, left_out_and_inside, usable
from ifnscore.engine._detail import detail_of
from ifnscore.engine._group import Group, empty_plan, grouped
from ifnscore.engine._linear import linear_scores
from ifnscore.engine._null import Null, NullRequest
from ifnscore.engine._progress import length, track
from ifnscore.engine._scores import Scores, extremes
from ifnscore.engine._uses import GeneUse, gene_uses
from ifnscore.engine._values import convert, remaining, whole_rows, with_universe
from ifnscore.engine._watch import Finding, Watch, refuse
from ifnscore.errors import DataError, say
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import ColumnKernel, Plan, RowKernel, TwoPassKernel
from ifnscore.reference import Reference
from ifnscore.strata import Coded, label, labels

if TYPE_CHECKING:
    from pathlib import Path

    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Array


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
    chunk_size
        Samples handled at a time, or None.
    watch
        What values that nobody has seen yet are held to, or None.
    null
        Random sets to compare every score with, or None.
    """

    def __init__(
        self,
        matrix: Matrix,
        tasks: Sequence[Task],
        reference: Reference | None,
        strata: Sequence[Mapping[str, str]],
        dropped: Mapping[str, str],
        chunk_size: int | None = None,
        watch: Watch | None = None,
        null: NullRequest | None = None,
    ) -> None:
        self.matrix, self.tasks, self.reference = matrix, list(tasks), reference
        self.dropped, self.chunk_size, self.watch = dropped, chunk_size, watch
        self.labels: Sequence[str] = labels(strata)
        self.by = {label(s): s for s in (strata.values if isinstance(strata, Coded) else strata)}
        self.uses: list[GeneUse] = []
        self.groups = grouped(self.tasks)
        if null is not None:
            _null.check(self)
        if any(isinstance(g.kernel, RowKernel) for g in self.groups):
            matrix.by_rows()
        for group in self.groups:
            _zeros.check(self, group.lead, self._logged(group))
            self._plan(group)
            self._remark(group)
        self.null = Null(self, null) if null is not None else None

    def _logged(self, group: Group) -> Sequence[str]:
        """Return the genes whose values a method may take logarithms of."""
        return self.matrix.universe if isinstance(group.kernel, RowKernel) else self._empty_plan(group).genes

    def _remark(self, group: Group) -> None:
        """Say what a method has to say about its parameters on this matrix."""
        plan = next((p for p in group.plans.values() if p is not None), None)
        if plan is not None and isinstance(group.kernel, RowKernel):
            zeros_tell = self.matrix.scale not in {"log2", "ct"}
            for text in group.kernel.remarks(plan, self.matrix.detected if zeros_tell else lambda: 1.0):
                say(text)

    @property
    def afar(self) -> bool:
        """Whether chunks are read and worked on by dask."""
        return _distributed.is_afar(self.matrix)

    def _plan(self, group: Group) -> None:
        seen = self._first_pass(group)
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
            plan = seen.get(name, plan)
            if group.lead.method.needs == "whole_matrix":
                plan = self._prepare(group, plan, name)
            self._note(group, plan, name)
            plan = usable(group.kernel, plan, controls)
            if controls is not None and isinstance(group.kernel, ColumnKernel):
                group.control_terms[name] = group.kernel.terms(controls, plan)
            group.plans[name] = plan

    def _empty_plan(self, group: Group) -> Plan:
        return empty_plan(group, self.matrix, self.reference, self.dropped)

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

    def working(self, group: Group, plan: Plan, part: Matrix, samples: slice | Array) -> Array:
        """Return values of some samples of a part on the working scale of a group."""
        size = part.library_size(samples) if part.scale == "counts" else None
        x = part.values(plan.genes, samples)
        housekeeping = part.values(group.lead.housekeeping, samples)
        return convert(x, housekeeping, group.lead, part.scale, size)

    def _of(self, name: str, chunk: slice) -> slice | Array:
        """Return the samples of a stratum among those of a chunk, counted from its first."""
        if len(self.by) == 1:
            return slice(0, chunk.stop - chunk.start)
        here = self.labels[chunk]
        return here.where(name) if isinstance(here, Coded) else np.flatnonzero([n == name for n in here])

    def _first_pass(self, group: Group) -> dict[str, Plan]:
        """Return the plan of each stratum with what its samples say of the genes; all strata are read in one pass."""
        kernel, plan = group.kernel, self._empty_plan(group)
        if not isinstance(kernel, TwoPassKernel):
            return {}
        states = {name: _distributed.folded(self, (group, plan, name)) if self.afar else None for name in self.by}
        for chunk in () if self.afar else self._chunks("first pass"):
            part = self.matrix.part(chunk, [*plan.genes, *group.lead.housekeeping])
            self._refuse(self.watch.look(part) if self.watch else None, chunk)
            states = {name: self.fold(state, (group, plan, name), part, chunk) for name, state in states.items()}
        return {name: replace(plan, stats=kernel.finish(state, plan)) for name, state in states.items()}

    def fold(self, state: Any, which: tuple[Group, Plan, str], part: Matrix, chunk: slice) -> Any:
        """Add the samples of a stratum among some that are in memory to the state of a first pass (None at first)."""
        group, plan, name = which
        assert isinstance(group.kernel, TwoPassKernel)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            x = self.working(group, plan, part, self._of(name, chunk))
        x = x[np.isfinite(x).all(axis=1)]
        return group.kernel.fold(group.kernel.begin(plan) if state is None else state, x) if len(x) else state

    def _prepare(self, group: Group, plan: Plan, name: str) -> Plan:
        """Let a method of the whole matrix see all samples of a stratum at once; return the plan with what it says of genes."""
        assert isinstance(group.kernel, RowKernel)
        _distributed.refuse_whole(self.matrix, group.lead.method.id)
        everyone = self._of(name, slice(0, self.matrix.n_samples))
        n_samples = self.matrix.n_samples if isinstance(everyone, slice) else len(everyone)
        group.kernel.admit(n_samples, plan.n_universe, plan)
        rows = whole_rows(group.lead, self.matrix, everyone, self.dropped)
        seen = with_universe(plan, self.matrix, self.dropped)
        group.prepared[name] = group.kernel.prepare(rows, seen)
        return replace(plan, stats=group.kernel.statistics(group.prepared[name], seen))

    def _note(self, group: Group, plan: Plan, stratum: str, why: str = "") -> None:
        for task, one in zip(group.tasks, plan.sets, strict=True):
            self.uses += gene_uses(task, one, plan, stratum, self.matrix, self.dropped, why)

    def run(self, *, detail: bool, folder: Path | None = None) -> Scores:
        """Score all samples.

        Parameters
        ----------
        detail
            Also compute the jackknife range over genes and the largest share of one gene.
        folder
            Keep the scores in a temporary file there, not in memory; without details.

        Raises
        ------
        DataError
            A value contradicts what was known of a matrix that is read in parts; its sample and gene are named.
        """
        out = Scores.empty(self.matrix.n_samples, len(self.tasks), self.labels, self.uses, detail=detail, folder=folder)
        if self.null is not None:
            out.p_null = np.full((self.matrix.n_samples, len(self.tasks)), np.nan)
        ends = np.array([[np.inf], [-np.inf]]).repeat(len(self.tasks), axis=1)
        for chunk, part in self.parts(detail=detail):
            out.put(chunk, part)
            ends = extremes(ends, part.values)
        for group in self.groups:
            group.factor = group.kernel.factor(ends[:, group.positions], self._empty_plan(group))
            out.multiply(group.positions, group.factor)
        return out

    def parts(self, *, detail: bool) -> Iterator[tuple[slice, Scores]]:
        """Score the samples chunk by chunk; factors over the whole call (:meth:`Kernel.factor`) are not applied."""
        scored = _distributed.scored(self, detail=detail) if self.afar else self._scored(detail=detail)
        for chunk, part in track(scored, "scoring", self.matrix.n_samples, lambda done: length(done[0])):
            self._refuse(part.finding, chunk)
            yield chunk, part

    def _scored(self, *, detail: bool) -> Iterator[tuple[slice, Scores]]:
        keys = None
        if all(isinstance(g.kernel, ColumnKernel) for g in self.groups):
            keys = list(dict.fromkeys(k for g in self.groups for k in (*self._empty_plan(g).genes, *g.lead.housekeeping)))
            keys += self.null.genes() if self.null else []
        for chunk in self.matrix.chunks(self.chunk_size):
            yield chunk, self.score_part(self.matrix.part(chunk, keys), chunk, detail=detail)

    def _chunks(self, doing: str) -> Iterator[slice]:
        return track(self.matrix.chunks(self.chunk_size), doing, self.matrix.n_samples, length)

    def _refuse(self, found: Finding | None, chunk: slice) -> None:
        """Raise the error of a finding, its sample named."""
        if found is not None:
            refuse(found, str(self.matrix.samples[chunk.start + found.row]))

    def score_part(self, part: Matrix, chunk: slice, *, detail: bool) -> Scores:
        """Score some consecutive samples that are in memory.

        Parameters
        ----------
        part
            The samples.
        chunk
            Where they stand in the whole matrix.
        detail
            As in :meth:`run`.
        """
        out = Scores.empty(part.n_samples, len(self.tasks), self.labels[chunk], self.uses, detail=detail)
        out.finding = self.watch.look(part) if self.watch else None
        if out.finding is not None:
            return out
        out.unexpressed = part.empty()
        out.p_null = np.full(out.values.shape, np.nan) if self.null is not None else None
        for place, group in enumerate(self.groups):
            for name, plan in group.plans.items():
                samples = self._of(name, chunk)
                if plan is not None and (isinstance(samples, slice) or len(samples)):
                    self._score(group, plan, name, (part, samples, chunk), out, detail=detail)
                    if self.null is not None and out.p_null is not None:
                        self.null.compare(self, (place, name), (part, samples), out.values, out.p_null)
        return out

    def _score(
        self,
        group: Group,
        plan: Plan,
        stratum: str,
        where: tuple[Matrix, slice | Array, slice],
        out: Scores,
        *,
        detail: bool,
    ) -> None:
        samples = where[1]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            scores, terms = self._terms(group, plan, stratum, where, detail=detail)
            for i, (task, position, one) in enumerate(zip(group.tasks, group.positions, plan.sets, strict=True)):
                if len(one.index) < task.min_coverage * one.n_published - 1e-9 or not len(one.index):
                    continue
                if terms is None:
                    assert scores is not None
                    out.values[samples, position] = scores[:, i]
                    continue
                out.values[samples, position] = group.kernel.score(terms, one, plan)
                if detail:
                    detail_of(group, plan, stratum, (terms, one), (samples, position), out)

    def _terms(
        self, group: Group, plan: Plan, stratum: str, where: tuple[Matrix, slice | Array, slice], *, detail: bool
    ) -> tuple[Array | None, Array | None]:
        """Return (scores of all signatures, None) where there is a way to all at once, else (None, the kernel's terms)."""
        part, samples, chunk = where
        if isinstance(group.kernel, ColumnKernel):
            if not detail and plan.compiled and is_sparse(part.x) and group.kernel.is_linear(plan):
                scores = linear_scores(group.kernel, group.lead, plan, part, samples)
                if scores is not None:
                    return scores, None
            return None, group.kernel.terms(self.working(group, plan, part, samples), plan)
        assert isinstance(group.kernel, RowKernel)
        if group.lead.method.needs == "whole_matrix":
            rows = self._prepared(group, stratum, samples, chunk)
        else:
            rows = whole_rows(group.lead, part, samples, self.dropped)
        left = remaining(plan, self.matrix, self.dropped)
        scores = None if detail else group.kernel.scores(rows, left)
        return (None, group.kernel.terms(rows, left)) if scores is None else (scores, None)

    def _prepared(self, group: Group, stratum: str, samples: slice | Array, chunk: slice) -> Any:
        """Return what was prepared of some samples of a stratum, whose samples stand one after another there."""
        before = self.labels[: chunk.start].count(stratum) if len(self.by) > 1 else chunk.start
        n = chunk.stop - chunk.start if isinstance(samples, slice) else len(samples)
        return group.prepared[stratum][before : before + n]

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
