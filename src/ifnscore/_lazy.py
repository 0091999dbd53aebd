"""Heavy libraries, imported on first use so that ``import ifnscore`` and ``ifnscore --help`` stay fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["ad", "is_sparse", "np", "pd", "sp"]


class _Lazy:
    """Stand-in for a module: the first attribute access imports it, later ones are plain look-ups."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self.__dict__["_name"]), attribute)
        self.__dict__[attribute] = value
        return value


if TYPE_CHECKING:
    import anndata as ad
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
else:
    ad = _Lazy("anndata")
    np = _Lazy("numpy")
    pd = _Lazy("pandas")
    sp = _Lazy("scipy.sparse")


def is_sparse(x: object) -> bool:
    """Whether `x` is a scipy sparse matrix or array."""
    return bool(sp.issparse(x))
