"""The random walk of GSVA from the places of the set's genes alone.

Genes are walked from the highest to the lowest. A gene of the set steps up by its share of the set's weights, any other gene
steps down by 1 / (N - k), so the walk is highest right behind a gene of the set and lowest right before one: two numbers a
gene. Genes that are tied enter together, each with the mean weight of the ranks they hold, which is the mean walk over all
orders of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class Steps:
    """Genes of one set in the order of each sample, arrays of shape (n_samples, k).

    Attributes
    ----------
    gene
        Which gene of the set stands there.
    above, size
        Genes that stand higher than its tie group, and the size of that group.
    weight
        What it steps up by, before division by the sum.
    n
        Number of genes that are walked.
    """

    gene: Array
    above: Array
    size: Array
    weight: Array
    n: int

    def without(self, gene: int) -> Steps:
        """Return the steps without one gene of the set, which is then one of the others."""
        keep = self.gene != gene

        def kept(values: Array) -> Array:
            return values[keep].reshape(len(values), -1)

        return Steps(kept(self.gene), kept(self.above), kept(self.size), kept(self.weight), self.n)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The highest and the lowest point of the walk, not below and not above 0, with what makes them, per sample.

    Attributes
    ----------
    high, low
        Shape (n_samples,).
    genes_high, genes_low
        How many genes of the set were walked by then.
    others_high, others_low
        How far the other genes had brought the walk down by then.
    """

    high: Array
    low: Array
    genes_high: Array
    genes_low: Array
    others_high: Array
    others_low: Array


def weights(n: int, tau: float, *, whole: bool = False) -> Array:
    """Return |rank - n / 2|^tau by ascending rank from 1, shape (n,); the distance cut off to a whole number if asked for."""
    distance = np.abs(np.arange(1, n + 1) - n / 2.0)
    made: Array = (np.floor(distance) if whole else distance) ** tau
    return made


def steps(above: Array, size: Array, by_rank: Array) -> Steps:
    """Return the genes of a set in the order of each sample.

    Parameters
    ----------
    above, size
        Genes above the tie group of each gene, and the size of the group, shape (n_samples, k).
    by_rank
        Weights by ascending rank, shape (n,).
    """
    n = len(by_rank)
    gene = np.argsort(above, axis=1, kind="stable")
    above, size = np.take_along_axis(above, gene, axis=1), np.take_along_axis(size, gene, axis=1)
    top = np.minimum(n - above, n) - 1
    if (size > 1).any():
        sums = np.concatenate([[0.0], np.cumsum(by_rank)])
        mean = (sums[top + 1] - sums[np.maximum(top + 1 - size, 0)]) / np.maximum(size, 1)
        return Steps(gene, above, size, np.where(size > 1, mean, by_rank[top]), n)
    return Steps(gene, above, size, by_rank[top], n)


def extremes(s: Steps) -> Extremes:
    """Return the extremes of the walk; NaN where no gene has a weight, or none stands outside the set."""
    samples, k = s.above.shape
    outside = s.n - k if s.n > k else np.nan
    total = s.weight.sum(axis=1, keepdims=True)
    share = np.cumsum(s.weight, axis=1) / np.where(total > 0, total, np.nan)
    rank = np.arange(k)
    edge = s.above[:, 1:] != s.above[:, :-1]
    always = np.ones((samples, 1), dtype=bool)
    fallen_behind, fallen_before = (s.above + s.size - rank - 1) / outside, (s.above - rank) / outside
    behind = np.where(np.hstack([edge, always]), share - fallen_behind, -np.inf)
    before = np.hstack([np.zeros((samples, 1)), share[:, :-1]]) - fallen_before
    before = np.where(np.hstack([always, edge]), before, np.inf)
    i, j = behind.argmax(axis=1), before.argmin(axis=1)
    every = np.arange(samples)
    up, down = behind[every, i] > 0, before[every, j] < 0
    missing = np.isnan(share[:, -1]) | np.isnan(outside)
    return Extremes(
        high=np.where(missing, np.nan, np.where(up, behind[every, i], 0.0)),
        low=np.where(missing, np.nan, np.where(down, before[every, j], 0.0)),
        genes_high=np.where(up, i + 1, 0),
        genes_low=np.where(down, j, 0),
        others_high=np.where(up, fallen_behind[every, i], 0.0),
        others_low=np.where(down, fallen_before[every, j], 0.0),
    )


def parts(s: Steps, chosen: tuple[Array, Array], others: Array) -> Array:
    """Return each gene's part of the walk at two points put together, shape (n_samples, k), genes in the order of the set.

    Parameters
    ----------
    s
        The steps.
    chosen
        Genes walked by each point, and what the point counts for (1, -1 or 0), each of shape (n_samples, 2).
    others
        What the other genes had brought the walk down by at each point, shape (n_samples, 2); shared out equally.
    """
    walked, counts = chosen
    k = s.weight.shape[1]
    step = s.weight / s.weight.sum(axis=1, keepdims=True)
    made = np.zeros_like(step)
    for point in range(2):
        reached = np.arange(k) < walked[:, [point]]
        made += counts[:, [point]] * (np.where(reached, step, 0.0) - others[:, [point]] / k)
    out = np.empty_like(made)
    np.put_along_axis(out, s.gene, made, axis=1)
    return out
