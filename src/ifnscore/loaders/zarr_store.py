"""AnnData folders, ``.zarr``."""

from __future__ import annotations

from pathlib import Path

from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _zarr_check
from ifnscore.loaders._anndata import read_with
from ifnscore.loaders._model import Loader, Options

_MARKS = (".zgroup", "zarr.json", ".zmetadata")


def _claims(path: Path) -> bool:
    return path.is_dir() and (path.suffix.lower() == ".zarr" or any((path / m).exists() for m in _MARKS))


def _load(path: Path, _: Options) -> ad.AnnData:
    label = _files.label(path)
    try:
        _check(path, label)
    except OSError as error:
        msg = f"{label}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error
    return read_with(lambda: ad.read_zarr(path), label)


def _check(path: Path, label: str) -> None:
    missing = [part for part in ("obs", "var") if not (path / part).is_dir()]
    if missing or not any((path / m).exists() for m in _MARKS):
        held = listing(sorted(p.name for p in path.iterdir()), 4) or "nothing"
        msg = f"{label}: not an AnnData zarr: {' and '.join(missing) or 'zarr metadata'} missing (it holds {held})"
        raise DataError(msg)
    _zarr_check.check(path, label)


LOADER = Loader(
    name="zarr", title="a zarr folder written by anndata", suffixes=(".zarr",), claims=_claims, load=_load, folder=True
)
