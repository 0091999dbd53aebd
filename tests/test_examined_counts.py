"""What real files of other origin showed: per-sample counts under a header, hidden files, the genome of a 10x file."""

from __future__ import annotations

import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError
from ifnscore.loaders import _tenx

BODY = "IFI44L\t{}\nISG15\t{}\nMX1\t{}\n__no_feature\t100\n"


@pytest.mark.parametrize("head", ["feature\tcount\n", "gene_id\tCounts\n", '"gene"\t"read_counts"\n'])
def test_counts_of_one_sample_under_a_header(tmp_path, head):
    for name, factor in (("GSM1_a", 1), ("GSM2_b", 10)):
        (tmp_path / f"{name}.tsv").write_text(head + BODY.format(factor, 2 * factor, 3 * factor))
    one = loaders.read(tmp_path / "GSM2_b.tsv")
    assert list(one.obs_names) == ["GSM2_b"]
    assert list(one.var_names) == ["IFI44L", "ISG15", "MX1"]
    both = loaders.read(tmp_path)
    assert list(both.obs_names) == ["GSM1_a", "GSM2_b"]
    assert both.X.tolist() == [[1, 2, 3], [10, 20, 30]]
    pair = loaders.read(tmp_path / "GSM1_a.tsv", tmp_path / "GSM2_b.tsv")
    assert pair.X.tolist() == both.X.tolist()


def test_a_table_of_one_named_sample_keeps_its_name(tmp_path):
    (tmp_path / "t.tsv").write_text("gene\tP1\nIFI44L\t1\nISG15\t2\n")
    assert list(loaders.read(tmp_path / "t.tsv").obs_names) == ["P1"]


def test_hidden_files_of_macos_in_a_10x_folder(tmp_path):
    with gzip.open(tmp_path / "matrix.mtx.gz", "wt") as handle:
        handle.write("%%MatrixMarket matrix coordinate integer general\n2 1 2\n1 1 5\n2 1 7\n")
    with gzip.open(tmp_path / "barcodes.tsv.gz", "wt") as handle:
        handle.write("AAA-1\n")
    with gzip.open(tmp_path / "features.tsv.gz", "wt") as handle:
        handle.write("ENSG00000187608\tISG15\tGene Expression\nENSG00000157601\tMX1\tGene Expression\n")
    for name in ("._matrix.mtx.gz", "._barcodes.tsv.gz", "._features.tsv.gz"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7Mac OS X")
    assert loaders.read(tmp_path).X.toarray().tolist() == [[5, 7]]


@pytest.mark.parametrize(
    ("genome", "refused"),
    [
        ("mm10", True),
        ("refdata-gex-mm10-2020-A", True),
        ("GRCm39", True),
        ("GRCh38", False),
        ("", False),
        ("hg19", False),
        ("comm10x", False),
    ],
)
def test_the_genome_that_a_10x_file_names(genome, refused):
    adata = ad.AnnData(np.ones((1, 1)), var=pd.DataFrame({"genome": [genome]}, index=["ISG15"]))
    if refused:
        with pytest.raises(DataError, match=f"the genome is {genome}: mouse data are read with --species mouse"):
            _tenx.gene_expression(lambda: adata, "m.h5")
    else:
        assert _tenx.gene_expression(lambda: adata, "m.h5") is adata


def test_as_many_genes_as_barcodes_in_a_10x_folder(tmp_path):
    """10x writes genes in rows, the other way round than alevin."""
    (tmp_path / "matrix.mtx").write_text("%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 1 5\n1 2 7\n")
    (tmp_path / "barcodes.tsv").write_text("AAA-1\nCCC-1\n")
    (tmp_path / "genes.tsv").write_text("ENSG00000187608\tISG15\nENSG00000157601\tMX1\n")
    adata = loaders.read(tmp_path)
    assert adata[:, "ISG15"].X.toarray().ravel().tolist() == [5, 7]
