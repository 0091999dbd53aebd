"""Small sparse and dense matrices in files of every layout, for the tests of sources."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np
import zarr

from ifnscore import sources
from ifnscore.sources import _base, _columns, _dense, _rows, _turn

N, M = 60, 23


@dataclass
class Triplets:
    """Stored values in the order of a file, and the matrix they make."""

    shape: tuple[int, int]
    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    format: str

    @property
    def dense(self):
        major = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        where = (major, self.indices) if self.format == "csr" else (self.indices, major)
        out = np.zeros(self.shape, dtype=self.data.dtype.newbyteorder("="))
        if self.data.dtype.kind == "b":
            np.logical_or.at(out, where, self.data)
        else:
            np.add.at(out, where, self.data)
        return out


def triplets(form, content="sorted", dtype="float32", index="int32", shape=(N, M), seed=1):
    """Return a matrix; `content` says what is special about it."""
    rng = np.random.default_rng(seed)
    major, minor = shape if form == "csr" else shape[::-1]
    counts = rng.integers(0, max(minor // 2, 1) + 1, major) if minor else np.zeros(major, dtype=int)
    if content == "empty rows":
        counts[: major // 4] = counts[major // 2 : major // 2 + 9] = counts[-3:] = 0
    if content == "all empty":
        counts[:] = 0
    parts = [rng.choice(minor, c, replace=content == "duplicates") for c in counts]
    if content not in {"unsorted", "duplicates"}:
        parts = [np.sort(p) for p in parts]
    indices = np.concatenate([*parts, np.zeros(0, dtype=int)]).astype(index)
    dtype = np.dtype(dtype)
    data = rng.integers(0, 40, len(indices))  # explicit zeros among them
    data = data / 4 if dtype.kind == "f" else data > 3 if dtype.kind == "b" else data
    return Triplets(shape, data.astype(dtype), indices, np.concatenate([[0], np.cumsum(counts)]).astype(index), form)


def write_hdf5(path, made, chunk=7, **how):
    """Write a sparse group ``X`` as anndata does, in small chunks."""
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group.attrs.update({"encoding-type": f"{made.format}_matrix", "encoding-version": "0.1.0", "shape": made.shape})
        for name in ("data", "indices", "indptr"):
            values = getattr(made, name)
            chunks = (min(chunk, len(values)),) if len(values) and how.get("compression") is not None else None
            group.create_dataset(
                name, data=values, chunks=chunks, maxshape=(None,) if chunks else None, **(how if chunks else {})
            )
    return path


def write_zarr(path, made, version=3, chunk=7, **how):
    """Write a sparse group ``X`` as anndata does."""
    root = zarr.open_group(path, mode="w", zarr_format=version)
    group = root.create_group("X")
    group.attrs.update({"encoding-type": f"{made.format}_matrix", "encoding-version": "0.1.0", "shape": list(made.shape)})
    for name in ("data", "indices", "indptr"):
        values = getattr(made, name)
        array = group.create_array(name, shape=values.shape, dtype=values.dtype, chunks=(chunk,), **how)
        if len(values):
            array[:] = values
    return path


def small_parts(monkeypatch, values=50, rows=9, slab=40):
    """Let sources work in parts so small that a toy matrix has many."""
    for module in (_base, _columns, _dense, _rows, _turn):
        for name, size in (("VALUES", values), ("ROWS", rows), ("SLAB", slab)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, size)


def in_memory(x):
    """Return what a source gave as a dense array."""
    return x.toarray() if hasattr(x, "toarray") else np.asarray(x)


def check_csr(rows):
    """CSR, columns growing within each row, small indices."""
    assert rows.format == "csr"
    assert rows.indices.dtype == np.int32
    assert rows.indptr.dtype == np.int32
    assert rows.has_canonical_format
    for a, z in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        assert (np.diff(rows.indices[a:z]) > 0).all()


def check_all(source, dense, *, least_blocks=1):
    """Blocks cover all rows once, rows and columns equal the matrix, whatever is asked for and in whatever order."""
    n, m = dense.shape
    assert source.shape == dense.shape
    assert np.dtype(source.dtype) == dense.dtype
    blocks = list(source.blocks())
    assert [a for a, _ in blocks] + [n] == [0, *(z for _, z in blocks)]
    assert len(blocks) >= min(least_blocks, n)
    assert all(a < z for a, z in blocks)
    rng = np.random.default_rng(3)
    odd = [tuple(sorted(rng.integers(0, n + 1, 2))) for _ in range(3)]
    for a, z in [*blocks, *source.blocks(7), *odd, (0, n), (0, 0), (n, n)]:
        got = source.rows(int(a), int(z))
        assert got.shape == (z - a, m)
        assert got.dtype == dense.dtype
        assert np.array_equal(in_memory(got), dense[a:z])
        if source.layout != "dense":
            check_csr(got)
    for some in ([], [17, 2, 9], list(range(m))):
        columns = np.asarray([c for c in some if c < m], dtype=np.intp)
        for a, z in [*blocks[1:3], (0, n)]:
            got = source.columns(columns, a, z)
            assert np.array_equal(in_memory(got), dense[a:z][:, columns])
    turned = source.by_rows()
    assert turned.layout in {"csr", "dense"}
    assert np.array_equal(in_memory(turned.rows(0, n)), dense)
    totals = source.totals()
    if totals is not None:
        assert np.array_equal(totals, dense.sum(axis=1, dtype=np.float64))
    stored = source.stored(0, n)
    if stored is not None:
        assert stored.shape == (n,)
        assert (stored >= (dense != 0).sum(axis=1)).all()


__all__ = [
    "M",
    "N",
    "Triplets",
    "check_all",
    "check_csr",
    "in_memory",
    "small_parts",
    "sources",
    "triplets",
    "write_hdf5",
    "write_zarr",
]
