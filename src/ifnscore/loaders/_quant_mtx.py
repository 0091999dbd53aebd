"""Matrix Market files of single-cell quantifiers, checked before memory is taken for what they promise."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from ifnscore._lazy import np, sp
from ifnscore.errors import DataError
from ifnscore.loaders import _files
from ifnscore.loaders._anndata import reason

#: The shortest line of an entry: row, column and value of one digit each, and the end of the line.
_SHORTEST = 6


def read(path: Path, n_cells: int, n_genes: int) -> Any:
    """Read a matrix of cells by genes, or genes by cells, as CSR of shape (n_cells, n_genes).

    Raises
    ------
    DataError
        The header promises another shape than the lists of names have or more entries than the file can hold, or values
        are negative or no numbers.
    """
    label = _files.label(path)
    data = _files.read_text(path, table=False)
    rows, columns, entries = _promised(data, label)
    if (rows, columns) not in ((n_cells, n_genes), (n_genes, n_cells)):
        msg = f"{label}: {rows} x {columns}, but there are {n_cells} names of cells and {n_genes} of genes: copy the whole folder"
        raise DataError(msg)
    if entries * _SHORTEST > len(data) + _SHORTEST:
        msg = f"{label}: {entries} entries are promised and {len(data)} bytes are there: the file is cut off, copy it again"
        raise DataError(msg)
    from scipy.io import mmread

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)  # which class of sparse scipy will return
            x = sp.csr_matrix(mmread(io.BytesIO(data)))
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        msg = f"{label}: the matrix is damaged or cut off ({reason(error)})"
        raise DataError(msg) from error
    if x.dtype.kind not in "iuf" or not np.isfinite(x.data).all() or (x.data < 0).any():
        msg = f"{label}: counts must be numbers from 0 on"
        raise DataError(msg)
    return x if (rows, columns) == (n_cells, n_genes) else x.T.tocsr()


def _promised(data: bytes, label: str) -> tuple[int, int, int]:
    if not data.startswith(b"%%MatrixMarket matrix coordinate"):
        msg = f"{label}: not a sparse Matrix Market file (its first line must be '%%MatrixMarket matrix coordinate ...')"
        raise DataError(msg)
    for line in io.BytesIO(data):
        if line.strip() and not line.startswith(b"%"):
            words = line.split()
            if len(words) == 3 and all(w.isdigit() for w in words):  # noqa: PLR2004
                return int(words[0]), int(words[1]), int(words[2])
            break
    msg = f"{label}: no line with the numbers of rows, columns and entries"
    raise DataError(msg)
