"""alevin and alevin-fry folders."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from ifnscore import loaders
from ifnscore.errors import DataError

GENES = ["ISG15", "MX1", "IFI6"]
CELLS = ["AAAC", "AAAG"]
COUNTS = np.array([[1, 0, 2.5], [0, 4, 0]])


def folder(path, x=COUNTS, genes=GENES, cells=CELLS, zipped=False):
    path.mkdir(parents=True)
    scipy.io.mmwrite(path / "quants_mat.mtx", sp.coo_matrix(x))
    if zipped:
        (path / "quants_mat.mtx.gz").write_bytes(gzip.compress((path / "quants_mat.mtx").read_bytes()))
        (path / "quants_mat.mtx").unlink()
    (path / "quants_mat_rows.txt").write_text("".join(f"{c}\n" for c in cells))
    (path / "quants_mat_cols.txt").write_text("".join(f"{g}\n" for g in genes))
    return path


@pytest.mark.parametrize("place", ["", "alevin", "af_quant/alevin"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder(tmp_path, place, zipped):
    folder(tmp_path / "run" / place, zipped=zipped)
    adata = loaders.read(tmp_path / "run")
    assert (list(adata.obs_names), list(adata.var_names)) == (CELLS, GENES)
    assert sp.issparse(adata.X)
    assert adata.X.toarray().tolist() == COUNTS.tolist()
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"]) == ("alevin", "counts", "RNA-seq")


def test_genes_in_rows(tmp_path):
    folder(tmp_path / "run", COUNTS.T)
    assert loaders.read(tmp_path / "run").X.toarray().tolist() == COUNTS.tolist()


@pytest.mark.parametrize(("unspliced", "wanted"), [("no", [[1 + 200, 0 + 0, 2 + 0], [0, 4, 300]]), ("yes", [[211, 0, 2], [0, 24, 300]])])
def test_spliced_unspliced_and_ambiguous(tmp_path, unspliced, wanted):
    s, u, a = np.array([[1, 0, 2], [0, 4, 0]]), np.array([[10, 0, 0], [0, 20, 0]]), np.array([[200, 0, 0], [0, 0, 300]])
    genes = [g + end for end in ("", "-U", "-A") for g in GENES]
    path = folder(tmp_path / "run" / "alevin", np.hstack([s, u, a]), genes)
    (path.parent / "gene_id_to_name.tsv").write_text("ISG15\tISG15\nMX1\tMX1\nIFI6\tIFI6\n")
    adata = loaders.read(tmp_path / "run", unspliced=unspliced)
    assert list(adata.var_names) == GENES
    assert list(adata.var["gene_name"]) == GENES
    assert adata.X.toarray().tolist() == wanted
    assert "counts added up" in adata.uns["ifnscore"]["input"]["notes"]


def test_no_unspliced_counts(tmp_path):
    folder(tmp_path / "run")
    with pytest.raises(DataError, match="no unspliced counts in this matrix"):
        loaders.read(tmp_path / "run", unspliced="yes")


def test_the_binary_format_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "alevin").mkdir()
    (tmp_path / "alevin" / "quants_mat.gz").write_bytes(gzip.compress(b"\0" * 20))
    with pytest.raises(DataError, match=r"quants_mat\.gz: alevin's binary format is not read: run salmon alevin with --dumpMtx"):
        loaders.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: (p / "quants_mat_rows.txt").unlink(), r"no quants_mat_rows\.txt beside the matrix"),
        (lambda p: (p / "quants_mat_rows.txt").write_text("AAAC\n"), r"2 x 3, but there are 3 genes and 1 barcodes"),
        (lambda p: (p / "quants_mat_rows.txt").write_text("AAAC\nAAAC\n"), r"cells named twice: AAAC"),
        (lambda p: (p / "quants_mat_cols.txt").write_text(""), r"quants_mat_cols\.txt: the file is empty"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 3 999999999999\n1 1 5\n"),
         r"999999999999 entries, but the file is too short"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 3 2\n1 1 5\n"), r"the matrix is truncated or damaged"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 3 1\n9 9 5\n"), r"the matrix is truncated or damaged"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 x\n"), r"the matrix is truncated or damaged"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 -5\n"), r"negative values \(lowest -5\)"),
        (lambda p: (p / "quants_mat.mtx").write_text("%%MatrixMarket matrix coordinate real general\n%\n"), r"no line with the numbers of rows"),
        (lambda p: (p / "quants_mat.mtx").write_text("2 3 1\n1 1 5\n"), r"not a Matrix Market file"),
        (lambda p: (p / "quants_mat.mtx").write_text(""), r"quants_mat\.mtx: the file is empty"),
    ],
    ids=["no rows", "few rows", "twice", "no genes", "bomb", "cut", "outside", "word", "negative", "no sizes", "no mark", "empty"],
)  # fmt: skip
def test_bad_folders(tmp_path, change, message):
    path = folder(tmp_path / "run")
    change(path)
    with pytest.raises(DataError, match=message) as caught:
        loaders.read(tmp_path / "run")
    assert "\n" not in str(caught.value)


def test_as_many_genes_as_cells(tmp_path):
    """Alevin writes cells in rows; a square matrix must not be turned round."""
    x = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9.5]])
    folder(tmp_path / "run", x, cells=["AAAC", "AAAG", "AAAT"])
    adata = loaders.read(tmp_path / "run")
    assert adata.X.toarray().tolist() == x.tolist()
    assert adata["AAAG", "IFI6"].X.toarray().item() == 6
