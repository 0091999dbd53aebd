"""Summaries over genes that several methods share, with the contribution of each gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, SetPlan


def signed(terms: Array, one: SetPlan) -> Array:
    """Return the terms of a signature's genes with their direction, shape (n_samples, k)."""
    return terms[:, one.index] * one.sign


def total(values: Array) -> Array:
    """Sum over genes; NaN for a signature without usable genes."""
    return values.sum(axis=1) if values.shape[1] else np.full(len(values), np.nan)


def mean(values: Array) -> Array:
    """Mean over genes; NaN for a signature without usable genes."""
    return values.mean(axis=1) if values.shape[1] else np.full(len(values), np.nan)


def median(values: Array) -> Array:
    """Median over genes, the mean of the two middle ones for an even number; NaN without usable genes."""
    return np.median(values, axis=1) if values.shape[1] else np.full(len(values), np.nan)


def median_parts(values: Array) -> Array:
    """Split a median into the one or two genes in the middle, which alone make it.

    Genes tied with the middle value share its part, so the split does not depend on the order of genes.
    """
    n, k = values.shape
    parts = np.zeros((n, k))
    if not k:
        return parts
    ordered = np.sort(values, axis=1)
    for place in ((k - 1) // 2, k // 2):
        middle = ordered[:, [place]]
        tied = values == middle
        with np.errstate(invalid="ignore"):
            parts += np.where(tied, middle / np.maximum(tied.sum(axis=1, keepdims=True), 1), 0.0) / 2.0
    return np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, parts)
