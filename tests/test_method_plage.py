"""PLAGE against R GSVA (tests/witness/enrichment) and numpy's singular value decomposition; the sign rule; streaming."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.methods import plage
from ifnscore.methods._protocol import Plan, SetPlan
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness" / "enrichment"
SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines())}
X = {name: pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T for name in ("log", "tied", "counts")}
OF_R = pd.read_csv(HERE / "R.csv")


def direct(x, sets=SETS):
    return pd.DataFrame(methods.score_values(x.to_numpy(), list(x.columns), sets, "plage"), x.index, list(sets))


def adata_of(x, form=np.asarray):
    adata = ad.AnnData(X=form(x.to_numpy(copy=True)))
    adata.var_names, adata.obs_names = list(x.columns), list(x.index)
    return adata


def scored(x, sets=SETS, scale="log2", form=np.asarray, **options):
    adata = adata_of(x, form)
    ifn.tl.score(adata, sets, method="plage", scale=scale, min_coverage=0.01, **options)
    return ifn.get.scores_wide(adata)


def z_of(x, genes):
    x = x[[g for g in genes if g in x.columns and x[g].nunique() > 1]]
    return (x - x.mean()) / x.std(ddof=1)


def by_svd(x, genes, sign=None):
    """The first right singular vector by numpy, with the sign of its correlation with the mean of signed z."""
    z = z_of(x, genes)
    vector = np.linalg.svd(z.to_numpy().T, full_matrices=False)[2][0]
    mean = (z * ([sign[g] for g in z.columns] if sign else 1.0)).mean(axis=1)
    return vector * np.sign(np.corrcoef(vector, mean)[0, 1])


@pytest.mark.parametrize("name", ["log", "tied"])
def test_r_up_to_the_sign(name):
    expected = OF_R[(OF_R["matrix"] == name) & (OF_R["what"] == "plage")].set_index("sample")[list(SETS)]
    assert (expected.pop("ONE") == 1).all()  # with one gene R returns no vector at all
    got = direct(X[name])[list(expected)]
    sign = np.sign((got * expected).sum())
    assert set(sign) == {-1.0, 1.0}  # R's is arbitrary
    np.testing.assert_allclose(got, expected * sign, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["log", "tied"])
def test_the_singular_vector_with_its_sign(name):
    got = direct(X[name])
    for signature, genes in SETS.items():
        np.testing.assert_allclose(got[signature], by_svd(X[name], genes), rtol=0, atol=1e-12)
        assert np.corrcoef(got[signature], z_of(X[name], genes).mean(axis=1))[0, 1] > 0
    np.testing.assert_allclose((got**2).sum(), 1.0, rtol=1e-12)
    np.testing.assert_allclose(got.sum(), 0.0, atol=1e-12)


def test_one_gene_is_its_z():
    np.testing.assert_allclose(direct(X["log"])["ONE"], z_of(X["log"], ["MX1"])["MX1"] / np.sqrt(11), rtol=1e-12)


def test_direction_decides_the_sign_alone():
    up, down = SETS["CORE12"], SETS["DOWN15"]
    sign = dict.fromkeys(up, 1.0) | dict.fromkeys(down, -1.0)
    both = Signature(id="both", up=tuple(up), down=tuple(down))
    expected = by_svd(X["log"], up + down, sign)
    got = scored(X["log"], both)["both"]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
    assert got.iloc[6:].mean() > 0.2 > got.iloc[:6].mean()
    other = scored(X["log"], Signature(id="both", up=tuple(down), down=tuple(up)))["both"]
    np.testing.assert_allclose(other, -got, rtol=0, atol=1e-12)


def test_without_a_sign_the_largest_loading_decides_and_then_the_alphabet():
    rng = np.random.default_rng(2)
    trend, noise = rng.normal(size=12), rng.normal(size=12)
    # two genes that mirror each other load equally: MX1 < OAS1 in the alphabet
    x = pd.DataFrame({"OAS1": trend, "MX1": -trend, "ISG15": noise}, index=list("abcdefghijkl"))
    for genes in (["OAS1", "MX1"], ["MX1", "OAS1"]):
        got = direct(x, {"two": genes})["two"]
        assert np.corrcoef(got, x["MX1"])[0, 1] == pytest.approx(1)
    down = direct(x, {"two": {"OAS1": -1.0, "MX1": 1.0}})["two"]  # now the mean of signed z has a sign
    assert np.corrcoef(down, x["MX1"])[0, 1] == pytest.approx(1)
    one = SetPlan(id="s", index=np.arange(3), sign=np.array([1.0, 1, -1]), weights=np.ones(3), n_published=3)
    plan = Plan(genes=("C", "B", "A"), columns=np.arange(3), sets=(one,))
    assert plage._sign(np.array([0.5, -0.5, 0.0]), one, plan) == -1  # B before C
    assert plage._sign(np.array([0.4, 0.3, 0.7]), one, plan) == -1  # A, the largest, goes down
    assert plage._sign(np.array([0.4, 0.4, 0.7]), one, plan) == 1  # the sum decides


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, sp.csc_matrix])
@pytest.mark.parametrize("chunk_size", [None, 1, 5])
def test_chunks_and_storage_change_nothing(form, chunk_size):
    got = scored(X["tied"], scale="log2p1", form=form, chunk_size=chunk_size)
    np.testing.assert_allclose(got, direct(X["tied"]), rtol=0, atol=1e-13)


def test_many_samples_stream_without_loss():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(5_000, 1))
    x = pd.DataFrame(1e6 + base * rng.gamma(1, 1, 8) + rng.normal(size=(5_000, 8)), columns=list("abcdefgh"))
    sets = {"first": list("abcde"), "second": list("cdefgh")}
    plan = Plan(
        genes=tuple(x.columns),
        columns=np.arange(8),
        sets=tuple(
            SetPlan(
                id=k,
                index=np.array([x.columns.get_loc(g) for g in v]),
                sign=np.ones(len(v)),
                weights=np.ones(len(v)),
                n_published=len(v),
            )
            for k, v in sets.items()
        ),
    )
    kernel = plage.KERNEL
    parts = np.array_split(x.to_numpy(), [10, 11, 1_000, 4_000])
    halves = [kernel.begin(plan), kernel.begin(plan)]
    for i, part in enumerate(parts):
        halves[i // 3] = kernel.fold(halves[i // 3], part)
    stats = kernel.finish(kernel.merge(*halves), plan)
    np.testing.assert_allclose(stats.centre, x.mean(), rtol=1e-14)
    np.testing.assert_allclose(stats.spread, x.std(ddof=1), rtol=1e-10)
    for k, v in sets.items():
        np.testing.assert_allclose(stats.correlations[k][1], x[v].corr(), rtol=0, atol=1e-10)
        np.testing.assert_allclose(direct(x, sets)[k], by_svd(x, v), rtol=0, atol=1e-9)


def test_counts_are_scored_as_log_cpm():
    cpm = np.log2(X["counts"].div(X["counts"].sum(axis=1), axis=0) * 1e6 + 1)
    np.testing.assert_allclose(scored(X["counts"], scale="counts"), direct(cpm), rtol=0, atol=1e-12)


def test_constant_and_missing_genes_are_dropped():
    x = X["log"]
    constant = next(g for g in x.columns if x[g].nunique() == 1)
    assert constant in SETS["CONSTANT8"]
    less = x.drop(columns=constant)
    np.testing.assert_allclose(direct(x), direct(less), rtol=0, atol=1e-14)
    adata = adata_of(x)
    ifn.tl.score(adata, {"C": SETS["CONSTANT8"]}, method="plage", scale="log2", min_coverage=0.01)
    assert ifn.get.genes(adata).set_index("gene").loc[constant, "note"] == "no spread"
    found = [g for g in SETS["HALF12"] if g in x.columns]
    assert len(found) == 6
    np.testing.assert_allclose(direct(x)["HALF12"], direct(x, {"found": found})["found"], rtol=0, atol=1e-15)


def test_contributions_add_up_and_are_found_again():
    adata = adata_of(X["tied"])
    both = Signature(id="both", up=tuple(SETS["CORE12"]), down=tuple(SETS["DOWN15"]))
    ifn.tl.score(adata, both, method="plage", scale="log2p1", min_coverage=0.01)
    parts = ifn.get.contributions(adata, "both")
    np.testing.assert_allclose(parts.sum(axis=1), ifn.get.scores_wide(adata)["both"], rtol=0, atol=1e-13)
    z = z_of(X["tied"], parts.columns)
    loading = (parts / z).median()
    np.testing.assert_allclose(parts, z * loading, rtol=0, atol=1e-13)


def test_jackknife_finds_the_vector_anew():
    adata, genes = adata_of(X["log"]), SETS["CORE12"]
    ifn.tl.score(adata, {"C": genes}, method="plage", scale="log2")
    detail = ifn.get.scores(adata).set_index("sample").loc[X["log"].index]
    rest = direct(X["log"], {g: [h for h in genes if h != g] for g in genes})
    np.testing.assert_allclose(detail["jackknife_low"], rest.min(axis=1), rtol=0, atol=1e-13)
    np.testing.assert_allclose(detail["jackknife_high"], rest.max(axis=1), rtol=0, atol=1e-13)


def test_few_samples():
    with pytest.raises(DataError, match="plage compares samples with each other and there is one: use -m ssgsea or -m singscore"):
        scored(X["log"].iloc[:1])
    with pytest.warns(IfnscoreWarning, match="plage on 2 samples, under 10"):
        got = scored(X["log"].iloc[:2])
    np.testing.assert_allclose(np.abs(got), 2**-0.5, rtol=1e-12)


def test_other_samples_change_a_score():
    assert not methods.get("plage").sample_independent
    assert np.abs(direct(X["log"].iloc[:6]) - direct(X["log"]).iloc[:6]).to_numpy().max() > 0.05
