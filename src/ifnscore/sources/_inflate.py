"""Chunks of an HDF5 dataset, inflated on several threads.

HDF5 decompresses one chunk after another under one lock. Its most frequent pipelines, deflate with or without the byte
shuffle before it, are undone here instead: the compressed chunk is taken as it lies in the file (``H5Dread_chunk``) and
inflated by zlib, which works without the interpreter's lock. Any other pipeline is left to HDF5. The formats are those of the
HDF5 file format specification, version 3, section IV.A.2.l (filter pipeline message): 1 is deflate, 2 is shuffle; a bit set in
a chunk's filter mask says that this filter was left out for it.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ifnscore import _threads
from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.sources._base import Array

_DEFLATE, _SHUFFLE = 1, 2
_PIPELINES = {(_DEFLATE,), (_SHUFFLE, _DEFLATE)}
#: Parts that each thread gets on average, so that none waits long for the last one.
_PARTS = 4


def pipeline(dataset: Any) -> tuple[int, ...]:
    """Return the filters of a dataset in the order of writing if they can be undone here, else nothing."""
    import h5py

    if not dataset.chunks or dataset.dtype.kind not in "iuf" or dataset.id.get_type() != h5py.h5t.py_create(dataset.dtype):
        return ()
    properties = dataset.id.get_create_plist()
    filters = tuple(int(properties.get_filter(i)[0]) for i in range(properties.get_nfilters()))
    return filters if filters in _PIPELINES else ()


def region(dataset: Any, filters: tuple[int, ...], start: Sequence[int], out: Array) -> bool:
    """Read a part of a dataset that begins where chunks begin; False if some chunk is not there.

    Parameters
    ----------
    dataset
        An ``h5py.Dataset``.
    filters
        As :func:`pipeline` returned them.
    start
        Where the part begins along each axis.
    out
        Where it goes; along each axis it ends where a chunk ends, or at the end.
    """
    corners = list(itertools.product(*(range(a, a + n, c) for a, n, c in zip(start, out.shape, dataset.chunks, strict=True))))

    def work(some: list[tuple[int, ...]]) -> bool:
        return all(_fill(dataset, filters, out, corner, start) for corner in some)

    threads = min(_threads.count(), len(corners))
    if threads < 2:  # noqa: PLR2004
        return work(corners)
    step = -(-len(corners) // (threads * _PARTS))
    with ThreadPoolExecutor(threads) as pool:
        return all(list(pool.map(work, [corners[i : i + step] for i in range(0, len(corners), step)])))


def _fill(dataset: Any, filters: tuple[int, ...], out: Array, corner: tuple[int, ...], start: Sequence[int]) -> bool:
    """Put one chunk where it belongs; False if it was never written."""
    try:
        mask, raw = dataset.id.read_direct_chunk(corner)
    except (OSError, RuntimeError, ValueError):
        return False
    values = _decoded(raw, mask, filters, dataset.chunks, dataset.dtype)
    at = tuple(slice(c - a, c - a + n) for c, a, n in zip(corner, start, dataset.chunks, strict=True))
    target = out[at]
    target[...] = values[tuple(slice(n) for n in target.shape)]
    return True


def _decoded(raw: bytes, mask: int, filters: tuple[int, ...], shape: tuple[int, ...], dtype: Any) -> Array:
    """Return the values of a chunk from its bytes in the file; never more than the chunk can hold."""
    size = int(np.prod(shape)) * dtype.itemsize
    for i in reversed(range(len(filters))):
        if mask >> i & 1:
            continue
        raw = _inflated(raw, size) if filters[i] == _DEFLATE else _unshuffled(raw, dtype.itemsize)
    if len(raw) != size:
        msg = f"a chunk holds {len(raw)} bytes instead of {size}"
        raise ValueError(msg)
    return np.frombuffer(raw, dtype).reshape(shape)


def _inflated(raw: bytes, size: int) -> bytes:
    """Return what deflate packed, and one byte more than is expected at most."""
    stream = zlib.decompressobj()
    found = stream.decompress(raw, size + 1)
    if not stream.eof and len(found) <= size:
        msg = "a chunk is cut off"
        raise ValueError(msg)
    return found


def _unshuffled(raw: bytes, width: int) -> bytes:
    """Return bytes in their own order where all first bytes of the values stand first, then all second ones, and so on."""
    planes = np.frombuffer(raw, np.uint8).reshape(width, -1)
    return np.ascontiguousarray(planes.T).tobytes()
