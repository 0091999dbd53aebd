"""Several inputs become one matrix."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning, ScaleError


@pytest.fixture
def write(tmp_path):
    def _write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return _write


def test_inner_join_in_the_order_of_the_first(write):
    a = write("a.csv", "gene,s1,s2\nMX1,1,2\nISG15,3,4\nONLYA,5,6\n")
    b = write("b.tsv", "sample\tgroup\tISG15\tMX1\tIFI6\nt1\tx\t7\t8\t9\n")
    with pytest.warns(IfnscoreWarning, match=r"only the 2 genes .*a\.csv loses 1 of 3, .*b\.tsv loses 1 of 3"):
        adata = loaders.read(a, b)
    assert list(adata.var_names) == ["MX1", "ISG15"]
    assert list(adata.obs_names) == ["s1", "s2", "t1"]
    assert adata.X.tolist() == [[1, 3], [2, 4], [8, 7]]
    assert adata.obs["group"].isna().tolist() == [True, True, False]
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"
    assert adata.uns["ifnscore"]["input"]["orientation"] == "genes_in_rows, samples_in_rows"
    assert adata.uns["ifnscore"]["input"]["n_recognised"] == 2


@pytest.mark.filterwarnings("error::UserWarning")
def test_nothing_lost_nothing_said(write):
    a = write("a.csv", "gene,s1\nMX1,1\nISG15,3\n")
    b = write("b.csv", "gene,s2\nISG15,30\nMX1,10\n")
    assert loaders.read(a, b).X.tolist() == [[1, 3], [10, 30]]


def test_duplicate_genes_are_joined_copy_by_copy(write):
    a = write("a.csv", "gene,s1\nMX1,1\nISG15,2\nMX1,3\n")
    b = write("b.csv", "gene,s2\nMX1,10\nMX1,30\nMX1,50\nISG15,20\n")
    with pytest.warns(IfnscoreWarning, match=r"only the 3 genes .*b\.csv loses 1 of 4"):
        adata = loaders.read(a, b)
    assert list(adata.var_names) == ["MX1", "ISG15", "MX1"]
    assert adata.X.tolist() == [[1, 2, 3], [10, 20, 30]]


def test_shared_samples_are_refused(write):
    a = write("a.csv", "gene,s1,s2\nMX1,1,2\nISG15,3,4\n")
    b = write("b.csv", "gene,s2,s3\nMX1,1,2\nISG15,3,4\n")
    with pytest.raises(DataError, match=r"b\.csv: sample names that .*a\.csv has as well: s2"):
        loaders.read(a, b)


def test_mixed_scales_are_refused(write):
    a = write("a.csv", "gene,s1\nMX1,1\nISG15,3\n")
    b = write("b.csv", "gene,s2\nMX1,1.5\nISG15,3\n")
    with pytest.raises(ScaleError, match=r"mixed scales: .*a\.csv is counts, .*b\.csv is of unknown scale"):
        loaders.read(a, b)
    assert loaders.read(a, b, scale="linear").uns["ifnscore"]["input"]["scale"] == "linear"


def test_no_gene_in_common(write):
    a = write("a.csv", "gene,s1\nMX1,1\nISG15,3\n")
    b = write("b.csv", "gene,s2\nENSG00000157601,1\nENSG00000187608,3\n")
    with pytest.raises(DataError, match="no gene identifier in common") as caught:
        loaders.read(a, b)
    assert "MX1, ISG15" in str(caught.value)
    assert "ENSG00000157601" in str(caught.value)


def test_sparse_and_dense_and_identifier_columns(write, tmp_path):
    adata = ad.AnnData(X=sp.csr_matrix(np.array([[1.0, 0.0], [0.0, 2.0]])))
    adata.obs_names, adata.var_names = ["c1", "c2"], ["id1", "id2"]
    adata.var["gene_name"] = ["ISG15", "MX1"]
    adata.write_h5ad(tmp_path / "a.h5ad")
    b = write("b.csv", "gene,s2\nMX1,10\nISG15,20\n")
    joined = loaders.read(tmp_path / "a.h5ad", b)
    assert sp.issparse(joined.X)
    assert joined.X.toarray().tolist() == [[1, 0], [0, 2], [20, 10]]
    assert loaders.identifiers(joined) == ("gene_name", ["ISG15", "MX1"])


def test_layers_are_joined(tmp_path):
    for name, shift in (("a", 0), ("b", 10)):
        adata = ad.AnnData(X=np.full((1, 2), -1.5), layers={"counts": np.array([[1, 2]]) + shift})
        adata.obs_names, adata.var_names = [name], ["ISG15", "MX1"]
        adata.write_h5ad(tmp_path / f"{name}.h5ad")
    joined = loaders.read(tmp_path / "a.h5ad", tmp_path / "b.h5ad", layer="counts")
    assert joined.layers["counts"].tolist() == [[1, 2], [11, 12]]
    assert joined.uns["ifnscore"]["input"]["scale"] == "counts"
    assert joined.uns["ifnscore"]["input"]["layer"] == "counts"


def test_a_joined_matrix_can_be_written(write, tmp_path):
    a = write("a.csv", "sample,group,control,ISG15,MX1\ns1,x,True,1,2\ns2,y,False,1,2\n")
    b = write("b.csv", "sample,ISG15,MX1\nt1,1,2\n")
    loaders.read(a, b).write_h5ad(tmp_path / "out.h5ad")
    back = loaders.read(tmp_path / "out.h5ad")
    assert back.obs["group"].isna().tolist() == [False, False, True]
    assert back.obs["control"].isna().tolist() == [False, False, True]
