"""Text tables: layout, names, cells."""

from __future__ import annotations

from tests.badinputs._model import CSV, GENES, SCORE, Family, X, matrix

_t = Family("text", "m.csv")
_ROW = "ISG15,40,41,42"
_REGULAR = "each row needs one value per column"


def _cell(text: str) -> str:
    """Return the table with one cell replaced."""
    return CSV.replace(_ROW, f"ISG15,40,{text},42")


# ---- layout
_t.refuse("text-empty", "0 bytes", b"", "the file is empty")
_t.refuse("text-blank", "blanks and line ends only", " \n\t\r\n  \n", "the file is empty")
_t.refuse("text-header-only", "a header and no rows (0 genes)", "gene,s1,s2\n", "only a header line, no rows")
_t.refuse("text-comments-only", "comment lines only", "# a\n# b\n", "nothing but comment lines")
_t.refuse("text-one-column", "a list of genes (0 samples)", "gene\nISG15\nMX1\n", "only one column")
_t.refuse("text-pipes", "fields separated by |", CSV.replace(",", "|"), "only one column; a table separated by tabs, commas")
_t.refuse("text-mixed-delimiter", "header with commas, rows with tabs", CSV.partition("\n")[0] + "\n" + CSV.partition("\n")[2].replace(",", "\t"), "the header has 1 fields, but the rows have 4")
_t.refuse("text-truncated", "cut off in the last row", CSV[: CSV.rindex(",")] + "\n", "line 7: 3 fields where 4 are expected (too few): ... is the file cut off")
_t.refuse("text-extra-field", "a row with one field more", CSV.replace(_ROW, _ROW + ",9"), f"line 5: 5 fields where 4 are expected (too many): {_REGULAR}")
_t.refuse("text-short-row", "a row with one field less", CSV.replace(_ROW, "ISG15,40,41"), f"line 5: 3 fields where 4 are expected (too few): {_REGULAR}")
_t.refuse("text-long-header", "a header with more names than columns", CSV.replace("s3", "s3,s4,s5"), "the header has 6 fields, but the rows have 4")
_t.refuse("text-two-headers", "two header lines (merged cells of a spreadsheet)", ",run 1,run 1,run 2\n" + CSV, "row 'gene', column 'run 1': 's1' is not a number; this row looks like a header: keep one line of names")
_t.refuse("text-title-line", "a title line above the header", "Expression of the cohort,,,\n" + CSV, "row 'gene', column '': 's1' is not a number; this row looks like a header: keep one line of names")
_t.refuse("text-no-header", "no header", CSV.partition("\n")[2], "no header line (the first line, 'IFI27', is already data)")
_t.refuse("text-open-quote", "a quote that is never closed", CSV.replace("ISG15", '"ISG15'), "line 5: a quote is opened and never closed")
_t.refuse("text-words-only", "no column of numbers", "gene,a\nISG15,x\nMX1,y\n", "no column of numbers beside the names")
_t.refuse("text-html", "a web page saved as CSV", "<!DOCTYPE html>\n<html><head><title>404</title></head>\n<body>Not found</body></html>\n", "no table but a web page: download the file itself")
_t.refuse("text-json", "JSON under .csv", '{"gene": ["ISG15"],\n "s1": [1]}\n', "no table but JSON: export a table")
_t.refuse("text-pdf", "PDF under .txt", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "no table but a PDF: a table as CSV or TSV is needed", name="m.txt")
_t.refuse("text-long-line", "one line of 3 MB without a separator", "x" * 3_000_000, "only one column")
_t.refuse("text-two-million-columns", "2 million columns", lambda p: p.write_text("gene," + ",".join(f"c{i}" for i in range(2_000_000)) + "\nISG15" + ",1" * 2_000_000 + "\n"), "line 1: 2000001 columns; a text table has at most 500000: use h5ad instead")
_t.read("text-blank-lines", "blank lines on top, between rows and at the end", "\n\n" + CSV.replace("RSAD2", "\nRSAD2") + "\n\n", "3 samples x 6 genes")
_t.read("text-trailing-commas", "every line ends in a separator", CSV.replace("\n", ",\n"), "3 samples x 6 genes")
_t.read("text-empty-columns", "nameless empty columns of a spreadsheet", CSV.replace("\n", ",,\n"), "3 samples x 6 genes")
_t.read("text-empty-rows", "empty rows of a spreadsheet (commas only)", CSV + ",,,\n,,,\n", "3 samples x 6 genes")
_t.read("text-extra-columns", "extra columns that describe genes", "".join(line.replace(",", f",{word},", 1) + "\n" for line, word in zip(CSV.splitlines(), ["description", *"abcdef"], strict=True)), "kept as annotations: 'description'")
_t.read("text-one-sample", "1 sample", "gene,s1\n" + "".join(f"{g},{v}\n" for g, v in zip(GENES, X[0], strict=True)), "1 samples x 6 genes", holds=matrix(samples=["s1"], x=X[:1]))
_t.read("text-one-gene", "1 gene", "gene,s1,s2,s3\nISG15,40,41,42\n", "3 samples x 1 genes", holds=matrix(genes=["ISG15"], x=X[:, [3]]))

# ---- names
_t.refuse("text-duplicate-samples", "two samples of one name", CSV.replace("s3", "s1"), "duplicate sample names: s1;")
_t.refuse("text-duplicate-samples-blank", "sample names that differ by a blank only", CSV.replace("s3", "s1 "), "duplicate sample names: s1;")
_t.refuse("text-blank-sample", "a sample without a name", CSV.replace("s2", ""), "column 3 has no sample name in the header")
_t.refuse("text-blank-genes", "no gene has a name", "gene,s1,s2\n,1,2\n,3,4\n", "the 2 identifiers")
_t.refuse("text-probes", "array probes instead of genes", "id,a,b\n1007_s_at,1,2\n1053_at,3,4\n", "no catalogue gene among the 2 identifiers ('1007_s_at'")
_t.refuse("text-mouse", "mouse genes", "gene,a,b\nIsg15,1,2\nMx1,1,2\nGm1992,2,3\nOas1a,3,4\nStat1,1,2\n", "the symbols are mouse genes (for instance Gm1992, Oas1a): score them through one-to-one human orthologs")
_t.refuse("text-both-axes", "genes in rows and in columns", "gene,ISG15,MX1\nISG15,1,2\nMX1,3,4\n", "say which with orientation")
_t.refuse("text-no-sample-column", "samples in rows, no column of names", "ISG15,MX1,IFI6\n1.5,2,3\n4.5,5,6\n", "no column of sample names: the first column, 'ISG15'")
_t.read("text-duplicate-genes", "a gene in two rows", CSV + "ISG15,1,2,3\n", "1 genes in more than one row", holds=matrix(genes=[*GENES, "ISG15"], x=[[*r, i + 1] for i, r in enumerate(X.tolist())]))
_t.read("text-blank-gene", "a row without a gene name", CSV + ",1,2,3\n", "3 samples x 7 genes", holds=matrix(genes=[*GENES, ""], x=[[*r, i + 1] for i, r in enumerate(X.tolist())]))
_t.read("text-excel-dates", "gene names turned into dates by a spreadsheet", CSV + "2-Sep,1,2,3\n", "gene names turned into dates by a spreadsheet: 2-Sep", holds=matrix(genes=[*GENES, "2-Sep"], x=[[*r, i + 1] for i, r in enumerate(X.tolist())]))
_t.read("text-formula-gene", "a gene name that a spreadsheet would run", CSV + "=cmd|' /C calc'!A0,1,2,3\n", "3 samples x 7 genes", holds=matrix(genes=[*GENES, "=cmd|' /C calc'!A0"], x=[[*r, i + 1] for i, r in enumerate(X.tolist())]))
_t.read("text-html-gene", "a gene name that is HTML", CSV + "<script>alert(1)</script>,1,2,3\n", "3 samples x 7 genes", holds=matrix(genes=[*GENES, "<script>alert(1)</script>"], x=[[*r, i + 1] for i, r in enumerate(X.tolist())]))
_t.read("text-formula-sample", "a sample name that is a formula", CSV.replace("s2", '"=1+1"'), "3 samples x 6 genes", holds=matrix(samples=["s1", "=1+1", "s3"]))
_t.read("text-numeric-samples", "sample names that are numbers, transposed", "sample," + ",".join(GENES) + "\n" + "".join(f"{i + 1}," + ",".join(map(str, r)) + "\n" for i, r in enumerate(X.tolist())), "samples_in_rows", holds=matrix(samples=["1", "2", "3"]))
_t.read("text-na-names", "a sample called NA", CSV.replace("s1", "NA"), "3 samples x 6 genes", holds=matrix(samples=["NA", "s2", "s3"]))

# ---- cells
for _id, _wrong, _text, _shown, _hint in (
    ("word", "a word", "abc", "abc", "every value must be a number, or NA"),
    ("two-points", "a number with two points", "1.2.3", "1.2.3", "every value must be a number"),
    ("below-limit", "a value below the limit of detection", "<0.5", "<0.5", "every value must be a number"),
    ("dash", "a dash", "-", "-", "every value must be a number"),
    ("excel-error", "an error of a spreadsheet", "#VALUE!", "#VALUE!", "every value must be a number"),
    ("boolean", "True", "True", "True", "every value must be a number"),
    ("percent", "a per cent sign", "5%", "5%", "every value must be a number"),
    ("hex", "a hexadecimal number", "0x1F", "0x1F", "every value must be a number"),
    ("date", "a date", "2019-03-01", "2019-03-01", "every value must be a number"),
    ("unit", "a number with a unit", "41 cpm", "41 cpm", "every value must be a number"),
    ("minus", "a typographic minus", "\u221241", "\u221241", "every value must be a number"),
    ("arabic", "Arabic digits", "\u0664\u0661", "\u0664\u0661", "every value must be a number"),
    ("formula", "a formula", "=A1+1", "=A1+1", "every value must be a number"),
    ("decimal-comma", "a decimal comma, quoted", '"41,5"', "41,5", "this looks like a decimal comma"),
    ("thousands", "thousands separators, quoted", '"1,234,567"', "1,234,567", "without thousands separators"),
    ("thousands-blank", "blanks between thousands", "1 234", "1 234", "without thousands separators"),
    ("thousands-apostrophe", "apostrophes between thousands", "1'234", "1'234", "without thousands separators"),
    ("thousands-nbsp", "no-break spaces between thousands", "1\u00a0234", "1\u00a0234", "without thousands separators"),
):
    _t.refuse(f"text-cell-{_id}", f"a cell with {_wrong}" if _wrong[0].islower() else f"a cell with the word {_wrong}", _cell(_text), f"row 'ISG15', column 's2': {_shown!r} is not a number ... {_hint}")
_t.refuse("text-decimal-commas", "decimal commas, semicolons between fields", "gene;s1;s2\nISG15;1,5;2,5\nMX1;3,5;4,5\n", "row 'ISG15', column 's1': '1,5' is not a number ... decimal comma")
_t.refuse("text-decimal-comma-csv", "a decimal comma that is not quoted", _cell("41,5"), f"line 5: 5 fields where 4 are expected (too many): {_REGULAR}")
_t.refuse("text-nan", "a missing value", _cell("NaN"), "nan in signature gene ISG15, sample s2 ... fill or remove it, or let the gene be dropped")
_t.refuse("text-empty-cell", "an empty cell", _cell(""), "nan in signature gene ISG15, sample s2 ... fill or remove it, or let the gene be dropped")
_t.refuse("text-inf", "inf", _cell("inf"), "inf in signature gene ISG15, sample s2 ... fill or remove it, or let the gene be dropped")
_t.refuse("text-1e400", "1e400, which no float can hold", _cell("1e400"), "ISG15 ... s2")
_t.refuse("text-1e308", "1e308: sums overflow", _cell("1e308"), "whole numbers up to 1e+308, more than any count")
_t.refuse("text-1e308-linear", "1e308 declared as linear", _cell("1e308"), "the scale is linear, but the largest value is 1e+308, more than any measurement", words=(*SCORE, "--scale", "linear"))
_t.refuse("text-2-63", "2**63, beyond 64-bit integers", _cell(str(2**63)), "whole numbers up to 9.223e+18, more than any count")
_t.refuse("text-2-63-counts", "2**63 declared as counts", CSV.replace("20,21,22", ",".join([str(2**63)] * 3)), "the scale is counts, but the largest value is 9.223e+18", words=(*SCORE, "--scale", "counts"))
_t.refuse("text-minus-2-63", "-2**63, declared as log2", _cell(str(-(2**63))), "the scale is log2, but the lowest value is -9.223e+18, below any logarithm", words=(*SCORE, "--scale", "log2"))
_t.refuse("text-ct-negative", "-1e308 declared as Ct", _cell("-1e308"), "the scale is ct, but the lowest value is -1e+308, below any cycle threshold", words=(*SCORE, "--scale", "ct"))
_t.refuse("text-2-64", "2**64 in a column of integers", _cell(str(2**64)), "whole numbers up to 1.845e+19, more than any count")
_t.refuse("text-negative-counts", "negative values declared as counts", _cell("-41"), "the scale is counts, but the matrix holds negative values (lowest -41)", words=(*SCORE, "--scale", "counts"))
_t.refuse("text-unknown-scale", "fractions, no scale declared", _cell("41.5"), "the expression scale is not certain: fractional values from 10 to 62 ... declare it with --scale")
_t.refuse("text-not-log", "values of 41 declared as log2", CSV.replace("60,61,62", "60000,61000,62000.5"), "the scale is log2, but the largest value is 6.2e+04, beyond any log scale", words=(*SCORE, "--scale", "log2"))
_t.refuse("text-negative", "negative values, no scale declared", _cell("-41"), "the expression scale is not certain: negative values (lowest -41) ... declare it with --scale")
_t.read("text-quoted-numbers", "numbers as text (in quotes)", "".join(",".join(f'"{c}"' for c in line.split(",")) + "\n" for line in CSV.splitlines()), "3 samples x 6 genes")
_t.read("text-padded", "blanks around every cell", CSV.replace(",", " , "), "3 samples x 6 genes")
_t.read("text-plus", "numbers with a plus sign", CSV.replace(",4", ",+4"), "3 samples x 6 genes")
_t.read("text-exponent", "numbers written as 4.1E+01", _cell("4.1E+01"), "counts")

CASES = _t.cases
