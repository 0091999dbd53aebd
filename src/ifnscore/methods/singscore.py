"""singscore: the mean rank of a signature's genes within one sample (Foroutan 2018).

For an up-set of k genes among N, S = mean ascending rank, normalised to (S - S_min) / (S_max - S_min) with
S_min = (k + 1) / 2 and S_max = (2 N - k + 1) / 2, and centred by subtracting 1/2. A down-set is ranked the other
way round; the two are added. Genes that are missing are left out of k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.methods import _order
from ifnscore.methods._protocol import Method, Parameter, RowKernel

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


class Singscore(RowKernel):
    """Order-free: every tie rule gives tied genes the same rank."""

    METHOD = METHOD

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return ascending ranks among all genes."""
        ties = plan.params["ties"]
        return _order.places(rows, plan.columns).ascending("min" if ties == "singscore" else ties)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the normalised mean rank, the bounds shared equally."""
        n = plan.n_universe
        ranks = terms[:, one.index]
        parts = np.zeros_like(ranks)
        for sign in (1, -1):
            half = one.sign == sign
            k = int(half.sum())
            if not k:
                continue
            r = ranks[:, half] if sign > 0 else n - ranks[:, half] + 1.0
            low, high = (k + 1) / 2.0, (2 * n - k + 1) / 2.0
            span = high - low
            parts[:, half] = (r - low) / span / k if span else np.nan
            if plan.params["centre"]:
                parts[:, half] -= 0.5 / k
        return parts

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the total score."""
        if not len(one.index):
            return np.full(len(terms), np.nan)
        return self.contributions(terms, one, plan).sum(axis=1)


KERNEL = Singscore()
