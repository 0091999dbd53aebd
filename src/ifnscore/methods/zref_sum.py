"""Sum over genes of the z-score against controls (Kim 2018, as coded by its users)."""

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
