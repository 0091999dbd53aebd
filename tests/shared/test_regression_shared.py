"""ULM, MLM, weighted means and score_genes against the tables in shared/performance/parity (decoupler 2.2.0, scanpy 1.11.5).

The tables have 15 digits: 1e-11 relative.
"""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import methods

PARITY = Path(__file__).parents[2].parent / "shared" / "performance" / "parity"
if not PARITY.is_dir():
    pytest.skip("shared material is absent (../shared/performance/parity)", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (PARITY / "sets.gmt").read_text(encoding="utf-8").splitlines())}
MATRIX = {"expr": ("expr", "log2"), "log1p": ("counts_log1p", "log1p")}
#: One made-up gene name becomes a real one, because a matrix without any known gene is refused.
REAL = {"GENE000": "ISG15"}


def matrix(name):
    return pd.read_csv(PARITY / f"{MATRIX[name][0]}.csv", index_col=0).T


def scored(x, scale, method, **params):
    adata = ad.AnnData(X=x.to_numpy(dtype=float))
    adata.var_names, adata.obs_names = [REAL.get(g, g) for g in x.columns], list(x.index)
    sets = {k: [REAL.get(g, g) for g in v] for k, v in SETS.items()}
    ifn.tl.score(adata, sets, method=method, scale=scale, params=params, min_coverage=0.01)
    return ifn.get.scores_wide(adata)


def answer(name):
    return pd.read_csv(PARITY / f"{name}.csv", index_col=0)[list(SETS)]


@pytest.mark.parametrize("method", ["ulm", "mlm"])
@pytest.mark.parametrize("name", MATRIX)
def test_linear_models(name, method):
    """decoupler was run with empty=True: genes that are 0 in all samples are not in its model."""
    x = matrix(name)
    got = scored(x.loc[:, (x != 0).any(axis=0)], MATRIX[name][1], method)
    np.testing.assert_allclose(got, answer(f"decoupler_{name}_{method}"), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("fun", "normalise"), [("wmean", "weights"), ("wsum", "none")])
@pytest.mark.parametrize("name", MATRIX)
def test_weighted_means_and_sums(name, fun, normalise):
    base = {"expr": "2", "log1p": "e"}[name]
    got = scored(matrix(name), MATRIX[name][1], "weighted_mean", normalise=normalise, base=base)
    np.testing.assert_allclose(got, answer(f"decoupler_{name}_waggr_{fun}"), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", MATRIX)
def test_score_genes(name):
    """Without ties no bin holds more than 50 genes and nothing is drawn; with them the order of genes matters to scanpy."""
    for order in ("matrix", "name") if name == "expr" else ("matrix",):
        got = scored(matrix(name), MATRIX[name][1], "score_genes", order=order)
        np.testing.assert_allclose(got, answer(f"scanpy_{name}_score_genes_default"), rtol=1e-11, atol=1e-11)


def test_ulm_of_ten_genes():
    """The tiny table, worked out in tiny_values.txt, with all genes and without those that are 0 in both cells."""
    x = pd.read_csv(PARITY / "tiny.csv", index_col=0).T
    sets = {"A": ["g1", "g3", "g4"], "B": ["g2", "g8", "g9", "g10"]}
    text = (PARITY / "tiny_values.txt").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("decoupler ulm"))
    default, whole = (
        np.array(eval(part, {"__builtins__": {}})) for part in line.removeprefix("decoupler ulm").split("| empty=False")
    )
    got = methods.score_values(x.to_numpy(dtype=float), list(x.columns), sets, "ulm")
    np.testing.assert_allclose(got, whole, atol=1e-6)
    found = x.loc[:, (x != 0).any(axis=0)]
    assert found.shape[1] < x.shape[1]
    np.testing.assert_allclose(
        methods.score_values(found.to_numpy(dtype=float), list(found.columns), sets, "ulm"), default, atol=1e-6
    )
