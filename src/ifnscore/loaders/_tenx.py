"""What the two formats of 10x Genomics share."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable

from ifnscore._lazy import ad
from ifnscore.errors import say
from ifnscore.loaders._anndata import read_with

_EXPRESSION = "Gene Expression"


def gene_expression(reader: Callable[[], ad.AnnData], label: str) -> ad.AnnData:
    """Read 10x data and keep the gene expression features; others are counted aloud."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        adata = read_with(reader, label)
    if "feature_types" not in adata.var:
        return adata
    other = Counter(t for t in adata.var["feature_types"] if t != _EXPRESSION)
    if not other:
        return adata
    dropped = ", ".join(f"{n} {kind}" for kind, n in other.items())
    say(f"{label}: features that are not gene expression left out: {dropped}")
    return adata[:, (adata.var["feature_types"] == _EXPRESSION).to_numpy()].copy()
