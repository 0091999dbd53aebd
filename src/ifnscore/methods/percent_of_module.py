"""Percent of a module's genes that are up, minus those that are down, against controls (Chaussabel; Rinchai 2021).

With m_g the mean of the controls of the stratum on the linear scale, gene g of a sample is up (+1) where x_g / m_g >= ``fold``
and x_g - m_g >= ``difference``, down (-1) where x_g / m_g <= 1 / ``fold`` and x_g - m_g <= -``difference``, else 0; the score
is 100 times the mean over the module's genes, from -100 to 100. This is the per-sample rule of the authors' package; their
group comparison (t tests) is another thing. For a signature with genes that go down, those count with their sign turned.

Scale: linear (counts become counts per million, log scales are undone, Ct is refused: it has no absolute difference). The
difference of 10 belongs to the authors' normalised values: choose one for other units. Ties: values on a threshold count as
changed. Zeros: a zero can be down, and up never; a gene whose control mean is 0 has no fold change and is dropped for all
samples of the stratum, by name. Missing genes are left out of the number of genes. A gene that is constant (above 0) counts as
unchanged. Missing values: refused, or the gene is dropped. Any number of genes will do; with few genes the score moves in
steps of 100 / n. A sample's score depends on the controls, on no other sample. Of sparse samples only the module's columns are
written out, chunk by chunk.
"""

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
    """A count of changed genes: how far a gene is beyond the thresholds does not matter."""

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
