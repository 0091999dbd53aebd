"""tl.associate: pairs and correlations by hand, responders, discordant children, and what must never be said."""

from __future__ import annotations

import functools
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.clinic_cohorts import clinic, scores

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError
from ifnscore.stats.firth import logistic

CAUSAL = re.compile(r"\b(because of|due to|led to|caused by|thanks to|predicts?\b(?<!not predict))", re.IGNORECASE)
DAYS = {"a": -7, "b": 60, "c": 170, "d": 300}
TWO = {"a": -7, "c": 170}


def build(
    n=7,
    *,
    instrument="cdasi_activity",
    days=TWO,
    outcome=None,
    score=None,
    exposures=None,
    steroids=(),
    settings="",
    lag=2,
    seed=0,
    **unit,
):
    """Return (cohort, scores, score of (k, x), outcome of (k, x)); the visit is `lag` days before the sample."""
    source = np.random.default_rng(seed)
    who = [f"k{i}" for i in range(1, n + 1)]
    keys = [(k, x) for k in who for x in days]
    y = {key: float((outcome or (lambda k, x: source.integers(10, 40)))(*key)) for key in keys}
    s = {key: float((score or (lambda k, x: source.normal(5, 1)))(*key)) for key in keys}
    samples = [{"sample_id": k + x, "patient_id": k, "day": days[x]} for k, x in keys]
    visits = [{"patient_id": k, "visit_id": "V" + x, "day": days[x] - lag} for k, x in keys]
    outcomes = [{"patient_id": k, "visit_id": "V" + x, "instrument": instrument, "value": y[k, x], **unit} for k, x in keys]
    drugs = exposures if exposures is not None else [{"patient_id": k} for k in who]
    cohort = clinic(samples, drugs, settings, visits=visits, outcomes=outcomes, concomitant=steroids)
    return cohort, scores({"ifn": list(s.values())}, [k + x for k, x in keys]), s, y


def run(cohort, table, **more):
    return ifn.tl.associate(table, cohort, **{"outcome": "cdasi_activity", "scores": "ifn", "score_type": "log", **more})


def spearman_p(x, y):
    """Return the permutation p of Spearman's correlation by counting."""
    a, b = stats.rankdata(x), stats.rankdata(y)
    seen = abs(np.corrcoef(a, b)[0, 1])
    return np.mean([abs(np.corrcoef(a, b[list(i)])[0, 1]) >= seen - 1e-9 for i in itertools.permutations(range(len(a)))])


@pytest.fixture(scope="module")
def walked():
    cohort, table, s, y = build(days=DAYS, version=2)
    return run(cohort, table), s, y


WHO = [f"k{i}" for i in range(1, 8)]


def row_of(result, contrast, test=None):
    t = result.table[result.table["contrast"] == contrast]
    return (t if test is None else t[t["test"] == test]).iloc[0]


def test_change_with_change_in_the_common_window(walked):
    got, s, y = walked
    ds = [s[k, "c"] - s[k, "a"] for k in WHO]
    dy = [y[k, "c"] - y[k, "a"] for k in WHO]
    row = got.table.iloc[0]
    assert (row["contrast"], row["role"], row["n_patients"]) == ("change_with_change", "primary", 7)
    rho = stats.spearmanr(ds, dy).statistic
    assert row["estimate"] == pytest.approx(rho)
    assert row["p"] == pytest.approx(spearman_p(ds, dy))
    half = stats.norm.ppf(0.975) * np.sqrt((1 + rho**2 / 2) / 4)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)])
    assert sorted(got.tables["pairs"]["score_change"]) == pytest.approx(sorted(ds))
    assert sorted(got.tables["pairs"]["outcome_change"]) == pytest.approx(sorted(dy))
    without = [stats.spearmanr(np.delete(ds, i), np.delete(dy, i)).statistic for i in range(7)]
    assert [row["loo_low"], row["loo_high"]] == pytest.approx([min(without), max(without)])


def test_baseline_between_patients(walked):
    got, s, y = walked
    b, o = [s[k, "a"] for k in WHO], [y[k, "a"] for k in WHO]
    row = row_of(got, "baseline")
    assert row["estimate"] == pytest.approx(stats.spearmanr(b, o).statistic)
    assert row["p"] == pytest.approx(spearman_p(b, o))


def test_a_followup_outside_the_link_window_does_not_count():
    cohort, table, _, _ = build(4, settings="[followup]\nlink_window = [200, 250]\n", version=2)
    got = run(cohort, table)
    assert row_of(got, "change_with_change")["n_patients"] == 0
    assert row_of(got, "baseline")["n_patients"] == 4
    flow = got.tables["flow"].set_index("step")["n_patients"]
    assert (flow["entered"], flow["excluded"], flow["analysed"]) == (4, 4, 0)


def test_within_patients_freed_of_phase_and_time_by_least_squares(walked):
    got, s, y = walked
    keys = [(k, x) for k in WHO for x in DAYS]
    dummies = np.array([[k == w for w in WHO] for k, _ in keys], dtype=float)
    on = np.array([[x != "a"] for _, x in keys], dtype=float)
    time = np.log1p([[max(DAYS[x], 0)] for _, x in keys])
    design = np.hstack([dummies, on, time])

    def left(v):
        v = np.array([v[key] for key in keys])
        return v - design @ np.linalg.lstsq(design, v, rcond=None)[0]

    row = row_of(got, "within_patients_given_drug")
    assert row["estimate"] == pytest.approx(np.corrcoef(left(s), left(y))[0, 1])
    assert (row["n_observations"], row["df"]) == (28, 28 - 7 - 2 - 1)


def test_the_unadjusted_correlation_stands_only_with_its_warning(walked):
    got, s, y = walked
    a = np.array([[s[k, x] for x in DAYS] for k in WHO])
    b = np.array([[y[k, x] for x in DAYS] for k in WHO])
    r = np.corrcoef((a - a.mean(axis=1, keepdims=True)).ravel(), (b - b.mean(axis=1, keepdims=True)).ravel())[0, 1]
    row = row_of(got, "within_patients_unadjusted")
    assert row["estimate"] == pytest.approx(r)
    assert "cannot show a link" in row["note"]
    number = f"{r:.2f}".replace("-", "−")
    assert f"r = {number} cannot separate a link from a shared drug effect" in got.reading


def test_slopes_within_and_between_patients():
    # the score follows the skin between children (slope 3), and not within them
    noise = np.random.default_rng(5)
    level = dict(zip(WHO, range(7), strict=True))
    cohort, table, _, _ = build(
        days=DAYS,
        outcome=lambda k, x: 20 + 3 * level[k] + (x == "b"),
        score=lambda k, x: level[k] + 0.3 * noise.normal(),
        version=2,
    )
    got = run(cohort, table)
    between, within = row_of(got, "between_patients_model"), row_of(got, "within_patients_model")
    assert between["estimate"] == pytest.approx(3, abs=0.4)
    assert abs(within["estimate"]) < 1
    assert "approximate" in between["note"]


def test_no_link_is_worded_as_not_shown_and_nothing_is_a_cause(walked):
    got, _, _ = walked
    assert row_of(got, "change_with_change")["p"] > 0.05
    assert "no link shown, which is not the same as no link" in got.reading
    assert "no proof of benefit" in got.reading
    assert not CAUSAL.search(got.reading)


def test_few_patients_get_no_verdict():
    cohort, table, _, _ = build(
        5, score=lambda k, x: float(k[1]) * (x == "c"), outcome=lambda k, x: 20 - 2 * float(k[1]) * (x == "c"), version=2
    )
    got = run(cohort, table)
    assert row_of(got, "change_with_change")["estimate"] == pytest.approx(-1)
    assert np.isnan(row_of(got, "change_with_change")["ci_low"])
    assert "link is shown" not in got.reading
    assert not re.search(r"\bp [=<]", got.reading)


FALLS = {"k1": (-2, -8), "k2": (-2, 3), "k3": (1, -9), "k4": (1, 2), "k5": (-1, -4), "k6": (-1, 0), "k7": (0.5, -3)}


@functools.cache
def moved(better):
    """Return a cohort in which score and measure move as FALLS says; `better` is the sign of an improvement."""
    measure = "cdasi_activity" if better < 0 else "cmas"
    more = {"version": 2} if better < 0 else {}
    cohort, table, _, _ = build(
        instrument=measure,
        score=lambda k, x: 5 + FALLS[k][0] * (x != "a"),
        outcome=lambda k, x: 25 - better * FALLS[k][1] * (x != "a"),
        **more,
    )
    return run(cohort, table, outcome=measure), cohort


@pytest.mark.parametrize("better", [-1, 1])
def test_who_is_discordant(better):
    got, cohort = moved(better)
    patients = {code: p for p, code in cohort.codes.items()}
    # FALLS gives the change of a measure in which lower is better; for the other kind the sign is turned
    pattern = got.tables["discordant"].assign(who=lambda t: t["patient_id"].map(patients)).set_index("who")["pattern"]
    expected = {
        k: ("score fell" if s < 0 else "measure improved") + (", measure did not improve" if s < 0 else ", score did not fall")
        for k, (s, d) in FALLS.items()
        if (s < 0) != (d < 0)
    }
    discordant = {k: p for k, p in pattern.items() if p.startswith(("score fell, ", "measure improved, "))}
    assert discordant == expected
    for k in expected:
        assert cohort.codes[k] in got.reading


def test_responders_by_hand_with_the_adult_label():
    got, cohort = moved(-1)
    judged = (
        got.tables["responders"]
        .assign(who=lambda t: t["patient_id"].map({c: p for p, c in cohort.codes.items()}))
        .set_index("who")
    )
    assert judged["met"].to_dict() == {k: d <= -4 for k, (_, d) in FALLS.items()}
    assert judged["label"].str.contains("adult-derived").all()
    assert "adult-derived" in got.reading
    yes, no = [FALLS[k][0] for k in ("k1", "k3", "k5")], [FALLS[k][0] for k in ("k2", "k4", "k6", "k7")]
    row = row_of(got, "responders_change_of_score", "mann_whitney")
    assert row["estimate"] == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no]))
    assert "after exposure" in row["note"]


def test_no_auc_when_a_group_has_fewer_than_three():
    cohort, table, _, _ = build(6, outcome=lambda k, x: 30 - (10 if k in {"k1", "k2"} else 1) * (x != "a"), version=2)
    rows = run(cohort, table).table
    auc = rows[rows["contrast"].str.startswith("responders") & (rows["unit"] == "auc")]
    assert len(auc) == 2
    assert auc[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)


def test_not_evaluable_is_not_a_nonresponder_and_a_stop_is_a_failure():
    drugs = [{"patient_id": f"k{i}"} for i in range(1, 6)]
    drugs[3] |= {"stop_day": 20, "reason_stop": "AE"}
    drugs[4] |= {"stop_day": 20, "reason_stop": "planned"}
    fall = {"k1": 10, "k2": 10, "k3": 1, "k4": 0, "k5": 0}
    cohort, table, _, _ = build(5, outcome=lambda k, x: 30 - fall[k] * (x != "a"), exposures=drugs, version=2)
    got = run(cohort, table)
    judged = (
        got.tables["responders"]
        .assign(who=lambda t: t["patient_id"].map({c: p for p, c in cohort.codes.items()}))
        .set_index("who")
    )
    assert judged["evaluable"].to_dict() == {"k1": True, "k2": True, "k3": True, "k4": False, "k5": False}
    assert [judged.loc[k, "met"] for k in ("k1", "k2", "k3")] == [True, True, False]
    assert judged.loc[["k4", "k5"], "met"].isna().all()
    assert not judged.loc["k4", "response_composite"]
    assert pd.isna(judged.loc["k5", "response_composite"])
    assert "2 of 3 evaluable" in got.reading
    assert "2 of 4" in got.reading


def test_steroids_as_a_covariate():
    fall = dict(zip(WHO, (0.1, 0.5, 0.3, 0.2, 0.6, 0.4, 0.0), strict=True))
    doses = [
        {"patient_id": k, "drug": "prednisone", "start_day": a, "stop_day": b, "dose_mg_kg": d, "unit": "mg/kg/day"}
        for k in WHO
        for a, b, d in ((-100, 100, 1.0), (100, "", 1.0 - fall[k]))
        if d
    ]
    cohort, table, s, y = build(steroids=doses, version=2)
    got = run(cohort, table)
    row = row_of(got, "change_with_change_given_steroid")
    ranks = np.array(
        [
            stats.rankdata(v)
            for v in ([s[k, "c"] - s[k, "a"] for k in WHO], [y[k, "c"] - y[k, "a"] for k in WHO], [-fall[k] for k in WHO])
        ]
    )
    inverse = np.linalg.inv(np.corrcoef(ranks))
    assert row["estimate"] == pytest.approx(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))
    assert "collinear" in row["note"]
    assert (got.table["contrast"] == "within_patients_given_drug_and_steroid").any()
    cohort, table, _, _ = build(3, version=2)
    assert not run(cohort, table).table["contrast"].str.contains("steroid").any()


def test_what_is_refused():
    obs = pd.DataFrame({"who": list("aabb"), "when": [0, 1, 0, 1], "ifn": [1.0, 2, 3, 4]}, index=list("stuv"))
    simple = ifn.Cohort.from_samples(patient="who", time="when", baseline=0, followup=1)
    with pytest.raises(DataError, match="folder"):
        run(simple, obs)
    cohort, table, _, _ = build(2, version=2)
    with pytest.raises(DataError, match="cdasi_activity"):
        run(cohort, table, outcome="cmas")
    with pytest.raises(UsageError, match="name the measure"):
        run(cohort, table, outcome=None)
    with pytest.raises(UsageError, match="max_t"):
        run(cohort, table, adjust="max_t")


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_firth_stands_in_the_table_only_when_it_is_asked_for():
    adata, cohort = ifn.datasets.jdm_tofacitinib()
    ifn.tl.score(adata, "kim2018_irg28_geomean", controls="is_control", donor="donor_id")
    plain = ifn.tl.associate(adata, cohort, response="skin_vas_2cm")
    asked = ifn.tl.associate(adata, cohort, response="skin_vas_2cm", firth=True)
    assert not (plain.table["test"] == "firth_logistic").any()
    row = asked.table[(asked.table["test"] == "firth_logistic") & (asked.table["contrast"] == "responders_change_of_score")].iloc[0]
    pairs = asked.tables["pairs"].set_index("patient_id")
    pairs = pairs[pairs["tissue"] == row["tissue"]]
    met = asked.tables["responders"].set_index("patient_id")["met"].reindex(pairs.index)
    fit = logistic(pairs.loc[met.notna(), "score_change"].to_numpy(float), met[met.notna()].to_numpy(bool))
    assert (row["estimate"], row["p"]) == pytest.approx((fit.coefficients[1], fit.p[1]))
    assert re.sub(r"P\d\d", "", asked.reading) == re.sub(r"P\d\d", "", plain.reading)
