"""Sum over genes of -ddCt: log2 expression against the controls (Janssen's ten genes).

``score = sum_g d_g (y_g - mean of the controls' y_g)``, d 1 for genes that go up and -1 for those that go down; y is -dCt, off Ct
data log2(x + pseudo-count). Source: US patent 12009079 B2.

All scales. Any number of genes will do. A sample's score depends on the controls of its stratum, on no other sample and no other
signature. There are no ties to break; a zero is log2 of the pseudo-count. A sum: missing genes make it another number, and
there is no score unless a lower coverage is asked for. Constant genes stay. Missing values: refused, or the gene is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Stats

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="neg_ddct_sum",
    title="sum over genes of -ddCt (log2 fold change against the mean of the controls)",
    formula="score = sum over genes of log2(2^-ddCt_g) = sum of (mean_controls dCt_g - dCt_g); higher is more expression",
    doi="US12009079B2",
    needs="signature_columns",
    works_on="log2",
    score_type="log",
    reference="required",
    summary="sum",
)


class NegDdctSum(ColumnKernel):
    """On Ct data without an offset; elsewhere the log2 fold change plays the part of -ddCt."""

    METHOD = METHOD

    def statistics(self, controls: Array, plan: Plan) -> Stats:
        """Return the control mean of log2 expression per gene."""
        centre = controls.mean(axis=0)
        return Stats(centre=centre, spread=np.ones_like(centre), usable=np.isfinite(centre))

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return -ddCt per sample and gene."""
        assert plan.stats is not None
        return x - np.where(plan.stats.usable, plan.stats.centre, np.nan)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the sum of signed -ddCt."""
        return _summary.total(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed -ddCt of each gene."""
        return _summary.signed(terms, one)


KERNEL = NegDdctSum()
