"""Gene set variation analysis (Haenzelmann 2013): a random walk over genes ranked by how high each stands among all samples.

With x_gj the value of gene g in sample j, n samples, N genes and k genes in the set:

1. ``F_gj = 1/n sum_i K(x_gj, x_gi)``, the estimated cumulative distribution of the gene over the samples.
   ``kcdf="gaussian"``: K is Phi((x_gj - x_gi) / h_g) with h_g a quarter of the standard deviation (n - 1); for log values,
   any base or offset. ``"poisson"``: K is the probability of at most x_gj under a Poisson law of rate x_gi + 1/2; for counts.
   ``"none"``: 1 where x_gi <= x_gj, the empirical distribution.
2. Within each sample genes are ranked by F (1 for the lowest); a gene weighs ``|rank - N/2|^tau``.
3. Genes are walked from the highest to the lowest: up by the gene's share of the set's weights, or down by 1 / (N - k).
   ``mx_diff=True``: score = highest + lowest point of the walk (at least, at most 0); with ``abs_ranking=True`` highest -
   lowest. ``mx_diff=False``: the point farther from 0, the lowest if both are as far.

Sources: formulas of the paper (BMC Bioinformatics 14:7); the manual of R GSVA 1.46; what GSVA 1.46, gseapy 1.3.1 and
decoupler 2.2 answer. For a signature with both directions: walk of the genes that go up minus walk of those that go down,
each against all genes.

Counts and linear values as log2(x + pseudo-count), log scales as they are; at least 200 genes, a warning under 2,000. A score
depends on all samples of the call, on no other signature. Genes that are constant over the samples are dropped before
ranking, as in R (a standard deviation at most 1e-12 of the largest value; R: under 1e-10), and so is a sample in which all
genes have one value. Zeros are values like others. Missing genes of a signature are left out. NaN: the engine refuses it or
drops the gene.

Ties: by default tied genes are walked as one step, each with the mean weight of the ranks they hold: the mean walk over all
orders of tied genes, which depends on no order and no seed. The Gaussian kernel is worked out exactly (1e-14 of n), and sums
over samples are rounded to 2^-28, so that values that are equal by mathematics are ties. Modes named after peers look Phi up
in their table of 10,000 steps up to 10, cut off (decoupler: with an error function right to 1.5e-7), round as they do, and
break ties by the order of genes: ``gsva`` first gene first, ``gseapy`` last gene first (constant genes stay), ``decoupler``
in the order ``default_rng(0).choice(N, N, replace=False)`` (genes that are 0 everywhere are dropped, and the constant ones
that it cannot score with a Gaussian kernel; weights are cut off to whole numbers, which shows if N is odd).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ifnscore import _threads
from ifnscore._lazy import is_sparse, np
from ifnscore.errors import DataError
from ifnscore.methods import _gsva_density, _gsva_walk
from ifnscore.methods._protocol import Method, Parameter, RowKernel, Stats
from ifnscore.methods._zref import CONSTANT

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="gsva",
    title="gene set variation analysis; changes when samples are added",
    formula="random walk over genes ranked by their kernel-estimated cumulative distribution over the samples; "
    "score = highest + lowest point of the walk",
    doi="10.1186/1471-2105-14-7",
    needs="whole_matrix",
    works_on="log",
    score_type="rank",
    passes=2,
    sample_independent=False,
    min_genes=200,
    parameters=(
        Parameter(
            name="kcdf",
            default="gaussian",
            choices=("gaussian", "poisson", "none"),
            help="kernel over samples: gaussian for log values, poisson for counts as they are, none: empirical distribution",
            works_on={"poisson": "counts"},
        ),
        Parameter(name="tau", default=1.0, minimum=0, help="exponent of the weights"),
        Parameter(name="mx_diff", default=True, help="highest + lowest point of the walk; false: the one farther from 0"),
        Parameter(name="abs_ranking", default=False, help="highest - lowest point: high for genes at either end"),
        Parameter(name="ties", default="average", choices=("average", "gsva", "gseapy", "decoupler"), help="how ties are walked"),
    ),
)

#: Values (samples times genes) up to which the matrix and its densities fit into about 4 GB, and pairs of samples times genes.
MOST_VALUES, MOST_PAIRS = 250_000_000, 5e12
#: Genes looked at together.
_BLOCK = 1_000
#: Fewest samples that have a distribution.
_FEWEST = 2


class Gsva(RowKernel):
    """What is prepared is an integer array of shape (n_samples, 2 n_plan_genes + 1).

    Genes that stand above each gene's tie group, then sizes of these groups (0: dropped), then the number of genes ranked (0: no
    score for this sample).
    """

    METHOD = METHOD

    def admit(self, n_samples: int, n_genes: int, plan: Plan) -> None:
        """Refuse what would take more memory or time than there is.

        Raises
        ------
        DataError
            Says what to do instead.
        """
        if n_samples < _FEWEST:
            msg = "gsva compares samples with each other and there is one: use -m ssgsea or -m singscore"
            raise DataError(msg)
        instead = "make one sample of the cells of each type (--pseudobulk), or use -m ucell, ssgsea or singscore"
        if n_samples * n_genes > MOST_VALUES:
            most = MOST_VALUES // n_genes
            msg = f"gsva holds all samples at once: {n_samples} of {n_genes} genes (over {most}) take more than 4 GB: {instead}"
            raise DataError(msg)
        by_pairs = plan.params["kcdf"] == "poisson" or (plan.params["kcdf"] == "gaussian" and plan.params["ties"] != "average")
        if by_pairs and n_samples**2 * n_genes / 2.0 > MOST_PAIRS:
            msg = f"this kind of gsva compares every pair of samples, and {n_samples} have too many: {instead}"
            raise DataError(msg)

    def prepare(self, rows: Any, plan: Plan) -> Array:
        """Return where the plan's genes stand in every sample."""
        self.admit(rows.shape[0], rows.shape[1], plan)
        x = rows.toarray() if is_sparse(rows) else np.asarray(rows)
        count = len(plan.genes)
        out = np.zeros((len(x), 2 * count + 1), dtype=np.int32)
        scored = np.isfinite(x).all(axis=1) & (x.min(axis=1) < x.max(axis=1))
        x = x if scored.all() else x[scored]
        genes = _walked(x, plan)
        if len(x) < _FEWEST or not len(genes):
            return out
        densities = _gsva_density.densities(x, genes, plan.params["kcdf"], plan.params["ties"], compiled=plan.compiled)
        place = np.full(rows.shape[1], -1)
        place[genes] = np.arange(len(genes))
        found = np.flatnonzero(place[plan.columns] >= 0)
        above, size = _places(densities, place[plan.columns[found]], together=plan.params["ties"] == "average")
        out[:, count + found] = 1
        out[np.ix_(scored, found)], out[np.ix_(scored, count + found)] = above, size
        out[scored, -1] = len(genes)
        return out

    def statistics(self, prepared: Array, plan: Plan) -> Stats:
        """Return which genes are ranked."""
        count = len(plan.genes)
        unknown, sizes = np.full(count, np.nan), prepared[:, count : 2 * count]
        return Stats(centre=unknown, spread=unknown, usable=sizes.max(axis=0, initial=0) > 0)

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return what was prepared."""
        made: Array = np.asarray(rows)
        return made

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the score of the genes that go up less that of those that go down."""
        values = [sign * self._value(s, plan) for sign, _, s in _halves(terms, one, plan)]
        return np.where(terms[:, -1] > 0, sum(values), np.nan) if values else np.full(len(terms), np.nan)

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return the scores with each gene left out in turn, shape (k, n_samples); genes are put in order once."""
        halves = list(_halves(terms, one, plan))
        values = [sign * self._value(s, plan) for sign, _, s in halves]
        whole = sum(values) if values else np.full(len(terms), np.nan)
        out = np.tile(whole, (len(one.index), 1))
        for (sign, positions, s), value in zip(halves, values, strict=True):
            for i, position in enumerate(positions):
                if len(positions) > 1:
                    out[position] = whole - value + sign * self._value(s.without(i), plan)
                else:
                    out[position] = whole - value if len(halves) > 1 else np.nan
        return np.where(terms[:, -1] > 0, out, np.nan)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's own steps up to the points that make the score, less an equal share of the other genes' steps."""
        out = np.zeros((len(terms), len(one.index)))
        for sign, positions, s in _halves(terms, one, plan):
            e = _gsva_walk.extremes(s)
            counts = np.column_stack(self._counts(e, plan))
            walked, others = np.column_stack([e.genes_high, e.genes_low]), np.column_stack([e.others_high, e.others_low])
            out[:, positions] = sign * _gsva_walk.parts(s, (walked, counts), others)
        return np.where(terms[:, -1:] > 0, out, np.nan)

    def _value(self, s: _gsva_walk.Steps, plan: Plan) -> Array:
        e = _gsva_walk.extremes(s)
        high, low = self._counts(e, plan)
        return high * e.high + low * e.low

    @staticmethod
    def _counts(e: _gsva_walk.Extremes, plan: Plan) -> tuple[Array, Array]:
        """Return what the highest and the lowest point count for, each of shape (n_samples,)."""
        one = np.ones_like(e.high)
        if plan.params["mx_diff"]:
            return one, -one if plan.params["abs_ranking"] else one
        farther = e.high > np.abs(e.low)
        return np.where(farther, 1.0, 0.0), np.where(farther, 0.0, 1.0)


def _halves(terms: Array, one: SetPlan, plan: Plan) -> Iterator[tuple[int, Array, _gsva_walk.Steps]]:
    """Yield, for genes that go up and down, the sign, the positions in the set of those that are ranked, and their steps."""
    count = len(plan.genes)
    n = int(terms[:, -1].max(initial=0))
    by_rank = _gsva_walk.weights(n, plan.params["tau"], whole=plan.params["ties"] == "decoupler")
    ranked = (terms[:, count + one.index] > 0).all(axis=0)
    for sign in (1, -1):
        positions = np.flatnonzero((one.sign == sign) & ranked)
        if len(positions) and n:
            index = one.index[positions]
            yield sign, positions, _gsva_walk.steps(terms[:, index], terms[:, count + index], by_rank)


def _walked(x: Array, plan: Plan) -> Array:
    """Return the genes that are ranked, in the order in which ties are broken, shape (n_genes,)."""
    ties, kcdf = plan.params["ties"], plan.params["kcdf"]
    n = x.shape[1]
    if ties == "gseapy":
        return np.arange(n)[::-1]
    low, high = x.min(axis=0), x.max(axis=0)
    spread = np.concatenate([x[:, at : at + _BLOCK].std(axis=0, dtype=np.float64) for at in range(0, n, _BLOCK)])
    varies = (spread > CONSTANT * np.maximum(np.abs(low), np.abs(high))) & (low < high)
    if ties != "decoupler":
        return np.flatnonzero(varies)
    there = np.flatnonzero(varies if kcdf == "gaussian" else (low != 0) | (high != 0))
    return there[np.random.default_rng(seed=0).choice(np.arange(len(there)), len(there), replace=False)]


def _places(densities: Array, columns: Array, *, together: bool) -> tuple[Array, Array]:
    """Return genes above each wanted gene's tie group and the size of the group, each of shape (n_samples, n_columns).

    Unless tied genes go together, each is a group of its own, the first gene first.
    """
    n, n_genes = densities.shape
    above, size = np.empty((n, len(columns)), dtype=np.int32), np.ones((n, len(columns)), dtype=np.int32)

    def work(start: int, stop: int) -> None:
        for i in range(start, stop):
            row = densities[i]
            ordered, wanted = np.sort(row), row[columns]
            behind = np.searchsorted(ordered, wanted, side="right")
            equal = behind - np.searchsorted(ordered, wanted, side="left")
            if together:
                above[i], size[i] = n_genes - behind, equal
            elif (equal > 1).any():
                place = np.empty(n_genes, dtype=np.int32)
                place[np.argsort(-row, kind="stable")] = np.arange(n_genes)
                above[i] = place[columns]
            else:
                above[i] = n_genes - behind

    _threads.over_rows(work, n, smallest=8)
    return above, size


KERNEL = Gsva()
