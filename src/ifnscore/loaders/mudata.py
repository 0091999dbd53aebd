"""MuData: several modalities of the same cells in one file (``.h5mu``) or zarr folder; one of them is read.

Read by the format's specification (scverse/mudata, ``docs/io/spec.md``) with anndata's own readers: each modality is an AnnData
under ``/mod``, ``/obs`` annotates all cells, and ``/obsmap/<modality>`` tells, for each cell of ``/obs``, its row in the modality
counted from 1, or 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders import _files, _hdf5, _zarr_check
from ifnscore.loaders._anndata import read_with, reason
from ifnscore.loaders._model import Loader, Options
from ifnscore.loaders._optional import need
from ifnscore.options import Option

#: What gene expression is called among modalities, in small letters.
_EXPRESSION = ("rna", "gex", "gene expression", "gene_expression", "mrna")
_ZARR_MARKS = (".zgroup", "zarr.json", ".zmetadata")


def _claims(path: Path) -> bool:
    if path.is_dir():
        return (path / "mod").is_dir() and any((path / m).exists() for m in _ZARR_MARKS)
    return path.suffix.lower() == ".h5mu"


def _load(path: Path, options: Options) -> ad.AnnData:
    label = _files.label(path)
    if path.is_dir():
        return _modality(_zarr(path, label), label, options["modality"])
    with _hdf5.opened(path, label) as file:
        return _modality(file, label, options["modality"])


def _zarr(path: Path, label: str) -> Any:
    """Open a zarr folder that was looked through."""
    try:
        _zarr_check.check(path, label)
        return need("zarr", label, "zarr").open_group(str(path), mode="r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        msg = f"{label}: not a readable zarr folder ({reason(error)})"
        raise DataError(msg) from error


def _modality(root: Any, label: str, asked: str) -> ad.AnnData:
    held = list(root)
    if "mod" not in held:
        what = (
            "an AnnData file: give it the ending .h5ad"
            if {"obs", "var"} <= set(held)
            else f"it holds {listing(held, 4) or 'nothing'}"
        )
        msg = f"{label}: not MuData: /mod is missing ({what})"
        raise DataError(msg)
    mod = root["mod"]
    names = [str(n) for n in mod]
    name = _chosen(names, label, asked)
    adata = read_with(lambda: _read(mod[name]), label)
    if "obs" in held:
        _join_obs(adata, root, name, names, label)
    return adata


def _read(group: Any) -> ad.AnnData:
    read_elem = need("anndata.io", "", "MuData").read_elem
    found = read_elem(group)
    if isinstance(found, ad.AnnData):
        return found
    parts = {k: found[k] for k in ("X", "obs", "var", "layers", "obsm", "varm", "uns") if k in found}
    return ad.AnnData(**parts)


def _chosen(names: list[str], label: str, asked: str) -> str:
    """Return the modality to read.

    Raises
    ------
    DataError
        There is none of this name, or several could be gene expression.
    """
    if asked in names:
        return asked
    if asked or not names:
        msg = f"{label}: no modality {asked!r}; there are {listing(names, 8) or 'none'}.{nearest(asked, names)}"
        raise DataError(msg)
    if len(names) == 1:
        return names[0]
    expression = [n for n in names if n.lower() in _EXPRESSION]
    if len(expression) != 1:
        msg = f"{label}: several modalities ({listing(names, 8)}): choose the one to score with --modality NAME"
        raise DataError(msg)
    others = listing([n for n in names if n != expression[0]])
    say(f"{label}: modality {expression[0]!r} is read (there are also {others}; choose with --modality NAME)")
    return expression[0]


def _join_obs(adata: ad.AnnData, root: Any, name: str, names: list[str], label: str) -> None:
    """Add the annotations of all cells, in place; columns pulled from a modality carry its name and a colon."""
    shared = _frame(root["obs"], label)
    if shared is None:
        return
    rows = _rows(root, name, shared, adata)
    if rows is None:
        say(f"{label}: the annotations of all cells cannot be matched to modality {name!r} and are left out")
        return
    wanted = {}
    for column in shared.columns:
        source, colon, rest = str(column).partition(":")
        plain = rest if colon and source == name else str(column)
        if plain not in adata.obs.columns and not (colon and source in names and source != name):
            wanted[plain] = column
    if wanted:
        taken = shared.iloc[rows][list(wanted.values())].set_axis(list(wanted), axis=1)
        adata.obs = adata.obs.join(taken.set_axis(adata.obs.index))


def _frame(group: Any, label: str) -> pd.DataFrame | None:
    read_elem = need("anndata.io", label, "MuData").read_elem
    try:
        found = read_elem(group)
    except Exception as error:  # as in read_with: any exception of the readers below anndata
        msg = f"{label}: the annotations of all cells (/obs) are damaged"
        raise DataError(msg) from error
    return found if isinstance(found, pd.DataFrame) else None


def _rows(root: Any, name: str, shared: pd.DataFrame, adata: ad.AnnData) -> Any:
    """Return, for each cell of the modality, its row in the annotations of all cells; None where that is not known."""
    if "obsmap" in list(root) and name in list(root["obsmap"]):
        places = np.asarray(root["obsmap"][name][...]).ravel()
        here = np.flatnonzero(places)
        if len(places) == len(shared) and sorted(places[here].tolist()) == list(range(1, adata.n_obs + 1)):
            rows = np.empty(adata.n_obs, dtype=np.intp)
            rows[places[here].astype(np.intp) - 1] = here
            return rows
    if not shared.index.is_unique:
        return None
    rows = shared.index.get_indexer(adata.obs_names)
    return rows if (rows >= 0).all() else None


LOADER = Loader(
    name="mudata",
    title="MuData file or zarr folder (one modality is read)",
    suffixes=(".h5mu",),
    claims=_claims,
    load=_load,
    order=-1,  # before the AnnData folder, which a MuData folder resembles
    options=(Option("modality", "Modality to read (default: the only one, or the one called rna or gex)."),),
)
