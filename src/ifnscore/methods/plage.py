"""Pathway level analysis of gene expression, PLAGE (Tomfohr 2005): the first right singular vector of the standardised genes.

Genes of a signature are standardised over the n samples of the call (z, n - 1) into Z of shape (k, n) = U S V'. The score is
the first column of V: of length 1 over the samples, mean 0. Sources: Tomfohr, Lu and Kepler 2005 (BMC Bioinformatics 6:225);
R GSVA's ``method="plage"`` answers the same up to the sign. It is worked out from the correlations R of the genes, which add
up while samples stream: with u the first eigenvector of R and l its eigenvalue, ``score_j = sum_g u_g z_gj / sqrt(l (n -
1))``.

Sign: a singular vector has none. Here the score correlates positively with the mean of signed z (z of genes that go down
count negatively). Where that correlation is 0 to rounding, the largest loading (|u_g|), of equal ones that of the gene first
in the alphabet, is positive for a gene that goes up and negative for one that goes down. Direction plays no other part.

All scales: counts and linear values become log2(x + 1), log2 and Ct data stay as they are. Any number of genes will do; no score
depends on the other signatures.

A score depends on all samples of the call; two are needed, and with two every score is +-0.71, so fewer than 10 are warned
about. Two singular values that are equal leave the vector open; then any of them is returned. There are no ties to break
between genes and zeros are values like others. Missing genes are left out; a gene that is constant over the samples is
dropped (no spread), as in R. NaN: the engine refuses it or drops the gene. The jackknife over genes finds the vector anew
without each gene.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, warn
from ifnscore.methods import _summary
from ifnscore.methods._protocol import Method, Stats, TwoPassKernel
from ifnscore.methods._zref import CONSTANT

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="plage",
    title="PLAGE: first singular vector of the genes' z over the samples; changes when samples are added",
    formula="z_g = (log2(x_g + 1) - mean over samples) / SD over samples (ddof 1); score = first right singular vector of z, "
    "with the sign of the mean of signed z",
    doi="10.1186/1471-2105-6-225",
    needs="signature_columns",
    works_on="log2",
    score_type="z",
    passes=2,
    sample_independent=False,
)

#: Fewest samples that vary, and fewest that say more than which sample is which.
_FEWEST, _FEW = 2, 10
#: A sum of loadings this small is rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Folded:
    """Samples folded so far: number, gene means, squared deviations, and sums of products of the genes of each signature."""

    genes: tuple[Array, ...]
    n: int = 0
    mean: Any = 0.0
    squares: Any = 0.0
    products: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlated(Stats):
    """Gene statistics, with the correlations among the genes of each signature, usable or not, by signature id.

    Loadings are kept once they were worked out, by signature id and genes, because every chunk of samples asks for them.
    """

    n: int = 0
    correlations: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    loadings: dict[tuple[str, bytes], Array] = field(default_factory=dict)


class Plage(TwoPassKernel):
    """Linear in the values once the first pass has found the loadings."""

    METHOD = METHOD
    gathers_sets = True

    def is_linear(self, plan: Plan) -> bool:
        """Return True: a weighted sum of the values plus a constant."""
        return True

    def begin(self, plan: Plan) -> Folded:
        """Return no samples, with the genes of each signature."""
        return Folded(tuple(one.index for one in plan.sets))

    def fold(self, state: Any, x: Array) -> Folded:
        """Add a chunk of samples."""
        mean = x.mean(axis=0)
        gap = x - mean
        products = tuple(gap[:, index].T @ gap[:, index] for index in state.genes)
        return self.merge(state, Folded(state.genes, len(x), mean, (gap**2).sum(axis=0), products))

    def merge(self, state: Any, later: Any) -> Folded:
        """Put two states together, numerically stable (Chan et al. 1979)."""
        if not state.n:
            return later
        gap, n = later.mean - state.mean, state.n + later.n
        between = state.n * later.n / n
        products = tuple(
            a + b + np.outer(gap[i], gap[i]) * between
            for a, b, i in zip(state.products, later.products, state.genes, strict=True)
        )
        mean, squares = state.mean + gap * (later.n / n), state.squares + later.squares + gap**2 * between
        return Folded(state.genes, n, mean, squares, products)

    def finish(self, state: Any, plan: Plan) -> Correlated:
        """Return mean and SD per gene and correlations per signature; constant genes are not usable.

        Raises
        ------
        DataError
            There are fewer than two samples.
        """
        if state is None or not state.n:
            nothing = np.zeros(len(plan.genes))
            return Correlated(centre=nothing, spread=nothing, usable=nothing > 0)
        if state.n < _FEWEST:
            msg = "plage compares samples with each other and there is one: use -m ssgsea or -m singscore"
            raise DataError(msg)
        if state.n < _FEW:
            warn(f"plage on {state.n} samples, under {_FEW}: the first singular vector follows single samples")
        spread = np.sqrt(state.squares / (state.n - 1))
        usable = spread > CONSTANT * np.abs(state.mean)
        safe = np.where(usable, spread, 1.0)
        correlations = {
            one.id: (one.index, products / (state.n - 1) / np.outer(safe[one.index], safe[one.index]))
            for one, products in zip(plan.sets, state.products, strict=True)
        }
        return Correlated(centre=state.mean, spread=spread, usable=usable, n=state.n, correlations=correlations)

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return z per sample and gene."""
        assert plan.stats is not None
        return (x - plan.stats.centre) / np.where(plan.stats.usable, plan.stats.spread, np.nan)

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the first right singular vector, at these samples."""
        return _summary.total(self.contributions(terms, one, plan))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's z times its loading."""
        return terms[:, one.index] * loadings(one, plan)


def loadings(one: SetPlan, plan: Plan) -> Array:
    """Return what z of each gene of a signature is multiplied by, shape (k,)."""
    stats = plan.stats
    assert isinstance(stats, Correlated)
    key = one.id, one.index.tobytes()
    if key not in stats.loadings:
        stats.loadings[key] = _loadings(one, plan, stats)
    return stats.loadings[key]


def _loadings(one: SetPlan, plan: Plan, stats: Correlated) -> Array:
    from scipy.linalg import eigh

    k = len(one.index)
    if not k:
        return np.zeros(0)
    index, correlation = stats.correlations[one.id]
    place = {gene: i for i, gene in enumerate(index.tolist())}
    chosen = [place[gene] for gene in one.index.tolist()]
    value, vector = eigh(correlation[np.ix_(chosen, chosen)], subset_by_index=[k - 1, k - 1])
    made: Array = vector[:, 0] * _sign(vector[:, 0], one, plan) / np.sqrt(value[0] * (stats.n - 1))
    return made


def _sign(vector: Array, one: SetPlan, plan: Plan) -> float:
    """Return the sign that makes the score correlate positively with the mean of signed z: that is, with vector' sign."""
    total = float(vector @ one.sign)
    if abs(total) > _NOTHING:
        return float(np.sign(total))
    size = np.abs(vector)
    largest = np.flatnonzero(size > size.max() - _NOTHING)
    first = min(largest, key=lambda i: plan.genes[one.index[i]])
    return float(np.sign(vector[first]) * one.sign[first])


KERNEL = Plage()
