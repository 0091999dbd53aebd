"""Random gene sets beside every signature: how often one of them scores at least as high in the same sample.

Each gene that a signature uses is replaced by one of up to 100 genes nearest to it in mean expression over all samples,
half above and half below, which keeps its direction and weight. Genes of equal mean, of which few samples and sparse ones have
many, stand in an order made of their names, the signature's own among them: put before its equals, a gene would mostly meet
lower ones, and p of random signatures came out at 0.3 in the mean. Genes of the catalogue and of the signature itself are never
drawn, nor stable genes, nor genes that the controls say nothing about. The sets of a signature depend on the seed, its id and the
matrix, not on other signatures, chunks or threads. Scores of the sets are compared with the sample's own score as they are
made and then forgotten; equal ones, to 1e-9, count as at least as high, and so do sets without a score. With N sets, p = (1
+ sets at least as high) / (N + 1), one-sided: a high score is what a signature claims, and the score of genes that go down
rises as they fall.

Random signatures have a uniform p, or a larger one where scores are tied: of 8 random genes in blood 0.65 to 0.85 in the mean
under ucell and aucell, because many of their sets score 0. Genes that are regulated together go up and down together, random
ones do not: a small p says that the genes are high in this sample, not why. Signatures of the very highest genes have a
slightly large one under methods of values (mean p 0.6 instead of 0.5 for draws like kim2018_irg28_z under mean_log in whole
blood, 0.5 under singscore): above them genes lie further apart than below.
"""

from __future__ import annotations

import copy
import functools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ifnscore import genes, methods
from ifnscore._lazy import is_sparse, np
from ifnscore.engine import _distributed
from ifnscore.engine._controls import fitted, usable
from ifnscore.engine._values import remaining, whole_rows
from ifnscore.errors import DataError, UsageError, warn
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import ColumnKernel, Kernel, Method, Plan, RowKernel, SetPlan, TwoPassKernel
from ifnscore.signatures._random import NEIGHBOURS, matched, standing

if TYPE_CHECKING:
    from ifnscore.engine._group import Group
    from ifnscore.engine._run import Runner
    from ifnscore.methods._protocol import Array
    from ifnscore.reference import Reference

#: Values of random sets' genes, or scores of random sets, handled at a time.
_AT_ONCE = 1_000_000
#: Random sets scored at a time.
_BATCH = 1_000
#: Scores that differ by less, relative to the larger of 1 and the score, count as equal.
_EQUAL = 1e-9
_REFUSED = "no random sets for {}: {}. Methods of one sample at a time have them, such as singscore or ucell"


@dataclass(frozen=True, slots=True)
class NullRequest:
    """How many random sets a signature, from which seed; and controls that hold all genes, where methods need controls."""

    n: int
    seed: int = 0
    reference: Reference | None = None

    @property
    def smallest(self) -> float:
        """The smallest p that can come out."""
        return 1.0 / (self.n + 1)

    def facts(self) -> dict[str, Any]:
        """Return what the provenance keeps."""
        rule = "each gene one of up to 100 nearest in mean expression, outside the catalogue; sign and weight kept"
        return {"sets": self.n, "seed": self.seed, "matched": rule, "tail": "upper", "smallest_p": self.smallest}


def check(runner: Runner) -> None:
    """Refuse methods whose scores of random sets would not be those of sets alone, or need the whole matrix each.

    Raises
    ------
    UsageError
        Names the method and the reason.
    """
    for group in runner.groups:
        check_method(group.lead.method)
        if group.lead.method.passes > 1 and runner.afar:
            why = "its first pass would take all genes of a dask array's blocks; make pseudobulk samples first"
            raise UsageError(_REFUSED.format(group.lead.method.id, why))


def check_method(method: Method) -> None:
    """Refuse a method that has no random sets, whatever the matrix.

    Raises
    ------
    UsageError
        Names the method and the reason.
    """
    if not method.signature_independent:
        raise UsageError(_REFUSED.format(method.id, "a score there depends on the other signatures, random ones too"))
    if method.needs == "whole_matrix" or getattr(methods.kernel(method.id), "gathers_sets", False):
        raise UsageError(_REFUSED.format(method.id, "it looks at all samples at once, anew for each set"))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Random sets of one group and stratum: those of the first of `places` (among the group's signatures), then of the next."""

    plan: Plan
    places: tuple[int, ...]


class Null:
    """The random sets of one runner.

    Parameters
    ----------
    runner
        Its plans are made.
    request
        Number of sets and seed.

    Raises
    ------
    DataError
        Too few genes to draw from.
    """

    def __init__(self, runner: Runner, request: NullRequest) -> None:
        self.request = request
        self.drawn: dict[tuple[int, str], _Drawn] = {}
        level = _means(runner)
        for place, group in enumerate(runner.groups):
            chosen = _draw(runner, group, level, request)
            for name, plan in group.plans.items():
                if plan is not None and chosen:
                    self.drawn[place, name] = _planned(runner, group, (name, plan), chosen, request)

    def genes(self) -> list[str]:
        """Return the keys of all genes that were drawn."""
        return list(dict.fromkeys(k for drawn in self.drawn.values() for k in drawn.plan.genes))

    def compare(
        self, runner: Runner, at: tuple[int, str], where: tuple[Matrix, slice | Array], scores: Array, out: Array
    ) -> None:
        """Put the p of the samples of one stratum and group into `out`.

        Parameters
        ----------
        runner
            The runner, possibly a copy without samples on a worker.
        at
            Place of the group and name of the stratum.
        where
            Samples in memory, and which of them are meant.
        scores, out
            Scores of the samples in memory, and the p to fill, both of shape (n_samples, n_tasks).
        """
        drawn, group, (part, samples) = self.drawn.get(at), runner.groups[at[0]], where
        if drawn is None:
            return
        columns = np.array([group.positions[i] for i in drawn.places], dtype=np.intp)
        everyone, n = np.arange(part.n_samples)[samples], self.request.n
        for start in range(0, len(everyone), _AT_ONCE // _BATCH):
            rows = everyone[start : start + _AT_ONCE // _BATCH]
            own = scores[np.ix_(rows, columns)]
            limit = own - _EQUAL * np.maximum(np.abs(own), 1.0)
            hits = np.zeros(own.shape, dtype=np.int64)
            for some, first, found in _scored(runner, group, drawn.plan, part, rows):
                for j, values in enumerate(found.T, start=first):
                    hits[some, j // n] += ~(values < limit[some, j // n])
            out[np.ix_(rows, columns)] = np.where(np.isnan(own), np.nan, (1.0 + hits) / (n + 1.0))


def _draw(runner: Runner, group: Group, level: Array, request: NullRequest) -> dict[int, tuple[list[str], Array]]:
    """Return, by place of a signature in the group, the genes to replace and the genes drawn for them, shape (n, n_genes)."""
    known, matrix = genes.table(), runner.matrix
    may = _may_be_drawn(runner, group, request)
    free = np.array([k not in known.genes and known.resolve(k) == k for k in matrix.universe], dtype=bool)
    free &= may & np.isfinite(level)
    stable = next((p.stable for p in group.plans.values() if p is not None and p.stable is not None), None)
    if stable is not None:
        free[stable] = False
    place = standing(matrix.universe, level)
    chosen, few = {}, len(matrix.universe)
    for i, task in enumerate(group.tasks):
        targets = sorted({k for plan in group.plans.values() if plan for k in _keys(plan, plan.sets[i])})
        if not targets:
            continue
        own = [matrix.position[k] for k in targets]
        pool = np.setdiff1d(np.flatnonzero(free), own)
        if len(pool) < 2 * len(targets):
            msg = (
                f"cannot draw random sets like {task.signature.id}: {len(targets)} of its genes are used and {len(pool)} genes "
                "outside the catalogue can be drawn; a genome-wide matrix is needed, and where methods compare with controls, "
                "controls in it"
            )
            raise DataError(msg)
        few = min(few, len(pool))
        pool = pool[np.argsort(place[pool])]
        generator = np.random.default_rng([request.seed, zlib.crc32(task.signature.id.encode())])
        chosen[i] = (targets, pool[matched(np.searchsorted(place[pool], place[own]), len(pool), request.n, generator)])
    if few < 2 * NEIGHBOURS:
        warn(f"random sets are drawn from {few} genes, under {2 * NEIGHBOURS}, few of them like the signature's: p_null is rough")
    return chosen


def _planned(
    runner: Runner, group: Group, of: tuple[str, Plan], chosen: Mapping[int, tuple[list[str], Array]], request: NullRequest
) -> _Drawn:
    """Return the plan of all random sets of a stratum."""
    name, plan = of
    columns = np.unique(np.concatenate([picked.ravel() for _, picked in chosen.values()]))
    places = tuple(i for i in chosen if len(plan.sets[i].index))
    sets: list[SetPlan] = []
    for i in places:
        targets, picked = chosen[i]
        at = np.array([targets.index(k) for k in _keys(plan, plan.sets[i])], dtype=np.intp)
        sets += [replace(plan.sets[i], index=row) for row in np.searchsorted(columns, picked[:, at])]
    keys = tuple(runner.matrix.universe[c] for c in columns)
    made = replace(plan, genes=keys, columns=columns, sets=tuple(sets), stats=None)
    if isinstance(group.kernel, TwoPassKernel):
        made = replace(made, stats=group.kernel.finish(_first_pass(runner, group, made, name), made))
        return _Drawn(usable(group.kernel, made, None), places)
    controls = _controls(runner, group, made, name, request)
    return _Drawn(usable(group.kernel, fitted(group.kernel, made, controls), controls), places)


def _keys(plan: Plan, one: SetPlan) -> list[str]:
    return [plan.genes[i] for i in one.index]


def _means(runner: Runner) -> Array:
    """Return the mean of every gene over all samples, to six digits, so that no order of samples changes a draw."""
    matrix = runner.matrix
    if runner.afar:
        sums: Iterator[Array] = (found for _, found in _distributed.visit(runner, _sums_afar))
    else:
        sums = (_sums(matrix.part(chunk)) for chunk in matrix.chunks(runner.chunk_size))
    total = functools.reduce(np.add, sums, np.zeros(len(matrix.universe)))
    digits, power = np.frexp(total / max(matrix.n_samples, 1))
    return np.ldexp(np.round(digits * 2.0**20) / 2.0**20, power)


def _sums_afar(part: Matrix, _: Any) -> Array:
    return _sums(part)


def _sums(part: Matrix) -> Array:
    rows = part.whole_rows(slice(None))
    if is_sparse(rows):
        return np.bincount(rows.indices, weights=rows.data, minlength=rows.shape[1])
    return np.asarray(rows, dtype=np.float64).sum(axis=0)


def _may_be_drawn(runner: Runner, group: Group, request: NullRequest) -> Array:
    """Return which genes of the universe may be drawn: no missing values, and a spread or centre in the controls."""
    matrix, kernel = runner.matrix, group.kernel
    good = np.array([k not in runner.dropped for k in matrix.universe], dtype=bool)
    if group.lead.method.reference != "required":
        return good
    held = set(request.reference.genes) if request.reference else set()
    good &= np.array([k in held for k in matrix.universe], dtype=bool)
    keys = [k for k, g in zip(matrix.universe, good, strict=True) if g]
    columns = np.flatnonzero(good)
    for name, plan in group.plans.items():
        if plan is None:
            continue
        every = replace(plan, genes=tuple(keys), columns=columns, sets=(), stats=None)
        stats = fitted(kernel, every, _controls(runner, group, every, name, request)).stats
        if stats is not None:
            good[columns] &= stats.usable
    return good


def _controls(runner: Runner, group: Group, plan: Plan, name: str, request: NullRequest) -> Array | None:
    if group.lead.method.reference != "required":
        return None
    beside = copy.copy(runner)
    beside.reference = request.reference
    return beside.controls(group.lead, plan, runner.by[name])


def _first_pass(runner: Runner, group: Group, plan: Plan, name: str) -> Any:
    """Return what a method of two passes gathers of the random genes, a few samples at a time."""
    step, state = max(1, _AT_ONCE // len(plan.genes)), None
    for chunk in runner.matrix.chunks(runner.chunk_size):
        part = runner.matrix.part(chunk)
        for start in range(0, part.n_samples, step):
            piece = slice(start, min(start + step, part.n_samples))
            there = slice(chunk.start + piece.start, chunk.start + piece.stop)
            state = runner.fold(state, (group, plan, name), part.part(piece), there)
    return state


def _scored(runner: Runner, group: Group, plan: Plan, part: Matrix, rows: Array) -> Iterator[tuple[slice, int, Array]]:
    """Yield scores of random sets: which of the rows, the number of the first set, and an array (n_rows, some sets)."""
    kernel, step = group.kernel, max(1, _AT_ONCE // len(plan.genes))
    pieces = [slice(start, min(start + step, len(rows))) for start in range(0, len(rows), step)]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if isinstance(kernel, ColumnKernel):
            for some in pieces:
                yield from _each(kernel, kernel.terms(runner.working(group, plan, part, rows[some]), plan), plan, some)
            return
        assert isinstance(kernel, RowKernel)
        values = whole_rows(group.lead, part, rows, runner.dropped)
        plan = remaining(plan, part, runner.dropped)
        for first in range(0, len(plan.sets), _BATCH):
            found = kernel.scores(values, replace(plan, sets=plan.sets[first : first + _BATCH]))
            if found is None:
                break
            yield slice(0, len(rows)), first, found
        else:
            return
        for some in pieces:
            yield from _each(kernel, kernel.terms(values[some], plan), plan, some)


def _each(kernel: Kernel, terms: Array, plan: Plan, some: slice) -> Iterator[tuple[slice, int, Array]]:
    """Yield the scores of one set after the other from terms of all random genes."""
    for i, one in enumerate(plan.sets):
        yield some, i, kernel.score(terms, one, plan)[:, None]
