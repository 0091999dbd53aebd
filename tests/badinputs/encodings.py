"""Encodings, line ends and compression of text tables."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import zstandard
from tests.badinputs._model import CSV, Family, matrix

_e = Family("text", "m.csv")
_c = Family("text, compressed", "m.csv.gz")
_BYTES = CSV.encode()


def _zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return buffer.getvalue()


def _flipped(data: bytes) -> bytes:
    """Return `data` with ten bytes in the middle inverted."""
    i = len(data) // 2
    return data[:i] + bytes(b ^ 0xFF for b in data[i : i + 10]) + data[i + 10 :]


_e.read("encoding-bom", "a UTF-8 byte order mark", b"\xef\xbb\xbf" + _BYTES, "3 samples x 6 genes")
_e.read("encoding-utf16", "UTF-16 with a byte order mark, as Excel writes Unicode text", CSV.encode("utf-16"), "3 samples x 6 genes")
_e.read("encoding-utf16-be", "UTF-16, big-endian", b"\xfe\xff" + CSV.encode("utf-16-be"), "3 samples x 6 genes")
_e.refuse("encoding-utf16-no-bom", "UTF-16 without a byte order mark", CSV.encode("utf-16-le"), "this is not text but binary data")
_e.refuse("encoding-utf16-odd", "UTF-16 cut off in the middle of a character", CSV.encode("utf-16")[:-9], "line 7: 3 fields where 4 are expected")
_e.refuse("encoding-utf32", "UTF-32", CSV.encode("utf-32"), "fields where 4 are expected")
_e.read("encoding-latin1", "Windows-1252 instead of UTF-8", CSV.replace("s2", "M\u00fcller").encode("cp1252"), "not UTF-8, read as Windows-1252", holds=matrix(samples=["s1", "M\u00fcller", "s3"]))
_e.refuse("encoding-nul", "NUL bytes in the middle", _BYTES.replace(b"41", b"\0\0"), "this is not text but binary data")
_e.read("lines-crlf", "line ends of Windows", CSV.replace("\n", "\r\n"), "3 samples x 6 genes")
_e.read("lines-cr", "line ends of old Macs", CSV.replace("\n", "\r"), "3 samples x 6 genes")
_e.read("lines-mixed", "line ends of Windows and Unix mixed", CSV.replace("\n", "\r\n", 3), "3 samples x 6 genes")
_e.read("lines-mixed-cr", "line ends of old Macs and Unix mixed", CSV.replace("\n", "\r", 3), "3 samples x 6 genes")
_e.read("lines-none-last", "no line end after the last row", CSV.rstrip("\n"), "3 samples x 6 genes")
_e.read("lines-ctrl-z", "the end-of-file mark of DOS", CSV + "\x1a", "3 samples x 6 genes")
_e.refuse("magic-xlsx", "an Excel workbook under .csv", b"PK\x03\x04" + b"x" * 50, "a spreadsheet or zip archive: give a workbook the ending .xlsx")
_e.refuse("magic-zip", "a zip archive under .csv", _zip("a.csv"), "this is not text but a spreadsheet or zip archive: give a workbook the ending .xlsx")
_e.refuse("magic-xls", "an old Excel file under .csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel file (.xls): export the sheet as CSV")
_e.refuse("magic-hdf5", "HDF5 under .csv", b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file: give it the ending .h5ad")
_e.refuse("magic-parquet", "parquet under .csv", b"PAR1" + bytes(90) + b"PAR1", "a parquet file: give it the ending .parquet")
_e.refuse("magic-random", "random bytes under .csv", bytes(range(256)) * 20, "this is not text but binary data")
_e.refuse("magic-png", "a picture under .csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(90), "this is not text but binary data")
_c.read("gzip-renamed", "plain text under .gz", CSV, "3 samples x 6 genes")
_c.read("gzip-hidden", "gzip without the ending", gzip.compress(_BYTES), "3 samples x 6 genes", name="m.csv")
_c.read("gzip-members", "gzip in two pieces", gzip.compress(_BYTES[:30]) + gzip.compress(_BYTES[30:]), "3 samples x 6 genes")
_c.refuse("gzip-empty", "gzip of nothing", gzip.compress(b""), "the file is empty")
_c.refuse("gzip-truncated", "gzip cut off", gzip.compress(_BYTES)[:-20], "the compressed file is truncated or damaged ... copy or download it again")
_c.refuse("gzip-magic-only", "the first two bytes of gzip", b"\x1f\x8b", "the compressed file is truncated or damaged")
_c.refuse("gzip-flipped", "ten bytes of a gzip file inverted", _flipped(gzip.compress(_BYTES)), "the compressed file is truncated or damaged")
_c.refuse("gzip-checksum", "gzip with a wrong checksum", gzip.compress(_BYTES)[:-8] + b"\0" * 4 + gzip.compress(_BYTES)[-4:], "the compressed file is truncated or damaged")
_c.refuse("gzip-trailing", "gzip with rubbish behind it", gzip.compress(_BYTES) + b"rubbish", "the compressed file is truncated or damaged")
_c.refuse("gzip-twice", "gzip within gzip", gzip.compress(gzip.compress(_BYTES)), "this is not text but binary data: give the file the ending of its real format")
_c.refuse("gzip-of-xlsx", "a workbook within gzip", gzip.compress(_zip("a.csv")), "this is not text but a spreadsheet or zip archive: give a workbook the ending .xlsx")
_c.refuse("bzip2-truncated", "bzip2 cut off", bz2.compress(_BYTES)[:-20], "the compressed file is truncated or damaged", name="m.csv.bz2")
_c.refuse("bzip2-flipped", "ten bytes of a bzip2 file inverted", _flipped(bz2.compress(_BYTES)), "the compressed file is truncated or damaged", name="m.csv.bz2")
_c.refuse("zstd-truncated", "zstandard cut off", zstandard.ZstdCompressor().compress(_BYTES * 9)[:-20], "the compressed file is truncated", name="m.csv.zst")
_c.refuse("zstd-magic-only", "the first four bytes of zstandard", b"\x28\xb5\x2f\xfd", "the compressed file is truncated", name="m.csv.zst")
_c.refuse("zip-ending", "a zip archive", _zip("a.csv"), "not what the ending '.zip' says (a zip archive of NanoString RCC files)", name="m.zip")

CASES = _e.cases + _c.cases
