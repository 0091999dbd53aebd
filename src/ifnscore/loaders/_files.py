"""Bytes of text files: compression by content, encodings, and names for messages and samples."""

from __future__ import annotations

import codecs
import functools
import io
import lzma
import os
import sys
import zlib
from pathlib import Path
from typing import IO

from ifnscore.errors import DataError, say
from ifnscore.loaders import _bounds, _unpack

COMPRESSED = (".gz", ".bz2", ".zst", ".zstd")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = b"\xef\xbb\xbf \t\r\n"
HEAD = 65_536
_BLOCK = 16 << 20
#: How binary files begin that people save under a text ending.
_BINARY = {
    b"PK\x03\x04": "a spreadsheet or zip archive: give a workbook the ending .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls): export the sheet as CSV",
    b"\x89HDF": "an HDF5 file: give it the ending .h5ad (AnnData) or .h5 (10x)",
    b"PAR1": "a parquet file: give it the ending .parquet",
    b"RDX": "an R data file: give it the ending .rda",
    b"RDA": "an R data file: give it the ending .rda",
    b"X\n\x00\x00": "an R data file: give it the ending .rds",
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
    r"""Return the name of the sample in a per-sample file: the file name without its endings.

    Bytes that are no UTF-8, as old archives hold them, are written out as ``\xe9``, so that the name can be stored.
    """
    name = os.fsencode(path.name).decode("utf-8", errors="backslashreplace")
    for ending in COMPRESSED:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return Path(name).stem


def peek(path: Path) -> bytes:
    """Return the first decompressed bytes of a regular file, UTF-16 as UTF-8, or nothing where that fails."""
    if not path.is_file():
        return b""
    facts = path.stat()
    head = _head(path, facts.st_size, facts.st_mtime_ns)
    return head.decode("utf-16", errors="ignore").encode() if head.startswith(_UTF16) else head


@functools.lru_cache(maxsize=256)
def _head(path: Path, _size: int, _changed: int) -> bytes:
    """Return the first bytes; every format asks for them, so they are kept while the file stays as it is."""
    try:
        with path.open("rb") as handle:
            magic = handle.read(6)
            handle.seek(0)
            return _unpack.reader(handle, magic).read(HEAD)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
        return b""
    except Exception as error:  # zstandard has its own class, known only once it is imported
        if type(error).__name__ == "ZstdError":
            return b""
        raise


def read_bytes(path: Path, *, text: bool = False) -> bytes:
    """Return all bytes of a file, a pipe or the standard input, decompressed, up to the bounds of `_bounds`.

    Parameters
    ----------
    path
        Where to read.
    text
        Whether text is expected: an endless or huge binary stream is then refused after its first bytes.

    Raises
    ------
    DataError
        It cannot be opened, is damaged, or is too large.
    """
    name = label(path)
    try:
        if is_stdin(path):
            raw = _read(sys.stdin.buffer, name, text=text)
        else:
            with path.open("rb") as handle:
                _bounds.check(os.fstat(handle.fileno()).st_size, None, name)
                raw = _read(handle, name, text=text)
    except OSError as error:
        msg = f"{name}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error
    return _unpack.unpack(raw, name)


def _read(handle: IO[bytes], name: str, *, text: bool) -> bytes:
    """Read in blocks, so that an endless source ends at the limit."""
    block = handle.read(HEAD)
    if text and not _unpack.is_packed(block) and not block.startswith(_UTF16):
        _refuse_binary(block, name)
    out = io.BytesIO()
    while block:
        _bounds.check(out.tell() + len(block), None, name)
        out.write(block)
        block = handle.read(_BLOCK)
    return out.getvalue()


def read_text(path: Path, *, table: bool = True) -> bytes:
    """Return the whole text of a file or of the standard input as UTF-8 with newlines.

    Parameters
    ----------
    path
        Where to read.
    table
        Whether all of it is one table, so that absurdly many columns or lines are refused; records of GEO are many tables.

    Raises
    ------
    DataError
        The file is empty, binary, absurdly large, cannot be opened, or its compressed stream is damaged.
    """
    name = label(path)
    data = read_bytes(path, text=True)
    if not data[:HEAD].strip(_BLANK) and not data.strip(_BLANK):
        msg = f"{name}: the file is empty"
        raise DataError(msg)
    data = _decode(data, name)
    data = data.replace(b"\r", b"\n") if b"\r" in data[:HEAD] and b"\n" not in data else data
    if table:
        _bounds.check_table(data, name)
    return data


def _refuse_binary(head: bytes, name: str) -> None:
    what = next((words for magic, words in _BINARY.items() if head.startswith(magic)), None)
    if what or b"\0" in head:
        msg = f"{name}: this is not text but {what or 'binary data: give the file the ending of its real format'}"
        raise DataError(msg)


def _decode(data: bytes, name: str) -> bytes:
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace").encode()
    _refuse_binary(data[:HEAD], name)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if _is_utf8(data):
        return data
    say(f"{name}: not UTF-8, read as Windows-1252")
    return data.decode("cp1252", errors="replace").encode()


def _is_utf8(data: bytes) -> bool:
    """Whether all of `data` is UTF-8, found block by block: the text itself would take up to four times the memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(view[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
