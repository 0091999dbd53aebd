"""Scores of cells on the UMAP that scanpy made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore.pl import _single_cell, _style

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes


def umap(adata: AnnData, signature: str | None = None, *, key: str | None = None, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw the score of every cell on the UMAP, by :func:`scanpy.pl.embedding`.

    Parameters
    ----------
    adata
        Scored cells with ``obsm["X_umap"]``, shape (n_cells, 2).
    signature
        Which scores; None for the first on a log scale, else the first.
    key
        ``obsm`` key of the scores; None for the latest.
    ax
        Axes to draw into; None for a new figure.
    **kwargs
        Passed to scanpy: ``size``, ``cmap``, ``vmin``, ``vmax``, ``sort_order`` and so on.

    Returns
    -------
    Axes
        Colours are on the scale of analysis: log2 for ratios, everything else as it is. A cell without a score is grey. `adata`
        stays as it is.

    Raises
    ------
    DataError
        There is no UMAP, no such score, or no cell has one.
    UsageError
        An argument that the figure decides itself.
    """
    _single_cell.allow("umap", kwargs)
    scores = _single_cell.scores_of(adata, signature, key)
    places = _single_cell.coordinates(adata, "X_umap", "run sc.pp.neighbors and sc.tl.umap first")
    ax = _style.axes(ax, (4.8, 4.0))
    _single_cell.embedded(ax, _single_cell.light(scores, {"X_umap": places}), "umap", scores, kwargs)
    _single_cell.titled(ax, scores)
    return ax
