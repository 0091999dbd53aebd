"""Cells and spots that are drawn, for the figures that need some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import ifnscore as ifn

if TYPE_CHECKING:
    from anndata import AnnData

N = 300
GENES = 1500


def _counts(rng: np.random.Generator, strength: np.ndarray) -> AnnData:
    """Return cells by genes; interferon genes are raised by the strength of each cell."""
    from anndata import AnnData

    known = list(dict.fromkeys(ifn.signatures.get("kim2018_irg28_z").genes))
    names = [*known, *(f"DRAWN{i:04d}" for i in range(GENES))]
    level = rng.lognormal(-0.5, 1, len(names))
    fold = np.ones((N, len(names)))
    fold[:, : len(known)] = np.exp(strength)[:, None]
    return AnnData(rng.poisson(level * fold).astype(np.float32), var=pd.DataFrame(index=names))


def cells() -> AnnData:
    """Return 300 drawn cells of two types, unstimulated and stimulated, with places in a plane."""
    rng = np.random.default_rng(1)
    kind, stimulated = np.arange(N) % 2, np.arange(N) >= N // 2
    adata = _counts(rng, 1.2 * stimulated * (0.5 + 0.5 * kind))
    adata.obs["cell_type"] = np.array(["B cell", "monocyte"])[kind]
    adata.obs["condition"] = np.where(stimulated, "stimulated", "control")
    adata.obsm["X_umap"] = rng.normal(0, 1, (N, 2)) + np.column_stack([6 * kind, 2.5 * stimulated])
    ifn.tl.score(adata, "kim2018_irg28_z", method="ucell")
    return adata


def spots() -> AnnData:
    """Return 300 drawn spots on a grid, with an inflamed corner."""
    rng = np.random.default_rng(2)
    places = np.array([(100.0 * x, 100.0 * y) for y in range(15) for x in range(20)])
    adata = _counts(rng, 1.5 * np.exp(-((places[:, 0] - 400) ** 2 + (places[:, 1] - 400) ** 2) / 2e5))
    adata.obsm["spatial"] = places
    ifn.tl.score(adata, "kim2018_irg28_z", method="ucell")
    return adata
