"""UCell: a capped Mann-Whitney statistic for sparse samples such as single cells (Andreatta and Carmona 2021).

Genes are ranked from the highest (average rank of ties, over all genes, zeros included), ranks beyond ``max_rank``
are set to it, and with k genes: U = sum of ranks - k (k + 1) / 2; score = 1 - U / (k max_rank - k (k + 1) / 2).
Genes that go down are scored on their own and subtracted.

Missing genes are left out of k; with ``missing="impute"`` they count as genes of rank ``max_rank``, so that a score falls
with each gene that the matrix lacks. ``clip`` sets negative differences of both directions to 0. ``ties="pyucell"`` gives
every zero the rank ``max_rank``, and keeps a ``max_rank`` above the number of genes, as pyUCell 0.8 does; elsewhere
``max_rank`` is at most the number of genes, which is said. The rules for zeros differ only where the tie group of zeros
reaches above ``max_rank``. Values below 0 are ranked under the zeros here in every mode; pyUCell leaves zeros out of the ranks
(its answers follow to 3e-8), so that its numbers are not met on log ratios that hold exact zeros. pyUCell's defaults are
``ties="pyucell", missing="impute", clip=True``. Genes that are constant over the samples are ranked like any other. Missing
values: refused, or the gene is taken out of the ranks of all samples.

All scales, in their own order; at least 200 genes, and a warning under 2,000. A sample's score depends on no other sample and no
other signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        Parameter(
            name="missing",
            default="skip",
            choices=("skip", "impute"),
            help="genes that the matrix lacks: left out, or counted with rank max_rank as pyUCell does",
        ),
        Parameter(name="clip", default=False, help="set the difference of both directions to 0 where it is negative"),
    ),
)


class UCell(_rank.RankKernel):
    """The score of one direction lies in 0 to 1, the difference of two in -1 to 1."""

    METHOD = METHOD

    def remarks(self, plan: Plan, detected: Callable[[], float]) -> Iterator[str]:
        """Say where ``max_rank`` is more than there are genes."""
        wanted, n = int(plan.params["max_rank"]), plan.n_universe
        if wanted > n:
            done = "kept, as pyUCell does: scores come close to 1" if plan.params["ties"] == "pyucell" else f"{n} is used"
            yield f"ucell: max_rank {wanted} is more than the {n} genes of this matrix: {done}"

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return descending ranks, capped at ``max_rank``."""
        n, ties = plan.n_universe, plan.params["ties"]
        cap = float(self._cap(plan))
        table = np.minimum(n + 1 - _rank.twice(n), cap)
        # the lowest of tied ranks from the top is the highest of those from the bottom
        rule = {"min": "max", "max": "min"}.get(ties, "average")
        return _rank.Measure(rule=rule, table=table, at_zero=cap if ties == "pyucell" else None)

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, one: SetPlan, plan: Plan) -> Array:
        """Return the statistic of one direction, negative for genes that go down."""
        cap, absent = self._cap(plan), self._absent(one, sign, plan)
        low = (k + absent) * (k + absent + 1) / 2.0
        size = (k + absent) * cap - low
        return sign * (1.0 - (u + absent * cap - low) / size) if size > 0 else np.full_like(u, np.nan)

    def joined(self, total: Array, plan: Plan) -> Array:
        """Return the difference of both directions, at least 0 where that was asked for."""
        return np.maximum(total, 0.0) if plan.params["clip"] else total

    @staticmethod
    def _cap(plan: Plan) -> int:
        wanted = int(plan.params["max_rank"])
        return wanted if plan.params["ties"] == "pyucell" else min(wanted, plan.n_universe)

    @staticmethod
    def _absent(one: SetPlan, sign: int, plan: Plan) -> int:
        return one.absent[0 if sign > 0 else 1] if plan.params["missing"] == "impute" else 0

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part: an equal share of 1, less its share of the statistic; negative for down genes.

        What missing genes take away is shared equally; where the score is clipped, no gene adds anything.
        """
        ranks = terms[:, one.index]
        parts = np.zeros_like(ranks)
        for sign in (1, -1):
            half = one.sign == sign
            k = int(half.sum())
            if k:  # half() is affine in the sum: a gene's share is half() of k times its own rank, divided by k
                own = ranks[:, half]
                parts[:, half] = self.half(own * k, own, own, k, sign, one, plan) / k
        return np.where(parts.sum(axis=1, keepdims=True) < 0, 0.0, parts) if plan.params["clip"] else parts


KERNEL = UCell()
