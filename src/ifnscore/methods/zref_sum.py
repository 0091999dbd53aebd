"""Sum over genes of the z-score against controls (Kim 2018, as coded by its users).

``z_g = (x_g - mean of the controls) / SD of the controls`` (n - 1; or median and 1.4826 MAD), ``score = sum_g d_g z_g``, d 1 for
genes that go up and -1 for those that go down; x linear unless ``scale="log2"``.

All scales: counts become counts per million. Any number of genes will do. A sample's score depends on the controls of its
stratum, on no other sample and no other signature. There are no ties to break and zeros are values like others. A gene that is
constant in the controls has no spread and is dropped for all samples of the stratum, by name; one that is constant elsewhere
stays. A sum: missing genes make it another number, and there is no
score unless a lower coverage is asked for. Missing values: refused, or the gene is dropped for all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.methods import _summary
from ifnscore.methods._protocol import Method
from ifnscore.methods._zref import ControlZ, parameters

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="zref_sum",
    title="sum over genes of z against the controls",
    formula="z_g = (x_g - mean_controls) / SD_controls (ddof 1, linear); score = sum of z_g; grows with the number of genes",
    doi="10.1089/jir.2017.0127",
    needs="signature_columns",
    works_on="linear",
    score_type="z",
    reference="required",
    summary="sum",
    parameters=parameters("linear"),
)


class ControlZSum(ControlZ):
    """A sum: with genes missing it is not comparable, so it is given only at full coverage."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
        return True

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the sum of signed z."""
        return _summary.total(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed z of each gene."""
        return _summary.signed(terms, one)


KERNEL = ControlZSum()
