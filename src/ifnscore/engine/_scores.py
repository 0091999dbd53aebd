"""Scores of some samples and what came with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.engine._uses import GeneUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ifnscore.methods._protocol import Array


@dataclass(slots=True, kw_only=True)
class Scores:
    """Results in memory; rows are samples, columns follow the tasks.

    Attributes
    ----------
    values
        Scores, shape (n_samples, n_tasks); NaN below the minimum coverage.
    low, high, top_share
        Jackknife range over genes and largest share of one gene, or None where details were not asked for.
    top_gene
        Gene with that share.
    uses
        What happened to each gene.
    stratum
        Label of each sample's stratum.
    """

    values: Array
    stratum: list[str]
    low: Array | None = None
    high: Array | None = None
    top_share: Array | None = None
    top_gene: Array | None = None
    uses: list[GeneUse] = field(default_factory=list)

    @classmethod
    def empty(cls, n: int, n_tasks: int, stratum: Sequence[str], uses: list[GeneUse], *, detail: bool) -> Scores:
        """Return scores that are all missing."""
        shape = (n, n_tasks)
        made = cls(values=np.full(shape, np.nan), stratum=list(stratum), uses=uses)
        if detail:
            made.low, made.high, made.top_share = (np.full(shape, np.nan) for _ in range(3))
            made.top_gene = np.full(shape, "", dtype=object)
        return made

    def put(self, samples: slice, part: Scores) -> None:
        """Take over the scores of some samples."""
        pairs = ((self.values, part.values), (self.low, part.low), (self.high, part.high), (self.top_share, part.top_share))
        for mine, theirs in (*pairs, (self.top_gene, part.top_gene)):
            if mine is not None:
                mine[samples] = theirs

    def multiply(self, positions: list[int], factor: float) -> None:
        """Multiply the scores of some tasks, in place."""
        if factor == 1.0:
            return
        for values in (self.values, self.low, self.high):
            if values is not None:
                values[:, positions] *= factor

    def blank(self, samples: Array) -> None:
        """Take the scores of some samples away, in place; `samples` is a mask of shape (n_samples,)."""
        for values in (self.values, self.low, self.high, self.top_share):
            if values is not None:
                values[samples] = np.nan
        if self.top_gene is not None:
            self.top_gene[samples] = ""
