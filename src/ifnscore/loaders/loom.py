"""Loom files: HDF5 with genes in rows and cells in columns.

Read through h5py by the specification of Loom 3.0.0 (linnarsson-lab/loompy, ``doc/format``), which versions 1 and 2 differ from
only in global attributes: loompy itself has had no release since 2020, needs numba, and writes to the files that it opens. The
dense matrix is read in blocks into CSR, so that the memory follows the values that are not zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import identify
from ifnscore._lazy import ad, pd
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders import _files, _hdf5, _loom_matrix
from ifnscore.loaders._model import Loader, Options
from ifnscore.loaders._orient import quiet_names
from ifnscore.loaders._private import without_private

if TYPE_CHECKING:
    import h5py

#: Attributes that name genes and cells, as loompy, velocyto, scanpy, SCENIC, Seurat and the Human Cell Atlas write them.
_GENES = (
    "Gene",
    "gene_names",
    "var_names",
    "gene_name",
    "gene_symbols",
    "Symbol",
    "feature_name",
    "Name",
    "Accession",
    "gene_ids",
)
_CELLS = ("CellID", "obs_names", "cell_names", "cell_id", "Barcode", "barcode", "barcodes", "CellName", "cell_barcode")


def _claims(path: Path) -> bool:
    return path.suffix.lower() == ".loom" and not path.is_dir()


def _load(path: Path, options: Options) -> ad.AnnData:
    label = _files.label(path)
    with _hdf5.opened(path, label, blockwise=_in_blocks) as file:
        _check(file, label)
        matrix = file["matrix"]
        n_genes, n_cells = matrix.shape
        var = _annotations(file, "row_attrs", n_genes, label)
        obs = _annotations(file, "col_attrs", n_cells, label)
        layer = _layer(file, label, options.get("layer", ""))
        x = _loom_matrix.read(matrix, label, "matrix")
        layers = {name: _loom_matrix.read(data, label, f"layer {name!r}") for name, data in layer.items()}
    var = var.set_axis(_gene_names(var, label))
    obs = without_private(obs.set_axis(_cell_names(obs, label)), label)
    with quiet_names():
        return ad.AnnData(X=x, obs=obs, var=var, layers=layers)


def _in_blocks(name: str) -> bool:
    return name == "matrix" or name.startswith("layers/")


def _check(file: h5py.File, label: str) -> None:
    """Refuse HDF5 that is not loom."""
    held = set(file)
    shape = getattr(file.get("matrix"), "shape", ())
    if {"row_attrs", "col_attrs", "matrix"} <= held and len(shape) == 2:  # noqa: PLR2004
        return
    if {"obs", "var"} <= held:
        msg = f"{label}: an AnnData file, not loom: give it the ending .h5ad"
    elif "mod" in held:
        msg = f"{label}: a MuData file, not loom: give it the ending .h5mu"
    elif "matrix" in held and not shape:
        msg = f"{label}: a 10x file, not loom: give it the ending .h5"
    else:
        msg = (
            f"{label}: HDF5, but not loom: matrix, row_attrs and col_attrs are needed (it holds {listing(held, 4) or 'nothing'})"
        )
    raise DataError(msg)


def _layer(file: h5py.File, label: str, asked: str) -> dict[str, Any]:
    """Return the layer that is asked for; the others stay in the file, as each may be as large as the matrix."""
    layers = file.get("layers", {})
    if not asked:
        if len(layers):
            say(f"{label}: the main matrix is read; layers {listing(layers, 4)} are not (choose one with --layer)")
        return {}
    if asked not in layers or getattr(layers[asked], "shape", ()) != file["matrix"].shape:
        known = listing(layers, 8) or "none"
        msg = f"{label}: no layer {asked!r} of the shape of the matrix; the layers are {known}.{nearest(asked, layers)}"
        raise DataError(msg)
    return {asked: layers[asked]}


def _annotations(file: h5py.File, group: str, n: int, label: str) -> pd.DataFrame:
    """Return the one-dimensional attributes of genes or cells, one row each."""
    columns, out = {}, []
    for name, data in file[group].items():
        shape = getattr(data, "shape", None)
        if shape is None or len(shape) != 1:
            out.append(name)
        elif shape[0] != n:
            msg = f"{label}: {group}/{name} has {shape[0]} values where the matrix has {n}: the file is damaged"
            raise DataError(msg)
        else:
            column = _values(data)
            if column is None:
                out.append(name)
            else:
                columns[str(name)] = column
    if out:
        say(f"{label}: {group} that are no plain columns left out: {listing(out)}")
    return pd.DataFrame(columns, index=pd.RangeIndex(n))


def _values(data: h5py.Dataset) -> Any:
    """Return the values of an attribute: numbers, truth values or words; None for anything else."""
    kind = data.dtype.kind
    if kind == "S" or (kind == "O" and data.dtype.metadata and data.dtype.metadata.get("vlen") in {str, bytes}):
        raw = data[()]
        return pd.Series([v.decode("utf-8", errors="replace") if isinstance(v, bytes) else str(v) for v in raw], dtype=object)
    return pd.Series(data[()]) if kind in "iufb" else None


def _gene_names(var: pd.DataFrame, label: str) -> pd.Index:
    """Return the names of genes: of the usual attributes the first, otherwise the one with most known genes."""
    usual = [n for n in _GENES if n in var.columns]
    words = [str(n) for n in var.columns if identify.may_name_genes(str(n), var[n].dtype.kind)]
    if not usual and not words:
        msg = f"{label}: row_attrs holds no gene names, such as Gene or Accession; it holds {listing(var.columns) or 'nothing'}"
        raise DataError(msg)
    chosen: str = usual[0] if usual else max(words, key=lambda n: identify.known(identify.names(pd.Series(var[n]))))
    found = identify.names(var[chosen])
    return pd.Index(found, dtype=None if found else object)


def _cell_names(obs: pd.DataFrame, label: str) -> pd.Index:
    chosen = next((n for n in _CELLS if n in obs.columns), None)
    if chosen is not None:
        found = identify.names(obs[chosen])
        return pd.Index(found, dtype=None if found else object)
    say(f"{label}: col_attrs holds no cell names, such as CellID: the cells are called cell_1 to cell_{len(obs)}")
    return pd.Index([f"cell_{i + 1}" for i in range(len(obs))], dtype=None if len(obs) else object)


LOADER = Loader(name="loom", title="loom file", suffixes=(".loom",), claims=_claims, load=_load)
