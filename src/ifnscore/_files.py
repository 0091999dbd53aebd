"""Writing so that an output is whole or absent, and an existing one is never lost."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ifnscore import _lock
from ifnscore.errors import DataError, say

#: How often, and after how many seconds, a folder that failed is looked at again.
_TRIES, _PAUSE = 10, 0.1


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
    if os.path.lexists(path) and not force:
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
    if not os.path.lexists(old) or os.path.lexists(path):
        return
    with contextlib.suppress(_lock.BusyError), _lock.held(path):  # its writer may be between the two renames just now
        if os.path.lexists(old) and not os.path.lexists(path):
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
    repair(path)
    with _lock.held(path):
        check_free(path, force=force, own=own)
        new = _beside(path, "new")
        try:
            _remove(new)
            writer(new)
            _sync(new)
            _swap(new, path)
        except (OSError, RuntimeError) as error:  # h5py and zarr raise RuntimeError when they cannot close a file
            msg = f"{path}: cannot write: {_reason(error)}; nothing was changed"
            raise DataError(msg) from error
        finally:
            _clean(new)


def _reason(error: BaseException) -> str:
    """Return what the system said, which may be the cause of what a library said, or a number in its text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        number = re.search(r"\berrno\]? ?=? ?(\d+)", str(cause))
        if number:
            return os.strerror(int(number[1]))
        cause = cause.__cause__ or cause.__context__
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _swap(new: Path, path: Path) -> None:
    """Rename the new version in; where folders are concerned, the old one is first renamed aside.

    What is being deleted bears another name than what can be put back, as it may be half gone.
    """
    if not path.is_dir() and not (new.is_dir() and os.path.lexists(path)):
        new.replace(path)
        _sync_folder(path.parent)
        return
    old, rest = _beside(path, "old"), _beside(path, "rest")
    _remove(rest)
    if os.path.lexists(old):
        old.rename(rest)
        _remove(rest)
    path.rename(old)
    new.rename(path)
    _sync_folder(path.parent)
    old.rename(rest)
    _remove(rest)


def _sync(path: Path) -> None:
    """Write files, and the folders that name them, to the disk."""
    for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
        _sync_folder(file) if file.is_dir() else _flush(file)


def _sync_folder(folder: Path) -> None:
    """Write a folder to the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clean(new: Path) -> None:
    """Remove what was not renamed in. After a failure zarr has other files still on their way, so once may not be enough."""
    for _ in range(_TRIES):
        if not os.path.lexists(new):
            return
        was_folder = new.is_dir()
        with contextlib.suppress(OSError):
            _remove(new)
        if was_folder:
            time.sleep(_PAUSE)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
