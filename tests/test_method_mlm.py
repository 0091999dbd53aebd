"""MLM against decoupler, statsmodels and its own definition; tolerances as for ULM."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import statsmodels.api as sm
from tests import regression as data
from tests.test_method_ulm import FORMS, direct

import ifnscore as ifn
from ifnscore.errors import DataError

QUIET = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


def design(x, names):
    return sm.add_constant(np.column_stack([data.column(x, data.WEIGHTS[s]) for s in names]))


@QUIET
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", data.MATRIX)
def test_equals_decoupler(name, form):
    make, scale = data.MATRIX[name]
    got = data.wide(make(), "mlm", scale, stored=FORMS[form])
    np.testing.assert_allclose(got, data.answer(f"decoupler_{name}_mlm_empty_False"), rtol=1e-9)


@QUIET
def test_decoupler_drops_genes_without_a_count_first():
    x, peer = data.log1p(), data.answer("decoupler_log1p_mlm")
    np.testing.assert_allclose(data.wide(x.loc[:, (x > 0).any(axis=0)], "mlm", "log1p"), peer, rtol=1e-9)
    assert np.abs(data.wide(x, "mlm", "log1p") - peer).to_numpy().max() > 0.05


@QUIET
@pytest.mark.parametrize("name", data.MATRIX)
def test_equals_statsmodels(name):
    make, scale = data.MATRIX[name]
    x = make()
    got = data.wide(x, "mlm", scale)
    for sample in x.index:
        fitted = sm.OLS(x.loc[sample].to_numpy(), design(x, data.NAMES)).fit()
        assert fitted.df_resid == x.shape[1] - len(data.NAMES) - 1
        np.testing.assert_allclose(got.loc[sample], fitted.tvalues[1:], rtol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_compiled_and_plain_agree(kind):
    x = data.log1p()
    rows = sp.csr_matrix(np.tile(x.to_numpy(), (30, 1)).astype(kind))
    plain, fast = (direct(rows, method="mlm", compiled=c, columns=x.columns) for c in (False, True))
    np.testing.assert_allclose(fast, plain, rtol=1e-12, atol=1e-12)


@QUIET
def test_alone_it_is_ulm_and_with_others_it_is_not():
    for s in data.SIGNATURES:
        alone = data.wide(data.log(), "mlm", "log2", sets=[s])
        np.testing.assert_allclose(alone, data.wide(data.log(), "ulm", "log2", sets=[s]), rtol=1e-12)
    together, own = data.wide(data.log(), "mlm", "log2"), data.wide(data.log(), "ulm", "log2")
    assert np.abs(together - own)["ISG14"].min() > 0.05


@QUIET
def test_contributions_are_of_the_model_with_all_signatures():
    x = data.log()
    adata = data.scored(x, "mlm", "log2")
    scores = ifn.get.scores_wide(adata)
    for s, weights in data.WEIGHTS.items():
        parts = ifn.get.contributions(adata, s)
        np.testing.assert_allclose(parts.sum(axis=1), scores[s], rtol=1e-9)
        rest = sm.OLS(x.to_numpy().T, design(x, [o for o in data.NAMES if o != s])).fit().resid.T  # what the others leave
        share = rest[:, [x.columns.get_loc(g) for g in parts.columns]] * np.array([weights[g] for g in parts.columns])
        np.testing.assert_allclose(parts.div(scores[s], axis=0), share / share.sum(axis=1, keepdims=True), rtol=1e-7, atol=1e-10)


@QUIET
def test_jackknife_leaves_a_gene_out_of_one_signature():
    shown = ifn.get.scores(data.scored(data.log(), "mlm", "log2")).set_index(["signature", "sample"])
    x = data.log()
    for s in ("BOTH", "WEIGHTED"):
        every = []
        for gene in data.WEIGHTS[s]:
            fewer = {k: v for k, v in data.WEIGHTS[s].items() if k != gene}
            sets = [data.signature(s, fewer) if o == s else data.signature(o) for o in data.NAMES]
            every.append(data.wide(x, "mlm", "log2", sets=sets)[s])
        np.testing.assert_allclose(shown.loc[s, "jackknife_low"].loc[x.index], np.min(every, axis=0), rtol=1e-10)
        np.testing.assert_allclose(shown.loc[s, "jackknife_high"].loc[x.index], np.max(every, axis=0), rtol=1e-10)


@QUIET
@pytest.mark.parametrize("compiled", [False, True])
def test_signatures_that_cannot_be_told_apart_are_refused_by_name(compiled):
    isg = data.WEIGHTS["ISG14"]
    genes = list(isg)
    parts = {"FIRST": dict.fromkeys(genes[:5], 1.0), "REST": dict.fromkeys(genes[5:], 2.0), "ONE": data.WEIGHTS["ONE"]}
    cases = {
        "ISG14, TWIN": {"ISG14": isg, "ONE": data.WEIGHTS["ONE"], "TWIN": {**isg, "NOT HERE": 1.0}},
        "ISG14, TURNED": {"ISG14": isg, "TURNED": dict.fromkeys(isg, -2.0)},
        "FIRST, REST, ISG14": {**parts, "ISG14": isg},
    }
    for names, sets in cases.items():
        with pytest.raises(DataError, match=f"mlm cannot tell these signatures apart, .*: {names}. Leave one out, or use -m ulm"):
            direct(data.log1p(), sets, method="mlm", compiled=compiled, stored=sp.csr_matrix)
    everything = {"ISG14": isg, "ALL": dict.fromkeys(data.log().columns, 1.0)}  # the same as the intercept
    with pytest.raises(DataError, match="apart, .*: ALL. Leave one out"):
        direct(data.log1p(), everything, method="mlm", compiled=compiled, stored=sp.csr_matrix)
    with pytest.raises(DataError, match="mlm fits 419 signatures to 420 genes at once: ask for fewer, or use -m ulm"):
        direct(data.log1p(), {g: [g] for g in data.log().columns[:419]}, method="mlm", compiled=compiled, stored=sp.csr_matrix)


@QUIET
@pytest.mark.parametrize("compiled", [False, True])
def test_as_many_signatures_as_degrees_of_freedom_allow(compiled):
    x = data.log().iloc[:, :220]
    genes = list(x.columns)
    got = direct(x, {g: [g] for g in genes[:218]}, method="mlm", compiled=compiled, stored=sp.csr_matrix)
    fitted = sm.OLS(x.iloc[0].to_numpy(), sm.add_constant(np.eye(220)[:, :218])).fit()
    np.testing.assert_allclose(got[0], fitted.tvalues[1:], rtol=1e-8)


@QUIET
def test_a_signature_without_a_score_is_not_in_the_model():
    x = data.log()
    there = [s for s in data.SIGNATURES if s.id != "HALF"]
    absent = data.signature("NOWHERE", {"ABSENT1": 1.0, "ABSENT2": 1.0})
    expected = data.wide(x, "mlm", "log2", sets=there)
    adata = data.scored(x, "mlm", "log2", sets=[*data.SIGNATURES, absent], min_coverage=0.6)
    got = ifn.get.scores_wide(adata)
    assert got[["HALF", "NOWHERE"]].isna().all().all()
    np.testing.assert_allclose(got[expected.columns], expected, rtol=1e-12)
    np.testing.assert_allclose(ifn.get.contributions(adata, "BOTH").sum(axis=1), expected["BOTH"], rtol=1e-9)
    from ifnscore import methods
    from ifnscore.methods import _direct

    kernel, sets = methods.kernel("mlm"), {**data.WEIGHTS, "NOWHERE": ["ABSENT1"]}
    for compiled in (False, True):
        some = _direct.score_with(kernel, sp.csr_matrix(x.to_numpy()), list(x.columns), sets, {}, compiled=compiled)
        assert np.isnan(some[:, -1]).all()
        np.testing.assert_allclose(some[:, :-1], data.wide(x, "mlm", "log2"), rtol=1e-12)


@QUIET
def test_other_samples_change_nothing():
    x = data.log1p()
    np.testing.assert_allclose(data.wide(x.iloc[[2, 5]], "mlm", "log1p"), data.wide(x, "mlm", "log1p").iloc[[2, 5]], rtol=1e-12)
