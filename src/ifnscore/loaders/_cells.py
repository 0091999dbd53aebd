"""Columns of a table: which hold numbers, which describe genes or samples, and where a cell is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ifnscore import genes, identify
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError
from ifnscore.loaders._model import Table

#: Number columns that describe genes or samples; none of these is a gene symbol or a likely sample name.
_DESCRIBING = {
    *("chr", "chrom", "chromosome", "chromosome_name", "seqname", "start", "end", "start_position", "end_position"),
    *("strand", "width", "length", "gene_length", "effective_length", "entrez", "entrezid", "entrez_id", "entrezgene"),
    *("entrezgene_id", "ncbi_gene_id", "gene_id", "geneid", "age", "sex", "batch", "plate", "time", "day", "week"),
    *("visit", "dose", "bmi", "rin", "lib_size", "library_size", "is_control"),
}
#: Names of columns of words, which are no samples where they are empty.
_TEXT_NAME = re.compile(r"desc|name|symbol|title|annotation|biotype|note|comment|group|diagnos", re.IGNORECASE)
#: Rows and columns that summarise the others, in small letters; none is a gene.
_SUMMARY = {
    *("total", "totals", "grand total", "sum", "mean", "average", "avg", "median", "stdev", "std dev", "std. dev."),
    "standard deviation",
}
#: Also initials of a person, or a gene (MAX): these count only next to another such name.
_SUMMARY_IN_COMPANY = {"sd", "sem", "min", "max", "std"}
#: Numbers written in any way, and marks such as ``-`` or ``.`` that stand for a value that is missing.
_NUMBER_LIKE = re.compile(r"[+-]?\d[\d.,'\s]*([eE][+-]?\d+)?%?|[^\w\s]+")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([,'\s]\d{3})+(\.\d+)?")


def numeric_columns(table: Table) -> tuple[Table, list[int]]:
    """Return the table, and the positions of the columns that hold expression values.

    The first column holds the row names. Another column describes genes or samples when its name says so or when
    its cells are words. Numbers stored as words (in parquet) become numbers.

    Raises
    ------
    DataError
        A cell among the values is not a number (row, column and text named), or there are no values at all.
    """
    kinds = [dtype.kind if isinstance(dtype, np.dtype) else "O" for dtype in table.frame.dtypes]
    values = [j for j in range(1, len(kinds)) if kinds[j] in "iuf" and identify.plain(table.header[j]) not in _DESCRIBING]
    values = [j for j in values if not (_TEXT_NAME.search(table.header[j]) and table.frame[j].isna().all())]
    first_value = values[0] if values else len(kinds)
    for j in range(1, len(kinds)):
        if kinds[j] not in "iufb" and _should_be_numbers(table, j, leading=j < first_value):
            table = _with_numbers(table, j)
            values.append(j)
    values.sort()
    if not values:
        msg = f"{table.label}: no column of numbers beside the names"
        raise DataError(msg)
    return table, values


def _should_be_numbers(table: Table, j: int, *, leading: bool) -> bool:
    name = table.header[j]
    if identify.plain(name) in _DESCRIBING:
        return False
    cells = [str(c).strip() for c in table.frame[j].dropna()]
    share = sum(_NUMBER_LIKE.fullmatch(c) is not None for c in cells) / max(1, len(cells))
    return share >= 0.5 or (share > 0 and not leading) or genes.recognise([name]) > 0  # noqa: PLR2004


def _with_numbers(table: Table, j: int) -> Table:
    column = table.frame[j]
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        raise DataError(_bad_cell(table, j, wrong))
    frame = table.frame.copy(deep=False)
    frame[j] = numbers.astype("float64")
    return Table(table.label, table.header, frame, table.orientation)


def _bad_cell(table: Table, j: int, wrong: pd.Series) -> str:
    column = table.frame[j]
    i = int(np.flatnonzero(wrong.to_numpy())[0])
    text = str(column.iloc[i]).strip()
    if _THOUSANDS.fullmatch(text):
        hint = "write numbers without thousands separators and with a decimal point"
    elif _COMMA.fullmatch(text):
        hint = "this looks like a decimal comma: write numbers with a decimal point"
    elif i == 0 and _is_header(table):
        hint = "this row looks like a header: keep one line of names, on top"
    else:
        hint = "every value must be a number, or NA"
    n = int(wrong.sum())
    more = f" (and {n - 1} more cells of this column)" if n > 1 else ""
    row = str(table.frame[0].iloc[i])
    return f"{table.label}: row {row!r}, column {table.header[j]!r}: {text!r} is not a number{more}; {hint}"


def _is_header(table: Table) -> bool:
    """Whether the first row holds words in all columns but the first: a second header, or the header below a title."""
    cells = [str(table.frame[j].iloc[0]).strip() for j in range(1, len(table.header))]
    return len(cells) > 1 and not any(_NUMBER_LIKE.fullmatch(c) for c in cells)


def described(table: Table, columns: Sequence[int], index: list[str]) -> pd.DataFrame:
    """Return describing columns as a DataFrame with the given index, names made unique, safe to write as h5ad."""
    out: dict[str, pd.Series] = {}
    for j in columns:
        base = name = table.header[j] or "id"
        n = 1
        while name in out:
            n += 1
            name = f"{base}_{n}"
        column = table.frame[j]
        words = column.dtype.kind not in "iufb"
        out[name] = column.astype("category") if words and column.isna().any() else column
    frame = pd.DataFrame(out)
    frame.index = pd.Index(index, dtype=object if not index else None)
    return frame


def summaries(names: Sequence[str]) -> list[int]:
    """Return positions of rows or columns that summarise the others (Total, Mean, SD), none if there are no others.

    ``MAX`` is a gene and ``SD`` may be a person, so these are taken for summaries only in a block with another summary:
    a list of genes in the order of the alphabet never has one beside MAX.
    """
    words = [name.strip().lower().replace("_", " ") for name in names]
    found: list[int] = []
    start = 0
    for end in range(len(words) + 1):
        if end < len(words) and (words[end] in _SUMMARY or words[end] in _SUMMARY_IN_COMPANY):
            continue
        block = range(start, end)
        if len({words[i] for i in block}) > 1 or any(words[i] in _SUMMARY for i in block):
            found += block
        start = end + 1
    return found if len(found) < len(words) else []
