"""Scoring methods: one module each, found by name; a new file in this folder is a new method."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore.errors import UsageError, nearest
from ifnscore.methods._protocol import Kernel, Method

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

__all__ = ["WORTH_COMPILING", "Kernel", "Method", "get", "kernel", "records", "score_values"]

#: Matrices with fewer stored values are scored by numpy alone, which waits for no compiler.
WORTH_COMPILING = 2_000_000


@functools.cache
def _modules() -> tuple[str, ...]:
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@functools.cache
def records() -> dict[str, Method]:
    """Return the record of every method by id, without importing numpy."""
    found = (importlib.import_module(f"{__name__}.{m}").METHOD for m in _modules())
    return {m.id: m for m in found}


def get(method: str) -> Method:
    """Return the record of one method.

    Raises
    ------
    UsageError
        There is no such method; the nearest names are given.
    """
    if method not in records():
        msg = f"unknown method {method!r}.{nearest(method, [*records(), 'published'])} All: ifnscore methods"
        raise UsageError(msg)
    return records()[method]


def kernel(method: str) -> Kernel:
    """Return the kernel of one method."""
    found: Kernel = importlib.import_module(f"{__name__}.{get(method).id}").KERNEL
    return found


def score_values(
    x: Any,
    genes: Sequence[str],
    sets: Mapping[str, Sequence[str] | Mapping[str, float]],
    method: str,
    params: Mapping[str, Any] | None = None,
) -> Array:
    """Score a plain matrix by plain gene sets: the kernels alone, for other tools to build on.

    Nothing is looked up, converted or refused here: identifiers must match as they are, values must be on the scale that the
    method works on, and a set is scored from whatever genes of it are found. :func:`ifnscore.tl.score` does all that.

    Parameters
    ----------
    x
        Matrix of shape (n_samples, n_genes), dense or scipy sparse; larger means more expression, no missing values.
    genes
        Name of each column, each once.
    sets
        Gene names by name of the set, or weights by gene name; a negative weight means that the gene goes down.
    method
        A method id that needs no controls.
    params
        Parameters of the method.

    Returns
    -------
    ndarray
        Scores of shape (n_samples, n_sets); NaN for sets without a gene.

    Raises
    ------
    UsageError
        The method or a parameter is unknown, the method needs controls, or a gene stands twice.

    Examples
    --------
    >>> import numpy as np
    >>> from ifnscore import methods
    >>> x = np.arange(12.0).reshape(2, 6)
    >>> methods.score_values(x, list("abcdef"), {"high": ["e", "f"]}, "singscore").round(3)
    array([[0.5],
           [0.5]])
    """
    from ifnscore.methods import _direct

    record = get(method)
    stored = x.nnz if hasattr(x, "nnz") else x.shape[0] * x.shape[1]
    compiled = stored >= WORTH_COMPILING
    return _direct.score_with(kernel(record.id), x, genes, sets, params or {}, compiled=compiled)
