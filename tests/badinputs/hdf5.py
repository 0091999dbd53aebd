"""AnnData files and folders: h5ad and zarr."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
import zarr
from tests.badinputs._model import CSV, GENES, SAMPLES, SCORE, Family, X, matrix

_h = Family("h5ad", "m.h5ad")
_z = Family("zarr", "m.zarr")


def good(x: object = None, genes: object = GENES, samples: object = SAMPLES) -> ad.AnnData:
    """Return a valid AnnData of the matrix in this module."""
    x = np.asarray(X, dtype=np.float32) if x is None else x
    return ad.AnnData(X=x, obs=pd.DataFrame(index=list(samples)), var=pd.DataFrame(index=list(genes)))


def stored(change: Callable[[ad.AnnData], object] | None = None, edit: Callable[[h5py.File], object] | None = None, **parts: object) -> Callable[[Path], None]:
    """Return a writer of an h5ad: `change` is done in memory, `edit` in the file."""

    def write(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adata = good(**parts)
            if change is not None:
                change(adata)
            adata.write_h5ad(path)
        if edit is not None:
            with h5py.File(path, "r+") as handle:
                edit(handle)

    return write


def _cut(share: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        stored()(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return write


def _strings(file: h5py.File) -> None:
    del file["X"]
    file["X"] = np.array([["a"] * 6] * 3, dtype=h5py.string_dtype())
    file["X"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})


def _other(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["model_weights"] = np.ones(3)


def _text_x(file: h5py.File) -> None:
    del file["X"]
    file["X"] = "a word"


def _wrong_shape(file: h5py.File) -> None:
    del file["X"]
    file["X"] = np.ones((2, 6), dtype=np.float32)
    file["X"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})


def _sparse(name: str, values: object) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        del file[f"X/{name}"]
        file[f"X/{name}"] = values

    return edit


def _value(v: float, dtype: type = np.float32) -> np.ndarray:
    x = X.astype(dtype)
    x[1, 3] = v
    return x


_h.refuse("h5ad-empty", "0 bytes", b"", "the file is empty")
_h.refuse("h5ad-truncated", "cut off in the middle", _cut(0.5), "the file is cut off (truncated): copy or download it again")
_h.refuse("h5ad-truncated-end", "the last tenth missing", _cut(0.9), "the file is cut off (truncated)")
_h.refuse("h5ad-magic", "text under .h5ad", CSV, "not a readable HDF5 file, damaged or of another format")
_h.refuse("h5ad-magic-only", "the first 8 bytes of HDF5", b"\x89HDF\r\n\x1a\n", "not a readable HDF5 file")
_h.refuse("h5ad-not-anndata", "HDF5 that is not AnnData", _other, "HDF5, but not AnnData: obs and var are missing (it holds model_weights)")
_h.refuse("h5ad-empty-hdf5", "HDF5 with nothing in it", lambda p: h5py.File(p, "w").close(), "HDF5, but not AnnData: obs and var are missing (it holds nothing)")
_h.refuse("h5ad-tenx", "a 10x file under .h5ad", lambda p: h5py.File(p, "w").create_group("matrix").file.close(), "it looks like 10x; give it the ending .h5")
_h.refuse("h5ad-no-index", "obs without its index", stored(edit=lambda f: f["obs"].attrs.pop("_index")), "anndata cannot read it, the file is damaged or of another version")
_h.refuse("h5ad-missing-x", "X is missing", stored(edit=lambda f: f.pop("X")), "X, the expression matrix, is missing; and there are no layers")
_h.refuse("h5ad-missing-x-layers", "X is missing, a layer is there", stored(lambda a: a.layers.update(counts=a.X.copy()), edit=lambda f: f.pop("X")), "X, the expression matrix, is missing; choose a layer: 'counts'")
_h.refuse("h5ad-object", "X of strings", stored(edit=_strings), "not numbers: store it as float or integer")
_h.refuse("h5ad-word", "X is one word", stored(edit=_text_x), "anndata cannot read it, the file is damaged or of another version")
_h.refuse("h5ad-wrong-shape", "X with other dimensions than obs", stored(edit=_wrong_shape), "anndata cannot read it")
_h.refuse("h5ad-sparse-index", "a sparse X whose column numbers are too large", stored(x=sp.csr_matrix(X.astype(np.float32)), edit=_sparse("indices", np.full(18, 99, dtype=np.int32))), "the sparse matrix X is damaged: indices run from 99 to 99, outside of 0 to 5: copy or download the file")
_h.refuse("h5ad-sparse-negative-index", "a sparse X with negative column numbers", stored(x=sp.csr_matrix(X.astype(np.float32)), edit=_sparse("indices", np.full(18, -1, dtype=np.int32))), "the sparse matrix X is damaged: indices run from -1 to -1, outside of 0 to 5: copy or download the file")
_h.refuse("h5ad-sparse-indptr", "a sparse X with row pointers that go back", stored(x=sp.csr_matrix(X.astype(np.float32)), edit=_sparse("indptr", np.array([0, 12, 6, 18], dtype=np.int32))), "the sparse matrix X is damaged: indptr decreases: copy or download the file again")
_h.refuse("h5ad-sparse-short", "a sparse X with fewer values than places", stored(x=sp.csr_matrix(X.astype(np.float32)), edit=_sparse("data", np.ones(3, dtype=np.float32))), "the sparse matrix 'X' is damaged: 3 values, but 18 indices")
_h.refuse("h5ad-no-samples", "0 samples", stored(x=np.ones((0, 6), dtype=np.float32), samples=[]), "0 samples (the matrix is 0 samples x 6 genes)")
_h.refuse("h5ad-no-genes", "0 genes", stored(x=np.ones((3, 0), dtype=np.float32), genes=[]), "0 genes (the matrix is 3 samples x 0 genes)")
_h.refuse("h5ad-duplicate-samples", "two samples of one name", stored(samples=["s1", "s2", "s1"]), "duplicate sample names: s1;")
_h.refuse("h5ad-unknown-genes", "genes named 0, 1, 2 ...", stored(genes=["x0", "x1", "x2", "x3", "x4", "x5"]), "no catalogue gene among the 6 identifiers")
_h.refuse("h5ad-no-layer", "a layer that is not there", stored(), "no layer 'raw'; the layers are none", words=(*SCORE, "--layer", "raw"))
_h.refuse("h5ad-complex", "complex numbers", stored(x=X.astype(np.complex64)), "X holds complex64, not numbers: store it as float or integer")
_h.refuse("h5ad-nan", "NaN in a gene of the signature", stored(x=_value(np.nan)), "nan in signature gene ISG15, sample s2")
_h.refuse("h5ad-inf", "inf in a gene of the signature", stored(x=_value(np.inf)), "inf in signature gene ISG15, sample s2")
_h.refuse("h5ad-1e308", "1e308", stored(x=_value(1e308, np.float64)), "whole numbers up to 1e+308, more than any count")
_h.refuse("h5ad-uint64", "2**64 - 1 as unsigned integer", stored(x=_value(2**64 - 1, np.uint64)), "whole numbers up to 1.845e+19, more than any count")
_h.refuse("h5ad-negative", "negative counts", stored(x=_value(-41)), "the scale is counts, but the matrix holds negative values (lowest -41)", words=(*SCORE, "--scale", "counts"))
_h.read("h5ad-boolean", "X of true and false", stored(x=X > 30), "3 samples x 6 genes", holds=matrix(x=X > 30))
_h.read("h5ad-one-sample", "1 sample", stored(x=X[:1].astype(np.float32), samples=["s1"]), "1 samples x 6 genes", holds=matrix(samples=["s1"], x=X[:1]))
_h.read("h5ad-categorical-genes", "gene names as categories in a column, the index are numbers", stored(lambda a: (a.var.insert(0, "gene_name", pd.Categorical(GENES)), a.var.__setattr__("index", pd.Index([str(i) for i in range(6)])))), "6 catalogue genes recognised", holds=matrix(genes=list("012345")))
_h.read("h5ad-duplicate-genes", "a gene twice", stored(genes=[*GENES[:5], "ISG15"]), "1 genes in more than one row", holds=matrix(genes=[*GENES[:5], "ISG15"]))
_h.read("h5ad-float16", "half precision", stored(x=X.astype(np.float16)), "3 samples x 6 genes")
_h.read("h5ad-renamed-genes", "genes with formulas and HTML as names", stored(genes=[*GENES[:4], "=1+1", "<b>x</b>"]), "3 samples x 6 genes", holds=matrix(genes=[*GENES[:4], "=1+1", "<b>x</b>"]))


def _zarr(edit: Callable[[Path], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            good().write_zarr(path)
        edit(path)

    return write


def _drop(name: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        for part in sorted((path / name).rglob("*"), reverse=True):
            part.rmdir() if part.is_dir() else part.unlink()
        (path / name).rmdir()

    return edit


def _overwrite(path: Path) -> None:
    for part in path.rglob("*"):
        if part.is_file() and "X" in part.relative_to(path).parts and part.name not in {".zarray", ".zattrs", "zarr.json"}:
            part.write_bytes(b"rubbish")


_z.refuse("zarr-empty", "an empty folder called .zarr", lambda p: p.mkdir(), "not an AnnData zarr: obs and var missing (it holds nothing)")
_z.refuse("zarr-other", "a zarr that is not AnnData", lambda p: zarr.open_group(str(p), mode="w").create_group("other"), "not an AnnData zarr: obs and var missing")
_z.refuse("zarr-no-obs", "obs is missing", _zarr(_drop("obs")), "not an AnnData zarr: obs missing")
_z.refuse("zarr-no-x", "X is missing", _zarr(_drop("X")), "every sample is empty: all values are 0")
_z.refuse("zarr-chunks", "chunks of X are rubbish", _zarr(_overwrite), "anndata cannot read it, the file is damaged or of another version")
_z.refuse("zarr-file", "a file called .zarr", b"x", "'.zarr' is no known format")

CASES = _h.cases + _z.cases
