"""Parity with the tables in shared/performance/parity (R GSVA, gseapy, pyUCell and values worked out by hand).

Tolerances: R and gseapy print 15 digits (1e-11 relative); pyUCell computes in float32 (1e-6); `tiny_values.txt` 6 digits.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import methods
from ifnscore.methods._protocol import Plan, SetPlan

PARITY = Path(__file__).parents[2].parent / "shared" / "performance" / "parity"
if not PARITY.is_dir():
    pytest.skip("shared material is absent (../shared/performance/parity)", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (PARITY / "sets.gmt").read_text(encoding="utf-8").splitlines())}
MATRIX = {"expr": "expr", "log1p": "counts_log1p"}
#: One made-up gene name becomes a real one, because a matrix without any known gene is refused.
RENAMED = {"GENE000": "ISG15"}


def renamed(genes):
    return [RENAMED.get(g, g) for g in genes]


def scored(name, method, **params):
    x = pd.read_csv(PARITY / f"{MATRIX[name]}.csv", index_col=0).T
    adata = ad.AnnData(X=x.to_numpy(dtype=float))
    adata.var_names, adata.obs_names = renamed(x.columns), list(x.index)
    scale = "log1p" if name == "log1p" else "log2"
    sets = {k: renamed(v) for k, v in SETS.items()}
    ifn.tl.score(adata, sets, method=method, scale=scale, params=params, min_coverage=0.01)
    return ifn.get.scores_wide(adata)


def answer(name):
    table = pd.read_csv(PARITY / f"{name}.csv", index_col=0)
    return (table.T if name.startswith("R_") else table)[list(SETS)]


@pytest.mark.parametrize("name", list(MATRIX))
@pytest.mark.parametrize(
    ("what", "params"),
    [("ssgsea_raw", {}), ("ssgsea_raw_alpha1", {"alpha": 1.0}), ("ssgsea_norm", {"normalise": True})],
)
def test_ssgsea_of_r(name, what, params):
    got = scored(name, "ssgsea", ties="gsva", **params)
    np.testing.assert_allclose(got, answer(f"R_{name}_{what}"), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", list(MATRIX))
@pytest.mark.parametrize(("what", "params"), [("ES", {}), ("NES", {"normalise": True})])
def test_ssgsea_of_gseapy(name, what, params):
    got = scored(name, "ssgsea", ties="gseapy", **params)
    np.testing.assert_allclose(got, answer(f"gseapy_{name}_ssgsea_rank_{what}"), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("what", ["ssgsea_raw", "ssgsea_raw_alpha1"])
def test_default_ssgsea_without_ties(what):
    got = scored("expr", "ssgsea", alpha=1.0 if what.endswith("alpha1") else 0.25)
    np.testing.assert_allclose(got, answer(f"R_expr_{what}"), rtol=1e-11, atol=1e-11)


PRESENT = [k for k in SETS if k != "MISSING30"]


@pytest.mark.parametrize("name", list(MATRIX))
@pytest.mark.parametrize("ties", ["pyucell", "average"])
def test_ucell(name, ties):
    got = scored(name, "ucell", max_rank=100, ties=ties)
    np.testing.assert_allclose(got, answer(f"pyucell_{name}_max_rank100_missing_genesskip"), atol=1e-6)
    np.testing.assert_allclose(got[PRESENT], answer(f"pyucell_{name}_max_rank100")[PRESENT], atol=1e-6)


@pytest.mark.parametrize("name", list(MATRIX))
def test_ucell_min_ties(name):
    got = scored(name, "ucell", max_rank=100, ties="min")
    peer = answer(f"pyucell_{name}_max_rank100_ties_methodmin")
    if name == "expr":
        np.testing.assert_allclose(got[PRESENT], peer[PRESENT], atol=1e-6)
    else:  # here zeros are more than 400 of 500 genes in some samples, and min puts their group above rank 100
        x = pd.read_csv(PARITY / "counts_log1p.csv", index_col=0)
        same = ((x > 0).sum() >= 100).to_numpy()
        assert same.any()
        np.testing.assert_allclose(got.loc[same, PRESENT], peer.loc[same, PRESENT], atol=1e-6)


@pytest.mark.parametrize("name", list(MATRIX))
def test_defaults_of_pyucell(name):
    """pyUCell lets max_rank 1500 stand over 500 genes and squeezes every score; other ties cap it at the number of genes."""
    pyucell = {"ties": "pyucell", "missing": "impute", "clip": True}
    np.testing.assert_allclose(scored(name, "ucell", **pyucell), answer(f"pyucell_{name}_default"), rtol=0, atol=1e-7)
    got = scored(name, "ucell", max_rank=100, **pyucell)
    np.testing.assert_allclose(got, answer(f"pyucell_{name}_max_rank100"), rtol=0, atol=1e-7)
    np.testing.assert_allclose(scored(name, "ucell", max_rank=1500), scored(name, "ucell", max_rank=500), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", list(MATRIX))
def test_aucell_of_decoupler(name):
    peer = answer(f"decoupler_{name}_aucell_empty_False")
    np.testing.assert_allclose(scored(name, "aucell", ties="decoupler"), peer, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", list(MATRIX))
@pytest.mark.parametrize("seed", [0, 1])
def test_aucell_of_pyscenic(name, seed):
    got = scored(name, "aucell", ties="pyscenic", normalise="pyscenic", seed=seed)
    np.testing.assert_allclose(got, answer(f"pyscenic_{name}_aucell_seed{seed}"), rtol=1e-12)
    if seed == 0:  # normalised, it divides by the highest cell of each signature
        np.testing.assert_allclose(got / got.max(), answer(f"pyscenic_{name}_aucell_seed0_normalized"), rtol=1e-12)


def test_zcohort_mean_of_r_zscore():
    got = scored("expr", "zcohort_mean")
    for name, genes in SETS.items():
        x = pd.read_csv(PARITY / "expr.csv", index_col=0)
        k = sum(g in x.index for g in genes)
        np.testing.assert_allclose(got[name] * np.sqrt(k), answer("R_expr_zscore")[name], rtol=1e-11, atol=1e-12)


def test_mean_log_of_decoupler():
    np.testing.assert_allclose(scored("expr", "mean_log"), answer("decoupler_expr_waggr_wmean"), rtol=1e-11)


# --- tiny example: 10 genes, kernels alone --------------------------------------------------------------------------------

TINY = pd.read_csv(PARITY / "tiny.csv", index_col=0).T
TINY_SETS = {"A": ["g1", "g3", "g4"], "B": ["g2", "g8", "g9", "g10"]}


def tiny_values(line):
    """Return the numbers after the words `line` in tiny_values.txt: one list a cell, one number a signature."""
    text = (PARITY / "tiny_values.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(line)}\s*(\[\[.*?\]\])", text, re.MULTILINE)
    assert found, line
    return np.array(ast.literal_eval(re.sub(r"np\.float64\(([^)]*)\)", r"\1", found.group(1))))


def tiny(method, sets=TINY_SETS, **params):
    """Return scores of shape (n_cells, n_signatures)."""
    kernel = methods.kernel(method)
    plans = tuple(
        SetPlan(
            id=name,
            index=np.array([TINY.columns.get_loc(g) for g in genes]),
            sign=np.ones(len(genes)),
            weights=np.ones(len(genes)),
            n_published=len(genes),
        )
        for name, genes in sets.items()
    )
    plan = Plan(
        genes=tuple(TINY.columns),
        columns=np.arange(TINY.shape[1]),
        sets=plans,
        params=kernel.METHOD.resolve(params),
        n_universe=TINY.shape[1],
    )
    terms = kernel.terms(TINY.to_numpy(dtype=float), plan)
    return np.array([kernel.score(terms, one, plan) for one in plans]).T


@pytest.mark.parametrize("ties", ["min", "average", "max"])
@pytest.mark.parametrize(("centre", "word"), [(True, "centred"), (False, "uncentred")])
def test_tiny_singscore(ties, centre, word):
    text = (PARITY / "tiny_values.txt").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith(f"singscore known direction, centred, ties {ties} "))
    part = line.split("uncentred")[0 if centre else 1].split("ties " + ties)[-1]
    expected = np.array(ast.literal_eval(re.sub(r"np\.float64\(([^)]*)\)", r"\1", part.strip())))
    np.testing.assert_allclose(tiny("singscore", ties=ties, centre=centre), expected, atol=1e-6, err_msg=word)


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("pyucell max_rank 6 average", {"max_rank": 6, "ties": "pyucell"}),
        ("pyucell max_rank 9", {"max_rank": 9, "ties": "pyucell"}),
        ("UCell R 2.17 source rule maxRank 6", {"max_rank": 6}),
        ("UCell R 2.17 source rule maxRank 9", {"max_rank": 9}),
    ],
)
def test_tiny_ucell(line, params):
    np.testing.assert_allclose(tiny("ucell", **params), tiny_values(line), atol=1e-6)


@pytest.mark.parametrize("n_up", [4, 6])
def test_tiny_aucell(n_up):
    expected = tiny_values(f"expected AUCell over ties n_up {n_up}")
    np.testing.assert_allclose(tiny("aucell", top=n_up / 10), expected, atol=1e-6)


def test_tiny_singscore_of_unknown_direction():
    got = tiny("singscore", direction="unknown", ties="singscore")
    np.testing.assert_allclose(got, tiny_values("singscore unknown direction"), atol=1e-6)


def test_tiny_ssgsea():
    np.testing.assert_allclose(tiny("ssgsea", ties="gseapy"), tiny_values("gseapy ssgsea ES"), rtol=1e-10)
    text = (PARITY / "tiny_values.txt").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("R GSVA 1.46 ssgsea raw "))
    # there A of c1 and c2, then B of both: the z-scores in the next lines, opposite in two samples, show it
    of_r = np.array([float(v) for v in line.split()[5:]]).reshape(2, 2).T
    np.testing.assert_allclose(tiny("ssgsea", ties="gsva"), of_r, rtol=1e-7)
