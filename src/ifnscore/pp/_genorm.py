"""geNorm: the reference genes whose ratios to one another vary least.

Vandesompele J et al. Accurate normalization of real-time quantitative RT-PCR data by geometric averaging of multiple internal
control genes. Genome Biol 2002;3:research0034, doi:10.1186/gb-2002-3-7-research0034.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from ifnscore._lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The authors' cut-off of the pairwise variation, below which a further gene is not needed.
ENOUGH = 0.15
#: The authors' least number of genes, and of samples for a standard deviation that means something here.
LEAST = 3


class Ranking(NamedTuple):
    """Genes by stability.

    Attributes
    ----------
    order
        Positions of the genes, the most stable first; the first two cannot be told apart.
    stability
        M of each when it was the worst one left (for the last two: M of the pair), in the same order.
    variation
        V(n/n+1) for n = 2, 3, ...: SD of the log2 ratio of the normalisation factors of n and n + 1 genes.
    """

    order: list[int]
    stability: list[float]
    variation: list[float]

    def chosen(self) -> list[int]:
        """Return the most stable genes: the fewest with V(n/n+1) below 0.15, but at least three; all if there are none such."""
        enough = (n for n, v in enumerate(self.variation, start=2) if v < ENOUGH)
        return self.order[: max(LEAST, next(enough, len(self.order)))]


def stability(log2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return M of every gene: the mean SD of its log2 ratios to each other gene.

    Parameters
    ----------
    log2
        log2 of the counts, shape (n_samples, n_genes), at least two of each.

    Returns
    -------
    ndarray
        Shape (n_genes,); SD with n - 1.
    """
    n = log2.shape[1]
    ratios = log2[:, :, None] - log2[:, None, :]
    return np.asarray(ratios.std(axis=0, ddof=1).sum(axis=1) / (n - 1))


def rank(counts: NDArray[np.float64]) -> Ranking:
    """Rank genes by leaving out the least stable one, again and again, until two are left.

    Parameters
    ----------
    counts
        Positive values of shape (n_samples, n_genes), at least two of each; a factor of a whole sample changes nothing.
    """
    log2 = np.log2(counts)
    left = list(range(counts.shape[1]))
    order: list[int] = []
    values: list[float] = []
    while len(left) > 2:  # noqa: PLR2004
        m = stability(log2[:, left])
        worst = int(np.argmax(m))
        order.insert(0, left.pop(worst))
        values.insert(0, float(m[worst]))
    m = stability(log2[:, left])
    order, values = [*left, *order], [*(float(v) for v in m), *values]
    factors = [log2[:, order[:n]].mean(axis=1) for n in range(2, len(order) + 1)]
    variation = [float((b - a).std(ddof=1)) for a, b in itertools.pairwise(factors)]
    return Ranking(order, values, variation)
