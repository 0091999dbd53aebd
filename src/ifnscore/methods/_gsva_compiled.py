"""Compiled sums of Gaussian kernels over samples; ``_gsva_density`` holds their plain numpy twins. This module imports numba."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ifnscore.methods._compiled import jit
from ifnscore.methods._gsva_table import BOUND, STEPS

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Width of a box in bandwidths, terms of a series, and boxes beyond which the cumulative normal is 0 or 1 to the last digit: an
#: argument is then at least 9 (Phi(-9) = 1e-19). Sums are right to 1e-14 of the number of samples.
WIDTH, TERMS, FAR = 0.75, 16, 12
_HALF = 0.5


def translations() -> Array:
    """Return what a source term p in one box adds to series term q in another, shape (2 FAR + 1, TERMS, TERMS).

    Phi(D + e - d) = sum over p and q of Phi^(p + q)(D) (-d)^p / p! e^q / q!, with d and e counted in half widths.
    """
    from scipy.special import eval_hermitenorm, ndtr

    gap = np.arange(-FAR, FAR + 1) * WIDTH
    bell = np.exp(-(gap**2) / 2.0) / math.sqrt(2.0 * math.pi)
    order = np.arange(2 * TERMS - 1)
    higher = [(-1.0) ** (r - 1) * eval_hermitenorm(r - 1, gap) * bell for r in order[1:]]
    derivatives = np.array([ndtr(gap), *higher]) * (WIDTH / 2.0) ** order[:, None]
    factorial = np.array([math.factorial(p) for p in range(TERMS)], dtype=float)
    p, q = np.meshgrid(np.arange(TERMS), np.arange(TERMS), indexing="ij")
    made: Array = np.moveaxis(derivatives[p + q], -1, 0) / (factorial[p] * factorial[q])
    return np.ascontiguousarray(made)


@jit
def _gather(ordered: Any, by: float, moments: Any, count: Any) -> None:
    """Sum powers of the places of samples in their boxes, and count samples."""
    for k in range(len(ordered)):
        u = (ordered[k] - ordered[0]) * by
        b = np.int64(u)
        e, power = 1.0 - 2.0 * (u - b), 1.0
        count[b] += 1
        for p in range(TERMS):
            moments[b, p] += power
            power *= e


@jit
def _translate(boxes: int, moments: Any, count: Any, translation: Any, series: Any) -> None:
    """Make, for each box with samples, the series of the sum over all samples; those far below count 1 each."""
    first, below = 0, 0.0
    for a in range(boxes):
        while first < a - FAR:
            below += count[first]
            first += 1
        if count[a] == 0:
            continue
        series[a, 0] += below
        for b in range(first, min(a + FAR + 1, boxes)):
            if count[b] == 0:
                continue
            for p in range(TERMS):
                m = moments[b, p]
                for q in range(TERMS):
                    series[a, q] += translation[a - b + FAR, p, q] * m


@jit
def _evaluate(x: Any, low: float, by: float, series: Any, out: Any) -> None:
    """Fill `out` with the value of the series at each sample."""
    for j in range(len(x)):
        u = (x[j] - low) * by
        b = np.int64(u)
        e = 2.0 * (u - b) - 1.0
        value = series[b, TERMS - 1]
        for q in range(TERMS - 2, -1, -1):
            value = value * e + series[b, q]
        out[j] = value


@jit
def smooth_sums(x: Any, ordered: Any, scale: Any, translation: Any, out: Any) -> None:
    """Fill `out` with the sum over samples k of Phi((x_j - x_k) scale), gene by gene, in time linear in the samples.

    Samples are gathered in boxes, and a short series stands for all samples of a box: the fast Gauss transform (Greengard and
    Strain 1991), here of the integral of the Gaussian.

    Parameters
    ----------
    x, ordered
        Values and the same values in growing order, shape (n_genes, n_samples).
    scale
        One over the bandwidth, shape (n_genes,).
    translation
        See :func:`translations`.
    out
        Filled, shape (n_genes, n_samples).
    """
    n_genes, n = x.shape
    most = 0.0
    for g in range(n_genes):
        most = max(most, (ordered[g, n - 1] - ordered[g, 0]) * (scale[g] / WIDTH))
    room = np.int64(most) + 1
    moments, series, count = np.zeros((room, TERMS)), np.zeros((room, TERMS)), np.zeros(room, np.int64)
    for g in range(n_genes):
        low, by = ordered[g, 0], scale[g] / WIDTH
        boxes = np.int64((ordered[g, n - 1] - low) * by) + 1
        moments[:boxes], series[:boxes], count[:boxes] = 0.0, 0.0, 0
        _gather(ordered[g], by, moments, count)
        _translate(boxes, moments, count, translation, series)
        _evaluate(x[g], low, by, series, out[g])


@jit
def _looked_up(gap: float, width: float, table: Any) -> float:
    """Return Phi(gap / width) - 1/2 from the table, rounded exactly as peers round."""
    place = abs(gap) / width / BOUND * STEPS
    k = np.int64(place) if place <= STEPS else STEPS + 1
    middle = len(table) // 2
    return table[middle - 1 - k] if gap < 0.0 else table[middle + k]


@jit
def table_sums(x: Any, width: Any, table: Any, out: Any) -> None:
    """Fill `out` with the sum over samples k of the tabulated Phi((x_j - x_k) / width), added up in the order of the samples.

    Each pair of samples is looked up once, because Phi(-d) = 1 - Phi(d). The place in the table is found by a multiplication;
    where that comes near a step, by the divisions that peers make.

    Parameters
    ----------
    x
        Values of a few genes, shape (n_samples, n_genes).
    width
        Bandwidths, shape (n_genes,).
    table
        See :func:`ifnscore.methods._gsva_table.cdf_table`.
    out
        Filled, shape (n_samples, n_genes).
    """
    n, n_genes = x.shape
    steps = STEPS / BOUND / width
    place = np.empty(n_genes, np.int32)
    middle = len(table) // 2
    itself = table[middle]
    uneven = itself != 0.0
    out[:] = 0.0
    for i in range(n):
        for g in range(n_genes):
            out[i, g] += 0.5 + itself
        for j in range(i + 1, n):
            near = False
            for g in range(n_genes):
                d = (x[j, g] - x[i, g]) * steps[g]
                d = d if d < STEPS + 0.5 else STEPS + 0.5
                d = d if d > -STEPS - 0.5 else -STEPS - 0.5
                k = np.floor(d)
                near |= (abs(d - k - _HALF) > _HALF - 1e-11) & ((abs(d) > _HALF) | uneven)
                place[g] = np.int32(k) + middle
            if near:
                for g in range(n_genes):
                    gap = x[j, g] - x[i, g]
                    v = _looked_up(gap, width[g], table)
                    out[j, g] += 0.5 + v
                    out[i, g] += 0.5 - v if gap != 0.0 else 0.5 + v
                continue
            for g in range(n_genes):
                v = table[place[g]]
                out[j, g] += 0.5 + v
                out[i, g] += 0.5 - v
