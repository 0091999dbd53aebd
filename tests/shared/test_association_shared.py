"""Association and two groups against the answers of R in shared/oracles: exact p to 1e-12, the rest to 1e-9."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ifnscore.stats import auc, rank_correlation, repeated, two_groups

ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles"
if not ORACLES.is_dir():
    pytest.skip("shared material is absent (../shared/oracles)", allow_module_level=True)

pytestmark = pytest.mark.shared

R = json.loads((ORACLES / "reference.json").read_text(encoding="utf-8"))
EXACT, NEAR = {"rel": 1e-12, "abs": 1e-13}, {"rel": 1e-9, "abs": 1e-12}


def test_association_of_eight():
    data, r = pd.read_csv(ORACLES / "association_n8.csv"), R["D_noties8"]
    got, tau = rank_correlation.spearman(data.x, data.y), rank_correlation.kendall(data.x, data.y)
    assert got.rho == pytest.approx(r["rho"], **NEAR)
    assert got.p == pytest.approx(r["p_perm_full_enumeration"], **EXACT)
    assert [got.low, got.high] == pytest.approx(r["fisher_bonett_wright_ci_rho"], **NEAR)
    assert (tau.tau, tau.p) == (pytest.approx(r["tau"], **NEAR), pytest.approx(r["p_tau_exact"], **EXACT))


def test_rmcorr_of_ten_patients():
    data, r = pd.read_csv(ORACLES / "longitudinal_n10.csv").dropna(subset=["ifn_log2", "cdasi_activity"]), R["C_rmcorr"]
    got = repeated.rmcorr(data.patient_id, data.ifn_log2, data.cdasi_activity)
    assert (got.df, got.n_patients, got.n_obs) == (r["df"], r["n_id"], r["n_obs"])
    assert [got.r, got.slope, got.f, got.low, got.high] == pytest.approx([r["r"], r["slope"], r["F"], *r["ci"]], **NEAR)
    assert got.p == pytest.approx(r["p"], rel=1e-9)


def test_responders_of_fourteen():
    data, r = pd.read_csv(ORACLES / "responder_n14.csv"), R["E_overlap"]
    no, yes = (data.baseline[data.responder == k] for k in (0, 1))
    assert two_groups.mann_whitney(no, yes).p == pytest.approx(r["p_MW_exact_ties"], **EXACT)
    got = auc.auc(data.baseline, data.responder)
    assert [got.auc, got.delong_variance, got.delong_low, got.delong_high] == pytest.approx(
        [r["auc"], r["delong_var"], *r["delong_ci"]], **NEAR
    )
