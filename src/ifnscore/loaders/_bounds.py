"""How much a file may become: bounds that stop decompression bombs and absurd declarations before they fill the memory.

Two rules, for everything that is larger in memory than on the disk (compressed text, members of a zip archive, datasets of
HDF5 and zarr, parquet):

- never more than :func:`limit` bytes: half of the machine's memory, at most 64 GiB;
- past 256 MiB never more than 500 times what is stored. Bulk tables shrink 2- to 5-fold, single-cell tables with 3 % of
  values other than zero 70-fold, with 1 % 170-fold; a bomb shrinks 1000-fold and more.

A user who knows better sets the environment variable ``IFNSCORE_MAX_BYTES`` (such as ``40G``): it replaces both rules.
"""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from ifnscore.errors import DataError, UsageError

VARIABLE = "IFNSCORE_MAX_BYTES"
GIB = 1 << 30
#: No default limit is larger, whatever the memory of the machine.
MAX_BYTES = 64 * GIB
#: Where the memory of the machine cannot be found out.
_UNKNOWN_MEMORY = 8 * GIB
#: Largest expansion, and the size up to which nobody asks for it.
MAX_RATIO = 500
FREE = 256 << 20
#: Largest table as text; the largest human expression sets have under 100,000 samples, an annotation 300,000 transcripts.
MAX_COLUMNS = 500_000
MAX_LINES = 5_000_000
#: Members of a zip archive; a workbook has one a sheet and a few more.
MAX_MEMBERS = 10_000
_FIRST_LINES = 60
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": GIB, "t": 1 << 40}


def limit() -> int:
    """Return how many bytes one text, one dataset or one archive may take in memory.

    Raises
    ------
    UsageError
        ``IFNSCORE_MAX_BYTES`` is no size.
    """
    asked = os.environ.get(VARIABLE)
    return _asked(asked) if asked else min(MAX_BYTES, _memory() // 2)


def _asked(text: str) -> int:
    found = _SIZE.fullmatch(text)
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if size < 1:
        msg = f"{VARIABLE}={text!r} is no size; write a number of bytes, or such as 500M or 40G"
        raise UsageError(msg)
    return size


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN_MEMORY


def words(n: float) -> str:
    """Return a number of bytes in words."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if n < 1024 or unit == "PiB":  # noqa: PLR2004
            break
        n /= 1024
    return f"{n:.0f} {unit}" if n >= 100 or unit == "bytes" else f"{n:.3g} {unit}"  # noqa: PLR2004


def override() -> str:
    """Return what a user does who wants to read it all the same."""
    return f"if it is what you want to read, set the environment variable {VARIABLE} (such as {VARIABLE}=40G)"


def check(size: int, stored: int | None, label: str, what: str = "") -> None:
    """Refuse something that is too large, or too large for what is stored of it.

    Parameters
    ----------
    size
        Bytes in memory: counted so far, or declared.
    stored
        Bytes on the disk, None where they cannot be known (a pipe) or nothing is compressed.
    label
        The file, and what in it.
    what
        What the bytes are, such as ``the dataset 'X/data' (1000 x 20000 float64)``; empty for the file itself.

    Raises
    ------
    DataError
        It exceeds the limit, or 500 times what is stored.
    """
    subject = f"{label}: {what} " if what else f"{label}: "
    most = limit()
    if size > most:
        msg = f"{subject}needs more than {words(most)} of memory, the limit; {override()}"
        raise DataError(msg)
    if stored is not None and size > FREE and size > MAX_RATIO * stored and not os.environ.get(VARIABLE):
        msg = (
            f"{subject}expands to {words(size)} or more from {words(stored)}, over {MAX_RATIO}-fold: a decompression bomb or a "
            f"damaged file (no expression table shrinks so far); {override()}"
        )
        raise DataError(msg)


def check_zip(path: Path, label: str) -> None:
    """Refuse a zip archive (such as a workbook) that expands too far, before a library unpacks it.

    The sizes in the directory of the archive are enough: `zipfile` never yields more of a member than they say.

    Raises
    ------
    DataError
        It is no zip archive, is encrypted, has too many members, or expands too far.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        msg = f"{label}: not a readable zip archive, damaged or cut off ({str(error).splitlines()[0] if str(error) else 'zip'})"
        raise DataError(msg) from error
    if len(members) > MAX_MEMBERS:
        msg = f"{label}: {len(members)} files in one archive; {MAX_MEMBERS} are read at most"
        raise DataError(msg)
    if any(m.flag_bits & 1 for m in members):
        msg = f"{label}: encrypted; save it without a password"
        raise DataError(msg)
    for m in members:
        check(m.file_size, m.compress_size, label, f"the member {m.filename!r}")
    check(sum(m.file_size for m in members), None, label, "the archive")


def check_table(data: bytes, label: str) -> None:
    """Refuse a text table with absurdly many columns or lines, before any of them becomes an object.

    Raises
    ------
    DataError
        Over 500,000 columns in one of the first lines, or over 5 million lines.
    """
    start = 0
    for number in range(1, _FIRST_LINES + 1):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if end - start > MAX_COLUMNS:
            n = 1 + max(data.count(separator, start, end) for separator in (b"\t", b",", b";", b" "))
            if n > MAX_COLUMNS:
                msg = f"{label}, line {number}: {n} columns; a text table has at most {MAX_COLUMNS}: use h5ad instead"
                raise DataError(msg)
        start = end + 1
        if start >= len(data):
            break
    n = data.count(b"\n")
    if n > MAX_LINES:
        msg = f"{label}: {n} lines; a text table has at most {MAX_LINES}: use h5ad, or give fewer rows"
        raise DataError(msg)
