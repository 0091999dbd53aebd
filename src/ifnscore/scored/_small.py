"""What a small scored file holds of a scored matrix, and the file in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ifnscore import genes, get, identify, keys, sources
from ifnscore._lazy import ad, is_sparse, np, pd
from ifnscore.engine import track
from ifnscore.loaders import _private
from ifnscore.matrix import Matrix

if TYPE_CHECKING:
    from anndata import AnnData


#: What annotations are left out of, for messages.
LABEL = "scored file"


class Kept(NamedTuple):
    """What a small scored file keeps of a scored matrix: the values as they were given, and as samples by genes."""

    x: Any
    matrix: Matrix
    columns: list[int]
    var: pd.DataFrame
    obsm: list[str]
    uns: dict[str, Any]


def kept(adata: Any, extra: Iterable[str] = ()) -> Kept:
    """Return what is kept: columns of the matrix, their names, keys of ``obsm``, and ``uns``.

    Parameters
    ----------
    adata
        Scored matrix, in memory or in a file.
    extra
        Further gene keys to keep.
    """
    key = keys.find(adata, None)
    facts = get.provenance(adata, key=key)
    recorded = keys.recorded_input(adata)
    in_x = facts["layer"] == "X" or recorded.get("subset")
    x = adata.X if in_x else adata.layers[facts["layer"]]
    _, names = identify.identifiers(adata)
    matrix = Matrix(x, names, adata.obs_names, facts["scale"], totals=keys.totals(adata))
    stable = {k for s in facts["signatures"].values() for k in str(s["params"].get("stable_genes", "")).split(",")}
    wanted = {*genes.table().genes, *extra, *stable, *get.genes(adata, key=key)["gene"]}
    columns = sorted(c for k in wanted if k in matrix.match.columns for c in matrix.match.columns[k])
    stored = dict(adata.uns[keys.UNS])
    beside = (k for name in stored for k in (name, keys.detail_key(name), keys.null_key(name), keys.controls_key(name)))
    inputs = {**recorded, "scale": facts["scale"], "scale_why": facts["scale_why"], "identifiers_from": "index", "subset": True}
    return Kept(
        x=x,
        matrix=matrix,
        columns=columns,
        var=pd.DataFrame(index=pd.Index([names[c] for c in columns], dtype=object)),
        obsm=[k for k in beside if k in adata.obsm],
        uns={**stored, "input": inputs},
    )


def small(adata: AnnData, extra: Iterable[str] = ()) -> AnnData:
    """Return the scores with the annotations and the values of catalogue and scored genes only.

    Annotations that tell people, calendar dates or paths are left out, which is said; `adata` stays as it is.

    Parameters
    ----------
    adata
        Scored matrix of shape (n_samples, n_genes); where it stands in a file, only the genes that are kept are ever held.
    extra
        Further gene keys to keep.

    Returns
    -------
    AnnData
        ``X`` on the scale that was scored, ``obs["ifn_library_size"]`` the totals over all genes.
    """
    of = kept(adata, extra)
    x, matrix = of.x, of.matrix
    if isinstance(x, sources.Source):
        blocks = track(x.blocks(), "writing", adata.n_obs, lambda b: b[1] - b[0])
        values, sizes = sources.gathered(x, np.asarray(of.columns, dtype=np.intp), blocks, totals=matrix.totals is None)
    else:
        values, sizes = x[:, of.columns], matrix.library_size()
    obs = _private.without_private(get.frame_of(adata.obs), LABEL).copy()
    obs[keys.LIBRARY_SIZE] = matrix.totals if sizes is None else sizes
    made = ad.AnnData(
        X=values.tocsr() if is_sparse(values) else np.asarray(values),
        obs=_plain(obs),
        var=of.var,
    )
    made.obsm.update({k: adata.obsm[k] for k in of.obsm})
    made.uns[keys.UNS] = of.uns
    return made


def _plain(obs: pd.DataFrame) -> pd.DataFrame:
    """Return annotations that h5ad can hold: mixed columns become text."""
    for column in obs.columns:
        values = obs[column]
        if values.dtype == object:
            obs[column] = as_text(values)
    return obs.rename(columns=stored_name)


def as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return mixed cells as text, empty where one is missing."""
    return values.where(values.isna(), values.astype(str)).fillna("").astype(str)


def stored_name(column: object) -> str:
    """Return the name of an annotation in a file, where a slash would begin a group."""
    return str(column).replace("/", "_")
