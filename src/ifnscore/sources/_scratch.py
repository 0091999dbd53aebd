"""Temporary files for matrices that have to be turned: announced, refused where there is no room, gone at the end."""

from __future__ import annotations

import io
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, say
from ifnscore.sources._where import Where

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

#: Bytes that are held in memory instead of a file.
_IN_MEMORY = 1 << 20
#: Bytes that stay free on the disk.
_SPARE = 256 << 20


class Scratch:
    """Bytes outside of memory.

    The file has no name where the system allows that, so that nothing is left even after a crash.

    Parameters
    ----------
    size
        Bytes that will be written.
    where
        What the copy is made of, for messages.
    why
        What the copy is for.
    fix
        What to do if there is no room.
    announced
        Whether the size was said already.

    Raises
    ------
    DataError
        The folder for temporary files has no room for it.
    """

    def __init__(self, size: int, where: Where, why: str, fix: str, *, announced: bool = False) -> None:
        self.where, self.fix = where, fix
        self._file: Any = io.BytesIO()
        if size > _IN_MEMORY:
            folder = tempfile.gettempdir()
            free = shutil.disk_usage(folder).free
            if size + _SPARE > free:
                msg = f"{where.file}: {why} need a temporary copy of {_size(size)}, and {folder} has {_size(free)} free: {fix}"
                raise DataError(msg)
            if not announced:
                say(f"{where.file}: {why} need a temporary copy of {_size(size)} in {folder}; it is removed at the end")
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def write(self, at: int, values: Array) -> None:
        """Write values of one kind, beginning at a byte.

        Raises
        ------
        DataError
            The disk is full.
        """
        try:
            self._file.seek(at)
            self._file.write(values.view(np.uint8))
        except OSError as error:
            folder = tempfile.gettempdir()
            msg = f"{self.where.file}: the temporary copy in {folder} cannot be written ({error.strerror}): {self.fix}"
            raise DataError(msg) from error

    def read(self, at: int, shape: Sequence[int], dtype: Any) -> Array:
        """Return values that were written at a byte."""
        made = np.empty(shape, dtype=dtype)
        if made.size:
            self._file.seek(at)
            self._file.readinto(made.view(np.uint8))
        return made


def _size(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 10**9 else f"{n / 1e6:,.0f} MB"
