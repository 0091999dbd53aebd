"""Matrices that stay in files: whatever the file, rows and columns equal the matrix in memory exactly."""

from __future__ import annotations

import zlib

import anndata as ad
import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import zarr
from tests.source_files import M, N, check_all, in_memory, small_parts, sources, triplets, write_hdf5, write_zarr

from ifnscore.errors import DataError
from ifnscore.matrix import Matrix

GZIP = {"compression": "gzip"}
PACKED = {
    "gzip": GZIP,
    "gzip-shuffle": {"compression": "gzip", "shuffle": True},
    "gzip-checksum": {"compression": "gzip", "fletcher32": True},
    "lzf": {"compression": "lzf"},
    "none": {},
}
CONTENTS = ["sorted", "unsorted", "duplicates", "empty rows", "all empty"]


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_parts(monkeypatch)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("content", CONTENTS)
def test_hdf5_equals_memory(tmp_path, form, packed, content):
    made = triplets(form, content)
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **PACKED[packed])) as file:
        source = sources.of(file["X"])
        assert source.layout == form
        check_all(source, made.dense, least_blocks=7)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize(
    ("dtype", "index"),
    [
        ("float64", "int64"),
        ("int32", "uint32"),
        ("int64", ">i4"),
        ("uint16", "int16"),
        ("bool", "int64"),
        (">f4", ">i8"),
        (">i2", "i4"),
    ],
)
def test_hdf5_types(tmp_path, form, dtype, index):
    made = triplets(form, "unsorted", dtype, index)
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **PACKED["gzip-shuffle"])) as file:
        check_all(sources.of(file["X"]), made.dense)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("content", CONTENTS)
def test_zarr_equals_memory(tmp_path, form, version, content):
    made = triplets(form, content, "int32" if content == "sorted" else "float32", "int64")
    source = sources.of(zarr.open_group(write_zarr(tmp_path / "x.zarr", made, version, chunk=29), mode="r")["X"])
    assert source.layout == form
    check_all(source, made.dense, least_blocks=7)


def test_zarr_in_shards(tmp_path):
    made = triplets("csr")
    path = write_zarr(tmp_path / "x.zarr", made, shards=(70,))
    check_all(sources.of(zarr.open_group(path, mode="r")["X"]), made.dense)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 1), (1, 40), (40, 1)])
def test_edges(tmp_path, form, shape):
    made = triplets(form, shape=shape)
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP)) as file:
        check_all(sources.of(file["X"]), made.dense)
    check_all(sources.of(zarr.open_group(write_zarr(tmp_path / "x.zarr", made), mode="r")["X"]), made.dense)


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
@pytest.mark.parametrize("packed", ["gzip", "lzf", "none"])
def test_backed_anndata(tmp_path, kind, packed):
    dense = triplets("csr").dense
    x = dense if kind == "dense" else getattr(sp, f"{kind}_matrix")(dense)
    path = tmp_path / "x.h5ad"
    ad.AnnData(x).write_h5ad(path, compression=PACKED[packed].get("compression"))
    backed = ad.read_h5ad(path, backed="r")
    source = sources.of(backed.X)
    assert source.layout == kind
    check_all(source, dense)
    backed.file.close()


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
def test_zarr_that_anndata_wrote(tmp_path, kind):
    dense = triplets("csr").dense
    x = dense if kind == "dense" else getattr(sp, f"{kind}_matrix")(dense)
    ad.AnnData(x).write_zarr(tmp_path / "x.zarr")
    node = zarr.open_group(tmp_path / "x.zarr", mode="r")["X"]
    check_all(sources.of(node), dense)
    if kind != "dense":
        check_all(sources.of(ad.io.sparse_dataset(node)), dense)


@pytest.mark.parametrize("chunks", [(1, M), (4, 5), (N, 1), (N, M), (7, M), (13, 3), None])
@pytest.mark.parametrize(
    "how", [GZIP, PACKED["gzip-shuffle"], {"compression": "lzf"}, {}], ids=["gzip", "shuffle", "lzf", "none"]
)
def test_dense_hdf5(tmp_path, chunks, how):
    dense = triplets("csr", dtype="float64").dense
    with h5py.File(tmp_path / "x.h5", "w") as file:
        check_all(sources.of(file.create_dataset("X", data=dense, chunks=chunks, **(how if chunks else {}))), dense)


@pytest.mark.parametrize("dtype", ["int16", "bool", ">f8", "uint8"])
def test_dense_types(tmp_path, dtype):
    dense = triplets("csr", dtype=dtype).dense
    with h5py.File(tmp_path / "x.h5", "w") as file:
        check_all(sources.of(file.create_dataset("X", data=dense.astype(dtype), chunks=(4, 5), **GZIP)), dense)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("chunks", [(1, M), (4, 5), (N, 1), (N, M)])
def test_dense_zarr(tmp_path, version, chunks):
    dense = triplets("csr").dense
    array = zarr.create_array(tmp_path / "x.zarr", shape=dense.shape, dtype=dense.dtype, chunks=chunks, zarr_format=version)
    array[:] = dense
    check_all(sources.of(zarr.open_array(tmp_path / "x.zarr", mode="r")), dense)


def test_a_stripe_beyond_memory_is_decompressed_once(tmp_path, monkeypatch):
    """Chunks over all rows, one column wide: every chunk is read once for all blocks together."""
    dense = triplets("csr").dense
    with h5py.File(tmp_path / "x.h5", "w") as file:
        source = sources.of(file.create_dataset("X", data=dense, chunks=(N, 1), **GZIP))
        read = []
        rectangle = type(source).rectangle
        monkeypatch.setattr(type(source), "rectangle", lambda self, *at: read.append(at) or rectangle(self, *at))
        for a, z in source.blocks():
            assert np.array_equal(source.rows(a, z), dense[a:z])
        assert len(list(source.blocks())) > 20
        assert sorted(range_ for _, _, *range_ in read) == [[c, min(c + 1, M)] for c in range(M)]


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_change_nothing(tmp_path, monkeypatch, threads):
    monkeypatch.setenv("IFNSCORE_THREADS", threads)
    made = triplets("csr", "unsorted")
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, chunk=3, **PACKED["gzip-shuffle"])) as file:
        check_all(sources.of(file["X"]), made.dense)


def test_chunks_without_a_filter_and_chunks_never_written(tmp_path):
    """A chunk may say that filters were left out for it, and HDF5 stores no chunk that was never written."""
    values = np.arange(128, dtype="f4").reshape(8, 16)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, how in (("plain", GZIP), ("shuffled", PACKED["gzip-shuffle"])):
            dataset = file.create_dataset(name, shape=(8, 16), dtype="f4", chunks=(1, 16), fillvalue=3.0, **how)
            dataset[2:4] = values[2:4]
            last = 1 << (dataset.id.get_create_plist().get_nfilters() - 1)
            raw = values[4].tobytes()
            planes = np.frombuffer(raw, "u1").reshape(16, 4).T.tobytes()
            dataset.id.write_direct_chunk((4, 0), raw if name == "plain" else planes, filter_mask=last)
            dataset.id.write_direct_chunk((5, 0), values[5].tobytes(), filter_mask=2 * last - 1)
            expected = np.full((8, 16), 3, dtype="f4")
            expected[2:6] = values[2:6]
            assert np.array_equal(dataset[:], expected)
            assert np.array_equal(sources.of(dataset).rows(0, 8), expected)
            assert np.array_equal(sources.of(dataset).rows(2, 6), expected[2:6])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (zlib.compress(bytes(1 << 24)), "a chunk holds 65 bytes instead of 64"),
        (zlib.compress(bytes(32)), "a chunk holds 32 bytes instead of 64"),
        (zlib.compress(bytes(64))[:-3], "a chunk is cut off"),
        (zlib.compress(bytes(64))[:-1] + b"?", "incorrect data check"),
        (b"no deflate stream", "incorrect header check"),
    ],
    ids=["bomb", "short", "cut", "checksum", "noise"],
)
def test_damaged_chunks_are_refused(tmp_path, raw, why):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("X", shape=(2, 16), dtype="f4", chunks=(1, 16), **GZIP)
        dataset.id.write_direct_chunk((0, 0), raw)
        with pytest.raises(DataError, match=rf"^x.h5: X cannot be read, the file is damaged or was closed \(.*{why}"):
            sources.of(dataset).rows(0, 1)


def test_values_pass_untouched(tmp_path):
    """Missing, infinite and negative values are somebody else's to judge."""
    made = triplets("csr", dtype="float64")
    made.data[:4] = [np.nan, np.inf, -np.inf, -1.5]
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP)) as file:
        source = sources.of(file["X"])
        got = np.concatenate([source.rows(a, z).data for a, z in source.blocks()])
        assert got.tobytes() == made.data.tobytes()


def test_attributes_of_old_files(tmp_path):
    made = triplets("csc")
    path = write_hdf5(tmp_path / "x.h5ad", made, **GZIP)
    with h5py.File(path, "r+") as file:
        attributes = file["X"].attrs
        for name in list(attributes):
            del attributes[name]
        attributes.update({"h5sparse_format": np.bytes_(b"csc"), "h5sparse_shape": made.shape})
        check_all(sources.of(file["X"]), made.dense)


@pytest.mark.parametrize("x", [np.zeros((2, 2)), sp.csr_matrix((2, 2)), None, [[1]]], ids=["numpy", "scipy", "none", "list"])
def test_what_is_in_memory_has_no_source(x):
    assert sources.of(x) is None


def test_a_source_is_its_own_source(tmp_path):
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", triplets("csr"))) as file:
        source = sources.of(file["X"])
        assert sources.of(source) is source


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("scale", ["counts", "linear"])
def test_a_matrix_on_a_source_equals_one_in_memory(tmp_path, form, scale):
    """Genes twice, some unknown: values, whole rows, library sizes, means and the share detected."""
    made = triplets("csr" if form == "dense" else form, "unsorted", "float64")
    names = [f"GENE{i}" for i in range(M)]
    names[4] = names[15] = names[9]
    samples = [f"s{i}" for i in range(N)]
    memory = Matrix(sp.csr_matrix(made.dense), names, samples, scale)
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP), "r+") as file:
        node = file.create_dataset("dense", data=made.dense, chunks=(4, 5), **GZIP) if form == "dense" else file["X"]
        streamed = Matrix(sources.of(node), names, samples, scale)
        streamed.settle()
        keys = memory.universe[::2]
        assert streamed.universe == memory.universe
        assert streamed.chosen_by_mean == memory.chosen_by_mean
        some = np.array([3, 4, 17, 18, 40])
        for part in [*streamed.chunks(), *streamed.chunks(7), slice(None), some]:
            assert np.array_equal(streamed.values(keys, part), memory.values(keys, part))
            assert np.array_equal(in_memory(streamed.whole_rows(part)), in_memory(memory.whole_rows(part)))
            assert np.array_equal(streamed.library_size(part), memory.library_size(part))
        assert np.allclose(streamed.gene_means(), memory.gene_means(), rtol=1e-12)
        assert np.array_equal(streamed.empty(), memory.empty())
        streamed.by_rows()
        assert np.array_equal(in_memory(streamed.whole_rows(slice(5, 31))), in_memory(memory.whole_rows(slice(5, 31))))


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_share_detected(tmp_path, form):
    """With one block, the share is that of the matrix in memory."""
    made = triplets(form)
    made.data[made.data == 0] = 1
    x = sp.csr_matrix(made.dense)
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP)) as file:
        source = sources.of(file["X"])
        source.blocks = lambda rows=None: iter([(0, N)])
        names, samples = [f"GENE{i}" for i in range(M)], [f"s{i}" for i in range(N)]
        assert Matrix(source, names, samples, "linear").detected() == Matrix(x, names, samples, "linear").detected()


def test_closed_files_are_said(tmp_path):
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", triplets("csr"), **GZIP)) as file:
        source = sources.of(file["X"])
    with pytest.raises(DataError, match=r"^x.h5ad: X cannot be read, the file is damaged or was closed \("):
        source.rows(0, N)
