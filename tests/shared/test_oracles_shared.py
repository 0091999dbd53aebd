"""Every answer of shared/oracles through the public calls: tables of scores, a cohort folder, the command line.

Numbers of reference.json that no public table holds are listed at the end, so that a new one is noticed.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import studies

import ifnscore as ifn
from ifnscore.cli import _app, app

ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles"
if not ORACLES.is_dir():
    pytest.skip("shared material is absent (../shared/oracles)", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

R = json.loads((ORACLES / "reference.json").read_text(encoding="utf-8"))
EXACT, NEAR, REML = {"rel": 1e-12, "abs": 1e-13}, {"rel": 1e-9, "abs": 1e-12}, {"abs": 1e-5, "rel": 0}
PAIRED = ["A_ifn", "A_cdasi", "B_type_I"]


def compared(name):
    if name == "B_type_I":
        t = pd.read_csv(ORACLES / "paired_n12_type_I.csv")
        frame = studies.paired(list(t["pre"]), list(t["post"]), list(t["patient_id"]))
    else:
        t = pd.read_csv(ORACLES / "paired_n6.csv")
        column = name[2:]
        frame = studies.paired(list(t[f"{column}_pre"]), list(t[f"{column}_post"]), list(t["patient_id"]))
    cohort = ifn.Cohort.from_samples(patient="who", time="when", baseline="before", followup="after")
    return ifn.tl.compare(frame, cohort, scores="ifn", score_type="log")


@pytest.fixture(scope="module")
def pairs():
    return {name: compared(name) for name in PAIRED}


@pytest.mark.parametrize("name", PAIRED)
def test_paired_p(pairs, name):
    want, tests, row = R[name], pairs[name].tables["tests"].set_index("test"), pairs[name].table.iloc[0]
    reached = {
        "p_signflip_exact": row["p"],
        "min_attainable_p": row["min_attainable_p"],
        "p_signflip_less": tests.loc["sign_flip_less", "p"],
        "p_signedrank_exact_pratt": tests.loc["signed_rank_pratt", "p"],
        "p_coin_pratt": tests.loc["signed_rank_pratt", "p"],
        "p_signedrank_exact_wilcox": tests.loc["signed_rank_wilcox", "p"],
        "p_coin_wilcoxon": tests.loc["signed_rank_wilcox", "p"],
        "p_exactRankTests": tests.loc["signed_rank_wilcox", "p"],
        "p_sign": tests.loc["sign_test", "p"],
    }
    assert reached == pytest.approx({k: want[k] for k in reached}, **EXACT)
    assert tests.loc["t", "p"] == pytest.approx(want["p_t"], **NEAR)
    assert tests.loc["sign_flip", "p"] == row["p"]


@pytest.mark.parametrize("name", PAIRED)
def test_paired_estimates(pairs, name):
    want, got = R[name], pairs[name]
    row, tests, effect = got.table.iloc[0], got.tables["tests"].set_index("test"), got.tables["effects"].iloc[0]
    rtm, flow = got.tables["regression_to_mean"].iloc[0], got.tables["flow"]
    assert row["n_patients"] == want["n_pairs"]
    assert flow.loc[flow["step"] == "excluded", "n_patients"].sum() == want["n_dropped"]
    reached = {
        "mean_pre": effect["mean_baseline"],
        "mean_post": effect["mean_followup"],
        "mean_diff": row["estimate"],
        "sd_diff": row["estimate"] / effect["d_z"],
        "t": tests.loc["t", "statistic"],
        "df": tests.loc["t", "df"],
        "HL_walsh_all": tests.loc["signed_rank_pratt", "estimate"],
        "J_df_nminus1": effect["g_z"] / effect["d_z"],
        "rank_biserial_zeros_dropped": effect["rank_biserial"],
        "cles_P_post_lt_pre": effect["p_post_below_pre"],
        "pearson_pre_post": effect["pearson"],
        "ratio_if_log2": row["ratio"],
        "oldham_r": rtm["oldham_r"],
        "pitman_morgan_p": rtm["pitman_morgan_p"],
        **{k: effect[k] for k in ("d_z", "g_z", "d_av", "g_av", "d_rm", "g_rm")},
    }
    assert reached == pytest.approx({k: want[k] for k in reached}, **NEAR)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(want["ci_t"], **NEAR)
    assert [row["ratio_low"], row["ratio_high"]] == pytest.approx(want["ratio_if_log2_ci"], **NEAR)
    flip = tests.loc["sign_flip"]
    assert [flip["ci_low"], flip["ci_high"]] == pytest.approx(want["ci_signflip_exact"], **NEAR)


def test_hodges_lehmann_interval_without_zeros(pairs):
    """With zeros exactRankTests drops them first; ifnscore takes all Walsh averages. The level is the attained one."""
    hl = pairs["A_ifn"].tables["tests"].set_index("test").loc["signed_rank_pratt"]
    assert [hl["ci_low"], hl["ci_high"]] == pytest.approx(R["A_ifn"]["ci_HL"], **NEAR)
    assert hl["attained_level"] == 0.96875
    assert [p.table.iloc[0]["note"].split(":")[0] for p in pairs.values()] == ["", *["1 without any change"] * 2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    d = pd.read_csv(ORACLES / "longitudinal_n10.csv").rename(
        columns={"patient_id": "patient", "ifn_log2": "score", "cdasi_activity": "outcome"}
    )
    e = pd.read_csv(ORACLES / "longitudinal_n10_exposure.csv").rename(
        columns={"patient_id": "patient", "start_day": "start", "stop_day": "stop"}
    )
    path = studies.write(tmp_path_factory.mktemp("oracle") / "cohort", d, e)
    return d, path


@pytest.fixture(scope="module")
def course(folder):
    d, path = folder
    return ifn.tl.compare(studies.scores(d), ifn.Cohort.read(path), scores="ifn", score_type="log", rng=1)


def test_mixed_model(course):
    want, model = R["C_lmm_RI"], course.tables["longitudinal"].set_index("model")
    on, got = want["satterthwaite"]["on_treatment"], model.loc["mixed_random_intercept_satterthwaite"]
    assert got["n_observations"] == 50
    assert got["estimate"] == pytest.approx(on["est"], **REML)
    assert got["se"] == pytest.approx(on["se"], rel=1e-3)
    assert got["df"] == pytest.approx(on["df"], rel=1e-2)
    assert got["t"] == pytest.approx(on["t"], rel=1e-3)
    assert np.log(got["p"]) == pytest.approx(np.log(on["p"]), rel=1e-3)
    assert got["icc"] == pytest.approx(want["icc"], abs=1e-5)
    assert model.loc["mixed_random_intercept", "df"] == 9
    assert model["label"].str.startswith("approximate").sum() >= 4


def test_patient_means(course):
    want = R["C_patient_means"]
    row = course.table.set_index("contrast").loc["mean_on_minus_off"]
    tests = course.tables["tests"].query("contrast == 'mean_on_minus_off'").set_index("test")
    assert row["n_patients"] == want["n"]
    assert row["estimate"] == pytest.approx(want["mean_diff"], **NEAR)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(want["ci_t"], **NEAR)
    assert tests.loc["t", "p"] == pytest.approx(want["p_t"], **NEAR)
    assert (row["p"], tests.loc["signed_rank_pratt", "p"]) == (want["p_signflip_exact"], want["p_wilcox_exact"])


def test_repeated_measures_correlation(folder):
    d, path = folder
    link = ifn.tl.associate(
        studies.scores(d), ifn.Cohort.read(path), outcome="cdasi_activity", scores="ifn", score_type="log", rng=1
    )
    want, table = R["C_rmcorr"], link.table.set_index("contrast")
    raw, freed = table.loc["within_patients_unadjusted"], table.loc["within_patients_given_drug"]
    reached = {"r": raw["estimate"], "df": raw["df"], "p": raw["p"], "n_id": raw["n_patients"], "n_obs": raw["n_observations"]}
    assert reached == pytest.approx({k: want[k] for k in reached}, **NEAR)
    assert [raw["ci_low"], raw["ci_high"]] == pytest.approx(want["ci"], **NEAR)
    assert "not adjusted for the drug" in raw["note"]
    assert freed["estimate"] < raw["estimate"]


def test_eight_pairs_of_ranks(tmp_path):
    """Once as baselines of score and measure, once as their changes."""
    a, want = pd.read_csv(ORACLES / "association_n8.csv"), R["D_noties8"]
    who = [f"q{i}" for i in range(8)]
    before = pd.DataFrame({"patient": who, "day": -5, "score": a["x"], "outcome": a["y"]})
    after = pd.DataFrame({"patient": who, "day": 180, "score": 2 * a["x"], "outcome": 2 * a["y"]})
    visits = pd.concat([before, after], ignore_index=True)
    path = studies.write(tmp_path / "cohort", visits, instrument="anything", settings=studies.AT_ONCE + studies.ANY_SCALE)
    link = ifn.tl.associate(
        studies.scores(visits), ifn.Cohort.read(path), outcome="anything", scores="ifn", score_type="log", rng=1
    )
    table = link.table.set_index("contrast")
    for contrast in ("baseline", "change_with_change"):
        row = table.loc[contrast]
        assert row["estimate"] == pytest.approx(want["rho"], **NEAR)
        assert row["p"] == pytest.approx(want["p_perm_full_enumeration"], **EXACT)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(want["fisher_bonett_wright_ci_rho"], **NEAR)
        assert row["min_attainable_p"] == pytest.approx(2 / 40320, **EXACT)


def test_fourteen_by_response(tmp_path):
    """The labels arise from outcomes: responders fall from 20 to 10 points, the others stay."""
    a, want = pd.read_csv(ORACLES / "responder_n14.csv"), R["E_overlap"]
    who = [f"q{i:02d}" for i in range(14)]
    before = pd.DataFrame({"patient": who, "day": -5, "score": a["baseline"], "outcome": 20})
    after = pd.DataFrame({"patient": who, "day": 180, "score": 1.0, "outcome": np.where(a["responder"] == 1, 10, 20)})
    visits = pd.concat([before, after], ignore_index=True)
    path = studies.write(tmp_path / "cohort", visits)
    link = ifn.tl.associate(
        studies.scores(visits), ifn.Cohort.read(path), outcome="cdasi_activity", response="cdasi_abs4",
        scores="ifn", score_type="log", rng=1,
    )  # fmt: skip
    row = link.table[(link.table["contrast"] == "responders_baseline_score") & (link.table["test"] == "mann_whitney")].iloc[0]
    assert row["n_patients"] == 14
    assert row["p"] == pytest.approx(want["p_MW_exact_ties"], **EXACT)
    assert row["estimate"] == pytest.approx(want["auc"], **NEAR)
    assert link.tables["responders"]["met"].sum() == 7


def test_fourteen_as_two_arms(tmp_path):
    a, want = pd.read_csv(ORACLES / "responder_n14.csv"), R["E_overlap"]
    who = [f"q{i:02d}" for i in range(14)]
    visits = pd.concat(
        [
            pd.DataFrame({"patient": who, "day": -5, "score": a["baseline"]}),
            pd.DataFrame({"patient": who, "day": 180, "score": 0.0}),
        ],
        ignore_index=True,
    )
    path = studies.write(tmp_path / "cohort", visits, arm=list(np.where(a["responder"] == 1, "b_yes", "a_no")))
    got = ifn.tl.compare(studies.scores(visits), ifn.Cohort.read(path), scores="ifn", score_type="log", group="arm")
    arms = got.tables["tests"]
    arms = arms[arms["contrast"].str.startswith("difference_of_changes:followup") & (arms["estimand"] == "while_on_treatment")]
    arms = arms.set_index("test")
    assert arms.loc["mann_whitney", "p"] == pytest.approx(want["p_MW_exact_ties"], **EXACT)
    assert arms.loc["auc_baseline", "estimate"] == pytest.approx(want["auc"], **NEAR)
    assert arms.loc["auc_change", "estimate"] == pytest.approx(1 - want["auc"], **NEAR)


def test_improvement_scores_through_the_command(capsys):
    assert _app.run(app, ["tis", str(ORACLES / "tis_cases.csv"), "-q"]) == 0
    got, want = pd.read_csv(io.StringIO(capsys.readouterr().out), sep="\t", keep_default_na=False), None
    want = pd.read_csv(ORACLES / "tis_cases.csv", keep_default_na=False)
    columns = ["case", *(c for c in want if c.startswith("p_")), "TIS", "juvenile", "adult"]
    pd.testing.assert_frame_equal(got[columns], want[columns])


#: Answers that the public tables do not hold: other methods, or details of a fit.
NOT_SHOWN = {
    "C_lmm_RI": {"var_id", "var_resid", "logLik_REML", "kenward_roger", "ML_LRT", "PB_p_2000"},
    "C_rmcorr": {"slope", "F"},
    "D_noties8": {"tau", "p_tau_exact", "pearson", "ci_pearson"},
    "E_overlap": {"delong_var", "delong_ci"},
}


def test_the_list_of_unreached_answers_is_complete():
    for name, keys in NOT_SHOWN.items():
        assert keys <= set(R[name])
    assert set(R) == {"meta", *PAIRED, *NOT_SHOWN, "C_patient_means"}
