"""Faults that a reviewer found in compare: arms, batches, families, zeros, what is left out, and what the reading may say."""

from __future__ import annotations

import re

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from tests.clinic_cohorts import clinic, flip_p, on_drug, pairs, scores
from tests.test_compare import design, table

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning

PAIRED, MEANS, MEANS_OFF = "followup_minus_baseline", "mean_on_minus_baseline", "mean_on_minus_off"
ON, POLICY = "while_on_treatment", "treatment_policy"
CAUSAL = re.compile(
    r"\blower(s|ed)?\b|\braises?\b|\b(because of|due to|led to|caused by|thanks to|effect of the drug)\b", re.IGNORECASE
)
#: Columns that hold a p which data decided; the smallest attainable ones are facts of the design.
PS = re.compile(r"^p$|^p_(adj|t|parametric|satterthwaite)$|^(?!min_attainable).*_p$|^loo_p_")


def compare(values, cohort, **more):
    return ifn.tl.compare(values, cohort, **{"scores": "a", "score_type": "log", **more})


def values(d, ids=None, before=5.0):
    """Return a wide table in which child i of `pairs` goes from `before` to `before + d[i]`."""
    return scores(
        {"a": [before + (x if late else 0) for x in d for late in (0, 1)]}, ids or [r["sample_id"] for r in pairs(len(d))]
    )


def row_of(got, contrast=PAIRED, estimand=ON, group=""):
    t = got.table
    return t[(t["contrast"] == contrast) & (t["estimand"] == estimand) & (t["group"] == group)].iloc[0]


def arms(*names):
    """Return patients k1, k2, ... of these arms."""
    return [{"patient_id": f"k{i}", "arm": a} for i, a in enumerate(names, 1)]


D = np.array([-3.0, -2.4, -2.0, -1.0, -0.5, -0.2, 0.3, 0.9])


# 1: arms of a simple design
def test_arms_of_a_simple_design_are_not_pooled():
    made = table({"a": D}, arm=np.repeat(list("xxxxyyyy"), 2))
    got = ifn.tl.compare(made, design(group="arm"), scores="a", score_type="log").table
    assert got.set_index("group")["estimate"].to_dict() == pytest.approx(
        {"x": D[:4].mean(), "y": D[4:].mean(), "y minus x": D[4:].mean() - D[:4].mean()}
    )


@pytest.mark.filterwarnings("ignore:cohort")
def test_a_column_called_group_does_nothing_unless_asked_for():
    mixed = [{**r, "group": "xy"[i % 2]} for i, r in enumerate(pairs(8))]  # baselines x, follow-ups y
    got = compare(values(D), clinic(mixed, on_drug(8)))
    assert set(got.table["group"]) == {""}
    assert row_of(got)["estimate"] == pytest.approx(D.mean())


# 2: batch confounded with time
def in_batches(n, early="A", late="B", **more):
    return [{**r, "batch": early if r["day"] < 0 else late} for r in pairs(n, **more)]


@pytest.fixture(scope="module")
def confounded():
    """Compare seven and seven children whose batch is the time point, allowed; some samples flagged so that nothing is left out."""
    rows = in_batches(14)
    rows[1]["infection_flag"] = "yes"
    people = arms(*"xxxxxxxyyyyyyy")
    cohort = clinic(rows, on_drug(14), "[batch]\nallow_confounded = true\n", patients=people)
    d = np.random.default_rng(3).normal(-1, 1, 14)
    with pytest.warns(IfnscoreWarning, match="without p"):
        return compare(values(d, before=5.0), cohort, group="arm")


def test_a_confounded_batch_gives_no_p_anywhere(confounded):
    seen = 0
    for name, t in {"main": confounded.table, **confounded.tables}.items():
        for column in (c for c in t.columns if PS.search(c)):
            seen += 1
            assert t[column].isna().all(), (name, column)
    assert seen >= 9
    assert confounded.table["loo_flips"].isna().all()
    for name in ("tests", "longitudinal", "regression_to_mean", "sensitivity"):
        assert confounded.tables[name]["note"].str.startswith("batch confounded with time: no p").all(), name
    assert confounded.table["note"].str.startswith("batch confounded with time: no p").all()


def test_the_reading_of_a_confounded_batch_has_no_p_and_a_whole_composite(confounded):
    assert not re.search(r"\bp\s*[=<]|nan|no difference shown|is shown", confounded.reading), confounded.reading
    assert "No p is given: batch and time cannot be told apart." in confounded.reading
    for arm in "xy":
        row = row_of(confounded, "score_fell_and_stayed_on", "composite", arm)
        assert f"the score fell in {arm} in {row['n_success']:.0f} of 7 (95 % interval" in confounded.reading
        assert "of 7; 0 stopped" in row["note"]


@pytest.mark.filterwarnings("ignore:counts per million")
def test_a_confounded_batch_gives_no_p_of_genes():
    genes = [*ifn.signatures.get("rice2013_ags6").genes, *(f"GENE{i}" for i in range(60))]
    counts = pd.DataFrame(
        np.random.default_rng(4).poisson(200, (12, 66)), columns=genes, index=[r["sample_id"] for r in pairs(6)], dtype=float
    )
    data = ad.AnnData(X=counts.to_numpy(), obs=pd.DataFrame(index=counts.index), var=pd.DataFrame(index=genes))
    ifn.tl.score(data, ["rice2013_ags6"], method="mean_log", scale="counts")
    cohort = clinic(in_batches(6), on_drug(6), "[batch]\nallow_confounded = true\n")
    with pytest.warns(IfnscoreWarning, match="without p"):
        genes = ifn.tl.compare(data, cohort).tables["genes"]
    assert genes["estimate"].notna().all()
    assert genes[["p", "p_adj"]].isna().all(axis=None)
    assert genes["note"].str.contains("no p").all()


# 3: the batch rule outside pairs
def crossed(settings=""):
    """Return six children in batch A; the follow-up on day 180 of k1 is in B, another of k1 on day 200 in A with a fall of 1."""
    rows = pairs(6)
    rows[1]["batch"] = "B"
    rows.append({"sample_id": "k1c", "patient_id": "k1", "day": 200})
    made = values(np.full(6, -1.0) - np.arange(6) / 10)
    made.loc["k1b", "a"] = 500.0
    made.loc["k1c"] = 4.0
    return made, clinic(rows, on_drug(6), settings)


@pytest.mark.parametrize("contrast", [MEANS, MEANS_OFF])
def test_means_and_models_use_samples_that_are_comparable_in_batch(contrast):
    got = compare(*crossed())
    assert row_of(got, contrast)["estimate"] == pytest.approx(-1.25)
    models = got.tables["longitudinal"]
    assert set(models["n_observations"]) == {12}
    assert models.loc[models["model"] == "cluster_sign_flip", "estimate"].item() == pytest.approx(-1.25)
    wide = compare(*crossed("[batch]\nallow_cross_batch = true\n"))
    assert row_of(wide, contrast)["estimate"] > 30
    assert set(wide.tables["longitudinal"]["n_observations"]) == {13}


def test_drift_between_baselines_of_two_batches_is_no_drift():
    rows = [*pairs(6), *({"sample_id": f"k{i}z", "patient_id": f"k{i}", "day": -40} for i in (1, 2))]
    rows[-2]["batch"] = "B"
    made = pd.concat([values(D[:6]), scores({"a": [50.0, 6.0]}, ["k1z", "k2z"])])
    row = compare(made, clinic(rows, on_drug(6))).tables["regression_to_mean"].iloc[0]
    assert (row["n_two_baselines"], row["untreated_drift"]) == (1, pytest.approx(-1))


def test_patients_that_all_cross_are_an_error_unless_allowed():
    rows = [{**r, "batch": f"{r['patient_id'] if r['day'] < 0 else 'late'}"} for r in pairs(6)]
    with pytest.raises(DataError, match="batch"):
        compare(values(D[:6]), clinic(rows, on_drug(6)))


# 5: the family
def test_an_adjusted_p_is_never_smaller_than_the_p():
    source = np.random.default_rng(7)
    for _ in range(6):
        made = table({k: source.normal(-0.7, 1, 8) for k in "abc"}, rng=1)
        made.loc[["s1", "s3"], "b"] = np.nan
        made.loc["s15", "c"] = np.nan
        t = ifn.tl.compare(made, design(), scores=["a", "b", "c"], score_type="log").table
        assert (t["p_adj"] >= t["p"]).all()


def test_a_signature_of_one_patient_does_not_cut_the_family():
    made = table({"a": D, "b": D + 0.3, "c": D})
    made.loc[[f"s{i}" for i in range(1, 15, 2)], "c"] = np.nan
    got = ifn.tl.compare(made, design(), scores=["a", "b", "c"], score_type="log").table.set_index("signature")
    alone = ifn.tl.compare(made, design(), scores=["a", "b"], score_type="log").table.set_index("signature")
    assert (got.loc["c", "n_patients"], np.isnan(got.loc["c", "p_adj"])) == (1, True)
    assert set(got["n_family"]) == {8}
    assert got.loc[["a", "b"], "p_adj"].tolist() == alone["p_adj"].tolist()


# 6: nothing varies
def test_all_baselines_equal_give_a_gee_without_warning():
    made = scores({"a": [5, 4, 5, 4, 5, 3, 5, 2, 5, 1, 5, 5.0]}, [r["sample_id"] for r in pairs(6)])
    got = compare(made, clinic(pairs(6), on_drug(6)))  # a warning is an error here
    models = got.tables["longitudinal"].set_index("model")
    assert models.loc["gee_bias_reduced", "estimate"] == pytest.approx(np.mean([-1, -1, -2, -3, -4, 0]))


# 7: who has no arm
def test_patients_of_unknown_group_are_their_own_arm_compared_with_nobody():
    d = np.r_[D, -9.0, -9.5]
    cohort = clinic(pairs(10), on_drug(10), patients=arms(*"zzzzyyyy", "", ""))
    got = compare(values(d), cohort, group="arm")
    mine = got.table[(got.table["contrast"] == PAIRED) & (got.table["estimand"] == ON)]
    assert mine["group"].tolist() == ["y", "z", "unknown"]
    assert mine["estimate"].tolist() == pytest.approx([D[4:].mean(), D[:4].mean(), -9.25])
    differences = got.table.loc[got.table["contrast"].str.startswith("difference"), "group"]
    assert set(differences) == {"z minus y"}
    made = table({"a": D}, arm=np.repeat(["x", "x", "x", "", "y", "y", "y", ""], 2))
    simple = ifn.tl.compare(made, design(group="arm"), scores="a", score_type="log").table
    assert simple["group"].tolist() == ["x", "y", "unknown", "y minus x"]


# 8: zeros
def test_six_patients_with_one_zero_can_reject_nothing():
    got = compare(values([0, -1, -2, -3, -4, -5]), clinic(pairs(6), on_drug(6)))
    row = row_of(got)
    assert (row["min_attainable_p"], row["min_attainable_p_given_zeros"]) == (2 / 2**6, 2 / 2**5)
    assert row["p"] == pytest.approx(flip_p(np.array([0, -1, -2, -3, -4, -5]))) == 2 / 2**5
    assert "nothing can be rejected at 0.05" in got.reading
    assert "change is shown" not in got.reading


# 9, 14, 18: what the reading says
@pytest.fixture(scope="module")
def of_arms():
    """Two arms; x is six clear falls and one rise (it hangs on one child), y is seven clear falls; blood counts; two baselines."""
    d = np.r_[[-5, -1, -1.2, -1.1, -0.9, -0.3, 0.4], -2 - np.arange(7) / 10, 1.0]
    rows = pairs(15)
    source = np.random.default_rng(0)
    for r in rows:
        r.update(wbc=6, monocytes=round(0.3 + 0.1 * source.random(), 3), neutrophils=round(3 + source.random(), 3), lymphocytes=2)
    rows += [{"sample_id": f"k{i}z", "patient_id": f"k{i}", "day": -40} for i in (1, 8)]
    rows += [{**r, "sample_id": "skin" + r["sample_id"], "tissue": "skin"} for r in rows]
    rows = [r for r in rows if r["sample_id"] not in {"k15b", "skink15b"}]
    ids = [r["sample_id"] for r in rows]
    first = dict(zip([f"k{i}{x}" for i in range(1, 16) for x in "ab"], values(d)["a"], strict=True)) | {"k1z": 6.0, "k8z": 6.0}
    a = [first[i.removeprefix("skin")] for i in ids]
    cohort = clinic(rows, on_drug(15), '[primary]\nsignature = "a"\ntissue = "blood"\n', patients=arms(*"xxxxxxxyyyyyyyx"))
    return compare(scores({"a": a, "b": a}, ids), cohort, scores=["a", "b"], group="arm"), cohort


def test_no_reading_says_that_the_drug_lowers_anything(of_arms):
    assert not CAUSAL.search(of_arms[0].reading), of_arms[0].reading


def test_the_reading_names_the_arm_and_keeps_to_the_primary_score(of_arms):
    reading = of_arms[0].reading
    for what in (
        "a in blood, {}", "interruptions and stops included in {} (7", "one mean a patient in {} (7)", "the score fell in {} in",
        "Before the first dose in {}, on earlier drugs, the score drifted by −1.00", "Between the two samples in {} monocytes",
    ):  # fmt: skip
        for arm in "xy":
            assert reading.count(what.format(arm)) == 1, (what, arm, reading)
    assert "Left out in x: 1 patient (no follow-up sample in the window)." in reading
    assert "skin" not in reading
    assert "b in" not in reading


def test_a_change_hangs_on_a_patient_only_where_it_is_shown(of_arms):
    got, cohort = of_arms
    x, y = row_of(got, group="x"), row_of(got, group="y")
    assert y["p"] < 0.05
    assert not y["loo_flips"]
    left = "Leaving out one patient at a time in {}: "
    x_words = got.reading.split(left.format("x"))[1].split(". ")[0]
    y_words = got.reading.split(left.format("y"))[1].split(". ")[0]
    assert ("no longer shown" in x_words) == (x["p"] < 0.05 and bool(x["loo_flips"]))
    assert "no longer shown" not in y_words
    d = [-1, -1.1, -1.2, -0.9, -0.8, -1.3, 2.4]
    weak = compare(values(d), clinic(pairs(7), on_drug(7)))
    assert row_of(weak)["loo_flips"]
    assert row_of(weak)["p"] > 0.05
    assert "no longer shown" not in weak.reading
    strong_d = [-1, -1.1, -1.2, -0.9, -0.8, -1.3, 0.1]
    cohort = clinic(pairs(7), on_drug(7), patients=arms(*"xxxxxxx"))
    strong = compare(values(strong_d), cohort, group="arm")
    row = row_of(strong, group="x")
    assert row["p"] < 0.05
    whom = f"without {row['loo_patients']} it" if row["n_loo_flips"] == 1 else f"without any one of {row['n_loo_flips']} patients it"
    assert f"{whom} is no longer shown" in strong.reading
