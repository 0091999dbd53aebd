"""Which names of an AnnData identify its genes: the index, or a column of ``var`` that is recognised better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifnscore import genes
from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _cells

INDEX = "index"
#: The index is good enough, and no column is looked at, once it names this share of the identifier table.
_ENOUGH = 0.9


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
    >>> from ifnscore import loaders
    >>> var = pandas.DataFrame({"gene_name": ["ISG15", "MX1"]}, index=["p1", "p2"])
    >>> loaders.identifiers(anndata.AnnData(var=var))
    ('gene_name', ['ISG15', 'MX1'])
    """
    source = _declared(adata, symbol_column) or _best(adata)
    return source, column(adata, source)


def recorded(adata: ad.AnnData) -> Mapping[str, Any]:
    """Return what an earlier :func:`read` recorded in ``uns``, or an empty mapping."""
    store = adata.uns.get("ifnscore")
    found = store.get("input") if isinstance(store, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def column(adata: ad.AnnData, source: str) -> list[str]:
    """Return the names in ``var_names`` (for ``"index"``) or in a column of ``var``."""
    return [str(n) for n in adata.var_names] if source == INDEX else _cells.names(adata.var[source])


def _declared(adata: ad.AnnData, symbol_column: str | None) -> str | None:
    if symbol_column is None:
        source = recorded(adata).get("identifiers_from")
        return str(source) if source == INDEX or source in adata.var.columns else None
    if symbol_column in adata.var.columns:
        return symbol_column
    if symbol_column in (INDEX, adata.var.index.name):
        return INDEX
    known = listing([repr(str(c)) for c in adata.var.columns], 8) or "none"
    msg = f"var has no column {symbol_column!r} that could name the genes; its columns are {known}"
    raise DataError(msg)


def _best(adata: ad.AnnData) -> str:
    columns = [str(name) for name, dtype in adata.var.dtypes.items() if _cells.may_name_genes(str(name), dtype.kind)]
    if not columns:
        return INDEX
    counts = {INDEX: _cells.known(column(adata, INDEX))}
    if counts[INDEX] >= _ENOUGH * len(genes.table().genes):
        return INDEX
    counts |= {name: _cells.known(column(adata, name)) for name in columns}
    best = max(counts, key=lambda n: (counts[n], n == INDEX))
    if best != INDEX:
        say(
            f"genes are named by the var column {best!r} ({counts[best]} identifiers recognised; "
            f"{counts[INDEX]} in the index)"
        )
    return best
