"""Mean over genes of the z-score against controls: on log2 the recommended score off a signature's own platform.

``z_g = (y_g - mean of the controls) / SD of the controls`` (n - 1; or median and 1.4826 MAD), ``score = mean_g d_g z_g``, d 1 for
genes that go up and -1 for those that go down; y = log2(x + 1), log2 and Ct data as they are.

All scales: counts become counts per million. Any number of genes will do. A sample's score depends on the controls of its
stratum, on no other sample and no other signature. There are no ties to break and zeros are values like others. A gene that is
constant in the controls has no spread and is dropped for all samples of the stratum, by name; one that is constant elsewhere
stays. Missing genes are left out of the mean. Missing values: refused, or the gene is dropped for all samples.
"""

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
