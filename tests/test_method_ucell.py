"""UCell: missing genes, clipping and max_rank, against pyUCell (tests/witness) and against literal implementations."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.stats import rankdata

import ifnscore as ifn
from ifnscore.errors import UsageError
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness"
LINES = [line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines()]
SETS = {w[0]: w[2:] for w in LINES}
PAIRS = [("RICE6", "RANDOM30"), ("MISSING12", "RICE6")]
SIGNATURES = [Signature(id=k, up=tuple(v)) for k, v in SETS.items()]
SIGNATURES += [Signature(id=f"{up}-{down}", up=tuple(SETS[up]), down=tuple(SETS[down])) for up, down in PAIRS]
#: What pyUCell does unless told otherwise.
PYUCELL = {"ties": "pyucell", "missing": "impute", "clip": True}


def matrix(name):
    return pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T


def run(x, signatures=None, *, form=np.asarray, **params):
    adata = ad.AnnData(X=form(x.to_numpy()), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))
    ifn.tl.score(adata, signatures or SIGNATURES, method="ucell", scale="linear", params=params, min_coverage=0.01)
    return adata


def scored(name, **options):
    return ifn.get.scores_wide(run(matrix(name), **options))


@pytest.mark.parametrize("name", ["untied", "tied"])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_defaults_of_pyucell(name, form):
    peer = pd.read_csv(HERE / f"pyucell_{name}_default.csv", index_col=0)[[s.id for s in SIGNATURES]]
    np.testing.assert_allclose(scored(name, form=form, **PYUCELL), peer, rtol=0, atol=2e-7)  # pyUCell computes in float32


@pytest.mark.parametrize("name", ["untied", "tied"])
def test_missing_genes_of_pyucell_under_a_smaller_max_rank(name):
    peer = pd.read_csv(HERE / f"pyucell_{name}_max100.csv", index_col=0)[list(SETS)]
    np.testing.assert_allclose(scored(name, max_rank=100, **PYUCELL)[list(SETS)], peer, rtol=0, atol=2e-7)


def literal(x, signature, *, max_rank, missing, clip):
    out = []
    for _, row in x.iterrows():
        ranks = dict(zip(x.columns, np.minimum(rankdata(-row.to_numpy()), max_rank), strict=True))
        halves = []
        for genes in (signature.up, signature.down):
            found = [ranks[g] for g in genes if g in ranks]
            found += [max_rank] * (len(genes) - len(found)) if missing == "impute" else []
            k, least = len(found), len(found) * (len(found) + 1) / 2
            halves.append(1 - (sum(found) - least) / (k * max_rank - least) if k else 0.0)
        out.append(max(halves[0] - halves[1], 0.0) if clip else halves[0] - halves[1])
    return out


@pytest.mark.parametrize("missing", ["skip", "impute"])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("max_rank", [90, 250])
def test_literally(missing, clip, max_rank):
    x = matrix("tied")
    signatures = [*SIGNATURES, Signature(id="turned", up=tuple(SETS["RICE6"]), down=tuple(SETS["MISSING12"]))]
    adata = run(x, signatures, max_rank=max_rank, missing=missing, clip=clip)
    got = ifn.get.scores_wide(adata)
    clipped = 0
    for s in signatures:
        expected = literal(x, s, max_rank=max_rank, missing=missing, clip=clip)
        np.testing.assert_allclose(got[s.id], expected, atol=1e-12)
        np.testing.assert_allclose(ifn.get.contributions(adata, s.id).sum(axis=1), expected, atol=1e-12)
        clipped += sum(v == 0 for v in expected)
    assert (clipped > 0) == clip


@pytest.mark.parametrize("options", [{"missing": "impute"}, {"missing": "impute", "clip": True}, PYUCELL])
def test_left_out_genes_and_compiled_scores(options, monkeypatch):
    x = matrix("tied")
    adata = run(x, max_rank=100, **options)
    expected, detail = ifn.get.scores_wide(adata), adata.obsm["ifn_ucell_detail"]
    for s in SIGNATURES[-2:]:
        here = [g for g in s.genes if g in x.columns]
        left = []
        for gone in here:  # a gene that is left out is not a missing one
            fewer = Signature(id="s", up=tuple(g for g in s.up if g != gone), down=tuple(g for g in s.down if g != gone))
            left.append(ifn.get.scores_wide(run(x, [fewer], max_rank=100, **options))["s"])
        np.testing.assert_allclose(detail[f"{s.id}|jackknife_low"], np.min(left, axis=0), atol=1e-12)
        np.testing.assert_allclose(detail[f"{s.id}|jackknife_high"], np.max(left, axis=0), atol=1e-12)
    monkeypatch.setattr("ifnscore.methods.STORED_WORTH_COMPILING", 1)
    fast = run(x, form=sp.csr_matrix, max_rank=100, **options).copy()
    ifn.tl.score(fast, SIGNATURES, method="ucell", params={"max_rank": 100, **options}, min_coverage=0.01, detail=False)
    np.testing.assert_allclose(ifn.get.scores_wide(fast), expected, atol=1e-12)


def test_scores_fall_with_missing_genes_only_where_asked():
    x = matrix("untied")
    fewer = x.drop(columns=SETS["RANDOM30"][:10])
    for missing, falls in (("skip", False), ("impute", True)):
        full = ifn.get.scores_wide(run(x, max_rank=100, missing=missing))["RANDOM30"]
        part = ifn.get.scores_wide(run(fewer, max_rank=100, missing=missing))["RANDOM30"]
        assert (part < full).all() == falls


def test_wrong_values_are_refused():
    with pytest.raises(UsageError, match="missing of ucell is 'guess'; it takes one of skip, impute"):
        scored("tied", missing="guess")
    with pytest.raises(UsageError, match="clip of ucell is 'perhaps'; it takes true or false"):
        scored("tied", clip="perhaps")
