"""What must change no score, for every method there is: order, company, chunks, threads, storage.

The matrix has strong ties: small counts, mostly zeros. Rank methods must agree bit for bit, sums to 1e-12 of the largest score.
"""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import _threads, methods
from ifnscore.methods._rank import RankKernel
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

METHODS = list(methods.records())
#: Ways of methods that go other ways through the code than their defaults.
OPTIONS = {
    "singscore": [
        {"direction": "unknown"},
        {"direction": "unknown", "ties": "singscore"},
        {"stable_genes": "GENE7,GENE8,GENE9,GENE11,GENE12"},
    ],
    "ucell": [{"max_rank": 40, "missing": "impute", "clip": True}],
    "aucell": [{"normalise": "pyscenic"}],
    "gsva": [{"kcdf": "none", "mx_diff": False}, {"kcdf": "poisson"}],
    "ssgsea": [{"alpha": 1.0}],
}
CASES = [(m, {}) for m in METHODS] + [(m, p) for m, ways in OPTIONS.items() for p in ways]
#: Scores that are made of order alone (GSVA's also, once its densities are rounded).
BY_ORDER = {m for m in METHODS if isinstance(methods.kernel(m), RankKernel)} | {"gsva"}
N, N_CONTROLS = 24, 12

KNOWN = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1", "MX1", "OAS1", "CXCL10", "STAT1", "IRF7", "IFI6"]
SETS = [
    Signature(id="six", up=tuple(KNOWN[:6])),
    Signature(id="both", up=("MX1", "OAS1", "CXCL10"), down=("GENE1", "GENE2", "GENE3", "ABSENT1")),
    Signature(id="one", up=("ISG15",)),
]
ANOTHER = Signature(id="another", up=("STAT1", "IRF7", "IFI6", "GENE4"), down=("GENE5",))


def matrix(n=N):
    """Return samples x genes: counts of which two thirds are zeros, and two genes that are equal in all samples."""
    rng = np.random.default_rng(61)
    genes = [*KNOWN, *(f"GENE{i}" for i in range(210))]
    x = rng.poisson(rng.gamma(0.5, 0.8, len(genes)), (n, len(genes))).astype(float)
    x[:, : len(KNOWN)] += rng.poisson(1.5, (n, len(KNOWN)))
    x[N_CONTROLS:, : len(KNOWN)] += rng.poisson(2.0, (n - N_CONTROLS, len(KNOWN)))
    x[:, genes.index("GENE21")] = x[:, genes.index("GENE20")]
    x[:, 0] += 1
    return pd.DataFrame(x, [f"s{i:02d}" for i in range(n)], genes)


X = matrix()


def test_matrix_has_strong_ties():
    assert (X == 0).to_numpy().mean() > 0.5
    assert max(row.nunique() for _, row in X.iterrows()) < 15


def adata_of(x, made=None):
    values = x.to_numpy(copy=True) if made is None else made
    healthy = [int(s[1:]) < N_CONTROLS for s in x.index]
    obs = pd.DataFrame({"group": np.where(healthy, "healthy", "ifn")}, index=x.index)
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=x.columns))


def score(adata, method, params, sets=SETS, **options):
    controls = "group == 'healthy'" if methods.get(method).reference == "required" else None
    options = {"min_coverage": 0.01, "detail": False, "scale": "counts", "controls": controls} | options
    ifn.tl.score(adata, sets, method=method, params=params, **options)
    return ifn.get.scores_wide(adata)


@pytest.fixture(scope="module")
def expected():
    """Return the scores of a method as it is, worked out once."""
    kept = {}

    def of(method, params):
        key = method, repr(params)
        if key not in kept:
            kept[key] = score(adata_of(X), method, params)
            assert np.isfinite(kept[key].to_numpy()).all(), method
            assert kept[key].nunique().min() > 1, method
        return kept[key]

    return of


def same(method, got, wanted, *, exact=True):
    got = got.loc[wanted.index, wanted.columns]
    if method in BY_ORDER and exact:
        pd.testing.assert_frame_equal(got, wanted, check_exact=True)
    else:
        for s in wanted:
            np.testing.assert_allclose(got[s], wanted[s], rtol=0, atol=1e-12 * wanted[s].abs().max(), err_msg=s)


@pytest.mark.parametrize(("method", "params"), CASES)
def test_order_of_samples_and_genes(method, params, expected):
    rng = np.random.default_rng(62)
    turned = X.iloc[rng.permutation(N), rng.permutation(X.shape[1])]
    same(method, score(adata_of(turned), method, params), expected(method, params))
    sets = [Signature(id=s.id, up=s.up[::-1], down=s.down[::-1]) for s in SETS[::-1]]
    # the genes of a signature are added up in its own order
    same(method, score(adata_of(X), method, params, sets), expected(method, params), exact=False)


@pytest.mark.parametrize(("method", "params"), [c for c in CASES if methods.get(c[0]).signature_independent])
def test_one_more_signature(method, params, expected):
    wanted = expected(method, params)
    more = score(adata_of(X), method, params, [ANOTHER, *SETS])
    same(method, more, wanted)
    again = score(adata_of(X), method, params, SETS[1:2])
    same(method, again, wanted[["both"]])


@pytest.mark.parametrize(("method", "params"), [c for c in CASES if methods.get(c[0]).sample_independent])
def test_one_more_sample(method, params, expected):
    more = pd.concat([X, (X.iloc[:1] * 3 + 1).set_axis(["s99"])])
    same(method, score(adata_of(more), method, params), expected(method, params))
    fewer = X.drop(index=["s15", "s20"])
    same(method, score(adata_of(fewer), method, params), expected(method, params).loc[fewer.index])


@pytest.mark.parametrize(("method", "params"), CASES)
def test_chunks_and_threads(method, params, expected, monkeypatch):
    for chunk, threads in ((1, "1"), (7, "2"), (N, "2")):
        monkeypatch.setenv(_threads.VARIABLE, threads)
        same(method, score(adata_of(X), method, params, chunk_size=chunk), expected(method, params))


FORMS = {
    "csr": sp.csr_matrix,
    "csc": sp.csc_matrix,
    "float32": lambda x: x.astype(np.float32),
    "csr float32": lambda x: sp.csr_matrix(x.astype(np.float32)),
    "int": lambda x: x.astype(np.int32),
    "csr int": lambda x: sp.csr_matrix(x.astype(np.int64)),
}


@pytest.mark.parametrize(("method", "params"), CASES)
def test_storage(method, params, expected):
    for make in FORMS.values():
        same(method, score(adata_of(X, make(X.to_numpy())), method, params), expected(method, params))


@pytest.mark.parametrize("params", [{}, {"direction": "unknown"}, {"direction": "unknown", "ties": "singscore"}])
def test_several_methods_in_one_pass(params, monkeypatch):
    monkeypatch.setattr(methods, "STORED_WORTH_COMPILING", 1)
    rows, ways = sp.csr_matrix(X.to_numpy()), {"singscore": params, "ucell": {"max_rank": 40}, "ssgsea": {}}
    sets = {s.id: dict.fromkeys(s.up, 1.0) | dict.fromkeys(s.down, -1.0) for s in SETS}
    together = methods.score_values(rows, list(X), sets, list(ways), ways)
    for method, own in ways.items():
        alone = methods.score_values(X.to_numpy(), list(X), sets, method, own)
        np.testing.assert_allclose(together[method], alone, rtol=0, atol=1e-13 * np.abs(alone).max())
