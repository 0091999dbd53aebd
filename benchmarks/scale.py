"""What a million cells cost: a store is made on the fly, streamed in one process and by two workers of a Dask cluster.

Run ``python benchmarks/scale.py`` (``--cells 1000000`` for more; ``--help`` for the layouts and methods). Each command is a whole
process; cost per million cells is the slope between a quarter of the cells and all of them, so that starting up does not count. CPU
seconds are those of all processes together and bear a busy machine better than wall seconds. Writes a table to stdout.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import psutil
import scipy.sparse as sp
import zarr

import ifnscore as ifn

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
        x.create_dataset(name, shape=(n_values,), dtype=kind, chunks=(CHUNK,), **filters)
    x.create_dataset("indptr", shape=(n + 1,), dtype="int64")
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
    ad.io.write_elem(root, "obs", pd.DataFrame(index=[f"c{i}" for i in range(n)]))
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


def size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


class Run(NamedTuple):
    """Wall and CPU seconds, and peak memory in MB: of the process that was started, and of the largest worker."""

    wall: float
    cpu: float
    own: float
    worker: float


def run(command: list[str]) -> Run:
    """Run a command and look at it and at its children until it ends."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    top = psutil.Process(process.pid)
    cpu: dict[int, float] = {}
    peak: dict[int, float] = {}
    while process.poll() is None:
        for one in [top, *_children(top)]:
            try:
                cpu[one.pid] = sum(one.cpu_times()[:2])
                status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
                peak[one.pid] = int(status.split("VmHWM:")[1].split()[0]) / 1024
            except (psutil.Error, OSError, IndexError):
                continue
        time.sleep(0.05)
    wall = time.perf_counter() - start
    if process.returncode:
        sys.exit(process.stderr.read().decode() if process.stderr else "failed")
    workers = [mb for pid, mb in peak.items() if pid != process.pid]
    return Run(wall, sum(cpu.values()), peak.get(process.pid, 0.0), max(workers, default=0.0))


def _children(top: psutil.Process) -> list[psutil.Process]:
    try:
        return top.children(recursive=True)
    except psutil.Error:
        return []


def main() -> None:
    """Make the stores, run the commands, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=200_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--density", type=float, default=0.09)
    parser.add_argument("--layouts", nargs="+", default=["zarr"], choices=LAYOUTS)
    parser.add_argument("--methods", nargs="+", default=["mean_log", "ucell"])
    parser.add_argument("--folder", type=Path, help="where the stores are made and left; default: a temporary folder")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="ifnscore_scale_"))
    try:
        measure(asked, folder)
    finally:
        if asked.folder is None:
            shutil.rmtree(folder)


def measure(asked: argparse.Namespace, folder: Path) -> None:
    names = ("ifnscore", "anndata", "dask", "h5py", "numpy", "zarr")
    cores = len(psutil.Process().cpu_affinity() or [])
    print(
        f"{platform.machine()}, {cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GB; Python {platform.python_version()},"
    )
    print(f"{', '.join(f'{n} {version(n)}' for n in names)}; {asked.genes:,} genes, {asked.density:.0%} found in a cell\n")
    print(
        "| layout | method | where | cells | wall s | CPU s | s per million | CPU s per million | peak MB | worker MB | bytes a cell |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    pool = blocks(asked.genes, asked.density)
    few, many = asked.cells // 4, asked.cells
    for layout in asked.layouts:
        stores = {}
        for n in (few, many):
            stores[n] = folder / f"{layout}_{n}.{'zarr' if layout.startswith('zarr') else 'h5ad'}"
            if not stores[n].exists():
                write(stores[n], n, pool, layout)
        for method in asked.methods:
            for where, more in (("one process", []), ("two workers", ["--scheduler", "local"])):
                done = {}
                for n, store in stores.items():
                    out = folder / "scores.tsv"
                    words = [
                        sys.executable,
                        "-m",
                        "ifnscore",
                        "score",
                        str(store),
                        "-m",
                        method,
                        "-o",
                        str(out),
                        "--force",
                        *more,
                    ]
                    done[n] = run(words)
                a, b = done[few], done[many]
                per = [(later - earlier) / (many - few) * 1e6 for earlier, later in ((a.wall, b.wall), (a.cpu, b.cpu))]
                cost = f"{b.wall:.1f} | {b.cpu:.1f} | {per[0]:.0f} | {per[1]:.0f}"
                memory = f"{b.own:.0f} | {f'{b.worker:.0f}' if b.worker else '-'}"
                print(
                    f"| {layout} | {method} | {where} | {many:,} | {cost} | {memory} | {size(stores[many]) / many:,.0f} |",
                    flush=True,
                )
        if asked.folder is None:
            for store in stores.values():
                shutil.rmtree(store) if store.is_dir() else store.unlink()


if __name__ == "__main__":
    main()
