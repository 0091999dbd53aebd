"""ULM against decoupler, statsmodels and numpy.

Tolerance: decoupler on 64-bit input 1e-9 relative (found: 3e-13); statsmodels 1e-9; compiled and plain code 1e-12.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import statsmodels.api as sm
from tests import regression as data

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.methods import _direct, _moments

QUIET = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
FORMS = {"dense": np.asarray, "csr": sp.csr_matrix, "csc": sp.csc_matrix}


def direct(x, sets=data.WEIGHTS, *, method="ulm", compiled=False, stored=np.asarray, columns=None):
    values = stored(np.asarray(x, dtype=float)) if not sp.issparse(x) else x
    genes = list(x.columns if columns is None else columns)
    return _direct.score_with(methods.kernel(method), values, genes, sets, {}, compiled=compiled)


def literal(y, w):
    """Return t of the slope by numpy's least squares."""
    design = np.column_stack([np.ones(len(y)), w])
    found, left, _, _ = np.linalg.lstsq(design, y, rcond=None)
    error = float(left[0]) / (len(y) - 2)
    return found[1] / np.sqrt(error * np.linalg.inv(design.T @ design)[1, 1])


@QUIET
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", data.MATRIX)
def test_equals_decoupler(name, form):
    make, scale = data.MATRIX[name]
    got = data.wide(make(), "ulm", scale, stored=FORMS[form])
    np.testing.assert_allclose(got, data.answer(f"decoupler_{name}_ulm_empty_False"), rtol=1e-9)


@QUIET
def test_decoupler_drops_genes_without_a_count_first():
    """Its N is then that of the genes found in any sample: the same numbers without these genes."""
    x, peer = data.log1p(), data.answer("decoupler_log1p_ulm")
    found = (x > 0).any(axis=0)
    assert (~found).sum() == 82
    np.testing.assert_allclose(data.wide(x.loc[:, found], "ulm", "log1p"), peer, rtol=1e-9)
    assert np.abs(data.wide(x, "ulm", "log1p") - peer).to_numpy().max() > 0.05
    np.testing.assert_allclose(data.wide(data.log(), "ulm", "log2"), data.answer("decoupler_log_ulm"), rtol=1e-9)


@QUIET
@pytest.mark.parametrize("name", data.MATRIX)
def test_equals_statsmodels(name):
    make, scale = data.MATRIX[name]
    x = make()
    got = data.wide(x, "ulm", scale)
    for s, weights in data.WEIGHTS.items():
        w = data.column(x, weights)
        for sample in x.index:
            fitted = sm.OLS(x.loc[sample].to_numpy(), sm.add_constant(w)).fit()
            assert fitted.df_resid == x.shape[1] - 2
            assert got.loc[sample, s] == pytest.approx(fitted.tvalues[1], rel=1e-9), (s, sample)


@QUIET
def test_counts_become_log2_of_counts_per_million():
    x = data.counts()
    y = np.log2(x.div(x.sum(axis=1), axis=0) * 1e6 + 1)
    expected = [[literal(y.loc[s].to_numpy(), data.column(x, w)) for w in data.WEIGHTS.values()] for s in x.index]
    for stored in FORMS.values():
        np.testing.assert_allclose(data.wide(x, "ulm", "counts", stored=stored), expected, rtol=1e-10)
    y = np.log2(x.div(x.sum(axis=1), axis=0) * 1e6 + 0.25)  # a zero is -2 then, and sparse rows stay sparse
    expected = [[literal(y.loc[s].to_numpy(), data.column(x, w)) for w in data.WEIGHTS.values()] for s in x.index]
    for stored in FORMS.values():
        np.testing.assert_allclose(data.wide(x, "ulm", "counts", stored=stored, pseudocount=0.25), expected, rtol=1e-10)


@QUIET
@pytest.mark.parametrize("scale", ["log2", "log2p1", "log1p"])
def test_unit_and_offset_change_nothing(scale):
    x = data.log1p()
    np.testing.assert_allclose(data.wide(x, "ulm", scale), data.wide(x * 1.7, "ulm", "log1p"), rtol=1e-11)
    np.testing.assert_allclose(data.wide(x + 3.0, "ulm", scale), data.wide(x, "ulm", scale), rtol=1e-10)


@QUIET
def test_ct_values_count_with_their_sign_turned():
    ct = 30.0 - data.log()
    got = data.wide(ct, "ulm", "ct", params={"housekeeping": "none"}, controls=np.arange(7) < 3)
    np.testing.assert_allclose(got, data.wide(data.log(), "ulm", "log2"), rtol=1e-10)


@QUIET
def test_missing_genes_are_left_out():
    here = {g: 1.0 for g in data.WEIGHTS["HALF"] if g in data.log().columns}
    assert len(here) == 10 < len(data.WEIGHTS["HALF"])
    alone = data.wide(data.log(), "ulm", "log2", sets=[data.signature("HALF", here)])
    np.testing.assert_allclose(alone["HALF"], data.wide(data.log(), "ulm", "log2")["HALF"], rtol=1e-13)


@QUIET
def test_up_and_down_are_weights_of_one_and_minus_one():
    both = data.WEIGHTS["BOTH"]
    turned = data.signature("BOTH", {g: -w for g, w in both.items()})
    got, back = data.wide(data.log(), "ulm", "log2")["BOTH"], data.wide(data.log(), "ulm", "log2", sets=[turned])["BOTH"]
    np.testing.assert_allclose(back, -got, rtol=1e-12)
    doubled = data.signature("BOTH", {g: 2.0 * w for g, w in both.items()})
    np.testing.assert_allclose(data.wide(data.log(), "ulm", "log2", sets=[doubled])["BOTH"], got, rtol=1e-12)


@QUIET
@pytest.mark.parametrize("name", data.MATRIX)
def test_contributions_share_the_score_in_proportion_to_the_covariance(name):
    make, scale = data.MATRIX[name]
    x = make()
    adata = data.scored(x, "ulm", scale)
    scores = ifn.get.scores_wide(adata)
    for s, weights in data.WEIGHTS.items():
        parts = ifn.get.contributions(adata, s)
        np.testing.assert_allclose(parts.sum(axis=1), scores[s], rtol=1e-9, atol=1e-12)
        share = x[parts.columns].sub(x.mean(axis=1), axis=0) * np.array([weights[g] for g in parts.columns])
        np.testing.assert_allclose(parts.div(scores[s], axis=0), share.div(share.sum(axis=1), axis=0), rtol=1e-8, atol=1e-12)


@QUIET
def test_jackknife_keeps_the_gene_among_the_others():
    adata = data.scored(data.log(), "ulm", "log2")
    shown = ifn.get.scores(adata).set_index(["signature", "sample"])
    for s in ("BOTH", "WEIGHTED"):
        weights = data.WEIGHTS[s]
        fewer = [data.signature(g, {k: v for k, v in weights.items() if k != g}) for g in weights]
        every = data.wide(data.log(), "ulm", "log2", sets=fewer)
        np.testing.assert_allclose(shown.loc[s, "jackknife_low"].loc[every.index], every.min(axis=1), rtol=1e-10)
        np.testing.assert_allclose(shown.loc[s, "jackknife_high"].loc[every.index], every.max(axis=1), rtol=1e-10)


def test_no_score_without_spread_or_error():
    genes = [f"G{i}" for i in range(300)]
    x = pd.DataFrame(np.random.default_rng(0).random((4, 300)), columns=genes)
    x.iloc[1] = 3.7  # all genes equal
    x.iloc[2] = 0.0
    x.iloc[3] = [2.5] * 10 + [0.5] * 290  # nothing but the signature
    sets = {"A": genes[:10], "ALL": genes}
    for compiled in (False, True):
        got = direct(x, sets, compiled=compiled, stored=sp.csr_matrix)
        assert np.isfinite(got[0, 0])
        assert np.isnan(got[1:, 0]).all()
        assert np.isnan(got[:, 1]).all()
    np.testing.assert_allclose(direct(x, sets)[0, 0], got[0, 0], rtol=1e-12)
    weighted = {"ALL": {g: 1.0 + i for i, g in enumerate(genes)}}
    assert direct(x, weighted)[0, 0] == pytest.approx(literal(x.iloc[0].to_numpy(), 1.0 + np.arange(300)), rel=1e-10)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32])
def test_compiled_and_plain_agree(kind):
    rng = np.random.default_rng(4)
    x = rng.poisson(0.4, (300, 900)) * (1.0 if kind is np.int32 else rng.gamma(2, 1, (300, 900)))
    x[7] = 0
    rows = sp.csr_matrix(x.astype(kind))
    genes = [f"G{i}" for i in range(900)]
    sets = {
        f"S{k}": {g: float(w) for g, w in zip(rng.choice(genes, k, False), rng.normal(0, 2, k), strict=True)} for k in (1, 9, 80)
    }
    plain, fast = (direct(rows, sets, compiled=c, columns=genes) for c in (False, True))
    np.testing.assert_allclose(fast, plain, rtol=1e-12, atol=1e-12)
    dense = direct(rows.toarray().astype(float), sets, columns=genes)
    np.testing.assert_allclose(fast, dense, rtol=1e-12, atol=1e-12)
    assert np.isnan(fast[7]).all()
    assert np.isfinite(np.delete(fast, 7, axis=0)).all()
    y = rows.toarray().astype(float)[20]
    assert fast[20, 2] == pytest.approx(literal(y, np.array([sets["S80"].get(g, 0.0) for g in genes])), rel=1e-10)


def test_number_of_threads_changes_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    rows = sp.random(1_000, 400, 0.2, format="csr", random_state=rng)
    genes = [f"G{i}" for i in range(400)]
    found = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("IFNSCORE_THREADS", threads)
        found.append(direct(rows, {"A": genes[:30], "B": genes[20:90]}, compiled=True, columns=genes))
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


@pytest.mark.parametrize("compiled", [False, True])
def test_sparse_rows_are_never_written_out(compiled):
    n, n_genes = 300, 200_000
    rows = sp.random(n, n_genes, 2e-4, format="csr", random_state=np.random.default_rng(6))
    plan = _direct._plan([f"G{i}" for i in range(n_genes)], {"A": [f"G{i}" for i in range(50)]}, {}, compiled=compiled)
    kernel = methods.kernel("ulm")

    def work():
        made = kernel.scores(rows, plan)
        return kernel.score(kernel.terms(rows, plan), plan.sets[0], plan) if made is None else made[:, 0]

    work()
    tracemalloc.start()
    got = work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6 < n * n_genes * 4
    assert np.isfinite(got).all()


def test_weighted_sums_are_sums():
    rng = np.random.default_rng(9)
    rows = sp.random(90, 70, 0.3, format="csr", random_state=rng)
    columns, weights = np.array([3, 60, 9, 41]), np.array([[1.0, 0.0], [-2.0, 0.5], [0.0, 0.0], [0.0, 3.0]])
    out, sums = _moments.weighted_sums(rows, columns, weights, with_moments=True)
    np.testing.assert_allclose(out, rows.toarray()[:, columns] @ weights, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(sums, np.column_stack([rows.toarray().sum(axis=1), (rows.toarray() ** 2).sum(axis=1)]), rtol=1e-13)
    assert _moments.weighted_sums(rows, columns, weights)[1].shape == (0, 2)


@pytest.mark.parametrize("method", ["ulm", "mlm", "score_genes"])
def test_a_panel_is_refused_and_told_what_to_use(method):
    x = data.log().iloc[:, :50]
    sets = [data.signature("A", dict.fromkeys(x.columns[:10], 1.0))]
    with pytest.raises(DataError, match=f"{method} compares .* other genes .* has 50, under 200: .* Use -m mean_log") as error:
        data.scored(x, method, "log2", sets=sets)
    assert "rank" not in str(error.value).split("Use -m mean_log")[0]
    with pytest.warns(IfnscoreWarning, match=f"{method} on 420 genes, under 2000: the score depends on which genes"):
        data.scored(data.log(), method, "log2", sets=data.SIGNATURES[:1])


@QUIET
@pytest.mark.parametrize("method", ["ulm", "mlm", "score_genes"])
def test_missing_values_are_refused_or_dropped_for_all(method):
    x = data.log()
    gene = next(g for g in x.columns if not any(g in w for w in data.WEIGHTS.values()))
    x.loc["S2", gene] = np.nan
    with pytest.raises(DataError, match=f"nan in gene {gene}, sample S2"):
        data.scored(x, method, "log2")
    got = data.wide(x, method, "log2", allow_missing=True)
    np.testing.assert_allclose(got, data.wide(x.drop(columns=gene), method, "log2"), rtol=1e-11, atol=1e-12)


@QUIET
def test_a_logarithm_of_zero_in_any_gene_is_refused():
    with pytest.raises(DataError, match="its logarithm has no pseudo-count"):
        data.scored(data.counts(), "ulm", "counts", pseudocount=0.0)
