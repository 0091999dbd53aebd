"""NanoString tables that come as something else: an R data frame, a workbook, Parquet."""

from __future__ import annotations

from ifnscore import identify
from ifnscore._lazy import ad
from ifnscore.errors import DataError
from ifnscore.loaders._rcc_build import is_control_class
from ifnscore.loaders._rcc_table import CLASSES, plain


def check(adata: ad.AnnData, label: str) -> None:
    """Refuse a matrix that counts control probes of NanoString among its genes.

    Parameters
    ----------
    adata
        Samples by genes; a column of ``var`` may hold the code classes.
    label
        The file as messages name it.

    Raises
    ------
    DataError
        A column of code classes names positive or negative controls.
    """
    for column in adata.var.columns:
        if plain(str(column)) in CLASSES:
            controls = sum(is_control_class(c) for c in identify.names(adata.var[column]))
            if controls:
                msg = (
                    f"{label}: a NanoString table with {controls} control probes among the genes (column {str(column)!r}): save "
                    "it as CSV, which is read as NanoString counts, or take the rows of control probes out"
                )
                raise DataError(msg)
