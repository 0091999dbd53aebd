"""Reading and scoring beside plain decompression, on sparse matrices by rows: ratios of times in one process.

Run ``python -m benchmarks.reading`` (``--help`` for the rest). A file of counts is made on the fly. What is compared: h5py or zarr reading
``data`` and ``indices`` in slices of two million values and doing nothing with them; the same values as rows, checked; and rows read and
scored for the panel. Runs alternate, and the middle one of the ratios counts, so that a machine with other work bears it.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
import zarr

import ifnscore as ifn
from ifnscore import sources

SLICE = 2_000_000
METHODS = ("mean_log", "ucell")
#: How each layout is written; None: as zarr.
LAYOUTS: dict[str, dict[str, Any] | None] = {
    "h5ad-gzip": {"compression": "gzip"},
    "h5ad-lzf": {"compression": "lzf"},
    "h5ad": {},
    "zarr": None,
}


def counts(n: int, n_genes: int, density: float) -> ad.AnnData:
    """Return cells of random counts, the genes of the panel among the genes."""
    rng = np.random.default_rng(0)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))
    names = [*known, *(f"GENE{i}" for i in range(n_genes - len(known)))]
    parts = []
    for start in range(0, n, 5_000):
        found = sp.random(min(5_000, n - start), n_genes, density, format="csr", dtype=np.float32, random_state=rng)
        found.data = rng.geometric(0.5, found.nnz).astype(np.float32)
        found.indices = found.indices.astype(np.int32)
        parts.append(found)
    obs = pd.DataFrame(index=[f"cell{i}" for i in range(n)])
    return ad.AnnData(X=sp.vstack(parts, format="csr"), obs=obs, var=pd.DataFrame(index=names))


def raw(group: Any) -> None:
    """Decompress all values and indices, and drop them."""
    for name in ("data", "indices"):
        node = group[name]
        for start in range(0, node.shape[0], SLICE):
            node[start : start + SLICE]


def rows(group: Any) -> None:
    """Read all rows."""
    source = sources.of(group)
    assert source is not None
    for start, stop in source.blocks():
        source.rows(start, stop)


def scored(group: Any, like: ad.AnnData, method: str) -> None:
    """Read all rows and score them."""
    adata = ad.AnnData(X=ad.io.sparse_dataset(group), obs=like.obs, var=like.var)
    ifn.tl.score(adata, method=method, detail=False)


def seconds(work: Callable[[], None]) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratios(group: Any, like: ad.AnnData, runs: int) -> dict[str, float]:
    """Return seconds of plain decompression, and how many times as long the rest takes."""
    works: dict[str, Callable[[], None]] = {"rows": lambda: rows(group)}
    works |= {method: lambda method=method: scored(group, like, method) for method in METHODS}  # type: ignore[misc]
    plain: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            before, own, after = seconds(lambda: raw(group)), seconds(work), seconds(lambda: raw(group))
            plain.append((before + after) / 2)
            found[name].append(own / plain[-1])
    return {"raw": statistics.median(plain)} | {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    """Print one line a layout and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=50_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", nargs="+", default=["1", "2"])
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("ifnscore").setLevel(logging.ERROR)
    made = counts(asked.cells, asked.genes, asked.density)
    for method in METHODS:  # compiled code is loaded before anything is timed
        ifn.tl.score(made[:4_000].copy(), method=method, detail=False)
    print(f"{asked.cells} cells x {asked.genes} genes, {made.X.nnz:,} values; times of plain decompression")
    print("\t".join(["layout", "threads", "decompression s", "rows", *METHODS]))
    like = ad.AnnData(obs=made.obs, var=made.var)
    with tempfile.TemporaryDirectory() as folder:
        for layout in asked.layouts:
            how, path = LAYOUTS[layout], Path(folder) / layout
            made.write_zarr(path) if how is None else made.write_h5ad(path, **how)
            root = zarr.open_group(path, mode="r") if how is None else h5py.File(path)
            for threads in asked.threads:
                os.environ["IFNSCORE_THREADS"] = threads
                found = ratios(root["X"], like, asked.runs)
                print("\t".join([layout, threads, *(f"{number:.2f}" for number in found.values())]), flush=True)


if __name__ == "__main__":
    main()
