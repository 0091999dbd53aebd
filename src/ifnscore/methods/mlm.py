"""MLM, the multivariate linear model: t of every signature of the call, all in one regression (Badia-i-Mompel 2022).

As :mod:`~ifnscore.methods.ulm`, but with all p signatures of the call as columns of one model: a coefficient says what a
signature explains beyond the others. With W the N x p weights and an intercept, df = N - p - 1 and t_j = b_j / se(b_j) of
ordinary least squares (here by Frisch, Waugh and Lovell, see ``_regression``).

A score therefore changes with the other signatures asked for. Signatures whose genes in this matrix are the same, or a
combination of those of others, cannot be told apart: they are refused, by name. A signature that gets no score, because none
or too few of its genes are in the matrix, is not in the model. Between overlapping signatures (most interferon signatures) t
values shrink and turn negative: use ``ulm`` for a signature's own level.

Scale, ties, zeros, constant and missing genes, missing values: as ``ulm``. decoupler's ``mlm`` drops genes that are 0 in all
samples (``empty=False`` turns that off) and all signatures under ``tmin`` genes; with the same signatures and genes the two
agree to 1e-9.

Contributions: t of a signature is split in proportion to weight times what the other signatures leave of the gene's expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.errors import DataError, listing
from ifnscore.methods import _moments, _regression
from ifnscore.methods._protocol import Method, RowKernel

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="mlm",
    title="t values of all signatures of the call in one regression of the expression of all genes",
    formula="t of the coefficients of log expression of all N genes on the weights of p signatures; N - p - 1 degrees of freedom",
    doi="10.1093/bioadv/vbac016",
    needs="whole_row",
    works_on="log",
    score_type="z",
    signature_independent=False,
    min_genes=200,
)

#: Share of a signature's spread that others must leave unexplained.
_LEFT = 1e-9
#: Coefficient above which a signature takes part in explaining another.
_SHARE = 1e-6


class Mlm(RowKernel):
    """What each signature explains beyond the others."""

    METHOD = METHOD

    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return the values of the plan's genes, then mean and sum of squares of all genes, shape (n_samples, n_genes + 2)."""
        check(plan)
        return _regression.as_terms(_moments.moments(rows, plan))

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return t."""
        return _regression.fit(terms, one, beside(one, plan), plan).t()

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return t split over the genes in proportion to weight times what the others leave of the gene."""
        return _regression.fit(terms, one, beside(one, plan), plan).contributions()

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return t with each gene left out of the signature in turn; the other signatures keep it."""
        return _regression.fit(terms, one, beside(one, plan), plan).left_out()

    def scores(self, rows: Any, plan: Plan) -> Array:
        """Return t of all signatures at once, shape (n_samples, n_sets), of sparse rows by compiled code where worth it."""
        check(plan)
        n, chosen = plan.n_universe, [i for i, s in enumerate(plan.sets) if _in_model(s)]
        w = _regression.weights_of([plan.sets[i] for i in chosen], len(plan.genes))
        with_y, squares = _products(rows, w, plan)
        inverse = np.linalg.inv(_regression.gram(w, n))
        coefficients = with_y @ inverse
        sxx = 1.0 / np.diag(inverse)  # what the others leave of each column
        left = squares - (coefficients * with_y).sum(axis=1)
        sxy = coefficients * sxx
        out = np.full((rows.shape[0], len(plan.sets)), np.nan)
        out[:, chosen] = _regression.t_values(sxy, sxx, left[:, None] + sxy**2 / sxx, n - len(chosen) - 1)
        return out


def _products(rows: Any, w: Array, plan: Plan) -> tuple[Array, Array]:
    """Return products of weights with deviations from the mean of a sample, and the sum of their squares."""
    if plan.compiled and is_sparse(rows):
        sums, moments = _moments.weighted_sums(rows, plan.columns, w, with_moments=True)
        mean, squares = _moments.spread_of(moments, plan.n_universe)
        return sums - np.outer(mean, w.sum(axis=0)), squares
    found = _moments.moments(rows, plan)
    return (found.x - found.mean[:, None]) @ w, found.squares


def _in_model(one: SetPlan) -> bool:
    return bool(len(one.index)) and not one.withheld


def beside(one: SetPlan, plan: Plan) -> list[SetPlan]:
    """Return the other signatures of the model."""
    return [s for s in plan.sets if s.id != one.id and _in_model(s)]


def check(plan: Plan) -> None:
    """Refuse models that cannot be fitted.

    Raises
    ------
    DataError
        Signatures cannot be told apart, or there are as many as genes.
    """
    sets = [s for s in plan.sets if _in_model(s)]
    n = plan.n_universe
    if len(sets) > n - 2:
        msg = f"mlm fits {len(sets)} signatures to {n} genes at once: ask for fewer, or use -m ulm, which takes each on its own"
        raise DataError(msg)
    together = _inseparable(sets, plan)
    if together:
        msg = (
            f"mlm cannot tell these signatures apart, their genes in this matrix are the same or a combination of one another: "
            f"{listing(together, 8)}. Leave one out, or use -m ulm, which takes each on its own"
        )
        raise DataError(msg)


def _separable(scaled: Array) -> bool:
    """Whether each column leaves something unexplained by those before it."""
    try:
        return bool((np.diag(np.linalg.cholesky(scaled)) ** 2 >= _LEFT).all())
    except np.linalg.LinAlgError:
        return False


def _inseparable(sets: Sequence[SetPlan], plan: Plan) -> list[str]:
    """Return the first signature that others explain completely, with those that do."""
    products = _regression.gram(_regression.weights_of(sets, len(plan.genes)), plan.n_universe)
    size = np.sqrt(np.where(np.diag(products) > 0, np.diag(products), np.nan))
    scaled = np.nan_to_num(products / np.outer(size, size))
    if _separable(scaled):
        return []
    for j in range(len(sets)):
        before = scaled[:j, :j]
        share = np.linalg.solve(before, scaled[:j, j]) if j else np.zeros(0)
        if scaled[j, j] - scaled[:j, j] @ share < _LEFT:
            return [*(sets[i].id for i in range(j) if abs(share[i]) > _SHARE), sets[j].id]
    return []


KERNEL = Mlm()
