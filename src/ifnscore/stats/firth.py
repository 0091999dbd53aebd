"""Logistic regression with Firth's penalty: finite estimates where a score separates responders from the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.stats._exact import check_level, sample
from ifnscore.stats._residuals import TIE, table

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

_MAX_STEPS, _FLAT = 500, 1e-12
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Firth:
    """A penalised logistic fit; the first element of every tuple is the intercept, then the columns of X.

    Attributes
    ----------
    coefficients
        Log odds (ratios per unit of X).
    p
        Penalised likelihood ratio tests of each coefficient being 0, chi-squared with 1 df.
    low, high
        Profile penalised likelihood intervals; infinite where the profile never drops far enough.
    log_likelihood
        Penalised, at the estimate.
    n, n_positive
        Patients, and those with y = 1.
    note
        Why something is missing.
    """

    coefficients: tuple[float, ...]
    p: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    log_likelihood: float
    n: int
    n_positive: int
    note: str


def _penalised(x: Array, y: Array, beta: Array) -> tuple[float, Array, Array]:
    """Return the penalised log-likelihood l + log det(I)/2, the modified score and the information."""
    eta = x @ beta
    chance = np.exp(-np.logaddexp(0.0, -eta))
    weight = np.exp(-np.logaddexp(0.0, -eta) - np.logaddexp(0.0, eta))
    information = (x * weight[:, None]).T @ x
    sign, log_det = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_det):
        return -math.inf, np.zeros(len(beta)), information
    hat = weight * np.einsum("ij,ij->i", x, np.linalg.solve(information, x.T).T)
    score = x.T @ (y - chance + hat * (0.5 - chance))
    return float(-np.logaddexp(0.0, np.where(y == 1, -eta, eta)).sum() + log_det / 2), score, information


def _maximise(x: Array, y: Array, start: Array, free: Array) -> tuple[Array, float]:
    """Return the maximiser over the `free` coefficients and its value: scoring steps, halved until they climb."""
    beta, flat = start.copy(), _FLAT * np.abs(x).sum(axis=0)
    value, score, information = _penalised(x, y, beta)
    for _ in range(_MAX_STEPS):
        if not (np.abs(score[free]) > flat[free]).any():
            break
        step = np.zeros(len(beta))
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        for _halving in range(60):
            tried = _penalised(x, y, beta + step)
            if tried[0] >= value - 1e-14 * (1 + abs(value)):
                break
            step /= 2
        if np.abs(step).max() <= 1e-14 * (1 + np.abs(beta).max()):
            break  # only rounding error is left
        beta, (value, score, information) = beta + step, tried
    return beta, value


def _limit(drop: Callable[[int, float], float], j: int, reach: float, estimate: float, step: float) -> float:
    """Return where the profile of coefficient j has dropped by `reach`, towards `step`; infinite where it never has."""
    from scipy.optimize import brentq

    def beyond(value: float) -> float:
        return drop(j, value) - reach

    near, far = estimate, estimate + step
    for _ in range(30):
        if beyond(far) >= 0:
            return float(brentq(beyond, near, far, xtol=1e-12, rtol=1e-13))
        near, far = far, far + (far - estimate)
    return math.copysign(math.inf, step)


def _design(X: Any, y: Any) -> tuple[Array, Array, Array]:  # noqa: N803 the usual name of a design matrix
    """Return the design with intercept, columns scaled by their SD, the outcome, and the scales."""
    y = sample(y, "y")
    if not np.isin(y, (0.0, 1.0)).all():
        msg = "y: only 0 and 1 (or booleans) can be read"
        raise DataError(msg)
    columns = table(X, len(y))
    scale = np.concatenate([[1.0], columns.std(axis=0)]) if len(y) else np.ones(1 + columns.shape[1])
    centred = columns - columns.mean(axis=0) if len(y) else columns
    size = np.linalg.norm(columns, axis=0)
    if (np.linalg.norm(centred, axis=0) <= TIE * size).any() or np.linalg.matrix_rank(centred) < columns.shape[1]:
        msg = "X: a column is constant or a combination of others; leave it out (the intercept is added)"
        raise DataError(msg)
    return np.column_stack([np.ones(len(y)), columns]) / scale, y, scale


def logistic(X: Any, y: Any, level: float = 0.95) -> Firth:  # noqa: N803 the usual name of a design matrix
    """Return the logistic regression of `y` on `X` (intercept added) under Jeffreys' prior as a penalty.

    Estimates: Firth, Biometrika 1993;80:27-38. Tests and intervals: penalised likelihood ratio and its profile, with the
    penalty of the full model throughout, Heinze & Schemper, Stat Med 2002;21:2409-2419.

    Parameters
    ----------
    X
        Predictors, shape (n, k) or (n,), without intercept.
    y
        Outcome, shape (n,), 0 and 1 or booleans.
    level
        Level of the profile intervals.

    Raises
    ------
    DataError
        A value is missing, the lengths differ, y is not binary, or X is constant or collinear.
    UsageError
        A level outside (0, 1).
    """
    from scipy.stats import chi2

    check_level(level)
    x, y, scale = _design(X, y)
    n, k, n_positive = len(y), x.shape[1], int(y.sum())
    if n_positive in {0, n} or n < k:
        nan = (_NAN,) * k
        note = "no fit: both outcomes, and as many patients as coefficients, are needed"
        return Firth(nan, nan, nan, nan, _NAN, n, n_positive, note)
    beta, best = _maximise(x, y, np.zeros(k), np.ones(k, dtype=bool))
    covariance = np.linalg.inv(_penalised(x, y, beta)[2])
    reach = float(chi2.ppf(level, 1)) / 2

    def profile_drop(j: int, value: float) -> float:
        """Return how far the profile of coefficient j lies below the maximum at `value`."""
        # along the ridge, or columns far from 0 would underflow
        start = beta + (value - beta[j]) * covariance[:, j] / covariance[j, j]
        start[j] = value
        return min(best - _maximise(x, y, start, np.arange(k) != j)[1], 1e9)

    p, low, high = [], [], []
    for j in range(k):
        p.append(float(chi2.sf(2 * max(0.0, profile_drop(j, 0.0)), 1)))
        step = 2 * math.sqrt(covariance[j, j])
        low.append(_limit(profile_drop, j, reach, float(beta[j]), -step) / float(scale[j]))
        high.append(_limit(profile_drop, j, reach, float(beta[j]), step) / float(scale[j]))
    best += float(np.log(scale).sum())  # the determinant of the information in the units of X
    return Firth(tuple(float(v) for v in beta / scale), tuple(p), tuple(low), tuple(high), best, n, n_positive, "")
