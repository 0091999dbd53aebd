"""Matrices of R: dense ones and those of the package Matrix, with the names of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np, sp
from ifnscore.errors import DataError
from ifnscore.loaders import _r_tree as tree
from ifnscore.loaders._anndata import reason

#: Classes of the package Matrix that are read; the others (symmetric, triangular, diagonal) hold no expression.
_SPARSE = ("dgCMatrix", "dgRMatrix", "dgTMatrix", "lgCMatrix", "ngCMatrix")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix as it lies in R: `x` of shape (n_rows, n_columns), names empty where R has none."""

    x: Any
    rows: list[str]
    columns: list[str]


def is_matrix(obj: Any) -> bool:
    """Whether an object is a matrix that can be read; values are not looked at."""
    slots = tree.attributes(obj)
    if tree.kind(obj) == "S4":
        return bool(tree.classes(obj)) and tree.classes(obj)[0] in (*_SPARSE, "dgeMatrix")
    dim = slots.get("dim")
    return tree.is_numeric(obj) and dim is not None and len(tree.numbers(dim)) == 2  # noqa: PLR2004


def read(obj: Any, label: str) -> Matrix:
    """Return a matrix.

    Raises
    ------
    DataError
        Its parts do not fit together.
    """
    slots = tree.attributes(obj)
    s4 = tree.kind(obj) == "S4"
    dim = tree.numbers(slots["Dim" if s4 else "dim"])
    shape = (int(dim[0]), int(dim[1]))
    try:
        x = _s4(tree.classes(obj)[0], slots, shape) if s4 else _dense(tree.numbers(obj), shape)
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        msg = f"{label}: a matrix of {shape[0]} x {shape[1]} whose parts do not fit ({reason(error)}): the file is damaged"
        raise DataError(msg) from error
    rows, columns = names(obj)
    for found, n, what in ((rows, shape[0], "row"), (columns, shape[1], "column")):
        if found and len(found) != n:
            msg = f"{label}: a matrix of {shape[0]} x {shape[1]} with {len(found)} {what} names: the file is damaged"
            raise DataError(msg)
    return Matrix(x, rows, columns)


def names(obj: Any) -> tuple[list[str], list[str]]:
    """Return the names of rows and columns, empty where there are none."""
    dimnames = tree.attributes(obj).get("Dimnames" if tree.kind(obj) == "S4" else "dimnames")
    if dimnames is None or tree.kind(dimnames) != "VEC" or len(tree.deref(dimnames).value) != 2:  # noqa: PLR2004
        return [], []
    first, second = tree.deref(dimnames).value
    return tree.names(first), tree.names(second)


def _dense(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a dense matrix; R stores columns one after the other."""
    values = values.astype(np.int64) if values.dtype.kind == "b" else values
    return values.reshape(shape, order="F")


def _s4(name: str, slots: dict[str, Any], shape: tuple[int, int]) -> Any:
    """Return a matrix of the package Matrix; see its manual, classes ``CsparseMatrix``, ``RsparseMatrix``, ``TsparseMatrix``."""
    if name == "dgeMatrix":
        return _dense(tree.numbers(slots["x"]), shape)
    places = slots["j" if name == "dgRMatrix" else "i"]
    index = tree.numbers(places)
    x = np.ones(len(index)) if name == "ngCMatrix" else tree.numbers(slots["x"]).astype(np.float64)
    if len(x) != len(index):
        msg = f"{len(x)} values for {len(index)} positions"
        raise ValueError(msg)
    if name == "dgTMatrix":  # positions may repeat, and then add up
        return sp.coo_matrix((x, (index, tree.numbers(slots["j"]))), shape=shape).tocsr()
    make = sp.csr_matrix if name == "dgRMatrix" else sp.csc_matrix
    starts = tree.numbers(slots["p"])
    if starts[0] != 0 or starts[-1] > len(index) or (np.diff(starts) < 0).any():
        msg = "columns do not follow each other"
        raise ValueError(msg)
    matrix = make((x, index, starts), shape=shape)
    matrix.check_format(full_check=True)
    return matrix
