"""The longitudinal oracle (shared/oracles): lmerTest, patient means, and the phase worked out from the exposure file."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ifnscore.stats import cluster_flip, gee, mixed, patient_means

ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles"
if not ORACLES.is_dir():
    pytest.skip("shared material is absent (../shared/oracles)", allow_module_level=True)

pytestmark = pytest.mark.shared

ANSWERS = json.loads((ORACLES / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def d():
    visits = pd.read_csv(ORACLES / "longitudinal_n10.csv")
    exposure = pd.read_csv(ORACLES / "longitudinal_n10_exposure.csv")
    on = []
    for patient, day in zip(visits["patient_id"], visits["day"], strict=True):
        mine = exposure[exposure["patient_id"] == patient].sort_values("start_day")
        first, last = mine["start_day"].iloc[0], mine["stop_day"].iloc[-1]
        paused = [(a <= day < b) for a, b in zip(mine["stop_day"][:-1], mine["start_day"][1:], strict=True)]
        on.append(bool(day > first and (pd.isna(last) or day <= last) and not any(paused)))
    return visits.assign(on=on)


def test_phase(d):
    assert d[d["patient_id"] == "L04"]["on"].tolist() == [False, False, False, True, True]
    assert d[d["patient_id"] == "L08"]["on"].tolist() == [False, False, True, True, True, False]


def test_random_intercept(d):
    answer = ANSWERS["C_lmm_RI"]
    fit = mixed.fit(d["ifn_log2"], d["patient_id"], {"on_treatment": d["on"]})
    for ours, theirs in (("intercept", "(Intercept)"), ("on_treatment", "on_treatment")):
        row, want = fit.term(ours), answer["satterthwaite"][theirs]
        assert row["estimate"] == pytest.approx(want["est"], abs=1e-7)
        assert row["se"] == pytest.approx(want["se"], rel=1e-6)
        assert row["df_satterthwaite"] == pytest.approx(want["df"], rel=1e-5)
        assert row["p_satterthwaite"] == pytest.approx(want["p"], rel=1e-4)
    assert fit.log_lik == pytest.approx(answer["logLik_REML"], abs=1e-8)
    assert fit.icc == pytest.approx(answer["icc"], abs=1e-6)
    assert fit.variances["intercept"] == pytest.approx(answer["var_id"], rel=1e-6)
    assert fit.residual_variance == pytest.approx(answer["var_resid"], rel=1e-6)
    full = mixed.fit(d["ifn_log2"], d["patient_id"], {"on_treatment": d["on"]}, reml=False)
    assert full.log_lik == pytest.approx(answer["ML_LRT"]["logLik_ML"], abs=1e-8)


def test_random_treatment_effect(d):
    """STATS section 5 prints SE .1859 and df 7.68."""
    effect = mixed.treatment_effect(d["ifn_log2"], d["patient_id"], d["on"])
    row = effect.random_slope.term("on_treatment")
    assert effect.reported == "random_slope"
    assert round(effect.se, 4) == 0.1859
    assert round(row["df_satterthwaite"], 2) == 7.68
    assert effect.df == 9


def test_patient_means(d):
    answer = ANSWERS["C_patient_means"]
    got = patient_means.contrast(d["ifn_log2"], d["patient_id"], d["on"])
    assert got.n == answer["n"]
    assert got.difference.mean() == pytest.approx(answer["mean_diff"], abs=1e-12)
    assert cluster_flip.test(d["ifn_log2"], d["patient_id"], d["on"]).p == answer["p_signflip_exact"]


def test_gee(d):
    """STATS section 5 quotes 0.2248, which is the independence working correlation; exchangeable gives 0.1839."""
    effect = gee.treatment_effect(d["ifn_log2"], d["patient_id"], d["on"])
    assert effect.se == pytest.approx(0.18387, abs=1e-5)
    assert effect.df == 9
