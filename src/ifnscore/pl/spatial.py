"""Scores of spots on the tissue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, UsageError, listing, nearest
from ifnscore.pl import _single_cell, _style

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

#: Resolutions of Space Ranger's images, the better one first.
IMAGES = ("hires", "lowres")
_FLAT, _COLOUR = 2, 3


@dataclass(frozen=True, eq=False)
class _Image:
    """Picture of the tissue, its pixels a pixel of the coordinates, and the radius of a spot in pixels of the picture."""

    pixels: Any
    scale: float
    radius: float


def spatial(
    adata: AnnData,
    signature: str | None = None,
    *,
    key: str | None = None,
    library_id: str | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the score of every spot where it lies in the tissue, by :func:`scanpy.pl.embedding`.

    scanpy's own ``pl.spatial`` is deprecated since 1.11; the picture of the tissue is laid under the spots here.

    Parameters
    ----------
    adata
        Scored spots with ``obsm["spatial"]``, shape (n_spots, 2), in pixels of the full picture, and the picture in
        ``uns["spatial"][library]`` as scanpy and Space Ranger keep it (``images``, ``scalefactors``), if there is one.
    signature
        Which scores; None for the first on a log scale, else the first.
    key
        ``obsm`` key of the scores; None for the latest.
    library_id
        Which section, where there are several; its spots are those of ``obs["library_id"]``, where that column exists.
    ax
        Axes to draw into; None for a new figure.
    **kwargs
        Passed to scanpy: ``size``, ``cmap``, ``vmin``, ``vmax``, ``alpha`` and so on.

    Returns
    -------
    Axes
        The origin is at the upper left, both directions have one scale. A spot without a score is grey. `adata` stays as it is.

    Raises
    ------
    DataError
        There are no coordinates, no such score, no spot has one, or several sections and none is named.
    UsageError
        There is no such section, or an argument that the figure decides itself.
    """
    _single_cell.allow("spatial", kwargs, ("scale_factor", "img", "img_key"))
    scores = _single_cell.scores_of(adata, signature, key)
    places = _single_cell.coordinates(adata, "spatial", "the places of the spots are needed there")[:, :2]
    library = _library(adata, library_id)
    here = _spots(adata, library if library_id is not None else None)
    scores = _single_cell.Scores(scores.column, scores.values[here])
    if not scores.values.notna().any():
        msg = f"no spot of {library_id} has a score of {scores.column.id}"
        raise DataError(msg)
    places, image = places[here], _image(adata, library)
    ax = _style.axes(ax, (4.8, 4.2))
    cells = _single_cell.light(scores, {"spatial": places})
    if image is None:
        _single_cell.embedded(ax, cells, "spatial", scores, kwargs)
    else:
        size = image.radius * float(kwargs.pop("size", 1.0))
        _single_cell.embedded(ax, cells, "spatial", scores, {**kwargs, "scale_factor": image.scale, "size": size})
        ax.imshow(image.pixels, cmap="gray" if image.pixels.ndim == _FLAT else None, zorder=0)
    _frame(ax, places * (image.scale if image else 1.0), image.radius if image else 0.0)
    _single_cell.titled(ax, scores)
    return ax


def _frame(ax: Axes, places: Any, radius: float) -> None:
    """Show the spots and a little around them, the first row of pixels on top."""
    low, high = np.nanmin(places, axis=0), np.nanmax(places, axis=0)
    margin = 0.07 * float((high - low).max() or 1.0) + radius
    ax.set_aspect("equal")
    ax.set_xlim(low[0] - margin, high[0] + margin)
    ax.set_ylim(high[1] + margin, low[1] - margin)
    ax.set_xlabel("")
    ax.set_ylabel("")


def _library(adata: AnnData, asked: str | None) -> str | None:
    """Return the section to draw: the one asked for, the only one, or None where nothing names sections.

    Raises
    ------
    DataError
        There are several.
    UsageError
        There is no such one.
    """
    stored = adata.uns.get("spatial")
    have = [str(k) for k in stored] if isinstance(stored, Mapping) else []
    if "library_id" in adata.obs:
        sections: Any = adata.obs["library_id"]
        have = list(dict.fromkeys([*have, *sections.dropna().astype(str)]))
    if asked is not None:
        if asked not in have:
            msg = f"there is no section {asked!r}; there are {listing(have) or 'none'}.{nearest(asked, have)}"
            raise UsageError(msg)
        return asked
    if len(have) > 1:
        msg = f"there are {len(have)} sections ({listing(have)}), which lie over each other: name one with library_id="
        raise DataError(msg)
    return have[0] if have else None


def _spots(adata: AnnData, library: str | None) -> Any:
    """Return which spots belong to a section, boolean of shape (n_spots,); all where nobody says."""
    if library is None or "library_id" not in adata.obs:
        return np.ones(adata.n_obs, dtype=bool)
    return adata.obs["library_id"].astype(str).to_numpy() == library


def _image(adata: AnnData, library: str | None) -> _Image | None:
    """Return the picture of a section; None where it, its scale or the size of a spot is missing."""
    stored = adata.uns.get("spatial")
    section = stored.get(library) if isinstance(stored, Mapping) else None
    if not isinstance(section, Mapping):
        return None
    images, scales = section.get("images"), section.get("scalefactors")
    if not isinstance(images, Mapping) or not isinstance(scales, Mapping):
        return None
    diameter = scales.get("spot_diameter_fullres")
    for name in IMAGES:
        scale = scales.get(f"tissue_{name}_scalef")
        if name not in images or scale is None or diameter is None:
            continue
        pixels = np.asarray(images[name])
        if pixels.ndim == _FLAT or (pixels.ndim == _COLOUR and pixels.shape[2] in {3, 4}):
            return _Image(pixels, float(scale), float(diameter) * float(scale) / 2)
    return None
