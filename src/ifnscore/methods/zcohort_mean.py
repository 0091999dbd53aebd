"""Mean over genes of the z-score across the samples being scored, without controls (Aybey 2025).

``z_g = (y_g - mean_g) / SD_g`` over the samples of the call (n - 1), ``score = mean_g d_g z_g``, d 1 for genes that go up and
-1 for those that go down, y = log2(x + 1), log2 and Ct data as they are.

All scales. Any number of genes will do. A score depends on all samples of the call, on no other signature; one sample alone has
none. There are no ties to break and zeros are values like others. Missing genes are left out; a gene that is constant over the
samples is dropped (no spread). Missing values: refused, or the gene is dropped for all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import Method, Stats, TwoPassKernel
from ifnscore.methods._zref import CONSTANT

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="zcohort_mean",
    title="mean over genes of z across the samples in the call; changes when samples are added",
    formula="z_g = (log2(x_g + 1) - mean over samples) / SD over samples (ddof 1); score = mean of z_g over genes found",
    doi="unknown",
    needs="signature_columns",
    works_on="log2",
    score_type="z",
    passes=2,
    sample_independent=False,
)


class CohortZMean(TwoPassKernel):
    """Cohort-relative: the same sample scores differently in another cohort, so never compare across runs."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
        return True

    def fold(self, state: Any, x: Array) -> tuple[int, Array, Array]:
        """Merge a chunk into (n, mean, sum of squared deviations)."""
        mean = x.mean(axis=0)
        new = len(x), mean, ((x - mean) ** 2).sum(axis=0)
        return new if state is None else self.merge(state, new)

    def merge(self, state: Any, later: Any) -> tuple[int, Array, Array]:
        """Put two states together, numerically stable (Chan et al. 1979)."""
        (n0, mean0, squares0), (n, mean, squares) = state, later
        gap = mean - mean0
        merged = n0 + n
        return merged, mean0 + gap * (n / merged), squares0 + squares + gap**2 * (n0 * n / merged)

    def finish(self, state: Any, plan: Plan) -> Stats:
        """Return mean and SD per gene; constant genes are not usable."""
        if state is None:
            nothing = np.zeros(len(plan.genes))
            return Stats(centre=nothing, spread=nothing, usable=nothing > 0)
        n, mean, squares = state
        spread = np.sqrt(squares / (n - 1)) if n > 1 else np.zeros_like(mean)
        return Stats(centre=mean, spread=spread, usable=spread > CONSTANT * np.abs(mean))

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return z per sample and gene."""
        assert plan.stats is not None
        return (x - plan.stats.centre) / np.where(plan.stats.usable, plan.stats.spread, np.nan)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the mean of signed z."""
        return _summary.mean(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed z of each gene divided by the number of genes."""
        return _summary.signed(terms, one) / max(len(one.index), 1)


KERNEL = CohortZMean()
