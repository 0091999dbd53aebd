"""h5ad, zarr, parquet and 10x."""

from __future__ import annotations

import gzip
import logging

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning

DENSE = np.array([[1, 0, 3], [0, 5, 0]], dtype=np.float32)


def make(x=DENSE, names=("ISG15", "MX1", "IFI6"), **var):
    adata = ad.AnnData(X=x)
    adata.obs_names, adata.var_names = ["a", "b"], list(names)
    for name, values in var.items():
        adata.var[name] = values
    return adata


@pytest.mark.filterwarnings("ignore:Writing zarr v2")
@pytest.mark.parametrize("ending", ["h5ad", "zarr"])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_anndata_formats_keep_what_is_stored(tmp_path, ending, kind):
    adata = make(kind(DENSE))
    adata.obs["group"] = ["x", "y"]
    path = tmp_path / f"m.{ending}"
    adata.write_zarr(path) if ending == "zarr" else adata.write_h5ad(path)
    read = loaders.read(path)
    assert type(read.X) is type(adata.X)
    assert read.X.dtype == np.float32
    dense = read.X.toarray() if sp.issparse(read.X) else read.X
    np.testing.assert_array_equal(dense, DENSE)
    assert read.obs["group"].tolist() == ["x", "y"]
    assert read.uns["ifnscore"]["input"]["format"] == ending


@pytest.mark.filterwarnings("error::UserWarning")
def test_duplicate_genes_stay_as_they_are(tmp_path):
    make(names=("ISG15", "MX1", "ISG15")).write_h5ad(tmp_path / "m.h5ad")
    with pytest.warns(UserWarning, match="not unique"):
        ad.read_h5ad(tmp_path / "m.h5ad")
    assert list(loaders.read(tmp_path / "m.h5ad").var_names) == ["ISG15", "MX1", "ISG15"]


def test_a_better_column_names_the_genes(tmp_path, caplog):
    stored = make(names=("p1", "p2", "MX1"), feature_name=["ISG15", "MX1", "IFI6"], note=["u", "v", "w"])
    stored.write_h5ad(tmp_path / "m.h5ad")
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tmp_path / "m.h5ad")
    assert list(adata.var_names) == ["p1", "p2", "MX1"]
    assert adata.uns["ifnscore"]["input"]["identifiers_from"] == "feature_name"
    assert loaders.identifiers(adata) == ("feature_name", ["ISG15", "MX1", "IFI6"])
    assert "named by the var column 'feature_name' (3 identifiers recognised; 1 in the index)" in caplog.text


def test_the_index_wins_a_tie(tmp_path):
    make(gene_ids=["ENSG00000187608", "ENSG00000157601", "ENSG00000126709"]).write_h5ad(tmp_path / "m.h5ad")
    assert loaders.identifiers(loaders.read(tmp_path / "m.h5ad"))[0] == "index"


def test_symbol_column_is_obeyed(tmp_path):
    path = tmp_path / "m.h5ad"
    make(gene_ids=["ENSG00000187608", "x", "y"], entrez_id=[9636, 4599, 2537]).write_h5ad(path)
    adata = loaders.read(path, symbol_column="gene_ids")
    assert loaders.identifiers(adata) == ("gene_ids", ["ENSG00000187608", "x", "y"])
    assert loaders.identifiers(loaders.read(path, symbol_column="entrez_id"))[1] == ["9636", "4599", "2537"]
    with pytest.raises(DataError, match=r"m\.h5ad: var has no column 'symbols' .* 'gene_ids', 'entrez_id'"):
        loaders.read(path, symbol_column="symbols")


def test_identifiers_of_an_anndata_from_elsewhere():
    adata = make(names=("p1", "p2", "p3"), symbol=["ISG15", "MX1", "IFI6"])
    assert loaders.identifiers(adata) == ("symbol", ["ISG15", "MX1", "IFI6"])
    assert "ifnscore" not in adata.uns


def test_hardly_any_known_gene_is_warned_about(tmp_path):
    adata = ad.AnnData(X=np.ones((1, 1000), dtype=np.float32))
    adata.var_names = ["ISG15", *(f"locus_{i}" for i in range(999))]
    adata.write_h5ad(tmp_path / "m.h5ad")
    with pytest.warns(IfnscoreWarning, match="only 1 of 1000 identifiers are known human genes"):
        loaders.read(tmp_path / "m.h5ad")


FRAME = pd.DataFrame({"s1": [1, 2, 3], "s2": [10, 20, 30]}, index=["ISG15", "MX1", "IFI6"])


@pytest.mark.parametrize(
    "frame",
    [FRAME, FRAME.rename_axis("gene"), FRAME.rename_axis("gene").reset_index(), FRAME.rename_axis("s").T],
    ids=["index", "named_index", "column", "samples_in_rows"],
)
def test_parquet(tmp_path, frame):
    frame.to_parquet(tmp_path / "m.parquet")
    adata = loaders.read(tmp_path / "m.parquet")
    assert list(adata.var_names) == ["ISG15", "MX1", "IFI6"]
    assert list(adata.obs_names) == ["s1", "s2"]
    assert adata.X.tolist() == [[1, 2, 3], [10, 20, 30]]
    assert adata.uns["ifnscore"]["input"]["format"] == "parquet"


def test_parquet_with_a_word_and_without_names(tmp_path):
    FRAME.astype(str).to_parquet(tmp_path / "m.parquet")
    assert loaders.read(tmp_path / "m.parquet").X.tolist() == [[1, 2, 3], [10, 20, 30]]
    FRAME.astype(str).replace("20", "many").to_parquet(tmp_path / "m.parquet")
    with pytest.raises(DataError, match=r"row 'MX1', column 's2': 'many'"):
        loaders.read(tmp_path / "m.parquet")
    FRAME.astype(float).reset_index(drop=True).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(DataError, match="no column of names"):
        loaders.read(tmp_path / "m.parquet")


IDS = ["ENSG00000187608", "ENSG00000157601", "ENSG00000126709", "CD3"]
SYMBOLS = ["ISG15", "MX1", "IFI6", "CD3_TotalSeqB"]
TYPES = ["Gene Expression"] * 3 + ["Antibody Capture"]
TENX = np.array([[1, 0, 3, 9], [0, 5, 0, 8]])


def tenx_folder(folder, *, version, zipped, prefix=""):
    folder.mkdir()
    keep = 3 if version == 2 else 4
    columns = [IDS, SYMBOLS, TYPES][:version]
    features = "".join("\t".join(row) + "\n" for row in zip(*(c[:keep] for c in columns), strict=True))
    scipy.io.mmwrite(folder / "x.mtx", sp.coo_matrix(TENX[:, :keep].T))
    files = {
        "matrix.mtx": (folder / "x.mtx").read_bytes(),
        "barcodes.tsv": b"AAA-1\nCCC-1\n",
        ("genes.tsv" if version == 2 else "features.tsv"): features.encode(),
    }
    (folder / "x.mtx").unlink()
    for name, content in files.items():
        path = folder / (prefix + name + (".gz" if zipped else ""))
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("prefix", ["", "GSM1_"])
def test_10x_folder(tmp_path, caplog, version, zipped, prefix):
    folder = tenx_folder(tmp_path / "f", version=version, zipped=zipped, prefix=prefix)
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(folder)
    assert list(adata.obs_names) == ["AAA-1", "CCC-1"]
    assert list(adata.var_names) == SYMBOLS[:3]
    assert adata.var["gene_ids"].tolist() == IDS[:3]
    assert adata.X.toarray().tolist() == TENX[:, :3].tolist()
    assert ("left out: 1 Antibody Capture" in caplog.text) is (version == 3)
    assert adata.uns["ifnscore"]["input"]["format"] == "10x_folder"


def test_10x_folder_with_two_matrices_or_a_damaged_one(tmp_path):
    folder = tenx_folder(tmp_path / "f", version=3, zipped=True)
    (folder / "matrix.mtx.gz").write_bytes(gzip.compress(b"%%MatrixMarket nonsense\n"))
    with pytest.raises(DataError, match="damaged"):
        loaders.read(folder)
    (folder / "other_matrix.mtx.gz").write_bytes(b"")
    with pytest.raises(DataError, match=r"several 10x matrices .*matrix\.mtx\.gz, other_matrix\.mtx\.gz"):
        loaders.read(folder)


def tenx_h5(path, *, version):
    keep = 3 if version == 2 else 4
    x = sp.csc_matrix(TENX[:, :keep].T)
    with h5py.File(path, "w") as file:
        group = file.create_group("GRCh38" if version == 2 else "matrix")
        group["barcodes"] = np.array([b"AAA-1", b"CCC-1"])
        group["data"], group["indices"], group["indptr"] = x.data, x.indices, x.indptr
        group["shape"] = np.array(x.shape)
        if version == 2:
            group["genes"], group["gene_names"] = np.array(IDS[:3], "S"), np.array(SYMBOLS[:3], "S")
        else:
            features = group.create_group("features")
            features["id"], features["name"] = np.array(IDS, "S"), np.array(SYMBOLS, "S")
            features["feature_type"], features["genome"] = np.array(TYPES, "S"), np.array(["GRCh38"] * 4, "S")
            features["_all_tag_keys"] = np.array([b"genome"])
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_10x_h5(tmp_path, version, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tenx_h5(tmp_path / "m.h5", version=version))
    assert list(adata.obs_names) == ["AAA-1", "CCC-1"]
    assert list(adata.var_names) == SYMBOLS[:3]
    assert adata.var["gene_ids"].tolist() == IDS[:3]
    assert adata.X.toarray().tolist() == TENX[:, :3].tolist()
    assert ("left out: 1 Antibody Capture" in caplog.text) is (version == 3)


def test_10x_h5_truncated(tmp_path):
    path = tenx_h5(tmp_path / "m.h5", version=3)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match="cut off"):
        loaders.read(path)
