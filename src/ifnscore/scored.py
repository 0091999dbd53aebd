"""The small scored file: scores, annotations and the signature genes, without the rest of the matrix."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore import _files, genes, get, identify, keys, sources
from ifnscore._lazy import ad, is_sparse, np, pd
from ifnscore.engine import track
from ifnscore.loaders import _private
from ifnscore.matrix import Matrix

if TYPE_CHECKING:
    from anndata import AnnData

#: Kinds of file that hold an AnnData.
SUFFIXES = (".h5ad", ".zarr")


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
    if isinstance(x, sources.Source):
        blocks = track(x.blocks(), "writing", adata.n_obs, lambda b: b[1] - b[0])
        values, sizes = sources.gathered(x, np.asarray(columns, dtype=np.intp), blocks, totals=matrix.totals is None)
    else:
        values, sizes = x[:, columns], matrix.library_size()
    obs = _private.without_private(get.frame_of(adata.obs), "scored file").copy()
    obs[keys.LIBRARY_SIZE] = matrix.totals if sizes is None else sizes
    made = ad.AnnData(
        X=values.tocsr() if is_sparse(values) else np.asarray(values),
        obs=_plain(obs),
        var=pd.DataFrame(index=pd.Index([names[c] for c in columns], dtype=object)),
    )
    stored = dict(adata.uns[keys.UNS])
    beside = (k for name in stored for k in (name, keys.detail_key(name), keys.null_key(name), keys.controls_key(name)))
    made.obsm.update({k: adata.obsm[k] for k in beside if k in adata.obsm})
    inputs = {**recorded, "scale": facts["scale"], "scale_why": facts["scale_why"], "identifiers_from": "index", "subset": True}
    made.uns[keys.UNS] = {**stored, "input": inputs}
    return made


def _plain(obs: pd.DataFrame) -> pd.DataFrame:
    """Return annotations that h5ad can hold: mixed columns become text."""
    for column in obs.columns:
        values = obs[column]
        if values.dtype == object:
            obs[column] = values.where(values.isna(), values.astype(str)).fillna("").astype(str)
    return obs.rename(columns=lambda c: str(c).replace("/", "_"))


def write(adata: AnnData, path: Path, *, force: bool = False) -> None:
    """Write the small scored file as ``.h5ad`` or ``.zarr``.

    Raises
    ------
    DataError
        The output exists and `force` is False, or cannot be written.
    """
    made = small(adata)
    if path.suffix == ".zarr":
        _files.write(path, made.write_zarr, force=force)
    else:
        _files.write(path, lambda target: _write_h5ad(made, target), force=force)


def _write_h5ad(adata: AnnData, path: Path) -> None:
    """Write through memory: where a disk is full, the HDF5 library fails once more at the end of Python, with a crash."""
    import h5py

    image = io.BytesIO()
    adata.strings_to_categoricals()
    with h5py.File(image, "w") as file:
        ad.io.write_elem(file, "/", adata)
        del file["raw"]  # which is empty; anndata before 0.11 cannot read that
    path.write_bytes(image.getbuffer())
