"""Matrix Market files and the name files beside them, bounded before anything is allocated."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any

from ifnscore._lazy import np, sp
from ifnscore.errors import DataError, say
from ifnscore.loaders import _files
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._optional import need

_BANNER = b"%%MatrixMarket"
_SIZES = re.compile(rb"\s*(\d{1,18})\s+(\d{1,18})(?:\s+(\d{1,18}))?\s*")
#: The shortest entry of a sparse matrix is ``1 1 1`` and a newline, of a dense one ``1`` and a newline.
_SHORTEST, _SHORTEST_DENSE = 6, 2
#: Whole numbers up to here are exact in 4 bytes.
_EXACT = 1 << 24


def rows(path: Path) -> list[list[str]]:
    """Return the cells of each line of a name file, separated by tabs; blank lines are left out."""
    text = _files.read_text(path).decode("utf-8")
    return [[cell.strip() for cell in line.split("\t")] for line in text.split("\n") if line.strip()]


def samples_by_genes(path: Path, n_samples: int, n_genes: int, label: str, *, genes_in_rows: bool = True) -> Any:
    """Read a matrix with genes in rows (or in columns), or transposed where only that fits the names.

    Parameters
    ----------
    path
        ``matrix.mtx``, compressed or not.
    n_samples, n_genes
        How many names there are.
    label
        The file as messages name it.
    genes_in_rows
        How the writer of such files lays them out; it decides where there are as many genes as samples.

    Returns
    -------
    scipy.sparse.csr_matrix
        Of shape (n_samples, n_genes), 4 bytes a value where that is exact.

    Raises
    ------
    DataError
        The file is no matrix, damaged, or of another shape than the names; an absurd shape is refused before it is read.
    """
    data = _files.read_bytes(path, text=True)
    if not data.strip():
        msg = f"{label}: the file is empty"
        raise DataError(msg)
    shape = _shape(data, label)
    if shape not in ((n_genes, n_samples), (n_samples, n_genes)):
        msg = (
            f"{label}: the matrix is {shape[0]} x {shape[1]}, but there are {n_genes} genes and {n_samples} barcodes: "
            "are these files of one run?"
        )
        raise DataError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # scipy 1.18: the kind of sparse object will change
            x: Any = need("scipy.io", label, "Matrix Market files").mmread(io.BytesIO(data))
    except (ValueError, OverflowError, OSError) as error:
        msg = f"{label}: the matrix is truncated or damaged ({reason(error)}): copy or download it again"
        raise DataError(msg) from error
    if x.dtype.kind not in "iuf":
        msg = f"{label}: the matrix holds {x.dtype}, not numbers of expression"
        raise DataError(msg)
    expected = (n_genes, n_samples) if genes_in_rows else (n_samples, n_genes)
    rows_are_genes = genes_in_rows == (shape == expected)
    if shape != expected:
        say(f"{label}: {'genes' if rows_are_genes else 'barcodes'} in rows, unlike other files of this kind")
    x = sp.csr_matrix(x.T if rows_are_genes else x)
    exact = x.dtype.kind in "iu" and (not x.nnz or int(np.abs(x.data).max()) <= _EXACT)
    return x.astype(np.float32 if exact else np.float64)


def _shape(data: bytes, label: str) -> tuple[int, int]:
    """Return rows and columns by the header, once they can be true of a file of this length."""
    head = data[: _files.HEAD]
    lines = head.split(b"\n")
    if not lines[0].startswith(_BANNER):
        msg = f"{label}: not a Matrix Market file, damaged or of another format (it does not begin with {_BANNER.decode()})"
        raise DataError(msg)
    sizes = next((line for line in lines[1:] if line.strip() and not line.lstrip().startswith(b"%")), b"")
    found = _SIZES.fullmatch(sizes)
    if found is None:
        msg = f"{label}: the matrix is damaged: no line with the numbers of rows, columns and entries after the header"
        raise DataError(msg)
    n, m = int(found[1]), int(found[2])
    entries, shortest = (int(found[3]), _SHORTEST) if found[3] else (n * m, _SHORTEST_DENSE)
    if entries * shortest > len(data) + shortest:
        msg = f"{label}: the header promises {n} x {m} with {entries} entries, but the file is too short for them: is it cut off?"
        raise DataError(msg)
    return n, m
