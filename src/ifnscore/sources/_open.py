"""Which source serves what stands in ``X``: backed sparse and dense HDF5, zarr, dask."""

from __future__ import annotations

from typing import Any

from ifnscore.sources._base import Source


def of(x: Any) -> Source | None:
    """Return a source for a matrix that is not in memory, or None for one that is."""
    return x if isinstance(x, Source) else None
