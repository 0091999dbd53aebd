"""Zarr folders from strangers: their metadata are looked at before any chunk is read.

A zarr array names the codecs that decode it, and one of them (``pickle``) runs code; it may declare any shape and store no
chunk of it; and its folder may hold symbolic links and pipes. All of it is refused here. The rule for links: a link that a
user names, or puts into a folder of inputs, is followed as in every program; the inside of a store comes from elsewhere.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _bounds

#: Codecs that only rearrange bytes; whatever else a plug-in may register is not run on a stranger's behalf.
_CODECS = {
    *("adler32", "astype", "base64", "bitround", "blosc", "bytes", "bz2", "categorize", "crc32", "crc32c", "delta", "endian"),
    *("fixedscaleoffset", "fletcher32", "gzip", "jenkins_lookup3", "lz4", "lzma", "packbits", "pcodec", "quantize"),
    *("sharding_indexed", "shuffle", "transpose", "vlen-array", "vlen-bytes", "vlen-utf8", "zfpy", "zlib", "zstd"),
}
_TEXT = {"vlen-utf8", "vlen-bytes"}
_METADATA = (".zarray", "zarr.json", ".zmetadata")
MAX_METADATA = 64 << 20
MAX_FILES = 2_000_000
#: What a string takes before its letters.
_STRING = 16
#: A compressed chunk is never much longer than its content.
_SLACK = 1 << 16


def check(folder: Path, label: str, *, blockwise: Callable[[str], bool] = lambda _: False) -> None:
    """Refuse a store that would run code, read other files, or fill the memory.

    Parameters
    ----------
    folder, label
        The store, and how messages name it.
    blockwise
        Tells by their names which arrays the caller reads in blocks: only their chunks have to fit into memory.

    Raises
    ------
    DataError
        Names the array.
    """
    stored: dict[str, int] = defaultdict(int)
    longest: dict[str, int] = defaultdict(int)
    documents: list[tuple[str, Path]] = []
    for n, entry in enumerate(_files_in(folder, label)):
        if n > MAX_FILES:
            msg = f"{label}: over {MAX_FILES} files in one store; write it with larger chunks"
            raise DataError(msg)
        inside = PurePosixPath(Path(entry.path).relative_to(folder).as_posix())
        if entry.name in _METADATA:
            documents.append((_folder_of(inside), Path(entry.path)))
            continue
        size = entry.stat().st_size
        for parent in map(str, inside.parents):
            stored[parent] += size
            longest[parent] = max(longest[parent], size)
    total = 0
    for inside_folder, path in documents:
        for name, array in _arrays(_json(path, label), inside_folder, label):
            total += _check_array(array, stored[name], longest[name], label, name, whole=not blockwise(name))
    _bounds.check(total, None, label, "the store")


def _folder_of(inside: PurePosixPath) -> str:
    return str(inside.parent)


def _files_in(folder: Path, label: str) -> Iterator[os.DirEntry[str]]:
    """Go through all files; a link or a pipe inside is refused, so that nothing leads out, loops or waits."""
    todo = [str(folder)]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                elif entry.is_symlink() or not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                    inside = Path(entry.path).relative_to(folder)
                    msg = f"{label}: {inside} inside the store is a link or a pipe, which is never followed: copy the files"
                    raise DataError(msg)
                else:
                    yield entry


def _json(path: Path, label: str) -> Mapping[str, Any]:
    if path.stat().st_size > MAX_METADATA:
        msg = f"{label}: the metadata {path.name} take {_bounds.words(path.stat().st_size)}: not a zarr store, or a damaged one"
        raise DataError(msg)
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        msg = f"{label}: the metadata {path.parent.name}/{path.name} are damaged ({str(error)[:100]}): copy the store again"
        raise DataError(msg) from error
    if not isinstance(found, Mapping):
        msg = f"{label}: the metadata {path.parent.name}/{path.name} are damaged: copy the store again"
        raise DataError(msg)
    return found


def _arrays(document: Mapping[str, Any], folder: str, label: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every array that a metadata file describes: its own, or all of the store where they are consolidated."""
    if "shape" in document:
        yield folder, document
    together = document.get("consolidated_metadata") or document
    for key, value in (together.get("metadata") or {}).items() if isinstance(together, Mapping) else ():
        path = PurePosixPath(folder, str(key))
        if ".." in path.parts or path.is_absolute():
            msg = f"{label}: the metadata name {str(key)!r}, outside of the store"
            raise DataError(msg)
        if isinstance(value, Mapping) and "shape" in value:
            yield str(path.parent if path.name == ".zarray" else path), value


def _check_array(array: Mapping[str, Any], stored: int, longest: int, label: str, name: str, *, whole: bool) -> int:
    """Refuse codecs that run code, and shapes far beyond what is stored; return the bytes in memory."""
    found = set(_codecs([array.get("compressor"), array.get("filters"), array.get("codecs")]))
    unknown = sorted(found - _CODECS)
    if unknown or array.get("storage_transformers"):
        why = "which can run code" if "pickle" in unknown else "which ifnscore does not let run"
        codec = listing(unknown) or "a transformer"
        msg = f"{label}: the array {name!r} is stored with {codec}, {why}: write it anew with anndata"
        raise DataError(msg)
    kind = array.get("dtype", array.get("data_type"))
    if kind == "|O" and not found & _TEXT:
        msg = f"{label}: the array {name!r} holds Python objects, which are never loaded; store numbers or text"
        raise DataError(msg)
    grid = array.get("chunk_grid")
    chunks = array.get("chunks", grid.get("configuration", {}).get("chunk_shape", []) if isinstance(grid, Mapping) else [])
    try:
        shape, chunks = [int(n) for n in array["shape"]], [int(n) for n in chunks]
        size = _itemsize(kind)
    except (TypeError, ValueError) as error:
        msg = f"{label}: the metadata of the array {name!r} are damaged ({str(error)[:100]}): copy the store again"
        raise DataError(msg) from error
    if min([0, *shape, *chunks]) < 0:
        msg = f"{label}: the metadata of the array {name!r} are damaged: shape {shape}, chunks {chunks}"
        raise DataError(msg)
    content, chunk = math.prod(shape) * size, math.prod(chunks) * size
    sizes = [" x ".join(map(str, n)) or "1" for n in (shape, chunks)]
    what = f"the array {name!r} ({sizes[0]}, in chunks of {sizes[1]})"
    content = content if whole else chunk
    _bounds.check(max(content, chunk), stored, label, what)
    if "sharding_indexed" not in found and not found & _TEXT and longest > 2 * chunk + _SLACK:
        msg = f"{label}: {what} has a chunk of {_bounds.words(longest)}, longer than its content: the store is damaged"
        raise DataError(msg)
    return content


def _codecs(found: Any) -> Iterator[str]:
    """Yield the names of all codecs; those of shards stand inside another."""
    if isinstance(found, Mapping):
        name = found.get("id", found.get("name"))
        if isinstance(name, str):
            yield name.removeprefix("numcodecs.")
        inner = found.get("configuration")
        if isinstance(inner, Mapping):
            yield from _codecs([inner.get("codecs"), inner.get("index_codecs")])
    elif isinstance(found, list):
        for one in found:
            yield from _codecs(one)


def _itemsize(kind: Any) -> int:
    if isinstance(kind, list):  # a record, as scanpy keeps ranked genes
        return sum(_itemsize(field[1]) * math.prod(field[2] if len(field) > 2 else []) for field in kind)  # noqa: PLR2004
    if not isinstance(kind, str) or kind in {"|O", "string", "bytes", "variable_length_bytes"}:
        return _STRING
    return max(1, np.dtype(kind).itemsize)
