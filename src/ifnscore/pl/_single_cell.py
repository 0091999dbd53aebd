"""What scanpy's figures are drawn from: the scores of one signature and the coordinates, nothing else of the matrix."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, UsageError, listing
from ifnscore.pl import _below, _groups, _inputs, _style
from ifnscore.scoretable import collect

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

    from ifnscore.scoretable import Column

#: Perceptually uniform, readable in grey and with every common colour vision.
COLOURS, NO_SCORE = "viridis", "lightgray"
#: Largest area of a point in square points.
LARGEST = {"umap": 60.0, "spatial": 160.0}
#: Attribute of axes that holds the colour bar of the figure in them, so that a second figure takes its place.
_BAR = "_ifnscore_bar"
#: What the figures decide themselves.
_DECIDED = ("adata", "basis", "color", "keys", "groupby", "show", "save", "return_fig", "title")


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one signature on the scale of analysis, shape (n_cells,); NaN where a cell has none."""

    column: Column
    values: pd.Series


def scores_of(adata: AnnData, signature: str | None, key: str | None) -> Scores:
    """Return the scores to draw.

    Parameters
    ----------
    adata
        Scored cells or spots.
    signature
        Id; None for the first on a log scale that is no comparator, else the first.
    key
        ``obsm`` key; None for the latest.

    Raises
    ------
    DataError
        There are no such scores, or no cell has one.
    """
    if not hasattr(adata, "obsm"):
        msg = f"this figure needs the scored AnnData, not a {type(adata).__name__}"
        raise UsageError(msg)
    table = collect(adata, key=key)
    column = table.column(signature or _inputs.scored_one(table.values, _groups.primary(table.columns)))
    values = table.analysed()[column.id]
    if not values.notna().any():
        msg = f"no cell has a score of {column.id}: ifn.get.coverage(adata) says which genes are missing"
        raise DataError(msg)
    return Scores(column, values)


def allow(function: str, given: Mapping[str, Any], more: Iterable[str] = ()) -> None:
    """Refuse arguments that the figure decides itself.

    Raises
    ------
    UsageError
        Names the first one.
    """
    for name in (*_DECIDED, *more):
        if name in given:
            msg = f"{function}() decides {name} itself; pass what else scanpy's figure takes, or draw with scanpy"
            raise UsageError(msg)


def light(scores: Scores, coordinates: Mapping[str, Any], obs: Mapping[str, Any] | None = None) -> AnnData:
    """Return an AnnData with scores and coordinates only, so that the user's own stays as it is, and X is not copied."""
    index = pd.Index([str(i) for i in range(len(scores.values))])
    frame = pd.DataFrame({scores.column.id: scores.values.to_numpy(dtype=float)}, index=index)
    for name, values in (obs or {}).items():
        frame[name] = values
    made = ad.AnnData(obs=frame)
    for name, values in coordinates.items():
        made.obsm[name] = np.asarray(values, dtype=float)
    return made


def coordinates(adata: AnnData, key: str, missing: str) -> Any:
    """Return coordinates of shape (n_cells, 2 or more).

    Raises
    ------
    DataError
        `missing`: they are not there; or they are no coordinates.
    """
    if key not in adata.obsm:
        have = [str(k) for k in adata.obsm]
        msg = f"there is no obsm[{key!r}]: {missing}; there are {listing(have) or 'none'}"
        raise DataError(msg)
    found = adata.obsm[key]
    values = np.asarray(found.to_numpy() if isinstance(found, pd.DataFrame) else found)
    if values.ndim != 2 or values.shape[1] < 2 or values.dtype.kind not in "iuf":  # noqa: PLR2004 two coordinates
        msg = f"obsm[{key!r}] holds no coordinates: {values.dtype} of shape {values.shape}"
        raise DataError(msg)
    return values


def titled(ax: Axes, scores: Scores, how: str = "grey, crossed: ", more: str = "") -> None:
    """Write signature, method and unit above the axes; below them how many cells have no score, and what else must be said."""
    column, left_out = scores.column, int(scores.values.isna().sum())
    lines = (_style.shortened(column.id, 34), f"{column.method}, {column.unit}")
    ax.set_title("\n".join(_style.plain(line) for line in lines), loc="left", fontsize="medium")
    said = f"{how}{left_out} of {len(scores.values)} without a score" if left_out else ""
    _below.notes(ax, [], [said, more])


def colour_bar(ax: Axes, scores: Scores, where: str | None) -> None:
    """Draw a colour bar with the unit. scanpy's own goes to the current figure of pyplot, whichever that is."""
    if where is None:
        return
    figure = ax.get_figure()
    assert figure is not None
    earlier = getattr(ax, _BAR, None)
    if earlier is not None:
        earlier.remove()
    bar = figure.colorbar(ax.collections[-1], ax=ax, location=where, fraction=0.06, pad=0.02, aspect=25)
    bar.set_label(_style.plain(scores.column.unit), fontsize="small")
    bar.ax.tick_params(labelsize="small")
    bar.outline.set_visible(False)
    setattr(ax, _BAR, bar)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings that a library's own code is out of date from the user, who can do nothing about it."""
    with warnings.catch_warnings():
        for category in (PendingDeprecationWarning, DeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        yield


def embedded(ax: Axes, cells: AnnData, basis: str, scores: Scores, given: Mapping[str, Any]) -> None:
    """Draw the cells with :func:`scanpy.pl.embedding`."""
    given = dict(given)
    bar = given.pop("colorbar_loc", "right")
    maps = {} if {"cmap", "color_map"} & given.keys() else {"color_map": COLOURS}
    # scanpy's own size grows without end the fewer the cells
    given.setdefault("size", min(120_000 / max(len(scores.values), 1), LARGEST[basis]))
    settled = {"na_color": NO_SCORE, "frameon": True, **maps, **given}
    with quiet():
        import scanpy as sc

        sc.pl.embedding(cells, basis=basis, color=scores.column.id, show=False, colorbar_loc=None, ax=ax, title="", **settled)
    colour_bar(ax, scores, bar)
    _cross(ax, next(iter(cells.obsm.values())) * float(settled.get("scale_factor") or 1.0), scores)


def _cross(ax: Axes, places: Any, scores: Scores) -> None:
    """Cross cells without a score: in greyscale a high score is as light as the grey."""
    without = scores.values.isna().to_numpy()
    if without.any():
        size = float(np.clip(30_000 / len(without), 4, 36))
        ax.scatter(places[without, 0], places[without, 1], s=size, marker="x", color="0.35", linewidths=0.7, zorder=2)
