"""Tables to stdout, to files, or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifnscore import _files
from ifnscore.errors import UsageError
from ifnscore.result import NA, records

if TYPE_CHECKING:
    from ifnscore._lazy import pd

__all__ = ["NA", "TABLES", "check_suffix", "records", "show", "show_json", "tsv", "write"]
TABLES = (".tsv", ".csv", ".parquet")


def check_suffix(path: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse an output whose ending says no known format."""
    if path is not None and Path(path).suffix not in allowed:
        msg = f"-o {path}: the ending says the format; use one of {', '.join(allowed)}"
        raise UsageError(msg)


def tsv(table: pd.DataFrame, *, index: bool = False) -> str:
    """Return a table as TSV text with full precision."""
    return str(table.to_csv(sep="\t", index=index, na_rep=NA, lineterminator="\n"))


def show(table: pd.DataFrame, *, index: bool = False) -> None:
    """Print a table on stdout as TSV."""
    click.echo(tsv(table, index=index), nl=False)


def write(table: pd.DataFrame, path: Path, *, force: bool) -> None:
    """Write a table as TSV, CSV or parquet."""

    def writer(target: Path) -> None:
        if path.suffix == ".parquet":
            table.to_parquet(target, index=False)
        else:
            separator = "\t" if path.suffix == ".tsv" else ","
            table.to_csv(target, sep=separator, index=False, na_rep=NA, lineterminator="\n")

    _files.write(path, writer, force=force)


def show_json(value: Any) -> None:
    """Print a value on stdout as JSON."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))
