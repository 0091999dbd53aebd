"""Tables to stdout, to files, or as JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifnscore import _files, _formulas
from ifnscore.errors import DataError, UsageError, visible
from ifnscore.result import NA, records

if TYPE_CHECKING:
    from ifnscore._lazy import pd

__all__ = ["NA", "TABLES", "check_suffix", "records", "show", "show_json", "tsv", "write"]
#: Control characters that JSON allows, marks that turn the direction of text, and halves of characters.
_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Rows of a table in parts that are made and written at a time.
ROWS = 10_000
TABLES = (".tsv", ".csv", ".parquet")


def check_suffix(path: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse an output whose ending says no known format."""
    if path is not None and Path(path).suffix not in allowed:
        msg = f"-o {path}: the ending says the format; use one of {', '.join(allowed)}"
        raise UsageError(msg)


def tsv(table: pd.DataFrame, *, index: bool = False) -> str:
    """Return a table as TSV text with full precision; no cell is a formula to a spreadsheet."""
    return str(_formulas.guarded(table).to_csv(sep="\t", index=index, na_rep=NA, lineterminator="\n"))


def show(table: pd.DataFrame, *, index: bool = False) -> None:
    """Print a table on stdout as TSV; a terminal gets control characters in names written out."""
    text = tsv(table, index=index)
    put(visible(text, keep="\t\n") if sys.stdout.isatty() else text)


def show_parts(parts: Iterable[pd.DataFrame]) -> None:
    """Print a table that comes in parts on stdout as TSV, as :func:`show` prints it; no more than one part is held."""
    guard = _formulas.Guard()
    for i, part in enumerate(parts):
        text = str(guard(part).to_csv(sep="\t", index=False, na_rep=NA, lineterminator="\n", header=i == 0))
        put(visible(text, keep="\t\n") if sys.stdout.isatty() else text)
    guard.tell()


def put(text: str) -> None:
    """Print on stdout.

    Raises
    ------
    DataError
        Stdout cannot take it, as on a full disk. A reader that stops early, such as ``head``, is no error here.
    """
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_stdout()
        msg = f"stdout: cannot write: {error.strerror or error}"
        raise DataError(msg) from error


def _give_up_stdout() -> None:
    """Let the rest of what is buffered go nowhere, or Python would try and fail once more at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def write(table: pd.DataFrame, path: Path, *, force: bool) -> None:
    """Write a table as TSV, CSV or parquet."""

    def writer(target: Path) -> None:
        if path.suffix == ".parquet":
            table.to_parquet(target, index=False)
        else:
            separator = "\t" if path.suffix == ".tsv" else ","
            _formulas.guarded(table).to_csv(target, sep=separator, index=False, na_rep=NA, lineterminator="\n")

    _files.write(path, writer, force=force)


def write_parts(parts: Iterable[pd.DataFrame], path: Path, *, force: bool) -> None:
    """Write a table that comes in parts as TSV, CSV or parquet; no more than one part is held.

    Parameters
    ----------
    parts
        Tables with the same columns.
    path
        Where they go; the ending says the format.
    force
        Replace an existing output.
    """

    def writer(target: Path) -> None:
        if path.suffix == ".parquet":
            _parquet(parts, target)
            return
        guard = _formulas.Guard()
        with target.open("w", encoding="utf-8", newline="") as file:
            for i, part in enumerate(parts):
                guarded = guard(part)
                guarded.to_csv(
                    file, sep="\t" if path.suffix == ".tsv" else ",", index=False, na_rep=NA, lineterminator="\n", header=i == 0
                )
        guard.tell()

    _files.write(path, writer, force=force)


def _parquet(parts: Iterable[pd.DataFrame], target: Path) -> None:
    """Write parts as groups of rows; a column that is empty in the first part may hold true and false later."""
    import pyarrow as pa
    from pyarrow import parquet

    writer: Any = None
    try:
        for part in parts:
            if writer is None:
                first = pa.Table.from_pandas(part, preserve_index=False).schema
                fields = [pa.field(f.name, pa.bool_()) if pa.types.is_null(f.type) else f for f in first]
                schema = pa.schema(fields, metadata=first.metadata)
                writer = parquet.ParquetWriter(target, schema)
            writer.write_table(pa.Table.from_pandas(part, schema=schema, preserve_index=False))
    finally:
        if writer is not None:
            writer.close()


def show_json(value: Any) -> None:
    """Print a value on stdout as JSON."""
    put(to_json(value) + "\n")


def show_json_parts(parts: Iterable[Any]) -> None:
    """Print lists on stdout as one JSON list; no more than one is held."""
    began = False
    for part in parts:
        if part:
            put((",\n" if began else "[\n") + to_json(part).removeprefix("[\n").removesuffix("\n]"))
            began = True
    put("\n]\n" if began else "[]\n")


def to_json(value: Any) -> str:
    """Return JSON in which characters that steer a terminal are escaped; they can only stand inside of strings."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
