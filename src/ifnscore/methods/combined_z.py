"""Combined z-score (Lee 2008): z-scores over the samples in the call, summed over the genes, over the root of their number.

With z_gj = (x_gj - mean_g) / SD_g over the samples (n - 1) and k genes found: ``score_j = sum_g sign_g z_gj / sqrt(k)``, of
variance 1 where genes are independent. Source: Lee et al. 2008 (PLoS Comput Biol 4:e1000217), who then keep the subset of
genes that tells conditions apart best; here, as in R GSVA's ``method="zscore"``, all genes of the signature count and no
condition is looked at.

All scales: counts and linear values become log2(x + 1), log2 and Ct data stay as they are. Any number of genes will do; no score
depends on the other signatures.

A score depends on all samples of the call, and needs two of them; with two, every z is +-0.71 (0.71 = 1/sqrt(2)) whatever was
measured. Genes are independent of each other, so there are no ties to break and zeros are values like others. Missing genes
are left out of sum and k; a gene that is constant over the samples is dropped (no spread). NaN: the engine refuses it or
drops the gene.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore.errors import DataError
from ifnscore.methods import _summary
from ifnscore.methods._protocol import Method, Stats
from ifnscore.methods.zcohort_mean import CohortZMean

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="combined_z",
    title="combined z-score; changes when samples are added",
    formula="z_g = (log2(x_g + 1) - mean over samples) / SD over samples (ddof 1); score = sum of z_g over genes found / sqrt(k)",
    doi="10.1371/journal.pcbi.1000217",
    needs="signature_columns",
    works_on="log2",
    score_type="z",
    passes=2,
    sample_independent=False,
)

#: Fewest samples that have a spread.
_FEWEST = 2


class CombinedZ(CohortZMean):
    """The mean of cohort z-scores, times the root of the number of genes."""

    METHOD = METHOD

    def finish(self, state: Any, plan: Plan) -> Stats:
        """Return mean and SD per gene; constant genes are not usable.

        Raises
        ------
        DataError
            There are fewer than two samples.
        """
        if state is not None and state[0] < _FEWEST:
            msg = "combined_z compares samples with each other and there is one: use -m ssgsea, or controls with -m zref_sum"
            raise DataError(msg)
        return super().finish(state, plan)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the sum of signed z over the root of the number of genes."""
        return _summary.total(_summary.signed(terms, one)) / math.sqrt(max(len(one.index), 1))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the signed z of each gene over the root of the number of genes."""
        return _summary.signed(terms, one) / math.sqrt(max(len(one.index), 1))


KERNEL = CombinedZ()
