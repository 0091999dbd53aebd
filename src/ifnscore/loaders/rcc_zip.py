"""RCC files in a zip archive, as instruments and core facilities hand them over: read in memory, nothing is unpacked to disk."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from ifnscore.errors import DataError, say
from ifnscore.loaders import _bounds, _files, _join, _rcc_build, _unpack
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders.rcc import read


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the RCC files by name; copies that macOS adds (``__MACOSX/._a.RCC``) are none."""
    files = [m for m in archive.infolist() if not m.is_dir() and not m.filename.rpartition("/")[2].startswith(".")]
    found = [m for m in files if _files.suffix(Path(m.filename)) == ".rcc" and not m.filename.startswith("__MACOSX")]
    return sorted(found, key=lambda m: m.filename)


def _claims(path: Path) -> bool:
    if _files.is_stdin(path) or path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(_members(archive))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return False


def _load(path: Path, _: Options) -> Known:
    label = _files.label(path)
    _bounds.check_zip(path, label)
    with zipfile.ZipFile(path) as archive:
        members = _members(archive)
        others = sum(not m.is_dir() for m in archive.infolist()) - len(members)
        with _rcc_build.together():
            known = [_read(archive, m, label) for m in members]
    parts = [
        _join.Part(f"{label}: {m.filename!r}", k.adata, "index", k.adata.X, k.scale) for m, k in zip(members, known, strict=True)
    ]
    joined = _join.join(parts)
    more = f", {others} other files are not read" if others else ""
    say(f"{label}: {joined.n_obs} samples from {len(members)} RCC files in the archive{more}")
    return replace(known[0], adata=joined, notes=tuple(dict.fromkeys(n for k in known for n in k.notes)))


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, label: str) -> Known:
    where = f"{label}: {member.filename!r}"
    try:
        raw = archive.read(member)
    except (
        OSError,
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        EOFError,
        RuntimeError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        msg = f"{where}: cannot be read from the archive ({str(error) or 'damaged'}): copy or download it again"
        raise DataError(msg) from error
    data = _text(_unpack.unpack(raw, where))
    if not data.strip():
        msg = f"{where}: the file is empty"
        raise DataError(msg)
    return read(data, where, _files.sample_name(Path(member.filename.rpartition("/")[2])))


def _text(data: bytes) -> bytes:
    """Return a text as UTF-8 with newlines."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data if b"\n" in data else data.replace(b"\r", b"\n")


LOADER = Loader(
    name="rcc_zip",
    title="a zip archive of NanoString RCC files",
    suffixes=(".zip",),
    claims=_claims,
    load=_load,
    order=1,
    normalise="nanostring",
)
