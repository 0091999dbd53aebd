"""Identifiers as tables write them: joined forms, copies, names mended by R, dates; and what unknown ones look like.

Gene ids of the examples: ISG15 is Entrez 9636 and ENSG00000187608, TAP1 is Entrez 6890, HLA-A is Entrez 3105 (NCBI Gene).
"""

from __future__ import annotations

import pytest

from ifnscore import genes, lookalike, spelling
from ifnscore.errors import DataError


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("ISG15|9636", "ISG15"),  # TCGA
        ("G1P2|9636", "ISG15"),
        ("?|9636", "ISG15"),
        ("ENSG00000187608_ISG15", "ISG15"),  # RSEM
        ("ENSG00000187608.10_ISG15", "ISG15"),
        ("ENSG00000187608.10_7", "ISG15"),  # GENCODE lifted to GRCh37
        ("ENSG00000187608.10:ISG15", "ISG15"),
        ("ISG15_ENSG00000187608.10", "ISG15"),
        ("ISG15|ENSG00000187608.10", "ISG15"),
        ("ENSG00000999999|ISG15", "ISG15"),  # an id that the table does not have, a current symbol
        ("9636.0", "ISG15"),
        ('"ISG15"', "ISG15"),
        ("isg15", "ISG15"),
        ("HLA.A", "HLA-A"),
        ("hla.dra", "HLA-DRA"),
        ("GRCh38_ISG15", "ISG15"),
        ("hg19___ISG15", "ISG15"),
    ],
)
def test_a_name_is_read(name, gene):
    assert genes.match([name]).columns == {gene: [0]}
    assert genes.recognise([name]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "ENST00000649529.1|ENSG00000187608.10|-|-|ISG15-203|ISG15|637|",  # salmon with GENCODE names: a transcript
        "NM_005101|ISG15",
        "MXA|99999999",  # an alias, but the id is another gene's
        "ENSMUSG00000035692|ISG15",  # the mouse
        "ENSMUSG00000035692_Isg15",
        "mm10___Isg15",
        "mouse:ISG15",
        "mouse:ENSG00000187608",
        "AC004551.1",
        "ISG15-AS1",
        "ENSG00000999999|G1P2",  # an alias does not overrule an id
        "X9636",  # one such name is an accession
        "nan",
        "",
    ],
)
def test_a_name_is_no_gene(name):
    found = genes.match([name, "MX1"])
    assert found.columns["MX1"] == [1]
    assert found.n_recognised == 1
    assert not {"ISG15", "OAS1", "MX2"} & set(found.columns)


def test_rows_without_a_symbol_stay_apart():
    """TCGA writes ``?|100130426``: these are different genes, not copies of one."""
    found = genes.match(["?|100130426", "?|10357", "?|9636", "ISG15|9636"])
    assert found.duplicated == {"ISG15": [2, 3]}


def test_numbered_copies_are_rows_of_the_gene():
    found = genes.match(["ISG15", "MX1", "ISG15.1", "ISG15-2", "MX2.1", "FOO", "FOO.1", "HLA.A", "HLA-A.1"])
    assert found.columns["ISG15"] == [0, 2, 3]
    assert found.columns["MX2.1"] == [4], "without MX2 itself it is not known what this is"
    assert found.columns["FOO.1"] == [6]
    assert found.columns["HLA-A"] == [7]
    assert found.columns["HLA-A.1"] == [8], "R would have written HLA.A.1"
    assert found.copies == {"ISG15.1": "ISG15", "ISG15-2": "ISG15"}


def test_numbers_that_r_made_names_of():
    """``X9636`` counts only where nearly all names are such; X57522 alone is the GenBank accession of TAP1."""
    assert genes.match(["X9636", "X6890", "X3105"]).columns == {"ISG15": [0], "TAP1": [1], "HLA-A": [2]}
    assert genes.recognise(["X9636", "X6890", "X3105"]) == 3
    assert "TAP1" not in genes.match(["X6890", "ISG15", "MX1"]).columns


@pytest.mark.parametrize(
    ("symbol", "made"), [("HLA-A", "HLA.A"), ("4-HNE", "X4.HNE"), ("IRF1-AS1", "IRF1.AS1"), ("ISG15", "ISG15")]
)
def test_made_names(symbol, made):
    """As R 4.2.2: ``make.names(c("HLA-A", "4-HNE", "IRF1-AS1", "ISG15"))``."""
    assert spelling.made_name(symbol) == made


@pytest.mark.parametrize(
    ("date", "gene"),
    [
        ("2-Sep", "SEPTIN2"),
        ("02-Sep", "SEPTIN2"),
        ("Sep-02", "SEPTIN2"),
        ("X2.Sep", "SEPTIN2"),
        ("2024-09-02", "SEPTIN2"),
        ("2024-09-02 00:00:00", "SEPTIN2"),
        ("2-Sep-24", "SEPTIN2"),
        ("15-Sep", "SELENOF"),
        ("3-Mar", "MARCHF3"),
        ("1-Mar", None),
        ("2-Mar", None),
        ("1-Dec", None),
    ],
)
def test_dates(date, gene):
    assert spelling.is_date(date)
    assert spelling.restored(date) == gene


def test_no_date():
    assert not any(map(spelling.is_date, ["ISG15", "NKX2-1", "SEPTIN2", "MARCHF1", "2-SepX", "H3-3A", "1007_s_at"]))


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["1007_s_at", "1053_at", "AFFX-BioB-3_at"], "Affymetrix"),
        (["ILMN_1343291", "ILMN_1651199"], "Illumina"),
        (["A_23_P100001", "A_33_P3421571"], "Agilent"),
        (["ENST00000456328.2", "ENST00000450305"], "Ensembl transcripts"),
        (["ENSP00000269305", "ENSP00000418960.2"], "Ensembl proteins"),
        (["NM_005101.4", "NR_046018"], "RefSeq transcripts"),
        (["uc001aaa.3", "uc010nxq.1"], "UCSC"),
        (["P05161", "A0A024R161", "P20591-2"], "UniProt"),
        (["HGNC:4053", "HGNC:7532"], "HGNC"),
        (["cg00000029", "cg00000108"], "methylation"),
        (["hsa-miR-21-5p", "hsa-let-7a"], "microRNA"),
        (["chr1:100-200", "chr2:5-9"], "places"),
        (["7892501", "7892502"], "no Entrez"),
    ],
)
def test_unknown_ids_are_described_and_something_can_be_done(names, what):
    message = genes.unusable(names)
    assert message.startswith(f"no catalogue gene among the {len(names)} identifiers ('{names[0]}'")
    assert f"they look like {what}" in message or what in message
    assert ";" in message.split("they look like")[1]
    assert "\n" not in message


def test_what_is_not_known_is_not_described():
    assert lookalike.describe(["alpha", "beta"]) is None
    assert "needed are human gene symbols" in genes.unusable(["alpha", "beta"])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Isg15", "Mx1", "Stat1", "RT1-Da"], "rat genes"),
        (["Isg15", "Mx1", "Stat1", "Gm1992"], "--species mouse"),
        (["isg15", "stat1a", "stat2", "rsad2", "irf7", "si:ch211-197h24.6"], "zebrafish genes"),
    ],
)
def test_other_species_are_refused(names, said):
    with pytest.raises(DataError, match=said):
        genes.check_species(names)


@pytest.mark.parametrize(
    "names",
    [
        ["ISG15", "MX1", "STAT1", "Isg15", "Mx1", "Stat1"],
        ["ENSG00000187608", "ENSG00000157601", "ENSMUSG00000035692", "ENSMUSG00000000386"],
        ["GRCh38_ISG15", "GRCh38_MX1", "mm10___Isg15", "mm10___Mx1"],
    ],
)
def test_mixed_species_are_refused(names):
    with pytest.raises(DataError, match="another species in one matrix"):
        genes.check_species(names)


def test_a_few_odd_rows_are_no_second_species():
    assert genes.check_species([*(f"GENE{i}" for i in range(60)), "ISG15", "MX1", "Isg15", "ENSMUSG00000035692"]) is None


def test_mouse_spelling_names_the_option():
    assert "--species mouse" in (genes.check_species(["Isg15", "Mx1", "Ifit1"]) or "")
    assert "--species mouse" in genes.unusable(["ENSMUSG00000035692.5", "ENSMUSG00000000386"])
    assert "--species mouse" in genes.unusable(["mm10_Isg15"])
    assert "human genes are needed" in genes.unusable(["ENSRNOG00000021802"])
