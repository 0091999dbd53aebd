"""GSVA, PLAGE and combined z against the tables in shared/performance/parity (R GSVA 1.46, gseapy 1.3.1, decoupler 2.2.0)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifnscore import methods

PARITY = Path(__file__).parents[2].parent / "shared" / "performance" / "parity"
if not PARITY.is_dir():
    pytest.skip("shared material is absent (../shared/performance/parity)", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (PARITY / "sets.gmt").read_text(encoding="utf-8").splitlines())}
X = {
    k: pd.read_csv(PARITY / f"{v}.csv", index_col=0).T
    for k, v in {"expr": "expr", "log1p": "counts_log1p", "counts": "counts"}.items()
}
R = {
    "gsva_gaussian": {},
    "gsva_gaussian_mxdiffFALSE": {"mx_diff": False},
    "gsva_gaussian_absranking": {"abs_ranking": True},
    "gsva_gaussian_tau0.25": {"tau": 0.25},
    "gsva_none": {"kcdf": "none"},
}
DECOUPLER = {
    "gsva": {},
    "gsva_kcdfNone": {"kcdf": "none"},
    "gsva_maxdiffFalse": {"mx_diff": False},
    "gsva_tau0.25": {"tau": 0.25},
}
GSEAPY = {"gsva_default": {}, "gsva_kcdfNone": {"kcdf": "none"}, "gsva_mx_diffFalse": {"mx_diff": False}}


def scored(name, method="gsva", **params):
    x = X[name]
    return pd.DataFrame(methods.score_values(x.to_numpy(dtype=float), list(x.columns), SETS, method, params), x.index, list(SETS))


def answer(name):
    table = pd.read_csv(PARITY / f"{name}.csv", index_col=0)
    return (table.T if name.startswith("R_") else table)[list(SETS)]


@pytest.mark.parametrize("name", ["expr", "log1p"])
@pytest.mark.parametrize("what", list(R))
def test_gsva_of_r(name, what):
    np.testing.assert_allclose(scored(name, ties="gsva", **R[what]), answer(f"R_{name}_{what}"), rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["expr", "log1p"])
@pytest.mark.parametrize("what", list(DECOUPLER))
def test_gsva_of_decoupler(name, what):
    np.testing.assert_allclose(
        scored(name, ties="decoupler", **DECOUPLER[what]), answer(f"decoupler_{name}_{what}"), rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("name", ["expr", "log1p"])
@pytest.mark.parametrize("what", list(GSEAPY))
def test_gsva_of_gseapy(name, what):
    got, expected = scored(name, ties="gseapy", **GSEAPY[what]), answer(f"gseapy_{name}_{what}")
    if name == "expr" or what.endswith("None"):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13)
        return
    off = np.abs(got - expected).to_numpy()  # the last digit of its erfc splits ties
    assert (off < 1e-9).mean() > 0.75
    assert off.max() < 0.01


@pytest.mark.parametrize(("peer", "ties"), [("R", "gsva"), ("decoupler", "decoupler"), ("gseapy", "gseapy")])
def test_gsva_of_counts(peer, ties):
    """Two thirds are zeros, so most genes are tied by mathematics, and the last digit of each program's ppois splits the ties."""
    got, expected = scored("counts", kcdf="poisson", ties=ties), answer(f"{peer}_counts_gsva_poisson")
    off = np.abs(got - expected).to_numpy()
    assert off.max() < 0.02
    assert got.corrwith(expected).min() > 0.999
    assert (off < 1e-9).mean() > (0.0 if peer == "gseapy" else 0.75)


def test_default_gsva_is_near_r_without_ties():
    off = np.abs(scored("expr") - answer("R_expr_gsva_gaussian")).to_numpy().max()
    assert 1e-6 < off < 0.02  # R cuts the cumulative normal off in steps of 1/1000


@pytest.mark.parametrize("name", ["expr", "log1p"])
def test_combined_z_of_r(name):
    np.testing.assert_allclose(scored(name, "combined_z"), answer(f"R_{name}_zscore"), rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["expr", "log1p"])
def test_plage_of_r_up_to_the_sign(name):
    got, expected = scored(name, "plage"), answer(f"R_{name}_plage")
    np.testing.assert_allclose(got, expected * np.sign((got * expected).sum()), rtol=0, atol=1e-12)
