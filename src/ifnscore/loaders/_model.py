"""The records of this package: what a loader is, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ifnscore.options import Option

if TYPE_CHECKING:
    from ifnscore._lazy import ad, pd
    from ifnscore.expression import Scale

Orientation: TypeAlias = Literal["genes_in_rows", "samples_in_rows"]
#: Values of a format's options, defaults filled in; ``layer`` is the layer to score, empty for none.
Options: TypeAlias = Mapping[str, str]
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
class Known:
    """A matrix of a format that says more about itself than its values do.

    Attributes
    ----------
    adata
        Samples by genes; per-sample quality in ``obs`` columns that begin with ``qc_``, of which ``qc_flags`` holds what
        is wrong with a sample in words (empty: nothing).
    scale
        Scale of the values, or None where it has to be found.
    why
        Where the scale stands in the file.
    platform
        ``"NanoString"``, ``"RT-qPCR"``, ``"RNA-seq"`` or ``"microarray"`` where the format says so.
    notes
        What else a reader of the scores should know; shown by ``ifnscore inspect`` and kept in the provenance.
    doubt
        Why whole numbers are not counts beyond doubt: the scale is then left to be declared.
    """

    adata: ad.AnnData
    scale: Scale | None = None
    why: str = ""
    platform: str = ""
    notes: tuple[str, ...] = ()
    doubt: str = ""


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
        Read the path, with the values of `options`; raises :class:`ifnscore.errors.DataError` for everything that a file
        can do wrong.
    order
        Loaders are asked in rising order: formats that look into a file stand before general ones.
    folder
        Whether the format is a folder.
    scale
        The scale that every file of this format has, or None where it is found in the values.
    options
        What a user may choose; see :class:`ifnscore.options.Option`.
    per_sample
        Whether a file holds one or a few samples of a run, so that a folder of such files is one matrix.
    marked
        Whether a file of this format is known by its content beyond doubt: a folder of such files may hold others, too.
    normalise
        Normalisation (see :mod:`ifnscore.pp`) that is applied unless the user chooses another.
    load_many
        For per-sample formats: read all files of a folder at once, where they have to be seen together; None means that
        `load` reads one after the other and the samples are joined.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    claims: Callable[[Path], bool]
    load: Callable[[Path, Options], ad.AnnData | Table | Known]
    order: int = 0
    folder: bool = False
    scale: Scale | None = None
    options: tuple[Option, ...] = ()
    per_sample: bool = False
    marked: bool = False
    normalise: str = ""
    load_many: Callable[[Sequence[Path], Options], Known] | None = None
