"""AnnData files, ``.h5ad``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _hdf5
from ifnscore.loaders._anndata import read_with
from ifnscore.loaders._model import Loader, Options

if TYPE_CHECKING:
    import h5py


def _claims(path: Path) -> bool:
    return path.suffix.lower() == ".h5ad" and not path.is_dir()


def _load(path: Path, _: Options) -> ad.AnnData:
    label = _files.label(path)
    with _hdf5.opened(path, label) as file:
        _check_groups(file, label)
    return read_with(lambda: ad.read_h5ad(path), label)


def _check_groups(file: h5py.File, label: str) -> None:
    if "obs" in file and "var" in file:
        return
    if "matrix" in file:
        msg = f"{label}: HDF5, but not AnnData: it looks like 10x; give it the ending .h5"
    else:
        held = listing(list(file), 4) or "nothing"
        msg = f"{label}: HDF5, but not AnnData: obs and var are missing (it holds {held})"
    raise DataError(msg)


LOADER = Loader(name="h5ad", title="AnnData file", suffixes=(".h5ad",), claims=_claims, load=_load)
