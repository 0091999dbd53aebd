"""Scores of a plain matrix and plain gene sets: no files, identifiers, scales or coverage rules, only the kernels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np, sp
from ifnscore.errors import UsageError, listing
from ifnscore.methods import _linear, _rank
from ifnscore.methods._protocol import ColumnKernel, Kernel, Plan, RowKernel, SetPlan, TwoPassKernel

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Stored values (dense: all values) and rows handled at a time.
_VALUES, _ROWS = 8_000_000, 20_000


def score_with(
    kernel: Kernel,
    x: Any,
    genes: Sequence[str],
    sets: Mapping[str, Sequence[str] | Mapping[str, float]],
    params: Mapping[str, Any],
    *,
    compiled: bool,
) -> Array:
    """Return scores of shape (n_samples, n_sets); see :func:`ifnscore.methods.score_values`."""
    if kernel.METHOD.reference == "required":
        msg = f"{kernel.METHOD.id} compares with healthy controls, which a plain matrix does not name: use ifnscore.tl.score"
        raise UsageError(msg)
    x = _canonical(x)
    plan = _plan(genes, sets, kernel.METHOD.resolve(params), compiled=compiled)
    if isinstance(kernel, TwoPassKernel):
        state = kernel.begin(plan)
        for part in _parts(x):
            state = kernel.fold(state, _dense(part, plan.columns))
        plan = replace(plan, stats=kernel.finish(state, plan))
        plan = replace(plan, sets=tuple(s.subset(plan.stats.usable[s.index]) for s in plan.sets if plan.stats is not None))
    if kernel.METHOD.needs == "whole_matrix" and isinstance(kernel, RowKernel):
        x = kernel.prepare(x, plan)
    out = np.concatenate([_scores(kernel, part, plan) for part in _parts(x)])
    return out * kernel.factor(out, plan)


def ranks_together(
    kernels: Sequence[_rank.RankKernel],
    x: Any,
    genes: Sequence[str],
    sets: Mapping[str, Sequence[str] | Mapping[str, float]],
    params: Sequence[Mapping[str, Any]],
) -> list[Array]:
    """Return the scores of several rank methods from one compiled pass over sparse rows, one array (n_samples, n_sets) each."""
    x = _canonical(x)
    plans = [_plan(genes, sets, k.METHOD.resolve(p), compiled=True) for k, p in zip(kernels, params, strict=True)]
    wanted = list(zip(kernels, plans, strict=True))
    done = [_rank.scores_in_one_pass(part, wanted) for part in _parts(x)]
    whole = [np.concatenate(parts) for parts in zip(*done, strict=True)]
    return [scores * k.factor(scores, p) for scores, (k, p) in zip(whole, wanted, strict=True)]


def _canonical(x: Any) -> Any:
    """Return `x` dense or CSR, each entry stored once; the input is never changed."""
    x = x.tocsr() if is_sparse(x) else np.asarray(x)
    if is_sparse(x) and not x.has_canonical_format:
        x = x.copy()
        x.sum_duplicates()
    return x


def _plan(genes: Sequence[str], sets: Mapping[str, Any], params: dict[str, Any], *, compiled: bool) -> Plan:
    position = dict(zip(genes, range(len(genes)), strict=True))
    if len(position) < len(genes):
        msg = f"genes stand more than once: {listing([g for g in position if list(genes).count(g) > 1])}"
        raise UsageError(msg)
    found: dict[str, int] = {}
    made = []
    for name, members in sets.items():
        weights = {g: float(w) for g, w in members.items()} if isinstance(members, Mapping) else dict.fromkeys(members, 1.0)
        here = [g for g in weights if g in position]
        index = np.array([found.setdefault(g, len(found)) for g in here], dtype=np.intp)
        w = np.array([weights[g] for g in here])
        sign = np.where(w < 0, -1.0, 1.0)
        lacking = [weights[g] < 0 for g in weights if g not in position]
        absent = (len(lacking) - sum(lacking), sum(lacking))
        one = SetPlan(id=str(name), index=index, sign=sign, weights=np.abs(w), n_published=len(weights), absent=absent)
        made.append(one)
    columns = np.array([position[g] for g in found], dtype=np.intp)
    return Plan(
        genes=tuple(found),
        columns=columns,
        sets=tuple(made),
        params=params,
        n_universe=len(genes),
        compiled=compiled,
        universe=tuple(genes),
    )


def _parts(x: Any) -> Iterator[Any]:
    n = x.shape[0]
    stored = x.nnz if is_sparse(x) else x.shape[0] * x.shape[1]
    step = max(1, min(_ROWS, _VALUES * n // max(stored, 1)))
    for start in range(0, n, step):
        if not is_sparse(x):
            yield x[start : start + step]
            continue
        bounds = x.indptr[start : start + step + 1]
        a, z = int(bounds[0]), int(bounds[-1])
        part = sp.csr_matrix((x.data[a:z], x.indices[a:z], bounds - a), shape=(len(bounds) - 1, x.shape[1]), copy=False)
        part.has_sorted_indices = part.has_canonical_format = True
        yield part


def _dense(rows: Any, columns: Array) -> Array:
    found = rows[:, columns]
    return np.asarray(found.toarray() if is_sparse(found) else found, dtype=np.float64)


def _scores(kernel: Kernel, rows: Any, plan: Plan) -> Array:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if isinstance(kernel, RowKernel):
            done = kernel.scores(rows, plan)
            if done is not None:
                return done
            terms = kernel.terms(rows, plan)
        else:
            assert isinstance(kernel, ColumnKernel)
            if plan.compiled and is_sparse(rows) and kernel.is_linear(plan):
                return _linear.from_rows(kernel, rows, plan.columns, plan)
            terms = kernel.terms(_dense(rows, plan.columns), plan)
        return np.column_stack([kernel.score(terms, one, plan) for one in plan.sets])
