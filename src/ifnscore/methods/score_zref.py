"""Mean or median of logs first, then the score standardised against the scores of the controls (Rosenheim and Gupta).

``t = mean_g d_g log2(x_g + 0.001)`` (or the median), ``score = (t - mean of the controls' t) / SD of the controls' t`` (n - 1).

All scales; nothing is added to Ct data. Any number of genes will do. A sample's score depends on the controls of its stratum,
on no other sample and no other signature; controls whose scores are all equal give none. There are no ties to break; a zero
is log2(0.001) = -9.97 and rules the score of sparse samples. Missing genes are left out, of the controls as well; constant
genes stay. Missing values: refused, or the gene is dropped for all samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Parameter
from ifnscore.methods._zref import CONSTANT

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="score_zref",
    title="mean of log2 expression, then z of that score against the controls' scores",
    formula="s = mean (or median) over genes of log2(x_g + 0.001); score = (s - mean_controls s) / SD_controls s (ddof 1)",
    doi="unknown",
    needs="signature_columns",
    works_on="log2",
    score_type="z",
    reference="required",
    pseudocount=0.001,
    parameters=(Parameter(name="summary", default="mean", choices=("mean", "median"), help="summary over genes"),),
)


class ScoreZ(ColumnKernel):
    """Not the same as standardising each gene first: the two orders rank samples differently."""

    METHOD = METHOD

    def fit_sets(self, control_terms: Array, plan: Plan) -> Plan:
        """Return the plan with mean and SD (ddof 1) of the control scores of each signature."""
        return replace(plan, sets=tuple(self._fit(control_terms, s, plan) for s in plan.sets))

    def _fit(self, control_terms: Array, one: SetPlan, plan: Plan) -> SetPlan:
        raw = self._raw(control_terms, one, plan)
        spread = float(raw.std(ddof=1)) if len(raw) > 1 else 0.0
        constant = spread <= CONSTANT * float(np.abs(raw).max(initial=0.0))
        return replace(one, centre=float(raw.mean()), spread=float("nan") if constant else spread)

    def left_out(self, one: SetPlan, position: int, plan: Plan, control_terms: Array | None) -> SetPlan:
        """Return the signature without one gene, standardised against the controls' scores without that gene."""
        rest = one.without(position)
        return rest if control_terms is None else self._fit(control_terms, rest, plan)

    def _raw(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        return getattr(_summary, plan.params["summary"])(_summary.signed(terms, one))

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the standardised score."""
        return (self._raw(terms, one, plan) - one.centre) / one.spread

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the standardised score; the control centre is shared equally."""
        values = _summary.signed(terms, one)
        k = max(len(one.index), 1)
        parts = _summary.median_parts(values) if plan.params["summary"] == "median" else values / k
        return (parts - one.centre / k) / np.float64(one.spread)


KERNEL = ScoreZ()
