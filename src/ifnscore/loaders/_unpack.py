"""Decompression by content, in small steps and up to a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import IO, cast

from ifnscore.errors import DataError
from ifnscore.loaders import _bounds
from ifnscore.loaders._optional import need

GZIP, BZIP2, ZSTD, XZ = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"
MAGIC = (GZIP, BZIP2, ZSTD, XZ)
_BLOCK = 1 << 20
#: A block of 4 bytes makes at most 128 KiB, so that one step makes at most 128 MiB.
_ZSTD_STEP = 4096
#: What xz may need for its dictionary; its own strongest setting takes 65 MiB.
_XZ_MEMORY = 1 << 30


def is_packed(data: bytes) -> bool:
    """Whether `data` begins like a compressed file."""
    return data.startswith(MAGIC)


def reader(handle: IO[bytes], magic: bytes) -> IO[bytes]:
    """Return a stream of the decompressed bytes, for a look at the first of them."""
    if magic.startswith(GZIP):
        return cast("IO[bytes]", gzip.open(handle))
    if magic.startswith(BZIP2):
        return cast("IO[bytes]", bz2.open(handle))
    if magic.startswith(XZ):
        return cast("IO[bytes]", lzma.open(handle))
    if magic.startswith(ZSTD):
        decompressor = need("zstandard", "", ".zst").ZstdDecompressor()
        return cast("IO[bytes]", decompressor.stream_reader(handle, read_across_frames=True))
    return handle


def unpack(raw: bytes, name: str) -> bytes:
    """Return the decompressed bytes of a file, or the bytes themselves where it is not compressed.

    Raises
    ------
    DataError
        The stream is truncated or damaged, or expands past the bounds of :mod:`ifnscore.loaders._bounds`.
    """
    if not is_packed(raw):
        return raw
    out = io.BytesIO()
    try:
        for block in _blocks(raw, name):
            _bounds.check(out.tell() + len(block), len(raw), name)
            out.write(block)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        msg = f"{name}: the compressed file is truncated or damaged ({error}): copy or download it again"
        raise DataError(msg) from error
    return out.getvalue()


def _blocks(raw: bytes, name: str) -> Iterator[bytes]:
    if raw.startswith(ZSTD):
        yield from _unzstd(raw, name)
        return
    if raw.startswith(XZ):
        yield from _unxz(raw)
        return
    stream = gzip.GzipFile(fileobj=io.BytesIO(raw)) if raw.startswith(GZIP) else bz2.BZ2File(io.BytesIO(raw))
    while block := stream.read(_BLOCK):
        yield block


def _unxz(raw: bytes) -> Iterator[bytes]:
    """Yield the content of one or more xz streams; the memory that the file asks for is bounded, too."""
    while raw:
        stream = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        block = stream.decompress(raw, max_length=_BLOCK)
        while block or not stream.eof:
            if not block and stream.needs_input:
                msg = "it ends before the end of the stream"
                raise EOFError(msg)
            yield block
            block = b"" if stream.eof else stream.decompress(b"", max_length=_BLOCK)
        raw = stream.unused_data.lstrip(b"\0")  # streams are padded with zeros


def _unzstd(raw: bytes, name: str) -> Iterator[bytes]:
    zstandard = need("zstandard", name, ".zst")
    stream = zstandard.ZstdDecompressor().decompressobj()
    view = memoryview(raw)
    start, fresh = 0, True
    while start < len(view):
        if stream.eof:
            stream, fresh = zstandard.ZstdDecompressor().decompressobj(), True
        piece = view[start : start + _ZSTD_STEP]
        try:
            yield stream.decompress(piece)
        except zstandard.ZstdError as error:
            msg = f"{name}: the compressed file is damaged ({error}): copy or download it again"
            raise DataError(msg) from error
        start += len(piece) - len(stream.unused_data)
        fresh = False
    if fresh or not stream.eof:
        msg = f"{name}: the compressed file is truncated: copy or download it again"
        raise DataError(msg)
