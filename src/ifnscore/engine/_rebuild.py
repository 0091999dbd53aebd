"""Contributions of genes, from the tables that a scoring run stored: no controls are needed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore import methods
from ifnscore._lazy import np, pd
from ifnscore.engine import _stable
from ifnscore.engine._tasks import Task, check_universe
from ifnscore.engine._values import convert, remaining, whole_rows, with_universe
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import ColumnKernel, Plan, RowKernel, SetPlan, Stats, TwoPassKernel
from ifnscore.signatures import Signature

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Room for rounding in a comparison of shares.
_EXACT = 1e-9


def contributions(
    matrix: Matrix,
    how: Mapping[str, Any],
    uses: pd.DataFrame,
    covered: pd.DataFrame,
    strata: Sequence[str],
    dropped: Sequence[str],
    others: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return contributions of shape (n_samples, n_used_genes) of one signature.

    Parameters
    ----------
    matrix
        The scored matrix.
    how
        Method, parameters, pseudo-count and housekeeping genes, as stored in the provenance.
    uses, covered
        Rows of the stored gene and coverage tables that belong to the signature.
    strata
        Stratum of each sample.
    dropped
        Genes that were left out of the matrix because of missing values.
    others
        The same tables of the other signatures of the call, for methods whose scores depend on them.
    """
    task = Task(
        signature=Signature(id="stored", up=()),
        method=methods.get(how["method"]),
        params=how["params"],
        pseudocount=how["pseudocount"],
        housekeeping=tuple(how["housekeeping"]),
    )
    check_universe(task.method, task.params, matrix)
    labels = np.array(list(strata), dtype=object)
    out = pd.DataFrame(np.nan, index=range(matrix.n_samples), columns=uses.loc[uses["used"], "gene"].drop_duplicates().tolist())
    for name in dict.fromkeys(strata):
        here = uses[uses["stratum"] == name]
        if not here["used"].any():
            continue
        plan = _plan(matrix, task, here, covered[covered["stratum"] == name].iloc[0], dropped)
        mine = list(plan.genes)
        if others is not None:
            plan = _with_others(plan, matrix, others[0][others[0]["stratum"] == name], others[1][others[1]["stratum"] == name])
        samples = np.flatnonzero(labels == name)
        plan = _folded_again(matrix, task, plan, samples)
        prepared = _prepared(matrix, task, plan, samples, dropped)
        for start in range(0, len(samples), 1_000):
            part = samples[start : start + 1_000]
            ready = None if prepared is None else prepared[start : start + 1_000]
            parts = _parts(matrix, task, plan, part, dropped, ready)
            out.loc[part, mine] = parts * float(covered["score_factor"].iloc[0])
    return out


def _plan(matrix: Matrix, task: Task, uses: pd.DataFrame, covered: pd.Series[Any], dropped: Sequence[str]) -> Plan:
    used, absent = uses[uses["used"]], uses.loc[~uses["used"], "weight"]
    weight = used["weight"].to_numpy(dtype=float)
    one = SetPlan(
        id="stored",
        index=np.arange(len(used)),
        sign=np.copysign(1.0, weight),
        weights=np.abs(weight),
        n_published=int(covered["n_genes"]),
        absent=(int((absent >= 0).sum()), int((absent < 0).sum())),
        centre=float(covered["score_centre"]),
        spread=float(covered["score_spread"]),
    )
    centre, spread = used["centre"].to_numpy(dtype=float), used["spread"].to_numpy(dtype=float)
    return Plan(
        genes=tuple(used["gene"]),
        columns=np.array([matrix.position[g] for g in used["gene"]], dtype=np.intp),
        sets=(one,),
        params=task.params,
        n_universe=len(matrix.universe) - len(dropped),
        stats=Stats(centre=centre, spread=spread, usable=np.ones(len(used), dtype=bool)),
        stable=_stable.positions(task.params, matrix, dropped),
    )


def _with_others(plan: Plan, matrix: Matrix, uses: pd.DataFrame, covered: pd.DataFrame) -> Plan:
    """Return the plan with the other signatures that had a score, genes of their own behind those of the first."""
    found = {g: i for i, g in enumerate(plan.genes)}
    sets = list(plan.sets)
    for row in covered[covered["coverage"] >= covered["min_coverage"] - _EXACT].itertuples():
        used = uses[(uses["signature"] == row.signature) & uses["used"]]
        weight = used["weight"].to_numpy(dtype=float)
        index = np.array([found.setdefault(g, len(found)) for g in used["gene"]], dtype=np.intp)
        sign = np.copysign(1.0, weight)
        sets.append(SetPlan(id=f"beside {row.signature}", index=index, sign=sign, weights=np.abs(weight), n_published=len(used)))
    columns = np.array([matrix.position[g] for g in found], dtype=np.intp)
    return replace(plan, genes=tuple(found), columns=columns, sets=tuple(sets))


def _prepared(matrix: Matrix, task: Task, plan: Plan, samples: Array, dropped: Sequence[str]) -> Any:
    """Return what a method of the whole matrix makes of all samples of a stratum, or None for other methods."""
    kernel = methods.kernel(task.method.id)
    if task.method.needs != "whole_matrix" or not isinstance(kernel, RowKernel):
        return None
    return kernel.prepare(whole_rows(task, matrix, samples, dropped), with_universe(plan, matrix, dropped))


def _working(matrix: Matrix, task: Task, plan: Plan, samples: Array) -> Array:
    """Return values of the plan's genes on the working scale."""
    size = matrix.library_size(samples) if matrix.scale == "counts" else None
    x, housekeeping = matrix.values(plan.genes, samples), matrix.values(task.housekeeping, samples)
    return convert(x, housekeeping, task, matrix.scale, size)


def _folded_again(matrix: Matrix, task: Task, plan: Plan, samples: Array) -> Plan:
    """Return the plan after a first pass over all samples of a stratum, for methods that keep more of it than what was stored."""
    kernel = methods.kernel(task.method.id)
    state = kernel.begin(plan) if isinstance(kernel, TwoPassKernel) else None
    if state is None or not isinstance(kernel, TwoPassKernel):
        return plan
    for start in range(0, len(samples), 1_000):
        x = _working(matrix, task, plan, samples[start : start + 1_000])
        state = kernel.fold(state, x[np.isfinite(x).all(axis=1)])
    return replace(plan, stats=kernel.finish(state, plan))


def _parts(matrix: Matrix, task: Task, plan: Plan, samples: Array, dropped: Sequence[str], prepared: Any = None) -> Array:
    kernel = methods.kernel(task.method.id)
    if isinstance(kernel, RowKernel):
        rows = whole_rows(task, matrix, samples, dropped) if prepared is None else prepared
        terms = kernel.terms(rows, remaining(plan, matrix, dropped))
    else:
        assert isinstance(kernel, ColumnKernel)
        terms = kernel.terms(_working(matrix, task, plan, samples), plan)
    return kernel.contributions(terms, plan.sets[0], plan)
