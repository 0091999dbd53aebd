"""What the rank methods share: the place of a gene among all genes of a sample, looked up in a table and added up.

A method says how a place becomes a number (:class:`Measure`) and how sums over the genes of one direction become a score
(:meth:`RankKernel.half`). Whether numpy makes the sums gene by gene or compiled code (``_ranks``) in one pass over sparse rows
does not matter to it: the two agree to 1e-12.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.methods import _order
from ifnscore.methods._measure import RULES, Measure, twice
from ifnscore.methods._protocol import RowKernel

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan


def look_up(found: _order.Places, rule: str, table: Array) -> Array:
    """Return the value of each place, shape (n_samples, n_columns)."""
    less, equal, before = found.less, found.equal, found.before
    if rule == "expected":
        return (table[less + equal] - table[less]) / equal
    index = {
        "average": 2 * less + equal + 1,
        "min": 2 * less + 2,
        "max": 2 * (less + equal),
        "forward": 2 * (less + before + 1),
        "reverse": 2 * (less + equal - before),
    }[rule]
    return table[index]


class RankKernel(RowKernel):
    """A score made of sums over the places of genes."""

    @abstractmethod
    def measure(self, plan: Plan) -> Measure:
        """Return how places become numbers."""

    @abstractmethod
    def half(self, u: Array, v: Array, uv: Array, k: int, sign: int, one: SetPlan, plan: Plan) -> Array:
        """Return what the genes of one direction add to the score.

        Parameters
        ----------
        u, v, uv
            Sums over the genes of the first number, the second and their product, all of one shape.
        k, sign
            Number of genes, and +1 for genes that go up or -1.
        one
            The signature they belong to.
        plan
            The plan, with parameters and number of genes.
        """

    def adds_up(self, params: Mapping[str, Any]) -> bool:
        """Whether sums over the genes of each direction are all that a score needs, so that it can share a pass with others."""
        return True

    def joined(self, total: Array, plan: Plan) -> Array:
        """Return the score from the sum over both directions."""
        return total

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return the numbers of the plan's genes, shape (n_samples, n_genes), or both side by side."""
        m = self.measure(plan)
        found = _order.places(rows, plan.columns, order=m.order)
        u = look_up(found, m.rule, m.table)
        if m.at_zero is not None:
            u = np.where(found.zero, m.at_zero, u)
        return u if m.second is None else np.hstack([u, look_up(found, m.second_rule, m.second)])

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the score of the up-set and the down-set together."""
        halves = [self._half(terms, one, sign, plan) for sign in (1, -1)]
        parts = [h for h in halves if h is not None]
        return self.joined(sum(parts[1:], parts[0]), plan) if parts else np.full(len(terms), np.nan)

    def _half(self, terms: Array, one: SetPlan, sign: int, plan: Plan) -> Array | None:
        index = one.index[one.sign == sign]
        if not len(index):
            return None
        u, v, uv = (x.sum(axis=1) for x in self._numbers(terms, index, plan))
        return self.half(u, v, uv, len(index), sign, one, plan)

    @staticmethod
    def _numbers(terms: Array, index: Array, plan: Plan) -> tuple[Array, Array, Array]:
        u = terms[:, index]
        v = terms[:, index + len(plan.genes)] if terms.shape[1] > len(plan.genes) else np.zeros_like(u)
        return u, v, u * v

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return the scores with each gene left out in turn, shape (k, n_samples): the sums less its number."""
        whole = {s: self._half(terms, one, s, plan) for s in (1, -1)}
        out = np.empty((len(one.index), len(terms)))
        for sign in (1, -1):
            where = np.flatnonzero(one.sign == sign)
            other = whole[-sign]
            rest = 0.0 if other is None else other[:, None]
            if not len(where):
                continue
            k = len(where) - 1
            if k:
                u, v, uv = (x.sum(axis=1, keepdims=True) - x for x in self._numbers(terms, one.index[where], plan))
                out[where] = self.joined(self.half(u, v, uv, k, sign, one, plan) + rest, plan).T
            else:
                out[where] = np.nan if other is None else self.joined(other, plan)
        return out

    def scores(self, rows: Any, plan: Plan) -> Array | None:
        """Return the scores of all signatures by compiled code, shape (n_samples, n_sets), where that is worth it."""
        if not (plan.compiled and is_sparse(rows)):
            return None
        return scores_in_one_pass(rows, [(self, plan)])[0]


def scores_in_one_pass(rows: Any, wanted: Sequence[tuple[RankKernel, Plan]]) -> list[Array]:
    """Return the scores of several methods on the same signatures from one pass over sparse rows.

    Parameters
    ----------
    rows
        CSR matrix of shape (n_samples, n_genes).
    wanted
        Kernels with plans that share genes and sets.

    Returns
    -------
    list of ndarray
        One of shape (n_samples, n_sets) for each.
    """
    from ifnscore.methods import _sparse

    plan = wanted[0][1]
    halves = [(i, sign, one.index[one.sign == sign]) for i, one in enumerate(plan.sets) for sign in (1, -1)]
    halves = [(i, sign, index) for i, sign, index in halves if len(index)]
    measures = [kernel.measure(p) for kernel, p in wanted]
    sums, bad = _sparse.rank_sums(rows, plan.columns, [index for _, _, index in halves], measures)
    out = []
    for m, (kernel, p) in enumerate(wanted):
        got = np.full((rows.shape[0], len(plan.sets)), np.nan)
        for h, (i, sign, index) in enumerate(halves):
            one = p.sets[i]
            with np.errstate(invalid="ignore", divide="ignore"):  # rows that are done again below
                part = kernel.half(sums[m, 0, :, h], sums[m, 1, :, h], sums[m, 2, :, h], len(index), sign, one, p)
            got[:, i] = got[:, i] + part if sign < 0 and (one.sign > 0).any() else part
        got = kernel.joined(got, p)
        if bad.any():
            terms = kernel.terms(rows[np.flatnonzero(bad)], p)
            got[bad] = np.column_stack([kernel.score(terms, one, p) for one in plan.sets])
        out.append(got)
    return out


__all__ = ["RULES", "Measure", "RankKernel", "look_up", "scores_in_one_pass", "twice"]
