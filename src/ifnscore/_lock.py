"""One writer at a time: a lock beside the output, which the system drops when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ifnscore.errors import DataError


class BusyError(DataError):
    """Another process writes the same output now."""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of an output; where the system or the file system has no locks, there is none.

    Raises
    ------
    BusyError
        Another process holds it.
    """
    file = path.with_name(f".{path.name}.ifnscore-lock")
    descriptor = _taken(file, path)
    try:
        yield
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):
                file.unlink()
            os.close(descriptor)


def _taken(file: Path, path: Path) -> int | None:
    """Return an open descriptor that holds the lock, or None where there are no locks or the folder cannot be written."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    while True:
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o666)
        except OSError:  # the writer says what is wrong with the folder
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            msg = f"{path}: another run of ifnscore is writing it now: wait for its end, or choose another name"
            raise BusyError(msg) from error
        except OSError:  # a network file system without locks
            os.close(descriptor)
            with contextlib.suppress(OSError):
                file.unlink()
            return None
        if _is_still(descriptor, file):
            return descriptor
        os.close(descriptor)


def _is_still(descriptor: int, file: Path) -> bool:
    """Whether the name still means what was locked: an earlier holder removes it at its end."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False
