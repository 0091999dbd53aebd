"""Percent of a module's genes that are up, minus those that are down, against controls (Chaussabel; Rinchai 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods import _summary
from ifnscore.methods._protocol import ColumnKernel, Method, Parameter, Stats

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="percent_of_module",
    title="percent of genes up minus percent down against the mean of the controls, per sample",
    formula=(
        "a gene is up if x / mean_controls >= fold and x - mean_controls >= difference, down if x / mean_controls <= 1/fold "
        "and the difference is <= -difference; score = 100 (n up - n down) / n"
    ),
    doi="10.1093/bioinformatics/btab121",
    needs="signature_columns",
    works_on="linear",
    score_type="rank",
    reference="required",
    scales=("counts", "linear", "log2", "log2p1", "log1p"),
    parameters=(
        Parameter(name="fold", default=1.5, minimum=1, help="smallest fold change (package default of the authors: 1.5)"),
        Parameter(name="difference", default=10.0, minimum=0, help="smallest difference, in units of the input (authors: 10)"),
    ),
)


class PercentOfModule(ColumnKernel):
    """The difference of 10 belongs to the authors' normalised scale (not log): choose your own for other units."""

    METHOD = METHOD

    def statistics(self, controls: Array, plan: Plan) -> Stats:
        """Return the control mean per gene."""
        centre = controls.mean(axis=0)
        return Stats(centre=centre, spread=np.ones_like(centre), usable=centre > 0)

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return +1 (up), -1 (down) or 0 per sample and gene."""
        assert plan.stats is not None
        centre = np.where(plan.stats.usable, plan.stats.centre, np.nan)
        fold, difference = plan.params["fold"], plan.params["difference"]
        gap = x - centre
        up = (x >= fold * centre) & (gap >= difference)
        down = (x * fold <= centre) & (gap <= -difference)
        return np.where(np.isnan(gap), np.nan, up.astype(float) - down.astype(float))

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return percent up minus percent down."""
        return 100.0 * _summary.mean(_summary.signed(terms, one))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's percentage points."""
        return 100.0 * _summary.signed(terms, one) / max(len(one.index), 1)


KERNEL = PercentOfModule()
