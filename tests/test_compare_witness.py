"""tl.compare and tl.associate on data of other seeds against R (tests/witness/clinical/compare.R): the calls a user makes.

Ties, zeros, missing visits and scores, n from 2 to 40, interrupted and stopped patients. R worked out phases and pairs from the
rules in words.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import studies

import ifnscore as ifn

WITNESS = Path(__file__).parent / "witness" / "clinical"
R = json.loads((WITNESS / "compare.json").read_text(encoding="utf-8"))
NEAR = {"rel": 1e-9, "abs": 1e-10}
DRAWN = 99_999
#: Larger cohorts are compared, but not linked: leaving out each patient takes seconds there.
LINKED = 9
pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


def same_p(got, want, exact):
    """An exact p to 1e-12; a drawn one within five standard errors of the exact one."""
    if exact:
        return got == pytest.approx(want, rel=1e-12)
    return abs(got - want) <= 5 * math.sqrt(want * (1 - want) / DRAWN) + 2 / DRAWN


def number(x):
    return math.nan if x is None or x == "NA" else x


@pytest.mark.parametrize("case", R["pairs"], ids=lambda c: f"{c['kind']}{c['n']}")
def test_pairs_in_a_table(case):
    frame = studies.paired([number(x) for x in case["pre"]], [number(x) for x in case["post"]])
    design = ifn.Cohort.from_samples(patient="who", time="when", baseline="before", followup="after")
    got = ifn.tl.compare(frame.sample(frac=1, random_state=1), design, scores="ifn", score_type="log", rng=3)
    row, tests, effect = got.table.iloc[0], got.tables["tests"].set_index("test"), got.tables["effects"].iloc[0]
    assert row["n_patients"] == case["n_kept"]
    assert row["estimate"] == pytest.approx(case["mean"], **NEAR)
    assert row["exact"] == (case["n_kept"] <= 16)
    assert same_p(row["p"], case["p"], row["exact"])
    assert tests.loc["signed_rank_pratt", "p"] == pytest.approx(case["pratt"], rel=1e-9)
    assert tests.loc["signed_rank_pratt", "estimate"] == pytest.approx(case["hl"], **NEAR)
    assert row["min_attainable_p"] == 2.0 ** (1 - case["n_kept"])
    if "ci" in case:
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(case["ci"], **NEAR)
        assert tests.loc["t", "p"] == pytest.approx(case["p_t"], rel=1e-9)
        assert effect["g_av"] == pytest.approx(number(case["g_av"]), nan_ok=True, **NEAR)
    lost = got.tables["flow"].query("step == 'excluded'")
    assert lost["n_patients"].sum() == case["n"] - case["n_kept"]
    assert ("cannot reject" in got.reading) == (case["n_kept"] < 6)
    assert "significan" not in got.reading + row["note"]


VISITS, EXPOSURE = (pd.read_csv(WITNESS / f"compare_{name}.csv") for name in ("visits", "exposure"))


@pytest.fixture(scope="module", params=list(R["cohorts"]))
def study(request, tmp_path_factory):
    """Return the answers of R, the comparison, that of two arms, and the link of one cohort, with the default rules."""
    case = request.param
    visits = VISITS[VISITS["case"] == case].reset_index(drop=True)
    who = sorted(set(visits["patient"]))
    arm = ["odd" if int(w[1:]) % 2 else "even" for w in who]
    exposure = EXPOSURE[EXPOSURE["case"] == case]
    path = studies.write(tmp_path_factory.mktemp(case) / "cohort", visits, exposure, settings="", arm=arm)
    cohort, scores, how = ifn.Cohort.read(path), studies.scores(visits), {"scores": "ifn", "score_type": "log", "rng": 5}
    change = ifn.tl.compare(scores, cohort, **how)
    arms = ifn.tl.compare(scores, cohort, group="arm", **how) if case == "n40" else None
    link = ifn.tl.associate(scores, cohort, outcome="cdasi_activity", **how) if len(who) <= LINKED else None
    return R["cohorts"][case], change, arms, link


ROWS = {
    "while_on": ("followup_minus_baseline", "while_on_treatment"),
    "policy": ("followup_minus_baseline", "treatment_policy"),
    "means_on": ("mean_on_minus_baseline", "while_on_treatment"),
    "means_policy": ("mean_after_minus_baseline", "treatment_policy"),
    "means_off": ("mean_on_minus_off", "while_on_treatment"),
}


@pytest.mark.parametrize("name", ROWS)
def test_changes_of_a_cohort(study, name):
    answers, change, _, _ = study
    want = answers[name]
    row = change.table.set_index(["contrast", "estimand"]).loc[ROWS[name]]
    assert row["n_patients"] == want["n"]
    assert row["estimate"] == pytest.approx(want["mean"], **NEAR)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(want["ci"], **NEAR)
    assert same_p(row["p"], want["p"], row["exact"])
    tests = change.tables["tests"].set_index(["contrast", "estimand", "test"])
    assert tests.loc[(*ROWS[name], "signed_rank_pratt"), "p"] == pytest.approx(want["pratt"], rel=1e-9)


def test_flow_reconciles(study):
    answers, change, _, _ = study
    for _, part in change.tables["flow"].groupby(["contrast", "estimand"]):
        steps = part.groupby("step")[["n_patients", "n_samples"]].sum()
        entered, analysed = steps.loc["entered"], steps.loc["analysed"]
        out = steps.loc["excluded"] if "excluded" in steps.index else 0
        assert entered["n_patients"] == answers["patients"]
        assert ((entered - analysed - out) == 0).all()


def test_models_of_all_visits(study):
    """REML to 1e-5 and the standard error to 1e-3 (5e-3 with a slope); the slope model only where R did not find it singular."""
    answers, change, _, _ = study
    want, got = answers["model"], change.tables["longitudinal"].set_index("model")
    assert (got["n_observations"] == want["n_obs"]).all()
    for name, tolerance in (("intercept", 1e-3), ("slope", 5e-3)):
        r = want[name]
        if r["singular"]:
            continue
        mine = got.loc[f"mixed_random_{name}_satterthwaite"]
        assert mine["estimate"] == pytest.approx(r["est"], abs=1e-5)
        assert mine["se"] == pytest.approx(r["se"], rel=tolerance)
        assert mine["df"] == pytest.approx(r["df"], rel=1e-2)
        assert mine["p"] == pytest.approx(r["p"], rel=5e-2)
    # another moment estimate of the working correlation than geepack's moves the estimate a little
    assert got.loc["gee_bias_reduced", "estimate"] == pytest.approx(want["gee"], abs=0.02)
    assert got["reported"].sum() == 1
    assert want["slope"]["singular"] == bool(got.loc["mixed_random_slope", "singular"])


def test_correlations_within_patients(study):
    answers, _, _, link = study
    if link is None:
        return
    table = link.table.set_index("contrast")
    for name, contrast, p in (
        ("rmcorr", "within_patients_unadjusted", "p"),
        ("freed", "within_patients_given_drug", "p_parametric"),
    ):
        want, row = answers[name], table.loc[contrast]
        assert [row["estimate"], row[p]] == pytest.approx([want["r"], want["p"]], rel=1e-8, abs=1e-12)
        assert [row["df"], row["n_observations"]] == [want["df"], want["n"]]


def test_correlations_between_patients(study):
    answers, _, _, link = study
    if link is None:
        return
    table = link.table.set_index("contrast")
    for name, contrast in (("baseline", "baseline"), ("change", "change_with_change")):
        want, row = answers[name], table.loc[contrast]
        assert row["n_patients"] == want["n"]
        if want["n"] > 2:
            assert row["estimate"] == pytest.approx(want["rho"], rel=1e-9, abs=1e-12)
        if "p" in want and want["n"] > 2:
            assert row["p"] == pytest.approx(want["p"], rel=1e-9)


def test_two_arms(study):
    answers, _, arms, _ = study
    if arms is None:
        return
    want, first = answers["arms"], ("difference_of_changes:followup_minus_baseline", "while_on_treatment")
    row = arms.table[(arms.table["contrast"] == first[0]) & (arms.table["estimand"] == first[1])].iloc[0]
    tests = arms.tables["tests"].query("contrast == @first[0] and estimand == @first[1]").set_index("test")
    assert row["group"] == "odd minus even"
    assert row["n_patients"] == sum(want["n"])
    assert row["estimate"] == pytest.approx(want["diff"], **NEAR)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(want["ci"], **NEAR)
    assert row["p"] == pytest.approx(want["p"], rel=1e-9)
    assert tests.loc["mann_whitney", "p"] == pytest.approx(want["mw"], rel=1e-9)
    assert tests.loc["auc_change", "estimate"] == pytest.approx(want["auc"], rel=1e-9)


def test_the_order_of_rows_and_the_codes_change_nothing(tmp_path):
    """Two readings of one cohort draw other codes, and rows may stand in any order: every number of the tables is the same."""
    visits, exposure = VISITS[VISITS["case"] == "n6"], EXPOSURE[EXPOSURE["case"] == "n6"]
    visits = visits.reset_index(drop=True)
    path = studies.write(tmp_path / "cohort", visits, exposure, settings="")
    scores, answers = studies.scores(visits), []
    for frame in (scores, scores.iloc[::-1]):
        cohort = ifn.Cohort.read(path)
        made = [
            ifn.tl.compare(frame, cohort, scores="ifn", score_type="log", rng=2),
            ifn.tl.associate(frame, cohort, outcome="cdasi_activity", scores="ifn", score_type="log", rng=2),
        ]
        answers.append([r.table.drop(columns=["loo_patient", "loo_patients"]) for r in made])
    for one, other in zip(*answers, strict=True):
        pd.testing.assert_frame_equal(one, other)


JOINT = json.loads((WITNESS / "paired.json").read_text(encoding="utf-8"))["max_t"]


@pytest.mark.parametrize("case", JOINT, ids=lambda c: f"n{c['n']}")
def test_several_signatures_together(case):
    """Step-down max-T over signatures on different scales: R enumerated all sign patterns."""
    d = np.array(case["changes"], dtype=float)
    n, k = d.shape
    names = [f"s{j}" for j in range(k)]
    frame = studies.paired([0.0] * n, [1.0] * n).drop(columns="ifn")
    for j, name in enumerate(names):
        frame[name] = [0.0] * n + d[:, j].tolist()
    design = ifn.Cohort.from_samples(patient="who", time="when", baseline="before", followup="after")
    got = ifn.tl.compare(frame, design, scores=names, score_type="z").table.set_index("signature")
    assert got.loc[names, "p_adj"].tolist() == pytest.approx(case["step"], rel=1e-12)
    assert got["n_hypotheses"].unique().tolist() == [k]
    assert got["ratio"].isna().all()
