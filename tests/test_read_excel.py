"""Excel sheets, and workbooks as annotations."""

from __future__ import annotations

import datetime
import logging
import re
import zipfile

import openpyxl
import pandas as pd
import pytest

from ifnscore import loaders
from ifnscore.cli import _inputs
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.loaders import _excel, _excel_table

HEAD = ["gene", "s1", "s2", "s3"]
ROWS = [["ISG15", 10, 250, 11], ["MX1", 0, 90, 1], ["IFI44L", 3, 0, 2], ["RSAD2", 7, 61, 0]]
DAY = datetime.datetime(2024, 9, 2)


def book(path, sheets):
    """Write a workbook: sheet name -> rows, or (rows, state)."""
    wb = openpyxl.Workbook()
    wb.remove(wb.active)
    for name, given in sheets.items():
        rows, state = given if isinstance(given, tuple) else (given, "visible")
        ws = wb.create_sheet(name)
        ws.sheet_state = state
        for row in rows:
            ws.append(row)
    wb.save(path)
    return path


@pytest.fixture
def sheet(tmp_path):
    """Return a function that reads a workbook of one sheet."""

    def read(rows, **options):
        return loaders.read(book(tmp_path / "m.xlsx", {"Sheet1": rows}), **options)

    return read


def refused(call):
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert "m.xls" in message
    return message


def table(adata):
    return pd.DataFrame(adata.X, adata.obs_names, adata.var_names)


def check(adata):
    assert list(adata.obs_names) == ["s1", "s2", "s3"]
    assert list(adata.var_names) == ["ISG15", "MX1", "IFI44L", "RSAD2"]
    assert adata.X.tolist() == [[10, 0, 3, 7], [250, 90, 0, 61], [11, 1, 2, 0]]


@pytest.mark.parametrize("name", ["m.xlsx", "m.xlsm", "M.XLSX", "m.xls"])
def test_plain_sheet(tmp_path, name):
    adata = loaders.read(book(tmp_path / name, {"Sheet1": [HEAD, *ROWS]}))
    check(adata)
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["orientation"]) == ("excel", "counts", "genes_in_rows")
    assert adata.X.dtype.kind == "i"


def test_samples_in_rows_with_annotations(sheet):
    turned = list(map(list, zip(*[HEAD, *ROWS], strict=True)))
    turned[0][0] = "sample"
    rows = [[*turned[0], "group", "seen"], *([*r, "jdm", DAY] for r in turned[1:])]
    adata = sheet(rows)
    check(adata)
    assert adata.obs["group"].tolist() == ["jdm"] * 3
    assert list(adata.obs) == ["group"]  # days do not leave the workbook


def test_titles_blank_rows_margins_and_remarks(sheet, caplog):
    rows = [["Table S2. Counts, n = 3"], ["made by a lab", None, 4], [], ["", *HEAD], *([None, *r] for r in ROWS), []]
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = sheet([*rows, [None, "* counts of reads"]])
    check(adata)
    assert "the header is row 4; 2 rows above it left out" in caplog.text
    assert "remarks below the table left out, 1 row from row 10 on" in caplog.text


def test_a_gene_without_values_below_is_no_remark(sheet):
    assert list(sheet([HEAD, *ROWS, ["IFIT1"]]).var_names)[-1] == "IFIT1"


def test_group_names_above_sample_names(sheet):
    check(sheet([["", "healthy", None, "jdm"], HEAD, *ROWS]))


def test_names_merged_with_the_row_above(sheet):
    adata = sheet([["gene", "note", "counts", None, None], [None, None, "s1", "s2", "s3"], *([r[0], "x", *r[1:]] for r in ROWS)])
    check(adata)
    assert list(adata.var) in (["note"], ["id"])


def test_a_column_of_values_without_a_name(sheet):
    message = refused(lambda: sheet([["gene", "s1", None, "s3"], *ROWS]))
    assert "sheet 'Sheet1', cell C1: the column holds values but has no name in row 1 (merged cells?)" in message


def test_merged_group_is_no_sample_name(sheet):
    message = refused(lambda: sheet([[None, "healthy", None, None], ["gene", None, "s2", "s3"], *ROWS]))
    assert "cell B2" in message


def test_samples_called_by_numbers(sheet):
    for word in ("gene", "Gene symbol", None):
        assert list(sheet([[word, 101, 102.0, 103], *ROWS]).obs_names) == ["101", "102", "103"]


def test_no_header(sheet):
    assert "no header: row 1 (cell A1) already holds values and nothing stands above it" in refused(lambda: sheet(ROWS))
    assert "row 1 does not name the columns above it" in refused(lambda: sheet([["My counts"], *ROWS]))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("#DIV/0!", "cell C3: the error #DIV/0! of Excel"),
        ("#VALUE!", "cell C3: the error #VALUE! of Excel"),
        (DAY, "cell C3: a date or time among numbers"),
        ("12,5", "cell C3: row 'MX1', column 's2': '12,5' is not a number; this looks like a decimal comma"),
        ("1,234,567", "cell C3: row 'MX1', column 's2': '1,234,567' is not a number; write numbers without thousands"),
        ("n.d.", "cell C3: row 'MX1', column 's2': 'n.d.' is not a number"),
        ("true story", "cell C3"),
        (True, "cell C3"),
    ],
)
def test_bad_cells_are_named(sheet, value, words):
    rows = [list(r) for r in ROWS]
    rows[1][2] = value
    assert words in refused(lambda: sheet([HEAD, *rows]))


def test_decimal_commas_everywhere(sheet):
    message = refused(lambda: sheet([HEAD, *([r[0], *(f"{v},5" for v in r[1:])] for r in ROWS)]))
    assert "cell B2" in message
    assert "decimal comma" in message


@pytest.mark.parametrize("blank", [None, "", "NA", "#N/A", "n/a"])
def test_missing_values(sheet, blank):
    rows = [list(r) for r in ROWS]
    rows[1][2] = blank
    assert table(sheet([HEAD, *rows]))["MX1"].isna().tolist() == [False, True, False]


def test_numbers_stored_as_text(sheet):
    check(sheet([HEAD, *([r[0], *map(str, r[1:])] for r in ROWS)]))


def test_genes_that_became_dates(sheet):
    rows = [HEAD, *ROWS, [DAY, 1, 2, 3], [datetime.datetime(2024, 3, 1), 1, 2, 3], [datetime.datetime(2024, 3, 8), 4, 5, 6]]
    with pytest.warns(IfnscoreWarning, match="turned into dates") as caught:
        adata = sheet(rows)
    message = str(caught[0].message)
    assert "A6 (2-Sep, taken for SEPTIN2), A7 (1-Mar, not certain which gene), A8 (8-Mar, taken for MARCHF8)" in message
    assert list(adata.var_names)[4:] == ["2-Sep", "1-Mar", "8-Mar"]
    assert "2024" not in message + str(adata.uns)


def test_genes_that_became_dates_in_the_header(sheet):
    with pytest.warns(IfnscoreWarning, match=r"C1 \(2-Sep, taken for SEPTIN2\)"):
        adata = sheet([["sample", "ISG15", DAY, "MX1"], ["a", 1, 2, 3], ["b", 4, 5, 6]])
    assert list(adata.var_names) == ["ISG15", "2-Sep", "MX1"]


def test_genes_that_became_numbers_of_days(sheet):
    rows = [HEAD, *([f"GENE{i}", 1, 2, 3] for i in range(20)), *ROWS, [44806, 1, 2, 3]]
    with pytest.warns(IfnscoreWarning, match="genes such as SEPT2: cells A26"):
        sheet(rows)


def test_samples_named_by_days_are_refused(sheet):
    days = [datetime.datetime(2024, 1, d) for d in (1, 2, 3)]
    assert "cell B1: the names are dates" in refused(lambda: sheet([["gene", *days], *ROWS]))


def test_formulas_are_read_by_their_stored_value(tmp_path):
    path = book(tmp_path / "m.xlsx", {"Sheet1": [HEAD, *ROWS[:3], ["RSAD2", 7, "=B2+B3", 0]]})
    message = refused(lambda: loaders.read(path))
    assert "sheet 'Sheet1', cell C5: a formula without a stored value" in message
    rewrite(
        path,
        "xl/worksheets/sheet1.xml",
        lambda text: re.sub(r"(B2\+B3</f>)<v\s*/>|(B2\+B3</f>)<v></v>", r"B2+B3</f><v>61</v>", text),
    )
    check(loaders.read(path))


def rewrite(path, member, change):
    """Write a workbook anew with one changed part."""
    with zipfile.ZipFile(path) as old:
        parts = {n: old.read(n) for n in old.namelist()}
    assert member in parts
    changed = change(parts[member].decode()).encode()
    assert changed != parts[member]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (parts | {member: changed}).items():
            new.writestr(name, content)
    return path


README = [["Please read"], ["Counts of 2024", 3], ["by us"]]


def test_the_sheet_with_genes_is_taken(tmp_path, caplog):
    path = book(tmp_path / "m.xlsx", {"read me": README, "data": [HEAD, *ROWS], "ages": [["id", "age"], ["a", 3], ["b", 4]]})
    with caplog.at_level(logging.INFO, "ifnscore"):
        check(loaders.read(path))
    assert "sheet 'data' is read, the only one with genes and numbers" in caplog.text


def test_several_sheets_with_genes(tmp_path, caplog):
    other = [HEAD, *([r[0], 5, 5, 5] for r in ROWS)]
    hidden = ([HEAD, *([r[0], 6, 6, 6] for r in ROWS)], "hidden")
    path = book(tmp_path / "m.xlsx", {"old": hidden, "Counts": [HEAD, *ROWS], "TPM": other})
    with caplog.at_level(logging.INFO, "ifnscore"):
        check(loaders.read(path))
    assert "sheet 'Counts' is read, the first one with genes and numbers (there are also old, TPM; choose with" in caplog.text
    assert loaders.read(path, sheet="tpm").X.max() == 5
    assert loaders.read(path, sheet="old").X.max() == 6
    assert "no sheet 'raw'; the sheets are old (hidden), Counts, TPM." in refused(lambda: loaders.read(path, sheet="raw"))


def test_only_hidden_sheets_cannot_be(tmp_path):
    path = book(tmp_path / "m.xlsx", {"a": [HEAD, *ROWS], "b": ([], "hidden")})
    check(loaders.read(path))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "the sheet is empty"),
        ([["gene", "s1"]], "no table of numbers"),
        ([HEAD], "no table of numbers"),
        ([["ISG15", "up"], ["MX1", "down"]], "no table of numbers"),
        ([["gene", 101, 102]], "no header"),
    ],
)
def test_sheets_without_a_table(sheet, rows, words):
    assert words in refused(lambda: sheet(rows))


def test_duplicate_samples(sheet):
    assert "duplicate sample names: s1" in refused(lambda: sheet([["gene", "s1", "s1", "s3"], *ROWS]))


def test_no_known_genes(sheet):
    assert "no catalogue gene" in refused(lambda: sheet([HEAD, ["a", 1, 2, 3], ["b", 4, 5, 6]]))


def test_absurd_dimensions_are_not_believed(tmp_path):
    path = book(tmp_path / "m.xlsx", {"Sheet1": [HEAD, *ROWS]})
    rewrite(path, "xl/worksheets/sheet1.xml", lambda t: t.replace('ref="A1:D5"', 'ref="A1:XFD1048576"'))
    check(loaders.read(path))
    far = rewrite(
        path, "xl/worksheets/sheet1.xml", lambda t: t.replace('r="5"', 'r="999999999999"').replace('"A5"', '"A999999999999"')
    )
    assert "a row beyond 1048576, which no Excel sheet has" in refused(lambda: loaders.read(far))


def test_zip_bomb(tmp_path):
    path = tmp_path / "m.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(400):
            part.write(bytes(1 << 20))
    assert "500-fold: a decompression bomb" in refused(lambda: loaders.read(path))


def test_entities_are_refused(tmp_path):
    path = book(tmp_path / "m.xlsx", {"Sheet1": [HEAD, *ROWS]})
    bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
    rewrite(path, "xl/worksheets/sheet1.xml", lambda t: bomb + t)
    assert "holds a document type" in refused(lambda: loaders.read(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel file (.xls), or one with a password: save it as .xlsx"),
        (b"PK\x03\x04 nonsense", "not a readable zip archive"),
        (b"<html><table><tr><td>1</td></tr></table>", "a web page or XML with the ending of Excel"),
    ],
)
@pytest.mark.parametrize("name", ["m.xlsx", "m.xls"])
def test_files_that_are_no_workbook(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in refused(lambda: loaders.read(tmp_path / name))


def test_workbook_cut_off_at_any_place(tmp_path):
    path = book(tmp_path / "m.xlsx", {"Sheet1": [HEAD, *ROWS]})
    whole = path.read_bytes()
    for end in range(1, len(whole), 211):
        path.write_bytes(whole[:end])
        refused(lambda: loaders.read(path))


def test_zip_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.xlsx", "w") as archive:
        archive.writestr("a.csv", "gene,s1\nISG15,1\n")
    assert "not a readable Excel workbook" in refused(lambda: loaders.read(tmp_path / "m.xlsx"))


@pytest.mark.parametrize("content", ["gene\ts1\ts2\nISG15\t1\t2\n", "gene,s1,s2\r\nISG15,1,2\r\n"])
def test_text_under_an_ending_of_excel(tmp_path, caplog, content):
    (tmp_path / "m.xls").write_text(content, newline="")
    with caplog.at_level(logging.INFO, "ifnscore"):
        assert loaders.read(tmp_path / "m.xls").X.tolist() == [[1], [2]]
    assert "text, not an Excel workbook, and read as such" in caplog.text
    assert "it has no sheets" in refused(lambda: loaders.read(tmp_path / "m.xls", sheet="a"))


def test_references():
    assert [_excel.reference(i, j) for i, j in ((0, 0), (6, 1), (9, 25), (0, 26), (4, 701), (0, 702), (1048575, 16383))] == [
        *("A1", "B7", "Z10", "AA1", "ZZ5", "AAA1", "XFD1048576")
    ]


def test_names_as_excel_shows_them():
    assert [_excel_table.name_of(c) for c in (None, 7, 7.0, 7.5, "x", DAY, datetime.date(2020, 12, 1))] == [
        *("", "7", "7", "7.5", "x", "2-Sep", "1-Dec")
    ]


SAMPLES = [["sample_id", "group", "age", "seen"], ["007", "healthy, old", 9, DAY], [8, 'say "so"', 7.5, None]]


def test_a_workbook_of_annotations(tmp_path, caplog):
    path = book(tmp_path / "m.xlsx", {"notes": README, "Samples": [["# a note"], *SAMPLES]})
    with caplog.at_level(logging.INFO, "ifnscore"):
        found = _inputs.read_table(path)
    assert "sheet 'Samples' is read; the others (notes) are not" in caplog.text
    assert found["sample_id"].tolist() == ["007", "8"]
    assert found["group"].tolist() == ["healthy, old", 'say "so"']
    assert found["age"].tolist() == [9, 7.5]
    assert found["seen"].tolist()[0] == "2024-09-02"
    assert found["seen"].isna().tolist() == [False, True]


def test_the_first_sheet_of_annotations(tmp_path):
    path = book(tmp_path / "m.xlsx", {"hidden": (README, "hidden"), "people": SAMPLES, "more": README})
    assert _inputs.read_table(path)["sample_id"].tolist() == ["007", "8"]


def test_bad_annotations(tmp_path):
    path = book(tmp_path / "m.xlsx", {"samples": [["id", "age"], ["a", "=1+1"]]})
    assert "m.xlsx, sheet 'samples', cell B2: a formula without a stored value" in refused(lambda: _inputs.read_table(path))
    path = book(tmp_path / "m.xlsx", {"samples": [["id", "age"]]})
    assert "the table has no rows" in refused(lambda: _inputs.read_table(path))
    path = book(tmp_path / "m.xlsx", {"samples": []})
    assert "not a CSV or TSV table" in refused(lambda: _inputs.read_table(path))


def test_score_of_a_workbook_with_a_workbook_of_annotations(tmp_path, run):
    book(tmp_path / "m.xlsx", {"Sheet1": [HEAD, *ROWS]})
    book(tmp_path / "who.xlsx", {"samples": [["sample", "group"], ["s1", "h"], ["s2", "jdm"], ["s3", "h"]]})
    code, out, err = run("inspect", tmp_path / "m.xlsx", "--samples", tmp_path / "who.xlsx")
    assert code == 0, err
    assert "group" in out + err
