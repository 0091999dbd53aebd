"""Reading: files of any supported format become one AnnData whose expression scale is recorded.

A format is one module of this package with a ``LOADER`` (see :class:`ifnscore.loaders.Loader`); nothing else has to
be changed to add one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore import options, orthologs, pp
from ifnscore.errors import DataError, UsageError, nearest
from ifnscore.expression import SCALES, Scale
from ifnscore.identify import identifiers
from ifnscore.loaders import _files, _join, _lazily, _orient, _record, _registry
from ifnscore.loaders._lazily import Lazy
from ifnscore.loaders._model import ORIENTATIONS, Known, Loader, Orientation, Table
from ifnscore.loaders._on_demand import Columns
from ifnscore.loaders._registry import Format, formats

if TYPE_CHECKING:
    from ifnscore._lazy import ad

__all__ = [
    "Columns",
    "Format",
    "Known",
    "Lazy",
    "Loader",
    "Orientation",
    "Table",
    "check_options",
    "formats",
    "identifiers",
    "read",
    "read_lazily",
]

read_lazily = _lazily.read


def read(
    path: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    scale: Scale | None = None,
    symbol_column: str | None = None,
    layer: str | None = None,
    orientation: Orientation | None = None,
    normalise: str | None = None,
    species: str = "human",
    **given: str | os.PathLike[str],
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
        Layer that holds the expression values, for h5ad, zarr, MuData and loom. None means ``X``.
    orientation
        Where the genes of a text or parquet table lie. None means where most known gene identifiers are.
    normalise
        Normalisation (see :func:`ifnscore.pp.normalisations`), or ``"none"``. None means: the one that belongs to the
        format (NanoString lanes), otherwise none.
    species
        ``"human"``, or ``"mouse"``: genes of the mouse stand for the human genes of the catalogue whose only ortholog they
        are and whose only ortholog is in them (see genesets/README.md); other genes count as missing.
    **given
        Options of the format or of the normalisation, such as ``modality="rna"``; see :func:`formats`.

    Returns
    -------
    AnnData
        Samples by genes. Gene names stand as in the file, duplicates included. ``uns["ifnscore"]["input"]`` records
        ``format``, ``scale`` (empty where unknown), ``scale_why``, ``orientation``, ``layer``, ``identifiers_from``
        (``"index"`` or a column of ``var``), ``id_kind`` and ``n_recognised``; where known ``platform``, ``notes`` and
        ``normalised``; no paths. For the mouse, ``species`` is ``"mouse"`` and the column ``human_ortholog`` of ``var`` names
        the genes.

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
    wanted = {name: os.fspath(value) for name, value in given.items()}
    _check_arguments(paths, scale, orientation, species)
    check_options(wanted, normalise)
    found = [_registry.find(p) for p in paths]
    method = _normalisation(normalise, found, layer)
    options.unused(wanted, [o for f in found for o in f.options] + list(pp.options_of(method)), _files.label(paths[0]))
    with orthologs.species(species):
        parts = [_read_one(p, f, wanted, scale, symbol_column, layer, orientation) for p, f in zip(paths, found, strict=True)]
    adata = parts[0].adata if len(parts) == 1 else _joined(parts, layer)
    return _normalised(adata, method, wanted, _files.label(paths[0])) if method else adata


def _normalised(adata: ad.AnnData, method: str, wanted: Mapping[str, str], label: str) -> ad.AnnData:
    """Normalise, with the file named in what can go wrong."""
    try:
        return pp.normalise(adata, method, **options.resolve(wanted, pp.options_of(method), method))
    except DataError as error:
        msg = f"{label}: {error}"
        raise type(error)(msg) from error


def check_options(given: Mapping[str, str], normalise: str | None = None) -> None:
    """Refuse unknown options and normalisations; no file is needed to know them.

    Raises
    ------
    UsageError
        Names the nearest ones.
    """
    if normalise not in (None, "none"):
        pp.get(normalise)
    known = [o for loader in _registry.loaders() for o in loader.options]
    options.check(given, known + [o for n in pp.normalisations() for o in n.options])


def _normalisation(asked: str | None, found: Sequence[Loader], layer: str | None) -> str:
    """Return the normalisation to apply, or an empty string.

    Raises
    ------
    UsageError
        A layer is to be scored: only ``X`` is normalised.
    """
    if asked is None:
        ours = {f.normalise for f in found}
        asked = ours.pop() if len(ours) == 1 else ""
    if asked in ("", "none"):
        return ""
    if layer is not None:
        msg = f"normalisation {asked} works on X, not on layer {layer!r}: leave the layer or the normalisation out"
        raise UsageError(msg)
    return asked


def _joined(parts: Sequence[_join.Part], layer: str | None) -> ad.AnnData:
    """Join inputs and record what they agree on."""
    adata = _join.join(parts)
    if layer is not None:
        adata.layers[layer] = adata.X
    records = [p.adata.uns["ifnscore"]["input"] for p in parts]
    record = {key: _agreed([str(r.get(key, "")) for r in records]) for key in dict.fromkeys(k for r in records for k in r)}
    _record.finish(
        adata,
        "the joined inputs",
        name=record["format"],
        scale=parts[0].scale,
        symbol_column=parts[0].source,
        layer=layer,
    )
    kept = ["scale_why", "orientation", "platform", "notes", "species", "symbol_column"]
    kept += ["id_kind"] if record.get("species") else []
    adata.uns["ifnscore"]["input"] |= {k: record[k] for k in kept if record.get(k)}
    return adata


def _agreed(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(v for v in values if v))


def _check_arguments(paths: list[Path], scale: str | None, orientation: str | None, species: str) -> None:
    if species not in orthologs.SPECIES:
        msg = f"unknown species {species!r}; known are {', '.join(orthologs.SPECIES)}"
        raise UsageError(msg)
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
    path: Path,
    loader: Loader,
    wanted: Mapping[str, str],
    scale: Scale | None,
    symbol_column: str | None,
    layer: str | None,
    orientation: Orientation | None,
) -> _join.Part:
    """Read one input and record what it is."""
    label = _files.label(path)
    loaded = loader.load(path, {**options.resolve(wanted, loader.options, label), "layer": layer or ""})
    shown, asked = "", symbol_column
    if isinstance(loaded, Table):
        adata, found = _orient.to_anndata(loaded, orientation, symbol_column)
        shown = "" if loaded.orientation else found
        symbol_column = None if symbol_column is None else "index"
        stated = Known(adata, loader.scale)
    else:
        stated = loaded if isinstance(loaded, Known) else Known(loaded, loader.scale)
        adata = stated.adata
    _record.finish(
        adata,
        label,
        name=loader.name,
        orientation=shown,
        scale=scale,
        symbol_column=symbol_column,
        layer=layer,
        stated=stated,
    )
    record = adata.uns["ifnscore"]["input"]
    record |= {"symbol_column": asked} if asked else {}
    known: Scale | None = record["scale"] or None
    x = _record.matrix(adata, label, layer)
    return _join.Part(label, adata, record["identifiers_from"], x, known)
