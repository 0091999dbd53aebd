"""Satterthwaite's degrees of freedom for a coefficient of a mixed model.

``df = 2 (l'Cl)^2 / (g' A g)``: `C` is the covariance matrix of the coefficients, `g` the gradient of ``l'Cl`` by the variance
parameters and `A` the asymptotic covariance matrix of these, twice the inverse Hessian of the deviance (Satterthwaite 1946,
Biometrics Bull 2:110; Fai and Cornelius 1996, J Stat Comput Simul 54:363; Kuznetsova et al. 2017, J Stat Softw 82(13)). Both are
exact here (`_reml`), no step size is involved. At a stationary point the result does not depend on how the variances are
parametrised; the Cholesky factor is used because a variance at zero then drops out by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Eigenvalues of the Hessian (data scaled to residual SD 1) below this share of the largest are directions without information.
FLAT = 1e-8


def covariance(hessian: Array) -> Array:
    """Return twice the inverse of the deviance's Hessian (k, k) over the directions in which it curves upward."""
    values, vectors = np.linalg.eigh(hessian)
    kept = values > FLAT * max(float(values[-1]), 1e-300)
    return 2.0 * (vectors[:, kept] / values[kept]) @ vectors[:, kept].T


def degrees_of_freedom(contrasts: Array, cov: Array, d_cov: Array, hessian: Array) -> Array:
    """Return one number a row of `contrasts` (r, p); NaN where the variance parameters hold no information.

    Parameters
    ----------
    contrasts
        Combinations of coefficients, shape (r, p).
    cov, d_cov
        Covariance matrix of the coefficients (p, p) and its derivative by the k variance parameters (k, p, p).
    hessian
        Of the deviance by the same parameters, shape (k, k).
    """
    variance = np.einsum("rp,pq,rq->r", contrasts, cov, contrasts)
    gradient = np.einsum("rp,kpq,rq->rk", contrasts, d_cov, contrasts)
    spread = np.einsum("rk,kl,rl->r", gradient, covariance(hessian), gradient)
    with np.errstate(all="ignore"):
        return np.where((spread > 0) & np.isfinite(spread), 2.0 * variance**2 / spread, np.nan)
