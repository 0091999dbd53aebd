"""t values of signatures in a linear model of the genes of one sample, from a few sums.

The genes of a sample are the observations, its expression y is what is explained, and a signature is a column w of weights:
its genes' weights (negative for genes that go down), 0 for every other gene of the matrix. With Z the intercept and whatever
other signatures are in the model, and M what takes their fit away (I - Z (Z'Z)^-1 Z'), the theorem of Frisch, Waugh and Lovell
makes every coefficient one of a regression on a single column:

    b = w'My / w'Mw,   t = w'My / sqrt(w'Mw (y'My - (w'My)^2 / w'Mw) / df),   df = number of genes - columns of Z - 1

With the intercept alone M takes means away. All of it follows from the values of the signatures' genes, the mean of the sample
and its sum of squares: no column of weights over all genes is ever made. A constant added to all genes, or a change of units,
changes no t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.methods._moments import ROUNDING, Moments

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan


def as_terms(found: Moments) -> Array:
    """Return values, mean and sum of squares side by side, shape (n_samples, n_genes + 2)."""
    return np.column_stack([found.x, found.mean, found.squares])


def t_values(sxy: Array, sxx: Any, syy: Array, df: int) -> Array:
    """Return t of a coefficient.

    NaN without spread in the weights or the values, without a degree of freedom, and where the signature explains the values
    completely, so that there is no error to compare with.
    """
    return sxy * scale_of(sxy, sxx, syy, df)


def scale_of(sxy: Array, sxx: Any, syy: Array, df: int) -> Array:
    """Return what w'My is multiplied by to be t: 1 / sqrt(w'Mw times the error per degree of freedom)."""
    if df < 1:
        return np.full(np.shape(sxy), np.nan)
    sxx = np.where(sxx > 0, sxx, np.nan)
    left = syy - sxy**2 / sxx
    return np.sqrt(df / (sxx * np.where(left > ROUNDING * syy, left, np.nan)))


def weights_of(sets: Sequence[SetPlan], n_genes: int) -> Array:
    """Return the weights of some signatures, shape (n_genes, n_sets), genes counted as in the plan."""
    out = np.zeros((n_genes, len(sets)))
    for i, one in enumerate(sets):
        out[one.index, i] = one.sign * one.weights
    return out


def gram(w: Array, n: int) -> Array:
    """Return cross-products of centred columns over all `n` genes, from the rows that are not 0; shape (n_sets, n_sets)."""
    total = w.sum(axis=0)
    return np.einsum("ij,ik->jk", w, w) - np.outer(total, total) / n


@dataclass(frozen=True, slots=True)
class Fit:
    """One signature in a model with others, on the samples of some terms.

    Attributes
    ----------
    weights
        Of its genes, shape (k,).
    y
        My of its genes, shape (n_samples, k).
    sxy, syy
        w'My and y'My, shape (n_samples,).
    sxx
        w'Mw.
    mw, mm
        Mw and the diagonal of M at its genes, shape (k,).
    df
        Degrees of freedom.
    """

    weights: Array
    y: Array
    sxy: Array
    syy: Array
    sxx: float
    mw: Array
    mm: Array
    df: int

    def t(self) -> Array:
        """Return t of the signature, shape (n_samples,)."""
        return t_values(self.sxy, self.sxx, self.syy, self.df)

    def contributions(self) -> Array:
        """Return t split over the genes in proportion to what each adds to w'My, shape (n_samples, k)."""
        return self.y * self.weights * scale_of(self.sxy, self.sxx, self.syy, self.df)[:, None]

    def left_out(self) -> Array:
        """Return t with the weight of each gene set to 0 in turn, the gene staying among the others; shape (k, n_samples)."""
        w = self.weights
        sxy = (self.sxy[:, None] - w * self.y).T
        sxx = self.sxx - 2.0 * w * self.mw + w**2 * self.mm
        sxx = np.where(sxx > ROUNDING * self.sxx, sxx, np.nan)
        return t_values(sxy, sxx[:, None], self.syy[None, :], self.df)


def fit(terms: Array, one: SetPlan, others: Sequence[SetPlan], plan: Plan) -> Fit:
    """Return the fit of a signature beside an intercept and `others`.

    Parameters
    ----------
    terms
        As :func:`as_terms` returns them.
    one, others
        Signatures of the plan.
    plan
        Says how many genes there are.
    """
    n, g = plan.n_universe, len(plan.genes)
    off, squares = terms[:, :g] - terms[:, [g]], terms[:, g + 1]
    w = weights_of([one], g)[:, 0]
    mine = one.index
    mw, mm, y = w[mine] - w.sum() / n, np.full(len(mine), 1.0 - 1.0 / n), off[:, mine]
    sxx, syy = float(w @ w - w.sum() ** 2 / n), squares
    if others:
        z = weights_of(others, g)
        inverse = np.linalg.inv(gram(z, n))
        at = z[mine] - z.sum(axis=0) / n
        with_w = z.T @ w - z.sum(axis=0) * w.sum() / n
        with_y = off @ z
        y = y - with_y @ inverse @ at.T
        syy = squares - ((with_y @ inverse) * with_y).sum(axis=1)
        mw = mw - at @ inverse @ with_w
        mm = mm - ((at @ inverse) * at).sum(axis=1)
        sxx -= float(with_w @ inverse @ with_w)
    return Fit(w[mine], y, y @ w[mine], syy, sxx, mw, mm, n - len(others) - 2)
