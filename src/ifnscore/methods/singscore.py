"""singscore: the mean rank of a signature's genes within one sample (Foroutan 2018, doi 10.1186/s12859-018-2435-4).

For an up-set of k genes among N, S = mean ascending rank, normalised to (S - S_min) / (S_max - S_min) with
S_min = (k + 1) / 2 and S_max = (2 N - k + 1) / 2, and centred by subtracting 1/2. A down-set is ranked the other
way round; the two are added. Genes that are missing are left out of k. Zeros, and genes that are constant over the samples, are
ranked like any other. Missing values: refused, or the gene is taken out of the ranks of all samples.

``direction="unknown"`` is for sets whose genes may go either way: all genes of the signature are one set, whatever its
directions, each counts with the distance of its rank from the middle one, |r - (N + 1) / 2|, and the mean distance is
normalised to its own smallest and largest possible value, so that scores lie in 0 to 1; they are not centred. The R package
(1.29.1, run beside this) measures from the median of all ranks of the sample, rounded up, and takes low = (floor(k / 2) + 1) /
2 and ceil(N / 2) + 1 - low for the bounds, which are not those that ranks can reach: its scores fall below 0 (3 genes of 10:
-0.17), do not come up to 1, and where N is even change when the order of all genes is turned round. Without ties the
difference is below 2e-4 genome-wide; in a sample with zeros for half of the genes the median rank is 1, and scores of the
package reach 2. ``ties="singscore"`` gives its numbers.

``stable_genes`` ranks each gene among a few stably expressed genes only (stingscore, Bhuva 2020, doi 10.1093/nar/gkaa802),
so that a panel can be scored: with S of them the rank is (1 + number of stable genes below the gene) / (S + 1), the score
of an up-set the mean rank, of a down-set 1 less it, 1/2 taken off each. As in the package, an up-set reaches from 1 / (S +
1) to 1 and a down-set from 0 to S / (S + 1) before that. A stable gene is never below itself. Direction unknown: the mean
of |2 b / S - 1| with b stable genes below, 0 to 1; the package measures the distance from the highest rank there, which is
not followed.

All scales, in their own order; at least 200 genes, and a warning under 2,000, but any number with stable genes. A sample's score
depends on no other sample and no other signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.methods import _order, _rank
from ifnscore.methods._protocol import Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="singscore",
    title="normalised mean rank of the genes within the sample, centred at 0",
    formula="(mean rank - S_min) / (S_max - S_min) - 1/2 for the up-set, plus the same for the down-set ranked in reverse",
    doi="10.1186/s12859-018-2435-4",
    needs="whole_row",
    works_on="order",
    score_type="rank",
    min_genes=200,
    parameters=(
        Parameter(
            name="ties",
            default="min",
            choices=("min", "average", "max", "singscore"),
            help="rank of tied genes; min is the rule of the R package; singscore also takes its bounds for direction=unknown",
        ),
        Parameter(name="centre", default=True, help="subtract 1/2 from each half"),
        Parameter(
            name="direction",
            default="known",
            choices=("known", "unknown"),
            help="unknown: all genes are one set that may go up or down; distance from the middle rank, 0 to 1",
        ),
        Parameter(
            name="stable_genes",
            default="",
            help="GENE,GENE,...: rank among these stably expressed genes only, so that a panel of any size can be scored",
        ),
    ),
)

#: Numbers held at a time where samples are ranked among stable genes.
_BLOCK = 1_000_000


def bounds_unknown(n: int, k: int) -> tuple[float, float]:
    """Return the least and greatest mean distance of `k` ranks out of 1 to `n` from the middle, (n + 1) / 2."""
    pairs = (k - 1) ** 2 // 4  # sum of floor(i / 2) for i below k: distances come in pairs
    nearest = k * k // 4 / k if n % 2 else pairs / k + 0.5
    return nearest, (n - 1) / 2.0 - pairs / k


def bounds_package(n: int, k: int) -> tuple[float, float]:
    """Return the bounds that the R package takes instead, as observed in its answers."""
    low = (k // 2 + 1) / 2.0
    return low, (n + 1) // 2 + 1 - low


def undirected(one: SetPlan) -> SetPlan:
    """Return the signature with all its genes in one set."""
    return replace(one, sign=np.ones(len(one.sign)))


class Singscore(_rank.RankKernel):
    """Order-free: every tie rule gives tied genes the same rank."""

    METHOD = METHOD

    def adds_up(self, params: Mapping[str, Any]) -> bool:
        """Whether genes that go up and down are two sets."""
        return bool(params["direction"] == "known")

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return ascending ranks among all genes, or their distances from the middle."""
        n = plan.n_universe
        ranks = _rank.twice(n)
        if _unknown(plan) and not _as_package(plan):
            ranks = np.abs(ranks - (n + 1) / 2.0)
        return _rank.Measure(rule=_rule(plan), table=ranks)

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return ranks or distances among all genes, shape (n_samples, n_genes); among stable genes in units of 1."""
        if plan.stable is None:
            made = super().terms(rows, plan)
            return np.abs(made - _middle_ranks(rows)) if _as_package(plan) else made
        found = _order.places(rows, plan.columns, among=plan.stable)
        tied = found.equal - np.isin(plan.columns, plan.stable)  # a stable gene is tied with itself
        below = found.less + tied * {"min": 0.0, "average": 0.5, "max": 1.0}[_rule(plan)]
        return np.abs(2.0 * below / found.n - 1.0) if _unknown(plan) else (below + 1.0) / (found.n + 1.0)

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, one: SetPlan, plan: Plan) -> Array:
        """Return the normalised mean rank of one direction, ranks reversed for genes that go down."""
        n, mean, unknown = plan.n_universe, u / k, _unknown(plan)
        centre = 0.5 if plan.params["centre"] and not unknown else 0.0
        if plan.stable is not None:
            return (mean if sign > 0 else 1.0 - mean) - centre
        if unknown:
            low, high = (bounds_package if _as_package(plan) else bounds_unknown)(n, k)
        else:
            mean = mean if sign > 0 else n + 1.0 - mean
            low, high = (k + 1) / 2.0, (2 * n - k + 1) / 2.0
        if high == low:
            return np.full_like(u, np.nan)
        return (mean - low) / (high - low) - centre

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the score of the up-set and the down-set together, or of all genes as one set."""
        return super().score(terms, undirected(one) if _unknown(plan) else one, plan)

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return the scores with each gene left out in turn, shape (k, n_samples)."""
        return super().left_out_scores(terms, undirected(one) if _unknown(plan) else one, plan, control_terms)

    def scores(self, rows: Any, plan: Plan) -> Array | None:
        """Return the scores of all signatures at once, shape (n_samples, n_sets), where there is a faster way, else None."""
        if plan.stable is not None or _as_package(plan):
            return self._block_by_block(rows, plan)
        if _unknown(plan):
            plan = replace(plan, sets=tuple(undirected(one) for one in plan.sets))
        return super().scores(rows, plan)

    def _block_by_block(self, rows: Any, plan: Plan) -> Array:
        """Score from the terms, a block of samples at a time: only the columns of the signatures are ever made dense."""
        step = max(1, _BLOCK // (len(plan.columns) + 1))
        blocks = [self.terms(rows[start : start + step], plan) for start in range(0, rows.shape[0], step)]
        scored = [np.column_stack([self.score(terms, one, plan) for one in plan.sets]) for terms in blocks]
        return np.concatenate(scored) if scored else np.zeros((0, len(plan.sets)))

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the normalised mean rank, the bounds shared equally."""
        one = undirected(one) if _unknown(plan) else one
        parts = np.zeros((len(terms), len(one.index)))
        for sign in (1, -1):
            half = one.sign == sign
            k = int(half.sum())
            if k:  # half() is affine in the sum: a gene's share is half() of k times its own rank, divided by k
                ranks = terms[:, one.index[half]]
                parts[:, half] = self.half(ranks * k, ranks, ranks, k, sign, one, plan) / k
        return parts


def _rule(plan: Plan) -> str:
    return "min" if plan.params["ties"] == "singscore" else str(plan.params["ties"])


def _unknown(plan: Plan) -> bool:
    return bool(plan.params["direction"] == "unknown")


def _as_package(plan: Plan) -> bool:
    return _unknown(plan) and bool(plan.params["ties"] == "singscore")


def _middle_ranks(rows: Any) -> Array:
    """Return the median of all ranks of each sample, tied genes at the lowest, rounded up; shape (n_samples, 1)."""
    out = np.empty((rows.shape[0], 1))
    for i in range(len(out)):
        ordered = np.sort(rows[[i]].toarray()[0] if is_sparse(rows) else rows[i])
        n = len(ordered)
        below = np.searchsorted(ordered, ordered[[(n - 1) // 2, n // 2]])
        out[i] = (below.sum() + 3) // 2  # the two ranks are below + 1
    return out


KERNEL = Singscore()
