"""Writing so that an output is whole or absent, and an existing one is never lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ifnscore.errors import DataError, say


def check_free(path: Path, *, force: bool, inputs: Iterable[Path] = (), own: Callable[[Path], bool] | None = None) -> None:
    """Refuse an output that exists, whose folder does not, or that is or holds one of the inputs.

    Parameters
    ----------
    path
        Output.
    force
        Whether an existing output of the same kind may be replaced; a folder of other things never is.
    inputs
        Files and folders that are read in the same run; what lies in such a folder is an input too.
    own
        For an output that is a folder: whether an existing folder holds nothing but what this package wrote.

    Raises
    ------
    DataError
        The path exists and `force` is False, is an input or a foreign folder, is a file where a folder is to be made, or its
        folder is missing.
    """
    repair(path)
    if path.exists() and any(_touches(path, i) for i in inputs if i.exists()):
        msg = f"{path} is an input of this run, and inputs are never replaced; choose another name"
        raise DataError(msg)
    store = path.suffix == ".zarr" and any((path / mark).exists() for mark in (".zgroup", "zarr.json"))
    if path.is_dir() and not store and (any(path.iterdir()) and not (own and own(path))):
        msg = f"{path} is a folder with other things in it; choose another name"
        raise DataError(msg)
    if own and path.exists() and not path.is_dir():
        msg = f"{path} is a file, and a folder is to be written; choose another name"
        raise DataError(msg)
    if not path.parent.is_dir():
        msg = f"{path}: the folder {path.parent} does not exist; create it first"
        raise DataError(msg)
    if path.exists() and not force:
        msg = f"{path} exists; choose another name or add --force to replace it"
        raise DataError(msg)


def _touches(path: Path, given: Path) -> bool:
    """Whether writing to an existing path would change something that is read: the same file, or one inside the other."""
    one, other = path.resolve(), given.resolve()
    return one == other or one in other.parents or other in one.parents


def _beside(path: Path, word: str) -> Path:
    return path.with_name(f".{path.name}.ifnscore-{word}")


def repair(path: Path) -> None:
    """Put back a folder whose replacement was interrupted between two renames."""
    old = _beside(path, "old")
    if old.exists() and not path.exists():
        old.rename(path)
        say(f"{path}: an earlier run was interrupted while replacing it; the previous version was put back")


def write(path: Path, writer: Callable[[Path], None], *, force: bool = False, own: Callable[[Path], bool] | None = None) -> None:
    """Write a file or folder beside its place, sync it, and rename it in.

    Parameters
    ----------
    path
        Where the output goes.
    writer
        Called with the path to write to; it may make a file or a folder.
    force
        Replace an existing output.
    own
        See :func:`check_free`.

    Raises
    ------
    DataError
        The output exists, or cannot be written.
    """
    check_free(path, force=force, own=own)
    new = _beside(path, "new")
    _remove(new)
    try:
        writer(new)
        _sync(new)
        _swap(new, path)
    except OSError as error:
        msg = f"{path}: cannot write: {error.strerror or error}"
        raise DataError(msg) from error
    finally:
        _remove(new)


def _swap(new: Path, path: Path) -> None:
    if not path.is_dir():
        new.replace(path)
        return
    old = _beside(path, "old")
    _remove(old)
    path.rename(old)
    new.rename(path)
    _remove(old)


def _sync(path: Path) -> None:
    for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
