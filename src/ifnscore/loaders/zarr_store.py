"""AnnData folders, ``.zarr``."""

from __future__ import annotations

from collections.abc import Callable
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
    check(path, label)
    return read_with(lambda: ad.read_zarr(path), label)


def check(path: Path, label: str, *, blockwise: Callable[[str], bool] = lambda _: False) -> None:
    """Refuse a folder that is no AnnData, or one that a stranger made to harm.

    Parameters
    ----------
    path, label
        The folder, and how messages name it.
    blockwise
        Tells by their names which arrays the caller reads in blocks, so that they need not fit into memory.

    Raises
    ------
    DataError
        Names what is wrong.
    """
    try:
        _check(path, label, blockwise)
    except OSError as error:
        msg = f"{label}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error


def _check(path: Path, label: str, blockwise: Callable[[str], bool]) -> None:
    missing = [part for part in ("obs", "var") if not (path / part).is_dir()]
    if missing or not any((path / m).exists() for m in _MARKS):
        held = listing(sorted(p.name for p in path.iterdir()), 4) or "nothing"
        msg = f"{label}: not an AnnData zarr: {' and '.join(missing) or 'zarr metadata'} missing (it holds {held})"
        raise DataError(msg)
    _zarr_check.check(path, label, blockwise=blockwise)


LOADER = Loader(
    name="zarr", title="a zarr folder written by anndata", suffixes=(".zarr",), claims=_claims, load=_load, folder=True
)
