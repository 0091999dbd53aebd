"""Scores of some samples and what came with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.engine._spilled import Spilled
from ifnscore.engine._uses import GeneUse
from ifnscore.engine._watch import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ifnscore.methods._protocol import Array


@dataclass(slots=True, kw_only=True)
class Scores:
    """Results in memory; rows are samples, columns follow the tasks.

    Attributes
    ----------
    values
        Scores, shape (n_samples, n_tasks); NaN below the minimum coverage. An array, or :class:`Spilled` on disk.
    low, high, top_share
        Jackknife range over genes and largest share of one gene, or None where details were not asked for.
    top_gene
        Gene with that share.
    p_null
        One-sided p of each score against random sets, shape (n_samples, n_tasks), or None where none were asked for.
    uses
        What happened to each gene.
    stratum
        Label of each sample's stratum.
    unexpressed
        Which samples hold no expression at all, shape (n_samples,).
    finding
        What makes it impossible to score these samples, or None; the values are missing then.
    """

    values: Any
    stratum: Sequence[str]
    unexpressed: Array
    low: Array | None = None
    high: Array | None = None
    top_share: Array | None = None
    top_gene: Array | None = None
    p_null: Array | None = None
    uses: list[GeneUse] = field(default_factory=list)
    finding: Finding | None = None

    @classmethod
    def empty(
        cls, n: int, n_tasks: int, stratum: Sequence[str], uses: list[GeneUse], *, detail: bool, folder: Path | None = None
    ) -> Scores:
        """Return scores that are all missing, in memory or on disk in a folder."""
        shape = (n, n_tasks)
        values = np.full(shape, np.nan) if folder is None else Spilled(shape, folder)
        made = cls(values=values, stratum=stratum, unexpressed=np.zeros(n, dtype=bool), uses=uses)
        if detail:
            made.low, made.high, made.top_share = (np.full(shape, np.nan) for _ in range(3))
            made.top_gene = np.full(shape, "", dtype=object)
        return made

    def put(self, samples: slice, part: Scores) -> None:
        """Take over the scores of some samples."""
        pairs = ((self.values, part.values), (self.low, part.low), (self.high, part.high), (self.top_share, part.top_share))
        for mine, theirs in (*pairs, (self.top_gene, part.top_gene), (self.p_null, part.p_null)):
            if mine is not None:
                mine[samples] = theirs
        self.unexpressed[samples] = part.unexpressed

    def multiply(self, positions: list[int], factor: float) -> None:
        """Multiply the scores of some tasks, in place."""
        if factor == 1.0:
            return
        if isinstance(self.values, Spilled):
            self.values.multiply(positions, factor)
            return
        for values in (self.values, self.low, self.high):
            if values is not None:
                values[:, positions] *= factor

    def blank(self, samples: Array) -> None:
        """Take the scores of some samples away, in place; `samples` is a mask of shape (n_samples,)."""
        if isinstance(self.values, Spilled):
            self.values.blank(samples)
            return
        for values in (self.values, self.low, self.high, self.top_share, self.p_null):
            if values is not None:
                values[samples] = np.nan
        if self.top_gene is not None:
            self.top_gene[samples] = ""


def extremes(known: Array, values: Array) -> Array:
    """Return smallest and largest finite score of each task, shape (2, n_tasks), from what is known so far and more scores."""
    finite = np.isfinite(values)
    low = np.where(finite, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.array([np.minimum(known[0], low), np.maximum(known[1], high)])
