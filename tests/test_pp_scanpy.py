"""scanpy's normalisation, by hand."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from ifnscore import pp
from ifnscore.errors import UsageError

COUNTS = np.array([[1, 0, 3], [0, 5, 0], [0, 0, 0]], dtype=np.float64)


def cells(kind=np.asarray, dtype=np.float64):
    adata = ad.AnnData(X=kind(COUNTS.astype(dtype)))
    adata.uns["ifnscore"] = {"input": {"scale": "counts"}}
    return adata


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, sp.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_by_hand(kind, dtype):
    adata = cells(kind, dtype)
    made = pp.normalise(adata, "scanpy")
    wanted = np.log([[2501.0, 1, 7501], [1, 10001, 1], [1, 1, 1]])
    assert sp.issparse(made.X) == sp.issparse(adata.X)
    np.testing.assert_allclose(made.X.toarray() if sp.issparse(made.X) else made.X, wanted, rtol=1e-6)
    for left in (adata.X, made.layers["counts"]):
        np.testing.assert_array_equal(left.toarray() if sp.issparse(left) else left, COUNTS)
    record = made.uns["ifnscore"]["input"]
    assert (record["scale"], record["normalised"]) == ("log1p", "scanpy (target_sum=10000)")
    assert "1 of 3 cells have no counts and stay 0" in record["notes"]


def test_target_sum():
    made = pp.normalise(cells(), "scanpy", target_sum="1e6")
    np.testing.assert_allclose(np.expm1(made.X[:2].sum(axis=1) * 0 + made.X[:2].max(axis=1)), [750_000, 1_000_000])


@pytest.mark.parametrize("text", ["many", "0", "-5", "inf", "nan"])
def test_a_wrong_target_sum(text):
    with pytest.raises(UsageError, match=rf"target_sum={text}: a number above 0 is needed"):
        pp.normalise(cells(), "scanpy", target_sum=text)


def test_it_can_be_written(tmp_path):
    made = pp.normalise(cells(), "scanpy")
    made.write_h5ad(tmp_path / "a.h5ad")
    assert ad.read_h5ad(tmp_path / "a.h5ad").uns["ifnscore"]["input"]["scale"] == "log1p"
