"""The matrices of the benchmark, made from fixed seeds: bulk 500 x 20,000 dense, and 50,000 cells x 20,000 genes sparse.

Cells are gamma-Poisson counts with log-normal gene means, brought to 10,000 counts a cell and log1p; about 9 % of the values are not
zero. Twenty gene sets of 6 to 200 genes are drawn from the upper 60 % of the genes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.sparse as sp

N_GENES, N_CELLS, N_BULK = 20_000, 50_000, 500
SIZES = (6, 28, 97, 200, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 120, 140, 150, 160, 180, 200)
COUNTS = 5_200.0


def names() -> list[str]:
    return [f"G{i:05d}" for i in range(N_GENES)]


def _genes() -> tuple[np.ndarray, np.ndarray]:
    """Return the share of each gene in the counts and its dispersion."""
    rng = np.random.default_rng(1)
    share = np.exp(rng.normal(0, 2.1, N_GENES))
    return share / share.sum(), np.clip(rng.gamma(2, 0.5, N_GENES), 0.2, 4)


def sets() -> dict[str, list[str]]:
    rng, genes = np.random.default_rng(7), names()
    pool = np.argsort(-_genes()[0])[:12_000]
    return {f"S{i:02d}_{k}": [genes[j] for j in rng.choice(pool, k, replace=False)] for i, k in enumerate(SIZES)}


def bulk() -> np.ndarray:
    rng = np.random.default_rng(3)
    centre, spread = np.abs(rng.normal(5, 2.5, N_GENES)), rng.gamma(4, 0.2, N_GENES)
    factors = rng.normal(0, 1, (N_BULK, 10)) @ rng.normal(0, 0.3, (N_GENES, 10)).T
    return np.log1p(np.exp(centre + factors + rng.normal(0, 1, (N_BULK, N_GENES)) * spread))


def _block(seed: int, n: int) -> sp.csr_matrix:
    rng = np.random.default_rng(seed)
    share, size = _genes()
    depth = COUNTS * np.exp(rng.normal(0, 0.45, n))
    parts = []
    for start in range(0, n, 500):
        mean = share * depth[start : start + 500, None]
        mean *= rng.standard_gamma(np.broadcast_to(size, mean.shape)) / size
        parts.append(sp.csr_matrix(rng.poisson(mean).astype(np.float32)))
    x = sp.vstack(parts, format="csr")
    total = np.maximum(np.asarray(x.sum(axis=1)).ravel(), 1)
    x.data = np.log1p(x.data * np.repeat((1e4 / total).astype(np.float32), np.diff(x.indptr))).astype(np.float32)
    x.sort_indices()
    return x


def cells(n: int = N_CELLS) -> sp.csr_matrix:
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda i: _block(100 + i, min(2_500, n - 2_500 * i)), range(-(-n // 2_500))))
    x = sp.vstack(parts, format="csr")
    return sp.csr_matrix((x.data, x.indices.astype(np.int32), x.indptr.astype(np.int64)), shape=x.shape)


def load(folder: Path) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return (cells, bulk), made once and kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "matrices.npz"
    if not file.exists():
        x, b = cells(), bulk()
        np.savez(file, data=x.data, indices=x.indices, indptr=x.indptr, bulk=b)
    kept = np.load(file)
    return sp.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=(N_CELLS, N_GENES)), kept["bulk"]
