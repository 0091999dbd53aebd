"""Stable genes: what a rank method may rank a panel's genes among instead of a whole sample."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ifnscore import genes
from ifnscore._lazy import np
from ifnscore.errors import DataError, listing, warn
from ifnscore.matrix import Matrix
from ifnscore.methods import Method

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Parameter of a method that can rank among stable genes; its value in a task is gene keys joined by commas.
PARAMETER = "stable_genes"
#: With fewer stable genes a score has so few steps that it is said.
FEW = 5


def takes(method: Method) -> bool:
    """Whether a method can rank among stable genes."""
    return any(p.name == PARAMETER for p in method.parameters)


def resolved(params: Mapping[str, Any], method: Method, matrix: Matrix) -> dict[str, Any]:
    """Return parameters with the stable genes as gene keys of the matrix, each once, joined by commas.

    Raises
    ------
    DataError
        One of them is not in the matrix.
    """
    asked = params.get(PARAMETER, "")
    names = [w.strip() for w in asked.split(",")] if isinstance(asked, str) else [str(w) for w in asked]
    names = [n for n in names if n and n != "none"]
    if not takes(method):
        return dict(params)
    if not names:
        return {name: value for name, value in params.items() if name != PARAMETER}
    known = genes.table()
    keys = {n: known.resolve(n) for n in names}
    absent = [n for n, k in keys.items() if k not in matrix.position]
    if absent:
        msg = f"stable gene {listing(absent)} is not in the matrix: name others with --param {PARAMETER}=..."
        raise DataError(msg)
    chosen = list(dict.fromkeys(keys.values()))
    if len(chosen) < FEW:
        n = len(chosen)
        few = "one stable gene tells" if n == 1 else f"{n} stable genes tell"
        warn(f"{few} only {n + 1} ranks apart: {FEW} or more of different abundance are better")
    return {**params, PARAMETER: ",".join(chosen)}


def positions(params: Mapping[str, Any], matrix: Matrix, dropped: Collection[str]) -> Array | None:
    """Return where the stable genes of a task stand in the gene universe, shape (n_stable,), or None if there are none.

    Raises
    ------
    DataError
        All of them hold missing values, or the matrix lacks one.
    """
    keys = [k for k in str(params.get(PARAMETER, "")).split(",") if k]
    if not keys:
        return None
    absent = [k for k in keys if k not in matrix.position]
    left = [k for k in keys if k not in dropped]
    if absent or not left:
        why = f"{listing(absent)} is not in the matrix" if absent else f"{listing(keys)} holds missing values"
        msg = f"stable gene {why}: name others with --param {PARAMETER}=..."
        raise DataError(msg)
    return np.array([matrix.position[k] for k in left], dtype=np.intp)
