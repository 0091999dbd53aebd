"""singscore: the mean rank of a signature's genes within one sample (Foroutan 2018).

For an up-set of k genes among N, S = mean ascending rank, normalised to (S - S_min) / (S_max - S_min) with
S_min = (k + 1) / 2 and S_max = (2 N - k + 1) / 2, and centred by subtracting 1/2. A down-set is ranked the other
way round; the two are added. Genes that are missing are left out of k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _rank
from ifnscore.methods._protocol import Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="singscore",
    title="normalised mean rank of the genes within the sample, centred at 0",
    formula="(mean rank - S_min) / (S_max - S_min) - 1/2 for the up-set, plus the same for the down-set ranked in reverse",
    doi="10.1186/s12859-018-2435-4",
    needs="whole_row",
    works_on="order",
    score_type="rank",
    min_genes=200,
    parameters=(
        Parameter(
            name="ties",
            default="min",
            choices=("min", "average", "max", "singscore"),
            help="rank of tied genes; min is the rule of the R package (singscore)",
        ),
        Parameter(name="centre", default=True, help="subtract 1/2 from each half"),
    ),
)


class Singscore(_rank.RankKernel):
    """Order-free: every tie rule gives tied genes the same rank."""

    METHOD = METHOD

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return ascending ranks among all genes."""
        ties = plan.params["ties"]
        return _rank.Measure(rule="min" if ties == "singscore" else ties, table=_rank.twice(plan.n_universe))

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, plan: Plan) -> Array:
        """Return the normalised mean rank of one direction, ranks reversed for genes that go down."""
        n = plan.n_universe
        mean = u / k if sign > 0 else n + 1.0 - u / k
        low, high = (k + 1) / 2.0, (2 * n - k + 1) / 2.0
        if high == low:
            return np.full_like(u, np.nan)
        return (mean - low) / (high - low) - (0.5 if plan.params["centre"] else 0.0)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the normalised mean rank, the bounds shared equally."""
        parts = np.zeros((len(terms), len(one.index)))
        for sign in (1, -1):
            half = one.sign == sign
            k = int(half.sum())
            if k:  # half() is affine in the sum: a gene's share is half() of k times its own rank, divided by k
                ranks = terms[:, one.index[half]]
                parts[:, half] = self.half(ranks * k, ranks, ranks, k, sign, plan) / k
        return parts


KERNEL = Singscore()
