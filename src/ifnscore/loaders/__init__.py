"""Reading: files of any supported format become one AnnData whose expression scale is recorded.

A format is one module of this package with a ``LOADER`` (see :class:`ifnscore.loaders.Loader`); nothing else has to
be changed to add one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore.errors import UsageError, nearest
from ifnscore.expression import SCALES, Scale
from ifnscore.identify import identifiers
from ifnscore.loaders import _files, _join, _orient, _record, _registry
from ifnscore.loaders._model import ORIENTATIONS, Loader, Orientation, Table
from ifnscore.loaders._registry import Format, formats

if TYPE_CHECKING:
    from ifnscore._lazy import ad

__all__ = ["Format", "Loader", "Orientation", "Table", "formats", "identifiers", "read"]


def read(
    path: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    scale: Scale | None = None,
    symbol_column: str | None = None,
    layer: str | None = None,
    orientation: Orientation | None = None,
) -> ad.AnnData:
    r"""Read an expression matrix; several files become one.

    Parameters
    ----------
    path
        A file or folder of a known format (see :func:`formats`), or ``-`` for a table on the standard input.
    more
        Further inputs. Genes that all inputs have are kept (the loss is reported), samples are put one below the
        other. Samples that stand in two inputs and inputs on different scales are refused.
    scale
        Scale of the values. None means: found where it is certain (whole non-negative numbers are counts; scanpy's
        ``log1p`` mark), and otherwise recorded as unknown, to be declared before scoring.
    symbol_column
        Column that holds the gene identifiers. None means the names or the column with most known genes.
    layer
        Layer that holds the expression values, for h5ad and zarr. None means ``X``.
    orientation
        Where the genes of a text or parquet table lie. None means where most known gene identifiers are.

    Returns
    -------
    AnnData
        Samples by genes. Gene names stand as in the file, duplicates included. ``uns["ifnscore"]["input"]`` records
        ``format``, ``scale`` (empty where unknown), ``scale_why``, ``orientation``, ``layer``, ``identifiers_from``
        (``"index"`` or a column of ``var``), ``id_kind`` and ``n_recognised``; no paths.

    Raises
    ------
    DataError
        The file cannot be used as it is; the message names the file, the place and what to do.
    UsageError
        An argument is wrong.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import ifnscore as ifn
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "panel.csv"
    >>> _ = file.write_text("gene,s1,s2\nISG15,10,250\nMX1,7,90\n")
    >>> adata = ifn.read(file)
    >>> adata.shape, adata.uns["ifnscore"]["input"]["scale"]
    ((2, 2), 'counts')
    """
    paths = [Path(p) for p in (path, *more)]
    _check_arguments(paths, scale, orientation)
    parts = [_read_one(p, scale, symbol_column, layer, orientation) for p in paths]
    if len(parts) == 1:
        return parts[0].adata
    adata = _join.join(parts)
    if layer is not None:
        adata.layers[layer] = adata.X
    records = [p.adata.uns["ifnscore"]["input"] for p in parts]
    record = {key: _agreed([str(r[key]) for r in records]) for key in records[0] if key != "n_recognised"}
    _record.finish(
        adata,
        "the joined inputs",
        name=record["format"],
        scale=parts[0].scale,
        symbol_column=parts[0].source,
        layer=layer,
    )
    adata.uns["ifnscore"]["input"] |= {k: record[k] for k in ("scale_why", "orientation")}
    return adata


def _agreed(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(v for v in values if v))


def _check_arguments(paths: list[Path], scale: str | None, orientation: str | None) -> None:
    if scale is not None and scale not in SCALES:
        msg = f"unknown scale {scale!r}; known are {', '.join(SCALES)}.{nearest(scale, SCALES)}"
        raise UsageError(msg)
    if orientation is not None and orientation not in ORIENTATIONS:
        msg = f"unknown orientation {orientation!r}; known are {', '.join(ORIENTATIONS)}"
        raise UsageError(msg)
    if sum(_files.is_stdin(p) for p in paths) > 1:
        msg = "the standard input (-) can be read only once"
        raise UsageError(msg)


def _read_one(
    path: Path, scale: Scale | None, symbol_column: str | None, layer: str | None, orientation: Orientation | None
) -> _join.Part:
    """Read one input and record what it is."""
    label = _files.label(path)
    loader = _registry.find(path)
    loaded = loader.load(path)
    shown = ""
    if isinstance(loaded, Table):
        adata, found = _orient.to_anndata(loaded, orientation, symbol_column)
        shown = "" if loaded.orientation else found
        symbol_column = None if symbol_column is None else "index"
    else:
        adata = loaded
    _record.finish(
        adata,
        label,
        name=loader.name,
        orientation=shown,
        scale=scale or loader.scale,
        symbol_column=symbol_column,
        layer=layer,
    )
    record = adata.uns["ifnscore"]["input"]
    known: Scale | None = record["scale"] or None
    x = _record.matrix(adata, label, layer)
    return _join.Part(label, adata, record["identifiers_from"], x, known)
