"""GCT 1.2 and 1.3: sizes, annotations, doubled tabs."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError

WITNESS = Path(__file__).parent / "witness" / "geo"
PLAIN = "#1.2\n3\t2\nName\tDescription\ts1\ts2\nISG15\tubiquitin like\t1.5\t-2\nMX1\tna\t3\t4\nIFI27\t\t5\t6\n"
X = [[1.5, 3, 5], [-2, 4, 6]]


def write(folder, text, name="m.gct", encoding="utf-8"):
    path = folder / name
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def refused(folder, text, pattern, name="m.gct"):
    path = write(folder, text, name)
    with pytest.raises(DataError, match=pattern) as error:
        loaders.read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["m.gct", "m.gct.gz", "m.txt", "m.tsv"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_version_1_2(tmp_path, name, ending):
    adata = loaders.read(write(tmp_path, PLAIN.replace("\n", ending), name))
    assert adata.uns["ifnscore"]["input"]["format"] == "gct"
    assert adata.uns["ifnscore"]["input"]["scale"] == ""
    assert adata.obs_names.tolist() == ["s1", "s2"]
    assert adata.var_names.tolist() == ["ISG15", "MX1", "IFI27"]
    np.testing.assert_array_equal(adata.X, X)
    assert adata.var["Description"].astype(object).fillna("").tolist() == ["ubiquitin like", "", ""]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings(tmp_path, encoding):
    np.testing.assert_array_equal(loaders.read(write(tmp_path, PLAIN, encoding=encoding)).X, X)


def test_version_1_3_by_r():
    """Base R (witness/geo/make_R.R): sums of the samples; annotations by hand."""
    adata = loaders.read(WITNESS / "synthetic.gct")
    assert adata.uns["ifnscore"]["input"]["identifiers_from"] == "pr_gene_symbol"
    assert adata.var["pr_gene_symbol"].tolist() == ["ISG15", "MX1", "IFI27"]
    assert adata.var["probe"].tolist() == ["p0", "p1", "p2"]
    assert adata.obs["arm"].tolist() == ["u", "v", "u", "v"]
    np.testing.assert_array_equal(adata.obs["dose"], [1, 2, np.nan, 4])  # -666 is the Connectivity Map's missing annotation
    sums = pd.read_csv(WITNESS / "R_gct_sums.csv", index_col=0)["sum"]
    np.testing.assert_allclose(adata.X.sum(axis=1), sums[adata.obs_names].to_numpy(), rtol=1e-12)


def test_minus_666_among_values_is_a_number(tmp_path):
    adata = loaders.read(write(tmp_path, PLAIN.replace("1.5", "-666")))
    assert adata.X[0, 0] == -666


def test_whole_numbers_are_counts(tmp_path):
    adata = loaders.read(write(tmp_path, PLAIN.replace("1.5", "1").replace("-2", "2")))
    assert adata.X.dtype == np.int64
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"


@pytest.mark.parametrize("cell", ["", "NA", "null", "NaN"])
def test_missing_values(tmp_path, cell):
    adata = loaders.read(write(tmp_path, PLAIN.replace("\t1.5", f"\t{cell}")))
    np.testing.assert_array_equal(np.isnan(adata.X), [[True, False, False], [False] * 3])


def test_personal_annotations_are_not_kept(tmp_path):
    text = "#1.3\n2\t2\t0\t3\nid\ts1\ts2\npatient name\tAda\tBob\nday\t2012-03-04\t5\ntissue\tskin\tblood\nISG15\t1.5\t2\nMX1\t3\t4\n"
    adata = loaders.read(write(tmp_path, text))
    assert adata.obs.columns.tolist() == ["day", "tissue"]
    assert adata.obs["day"].tolist() == ["(date)", "5"]


def test_names_and_texts_that_look_missing_or_quoted(tmp_path):
    text = PLAIN.replace("ubiquitin like", '5" end').replace("IFI27", '"NA"').replace("MX1\tna", '"MX1"\t"na"')
    adata = loaders.read(write(tmp_path, text))
    assert adata.var_names.tolist() == ["ISG15", "MX1", "NA"]
    assert adata.var["Description"].tolist()[0] == '5" end'
    np.testing.assert_array_equal(adata.X, X)


def test_description_that_holds_the_symbols(tmp_path):
    text = "#1.2\n2\t1\nName\tDescription\ts1\nENSG00000187608.10\tISG15\t1.5\nENSG00000157601.14\tMX1\t2\n"
    assert loaders.read(write(tmp_path, text)).uns["ifnscore"]["input"]["n_recognised"] == 2
    text = "#1.2\n2\t1\nName\tDescription\ts1\n1_at\tISG15\t1.5\n2_at\tMX1\t2\n"
    assert loaders.read(write(tmp_path, text)).uns["ifnscore"]["input"]["identifiers_from"] == "Description"


def test_probes_through_a_chip_file(tmp_path):
    text = "#1.2\n3\t1\nName\tDescription\ts1\n1_at\tna\t1.5\n2_at\tna\t2.5\n3_at\tna\t4\n"
    refused(tmp_path, text, r"rows are probes \(for instance '1_at', '2_at'\), not genes: .*--option platform=FILE")
    chip = tmp_path / "x.chip"
    chip.write_text("Probe Set ID\tGene Symbol\tGene Title\n1_at\tISG15\tt\n2_at\tISG15\tt\n3_at\tMX1\tt\n")
    adata = loaders.read(write(tmp_path, text), platform=chip, probes="mean")
    assert adata.var_names.tolist() == ["ISG15", "MX1"]
    np.testing.assert_array_equal(adata.X, [[2, 4]])


BROKEN = "#1.2\n{n} 2\nName\tDescription\ts1\t\ts2\t\t\n{rows}"


def test_doubled_and_missing_tabs_are_read_where_one_reading_is_left(tmp_path, caplog):
    rows = "ISG15\t\t\t1.5\t-2\t\nMX1\t3\t4\t\nIFI27\ttext\t5\t\t6\n"
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        adata = loaders.read(write(tmp_path, BROKEN.format(n=3, rows=rows)))
    np.testing.assert_array_equal(adata.X, X)
    assert adata.obs_names.tolist() == ["s1", "s2"]
    assert "3 lines with doubled or missing tabs were read by their 2 numbers each" in caplog.text


def test_a_carriage_return_inside_a_line_is_no_new_row(tmp_path):
    adata = loaders.read(write(tmp_path, PLAIN.replace("ubiquitin like", "ubiquitin\rlike")))
    np.testing.assert_array_equal(adata.X, X)
    assert adata.var["Description"].tolist()[0] == "ubiquitin like"


def test_trailing_tabs_are_no_fault(tmp_path, caplog):
    text = "\n".join(line + "\t\t" for line in PLAIN.splitlines())
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        adata = loaders.read(write(tmp_path, text))
    np.testing.assert_array_equal(adata.X, X)
    assert "doubled" not in caplog.text


@pytest.mark.parametrize(
    ("rows", "line", "row"),
    [
        ("ISG15\t\t\t1.5\t-2\t\nMX1\ttext\t\t\t4\n", 5, "MX1"),  # whose value is the 4?
        ("ISG15\ttext\t1.5\nMX1\tna\t3\t4\n", 4, "ISG15"),
        ("ISG15\ttext\t1.5\t2\t3\nMX1\tna\t3\t4\n", 4, "ISG15"),
        ("ISG15\tna\t1.5\tx\t2\t3\nMX1\tna\t3\t4\n", 4, "ISG15"),
        ("ISG15\t12\t1.5\t2\nMX1\t3\t4\n", 5, "MX1"),  # descriptions are numbers here: 3 may be one
        ("ISG15\tna\t1.5\t2\nMX1\t3\t4\t\n", 5, "MX1"),  # a description 3 and a missing value, or neither
    ],
)
def test_lines_that_can_be_read_in_two_ways(tmp_path, rows, line, row):
    text = f"#1.2\n2\t2\nName\tDescription\ts1\ts2\n{rows}"
    refused(tmp_path, text, rf"line {line}, row '{row}': \d numbers in \d fields, where 2 fields and then 2 numbers are needed")


def test_numeric_descriptions_with_a_missing_last_value(tmp_path):
    adata = loaders.read(write(tmp_path, "#1.2\n2\t2\nName\tDescription\ts1\ts2\nISG15\t9636\t1.5\t2\nMX1\t4599\t4\t\n"))
    np.testing.assert_array_equal(adata.X, [[1.5, 4], [2, np.nan]])


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (PLAIN.replace("3\t2", "4\t2"), "3 rows, where line 2 says 4: the file is cut off"),
        (PLAIN.replace("3\t2", "2\t2"), "3 rows, where line 2 says 2: rows were added"),
        (PLAIN.replace("3\t2", "3\t3"), "line 3: 2 sample names, where line 2 says 3 columns"),
        (PLAIN.replace("3\t2", "3\t1"), "line 3: 2 sample names, where line 2 says 1 columns"),
        (PLAIN.replace("3\t2", "three\t2"), "line 2: 'three..2' where the size of the matrix stands .rows, columns"),
        (PLAIN.replace("3\t2", "3\t2\t1\t0"), "line 2: .*rows, columns, separated by tabs"),
        (PLAIN.replace("3\t2", "0\t2"), "line 2: the size is 0 rows and 2 columns"),
        (PLAIN.replace("3\t2", "99999999999999999999\t2"), "line 2: .*size of the matrix"),
        (PLAIN.replace("#1.2", "#1.1"), r"line 1: '#1.1' where a GCT file has its version, '#1.2' or '#1.3'"),
        (PLAIN.replace("#1.2\n", ""), "line 1: '3..2' where a GCT file has its version"),
        (PLAIN.replace("1.5", "1,5"), "line 4, row 'ISG15', sample 's1': '1,5' is not a number"),
        (PLAIN.replace("\t5\t", "\thigh\t"), "line 6, row 'IFI27', sample 's1': 'high' is not a number"),
        (PLAIN.replace("s2", "s1"), "duplicate sample names: s1"),
        (PLAIN.replace("\t", ","), "line 2: '3,2' where the size"),
        ("#1.2\n", "ends after 1 lines"),
        ("#1.2\n3\t2\nName\tDescription\ts1\ts2\n", "ends after 3 lines, without any row"),
        ("", "the file is empty"),
        ("#1.3\n1\t1\t0\t2\nid\ts1\nage\t5\nsex\tf\n", "0 rows, where line 2 says 1"),
        ("#1.3\n2\t1\nid\ts1\nISG15\t5\n", "rows, columns, annotations of rows, annotations of columns"),
    ],
)
def test_bad_files(tmp_path, text, pattern):
    refused(tmp_path, text, pattern)


def test_negative_intensities_are_explained(tmp_path):
    text = PLAIN.replace("\t3\t4", "\t300.5\t4")
    assert "raise the negative ones" in loaders.read(write(tmp_path, text)).uns["ifnscore"]["input"]["notes"]


def test_blank_lines_and_padding_by_a_spreadsheet(tmp_path):
    lines = PLAIN.splitlines()
    text = "\n".join([f"{lines[0]}\t\t\t", f"{lines[1]}\t\t", *lines[2:], "\t\t\t", "", ""])
    np.testing.assert_array_equal(loaders.read(write(tmp_path, text)).X, X)


def test_command_line(tmp_path, run):
    code, out, _ = run("score", write(tmp_path, PLAIN), "--scale", "log2", "--method", "mean_log", "-s", "rice2013_ags6")
    assert code == 0
    assert "s1" in out
    code, out, err = run("score", write(tmp_path, PLAIN.replace("3\t2", "4\t2")), "--scale", "log2")
    assert (code, out, err.count("\n")) == (1, "", 1)
