"""However many cells a file holds, reading it takes the same little memory; its peak is read from Linux's /proc."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest

#: What reading may add at most to the memory of a process, in MB, so that scoring has its share of 100.
LIMIT = 70

CODE = """
import sys
import h5py, numpy as np
import concurrent.futures, tempfile, zlib, shutil, scipy.sparse
from ifnscore import sources
from ifnscore.sources import _columns, _compressed, _dense, _rows, _turn

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

with h5py.File(sys.argv[1]) as file:
    node = file["X"]
    before = peak()
    source = sources.of(node)
    seen = total = 0
    for a, z in source.blocks():
        rows = source.rows(a, z)
        seen += rows.nnz if hasattr(rows, "nnz") else rows.size
        values = rows.data if hasattr(rows, "nnz") else rows
        total += float(values.sum(dtype=np.float64))
    if source.layout == "csc":
        assert abs(source.totals().sum() - total) < 1
        chosen = source.columns(np.arange(0, source.shape[1], 50), 0, 1000)
    print(seen, total, peak() - before)
"""


def read(path):
    """Return how many values were seen, their sum, and what the peak of memory grew by, in MB."""
    done = subprocess.run([sys.executable, "-c", CODE, path], capture_output=True, text=True, check=True)
    seen, total, grown = done.stdout.split()
    return int(seen), float(total), float(grown)


def sparse(path, form, n, per_row=500, n_columns=4000):
    """Write a sparse matrix of n rows slab by slab: integers, so that it is quick."""
    rng = np.random.default_rng(0)
    major, each = (n, per_row) if form == "csr" else (n_columns, n * per_row // n_columns)
    bound = n_columns if form == "csr" else n
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group.attrs.update({"encoding-type": f"{form}_matrix", "encoding-version": "0.1.0", "shape": (n, n_columns)})
        how = {"chunks": (25_000,), "compression": "gzip", "compression_opts": 1}
        data = group.create_dataset("data", shape=(major * each,), dtype="f4", **how)
        indices = group.create_dataset("indices", shape=(major * each,), dtype="i4", **how)
        group["indptr"] = np.arange(major + 1, dtype=np.int64) * each
        one = np.sort(rng.choice(bound, each, replace=False)).astype("i4")
        step = max(1, 500_000 // each)
        for a in range(0, major, step):
            z = min(a + step, major)
            indices[a * each : z * each] = np.tile(one, z - a)
            data[a * each : z * each] = np.tile(np.arange(each, dtype="f4") % 7 + 1, z - a)
    return path


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_memory_does_not_grow_with_cells(tmp_path, form):
    """3 and 15 million values, of which the arrays take 24 and 120 MB."""
    grown = []
    for n in (6_000, 30_000):
        seen, total, more = read(sparse(tmp_path / f"{n}.h5ad", form, n))
        assert seen == n * 500
        assert total > seen
        grown.append(more)
    assert max(grown) < LIMIT
    assert grown[1] < grown[0] + 30, "96 MB more of arrays"


@pytest.mark.parametrize("chunks", [(250, 200), (20_000, 10)])
def test_memory_of_dense_rows(tmp_path, chunks):
    """120 MB in chunks of few and of all rows."""
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        x = file.create_dataset("X", shape=(20_000, 1500), dtype="f4", chunks=chunks, compression="gzip", compression_opts=1)
        for a in range(0, 1500, 250):
            x[:, a : a + 250] = np.tile(np.arange(250, dtype="f4") % 3, (20_000, 1))
    seen, total, more = read(tmp_path / "x.h5ad")
    assert seen == 30_000_000
    assert total == 20_000 * 6 * (np.arange(250) % 3).sum()
    assert more < LIMIT
