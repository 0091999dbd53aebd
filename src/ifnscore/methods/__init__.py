"""Scoring methods: one module each, found by name; a new file in this folder is a new method."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from ifnscore._lazy import is_sparse
from ifnscore.errors import UsageError, nearest
from ifnscore.methods._protocol import Kernel, Method

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

    Sets: TypeAlias = Mapping[str, Sequence[str] | Mapping[str, float]]

__all__ = ["Kernel", "Method", "get", "kernel", "records", "score_values", "worth_compiling"]

#: Smaller matrices are scored by numpy alone, which waits for no compiler: stored values of a sparse one, samples of a dense one.
STORED_WORTH_COMPILING, SAMPLES_WORTH_COMPILING = 1_000_000, 250


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


def worth_compiling(n_samples: int, n_stored: int | None = None) -> bool:
    """Whether a matrix is large enough for compiled code.

    Parameters
    ----------
    n_samples
        Number of samples.
    n_stored
        Stored values of a sparse matrix; None for a dense one.
    """
    return n_samples >= SAMPLES_WORTH_COMPILING if n_stored is None else n_stored >= STORED_WORTH_COMPILING


@overload
def score_values(x: Any, genes: Sequence[str], sets: Sets, method: str, params: Mapping[str, Any] | None = None) -> Array: ...


@overload
def score_values(
    x: Any, genes: Sequence[str], sets: Sets, method: Sequence[str], params: Mapping[str, Any] | None = None
) -> dict[str, Array]: ...


def score_values(
    x: Any,
    genes: Sequence[str],
    sets: Sets,
    method: str | Sequence[str],
    params: Mapping[str, Any] | None = None,
) -> Array | dict[str, Array]:
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
        A method id that needs no controls, or several: rank methods then share one pass over a large sparse matrix.
    params
        Parameters of the method; of several methods, by method id.

    Returns
    -------
    ndarray or dict of ndarray
        Scores of shape (n_samples, n_sets), of several methods by method id; NaN for sets without a gene.

    Raises
    ------
    UsageError
        A method or a parameter is unknown, a method needs controls, or a gene stands twice.

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
    from ifnscore.methods._rank import RankKernel

    compiled = worth_compiling(x.shape[0], x.nnz if is_sparse(x) else None)
    if isinstance(method, str):
        return _direct.score_with(kernel(method), x, genes, sets, params or {}, compiled=compiled)
    kernels = {m: kernel(m) for m in method}
    own = {m: dict((params or {}).get(m, {})) for m in kernels}
    fast = {m: k for m, k in kernels.items() if isinstance(k, RankKernel) and compiled and is_sparse(x)}
    ranks = [(m, k) for m, k in fast.items() if k.adds_up(k.METHOD.resolve(own[m]))]
    together = _direct.ranks_together([k for _, k in ranks], x, genes, sets, [own[m] for m, _ in ranks]) if ranks else []
    out = dict(zip([m for m, _ in ranks], together, strict=True))
    for m, k in kernels.items():
        if m not in out:
            out[m] = _direct.score_with(k, x, genes, sets, own[m], compiled=compiled)
    return {m: out[m] for m in kernels}
