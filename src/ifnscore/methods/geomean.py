"""Geometric mean of x + 1 over genes (Kim 2018 as coded by Brodin's laboratory).

``score = exp(mean_g d_g ln(x_g + 1))``, d 1 for genes that go up and -1 for those that go down, x linear.

All scales: counts become counts per million, logs are undone. Any number of genes will do. A sample's score depends on no
other sample and no other signature. There are no ties to break; a zero counts as 1. Missing genes are left out of the mean,
constant ones stay. Missing values: refused, or the gene is dropped for all samples. Contributions sum to the natural
logarithm of the score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="geomean",
    title="geometric mean over genes of x + 1; the 1 is not taken off again",
    formula="score = exp(mean over genes of ln(x_g + 1)), x linear",
    doi="10.1089/jir.2017.0127",
    needs="signature_columns",
    works_on="linear",
    score_type="ratio",
    pseudocount=1.0,
)


class GeometricMean(ColumnKernel):
    """Genes that go down enter with the inverse of their value."""

    METHOD = METHOD

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return ln(x); the engine has added the pseudo-count."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(x)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return exp of the mean logarithm."""
        return np.exp(_summary.mean(_summary.signed(terms, one)))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the natural logarithm of the score."""
        return _summary.signed(terms, one) / max(len(one.index), 1)


KERNEL = GeometricMean()
