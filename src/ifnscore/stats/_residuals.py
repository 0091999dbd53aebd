"""Least squares on patients and covariates: the residuals that partial and repeated-measures correlations are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError
from ifnscore.stats._exact import sample

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Statistics that differ by less are equal; a residual below this share of its variable is rounding error.
TIE = 1e-9


def same_length(*columns: tuple[str, Any]) -> None:
    """Raise `DataError` unless all named columns have the same number of rows."""
    sizes = {name: len(values) for name, values in columns}
    if len(set(sizes.values())) > 1:
        msg = "lengths differ: " + ", ".join(f"{k} has {v}" for k, v in sizes.items()) + "; give one value a row"
        raise DataError(msg)


def pairs(x: Any, y: Any) -> tuple[Array, Array]:
    """Return x and y as float vectors of one length (`DataError` otherwise)."""
    x, y = sample(x, "x"), sample(y, "y")
    same_length(("x", x), ("y", y))
    return x, y


def table(covariates: Any, n: int) -> Array:
    """Return covariates as floats of shape (n, k); one column may come as a vector. Raises `DataError`."""
    out = np.asarray(covariates, dtype=float)
    out = out[:, None] if out.ndim == 1 else out
    if out.ndim != 2 or len(out) != n:  # noqa: PLR2004 rows and columns
        msg = f"covariates: shape (n, k) with n = {n} rows is needed, got {out.shape}"
        raise DataError(msg)
    sample(out.ravel(), "covariates")
    return out


def basis(design: Array) -> Array:
    """Return an orthonormal basis of the columns of `design`, shape (n, rank); dependent columns add nothing."""
    length = np.linalg.norm(design, axis=0)
    columns = design[:, length > 0] / length[length > 0]
    if not columns.shape[1]:
        return columns
    from scipy.linalg import qr

    q, r, _ = qr(columns, mode="economic", pivoting=True)  # rank-revealing, and many times faster than singular values
    size = np.abs(np.diag(r))
    return q[:, : len(size)][:, size > TIE * max(size.max(initial=0.0), 1e-300)]


def residual_correlations(draws: Array, target: Array, q: Array) -> Array:
    """Return the correlation of `target` (already a residual) with each row of `draws` once that is freed of the basis `q`."""
    left = (draws**2).sum(axis=1) - ((draws @ q) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = draws @ target / np.sqrt(left * float(target @ target))
    return np.where(left > TIE**2 * (draws**2).sum(axis=1), r, 0.0)


@dataclass(frozen=True, slots=True)
class Residuals:
    """Both variables freed of patients and covariates; `q` spans what was removed, `kept` are the rows."""

    names: Any
    codes: Array
    ex: Array
    ey: Array
    q: Array
    kept: Array
    n_dropped: int
    note: str

    @property
    def df(self) -> int:
        return max(0, len(self.ex) - int(self.q.shape[1]) - 1)

    @property
    def r(self) -> float:
        r = float(self.ex @ self.ey / math.sqrt(float(self.ex @ self.ex) * float(self.ey @ self.ey)))
        return min(1.0, max(-1.0, r))

    @property
    def slope(self) -> float:
        return float(self.ex @ self.ey / (self.ex @ self.ex))


def coded(labels: Any, name: str) -> tuple[Array, Any]:
    """Return labels as numbers in order of appearance, and the labels; raise `DataError` for a missing one."""
    codes, uniques = pd.factorize(np.asarray(labels, dtype=object))
    if (codes < 0).any():
        msg = f"{name}: {int((codes < 0).sum())} labels are missing; remove these rows first"
        raise DataError(msg)
    return codes, uniques


def within(patient: Any, x: Any, y: Any, covariates: Any) -> Residuals:
    """Return x and y freed of patient means and covariates (None, or shape (n, k)); patients with one observation are dropped."""
    x, y = pairs(x, y)
    codes, names = coded(patient, "patient")
    same_length(("patient", codes), ("x", x), ("y", y))
    z = np.zeros((len(x), 0)) if covariates is None else table(covariates, len(x))
    kept = np.bincount(codes, minlength=1)[codes] > 1
    n_dropped = len(names) - len(np.unique(codes[kept]))
    codes, used = pd.factorize(codes[kept])
    dummies = (codes[:, None] == np.arange(len(used))).astype(float)
    design = np.column_stack([dummies, _centred(z[kept], codes)])
    q = basis(design) if len(codes) else design
    ex, ey = (v - q @ (q.T @ v) for v in (x[kept], y[kept]))
    out = Residuals(names[used], codes, ex, ey, q, kept, n_dropped, "")
    if len(codes) == 0:
        return replace(out, note="no correlation: no patient has two observations")
    for name, e, v in (("x", ex, x[kept]), ("y", ey, y[kept])):
        if float(e @ e) <= TIE**2 * float(v @ v):
            return replace(out, note=f"no correlation: {name} does not vary within patients beyond the covariates")
    return out if out.df > 0 else replace(out, note=f"no correlation: {len(codes)} observations leave no degree of freedom")


def _centred(values: Array, codes: Array) -> Array:
    """Return `values` (n, k) minus the means of their patients; what is left of rounding error becomes 0."""
    count = np.maximum(np.bincount(codes, minlength=1), 1)
    means = np.column_stack([np.bincount(codes, v, minlength=1) / count for v in values.T] or [np.zeros((len(count), 0))])
    out = values - means[codes]
    return np.where(np.abs(out) <= 1e-12 * np.abs(values).max(axis=0, initial=0.0), 0.0, out)
