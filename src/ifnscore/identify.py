"""Which names of an AnnData identify its genes: the index, or a column of ``var`` that is recognised better."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ifnscore import genes, keys
from ifnscore._lazy import ad, pd
from ifnscore.errors import DataError, listing, say

INDEX = "index"
#: Names of number columns that hold gene identifiers.
_GENE_NUMBERS = re.compile(r"entrez|ncbi|locus_?link|^gene[_.]?id|gene[_.]?ids?$|^genes?$")
#: Cells of a column of numbers, or of several numbers in a cell.
_NUMBERS = re.compile(r"[+-]?\d[\d.,;|/\seE+-]*")
#: Whole numbers that are denser count rows: the ids of the human genes reach beyond 100 million.
_ROWS = 10
#: The index is good enough, and no column is looked at, once it names this share of the identifier table.
_ENOUGH = 0.9
#: No identifier has so many digits, and Python refuses to read thousands of them.
_LONGEST_NUMBER = 20
#: Two numbers are no run yet.
_FEW = 2


def identifiers(adata: ad.AnnData, symbol_column: str | None = None) -> tuple[str, list[str]]:
    """Return the gene identifiers of `adata` and where they stand.

    Parameters
    ----------
    adata
        Samples by genes.
    symbol_column
        Column of ``adata.var`` to take. None means what :func:`read` recorded, and for an AnnData from elsewhere
        the index or the column with most known genes.

    Returns
    -------
    str
        ``"index"`` or the name of a column of ``adata.var``.
    list of str
        One identifier per gene, in the order of ``adata.var``; never changed, duplicates included.

    Raises
    ------
    DataError
        There is no such column.

    Examples
    --------
    >>> import anndata, pandas
    >>> from ifnscore import identify
    >>> var = pandas.DataFrame({"gene_name": ["ISG15", "MX1"]}, index=["p1", "p2"])
    >>> identify.identifiers(anndata.AnnData(var=var))
    ('gene_name', ['ISG15', 'MX1'])
    """
    source = _declared(adata, symbol_column) or _best(adata)
    return source, column(adata, source)


def column(adata: ad.AnnData, source: str) -> list[str]:
    """Return the names in ``var_names`` (for ``"index"``) or in a column of ``var``."""
    return [str(n) for n in adata.var_names] if source == INDEX else names(adata.var[source])


def _declared(adata: ad.AnnData, symbol_column: str | None) -> str | None:
    recorded = keys.recorded_input(adata)
    if symbol_column is None or symbol_column == recorded.get("symbol_column"):
        source = recorded.get("identifiers_from")
        return str(source) if source == INDEX or source in adata.var.columns else None
    if symbol_column in adata.var.columns:
        return symbol_column
    if symbol_column in (INDEX, adata.var.index.name):
        return INDEX
    known = listing([repr(str(c)) for c in adata.var.columns], 8) or "none"
    msg = f"var has no column {symbol_column!r} that could name the genes; its columns are {known}"
    raise DataError(msg)


def _best(adata: ad.AnnData) -> str:
    columns = [str(name) for name, dtype in adata.var.dtypes.items() if may_name_genes(str(name), dtype.kind)]
    if not columns:
        return INDEX
    counts = {INDEX: known(column(adata, INDEX))}
    if counts[INDEX] >= _ENOUGH * len(genes.table().genes):
        return INDEX
    counts |= {name: known_in(name, column(adata, name)) for name in columns}
    best = max(counts, key=lambda n: (counts[n], n == INDEX))
    if best != INDEX:
        say(f"genes are named by the var column {best!r} ({counts[best]} identifiers recognised; {counts[INDEX]} in the index)")
    return best


def may_name_genes(name: str, kind: str) -> bool:
    """Whether a column, by its name and the kind of its values, can hold gene identifiers: words, or Entrez ids."""
    return kind not in "iufbcmM" or (kind in "iuf" and _GENE_NUMBERS.search(plain(name)) is not None)


def known_in(name: str, identifiers: Sequence[str]) -> int:
    """Return how many names of a column are known genes; numbers count only where the column is named as Entrez ids are."""
    filled = [n for n in dict.fromkeys(identifiers) if n]
    numbers = sum(_NUMBERS.fullmatch(n) is not None for n in filled)
    if numbers > len(filled) / 2 and not _GENE_NUMBERS.search(plain(name)):
        return 0
    return known(identifiers)


def known(identifiers: Sequence[str]) -> int:
    """Return how many different names are known genes; a run of numbers (1, 2, 3, ...) is no list of Entrez ids."""
    different = list(dict.fromkeys(identifiers))
    numbers = _whole(different)
    if not_ids(different) or (numbers is not None and (not numbers or max(numbers) - min(numbers) < 2 * len(numbers))):
        return 0
    return genes.recognise(different)


def not_ids(identifiers: Sequence[str]) -> bool:
    """Whether names are numbers that cannot be Entrez ids: measurements, or row numbers such as 1 to n."""
    different = list(dict.fromkeys(n for n in identifiers if n))
    if not different or not all(_plain_number(n) for n in different):
        return False
    numbers = _whole(different)
    if numbers is None:
        return True
    numbers = list(dict.fromkeys(numbers))
    n = len(numbers)
    return n > _FEW and (max(numbers) - min(numbers) == n - 1 or max(numbers) < _ROWS * n)


def _plain_number(name: str) -> bool:
    return len(name) < _LONGEST_NUMBER and re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", name) is not None


def _whole(different: Sequence[str]) -> list[int] | None:
    """Return names as whole numbers, with or without ``.0``; None where one of them is anything else."""
    plain_numbers = [n.split(".")[0] if re.fullmatch(r"\d+\.0+", n) else n for n in different if n]
    if not all(n.isdecimal() and len(n) < _LONGEST_NUMBER for n in plain_numbers):
        return None
    return [int(n) for n in plain_numbers]


def plain(name: str) -> str:
    """Return a column name in small letters without blanks, for comparison."""
    return name.strip().lower().replace(" ", "_")


def names(column: pd.Series) -> list[str]:
    """Return a column as identifiers: strings, whole numbers without a decimal part, nothing for missing."""
    if column.dtype.kind in "iu":
        return [str(v) for v in column.tolist()]
    if column.dtype.kind == "f":
        return ["" if math.isnan(v) else f"{v:.0f}" if v.is_integer() else str(v) for v in column.tolist()]
    missing = column.isna().to_numpy()
    return ["" if gone else str(v).strip() for v, gone in zip(column.tolist(), missing, strict=True)]
