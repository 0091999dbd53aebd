"""Weighted sum or mean of logarithms, minus housekeeping genes (Ayers 2017 GEP-18; PROGENy footprints)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _logmean, _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="weighted_mean",
    title="weighted mean of log2 expression, minus the mean of housekeeping genes if any",
    formula="score = sum of w_g (log x_g - mean log housekeeping), divided by sum |w_g| unless normalise=none",
    doi="10.1172/JCI91190",
    needs="signature_columns",
    works_on="log2",
    score_type="log",
    housekeeping=True,
    parameters=(
        _logmean.BASE,
        Parameter(name="normalise", default="weights", choices=("weights", "none"), help="divide by the sum of |weights|"),
    ),
)


class WeightedMean(ColumnKernel):
    """Missing genes are dropped; with ``normalise="none"`` the remaining weights are not rescaled (as published)."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """A weighted sum of the values plus a constant."""
        return True

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return logarithms in the base asked for."""
        return x * _logmean.factor(plan.params)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return weight times logarithm of each gene, normalised as the score."""
        size = np.abs(one.weights).sum() if plan.params["normalise"] == "weights" else 1.0
        return _summary.signed(terms, one) * (one.weights / size)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the sum of the contributions."""
        return _summary.total(self.contributions(terms, one, plan))


KERNEL = WeightedMean()
