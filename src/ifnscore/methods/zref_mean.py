"""Mean over genes of the z-score against controls: on log2 the recommended score off a signature's own platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.methods import _summary
from ifnscore.methods._protocol import Method
from ifnscore.methods._zref import ControlZ, parameters

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="zref_mean",
    title="mean over genes of z against the controls, on log2",
    formula="z_g = (log2 x_g - mean_controls) / SD_controls (ddof 1); score = mean of z_g over usable genes",
    doi="10.3389/fimmu.2017.02007",
    needs="signature_columns",
    works_on="log2",
    score_type="z",
    reference="required",
    parameters=parameters("log2"),
)


class ControlZMean(ControlZ):
    """The mean does not change its size with the number of genes, unlike the sum."""

    METHOD = METHOD

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
        return True

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the mean of signed z."""
        return _summary.mean(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed z of each gene divided by the number of genes."""
        return _summary.signed(terms, one) / max(len(one.index), 1)


KERNEL = ControlZMean()
