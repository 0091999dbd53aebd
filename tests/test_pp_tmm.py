"""TMM against edgeR, and what is refused."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import loaders, pp
from ifnscore.errors import DataError, IfnscoreWarning, ScaleError

WITNESS = Path(__file__).parent / "witness" / "tmm"
FEW = pytest.mark.filterwarnings("ignore:tmm. .* genes have counts:ifnscore.errors.IfnscoreWarning")


def table(name):
    """Samples by genes, with the record that a loader leaves."""
    frame = pd.read_csv(WITNESS / f"{name}.csv", index_col=0)
    return recorded(ad.AnnData(X=frame.to_numpy().T, obs=pd.DataFrame(index=list(frame)), var=pd.DataFrame(index=list(frame.index))))


def recorded(adata, scale="counts"):
    adata.uns["ifnscore"] = {"input": {"scale": scale, "format": "text"}}
    return adata


@FEW
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("name", ["plain", "zeros", "ties", "odd"])
def test_as_edger(name, kind):
    wanted = pd.read_csv(WITNESS / f"edgeR_{name}.csv", index_col=0)
    adata = table(name)
    adata.X = kind(adata.X)
    made = pp.normalise(adata, "tmm")
    np.testing.assert_allclose(made.obs["qc_tmm_factor"], wanted.loc["factor"], rtol=1e-12)
    np.testing.assert_allclose(made.X, wanted.drop(index="factor").to_numpy().T, rtol=1e-12)
    record = made.uns["ifnscore"]["input"]
    assert (record["scale"], record["normalised"]) == ("linear", "tmm")
    before = made.layers["counts"]
    np.testing.assert_array_equal(before.toarray() if sp.issparse(before) else before, table(name).X)
    assert "factors from " in record["notes"]
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"


def test_the_only_tables_where_rnanorm_differs_are_refused():
    """With an upper quartile of 0, rnanorm takes the first sample as the reference and edgeR another one."""
    with pytest.raises(DataError, match=r"1 samples have counts in no more than a quarter of the \d+ expressed genes \(s2\).*scanpy"):
        pp.normalise(table("sparse"), "tmm")


@FEW
@pytest.mark.parametrize("n", [100, 101, 102, 103])
def test_the_bound_is_an_upper_quartile_of_zero(n):
    """numpy's quantile is the witness; the last sample has counts in k genes."""
    for k in range(n // 4 - 2, n // 4 + 4):
        x = np.arange(1, 3 * n + 1).reshape(3, n) % 97 + 1
        x[2, k:] = 0
        adata = recorded(ad.AnnData(X=x.astype(float)))
        if np.quantile(x[2], 0.75) == 0:
            with pytest.raises(DataError, match="a quarter of the"):
                pp.normalise(adata, "tmm")
        else:
            pp.normalise(adata, "tmm")


def test_what_is_refused():
    plain = table("plain")
    with pytest.raises(DataError, match="one sample has no other"):
        pp.normalise(recorded(plain[:1].copy()), "tmm")
    empty = plain.copy()
    empty.X[3] = 0
    with pytest.raises(DataError, match=r"samples without any counts: s3; leave them out"):
        pp.normalise(recorded(empty), "tmm")
    with pytest.raises(DataError, match=r"only 99 genes have counts: .*housekeeping"):
        pp.normalise(recorded(plain[:, :99].copy()), "tmm")
    missing = plain.copy()
    missing.X = missing.X.astype(float)
    missing.X[0, 0] = np.nan
    with pytest.raises(DataError, match="missing values"):
        pp.normalise(recorded(missing), "tmm")
    with pytest.raises(ScaleError, match=r"tmm starts from counts, and the scale is linear"):
        pp.normalise(recorded(plain.copy(), "linear"), "tmm")
    with pytest.warns(IfnscoreWarning, match=r"400 genes have counts: TMM takes most genes as unchanged"):
        pp.normalise(plain, "tmm")


@FEW
def test_samples_that_share_no_gene():
    x = np.zeros((4, 200))
    x[:2, :100], x[2:, 100:] = 7, 9
    x[1] *= 2
    with pytest.raises(DataError, match="some samples share no expressed gene with the reference sample"):
        pp.normalise(recorded(ad.AnnData(X=x)), "tmm")


def test_without_rnanorm(monkeypatch):
    real = importlib.import_module

    def missing(name, *args):
        if name == "rnanorm":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DataError, match="needs the package rnanorm: pip install rnanorm"):
        pp.normalise(table("plain"), "tmm")


@FEW
def test_from_a_file(tmp_path):
    """Through read(): the same numbers, and what follows knows that they are linear."""
    shutil.copy(WITNESS / "plain.csv", tmp_path / "plain.csv")
    text = (tmp_path / "plain.csv").read_text().replace("\ng0,", "\nISG15,").replace("\ng1,", "\nMX1,")
    (tmp_path / "plain.csv").write_text(text)
    with pytest.warns(IfnscoreWarning, match="."):
        adata = loaders.read(tmp_path / "plain.csv", normalise="tmm")
    wanted = pd.read_csv(WITNESS / "edgeR_plain.csv", index_col=0)
    np.testing.assert_allclose(adata.X, wanted.drop(index="factor").to_numpy().T, rtol=1e-12)


def test_it_depends_on_the_run():
    assert not pp.get("tmm").sample_independent
    assert pp.get("tmm").source.startswith("doi:")
    assert all(n.gives != "counts" for n in ifn.pp.normalisations())
