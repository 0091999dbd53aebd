"""AUCell: how many of a signature's genes stand among the highest of a sample, and how high (Aibar 2017).

Genes are ranked from the highest. With N genes, n_up = ``top`` N rounded up (at least 2, as decoupler 2) and a signature of
k genes, the area under the recovery curve up to n_up is the sum of (n_up - rank) over its genes with rank < n_up. It is
divided by the largest area that k genes can have: with m = min(k, n_up - 1), m n_up - m (m + 1) / 2. Genes that go down are
scored on their own and subtracted. Missing genes are left out of k.

Ties: by default a gene counts for its mean over all orders of the genes it is tied with, so that neither a seed nor the
order of genes plays a part; where fewer genes are detected than n_up, the zeros share what is left, which is said.
``ties="decoupler"`` ranks tied genes in the order that decoupler 2 shuffles them to (its seed is 0; it also drops genes
that are 0 everywhere unless told ``empty=False``, which is not followed); ``ties="pyscenic"`` in the order that pySCENIC
draws with ``seed``. ``normalise="pyscenic"`` rounds n_up to the nearest number instead and divides by n_up k; pySCENIC's
own option ``normalize`` divides by the highest cell of the call, which is not offered, and where under 80 % of a signature are
in the matrix it scores 0, which is not followed. Genes that are constant over the
samples are ranked like any other. Missing values: refused, or the gene is taken out of the ranks of all samples.

All scales, in their own order; at least 200 genes, and a warning under 2,000. A sample's score depends on no other sample and no
other signature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.errors import listing
from ifnscore.methods import _rank
from ifnscore.methods._protocol import Method, Parameter

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="aucell",
    title="area under the recovery curve of the genes among the highest 5 % of the sample, 0 to 1",
    formula="sum over genes of max(n_up - rank, 0), rank 1 = highest, divided by the largest such sum for as many genes",
    doi="10.1038/nmeth.4463",
    needs="whole_row",
    works_on="order",
    score_type="rank",
    min_genes=200,
    parameters=(
        Parameter(name="top", default=0.05, minimum=1e-6, maximum=1, help="share of the genes that counts as the top"),
        Parameter(
            name="ties",
            default="expected",
            choices=("expected", "decoupler", "pyscenic"),
            help="how tied genes are placed; expected is the mean over all orders",
        ),
        Parameter(name="normalise", default="attainable", choices=("attainable", "pyscenic"), help="what the area is divided by"),
        Parameter(name="seed", default=0, minimum=0, maximum=2**32 - 1, help="seed of the order for ties=pyscenic"),
    ),
)


class AUCell(_rank.RankKernel):
    """Genes that go down are scored on their own and subtracted."""

    METHOD = METHOD

    def remarks(self, plan: Plan, detected: Callable[[], float]) -> Iterator[str]:
        """Say where the top cannot hold a signature, and where zeros reach into it."""
        n_up, share = self._n_up(plan), plan.params["top"]
        large = [one.id for one in plan.sets if max((one.sign > 0).sum(), (one.sign < 0).sum()) >= n_up]
        if large:
            yield (
                f"aucell: the top {share:.3g} of {plan.n_universe} genes has room for {n_up - 1}, no more than {listing(large)} "
                "holds: take a larger one with --param top="
            )
        if detected() * plan.n_universe < n_up:
            yield (
                f"aucell: half of the samples have fewer genes above zero than the top holds ({n_up}): zeros share what is left "
                "of it; a smaller top (--param top=) or -m ucell keeps them apart"
            )

    @staticmethod
    def _n_up(plan: Plan) -> int:
        n, share = plan.n_universe, plan.params["top"]
        if plan.params["normalise"] == "pyscenic":
            return max(round(share * n), 1)
        return int(min(max(math.ceil(share * n), 2), n))

    def _largest(self, k: int, plan: Plan) -> float:
        n_up = self._n_up(plan)
        if plan.params["normalise"] == "pyscenic":
            return float(n_up * k)
        m = min(k, n_up - 1)
        return m * n_up - m * (m + 1) / 2.0

    def measure(self, plan: Plan) -> _rank.Measure:
        """Return how far each place reaches into the top."""
        n, ties = plan.n_universe, plan.params["ties"]
        if ties == "expected":
            area = np.maximum(self._n_up(plan) - (n + 1.0 - np.arange(1, n + 1)), 0.0)
            return _rank.Measure(rule="expected", table=np.concatenate([[0.0], np.cumsum(area)]))
        area = np.maximum(self._n_up(plan) - (n + 1.0 - _rank.twice(n)), 0.0)
        return _rank.Measure(rule="reverse", table=area, order=_shuffled(n, ties, int(plan.params["seed"])))

    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, one: SetPlan, plan: Plan) -> Array:
        """Return the area of one direction, negative for genes that go down."""
        return sign * u / self._largest(k, plan)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return each gene's part of the area."""
        sizes = {s: self._largest(int((one.sign == s).sum()), plan) for s in (1, -1) if (one.sign == s).any()}
        return terms[:, one.index] * one.sign / np.array([sizes[int(s)] for s in one.sign])


def _shuffled(n: int, ties: str, seed: int) -> Array:
    """Return the place of each of `n` genes in the order that a peer draws."""
    if ties == "decoupler":
        drawn = np.random.default_rng(seed=0).choice(np.arange(n), n, replace=False)
    else:  # pandas' sample(frac=1), which pySCENIC calls, draws like this
        drawn = np.random.RandomState(seed).choice(n, size=n, replace=False)
    place = np.empty(n, dtype=np.int64)
    place[drawn] = np.arange(n)
    return place


KERNEL = AUCell()
