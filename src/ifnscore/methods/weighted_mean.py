"""Weighted mean or sum of logarithms, minus housekeeping genes (Ayers 2017 GEP-18; PROGENy footprints, Schubert 2018).

Mean: sum_g w_g y_g / sum_g |w_g|; ``normalise="none"`` leaves the division out: the weighted sum. y is log2 (or in another
``base``), w the published weight, 1 where there is none, negative for genes that go down. With 1 and -1 the mean is the mean
of the up genes and of the negated down genes together. The two are decoupler's ``waggr`` with ``fun="wmean"`` and
``fun="wsum"``.

PROGENy's JAK-STAT footprint (``progeny_jakstat``) is the sum over its 100 genes (progeny.r of saezlab/progeny: expression
times weights over the genes found). Its option ``scale = TRUE`` then takes each pathway's z over the samples (n - 1 in the
SD): that makes a score depend on the other samples, so it is not done here; it is one line on the finished column, ``(s -
s.mean()) / s.std()``.

Ties and zeros mean nothing special: a zero is log2(0 + pseudo-count). Missing genes are dropped; the sum keeps the weights of
the others as published (it shrinks), the mean divides by those that are left. Constant genes stay. Missing values: refused,
or the gene is dropped for all samples. All scales. Any number of genes will do. A sample's score depends on no other sample
and no other signature. Contributions: w_g y_g (over sum |w_g|). Sparse samples are never written out.
"""

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
    """A weighted sum of the signature's genes, and nothing else of the sample."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
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
