"""Contributions of genes, from the tables that a scoring run stored: no controls are needed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import methods
from ifnscore._lazy import np, pd
from ifnscore.engine._tasks import Task, _check_universe
from ifnscore.engine._values import convert, remaining, whole_rows
from ifnscore.matrix import Matrix
from ifnscore.methods._protocol import ColumnKernel, Plan, RowKernel, SetPlan, Stats
from ifnscore.signatures import Signature

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


def contributions(
    matrix: Matrix,
    how: Mapping[str, Any],
    uses: pd.DataFrame,
    covered: pd.DataFrame,
    strata: Sequence[str],
    dropped: Sequence[str],
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
    """
    task = Task(
        signature=Signature(id="stored", up=()),
        method=methods.get(how["method"]),
        params=how["params"],
        pseudocount=how["pseudocount"],
        housekeeping=tuple(how["housekeeping"]),
    )
    _check_universe(task.method, matrix)
    labels = np.array(list(strata), dtype=object)
    out = pd.DataFrame(np.nan, index=range(matrix.n_samples), columns=uses.loc[uses["used"], "gene"].drop_duplicates().tolist())
    for name in dict.fromkeys(strata):
        used = uses[(uses["stratum"] == name) & uses["used"]]
        if used.empty:
            continue
        plan = _plan(matrix, task, used, covered[covered["stratum"] == name].iloc[0], dropped)
        samples = np.flatnonzero(labels == name)
        for start in range(0, len(samples), 1_000):
            part = samples[start : start + 1_000]
            parts = _parts(matrix, task, plan, part, dropped)
            out.loc[part, list(plan.genes)] = parts * float(covered["score_factor"].iloc[0])
    return out


def _plan(matrix: Matrix, task: Task, used: pd.DataFrame, covered: pd.Series[Any], dropped: Sequence[str]) -> Plan:
    weight = used["weight"].to_numpy(dtype=float)
    one = SetPlan(
        id="stored",
        index=np.arange(len(used)),
        sign=np.copysign(1.0, weight),
        weights=np.abs(weight),
        n_published=int(covered["n_genes"]),
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
    )


def _parts(matrix: Matrix, task: Task, plan: Plan, samples: Array, dropped: Sequence[str]) -> Array:
    kernel = methods.kernel(task.method.id)
    if isinstance(kernel, RowKernel):
        terms = kernel.terms(whole_rows(task, matrix, samples, dropped), remaining(plan, matrix, dropped))
    else:
        assert isinstance(kernel, ColumnKernel)
        size = matrix.library_size(samples) if matrix.scale == "counts" else None
        x, housekeeping = matrix.values(plan.genes, samples), matrix.values(task.housekeeping, samples)
        terms = kernel.terms(convert(x, housekeeping, task, matrix.scale, size), plan)
    return kernel.contributions(terms, plan.sets[0], plan)
