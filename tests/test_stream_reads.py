"""What scoring reads of a file: stored values, counted where they are decompressed."""

from __future__ import annotations

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import sparse
from tests.test_stream import SETS

import ifnscore as ifn
from ifnscore.sources import _flat, _passes

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
#: Values that are compressed together.
CHUNK = 64
SCORED = list(dict.fromkeys(g for s in SETS.values() for g in s))


def cells(n=300, genes=1_500):
    """Return log values, the scored genes last and never 0."""
    rng = np.random.default_rng(8)
    x = rng.poisson(0.2, (n, genes)).astype("f4")
    x[:, -len(SCORED) :] += 1
    names = [*(f"GENE{i}" for i in range(genes - len(SCORED))), *SCORED]
    made = ad.AnnData(X=sparse.csc_matrix(np.log1p(x * np.float32(0.7))), var=pd.DataFrame(index=names))
    made.obs_names = [f"c{i}" for i in range(n)]
    return made


def stored(adata, form, ending, folder):
    """Return the matrix on top of a file whose chunks are short."""
    x = adata.X.asformat(form)
    path = folder / f"{form}.{ending}"
    group = h5py.File(path, "w").create_group("X") if ending == "h5" else zarr.open_group(path, mode="w").create_group("X")
    group.attrs.update({"encoding-type": f"{form}_matrix", "encoding-version": "0.1.0", "shape": list(x.shape)})
    for name in ("data", "indices", "indptr"):
        values = getattr(x, name)
        how = {"compression": "gzip"} if ending == "h5" else {}
        make = group.create_dataset if ending == "h5" else group.create_array
        make(name, shape=values.shape, dtype=values.dtype, chunks=(CHUNK,), **how)[:] = values
    return ad.AnnData(X=ad.io.sparse_dataset(group), obs=adata.obs, var=adata.var)


@pytest.fixture
def decompressed(monkeypatch):
    """Return a list of how many values each reading of chunks took."""
    seen = []
    for kind in (_flat.Hdf5Flat, _flat.ZarrFlat):
        real = kind._load
        monkeypatch.setattr(kind, "_load", lambda self, a, z, out, real=real: seen.append(z - a) or real(self, a, z, out))
    monkeypatch.setattr(_passes, "_GENES", 5)
    monkeypatch.setattr(_passes, "_ENOUGH", 1)
    return seen


@pytest.mark.parametrize("ending", ["h5", "zarr"])
@pytest.mark.parametrize("method", ["mean_log", "geomean", "weighted_mean"])
def test_linear_scores_read_their_genes_only(tmp_path, ending, method, decompressed):
    """Of a matrix by columns: rows and values of the scored genes, whole chunks, of 1.5 % of all; and the first genes for the scale."""
    adata = cells()
    on_file = stored(adata, "csc", ending, tmp_path)
    decompressed.clear()
    ifn.tl.score(on_file, SETS, method=method, scale="log1p")
    ifn.tl.score(adata, SETS, method=method, scale="log1p")
    pd.testing.assert_frame_equal(ifn.get.scores_wide(on_file), ifn.get.scores_wide(adata), rtol=1e-12)
    genes = np.r_[:5, adata.n_vars - len(SCORED) : adata.n_vars]
    needed = int(np.diff(adata.X.indptr)[genes].sum())
    pointers = adata.n_vars + 1 + 2 * CHUNK
    assert sum(decompressed) <= 2 * needed + pointers + 12 * CHUNK
    assert 2 * needed + pointers + 12 * CHUNK < 0.15 * 2 * adata.X.nnz, "far from all"


@pytest.mark.parametrize("ending", ["h5", "zarr"])
@pytest.mark.parametrize("method", ["mean_log", "ucell"])
def test_rows_are_decompressed_once(tmp_path, ending, method, decompressed):
    """Of a matrix by rows: every chunk once, beside the first part, which says the scale."""
    adata = cells()
    on_file = stored(adata, "csr", ending, tmp_path)
    decompressed.clear()
    ifn.tl.score(on_file, SETS, method=method, scale="log1p", chunk_size=60)
    first = decompressed.copy()
    assert sum(first) <= 2 * (2 * adata.X.nnz + adata.n_obs + 20 * CHUNK)
    decompressed.clear()
    ifn.tl.score(on_file, SETS, method=method, scale="log1p", chunk_size=25)
    assert abs(sum(decompressed) - sum(first)) <= 40 * CHUNK, "nothing is decompressed again where parts meet within a chunk"
