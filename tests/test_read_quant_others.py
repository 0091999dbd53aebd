"""Gene tables of the Genomic Data Commons and of StringTie; the layouts are those of their documentation."""

from __future__ import annotations

import pytest

from ifnscore import loaders
from ifnscore.errors import DataError

GDC = """# gene-model: GENCODE v36
gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded\tfpkm_unstranded\tfpkm_uq_unstranded
N_unmapped\t\t\t100\t100\t100\t\t\t
N_multimapping\t\t\t7\t7\t7\t\t\t
N_noFeature\t\t\t5\t50\t50\t\t\t
N_ambiguous\t\t\t3\t1\t1\t\t\t
ENSG00000187608.10\tISG15\tprotein_coding\t1200\t600\t600\t5.1\t2.3\t3.1
ENSG00000157601.14\tMX1\tprotein_coding\t0\t0\t0\t0.0\t0.0\t0.0
ENSG00000137959.16\tIFI44L\tprotein_coding\t300\t150\t150\t1.5\t0.7\t1.0
"""
STRINGTIE = """Gene ID\tGene Name\tReference\tStrand\tStart\tEnd\tCoverage\tFPKM\tTPM
ENSG00000187608\tISG15\tchr1\t+\t1001138\t1014540\t12.5\t4.5\t9.0
ENSG00000187608\tISG15\tchr1\t+\t1020120\t1056118\t1.0\t0.5\t1.0
STRG.7\t-\tchr2\t-\t100\t200\t1.0\t0.1\t0.25
ENSG00000157601\tMX1\tchr21\t+\t41420304\t41459214\t3.0\t2.0\t4.0
"""


@pytest.mark.parametrize(
    ("quantity", "scale", "values"),
    [
        ("tpm", "linear", [5.1, 0.0, 1.5]),
        ("counts", "counts", [1200, 0, 300]),
        ("fpkm", "linear", [2.3, 0.0, 0.7]),
        ("fpkm_uq", "linear", [3.1, 0.0, 1.0]),
    ],
)
def test_gdc(tmp_path, quantity, scale, values):
    path = tmp_path / "1a2b.rna_seq.augmented_star_gene_counts.tsv"
    path.write_text(GDC)
    adata = loaders.read(path, quantity=quantity)
    assert list(adata.obs_names) == ["1a2b"]
    assert list(adata.var_names) == ["ENSG00000187608.10", "ENSG00000157601.14", "ENSG00000137959.16"]
    assert adata.X.tolist() == [values]
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"], record["id_kind"]) == ("gdc_star", scale, "RNA-seq", "Ensembl")
    assert f"column {'unstranded' if quantity == 'counts' else quantity + '_unstranded'}" in record["scale_why"]


def test_a_download_folder_of_the_gdc_client(tmp_path):
    for name, factor in (("f1", 1), ("f2", 2)):
        (tmp_path / "dl" / name).mkdir(parents=True)
        text = GDC.replace("\t1200\t", f"\t{1200 * factor}\t")
        (tmp_path / "dl" / name / f"{name}.rna_seq.augmented_star_gene_counts.tsv").write_text(text)
    (tmp_path / "dl" / "MANIFEST.txt").write_text("id\tfilename\n")
    adata = loaders.read(tmp_path / "dl", quantity="counts")
    assert list(adata.obs_names) == ["f1", "f2"]
    assert adata[:, "ENSG00000187608.10"].X.ravel().tolist() == [1200, 2400]


def test_gdc_without_the_column(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text(GDC.replace("fpkm_uq_unstranded", "other"))
    with pytest.raises(DataError, match=r"a\.tsv: no column 'fpkm_uq_unstranded'; the columns are .*option quantity="):
        loaders.read(path, quantity="fpkm_uq")


def test_gdc_with_a_broken_number(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text(GDC.replace("5.1", "5,1"))
    with pytest.raises(DataError, match=r"row 'ENSG00000187608\.10', column 'tpm_unstranded' is '5,1'"):
        loaders.read(path)


def test_stringtie_adds_rows_of_one_gene(tmp_path):
    path = tmp_path / "S1_gene_abund.tab"
    path.write_text(STRINGTIE)
    adata = loaders.read(path)
    assert list(adata.obs_names) == ["S1"]
    assert dict(zip(adata.var_names, adata.X[0].tolist(), strict=True)) == {"ISG15": 10.0, "MX1": 4.0, "STRG.7": 0.25}
    assert adata.uns["ifnscore"]["input"]["scale"] == "linear"
    assert loaders.read(path, quantity="fpkm")[:, "ISG15"].X.ravel().tolist() == [5.0]


def test_stringtie_folders(tmp_path):
    for name in ("P1", "P2"):
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "gene_abund.tab").write_text(STRINGTIE)
    assert list(loaders.read(tmp_path / "out").obs_names) == ["P1", "P2"]


def test_stringtie_cut_off(tmp_path):
    path = tmp_path / "S1_gene_abund.tab"
    path.write_text(STRINGTIE[:-12])
    with pytest.raises(DataError, match=r"S1_gene_abund\.tab, line 5: 7 fields where 9 are expected"):
        loaders.read(path)
