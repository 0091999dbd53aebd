"""Single-sample GSEA (Barbie 2009): the area between the running sums of set genes and other genes.

Genes are walked from the highest to the lowest. With N genes, k in the set, rank r_g (ascending) and position p_g of a
set gene in the walk, the sum of the differences of both cumulative distributions has the closed form

    ES = sum_g r_g^alpha (N - p_g + 1) / sum_g r_g^alpha  -  (N (N + 1) / 2 - sum_g (N - p_g + 1)) / (N - k)

so only the set's own ranks are needed. Ties: by default r_g and p_g are averages over the tie group, which is the
expectation over all orders of tied genes and depends on no gene order. ``ties="gsva"`` places tied genes in matrix
order and truncates average ranks, as R GSVA 1.46 does; ``ties="gseapy"`` places them in reverse order, not truncated.

Zeros, and genes that are constant over the samples, are ranked like any other; missing genes are left out of k; missing
values are refused, or the gene is taken out of the ranks of all samples. gseapy's ``sample_norm_method`` other than
``rank`` is not offered: ``log_rank`` weighs genes by the logarithm of their rank, ``log`` and ``custom`` by values, so that
scores depend on the scale; no paper defines them, and ``alpha`` sets how much high ranks count.

All scales, in their own order; at least 200 genes, and a warning under 2,000. A sample's score depends on no other sample and no
other signature, unless ``normalise=True``, which divides by the range of all scores of the call (both, then). Genes that go down
are scored on their own and subtracted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _rank
from ifnscore.methods._protocol import Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="ssgsea",
    title="single-sample GSEA, not normalised",
    formula="sum over all genes of (weighted cumulative share of set genes - cumulative share of the others), alpha 0.25",
    doi="10.1038/nature08460",
    needs="whole_row",
    works_on="order",
    score_type="rank",
    min_genes=200,
    parameters=(
        Parameter(name="alpha", default=0.25, minimum=0, help="exponent of the rank weights"),
        Parameter(name="ties", default="average", choices=("average", "gsva", "gseapy"), help="how tied genes are placed"),
        Parameter(
            name="normalise",
            default=False,
            help="divide by the range over all samples and signatures of the call: scores then depend on both",
        ),
    ),
)


class SsGsea(_rank.RankKernel):
    """Raw scores are independent of other samples and signatures; normalised ones are not."""

    METHOD = METHOD

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return the weight of a rank and the number of genes from the gene's position to the end of the walk."""
        n, ties = plan.n_universe, plan.params["ties"]
        left = _rank.twice(n)
        weight = (np.floor(left) if ties == "gsva" else left) ** plan.params["alpha"]
        rule = {"average": "average", "gsva": "reverse", "gseapy": "forward"}[ties]
        order = None if ties == "average" else np.arange(n)
        return _rank.Measure(rule="average", table=weight, second_rule=rule, second=left, order=order)

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, one: SetPlan, plan: Plan) -> Array:
        """Return the enrichment score of one direction, negative for genes that go down."""
        n = plan.n_universe
        if n <= k:
            return np.full_like(u, np.nan)
        return sign * (uv / u - (n * (n + 1) / 2.0 - v) / (n - k))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the enrichment score; genes of the down-set count negatively."""
        parts = np.zeros((len(terms), len(one.index)))
        for sign in (1, -1):
            half = one.sign == sign
            if half.any():
                parts[:, half] = sign * self._parts(terms, one.index[half], plan)
        return parts

    def _parts(self, terms: Array, index: Array, plan: Plan) -> Array:
        n, k = plan.n_universe, len(index)
        weight, left = terms[:, index], terms[:, index + len(plan.genes)]
        inside = weight * left / weight.sum(axis=1, keepdims=True)
        outside = (n * (n + 1) / 2.0 / k - left) / (n - k) if n > k else np.full_like(left, np.nan)
        return inside - outside

    def factor(self, scores: Array, plan: Plan) -> float:
        """Return 1 / (range of all scores of the call) where normalisation was asked for."""
        finite = scores[np.isfinite(scores)]
        if not plan.params["normalise"] or not finite.size or np.ptp(finite) == 0:
            return 1.0
        return 1.0 / float(np.ptp(finite))


KERNEL = SsGsea()
