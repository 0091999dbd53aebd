"""Combined z against R GSVA's zscore (tests/witness/enrichment) and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness" / "enrichment"
SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines())}
X = {name: pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T for name in ("log", "tied", "counts")}
OF_R = pd.read_csv(HERE / "R.csv")


def adata_of(x, form=np.asarray):
    adata = ad.AnnData(X=form(x.to_numpy(copy=True)))
    adata.var_names, adata.obs_names = list(x.columns), list(x.index)
    return adata


def scored(x, sets=SETS, scale="log2", form=np.asarray, method="combined_z", **options):
    adata = adata_of(x, form)
    ifn.tl.score(adata, sets, method=method, scale=scale, min_coverage=0.01, **options)
    return ifn.get.scores_wide(adata)


@pytest.mark.parametrize(("name", "scale"), [("log", "log2"), ("tied", "log2p1")])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, sp.csc_matrix])
@pytest.mark.parametrize("chunk_size", [None, 1, 5])
def test_r(name, scale, form, chunk_size):
    expected = OF_R[(OF_R["matrix"] == name) & (OF_R["what"] == "zscore")].set_index("sample")[list(SETS)]
    got = scored(X[name], scale=scale, form=form, chunk_size=chunk_size)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13)
    alone = methods.score_values(form(X[name].to_numpy()), list(X[name].columns), SETS, "combined_z")
    np.testing.assert_allclose(alone, expected, rtol=0, atol=1e-13)


def test_by_hand():
    """Samples 1, 2, 3 of a and 4, 4, 7 of b: z of a -1, 0, 1; mean of b 5, SD sqrt(3), z -1, -1, 2 over sqrt(3)."""
    x = np.array([[1.0, 4, 9], [2, 4, 9], [3, 7, 9]])
    third = 1 / math.sqrt(3)
    got = methods.score_values(
        x, ["a", "b", "c"], {"ab": ["a", "b"], "a-b": {"a": 1.0, "b": -1.0}, "ac": ["a", "c"]}, "combined_z"
    )
    root = math.sqrt(2)
    np.testing.assert_allclose(got[:, 0], [(-1 - third) / root, -third / root, (1 + 2 * third) / root], rtol=1e-14)
    np.testing.assert_allclose(got[:, 1], [(-1 + third) / root, third / root, (1 - 2 * third) / root], rtol=1e-14)
    np.testing.assert_allclose(got[:, 2], [-1, 0, 1], atol=1e-15)  # c has no spread: k is 1


def test_it_is_the_mean_times_the_root_of_k():
    mean = scored(X["counts"], scale="counts", method="zcohort_mean")
    got = scored(X["counts"], scale="counts")
    adata = adata_of(X["counts"])
    ifn.tl.score(adata, SETS, method="combined_z", scale="counts", min_coverage=0.01)
    k = ifn.get.coverage(adata).set_index("signature")["n_used"].loc[list(SETS)]
    assert k["HALF12"] <= 6
    np.testing.assert_allclose(got, mean * np.sqrt(k), rtol=1e-12)


def test_contributions_add_up():
    adata = adata_of(X["tied"])
    both = Signature(id="both", up=tuple(SETS["CORE12"]), down=tuple(SETS["DOWN15"]))
    ifn.tl.score(adata, both, method="combined_z", scale="log2p1", min_coverage=0.01)
    parts = ifn.get.contributions(adata, "both")
    np.testing.assert_allclose(parts.sum(axis=1), ifn.get.scores_wide(adata)["both"], rtol=0, atol=1e-13)
    ups = parts[[g for g in SETS["CORE12"] if g in parts]].sum(axis=1) * math.sqrt(parts.shape[1])
    alone = scored(X["tied"], {"up": [g for g in SETS["CORE12"] if g in parts]}, scale="log2p1")["up"]
    np.testing.assert_allclose(ups, alone * math.sqrt(sum(g in parts for g in SETS["CORE12"])), rtol=0, atol=1e-12)


def test_jackknife():
    adata, genes = adata_of(X["log"]), SETS["CORE12"]
    ifn.tl.score(adata, {"C": genes}, method="combined_z", scale="log2")
    detail = ifn.get.scores(adata).set_index("sample").loc[X["log"].index]
    rest = scored(X["log"], {g: [h for h in genes if h != g] for g in genes})
    np.testing.assert_allclose(detail["jackknife_low"], rest.min(axis=1), rtol=0, atol=1e-13)
    np.testing.assert_allclose(detail["jackknife_high"], rest.max(axis=1), rtol=0, atol=1e-13)


def test_one_sample_is_refused_and_two_say_nothing():
    with pytest.raises(DataError, match="combined_z compares samples with each other and there is one: use -m ssgsea"):
        scored(X["log"].iloc[:1])
    two = scored(X["log"].iloc[:2], {"ONE": SETS["ONE"]})
    np.testing.assert_allclose(np.abs(two), 2**-0.5, rtol=1e-12)
