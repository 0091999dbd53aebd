"""Synthetic stores of any number of cells, written block by block: zarr with and without shards, h5ad with and without compression."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
import zarr

import ifnscore as ifn

#: Cells of a block, and blocks that cells are drawn from.
BLOCK, BLOCKS = 2_500, 4
LAYOUTS = ("zarr", "zarr-sharded", "h5ad-gzip", "h5ad-lzf", "h5ad")
#: Values that are compressed together, and chunks in a shard.
CHUNK, SHARD = 1 << 18, 64


def blocks(n_genes: int, density: float) -> list[Any]:
    """Return cells with counts, each gene found in a share of them of its own, genes of the panel among the rest."""
    rng = np.random.default_rng(0)
    share = np.clip(rng.lognormal(np.log(density) - 0.72, 1.2, n_genes), 0.002, 0.98)
    share *= density / share.mean()
    made = []
    for _ in range(BLOCKS):
        parts = []
        for _ in range(0, BLOCK, 500):
            found = sp.csr_matrix(rng.random((500, n_genes)) < share)
            counts = rng.geometric(0.55, found.nnz)
            parts.append(sp.csr_matrix((counts.astype(np.float32), found.indices.astype(np.int32), found.indptr), found.shape))
        made.append(sp.vstack(parts, format="csr"))
    return made


def cells(n: int, pool: list[Any]) -> Iterator[Any]:
    """Yield `n` cells in blocks, drawn from the pool."""
    rng = np.random.default_rng(1)
    for start in range(0, n, BLOCK):
        block = pool[rng.integers(len(pool))]
        yield block[rng.permutation(BLOCK)[: n - start]]


def arrays(root: Any, n_values: int, n: int, layout: str) -> Any:
    """Return the group of X with its three empty arrays."""
    x = root.create_group("X")
    if layout.startswith("zarr"):
        shards = {"shards": (CHUNK * SHARD,)} if layout == "zarr-sharded" else {}
        for name, kind in (("data", "float32"), ("indices", "int32")):
            x.create_array(name, shape=(n_values,), dtype=kind, chunks=(CHUNK,), **shards)
        x.create_array("indptr", shape=(n + 1,), dtype="int64", chunks=(CHUNK,))
        return x
    filters = {"h5ad-gzip": {"compression": "gzip", "compression_opts": 4}, "h5ad-lzf": {"compression": "lzf"}, "h5ad": {}}[
        layout
    ]
    for name, kind in (("data", "float32"), ("indices", "int32")):
        x.create_dataset(name, shape=(n_values,), dtype=kind, chunks=(CHUNK,), maxshape=(None,), **filters)
    x.create_dataset("indptr", shape=(n + 1,), dtype="int64", chunks=(CHUNK,), maxshape=(None,))
    return x


def write(path: Path, n: int, pool: list[Any], layout: str) -> None:
    """Write an AnnData file block by block."""
    n_values = sum(b.nnz for b in cells(n, pool))
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))
    n_genes = pool[0].shape[1]
    names = [f"GENE{i}" for i in range(n_genes)]
    for i, gene in enumerate(known):
        names[i * (n_genes // len(known))] = gene
    root = zarr.open_group(path, mode="w", zarr_format=3) if layout.startswith("zarr") else h5py.File(path, "w")
    root.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
    ad.io.write_elem(root, "obs", named(n))
    ad.io.write_elem(root, "var", pd.DataFrame(index=names))
    x = arrays(root, n_values, n, layout)
    x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": [n, n_genes]})
    held: list[Any] = []
    row = at = 0
    step = CHUNK * SHARD  # a shard is written whole

    def put(values: Any, places: Any) -> None:
        nonlocal at
        x["data"][at : at + len(values)], x["indices"][at : at + len(values)] = values, places
        at += len(values)

    x["indptr"][0:1] = np.zeros(1, dtype=np.int64)
    end = 0
    for block in cells(n, pool):
        x["indptr"][row + 1 : row + 1 + block.shape[0]] = end + block.indptr[1:].astype(np.int64)
        row, end = row + block.shape[0], end + block.nnz
        held.append(block)
        if sum(b.nnz for b in held) >= step:
            values, places = (np.concatenate([getattr(b, k) for b in held]) for k in ("data", "indices"))
            put(values[:step], places[:step])
            held = [sp.csr_matrix((values[step:], places[step:], np.array([0, len(values) - step])), shape=(1, n_genes))]
    put(np.concatenate([b.data for b in held]), np.concatenate([b.indices for b in held]))
    if isinstance(root, h5py.File):
        root.close()


def cut(path: Path, n: int, layout: str) -> None:
    """Leave the first cells of a store."""
    root = zarr.open_group(path, mode="r+") if layout.startswith("zarr") else h5py.File(path, "r+")
    x = root["X"]
    end, n_genes = int(x["indptr"][n]), int(x.attrs["shape"][1])
    for name, length in (("data", end), ("indices", end), ("indptr", n + 1)):
        x[name].resize((length,))
    x.attrs["shape"] = [n, n_genes]
    del root["obs"]
    ad.io.write_elem(root, "obs", named(n))
    if isinstance(root, h5py.File):
        root.close()


def named(n: int) -> pd.DataFrame:
    return pd.DataFrame(index=[f"c{i}" for i in range(n)])
