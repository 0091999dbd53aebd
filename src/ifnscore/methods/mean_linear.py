"""Arithmetic mean (or sum) over genes of linear expression (Baechler/Bilgic; sums as in Feng and Cooles).

``score = mean_g d_g x_g``, d 1 for genes that go up and -1 for those that go down, x linear. Source: Arthritis Res Ther
2011;13:249.

All scales: counts become counts per million, logs are undone. Any number of genes will do. A sample's score depends on no other
sample and no other signature. There are no ties to break; a zero is 0. Missing genes are left out of the mean, constant ones
stay. Missing values: refused, or the gene is dropped for all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="mean_linear",
    title="arithmetic mean over genes of linear expression; the largest gene rules it",
    formula="score = mean over genes of x_g, x linear",
    doi="Arthritis Res Ther 2011;13:249",
    needs="signature_columns",
    works_on="linear",
    score_type="ratio",
)


class MeanLinear(ColumnKernel):
    """In the unit of the input; one highly expressed gene makes most of it."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
        return True

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the mean of signed values."""
        return _summary.mean(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's signed value divided by the number of genes."""
        return _summary.signed(terms, one) / max(len(one.index), 1)


KERNEL = MeanLinear()
