"""HDF5 files from strangers: looked at, in a process of their own, before any of their data is read.

An HDF5 file can name other files (external links, external storage, virtual datasets), declare a dataset of any size without
storing a byte of it, contain itself, hold a sparse matrix whose parts do not fit each other, and make the HDF5 library loop
or crash where it is damaged. All of it is refused here with the name of the object; what passes is read by anndata or scanpy.
The content of sparse matrices is checked after reading, see :func:`ifnscore.loaders._anndata.check_sparse`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore.errors import DataError
from ifnscore.loaders import _bounds, _hdf5_look
from ifnscore.loaders._anndata import damaged
from ifnscore.loaders._optional import need

if TYPE_CHECKING:
    import h5py

#: Seconds for the look, and one more for each so many bytes of the file: a healthy file takes a fraction of one.
TIME, BYTES_A_SECOND = 20, 10_000_000
#: What Python and the libraries take of the address space beside the data.
_ROOM = 2 << 30


@contextmanager
def opened(path: Path, label: str, *, blockwise: Callable[[str], bool] = lambda _: False) -> Iterator[h5py.File]:
    """Look through an HDF5 file, open it, and give it to the caller.

    Parameters
    ----------
    path
        HDF5 file.
    label
        The file as messages name it.
    blockwise
        Tells by their names which datasets the caller reads in blocks and bounds itself: these may be declared larger than
        what fits, as the dense storage of sparse values is.

    Raises
    ------
    DataError
        It is no regular file, damaged, locked by another program, too large, or names other files.
    """
    check(path, label, blockwise=blockwise)
    try:
        with need("h5py", label, "HDF5").File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(damaged(path, label, error)) from error


def holds(path: Path, parts: Iterable[str]) -> bool:
    """Whether a file is HDF5 and holds all of `parts` itself, by hard links; never raises, opens nothing else."""
    try:
        with need("h5py", "", "HDF5").File(path, "r") as file:
            return all(_is_inside(file, part) for part in parts)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError):
        return False


def _is_inside(file: h5py.File, part: str) -> bool:
    import h5py

    here: Any = file
    for name in part.split("/"):
        if not isinstance(here, h5py.Group) or not isinstance(here.get(name, getlink=True), h5py.HardLink):
            return False
        here = here[name]
    return True


def check(path: Path, label: str, *, blockwise: Callable[[str], bool] = lambda _: False) -> None:
    """Refuse an HDF5 file that is damaged, too large, or names other files; see :func:`opened`."""
    if not path.is_file():
        msg = f"{label}: HDF5 needs a file on a disk; this is a pipe or a device"
        raise DataError(msg)
    try:
        path.open("rb").close()
    except OSError as error:
        msg = f"{label}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error
    need("h5py", label, "HDF5")
    answer = _ask(path, label)
    if answer.get("memory"):
        msg = f"{label}: looking through it needs more than {_bounds.words(_bounds.limit())} of memory; {_bounds.override()}"
        raise DataError(msg)
    if "error" in answer:
        raise DataError(damaged(path, label, OSError(str(answer["error"]))))
    _judge([f for f in answer["facts"] if f[0] != "dataset" or not blockwise(f[1])], path.stat().st_size, label)


def _ask(path: Path, label: str) -> Mapping[str, Any]:
    """Return the answer of the look in another process, or in this one where no other can be started."""
    limit = _bounds.limit()
    if not sys.executable or getattr(sys, "frozen", False):
        return {"facts": _hdf5_look.look(str(path), limit)}
    request = {
        "file": str(path.resolve()),
        "limit": limit,
        "path": sys.path,
        "memory": limit + _ROOM if sys.platform.startswith("linux") else 0,
    }
    seconds = TIME + path.stat().st_size // BYTES_A_SECOND
    try:
        ended = subprocess.run(
            [sys.executable, "-I", _hdf5_look.__file__],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        )
        answer: Mapping[str, Any] = json.loads(ended.stdout) if ended.stdout else {}
    except subprocess.TimeoutExpired as error:
        msg = f"{label}: damaged: the HDF5 library was not through with it after {seconds} s: copy or download it again"
        raise DataError(msg) from error
    except OSError:
        return {"facts": _hdf5_look.look(str(path), limit)}
    if not answer:
        msg = f"{label}: damaged: the HDF5 library breaks down on it: copy or download it again"
        raise DataError(msg)
    return answer


def _judge(facts: Iterable[list[Any]], stored: int, label: str) -> None:
    total = 0
    for kind, *values in facts:
        if kind == "elsewhere":
            name, how = values
            inside = f"{name!r} is a link to another file, which is"
            what = inside if how == "link" else f"the data of {name!r} lie in other files, which are"
            msg = f"{label}: {what} never opened: copy the data into one file"
            raise DataError(msg)
        if kind == "too_many":
            many, deep = _hdf5_look.MAX_OBJECTS, _hdf5_look.MAX_DEPTH
            msg = f"{label}: over {many} objects, or groups inside one another {deep} deep: no expression matrix"
            raise DataError(msg)
        if kind == "sparse":
            _check_sparse(label, *values)
            continue
        name, shape, declared, held = values
        _bounds.check(declared, held, label, f"the dataset {name!r} ({' x '.join(map(str, shape)) or 'one value'})")
        total += declared
    _bounds.check(total, stored, label, "everything in the file")


def _check_sparse(label: str, name: str, parts: Mapping[str, list[int]], shape: list[int] | None, kind: str) -> None:
    """Refuse a sparse matrix whose parts do not fit each other, before its declared shape is allocated."""
    matrix = f"{label}: the sparse matrix {name!r} is damaged"
    if any(len(n) != 1 for n in parts.values()):
        msg = f"{matrix}: data, indices and indptr must be one-dimensional"
        raise DataError(msg)
    (n,), (m,), (pointers,) = parts["data"], parts["indices"], parts["indptr"]
    if n != m:
        msg = f"{matrix}: {n} values, but {m} indices"
        raise DataError(msg)
    if shape is None:
        return
    major = shape[0] if kind == "csr" else shape[1]
    if pointers != major + 1:
        msg = f"{matrix}: its shape is {shape[0]} x {shape[1]}, but indptr has {pointers} entries where {major + 1} belong"
        raise DataError(msg)
