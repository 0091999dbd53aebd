"""Small files that would become huge: made in a second, refused early. Each entry makes one file and says what the error names."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import scipy.sparse as sp
import zstandard

BLOCK = b"gene\t" + b"0\t" * (8 << 20)
SHORT = 10**12


def _packed(compress):
    def make(path: Path) -> None:
        path.write_bytes(compress(BLOCK) * 64)  # 1 GiB as 64 members

    return make


def tiny() -> ad.AnnData:
    x = sp.random(6, 20, 0.3, format="csr", random_state=1, dtype=np.float32)
    genes = ["ISG15", "MX1", "IFI27", "IFI44", "RSAD2", *(f"G{i}" for i in range(15))]
    return ad.AnnData(x, obs=pd.DataFrame(index=list("abcdef")), var=pd.DataFrame(index=genes))


def h5ad(change):
    """Make an AnnData file and spoil it with `change`."""

    def make(path: Path) -> None:
        tiny().write_h5ad(path)
        with h5py.File(path, "r+") as file:
            change(file)

    return make


def _declared(name, shape, **how):
    def change(file) -> None:
        if name in file:
            del file[name]
        file.create_dataset(name, shape, dtype="f8", **how)

    return change


def _sparse_shape(file) -> None:
    file["X"].attrs["shape"] = np.array([SHORT, SHORT])


def _many_groups(file) -> None:
    group = file["uns"]
    for _ in range(200):
        group = group.create_group("g")


def tenx_h5(path: Path, spoil=lambda _: None) -> None:
    x = tiny().X.T.tocsc()
    parts = {"data": x.data.astype(int), "indices": x.indices, "indptr": x.indptr, "shape": np.array([20, 6])}
    parts["barcodes"] = np.array([f"b{i}".encode() for i in range(6)])
    spoil(parts)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for name, values in parts.items():
            group.create_dataset(name, data=values)
        names = np.array([n.encode() for n in tiny().var_names])
        for name in ("id", "name"):
            group.create_dataset(f"features/{name}", data=names)
        for name, word in (("feature_type", b"Gene Expression"), ("genome", b"GRCh38")):
            group.create_dataset(f"features/{name}", data=np.array([word] * 20))


def _tenx_shape(path: Path) -> None:
    tenx_h5(path, lambda parts: parts.update(shape=np.array([20, SHORT])))


def zarr(change):
    """Make a zarr folder and spoil the metadata of X/data with `change`."""

    def make(path: Path) -> None:
        tiny().write_zarr(path)
        for consolidated in (path / ".zmetadata", path / "zarr.json"):
            if consolidated.exists():
                document = json.loads(consolidated.read_text())
                document.pop("consolidated_metadata", None)
                if consolidated.name == ".zmetadata":
                    consolidated.unlink()
                else:
                    consolidated.write_text(json.dumps(document))
        place = next(p for p in (path / "X" / "data" / ".zarray", path / "X" / "data" / "zarr.json") if p.exists())
        document = json.loads(place.read_text())
        change(document)
        place.write_text(json.dumps(document))

    return make


def _zarr_shape(document) -> None:
    document["shape"] = [10**9]


def _zarr_chunk(document) -> None:
    if "chunks" in document:
        document["chunks"] = [SHORT]
    else:
        document["chunk_grid"]["configuration"]["chunk_shape"] = [SHORT]


def _parquet(path: Path) -> None:
    """100 million times the same number: 1 kB of run lengths."""
    column = pa.repeat(pa.scalar(1), 100_000_000)
    pyarrow.parquet.write_table(pa.table({"gene": column, "a": column, "b": column}), path, row_group_size=100_000_000)


def _mtx(sizes: str):
    def make(path: Path) -> None:
        path.mkdir()
        (path / "matrix.mtx").write_text(f"%%MatrixMarket matrix coordinate integer general\n{sizes}\n1 1 5\n")
        (path / "barcodes.tsv").write_text("a\nb\n")
        (path / "genes.tsv").write_text("E1\tISG15\nE2\tMX1\n")

    return make


def _gz_mtx(path: Path) -> None:
    _mtx("2 2 1")(path)
    (path / "matrix.mtx").unlink()
    _packed(gzip.compress)(path / "matrix.mtx.gz")


def _wide(path: Path) -> None:
    path.write_text("gene" + ",s" * 2_000_000 + "\nISG15" + ",1" * 2_000_000 + "\n")


def _long(path: Path) -> None:
    path.write_bytes(b"gene,s\n" + b"A,1\n" * 6_000_000)


def _workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet1.xml", "w") as member:
        for _ in range(64):
            member.write(b"0" * (16 << 20))


#: Ending, maker, words of the error.
ALL = {
    "gzip": ("m.tsv.gz", _packed(gzip.compress), "500-fold: a decompression bomb"),
    "bzip2": ("m.tsv.bz2", _packed(lambda b: bz2.compress(b, 1)), "500-fold: a decompression bomb"),
    "zstd": ("m.tsv.zst", _packed(zstandard.compress), "500-fold: a decompression bomb"),
    "xz under another name": ("m.tsv", _packed(lambda b: lzma.compress(b, preset=0)), "500-fold: a decompression bomb"),
    "2 million columns": ("m.csv", _wide, "line 1: 2000001 columns; a text table has at most 500000"),
    "6 million lines": ("m.csv", _long, "6000001 lines; a text table has at most 5000000"),
    "h5ad, dense, declared": ("m.h5ad", h5ad(_declared("layers/big", (10**6, 10**6), chunks=(100, 100))), "dataset 'layers/big' (1000000 x 1000000)"),
    "h5ad, 1 GB, not stored": ("m.h5ad", h5ad(_declared("layers/big", (134_217_728,))), "dataset 'layers/big' (134217728) expands to 1 GiB"),
    "h5ad, huge chunk": ("m.h5ad", h5ad(_declared("uns/c", (1,), chunks=(500_000_000,), maxshape=(None,))), "dataset 'uns/c' (1)"),
    "h5ad, sparse shape": ("m.h5ad", h5ad(_sparse_shape), "the sparse matrix 'X' is damaged: its shape is 1000000000000 x"),
    "h5ad, groups in groups": ("m.h5ad", h5ad(_many_groups), "groups inside one another 64 deep"),
    "10x h5, shape": ("m.h5", _tenx_shape, "the sparse matrix 'matrix' is damaged: its shape is 20 x 1000000000000"),
    "zarr, shape": ("m.zarr", zarr(_zarr_shape), "array 'X/data' (1000000000, in chunks of"),
    "zarr, chunk": ("m.zarr", zarr(_zarr_chunk), "in chunks of 1000000000000"),
    "parquet, run lengths": ("m.parquet", _parquet, "the table (100000000 rows x 3 columns)"),
    "mtx, entries": ("folder", _mtx("2 2 1000000000000"), "promises 2 x 2 with 1000000000000 entries, but the file is too short"),
    "mtx, shape": ("folder", _mtx("1000000000000 2 1"), "the matrix is 1000000000000 x 2, but there are 2 genes and 2 barcodes"),
    "mtx, gzip": ("folder", _gz_mtx, "500-fold: a decompression bomb"),
    "workbook": ("m.xlsx", _workbook, "500-fold: a decompression bomb"),
}

#: Runs the command line and prints the peak of its resident memory in KiB, that of the processes it starts included; the
#: system's own figure for a child begins with that of its parent.
MEASURED = """
import re, resource, sys
from pathlib import Path
from ifnscore.cli import _app, app
code = _app.run(app, sys.argv[1:])
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print("peak", max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
