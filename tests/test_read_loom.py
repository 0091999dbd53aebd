"""Loom files: genes in rows, cells in columns, read into CSR of cells x genes."""

from __future__ import annotations

import logging

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreError
from ifnscore.loaders import _loom_matrix

GENES = ["ISG15", "MX1", "IFI6", "ACTB"]
CELLS = ["AAA", "CCC", "GGG"]
X = np.array([[1, 0, 2], [0, 0, 7], [3, 4, 0], [9, 8, 7]])  # genes x cells


def loom(path, x=X, rows=None, columns=None, layers=None, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=x, **options)
        for group, held in (
            (
                "row_attrs",
                {"Gene": np.array(GENES, "S"), "Accession": np.array(["a", "b", "c", "d"], "S")} if rows is None else rows,
            ),
            ("col_attrs", {"CellID": np.array(CELLS, "S")} if columns is None else columns),
            ("layers", layers or {}),
        ):
            made = file.create_group(group)
            for name, values in held.items():
                made[name] = values
        file.attrs["LOOM_SPEC_VERSION"] = "2.0.1"
        file.attrs["CreationDate"] = "20200101T000000"
    return path


def refused(path, **options):
    with pytest.raises(IfnscoreError) as caught:
        loaders.read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert isinstance(caught.value, DataError)
    return message


def check(adata, x=X):
    assert sp.issparse(adata.X)
    assert adata.X.format == "csr"
    assert adata.X.toarray().tolist() == x.T.tolist()
    assert list(adata.obs_names) == CELLS
    assert list(adata.var_names) == GENES


def test_loom(tmp_path):
    words = h5py.string_dtype()
    columns = {
        "CellID": np.array(CELLS, dtype=words),
        "Cluster": np.array(["é", "b", "b"], dtype=words),
        "nUMI": np.array([13, 12, 16]),
        "doublet": np.array([True, False, False]),
        "Capture_Date": np.array(["20200101"] * 3, dtype=words),
        "X_umap": np.zeros((3, 2)),
    }
    adata = loaders.read(loom(tmp_path / "m.loom", X.astype(np.float32), columns=columns))
    check(adata)
    assert adata.X.dtype == np.float32
    assert adata.X.nnz == 8  # worked by hand: 12 values, 4 of them zero
    assert adata.obs["Cluster"].tolist() == ["é", "b", "b"]
    assert adata.obs["nUMI"].tolist() == [13, 12, 16]
    assert adata.obs["doublet"].tolist() == [True, False, False]
    assert set(adata.obs) == {"CellID", "Cluster", "nUMI", "doublet"}  # no days, nothing with two dimensions
    assert adata.var["Accession"].tolist() == ["a", "b", "c", "d"]
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"]) == ("loom", "counts")
    assert "2020" not in str(adata.uns)


@pytest.mark.parametrize("kind", [np.int16, np.uint32, np.float64])
@pytest.mark.parametrize("chunks", [None, (1, 3), (4, 1), (2, 2), (64, 64)])
@pytest.mark.parametrize("block", [1, 4, 5, 8, 9, 1000])
def test_blocks_of_any_size(tmp_path, monkeypatch, kind, chunks, block):
    monkeypatch.setattr(_loom_matrix, "_BLOCK", block)
    shape = {} if chunks is None else {"chunks": chunks, "maxshape": (None, None), "compression": "gzip"}
    with h5py.File(loom(tmp_path / "m.loom", X.astype(kind), **shape)) as file:
        x = _loom_matrix.read(file["matrix"], "m.loom", "matrix")
    assert x.format == "csr"
    assert x.toarray().tolist() == X.T.tolist()
    assert x.dtype == kind


def test_only_the_layer_that_is_asked_for(tmp_path, caplog):
    spliced = X + 1
    path = loom(tmp_path / "m.loom", layers={"spliced": spliced, "unspliced": X * 2})
    with caplog.at_level(logging.INFO, "ifnscore"):
        assert not [k for k in loaders.read(path).layers if k is not None]
    assert "layers spliced, unspliced are not (choose one with --layer)" in caplog.text
    adata = loaders.read(path, layer="spliced")
    assert adata.layers["spliced"].toarray().tolist() == spliced.T.tolist()
    assert [k for k in adata.layers if k is not None] == ["spliced"]
    assert "no layer 'splced' of the shape of the matrix; the layers are spliced, unspliced. Did you mean: spliced" in refused(
        path, layer="splced"
    )


@pytest.mark.parametrize("name", ["gene_names", "var_names", "Symbol", "Accession", "anything"])
def test_genes_by_any_attribute(tmp_path, name):
    adata = loaders.read(loom(tmp_path / "m.loom", rows={"note": np.array(list("wxyz"), "S"), name: np.array(GENES, "S")}))
    assert list(adata.var_names) == GENES


def test_symbols_win_over_accessions_of_the_names(tmp_path):
    rows = {"Gene": np.array(["p1", "p2", "p3", "p4"], "S"), "Accession": np.array(GENES, "S")}
    adata = loaders.read(loom(tmp_path / "m.loom", rows=rows))
    assert adata.uns["ifnscore"]["input"]["identifiers_from"] == "Accession"


def test_cells_without_names(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(loom(tmp_path / "m.loom", columns={"n": np.arange(3)}))
    assert list(adata.obs_names) == ["cell_1", "cell_2", "cell_3"]
    assert "the cells are called cell_1 to cell_3" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.pop("row_attrs"), "HDF5, but not loom: matrix, row_attrs and col_attrs are needed (it holds"),
        (lambda f: [f.pop(k) for k in list(f)], "it holds nothing"),
        (lambda f: f["col_attrs"].create_dataset("bad", data=np.arange(5)), "col_attrs/bad has 5 values where the matrix has 3"),
        (
            lambda f: [f["row_attrs"].pop(k) for k in ("Gene", "Accession")],
            "row_attrs holds no gene names, such as Gene or Accession",
        ),
        (lambda f: (f.create_group("obs"), f.create_group("var"), f.pop("matrix")), "an AnnData file, not loom"),
        (lambda f: (f.pop("row_attrs"), f.create_group("mod")), "a MuData file, not loom"),
        (lambda f: (f.pop("matrix"), f.create_group("matrix")), "a 10x file, not loom"),
        (lambda f: (f.pop("matrix"), f.create_dataset("matrix", data=np.arange(4))), "HDF5, but not loom"),
        (
            lambda f: (f.pop("matrix"), f.create_dataset("matrix", data=np.full((4, 3), "a", "S1"))),
            "matrix holds |S1, not numbers",
        ),
        (lambda f: f.__setitem__("row_graphs", h5py.ExternalLink("/etc/passwd", "/")), "is a link to another file"),
    ],
)
def test_damaged_loom(tmp_path, change, words):
    path = loom(tmp_path / "m.loom")
    with h5py.File(path, "r+") as file:
        change(file)
    assert words in refused(path)


def test_declared_but_not_stored(tmp_path):
    path = loom(tmp_path / "m.loom")
    with h5py.File(path, "r+") as file:
        del file["matrix"]
        file.create_dataset("matrix", shape=(2_000_000_000, 1_000_000), dtype="f4", chunks=(64, 64))
    assert " has 4 values where the matrix has 2000000000: the file is damaged" in refused(path)


def test_hardly_anything_stored(tmp_path):
    with h5py.File(tmp_path / "m.loom", "w") as file:
        data = file.create_dataset("matrix", shape=(200_000, 1_000), dtype="f4", chunks=(64, 64))
        data[0, 0] = 1
        with pytest.raises(DataError, match=r"matrix is declared as 200000 x 1000 \(763 MiB\) and 16 KiB are stored: damaged"):
            _loom_matrix.read(data, "m.loom", "matrix")


@pytest.mark.filterwarnings("ignore:.*only 3 of 1000 identifiers")
def test_dense_it_would_not_fit(tmp_path, monkeypatch):
    rows = {"Gene": np.array([*GENES, *(f"g{i}" for i in range(996))], "S5")}
    columns = {"CellID": np.array([f"c{i}" for i in range(500)], "S5")}
    x = np.zeros((1_000, 500), dtype=np.float32)
    x[:, 0] = 1
    path = loom(
        tmp_path / "m.loom", x, rows=rows, columns=columns, layers={"spliced": x}, chunks=(1_000, 100), compression="gzip"
    )
    monkeypatch.setenv("IFNSCORE_MAX_BYTES", "200K")  # dense, the matrix alone is 2 MB
    assert loaders.read(path).X.nnz == 1_000
    assert loaders.read(path, layer="spliced").layers["spliced"].nnz == 1_000
    monkeypatch.setenv("IFNSCORE_MAX_BYTES", "8K")
    assert "needs more than 8 KiB of memory" in refused(path)


def test_memory_follows_what_is_not_zero(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "m.loom", "w") as file:
        data = file.create_dataset("matrix", shape=(1_000, 500), dtype="f4", chunks=(1_000, 100), compression="gzip", fillvalue=0)
        data[:, 0] = 1  # 1000 values of 4 bytes, their places of 4, and the starts of 500 rows: 10 kB; dense they are 2 MB
        data[0, 1:] = 0
        monkeypatch.setenv("IFNSCORE_MAX_BYTES", "20K")
        assert _loom_matrix.read(data, "m.loom", "matrix").sum() == 1000
        monkeypatch.setenv("IFNSCORE_MAX_BYTES", "8K")
        with pytest.raises(DataError, match="needs more than 8 KiB of memory"):
            _loom_matrix.read(data, "m.loom", "matrix")


@pytest.mark.parametrize(("shape", "words"), [((0, 3), "0 genes"), ((4, 0), "0 samples")])
def test_nothing_in_it(tmp_path, shape, words):
    rows = {"Gene": np.array(GENES[: shape[0]], "S5")}
    columns = {"CellID": np.array(CELLS[: shape[1]], "S5")}
    assert words in refused(loom(tmp_path / "m.loom", np.zeros(shape), rows=rows, columns=columns))


def test_duplicate_cells(tmp_path):
    assert "duplicate sample names: a" in refused(loom(tmp_path / "m.loom", columns={"CellID": np.array([b"a", b"b", b"a"])}))


def test_truncated(tmp_path):
    path = loom(tmp_path / "m.loom")
    whole = path.read_bytes()
    for n in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:n])
        refused(path)


def test_text_called_loom(tmp_path):
    (tmp_path / "m.loom").write_text("gene,a\nISG15,1\n")
    assert "not a readable HDF5 file" in refused(tmp_path / "m.loom")
