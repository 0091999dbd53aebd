"""Matrices stored by columns: a few columns without the others, and one copy by rows in a temporary file."""

from __future__ import annotations

import io
import logging
import shutil
import tempfile
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from scipy import sparse
from tests.source_files import M, N, check_csr, in_memory, small_parts, sources, triplets, write_hdf5

from ifnscore.errors import DataError
from ifnscore.sources import _passes, _scratch, _turn

GZIP = {"compression": "gzip"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Temporary files go to a folder of their own, and every copy is a file."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setattr(_scratch, "_IN_MEMORY", 0)
    return made


@pytest.fixture
def csc(tmp_path):
    made = triplets("csc", "unsorted")
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP)) as file:
        yield sources.of(file["X"]), made


class Count:
    """How many stored values were read."""

    def __init__(self, source, monkeypatch):
        self.values, self.places = [], []
        for name in ("values", "places"):
            real = getattr(source.parts, name)
            seen = getattr(self, name)
            monkeypatch.setattr(source.parts, name, lambda a, z, real=real, seen=seen: seen.append((a, z)) or real(a, z))

    @property
    def read(self):
        return sum(z - a for a, z in self.values), sum(z - a for a, z in self.places)


def test_columns_read_only_what_they_need(csc, monkeypatch):
    source, made = csc
    small_parts(monkeypatch)
    count = Count(source, monkeypatch)
    wanted = np.array([2, 3, 14])
    for a, z in source.blocks():
        assert np.array_equal(in_memory(source.columns(wanted, a, z)), made.dense[a:z][:, wanted])
    held = int(np.diff(made.indptr)[wanted].sum())
    passes = 1 if held <= 40 else 2
    assert count.read == (held, passes * held), "once for all blocks"
    assert any(a <= made.indptr[3] < z for a, z in count.values), "neighbours are read in one go"


def test_rows_need_one_copy(csc, monkeypatch, folder):
    source, made = csc
    small_parts(monkeypatch)
    count = Count(source, monkeypatch)
    for _ in range(2):
        for a, z in source.blocks():
            check_csr(source.rows(a, z))
            assert np.array_equal(in_memory(source.rows(a, z)), made.dense[a:z])
    assert source.by_rows() is source.by_rows()
    n = len(made.data)
    assert count.read == (n, 2 * n), "indices are read once to count and once to deal out"


def test_picked_columns_are_a_source(csc, monkeypatch, folder):
    source, made = csc
    small_parts(monkeypatch)
    wanted = np.array([0, 5, 6, 22])
    picked = source.picked(wanted)
    assert picked.shape == (N, 4)
    for a, z in [*picked.blocks(), *picked.blocks(11)]:
        assert np.array_equal(in_memory(picked.rows(a, z)), made.dense[a:z][:, wanted])


def test_many_choices_of_columns(csc, monkeypatch):
    """More choices than are kept: the oldest is made again."""
    source, made = csc
    for _ in range(2):
        for c in range(M):
            assert np.array_equal(in_memory(source.columns(np.array([c]), 0, N)).ravel(), made.dense[:, c])
    assert len(source._turned) <= 16


def test_buckets_are_bounded(csc, monkeypatch, folder):
    """Whatever rows hold, a bucket has at most the values that were allowed, unless one row has more."""
    source, made = csc
    small_parts(monkeypatch, values=60, rows=5)
    turned = source.by_rows()
    stored = np.bincount(made.indices, minlength=N)
    for a, z in turned.blocks():
        assert z - a <= 5
        assert stored[a:z].sum() <= 30 or z - a == 1


def test_more_rows_than_groups(csc, monkeypatch, folder):
    source, made = csc
    monkeypatch.setattr(_turn, "_GROUPS", 8)
    small_parts(monkeypatch, values=60, rows=5)
    turned = source.by_rows()
    assert turned._group == 8
    assert len(list(turned.blocks())) == 8
    assert np.array_equal(in_memory(turned.rows(0, N)), made.dense)
    assert np.array_equal(in_memory(turned.rows(13, 42)), made.dense[13:42])


def test_the_copy_is_announced_and_leaves_nothing(csc, folder, caplog):
    source, made = csc
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        turned = source.by_rows()
    assert np.array_equal(in_memory(turned.rows(0, N)), made.dense)
    said = [r.getMessage() for r in caplog.records]
    size = len(made.data) * 8 / 1e6
    why = "whole rows of a matrix that is stored by columns (CSC)"
    assert said == [f"x.h5ad: {why} need a temporary copy of {size:,.0f} MB in {folder}; it is removed at the end"]
    file = turned._scratch._file
    assert not isinstance(file, io.BytesIO)
    source._turned.clear()
    del turned
    assert file.closed
    assert list(folder.iterdir()) == []


def test_a_small_copy_needs_no_file(csc, monkeypatch, caplog):
    source, made = csc
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        assert np.array_equal(in_memory(source.by_rows().rows(0, N)), made.dense)
    assert not caplog.records


def test_no_room_is_refused_with_the_fix(csc, folder, monkeypatch):
    source, _ = csc
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 10**6))
    with pytest.raises(DataError) as error:
        source.rows(0, 3)
    text = str(error.value)
    assert text.startswith("x.h5ad: whole rows of a matrix that is stored by columns (CSC) need a temporary copy of 0 MB, and ")
    assert f"{folder} has 3 MB free: set TMPDIR to a folder with room, or store the matrix by rows once" in text
    assert "\n" not in text
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(csc, folder, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    made = Full()
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: made)
    with pytest.raises(
        DataError, match=r"^x.h5ad: the temporary copy in .* cannot be written \(No space left on device\): set TMPDIR"
    ):
        csc[0].by_rows()
    assert list(folder.iterdir()) == []


def test_an_error_on_the_way_leaves_nothing(tmp_path, folder):
    """An index outside, met while the copy is made."""
    made = triplets("csc")
    made.indices[-1] = N
    with h5py.File(write_hdf5(tmp_path / "x.h5ad", made, **GZIP)) as file:
        source = sources.of(file["X"])
        with pytest.raises(
            DataError, match=rf"X is damaged: indices run from \d+ to {N}, outside of 0 to {N - 1}: copy or download"
        ):
            source.by_rows()
        assert not source._turned
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("slab", [40, 10_000])
def test_the_head_holds_first_rows_of_first_genes(csc, monkeypatch, slab):
    """So many genes as hold no more values than fit into memory; the values are those of the file."""
    source, made = csc
    small_parts(monkeypatch, slab=slab)
    monkeypatch.setattr(_passes, "SLAB", slab)
    monkeypatch.setattr(_passes, "ROWS", 9)
    monkeypatch.setattr(_passes, "_ENOUGH", 1)
    count = Count(source, monkeypatch)
    found = _passes.head(source)
    assert found.shape[0] == 9
    assert np.array_equal(found.toarray(), made.dense[:9, : found.shape[1]])
    assert found.count_nonzero()
    if slab == 40:
        assert found.shape[1] < M
        assert count.read[0] <= made.indptr[found.shape[1]]
    else:
        assert found.shape[1] == M


def test_the_head_goes_on_where_the_first_genes_are_silent(tmp_path, monkeypatch):
    """Genes that nothing is stored of say nothing of the scale; a matrix without a value has an empty head."""
    dense = np.zeros((30, 700), dtype="f4")
    dense[:20, 450] = np.arange(20) + 0.5
    for name, values in (("x", dense), ("none", dense[:, :300])):
        made = sparse.csc_matrix(values)
        with h5py.File(tmp_path / f"{name}.h5ad", "w") as file:
            group = file.create_group("X")
            group.attrs.update({"encoding-type": "csc_matrix", "encoding-version": "0.1.0", "shape": values.shape})
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(made, part)
            found = _passes.head(sources.of(group))
        assert np.array_equal(found.toarray(), values[:, : found.shape[1]])
        assert found.shape[1] == values.shape[1]
