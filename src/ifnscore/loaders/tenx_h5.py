"""10x Genomics HDF5 matrices, Cell Ranger 2 and later."""

from __future__ import annotations

from pathlib import Path

from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _hdf5, _tenx
from ifnscore.loaders._model import Loader, Options
from ifnscore.loaders._optional import need

_SUFFIXES = (".h5", ".hdf5")


def _claims(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not path.is_dir()


def _load(path: Path, _: Options) -> ad.AnnData:
    label = _files.label(path)
    _check(path, label)
    sc = need("scanpy", label, "10x files")
    return _tenx.gene_expression(lambda: sc.read_10x_h5(path, gex_only=False), label)


def _check(path: Path, label: str) -> None:
    with _hdf5.opened(path, label) as file:
        held = list(file)
        genomes = [k for k in held if hasattr(file[k], "keys") and {"barcodes", "genes", "data"} <= set(file[k])]
    if {"obs", "var"} <= set(held):
        msg = f"{label}: an AnnData file, not 10x: give it the ending .h5ad"
    elif "matrix" not in held and not genomes:
        msg = f"{label}: HDF5, but neither 10x nor AnnData (it holds {listing(held, 4) or 'nothing'})"
    elif len(genomes) > 1:
        msg = f"{label}: several genomes in one file ({listing(genomes)}): export one"
    else:
        return
    raise DataError(msg)


LOADER = Loader(name="10x_h5", title="10x Genomics HDF5 matrix", suffixes=_SUFFIXES, claims=_claims, load=_load)
