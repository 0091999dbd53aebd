"""Parquet tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ifnscore._lazy import pd
from ifnscore.errors import DataError
from ifnscore.loaders import _bounds, _files
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._model import Loader, Options, Table
from ifnscore.loaders._optional import need

_SUFFIXES = (".parquet", ".pq")
#: Bytes of a number in memory.
_CELL = 8


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
    if not path.is_file():
        msg = f"{label}: parquet needs a file on a disk; this is a pipe or a device"
        raise DataError(msg)
    arrow = need("pyarrow.parquet", label, "parquet")
    try:
        with arrow.ParquetFile(path) as file:
            _check_size(file.metadata, path.stat().st_size, label)
            return file.read().to_pandas()
    except (MemoryError, DataError):
        raise
    except Exception as error:  # pyarrow lets those of its parts through; any of them means a damaged file
        if path.stat().st_size == 0:
            msg = f"{label}: the file is empty"
        else:
            msg = f"{label}: the parquet file is truncated or damaged ({reason(error)})"
        raise DataError(msg) from error


def _check_size(metadata: Any, stored: int, label: str) -> None:
    """Refuse a table that is absurdly large by its own metadata, before a page of it is decoded."""
    rows, columns = int(metadata.num_rows), int(metadata.num_columns)
    if columns > _bounds.MAX_COLUMNS:
        msg = f"{label}: {columns} columns; a table has at most {_bounds.MAX_COLUMNS}: use h5ad instead"
        raise DataError(msg)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    expanded = max(rows * columns * _CELL, sum(int(g.total_byte_size) for g in groups))
    _bounds.check(expanded, stored, label, f"the table ({rows} rows x {columns} columns)")


LOADER = Loader(
    name="parquet", title="parquet table, genes in rows or in columns", suffixes=_SUFFIXES, claims=_claims, load=_load
)
