"""Text tables: separators, headers, orientation, identifier columns, compression, encodings."""

from __future__ import annotations

import bz2
import gzip
import io
import logging
import sys

import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError

GENES = ["IFI44L", "ISG15", "MX1", "RSAD2"]
CSV = "gene,s1,s2\nIFI44L,1,20\nISG15,2,30\nMX1,3,40\nRSAD2,4,50\n"
X = np.array([[1, 2, 3, 4], [20, 30, 40, 50]])


@pytest.fixture
def write(tmp_path):
    def _write(text, name="m.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


def assert_expected(adata, genes=GENES, samples=("s1", "s2")):
    assert list(adata.var_names) == list(genes)
    assert list(adata.obs_names) == list(samples)
    np.testing.assert_array_equal(adata.X, X)


@pytest.mark.parametrize(
    ("separator", "name"),
    [(",", "m.csv"), ("\t", "m.tsv"), (";", "m.csv"), (" ", "m.txt"), ("   ", "m.txt"), ("\t", "m.csv")],
)
def test_separators(write, separator, name):
    assert_expected(loaders.read(write(CSV.replace(",", separator), name)))


@pytest.mark.parametrize("header", ['"",s1,s2', ",s1,s2", "s1,s2", '"s1","s2"', '"gene","s1","s2"'])
def test_first_header_cell_empty_quoted_or_absent(write, header):
    assert_expected(loaders.read(write(CSV.replace("gene,s1,s2", header))))


def test_r_style_header_with_one_sample(write):
    adata = loaders.read(write("s1\nIFI44L 5\nISG15 7\n", "m.txt"))
    assert list(adata.obs_names) == ["s1"]
    assert adata.X.tolist() == [[5, 7]]


def test_write_table_of_r_with_quotes_and_blanks(write):
    text = '"s 1" "s 2"\n"IFI44L" 1 20\n"ISG15" 2 30\n"MX1" 3 40\n"RSAD2" 4 50\n'
    assert_expected(loaders.read(write(text, "m.txt")), samples=("s 1", "s 2"))


@pytest.mark.parametrize(
    "text",
    [
        CSV + "\n\n  \n",
        "# made by a tool, version 3\n#second\n\n" + CSV,
        "#" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.replace("\n", ",\n"),
        CSV.replace("\n", ",\n").replace("s2,", "s2"),
        CSV + ",,\n",
        CSV.removesuffix("\n"),
        CSV.replace(",", " , "),
    ],
    ids=[
        *("blank_end", "comments", "hash_header", "crlf", "cr"),
        *("trailing", "trailing_rows", "empty_row", "no_newline", "blanks"),
    ],
)
def test_untidy_but_clear(write, text):
    assert_expected(loaders.read(write(text)))


def test_a_hash_later_in_the_file_is_not_a_comment(write):
    adata = loaders.read(write(CSV + "#weird,5,6\n"))
    assert adata.n_vars == 5


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.encode("utf-16"),
        lambda t: gzip.compress(t.encode()),
        lambda t: gzip.compress(t[:20].encode()) + gzip.compress(t[20:].encode()),
        lambda t: bz2.compress(t.encode()),
    ],
    ids=["bom", "utf16", "gz", "gz_members", "bz2"],
)
def test_encodings_and_compression_by_content(write, encode):
    assert_expected(loaders.read(write(encode(CSV))))


@pytest.mark.parametrize("ending", ["gz", "bz2", "zst"])
def test_compression_suffixes(write, ending):
    import zstandard
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstandard.ZstdCompressor().compress}[ending]
    assert_expected(loaders.read(write(pack(CSV.encode()), f"m.csv.{ending}")))
    half = CSV.encode()[:20], CSV.encode()[20:]
    assert_expected(loaders.read(write(pack(half[0]) + pack(half[1]), f"m.CSV.{ending}")))


def test_names_in_windows_1252(write):
    adata = loaders.read(write(CSV.replace("s2", "Müller").encode("cp1252")))
    assert list(adata.obs_names) == ["s1", "Müller"]


def test_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV.replace(",", "\t").encode())))
    adata = loaders.read("-")
    assert_expected(adata)
    assert adata.uns["ifnscore"]["input"]["format"] == "text"


def test_samples_in_rows_keep_leading_annotations(write, caplog):
    text = "sample,group,donor,age,IFI44L,ISG15,MX1,RSAD2\ns1,ctrl,1A,40,1,2,3,4\ns2,,2B,50,20,30,40,50\n"
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(write(text))
    assert_expected(adata)
    assert list(adata.obs) == ["group", "donor", "age"]
    assert adata.obs["donor"].tolist() == ["1A", "2B"]
    assert adata.obs["group"].isna().tolist() == [False, True]
    assert adata.obs["age"].tolist() == [40, 50]
    assert adata.uns["ifnscore"]["input"]["orientation"] == "samples_in_rows"
    assert "genes lie in the columns (4 of 4" in caplog.text


def test_orientation_is_said(write, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(write(CSV))
    assert "genes lie in the rows (4 of 4 identifiers recognised)" in caplog.text
    record = adata.uns["ifnscore"]["input"]
    assert record["orientation"] == "genes_in_rows"
    assert record["identifiers_from"] == "index"
    assert record["id_kind"] == "symbol"
    assert record["n_recognised"] == 4


def test_sample_numbers_are_not_entrez_ids(write):
    rows = "\n".join(f"{i},{i},{i + 1}" for i in range(1, 60))  # 2 is A2M, 12 is SERPINA3, ...
    adata = loaders.read(write("sample,ISG15,MX1\n" + rows + "\n"))
    assert adata.shape == (59, 2)
    assert adata.obs_names[0] == "1"


def test_entrez_ids_in_rows(write):
    adata = loaders.read(write("entrez,s1,s2\n9636,1,20\n4599,2,30\n10964,3,40\n91543,4,50\n"))
    assert_expected(adata, genes=["9636", "4599", "10964", "91543"])
    assert adata.uns["ifnscore"]["input"]["id_kind"] == "Entrez"


def test_numeric_sample_names(write):
    assert_expected(loaders.read(write(CSV.replace("s1,s2", "101,102"))), samples=("101", "102"))


def test_two_identifier_columns(write, caplog):
    text = (
        '"",gene_symbol,description,Length,s1,s2\n'
        "ENSX1,IFI44L,a,900,1,20\nENSX2,ISG15,,800,2,30\nENSG00000157601,MX1,c,700,3,40\nENSX4,RSAD2,d,1e3,4,50\n"
    )
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(write(text))
    assert_expected(adata)
    assert list(adata.var) == ["id", "description", "Length"]
    assert adata.var["id"].tolist()[2] == "ENSG00000157601"
    assert "genes are named by column 'gene_symbol' (4 identifiers recognised; 1 in the 'first' column)" in caplog.text


def test_symbol_column_is_obeyed(write):
    text = "id,symbol,s1,s2\nENSG00000137959,IFI44L,1,20\nprobe2,ISG15,2,30\nprobe3,MX1,3,40\nprobe4,RSAD2,4,50\n"
    adata = loaders.read(write(text), symbol_column="id")
    assert adata.var_names[0] == "ENSG00000137959"
    assert list(adata.var) == ["symbol"]
    with pytest.raises(DataError, match=r"no column 'sym' that could name the genes; there are 'id', 'symbol'"):
        loaders.read(write(text), symbol_column="sym")


def test_feature_counts_columns_are_not_samples(write):
    text = (
        "# Program:featureCounts v2.0.0\n"
        "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam\n"
        "IFI44L\t1\t79\t99\t+\t20\t1\t20\nISG15\t1;1\t1;2\t3;4\t+;+\t30\t2\t30\n"
        "MX1\t21\t1\t9\t+\t20\t3\t40\nRSAD2\t2\t1\t9\t-\t20\t4\t50\n"
    )
    assert_expected(loaders.read(write(text, "counts.txt")), samples=("a", "b"))


def test_names_stand_as_written(write):
    text = "gene,s1,s2\n2-Sep,1,20\nISG15,2,30\nISG15,3,40\nMX1,4,50\n"
    adata = loaders.read(write(text))
    assert list(adata.var_names) == ["2-Sep", "ISG15", "ISG15", "MX1"]


@pytest.mark.filterwarnings("error::UserWarning")
def test_duplicate_genes_raise_no_warning(write):
    adata = loaders.read(write("gene,s1\nISG15,1\nMX1,2\nISG15,3\n", "m.csv"))
    assert adata.X.tolist() == [[1, 2, 3]]


def test_missing_and_infinite_values_are_kept(write):
    text = "gene,s1,s2\nIFI44L,NA,1.5\nISG15,,inf\nMX1,NaN,-inf\nRSAD2,2,3\n"
    adata = loaders.read(write(text))
    np.testing.assert_array_equal(adata.X, [[np.nan] * 3 + [2], [1.5, np.inf, -np.inf, 3]])


def test_whole_numbers_stay_exact_and_decimals_are_float64(write):
    adata = loaders.read(write("gene,s1\nISG15,16777217\nMX1,1\n"))
    assert adata.X.dtype == np.int64
    assert adata.X[0, 0] == 16777217
    adata = loaders.read(write("gene,s1\nISG15,16777217\nMX1,0.1234567890123456\n"))
    assert adata.X.dtype == np.float64
    assert adata.X.tolist() == [[16777217.0, 0.1234567890123456]]


def test_htseq_footers_in_a_merged_table(write):
    adata = loaders.read(write(CSV + "__no_feature,100,100\n__ambiguous,7,7\n"))
    assert_expected(adata)


def test_h5ad_of_every_annotation_can_be_written(write, tmp_path):
    adata = loaders.read(write("s,group,ok,ISG15,MX1\na,x,True,1,2\nb,,False,3,4\nc,z,True,5,6\n"))
    adata.write_h5ad(tmp_path / "out.h5ad")
    assert loaders.read(tmp_path / "out.h5ad").obs["group"].tolist()[0] == "x"
    adata = loaders.read(write("gene,note,s1\nISG15,x,1\nMX1,,2\nIFI6,y,3\n"))
    adata.write_h5ad(tmp_path / "out2.h5ad")


def test_declared_orientation_solves_ambiguity(write):
    text = "gene,ISG15,MX1\nISG15,1,2\nMX1,3,4\n"
    with pytest.raises(DataError, match=r"in the rows \(2 of 2\) and in the columns \(2 of 2\): say which with orient"):
        loaders.read(write(text))
    assert loaders.read(write(text), orientation="genes_in_rows").X.tolist() == [[1, 3], [2, 4]]
    assert loaders.read(write(text), orientation="samples_in_rows").X.tolist() == [[1, 2], [3, 4]]


def test_row_names_that_look_missing_stay(write):
    adata = loaders.read(write("gene,NA,s2\nNA,1,2\nnull,3,4\nISG15,5,6\n"))
    assert list(adata.var_names) == ["NA", "null", "ISG15"]
    assert list(adata.obs_names) == ["NA", "s2"]


def test_empty_columns(write):
    adata = loaders.read(write("gene,description,s1,s2,,\nIFI44L,,1,20,,\nISG15,,2,30,,\nMX1,,3,40,,\nRSAD2,,4,50,,\n"))
    assert_expected(adata)


def test_annotations_are_said(write, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        loaders.read(write("gene,note,s1\nISG15,x,1\nMX1,y,2\n"))
    assert "columns that are not expression values, kept as annotations: 'note'" in caplog.text


def test_an_empty_sample_stays_a_sample(write):
    adata = loaders.read(write("gene,description,s1,s2\nISG15,,,2\nMX1,,NA,4\n"))
    np.testing.assert_array_equal(adata.X, [[np.nan, np.nan], [2, 4]])
