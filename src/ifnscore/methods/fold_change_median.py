"""Median over genes of the fold change against controls (Rice 2013).

``FC_g = x_g / median of the controls' x_g``, ``score = median_g FC_g``, x linear; a gene that goes down counts as 1 / FC. With an
even number of genes the median is the mean of the two in the middle.

All scales: counts become counts per million, logs are undone, Ct become 2^-dCt. Any number of genes will do. A sample's score
depends on the controls of its stratum, on no other sample and no other signature. There are no ties to break. A zero is a fold
change of 0, infinite for a gene that goes down; a gene whose controls have a median of 0 is dropped for all samples, by name.
Missing genes are left out, constant ones stay. Missing values: refused, or the gene is dropped for all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Parameter, Stats

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="fold_change_median",
    title="median over genes of the fold change against the median of the controls",
    formula="FC_g = x_g / median_controls(x_g); score = median over genes of FC_g (linear; even number: mean of the middle two)",
    doi="10.1007/s10875-016-0359-1",
    needs="signature_columns",
    works_on="linear",
    score_type="ratio",
    reference="required",
    summary="median",
    parameters=(Parameter(name="centre", default="median", choices=("median", "mean"), help="what the controls are reduced to"),),
)


class FoldChangeMedian(ColumnKernel):
    """See the module; the median of fold changes is not the exponent of the median of their logs when k is even.

    A gene that goes down counts as its inverse fold change. A gene whose control centre is 0 is dropped.
    """

    METHOD = METHOD

    def statistics(self, controls: Array, plan: Plan) -> Stats:
        """Return the control median (or mean) per gene."""
        centre = getattr(np, plan.params["centre"])(controls, axis=0)
        return Stats(centre=centre, spread=np.ones_like(centre), usable=centre > 0)

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return fold changes; NaN for genes without a usable centre."""
        assert plan.stats is not None
        return x / np.where(plan.stats.usable, plan.stats.centre, np.nan)

    def _directed(self, terms: Array, one: SetPlan) -> Array:
        fold = terms[:, one.index]
        with np.errstate(divide="ignore"):
            return np.where(one.sign < 0, 1.0 / fold, fold)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the median fold change."""
        return _summary.median(self._directed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the middle one or two fold changes, which make the median."""
        return _summary.median_parts(self._directed(terms, one))


KERNEL = FoldChangeMedian()
