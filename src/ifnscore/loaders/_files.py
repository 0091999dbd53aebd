"""Bytes of text files: compression by content, encodings, and names for messages and samples."""

from __future__ import annotations

import bz2
import functools
import gzip
import sys
import zlib
from pathlib import Path
from typing import IO, cast

from ifnscore.errors import DataError, say
from ifnscore.loaders._optional import need

COMPRESSED = (".gz", ".bz2", ".zst", ".zstd")
_GZIP, _BZIP2, _ZSTD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"
HEAD = 65_536
#: How binary files begin that people save under a text ending.
_BINARY = {
    b"PK\x03\x04": "a spreadsheet (.xlsx) or zip archive: export the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls): export the sheet as CSV",
    b"\x89HDF": "an HDF5 file: give it the ending .h5ad (AnnData) or .h5 (10x)",
    b"PAR1": "a parquet file: give it the ending .parquet",
    b"RDX": "an R data file: write it with write.csv in R",
    b"RDA": "an R data file: write it with write.csv in R",
    b"X\n\x00\x00": "an R data file (.rds): write it with write.csv in R",
}


def is_stdin(path: Path) -> bool:
    """Whether `path` is ``-``, the standard input."""
    return str(path) == "-"


def label(path: Path) -> str:
    """Return how messages name `path`."""
    return "stdin" if is_stdin(path) else str(path)


def suffix(path: Path) -> str:
    """Return the lower-case ending of a file name, a compression suffix aside."""
    name = path.name.lower()
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    return Path(name).suffix


def sample_name(path: Path) -> str:
    """Return the name of the sample in a per-sample file: the file name without its endings."""
    name = path.name
    for ending in COMPRESSED:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return Path(name).stem


def peek(path: Path) -> bytes:
    """Return the first decompressed bytes of a regular file, or nothing where that fails."""
    if not path.is_file():
        return b""
    facts = path.stat()
    return _head(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _head(path: Path, _size: int, _changed: int) -> bytes:
    """Return the first bytes; every format asks for them, so they are kept while the file stays as it is."""
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
            handle.seek(0)
            return _stream(handle, magic).read(HEAD)
    except (OSError, EOFError, zlib.error, ValueError):
        return b""
    except Exception as error:  # zstandard has its own class, known only once it is imported
        if type(error).__name__ == "ZstdError":
            return b""
        raise


def _stream(handle: IO[bytes], magic: bytes) -> IO[bytes]:
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(handle))
    if magic.startswith(_BZIP2):
        return cast("IO[bytes]", bz2.open(handle))
    if magic == _ZSTD:
        decompressor = need("zstandard", "", ".zst").ZstdDecompressor()
        return cast("IO[bytes]", decompressor.stream_reader(handle, read_across_frames=True))
    return handle


def read_text(path: Path) -> bytes:
    """Return the whole text of a file or of the standard input as UTF-8 with newlines.

    Raises
    ------
    DataError
        The file is empty, binary, cannot be opened, or its compressed stream is damaged.
    """
    name = label(path)
    try:
        raw = sys.stdin.buffer.read() if is_stdin(path) else path.read_bytes()
    except OSError as error:
        msg = f"{name}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error
    data = _decompress(raw, name)
    if not data[:HEAD].strip(b"\xef\xbb\xbf \t\r\n") and not data.strip(b"\xef\xbb\xbf \t\r\n"):
        msg = f"{name}: the file is empty"
        raise DataError(msg)
    data = _decode(data, name)
    return data.replace(b"\r", b"\n") if b"\r" in data[:HEAD] and b"\n" not in data else data


def _decompress(raw: bytes, name: str) -> bytes:
    try:
        if raw.startswith(_GZIP):
            return gzip.decompress(raw)
        if raw.startswith(_BZIP2):
            return bz2.decompress(raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        msg = f"{name}: the compressed file is truncated or damaged ({error}): copy or download it again"
        raise DataError(msg) from error
    return _unzstd(raw, name) if raw.startswith(_ZSTD) else raw


def _unzstd(raw: bytes, name: str) -> bytes:
    zstandard = need("zstandard", name, ".zst")
    parts = []
    while raw:
        stream = zstandard.ZstdDecompressor().decompressobj()
        try:
            parts.append(stream.decompress(raw))
        except zstandard.ZstdError as error:
            msg = f"{name}: the compressed file is damaged ({error}): copy or download it again"
            raise DataError(msg) from error
        if not stream.eof:
            msg = f"{name}: the compressed file is truncated: copy or download it again"
            raise DataError(msg)
        raw = stream.unused_data
    return b"".join(parts)


def _decode(data: bytes, name: str) -> bytes:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").encode()
    what = next((words for magic, words in _BINARY.items() if data.startswith(magic)), None)
    if what or b"\0" in data[:HEAD]:
        msg = f"{name}: this is not text but {what or 'binary data: give the file the ending of its real format'}"
        raise DataError(msg)
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        say(f"{name}: not UTF-8, read as Windows-1252")
        return data.decode("cp1252", errors="replace").encode()
    return data
