"""The two records of this package: what a loader is, and the table that a text-like loader returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from ifnscore._lazy import ad, pd
    from ifnscore.expression import Scale

Orientation: TypeAlias = Literal["genes_in_rows", "samples_in_rows"]
ORIENTATIONS: tuple[Orientation, ...] = ("genes_in_rows", "samples_in_rows")


@dataclass(frozen=True, slots=True)
class Table:
    """A rectangle of cells as it stands in a file; which axis holds the genes is decided afterwards.

    Attributes
    ----------
    label
        The file as messages name it.
    header
        One name per column, duplicates included; the first column holds the row names.
    frame
        DataFrame of shape (n_rows, n_columns) with columns 0, 1, 2, ...; cells that are no number make their column
        one of strings.
    orientation
        Where the genes lie, for formats that fix it; None where it has to be found.
    """

    label: str
    header: list[str]
    frame: pd.DataFrame
    orientation: Orientation | None = None


@dataclass(frozen=True, slots=True)
class Loader:
    """One file format. A module of this package that holds a ``LOADER`` is found by itself.

    Attributes
    ----------
    name
        Short name, written to the provenance.
    title
        What the format is, in words, for lists and messages.
    suffixes
        File name endings, without the compression suffix.
    claims
        Whether a path (a file, a folder, or ``-``) is of this format; must not raise.
    load
        Read the path; raises :class:`ifnscore.errors.DataError` for everything that a file can do wrong.
    order
        Loaders are asked in rising order: formats that look into a file stand before general ones.
    folder
        Whether the format is a folder.
    scale
        The scale that every file of this format has, or None where it is found in the values.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    claims: Callable[[Path], bool]
    load: Callable[[Path], ad.AnnData | Table]
    order: int = 0
    folder: bool = False
    scale: Scale | None = None
