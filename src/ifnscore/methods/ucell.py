"""UCell: a capped Mann-Whitney statistic for sparse samples such as single cells (Andreatta and Carmona 2021).

Genes are ranked from the highest (average rank of ties, over all genes, zeros included), ranks beyond ``max_rank``
are set to it, and with k genes: U = sum of ranks - k (k + 1) / 2; score = 1 - U / (k max_rank - k (k + 1) / 2).
Missing genes are left out of k. ``ties="pyucell"`` gives every zero the rank ``max_rank``, as pyUCell does; the two
differ only where the tie group of zeros reaches above ``max_rank``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _rank
from ifnscore.methods._protocol import Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="ucell",
    title="capped Mann-Whitney statistic of the genes within the sample, 0 to 1",
    formula="1 - (sum of min(rank, max_rank) - k (k + 1) / 2) / (k max_rank - k (k + 1) / 2), rank 1 = highest",
    doi="10.1016/j.csbj.2021.06.043",
    needs="whole_row",
    works_on="order",
    score_type="rank",
    min_genes=200,
    parameters=(
        Parameter(
            name="max_rank", default=1500, minimum=1, help="ranks beyond this count as this; never more than the number of genes"
        ),
        Parameter(name="ties", default="average", choices=("average", "min", "max", "pyucell"), help="rank of tied genes"),
    ),
)


class UCell(_rank.RankKernel):
    """Genes that go down are scored on their own and subtracted; the difference is not clipped at 0."""

    METHOD = METHOD

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return descending ranks, capped at ``max_rank``."""
        n, ties = plan.n_universe, plan.params["ties"]
        cap = float(self._cap(plan))
        table = np.minimum(n + 1 - _rank.twice(n), cap)
        # the lowest of tied ranks from the top is the highest of those from the bottom
        rule = {"min": "max", "max": "min"}.get(ties, "average")
        return _rank.Measure(rule=rule, table=table, at_zero=cap if ties == "pyucell" else None)

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, plan: Plan) -> Array:
        """Return the statistic of one direction, negative for genes that go down."""
        low = k * (k + 1) / 2.0
        size = k * self._cap(plan) - low
        return sign * (1.0 - (u - low) / size) if size > 0 else np.full_like(u, np.nan)

    @staticmethod
    def _cap(plan: Plan) -> int:
        return min(int(plan.params["max_rank"]), plan.n_universe)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part: the equal share of 1, less its share of the statistic; negative for down genes."""
        cap = self._cap(plan)
        ranks = terms[:, one.index]
        parts = np.zeros_like(ranks)
        for sign in (1, -1):
            half = one.sign == sign
            k = int(half.sum())
            low = k * (k + 1) / 2.0
            size = k * cap - low
            if k:
                parts[:, half] = sign * (1.0 / k - (ranks[:, half] - low / k) / size) if size > 0 else np.nan
        return parts


KERNEL = UCell()
