"""Mean over genes of the logarithm, minus the mean of housekeeping genes where there are any (Ayers 2017).

``score = mean_g d_g (log_b x_g - mean over housekeeping genes of log_b x)``, d 1 for genes that go up and -1 for those that go
down, x with the pseudo-count (1; 0 for log2 and Ct data). Source: Ayers 2017 (doi 10.1172/JCI91190), without weights.

All scales; counts become counts per million. Any number of genes will do. A sample's score depends on no other sample and no
other signature. There are no ties to break; a zero is log2 of the pseudo-count. Missing genes are left out of the mean, constant
ones stay. Missing values: refused, or the gene is dropped for all samples. With ``summary="median"`` only the one or two genes
in the middle contribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.methods import _logmean, _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="mean_log",
    title="mean over genes of log2(x + 1), minus the mean of housekeeping genes if any",
    formula="score = mean over genes of (log x_g - mean over housekeeping genes of log x)",
    doi="10.1172/JCI91190",
    needs="signature_columns",
    works_on="log2",
    score_type="log",
    housekeeping=True,
    parameters=(
        _logmean.BASE,
        Parameter(name="summary", default="mean", choices=("mean", "median"), help="summary over genes"),
    ),
)


class MeanLog(ColumnKernel):
    """Comparable within one run or one normalisation, not between data sets."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Whether the summary is the mean, as a weighted sum of logarithms."""
        return plan.params["summary"] == "mean"

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return logarithms in the base asked for."""
        return x * _logmean.factor(plan.params)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the mean (or median) of signed logarithms."""
        return getattr(_summary, plan.params["summary"])(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed logarithm of each gene divided by the number of genes (the middle ones of a median)."""
        values = _summary.signed(terms, one)
        if plan.params["summary"] == "median":
            return _summary.median_parts(values)
        return values / max(len(one.index), 1)


KERNEL = MeanLog()
