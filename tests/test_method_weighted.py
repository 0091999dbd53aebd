"""Weighted means and sums against decoupler and PROGENy's rule; percent_of_module on sparse input; tolerance 1e-12."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from tests import regression as data

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

FORMS = {"dense": np.asarray, "csr": sp.csr_matrix, "csc": sp.csc_matrix}
TOL = {"rtol": 1e-12, "atol": 1e-12}
GENESETS = Path(__file__).parents[1] / "genesets"


@pytest.fixture
def compiled(monkeypatch):
    """Every matrix counts as large enough for compiled code."""
    monkeypatch.setattr(methods, "STORED_WORTH_COMPILING", 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fun", ["wmean", "wsum"])
def test_equals_decoupler(fun, form):
    params = {"normalise": "none" if fun == "wsum" else "weights"}
    got = data.wide(data.log(), "weighted_mean", "log2", params=params, stored=FORMS[form])
    np.testing.assert_allclose(got, data.answer(f"decoupler_log_{fun}"), **TOL)
    natural = data.wide(data.log1p(), "weighted_mean", "log1p", params={**params, "base": "e"}, stored=FORMS[form])
    np.testing.assert_allclose(natural, data.answer(f"decoupler_log1p_{fun}"), **TOL)


@pytest.mark.parametrize("form", FORMS)
def test_compiled_code_equals_decoupler(compiled, form):
    for fun, normalise in (("wmean", "weights"), ("wsum", "none")):
        params = {"normalise": normalise, "base": "e"}
        got = data.wide(data.log1p(), "weighted_mean", "log1p", params=params, stored=FORMS[form], detail=False)
        np.testing.assert_allclose(got, data.answer(f"decoupler_log1p_{fun}"), **TOL)


@pytest.mark.parametrize("method", [m for m, r in methods.records().items() if r.needs == "signature_columns"])
@pytest.mark.parametrize(("scale", "pseudocount"), [("counts", None), ("counts", 0.5), ("linear", None), ("log1p", None)])
def test_the_way_of_sparse_samples_gives_the_same(method, scale, pseudocount, monkeypatch):
    """Every method of signature columns, with a gene in two columns, from dense columns and from sparse rows."""
    x = data.counts() if scale == "counts" else data.log1p()
    x = pd.concat([x, x[["MX1", "OAS1"]] * 2], axis=1)  # a gene in two columns: counts are added
    options = {"controls": np.arange(7) < 4} if methods.get(method).reference == "required" else {}
    options["detail"] = False
    if pseudocount is not None:
        options["pseudocount"] = pseudocount
    dense = data.wide(x, method, scale, **options)
    monkeypatch.setattr(methods, "STORED_WORTH_COMPILING", 0)
    np.testing.assert_allclose(data.wide(x, method, scale, stored=sp.csr_matrix, **options), dense, rtol=1e-11, atol=1e-11)


def progeny():
    return tomllib.loads((GENESETS / "progeny_jakstat.toml").read_text(encoding="utf-8"))["genes"]


@pytest.mark.parametrize("name", data.MATRIX)
def test_progeny_is_the_sum_of_weight_times_expression(name):
    make, scale = data.MATRIX[name]
    x, weights = make(), progeny()["weights"]
    found = [g for g in weights if g in x.columns]
    assert len(found) == 90
    assert len(weights) == 100
    adata = data.adata_of(x)
    ifn.tl.score(adata, "progeny_jakstat", method="published", scale=scale)
    got = ifn.get.scores_wide(adata)["progeny_jakstat"]
    unit = np.log(2) if scale == "log1p" else 1.0  # the catalogue takes log2, decoupler was given natural logarithms
    np.testing.assert_allclose(got * unit, data.answer(f"decoupler_{name}_progeny")["progeny_jakstat"], rtol=1e-12)
    by_hand = sum(weights[g] * x[g] for g in found)
    np.testing.assert_allclose(got * unit, by_hand, rtol=1e-12)
    row = ifn.get.coverage(adata).iloc[0]
    assert (row["n_genes"], row["n_used"]) == (100, 90)
    natural = data.adata_of(x)
    params = {"normalise": "none", "base": "e" if scale == "log1p" else "2"}
    ifn.tl.score(natural, "progeny_jakstat", method="weighted_mean", scale=scale, params=params)
    np.testing.assert_allclose(ifn.get.scores_wide(natural)["progeny_jakstat"], by_hand, rtol=1e-12)


def test_progeny_of_one_sample_does_not_depend_on_others():
    x = data.log1p()
    one, all_ = data.adata_of(x.iloc[[4]]), data.adata_of(x)
    for adata in (one, all_):
        ifn.tl.score(adata, "progeny_jakstat", method="published", scale="log1p")
    np.testing.assert_allclose(ifn.get.scores_wide(one), ifn.get.scores_wide(all_).iloc[[4]], rtol=1e-13)


def test_contributions_are_weight_times_logarithm():
    adata = data.scored(data.log(), "weighted_mean", "log2", params={"normalise": "none"})
    scores = ifn.get.scores_wide(adata)
    for s, weights in data.WEIGHTS.items():
        parts = ifn.get.contributions(adata, s)
        np.testing.assert_allclose(parts, data.log()[parts.columns] * np.array([weights[g] for g in parts.columns]), **TOL)
        np.testing.assert_allclose(parts.sum(axis=1), scores[s], **TOL)


# --- percent of a module --------------------------------------------------------------------------------------------------


def percent(x, controls, weights, fold=1.5, difference=10.0):
    """Return the score of each sample, gene by gene."""
    out = []
    for sample in x.index:
        score, n = 0, 0
        for gene, weight in weights.items():
            if gene not in x.columns or x.loc[controls, gene].mean() == 0:
                continue
            mean, value = x.loc[controls, gene].mean(), x.loc[sample, gene]
            n += 1
            if value / mean >= fold and value - mean >= difference:
                score += np.sign(weight)
            elif value / mean <= 1 / fold and value - mean <= -difference:
                score -= np.sign(weight)
        out.append(100.0 * score / n if n else np.nan)
    return out


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("fold", "difference"), [(1.5, 10.0), (2.0, 0.0), (1.0, 1000.0)])
def test_percent_of_module(form, fold, difference):
    x = data.counts()
    cpm = x.div(x.sum(axis=1), axis=0) * 1e6
    controls = np.arange(7) < 3
    params = {"fold": fold, "difference": difference}
    for values, scale in ((x, "counts"), (cpm, "linear"), (np.log1p(cpm), "log1p"), (np.log2(cpm + 1), "log2p1")):
        got = data.wide(values, "percent_of_module", scale, stored=FORMS[form], params=params, controls=controls)
        for s, weights in data.WEIGHTS.items():
            np.testing.assert_allclose(got[s], percent(cpm, x.index[controls], weights, fold, difference), **TOL)
    assert got["BIG90"].abs().max() > 5


def test_percent_of_module_from_sparse_samples_beyond_the_limit_of_compiling(compiled):
    rng = np.random.default_rng(8)
    x = np.tile(data.counts().to_numpy(dtype=float), (60, 1)) + rng.poisson(0.2, (420, 420))
    x = pd.DataFrame(x, columns=data.counts().columns, index=[f"c{i}" for i in range(420)])
    controls = np.arange(420) < 30
    got = data.wide(x, "percent_of_module", "linear", stored=sp.csr_matrix, controls=controls, chunk_size=100, detail=False)
    np.testing.assert_allclose(got["ISG14"], percent(x, x.index[controls], data.WEIGHTS["ISG14"]), **TOL)
    np.testing.assert_allclose(got, data.wide(x, "percent_of_module", "linear", controls=controls), **TOL)


def test_percent_of_module_contributions_and_refusals():
    x = data.counts()
    adata = data.scored(x, "percent_of_module", "counts", controls=np.arange(7) < 3)
    for s in data.NAMES:
        parts = ifn.get.contributions(adata, s)
        np.testing.assert_allclose(parts.sum(axis=1, min_count=1), ifn.get.scores_wide(adata)[s], **TOL)
    dropped = ifn.get.coverage(adata).set_index("signature").loc["BIG90", "dropped"]
    never = [g for g in data.WEIGHTS["BIG90"] if (x.loc[x.index[:3], g] == 0).all()]
    assert sorted(dropped.split(",")) == sorted(never)
    with pytest.raises(DataError, match="percent_of_module takes counts, linear, .* and this matrix is on scale ct"):
        data.scored(30 - data.log(), "percent_of_module", "ct", controls=np.arange(7) < 3, params={"housekeeping": "none"})
