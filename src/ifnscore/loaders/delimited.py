"""Text tables: CSV, TSV and their relatives, plain or compressed; ``-`` is the standard input."""

from __future__ import annotations

from pathlib import Path

from ifnscore.loaders import _counts, _files, _parse
from ifnscore.loaders._model import Loader, Options, Table

_SUFFIXES = (".csv", *_counts.SUFFIXES)


def _claims(path: Path) -> bool:
    if _files.is_stdin(path) or _files.suffix(path) in _SUFFIXES:
        return not path.is_dir()
    return path.is_fifo() or path.is_char_device()


def _load(path: Path, _: Options) -> Table:
    return _parse.parse(_files.read_text(path), _files.label(path))


LOADER = Loader(
    name="text",
    title="table separated by tabs, commas, semicolons or blanks, genes in rows or in columns",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    order=10,
)
