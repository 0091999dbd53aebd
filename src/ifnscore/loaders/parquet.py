"""Parquet tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ifnscore._lazy import pd
from ifnscore.errors import DataError
from ifnscore.loaders import _files
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._model import Loader, Options, Table
from ifnscore.loaders._optional import need

_SUFFIXES = (".parquet", ".pq")


def _claims(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not path.is_dir()


def _load(path: Path, _: Options) -> Table:
    label = _files.label(path)
    frame = _read(path, label)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names="" if frame.index.nlevels == 1 and frame.index.name is None else None)
    if not len(frame) or frame.shape[1] < 2:  # noqa: PLR2004
        n, m = frame.shape
        msg = f"{label}: {n} rows and {m} columns: a column of names and at least one of numbers are needed"
        raise DataError(msg)
    header = [str(c) for c in frame.columns]
    frame.columns = range(len(header))
    first = _first_words(frame)
    if first:
        order = [first, *(j for j in range(len(header)) if j != first)]
        header, frame = [header[j] for j in order], frame[order]
        frame.columns = range(len(header))
    if frame[0].dtype.kind == "f":
        msg = f"{label}: no column of names: the first column, {header[0]!r}, holds numbers with a decimal part"
        raise DataError(msg)
    return Table(label, header, frame)


def _first_words(frame: pd.DataFrame) -> int:
    """Return the first column of words, which holds the row names, or 0."""
    for j, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") not in "iufbmMc":
            return j
    return 0


def _read(path: Path, label: str) -> Any:
    arrow = need("pyarrow.parquet", label, "parquet")
    try:
        return arrow.read_table(path).to_pandas()
    except MemoryError:
        raise
    except Exception as error:  # pyarrow lets those of its parts through; any of them means a damaged file
        if path.stat().st_size == 0:
            msg = f"{label}: the file is empty"
        else:
            msg = f"{label}: the parquet file is truncated or damaged ({reason(error)})"
        raise DataError(msg) from error


LOADER = Loader(
    name="parquet", title="parquet table, genes in rows or in columns", suffixes=_SUFFIXES, claims=_claims, load=_load
)
