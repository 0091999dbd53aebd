"""Restricted likelihood of a linear mixed model with one grouping, its exact derivatives and its optimum.

``y_i = X_i b + Z_i u_i + e_i`` for patient i, ``u_i ~ N(0, G)``, ``e_i ~ N(0, s2 I)``. The covariance of a patient's visits,
``V = sum_j theta_j D_j``, is linear in ``theta = (s2, G11)`` or ``(s2, G11, G12, G22)``, so that gradient and Hessian of the
deviance have closed forms (Harville 1977, J Am Stat Assoc 72:320; Lindstrom and Bates 1988, J Am Stat Assoc 83:1014) and nothing
is differentiated by steps. statsmodels' optimum is the start; it is good to about 1e-4 with a random slope, this one to 1e-8.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class Point:
    """The deviance (-2 log likelihood) and everything that follows at one value of the variance parameters.

    `gradient` (k,) and `hessian` (k, k) are by the parameters of whoever made the point; `d_cov` (k, p, p) is the derivative of
    `cov` (p, p), the covariance matrix of the coefficients `beta` (p,), by the same parameters.
    """

    deviance: float
    gradient: Array
    hessian: Array
    beta: Array
    cov: Array
    d_cov: Array


class Blocks:
    """Data by patient, padded with empty visits to the longest patient.

    Parameters
    ----------
    y, x, z
        Outcome (n_obs,), fixed effects (n_obs, p) of full rank, random effects (n_obs, 1 or 2) with the intercept first.
    codes
        Patient of each visit, 0 ... n - 1.
    reml
        Restricted (True) or full likelihood.
    """

    def __init__(self, y: Array, x: Array, z: Array, codes: Array, *, reml: bool) -> None:
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes)
        n, m = len(counts), int(counts.max())
        row = codes[order]
        place = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)

        def blocked(a: Array) -> Array:
            out = np.zeros((n, m, *a.shape[1:]))
            out[row, place] = a[order]
            return out

        self.reml, self.n_obs, self.p = reml, len(y), x.shape[1]
        self.y, self.x, self.z = blocked(y), blocked(x), blocked(z)
        real = blocked(np.ones(len(y)))
        eye = np.eye(m)
        parts = [real[:, :, None] * eye]
        one, slope = self.z[..., 0], self.z[..., -1]
        parts.append(one[:, :, None] * one[:, None, :])
        if z.shape[1] > 1:
            cross = one[:, :, None] * slope[:, None, :]
            parts += [cross + cross.transpose(0, 2, 1), slope[:, :, None] * slope[:, None, :]]
        self.parts = np.stack(parts)
        self._padding = (1 - real)[:, :, None] * eye

    def at(self, theta: Array) -> Point:
        """Return deviance, gradient and Hessian by `theta`, coefficients and their covariance."""
        d = self.parts
        v = np.tensordot(theta, d, axes=1) + self._padding
        w = np.linalg.inv(v)
        wx = w @ self.x
        info = np.einsum("nap,naq->pq", self.x, wx)
        cov = np.linalg.inv(info)
        beta = cov @ np.einsum("nap,na->p", wx, self.y)
        residual = self.y - self.x @ beta
        wr = (w @ residual[..., None])[..., 0]
        deviance = np.linalg.slogdet(v)[1].sum() + (residual * wr).sum()

        wd = w @ d
        dwx, dwr = d @ wx, (d @ wr[..., None])[..., 0]
        q = np.einsum("nap,jnaq->jpq", wx, dwx)
        s = np.einsum("nap,jna->jp", wx, dwr)
        gradient = np.einsum("jnaa->j", wd) - np.einsum("na,jna->j", wr, dwr)
        wdwr = np.einsum("nab,jnb->jna", w, dwr)
        curved = np.einsum("ina,jna->ij", dwr, wdwr) - s @ cov @ s.T
        hessian = -np.einsum("inab,jnba->ij", wd, wd) + 2 * curved
        free = self.n_obs
        if self.reml:
            free -= self.p
            deviance += np.linalg.slogdet(info)[1]
            cq = cov @ q
            second = np.einsum("inap,jnaq->ijpq", dwx, w @ dwx)
            gradient -= np.einsum("jpp->j", cq)
            hessian += 2 * np.einsum("pq,ijqp->ij", cov, second) - np.einsum("ipq,jqp->ij", cq, cq)
        deviance += free * np.log(2 * np.pi)
        return Point(float(deviance), gradient, hessian, beta, cov, cov @ q @ cov)

    def identified(self) -> bool:
        """Whether the data tell the variance parameters apart (the expected information has full rank at V = I)."""
        if self.n_obs <= self.p:
            return False
        start = np.zeros(len(self.parts))
        start[0] = 1.0
        x, d = self.x, self.parts
        cov = np.linalg.inv(np.einsum("nap,naq->pq", x, x))
        cq = cov @ np.einsum("nap,jnab,nbq->jpq", x, d, x)
        dx = d @ x
        info = np.einsum("inab,jnba->ij", d, d)
        info -= 2 * np.einsum("pq,ijqp->ij", cov, np.einsum("inap,jnaq->ijpq", dx, dx))
        info += np.einsum("ipq,jqp->ij", cq, cq)
        scale = np.sqrt(np.clip(np.diag(info), 0, None))
        if (scale <= 1e-9 * scale[0]).any():
            return False
        return bool(np.linalg.eigvalsh(info / np.outer(scale, scale))[0] > 1e-9)  # noqa: PLR2004

    def saturated(self) -> bool:
        """Whether fixed and random effects together leave no residual: the residual variance would be zero."""
        off = np.eye(self.y.shape[1]) - self.z @ np.linalg.pinv(self.z)
        y, x = (off @ self.y[..., None])[..., 0].ravel(), (off @ self.x).reshape(-1, self.p)
        left = y - x @ np.linalg.lstsq(x, y, rcond=1e-10)[0]
        return bool((left**2).sum() <= 1e-20 * max((self.y**2).sum(), 1e-300))


class Cholesky:
    """The deviance by ``phi = (a, log s2)`` or ``(a, b, c, log s2)`` with ``G = L L'``, ``L = [[a, 0], [b, c]]``.

    Unconstrained, and smooth where a variance is zero or a correlation 1: there the derivative by `a` or `c` is zero.
    """

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._last: tuple[bytes, Point] | None = None

    def theta(self, phi: Array) -> Array:
        """Return ``(s2, G11[, G12, G22])``."""
        s2 = np.exp(phi[-1])
        if len(phi) == 2:  # noqa: PLR2004
            return np.array([s2, phi[0] ** 2])
        a, b, c = phi[:3]
        return np.array([s2, a * a, a * b, b * b + c * c])

    def at(self, phi: Array) -> Point:
        """Return the point with derivatives by `phi` (chain rule)."""
        key = phi.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = (key, self._evaluate(phi))
        return self._last[1]

    def _evaluate(self, phi: Array) -> Point:
        theta, k = self.theta(phi), len(phi)
        point = self.blocks.at(theta)
        jacobian, bend = np.zeros((k, k)), np.zeros((k, k))  # theta by phi; sum over theta of gradient times second derivative
        g = point.gradient
        jacobian[0, -1], bend[-1, -1] = theta[0], g[0] * theta[0]
        if k == 2:  # noqa: PLR2004
            jacobian[1, 0], bend[0, 0] = 2 * phi[0], 2 * g[1]
        else:
            a, b, c = phi[:3]
            jacobian[1, 0], jacobian[2, :2], jacobian[3, 1:3] = 2 * a, (b, a), (2 * b, 2 * c)
            bend[0, 0], bend[0, 1], bend[1, 0], bend[1, 1], bend[2, 2] = 2 * g[1], g[2], g[2], 2 * g[3], 2 * g[3]
        d_cov = np.tensordot(jacobian.T, point.d_cov, axes=1)
        return Point(point.deviance, jacobian.T @ g, jacobian.T @ point.hessian @ jacobian + bend, point.beta, point.cov, d_cov)

    def minimise(self, starts: list[Array]) -> tuple[Array, bool]:
        """Return the best of the optima reached from `starts` (trust-region Newton), and whether its gradient vanished."""
        from scipy.optimize import minimize

        best, lowest = starts[0], np.inf
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for start in starts:
                found: Any = minimize(
                    self._value,
                    start,
                    jac=self._slope,
                    hess=self._curvature,
                    method="trust-exact",
                    options={"gtol": 1e-9, "maxiter": 200},
                )
                if np.isfinite(found.fun) and found.fun < lowest - 1e-10:
                    best, lowest = found.x, found.fun
        return best, bool(np.isfinite(lowest) and np.abs(self.at(best).gradient).max() < 1e-5)  # noqa: PLR2004

    def _slope(self, phi: Array) -> Array:
        return self.at(phi).gradient

    def _curvature(self, phi: Array) -> Array:
        return self.at(phi).hessian

    def _value(self, phi: Array) -> float:
        if abs(phi[-1]) > 60 or np.abs(phi).max() > 1e6:  # noqa: PLR2004 - no trial step may leave the floating-point range
            return float("inf")
        try:
            value = self.at(phi).deviance
        except np.linalg.LinAlgError:
            return float("inf")
        return value if np.isfinite(value) else float("inf")


def default_starts(z: Array) -> list[Array]:
    """Return values of ``phi`` from which the search reaches the optima that small data sets have, for `y` of residual SD 1.

    Intercept and slope start uncorrelated where the slope's variable has its mean. There are two starts, small and large, because
    with few patients the restricted likelihood can have one optimum at zero variances and another far from it.
    """
    if z.shape[1] == 1:
        return [np.array([1.0, 0.0])]
    mean, variance = float(z[:, 1].mean()), max(float(z[:, 1].var()), 1e-6)
    starts = []
    for g0, s2 in ((1.0, 1.0), (4.0, 0.2)):
        g1 = g0 / variance
        low = np.linalg.cholesky(np.array([[g0 + g1 * mean**2, -g1 * mean], [-g1 * mean, g1]]))
        starts.append(np.array([low[0, 0], low[1, 0], low[1, 1], np.log(s2)]))
    return starts


def statsmodels_start(y: Array, x: Array, z: Array, codes: Array, *, reml: bool) -> Array | None:
    """Return statsmodels' MixedLM estimate as ``phi``, or None if it failed; its convergence warnings are not passed on."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = MixedLM(y, x, codes, exog_re=z).fit(reml=reml, method=["lbfgs"])
            g, s2 = np.asarray(fit.cov_re, dtype=float), float(fit.scale)
        except (np.linalg.LinAlgError, ValueError, IndexError):
            return None
    if not (np.isfinite(g).all() and np.isfinite(s2) and s2 > 1e-12):  # noqa: PLR2004
        return None
    floor = 0.02 * np.sqrt(s2)  # at exactly zero the derivative is zero whether or not it is the optimum
    a = max(float(np.sqrt(max(g[0, 0], 0.0))), floor)
    if len(g) == 1:
        return np.array([a, np.log(s2)])
    b = g[0, 1] / a
    return np.array([a, b, max(float(np.sqrt(max(g[1, 1] - b * b, 0.0))), floor), np.log(s2)])
