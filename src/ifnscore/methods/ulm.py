"""ULM, the univariate linear model: t of the slope of a sample's expression on a signature's weights (Badia-i-Mompel 2022).

All N genes of a sample are observations: y is their log expression, w the weight of a gene in the signature (1 for genes that go
up and -1 for those that go down where none are published), 0 for every other gene. With df = N - 2,

    Sxy = sum_g w_g (y_g - mean y),  Sxx = sum_g w_g^2 - (sum_g w_g)^2 / N,  Syy = sum_g (y_g - mean y)^2
    t = Sxy / sqrt(Sxx (Syy - Sxy^2 / Sxx) / df)

where the first sum is over the signature's genes, so that sparse samples stay sparse. Formula: decoupler's documentation and
the usual regression; only the values of one sample and the weights of one signature enter.

Scale: any log scale as it is, because t is the same in any unit; counts and linear values as log2(x + pseudo-count). Ties and
zeros: mean nothing here; a zero is the value 0. Missing genes are left out of the signature. Constant genes stay: they are
observations as others are. Missing values: refused, or the gene is dropped for all samples. No score (NaN): a sample whose
genes are all equal, one that the signature explains completely (nothing else is expressed; t would be infinite), a signature
that holds all genes with one weight. One gene is enough: t then says how far it stands from the mean of all genes.

decoupler's ``ulm`` drops genes that are 0 in all samples first, so that its N, and with it the score, depends on the other
samples; ``empty=False`` turns that off, and then the two agree to 1e-11 of the score. decoupler turns the values of an AnnData
or a table into 64 bits first, as is done here; given a list of 32-bit arrays it keeps to 32 bits, which is 1e-5 of the score.

Contributions: t is not linear in y, but Sxy is: t is split in proportion to w_g (y_g - mean y).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.methods import _moments, _regression
from ifnscore.methods._protocol import Method, RowKernel

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="ulm",
    title="t value of the expression of all genes regressed on the signature's weights",
    formula="t of the slope of log expression of all N genes on their weights, 0 outside the signature; N - 2 degrees of freedom",
    doi="10.1093/bioadv/vbac016",
    needs="whole_row",
    works_on="log",
    score_type="z",
    min_genes=200,
)


class Ulm(RowKernel):
    """A t value per sample and signature, each signature on its own."""

    METHOD = METHOD

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return the values of the plan's genes, then mean and sum of squares of all genes, shape (n_samples, n_genes + 2)."""
        return _regression.as_terms(_moments.moments(rows, plan))

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return t."""
        return _regression.fit(terms, one, (), plan).t()

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return t split over the genes in proportion to weight times distance from the sample's mean."""
        return _regression.fit(terms, one, (), plan).contributions()

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return t with each gene left out of the signature in turn; it stays among the genes of the sample."""
        return _regression.fit(terms, one, (), plan).left_out()

    def scores(self, rows: Any, plan: Plan) -> Array | None:
        """Return t of all signatures from one pass over sparse rows, where that is worth compiling for."""
        if not (plan.compiled and is_sparse(rows)):
            return None
        n, w = plan.n_universe, _regression.weights_of(plan.sets, len(plan.genes))
        total = w.sum(axis=0)
        sums, moments = _moments.weighted_sums(rows, plan.columns, w, with_moments=True)
        mean, squares = _moments.spread_of(moments, n)
        sxx = (w * w).sum(axis=0) - total**2 / n
        return _regression.t_values(sums - np.outer(mean, total), sxx, squares[:, None], n - 2)


KERNEL = Ulm()
