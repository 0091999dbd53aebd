"""Dask arrays, as anndata's read_lazy makes them and of any other blocks, computed here one after another."""

from __future__ import annotations

import anndata as ad
import dask.array as da
import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import zarr
from tests.source_files import M, N, check_all, in_memory, small_parts, sources, triplets, write_hdf5
from tests.test_layers import loaded_after

from ifnscore.errors import DataError
from ifnscore.sources import _distributed

KINDS = {"csr": sp.csr_matrix, "csc": sp.csc_matrix, "csr-array": sp.csr_array, "dense": np.asarray}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_parts(monkeypatch)
    monkeypatch.setattr(_distributed, "VALUES", 50)
    monkeypatch.setattr(_distributed, "ROWS", 9)


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
@pytest.mark.parametrize("form", ["zarr", "h5ad"])
def test_read_lazy(tmp_path, kind, form):
    dense = triplets("csr").dense
    path = tmp_path / f"x.{form}"
    adata = ad.AnnData(KINDS[kind](dense))
    (adata.write_zarr if form == "zarr" else adata.write_h5ad)(path)
    source = sources.of(ad.experimental.read_lazy(path).X)
    assert source.layout == kind
    check_all(source, dense, least_blocks=7)


@pytest.mark.parametrize(("kind", "chunks"), [("csr", (13, M)), ("csc", (N, 5)), ("dense", (25, 12))])
def test_read_in_chunks(tmp_path, kind, chunks):
    dense = triplets("csr").dense
    ad.AnnData(KINDS[kind](dense)).write_zarr(tmp_path / "x.zarr")
    x = ad.experimental.read_elem_lazy(zarr.open_group(tmp_path / "x.zarr", mode="r")["X"], chunks=chunks)
    assert x.npartitions > 1
    check_all(sources.of(x), dense, least_blocks=5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunks", [(13, -1), (31, 12), ((20, 0, 1, 39), -1)])
def test_blocks_of_any_kind(kind, chunks):
    dense = triplets("csr", dtype="int32").dense
    x = da.from_array(dense, chunks=chunks).map_blocks(KINDS[kind])
    check_all(sources.of(x), dense, least_blocks=2)


def test_columns_of_other_blocks_are_not_computed():
    dense = triplets("csc").dense
    computed = []

    def block(part, block_info):
        computed.append(block_info[0]["chunk-location"][1])
        return sp.csc_matrix(part)

    x = da.from_array(dense, chunks=(-1, 5)).map_blocks(block, meta=sp.csc_matrix((0, 0), dtype=dense.dtype))
    source = sources.of(x)
    computed.clear()
    wanted = np.array([1, 3, 12])
    for a, z in source.blocks():
        assert np.array_equal(in_memory(source.columns(wanted, a, z)), dense[a:z][:, wanted])
    assert computed == [0, 2] * 2, "once to count, once to deal out"


def test_unsorted_and_double_values_are_put_in_order():
    made = triplets("csr", "duplicates")
    x = sp.csr_matrix((made.data, made.indices, made.indptr), shape=made.shape)
    assert not x.has_canonical_format
    assert sources.of(x) is None
    whole = da.from_delayed(_delayed(x), shape=x.shape, dtype=x.dtype, meta=sp.csr_matrix((0, 0), dtype=x.dtype))
    check_all(sources.of(whole), made.dense)
    assert not x.has_canonical_format, "the block belongs to somebody else"


def _delayed(x):
    import dask

    return dask.delayed(lambda: x)()


def test_unknown_sizes_and_other_shapes_are_refused():
    x = da.from_array(np.ones((6, 3)), chunks=(2, 3))
    with pytest.raises(DataError, match=r"X has blocks of unknown size: call X.compute_chunk_sizes\(\) first"):
        sources.of(x[x[:, 0] > 0])
    with pytest.raises(DataError, match=r"X is no matrix of numbers \(shape \(6,\), type float64\)"):
        sources.of(x[:, 0])
    with pytest.raises(DataError, match=r"X is no matrix of numbers"):
        sources.of(x.astype(str))


def test_what_a_block_raises_is_one_line():
    def fail(_):
        msg = "the disk is gone\nmore"
        raise OSError(msg)

    x = da.from_array(np.ones((6, 3)), chunks=(2, 3)).map_blocks(fail, dtype=float, meta=np.empty((0, 0)))
    with pytest.raises(DataError, match=r"^dask array: X cannot be read, .*\(the disk is gone\): copy or download it again$"):
        sources.of(x).rows(0, 2)


def test_dask_is_not_imported_for_others(tmp_path):
    path = write_hdf5(tmp_path / "x.h5ad", triplets("csr"))
    code = f"import h5py\nfrom ifnscore import sources\nsources.of(h5py.File({str(path)!r})['X']).rows(0, 3)"
    loaded = loaded_after(code)
    assert "h5py" in loaded
    assert not loaded & {"dask", "distributed", "zarr", "anndata"}
    with h5py.File(path) as file:
        assert sources.of(file["X"]).shape == (N, M)
