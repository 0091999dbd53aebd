"""Parquet tables and 10x matrices."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from tests.badinputs._model import CSV, GENES, INSPECT, SAMPLES, SCORE, Case, Family, X, files, matrix

_p = Family("parquet", "m.parquet")


def _frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"gene": GENES, **{s: X[i] for i, s in enumerate(SAMPLES)}, **columns})


def _parquet(frame: pd.DataFrame, index: bool | None = None) -> Callable[[Path], None]:
    return lambda path: frame.to_parquet(path, index=index)


def _cut(path: Path) -> None:
    _frame().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])


def _middle(path: Path) -> None:
    _frame().to_parquet(path, compression="gzip")
    data = bytearray(path.read_bytes())
    data[30:60] = bytes(30)
    path.write_bytes(data)


_p.refuse("parquet-empty", "0 bytes", b"", "the file is empty")
_p.refuse("parquet-magic", "text under .parquet", CSV, "the parquet file is truncated or damaged")
_p.refuse("parquet-magic-only", "the first four bytes of parquet", b"PAR1", "the parquet file is truncated or damaged")
_p.refuse("parquet-truncated", "cut off", _cut, "the parquet file is truncated or damaged")
_p.refuse("parquet-middle", "zeros over a part of the data", _middle, "the parquet file is truncated or damaged")
_p.refuse("parquet-no-rows", "0 genes", _parquet(_frame().iloc[:0]), "0 rows and 4 columns")
_p.refuse("parquet-one-column", "0 samples", _parquet(_frame()[["gene"]]), "6 rows and 1 columns: a column of names and at least one of numbers are needed")
_p.refuse("parquet-no-names", "numbers only", _parquet(_frame()[list(SAMPLES)] + 0.5), "no column of names: the first column, 's1', holds numbers with a decimal part")
_p.refuse("parquet-object", "words among the numbers", _parquet(_frame(s2=["1", "2", "3", "n.d.", "5", "6"])), "row 'ISG15', column 's2': 'n.d.' is not a number")
_p.refuse("parquet-decimal-comma", "numbers as text with decimal commas", _parquet(_frame(s2=["1,5", "2", "3", "4", "5", "6"])), "row 'IFI27', column 's2': '1,5' is not a number ... decimal comma")
_p.refuse("parquet-dates", "dates instead of numbers", _parquet(_frame(s2=pd.Timestamp(0))[["gene", "s2"]]), "no column of numbers beside the names")
_p.refuse("parquet-nan", "a missing value", _parquet(_frame(s2=[1.0, 2, 3, np.nan, 5, 6])), "nan in signature gene ISG15, sample s2")
_p.refuse("parquet-duplicate-samples", "two samples of one name but for a blank", _parquet(_frame(**{"s1 ": range(6)})), "duplicate sample names: s1")
_p.read("parquet-lists", "lists in the cells of one sample", _parquet(_frame(s2=[[1]] * 6)), "kept as annotations: 's2'", holds=matrix(samples=["s1", "s3"], x=X[[0, 2]]))
_p.read("parquet-text-numbers", "numbers as text", _parquet(_frame(s2=[str(v) for v in X[1]])), "3 samples x 6 genes")
_p.read("parquet-categorical", "gene names as categories", _parquet(_frame(gene=pd.Categorical(GENES))), "3 samples x 6 genes")
_p.read("parquet-index", "gene names in the index", _parquet(_frame().set_index("gene")), "3 samples x 6 genes")

_MTX = "%%MatrixMarket matrix coordinate integer general\n%\n6 3 18\n" + "".join(f"{j + 1} {i + 1} {X[i, j]}\n" for i in range(3) for j in range(6))
_TENX = {
    "matrix.mtx": _MTX,
    "barcodes.tsv": "".join(f"{s}\n" for s in SAMPLES),
    "genes.tsv": "".join(f"ENSX{i}\t{g}\n" for i, g in enumerate(GENES)),
}


def _tenx(id: str, wrong: str, says: str, code: int = 1, **changes: object) -> Case:
    """Return a 10x folder with some files changed; None leaves a file out."""
    contents = {**_TENX, **{k.replace("_", "."): v for k, v in changes.items() if k != "holds"}}
    contents = {k: v for k, v in contents.items() if v is not None}
    words = SCORE if code else INSPECT
    return Case(id=id, format="10x folder", wrong=wrong, make=files(contents), says=says, code=code, words=words, holds=changes.get("holds"))


_n = Family("10x h5", "m.h5")


def _h5(**parts: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for name, value in parts.items():
                file[name.replace("__", "/")] = value

    return write


_n.refuse("tenx-h5-empty", "0 bytes", b"", "the file is empty")
_n.refuse("tenx-h5-magic", "text under .h5", CSV, "not a readable HDF5 file")
_n.refuse("tenx-h5-other", "HDF5 that is neither 10x nor AnnData", _h5(foo=np.ones(3)), "HDF5, but neither 10x nor AnnData (it holds foo)")
_n.refuse("tenx-h5-no-data", "a matrix without data", _h5(matrix__shape=np.array([6, 3])), "anndata cannot read it, the file is damaged or of another version")
_n.refuse("tenx-h5-array", "'matrix' is an array, not a group", _h5(matrix=np.ones((3, 6))), "anndata cannot read it, the file is damaged or of another version")
_n.refuse("tenx-h5-two-genomes", "two genomes", _h5(**{f"{g}__{k}": np.ones(2) for g in ("hg19", "mm10") for k in ("barcodes", "genes", "data")}), "several genomes in one file (hg19, mm10): export one")

CASES = [
    *_p.cases,
    _tenx("tenx-fine-v2", "genes.tsv of an old Cell Ranger", "3 samples x 6 genes", code=0, holds=matrix()),
    _tenx("tenx-empty-matrix", "an empty matrix.mtx", "matrix.mtx: the file is empty", matrix_mtx=b"", ),
    _tenx("tenx-truncated", "matrix.mtx cut off", "matrix.mtx: the header promises 6 x 3 with 18 entries, but the file is too short for them: is it cut off?", matrix_mtx=_MTX[: len(_MTX) // 2]),
    _tenx("tenx-no-banner", "matrix.mtx without its first line", "matrix.mtx: not a Matrix Market file, damaged or of another format (it does not begin with", matrix_mtx=_MTX.partition("\n")[2]),
    _tenx("tenx-index", "a gene number beyond the table of genes", "matrix.mtx: the matrix is truncated or damaged", matrix_mtx=_MTX.replace("6 3 62", "7 3 62")),
    _tenx("tenx-few-barcodes", "fewer barcodes than columns", "matrix.mtx: the matrix is 6 x 3, but there are 6 genes and 2 barcodes: are these files of one run?", barcodes_tsv="s1\ns2\n"),
    _tenx("tenx-few-genes", "fewer genes than rows", "matrix.mtx: the matrix is 6 x 3, but there are 1 genes and 3 barcodes: are these files of one run?", genes_tsv="ENSX0\tIFI27\n"),
    _tenx("tenx-one-column", "genes.tsv with one column", "3 samples x 6 genes", code=0, holds=matrix(), genes_tsv="".join(f"{g}\n" for g in GENES)),
    _tenx("tenx-no-barcodes", "barcodes.tsv is missing", "a folder of no known layout: it holds genes.tsv, matrix.mtx", barcodes_tsv=None),
    _tenx("tenx-damaged-gzip", "matrix.mtx.gz is damaged", "the compressed file is truncated or damaged (Compressed file ended before the", matrix_mtx=None, matrix_mtx_gz=gzip.compress(_MTX.encode())[:-40]),
    _tenx("tenx-duplicate-barcodes", "a barcode twice", "duplicate sample names: s1", barcodes_tsv="s1\ns2\ns1\n"),
    _tenx("tenx-real-values", "words among the counts", "matrix.mtx: the matrix is truncated or damaged", matrix_mtx=_MTX.replace(" 62\n", " x\n")),
    *_n.cases,
]  # fmt: skip
