"""Damaged sparse matrices in files end in one line that names what is wrong, never in foreign memory or a traceback."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import zarr
from tests.source_files import M, N, sources, triplets, write_hdf5, write_zarr

from ifnscore.errors import DataError

GZIP = {"compression": "gzip"}


def break_indices(made):
    made.indices[len(made.indices) // 2] = 99


def break_negative(made):
    made.indices[3] = -1


def break_falling(made):
    made.indptr[5] = made.indptr[6] + 1


def break_beyond(made):
    made.indptr[5:9] = len(made.data) + 4


def break_start(made):
    made.indptr[0] = 1


def break_end(made):
    made.indptr[-1] -= 1


def break_pointers(made):
    made.indptr = made.indptr[:-1]


def break_length(made):
    made.indices = made.indices[:-2]


def break_text(made):
    made.data = made.data.astype("S3")


def break_axes(made):
    made.data = made.data[: len(made.data) // 2 * 2].reshape(2, -1)


def break_index_type(made):
    made.indices = made.indices.astype("f4")


def break_shape(made):
    made.shape = (N, M, 2)


BROKEN = {
    break_indices: r"indices run from 0 to 99, outside of 0 to \d+",
    break_negative: r"indices run from -1 to \d+, outside of 0 to \d+",
    break_falling: "indptr decreases",
    break_beyond: "indptr (decreases|holds)",
    break_start: r"indptr runs from 1 to \d+, not from 0 to the \d+ values",
    break_end: r"indptr runs from 0 to \d+, not from 0 to the \d+ values",
    break_pointers: r"\d+ values, \d+ indices and \d+ pointers do not make \d+ (rows|columns)",
    break_length: r"\d+ values, \d+ indices and \d+ pointers do not make \d+ (rows|columns)",
    break_text: r"data is no row of numbers \(shape \(\d+,\), type \|S3\)",
    break_axes: r"data is no row of numbers \(shape \(2, \d+\), type float32\)",
    break_index_type: "indices is no row of numbers",
    break_shape: r"its shape is \[60, 23, 2\]",
}


def use(node):
    source = sources.of(node)
    for a, z in source.blocks():
        source.rows(a, z)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("broken", BROKEN, ids=lambda f: f.__name__.removeprefix("break_"))
def test_damaged_hdf5(tmp_path, form, broken):
    made = triplets(form)
    broken(made)
    path = write_hdf5(tmp_path / "x.h5ad", made)
    with (
        h5py.File(path) as file,
        pytest.raises(
            DataError, match=rf"^x.h5ad: the sparse matrix X is damaged: {BROKEN[broken]}.*: copy or download"
        ) as error,
    ):
        use(file["X"])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("broken", [break_indices, break_falling, break_end, break_length], ids=lambda f: f.__name__)
def test_damaged_zarr(tmp_path, broken):
    made = triplets("csr")
    broken(made)
    path = write_zarr(tmp_path / "x.zarr", made)
    with pytest.raises(DataError, match=rf"^x.zarr: the sparse matrix X is damaged: {BROKEN[broken]}"):
        use(zarr.open_group(path, mode="r")["X"])


@pytest.mark.parametrize("at", [5, 20, 21, N - 1])
def test_a_pointer_between_two_reads(tmp_path, at):
    """A fall of the pointers is found wherever parts meet, also when rows are read one by one."""
    made = triplets("csr")
    made.indptr[at] = made.indptr[at - 1] - 1
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made)) as file:
        source = sources.of(file["X"])
        for row in range(at - 1):
            source.rows(row, row + 1)
        with pytest.raises(DataError, match="indptr decreases"):
            source.rows(at - 1, at)


def test_a_part_is_missing(tmp_path):
    path = write_hdf5(tmp_path / "x.h5ad", triplets("csr"))
    with h5py.File(path, "r+") as file:
        del file["X/indices"]
        with pytest.raises(DataError, match=r"^x.h5ad: the sparse matrix X is damaged: indices is missing"):
            sources.of(file["X"])


def test_a_part_is_a_group(tmp_path):
    path = write_hdf5(tmp_path / "x.h5ad", triplets("csr"))
    with h5py.File(path, "r+") as file:
        del file["X/data"]
        file.create_group("X/data")
        with pytest.raises(DataError, match=r"^x.h5ad: the sparse matrix X is damaged: data is missing"):
            sources.of(file["X"])


def test_other_groups_are_no_matrix(tmp_path):
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        group = file.create_group("obs")
        group.attrs["encoding-type"] = "dataframe"
        with pytest.raises(DataError, match=r"^x.h5ad: obs is a group of type 'dataframe', not a matrix"):
            sources.of(group)
        with pytest.raises(DataError, match=r"^x.h5ad: the root is a group of type '', not a matrix"):
            sources.of(file)


@pytest.mark.parametrize(
    "value", [np.arange(4.0), np.zeros((2, 2, 2)), np.array([[b"a"]]), np.float64(3)], ids=["1", "3", "text", "0"]
)
def test_other_arrays_are_no_matrix(tmp_path, value):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("layers/counts", data=value)
        with pytest.raises(DataError, match=r"^x.h5: layers/counts is no matrix of numbers \(shape"):
            sources.of(dataset)


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_a_chunk_of_zarr_is_damaged(tmp_path, form):
    path = write_zarr(tmp_path / "x.zarr", triplets(form), chunk=50)
    chunk = sorted(p for p in (path / "X" / "data" / "c").iterdir())[1]
    chunk.write_bytes(b"not a chunk")
    with pytest.raises(DataError, match=r"^x.zarr: X cannot be read, the file is damaged or was closed \("):
        use(zarr.open_group(path, mode="r")["X"])
