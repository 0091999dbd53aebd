"""What happened to each gene of each signature: where it was found, and why it was not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore import genes
from ifnscore.matrix import Matrix, Row

if TYPE_CHECKING:
    from ifnscore.engine._tasks import Task
    from ifnscore.methods._protocol import Plan, SetPlan, Stats


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


def gene_uses(
    task: Task, one: SetPlan, plan: Plan, stratum: str, matrix: Matrix, dropped: Mapping[str, str], why: str = ""
) -> Iterator[GeneUse]:
    """Yield one record a gene of a signature.

    Parameters
    ----------
    task, one, plan
        The signature, before genes without usable statistics are taken out.
    stratum
        Label of the stratum.
    matrix
        Where the genes are looked for.
    dropped
        Gene keys that may not be used, with the reason.
    why
        Reason that holds for all genes, such as a stratum without controls.
    """
    table = genes.table()
    at = {g: i for i, g in enumerate(plan.genes)}
    weights = dict(zip(one.index.tolist(), (one.sign * one.weights).tolist(), strict=True))
    for key, published in {table.resolve(g): g for g in reversed(task.signature.genes)}.items():
        i = at.get(key, -1)
        found = key in matrix.position
        row = matrix.rows_of([key])[key] if found else Row("", 0)
        note = _note(task, key, i, plan.stats, dropped, why) if found else "not in the matrix"
        known = plan.stats is not None and i >= 0
        yield GeneUse(
            signature=task.signature.id,
            stratum=stratum,
            gene=key,
            published=published,
            column=row.identifier,
            occurrence=row.occurrence,
            weight=weights.get(i, -1.0 if published in task.signature.down else 1.0),
            centre=float(plan.stats.centre[i]) if known and plan.stats else float("nan"),
            spread=float(plan.stats.spread[i]) if known and plan.stats else float("nan"),
            used=not note,
            note=note,
        )


def _note(task: Task, key: str, i: int, stats: Stats | None, dropped: Mapping[str, str], why: str) -> str:
    """Return why a gene of the matrix is not used, or nothing."""
    if why:
        return why
    if key in dropped:
        return dropped[key]
    if i < 0:
        return "not in the reference"
    if stats is not None and not stats.usable[i]:
        return "no spread" if task.method.score_type in {"z", "rank"} else "control centre is 0"
    return ""
