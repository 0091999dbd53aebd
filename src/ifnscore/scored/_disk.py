"""HDF5 written straight to a disk that may be full: the first failure is kept, and the library is spared all others.

Where a write fails, the HDF5 library tries once more when the file is closed and at the end of Python, and breaks down. Through
a Python object (https://docs.h5py.org/en/stable/high/file.html#python-file-like-objects) it is told that all went well.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ifnscore.errors import DataError

#: Bytes that stay free on the disk.
SPARE = 64 << 20


class Spared(io.RawIOBase):
    """A new file that never fails for who writes to it: the first failure is kept, and what comes after it is held in memory.

    Parameters
    ----------
    path
        Where the file goes.

    Attributes
    ----------
    failure
        What went wrong, or None.
    """

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o666)
        self._at = self._size = 0
        self._held: list[tuple[int, bytes]] = []
        self.failure: BaseException | None = None

    def check(self) -> None:
        """Raise the failure, if there was one."""
        if self.failure is not None:
            raise self.failure

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        view, done = memoryview(data).cast("B"), 0
        try:
            while done < len(view) and self.failure is None:
                done += os.pwrite(self._number, view[done:], self._at + done)
        except BaseException as failure:  # noqa: BLE001  raised by check(); Ctrl-C as well: it may reach Python here, below the library
            self.failure = failure
        if self.failure is not None:
            self._held.append((self._at, bytes(view)))
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def readinto(self, buffer: Any) -> int:
        """Read what was written, on the disk or not."""
        view = memoryview(buffer).cast("B")
        found = os.preadv(self._number, [view], self._at)
        view[found:] = bytes(len(view) - found)
        for at, data in self._held:
            low, high = max(at, self._at), min(at + len(data), self._at + len(view))
            if low < high:
                view[low - self._at : high - self._at] = data[low - at : high - at]
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        self._size = self._at if size is None else size
        try:
            if self.failure is None:
                os.ftruncate(self._number, self._size)
        except BaseException as failure:  # noqa: BLE001  raised by check()
            self.failure = failure
        return self._size

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._number)
        super().close()


@contextmanager
def hdf5(path: Path) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Make an HDF5 file.

    Yields
    ------
    The file, and what raises the error that stands in the way of writing it, if there is one: to be called often.

    Raises
    ------
    OSError
        It cannot be written.
    """
    import h5py

    disk = Spared(path)
    try:
        with h5py.File(disk, "w") as file:
            yield file, disk.check
    finally:
        disk.close()
        disk.check()


def check_room(path: Path, size: int) -> None:
    """Refuse to write about `size` bytes where there is no room for them.

    Raises
    ------
    DataError
        The disk has less free.
    """
    free = shutil.disk_usage(path.parent).free
    if size + SPARE > free:
        msg = f"{path}: the scored file takes about {_words(size)} and {path.parent} has {_words(free)} free: write it elsewhere"
        raise DataError(msg)


def _words(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 10**9 else f"{n / 1e6:,.0f} MB"
