"""Cells of one annotation in HDF5 or zarr, read a slice at a time: numbers, codes of categories, and numbers that can be missing.

The layout is anndata's (https://anndata.readthedocs.io/en/stable/fileformat-prose.html): a dataset of type ``array``, or a group
``categorical`` with ``codes`` and ``categories``, ``nullable-integer`` or ``nullable-boolean`` with ``values`` and ``mask``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ifnscore._lazy import ad, pd
from ifnscore.sources._flat import flat

#: Returns the cells from one place to before another.
Reader = Callable[[int, int], Any]


def reader(node: Any, n: int) -> Reader | None:
    """Return what reads slices of a column of `n` cells as pandas or numpy arrays, or None if it is of another kind or length.

    Parameters
    ----------
    node
        The column: a dataset or a group.
    n
        Number of samples.
    """
    attributes = dict(node.attrs)
    kind = str(attributes.get("encoding-type", ""))
    if kind == "array" and _fits(node, n, "iufb"):
        return flat(node).read
    if kind == "categorical" and _fits(node.get("codes"), n, "iu"):
        return _coded(node, ordered=bool(attributes.get("ordered", False)))
    made: Any = {"nullable-integer": pd.arrays.IntegerArray, "nullable-boolean": pd.arrays.BooleanArray}.get(kind)
    if made is not None and _fits(node.get("values"), n, "iub") and _fits(node.get("mask"), n, "b"):
        values, mask = flat(node["values"]), flat(node["mask"])
        return lambda start, stop: made(values.read(start, stop), mask.read(start, stop))
    return None


def _fits(array: Any, n: int, kinds: str) -> bool:
    return tuple(getattr(array, "shape", ())) == (n,) and array.dtype.kind in kinds


def _coded(node: Any, *, ordered: bool) -> Reader:
    codes = flat(node["codes"])
    kinds = pd.CategoricalDtype(pd.Index(ad.io.read_elem(node["categories"])), ordered=ordered)
    return lambda start, stop: pd.Categorical.from_codes(codes.read(start, stop), dtype=kinds)
