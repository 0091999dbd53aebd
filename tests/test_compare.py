"""tl.compare on simple designs and on folders: numbers by hand, by scipy and statsmodels, or by brute force."""

from __future__ import annotations

import itertools
import re

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from tests import figures
from tests.clinic_cohorts import SIGNIFICANT, clinic, flip_p, on_drug, pairs, scores

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.result import COLUMNS

N = 8
PAIRED, MEANS = "followup_minus_baseline", "mean_on_minus_baseline"
CAUSAL = re.compile(r"\b(because of|due to|led to|caused by|effective|thanks to|works|improved by)\b", re.IGNORECASE)


def design(**more):
    return ifn.Cohort.from_samples(patient="who", time="when", baseline=0, followup=77, **more)


def table(changes, rng=3, **columns):
    """Return a wide table of scores with these changes from random baselines."""
    n = len(next(iter(changes.values())))
    made = pd.DataFrame(
        {"who": [f"d{i}" for i in range(n) for _ in "ab"], "when": [0, 77] * n}, index=[f"s{i}" for i in range(2 * n)]
    )
    source = np.random.default_rng(rng)
    for name, d in changes.items():
        before = source.normal(5, 1, n)
        made[name] = np.column_stack([before, before + d]).ravel()
    return made.assign(**columns)


@pytest.fixture(scope="module")
def drawn():
    source = np.random.default_rng(20)
    shared = source.normal(size=N)
    return {k: shared * w + source.normal(m, 0.8, N) for k, m, w in (("a", -1.1, 0.6), ("b", -0.6, 0.6), ("c", 0.1, 0.0))}


@pytest.fixture(scope="module")
def simple(drawn):
    return ifn.tl.compare(table(drawn), design(), scores=["a", "b", "c"], score_type="log")


def test_estimate_interval_and_p_by_hand(simple, drawn):
    rows = simple.table.set_index("signature")
    for name, d in drawn.items():
        low, high = stats.ttest_1samp(d, 0).confidence_interval()
        row = rows.loc[name]
        assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx([d.mean(), low, high])
        assert [row["ratio"], row["ratio_low"], row["ratio_high"]] == pytest.approx([2 ** d.mean(), 2**low, 2**high])
        assert row["p"] == pytest.approx(flip_p(d))
        assert row["min_attainable_p"] == 2 / 2**N
        assert row["n_patients"] == N
    assert list(simple.table.columns[:12]) == list(COLUMNS)
    assert list(simple.table["role"]) == ["first_listed", "exploratory", "exploratory"]


def test_other_tests_stand_beside_it(simple, drawn):
    t = simple.tables["tests"]
    mine = t[t["signature"] == "a"].set_index("test")
    d = drawn["a"]
    assert mine.loc["t", "p"] == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    assert mine.loc["signed_rank_pratt", "p"] == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)
    walsh = [(x + y) / 2 for i, x in enumerate(d) for y in d[i:]]
    assert mine.loc["signed_rank_pratt", "estimate"] == pytest.approx(np.median(walsh))
    assert mine.loc["sign_test", "p"] == pytest.approx(stats.binomtest(int((d > 0).sum()), N).pvalue)


def test_max_t_by_brute_force(simple, drawn):
    x = np.column_stack(list(drawn.values()))

    def studentised(y):
        return np.abs(y.mean(axis=0)) / (y.std(axis=0, ddof=1) / np.sqrt(N))

    seen = studentised(x)
    flips = np.array([studentised(x * np.array(s)[:, None]) for s in itertools.product([1, -1], repeat=N)])
    order, p, highest = np.argsort(-seen), np.empty(3), 0.0
    for place, j in enumerate(order):
        highest = max(highest, float((flips[:, order[place:]].max(axis=1) >= seen[j] - 1e-9).mean()))
        p[j] = highest
    assert simple.table.set_index("signature").loc[list(drawn), "p_adj"].to_numpy() == pytest.approx(p)
    assert (simple.table["p_adj"] >= simple.table["p"] - 1e-12).all()


@pytest.mark.parametrize(("how", "name"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_holm_and_benjamini_hochberg(drawn, how, name):
    made = ifn.tl.compare(table(drawn), design(), scores=["a", "b", "c"], score_type="log", adjust=how).table
    assert made["p_adj"].to_numpy() == pytest.approx(multipletests(made["p"], method=name)[1])


def test_no_adjustment_and_an_unknown_one(drawn):
    assert ifn.tl.compare(table(drawn), design(), scores="a", score_type="log", adjust="none").table["p_adj"].isna().all()
    with pytest.raises(UsageError, match="tukey"):
        ifn.tl.compare(table(drawn), design(), scores="a", score_type="log", adjust="tukey")


def test_leaving_out_one_patient_by_hand(simple, drawn):
    d = drawn["a"]
    without = [np.delete(d, i) for i in range(N)]
    row = simple.table.iloc[0]
    assert [row["loo_low"], row["loo_high"]] == pytest.approx([min(map(np.mean, without)), max(map(np.mean, without))])
    ps = [flip_p(w) for w in without]
    assert [row["loo_p_low"], row["loo_p_high"]] == pytest.approx([min(ps), max(ps)])
    assert row["loo_flips"] == any((p < 0.05) != (row["p"] < 0.05) for p in ps)
    far = int(np.argmax(np.abs(d - d.mean())))
    patients = simple.tables["patients"]
    of_far = patients[(patients["signature"] == "a") & (patients["patient_id"] == row["loo_patient"])]
    assert of_far["change"].iloc[0] == pytest.approx(d[far])


def test_ratios_are_logged_and_zeros_have_no_logarithm():
    made = table({"a": np.zeros(6)})
    made["a"] = [8, 2, 4, 2, 16, 2, 2, 1, 0, 4, np.nan, 3.0]
    got = ifn.tl.compare(made, design(), scores="a", score_type="ratio")
    row = got.table.iloc[0]
    assert row["n_patients"] == 4
    assert row["estimate"] == pytest.approx(np.mean([-2, -1, -3, -1]))
    assert row["ratio"] == pytest.approx(2**-1.75)
    flow = got.tables["flow"]
    assert flow.loc[flow["reason"] == "score not computable", "n_patients"].tolist() == [2]


def test_a_ratio_below_zero_is_refused():
    made = table({"a": np.zeros(6)})
    made["a"] = [8, 2, 4, 2, 16, 2, 2, 1, 3, 4, -1.25, 3.0]
    with pytest.raises(
        ifn.errors.DataError, match=r"score -1.25 of sample 's\d+' in column 'a' is negative, and a ratio cannot be"
    ):
        ifn.tl.compare(made, design(), scores="a", score_type="ratio")


@pytest.mark.parametrize("score_type", ["z", "rank"])
def test_z_and_rank_scores_are_only_subtracted(drawn, score_type):
    got = ifn.tl.compare(table(drawn), design(), scores="a", score_type=score_type)
    assert got.table["ratio"].isna().all()
    assert got.table["estimate"].iloc[0] == pytest.approx(drawn["a"].mean())
    assert "times the baseline" not in got.reading
    assert "log2" not in got.reading


def test_missing_scores_leave_their_patient_out_and_the_family_to_complete_cases(drawn):
    made = table(drawn)
    made.loc["s1", "a"] = np.nan
    got = ifn.tl.compare(made, design(), scores=["a", "b"], score_type="log").table.set_index("signature")
    assert got["n_patients"].to_dict() == {"a": N - 1, "b": N}
    assert set(got["n_family"]) == {N - 1}
    assert got.loc["a", "p"] == pytest.approx(flip_p(drawn["a"][1:]))


def test_a_long_table_says_its_own_score_types(drawn):
    wide = table(drawn)
    parts = [
        pd.DataFrame(
            {
                "sample": wide.index,
                "signature": s,
                "score": wide[s].to_numpy(),
                "score_type": t,
                "who": wide["who"],
                "when": wide["when"],
            }
        )
        for s, t in (("a", "log"), ("b", "z"))
    ]
    got = ifn.tl.compare(pd.concat(parts, ignore_index=True), design()).table.set_index("signature")
    assert got["ratio"].notna().to_dict() == {"a": True, "b": False}
    assert got["unit"].to_dict() == {"a": "log2", "b": "z"}


def numbers(result):
    """Return all numbers of a result without codes, in an order that codes do not set."""
    made = {}
    for name, t in {"main": result.table, **result.tables}.items():
        kept = t.drop(columns=[c for c in ("patient_id", "loo_patient", "loo_patients") if c in t])
        made[name] = sorted(map(str, kept.round(9).to_numpy().tolist()))
    return made


def test_new_codes_and_another_order_of_rows_change_no_number(drawn):
    made = table(drawn)
    first = numbers(ifn.tl.compare(made, design(), scores=["a", "b"], score_type="log"))
    shuffled = made.sample(frac=1, random_state=5)
    for given in (made, shuffled):
        assert numbers(ifn.tl.compare(given, design(), scores=["a", "b"], score_type="log")) == first


@pytest.mark.parametrize("n", [1, 2, 5])
def test_five_patients_or_fewer_are_never_given_a_verdict(n):
    got = ifn.tl.compare(table({"a": -1 - np.arange(n) / 10}), design(), scores="a", score_type="log")
    row = got.table.iloc[0]
    assert row["n_patients"] == n
    assert row["estimate"] == pytest.approx(-1 - np.arange(n).mean() / 10)
    assert np.isfinite(row["ci_low"]) == (n > 1)
    assert "cannot reject" in row["note"]
    assert "cannot reject" in got.reading
    assert not SIGNIFICANT.search(got.reading), got.reading


def test_six_patients_can_just_reject():
    got = ifn.tl.compare(table({"a": -1 - np.arange(6) / 10}), design(), scores="a", score_type="log")
    assert got.table["p"].iloc[0] == got.table["min_attainable_p"].iloc[0] == 2 / 2**6
    assert "0.031" in got.reading


def test_nothing_shown_is_not_nothing_there():
    got = ifn.tl.compare(table({"a": np.array([1, -1, 2, -2, 0.5, -0.4])}), design(), scores="a", score_type="log")
    assert "no change shown" in got.reading
    assert "no change" not in got.reading.replace("no change shown", "").replace("not the same as no change", "")
    assert not CAUSAL.search(got.reading)


def test_no_pair_at_all():
    made = table({"a": np.full(3, np.nan)})
    got = ifn.tl.compare(made, design(), scores="a", score_type="log")
    row = got.table.iloc[0]
    assert row["n_patients"] == 0
    assert np.isnan(row[["estimate", "ci_low", "p", "p_adj", "min_attainable_p"]].astype(float)).all()
    assert "nothing can be said" in got.reading


def test_two_arms(drawn):
    people = [{"patient_id": f"k{i}", "arm": "drug" if i <= 4 else "sham"} for i in range(1, N + 1)]
    cohort = clinic(pairs(N), on_drug(N), patients=people)
    values = scores({"a": table(drawn)["a"].to_numpy()}, [s["sample_id"] for s in pairs(N)])
    got = ifn.tl.compare(values, cohort, scores="a", score_type="log", group="arm")
    d, main = (
        drawn["a"],
        got.table[(got.table["contrast"].str.endswith(PAIRED)) & (got.table["estimand"] == "while_on_treatment")],
    )
    main = main.set_index("group")
    assert main.loc["drug", "estimate"] == pytest.approx(d[:4].mean())
    assert main.loc["sham", "estimate"] == pytest.approx(d[4:].mean())
    row = main.loc["sham minus drug"]
    welch = stats.ttest_ind(d[4:], d[:4], equal_var=False)
    interval = welch.confidence_interval()
    gap = d[4:].mean() - d[:4].mean()
    every = [d[list(i)].mean() - np.delete(d, list(i)).mean() for i in itertools.combinations(range(N), 4)]
    assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx([gap, interval.low, interval.high])
    assert row["p"] == pytest.approx((np.abs(every) >= abs(gap) - 1e-9).mean())
    assert row["min_attainable_p"] == pytest.approx(2 / 70)
    tests = got.tables["tests"]
    tests = tests[tests["contrast"].str.endswith(PAIRED) & (tests["estimand"] == "while_on_treatment")].set_index(
        ["group", "test"]
    )
    wins = np.mean([b > a for a in d[:4] for b in d[4:]])
    assert tests.loc[("sham minus drug", "auc_change"), "estimate"] == pytest.approx(wins)


@pytest.fixture
def counted():
    """Return counts of 6 children at two times, scored, and the counts."""
    genes = [*ifn.signatures.get("rice2013_ags6").genes, *(f"GENE{i}" for i in range(60))]
    counts = np.random.default_rng(4).poisson(200, (12, len(genes))).astype(float)
    counts[0::2, :6] *= [9, 8, 7, 6, 5, 4]
    obs = pd.DataFrame({"who": [f"d{i // 2}" for i in range(12)], "when": [0, 77] * 6}, index=[f"s{i}" for i in range(12)])
    data = ad.AnnData(X=counts, obs=obs, var=pd.DataFrame(index=genes))
    ifn.tl.score(data, ["rice2013_ags6"], method="mean_log", scale="counts")
    return data, pd.DataFrame(counts, columns=genes)


@pytest.mark.filterwarnings("ignore:counts per million")  # a matrix of 66 genes has no library size to speak of
def test_which_genes_moved(counted):
    data, counts = counted
    got = ifn.tl.compare(data, design()).tables["genes"].set_index("gene")
    log2 = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
    assert set(got.index) == set(counts.columns[:6])
    for gene in counts.columns[:6]:
        d = log2[gene].to_numpy()[1::2] - log2[gene].to_numpy()[0::2]
        low, high = stats.ttest_1samp(d, 0).confidence_interval()
        assert got.loc[gene, ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float) == pytest.approx([d.mean(), low, high])
        assert got.loc[gene, "fold_change"] == pytest.approx(2 ** d.mean())
    assert got["p_adj"].to_numpy() == pytest.approx(multipletests(got["p"], method="fdr_bh")[1])
    assert list(got["estimate"]) == sorted(got["estimate"])


def test_samples_of_nobody_and_a_cohort_of_nothing():
    cohort = clinic(pairs(2), on_drug(2))
    with pytest.raises(DataError, match="sample_id"):
        ifn.tl.compare(scores({"a": [1.0, 2.0]}, ["x", "y"]), cohort, scores="a", score_type="log")
    ids = [s["sample_id"] for s in pairs(2)]
    with pytest.warns(IfnscoreWarning, match="1 scored sample"):
        ifn.tl.compare(scores({"a": [1.0, 2, 3, 4.5, 5]}, [*ids, "more"]), cohort, scores="a", score_type="log")
    with pytest.raises(DataError, match="score-type"):
        ifn.tl.compare(scores({"a": [1.0, 2, 3, 4]}, ids), cohort, scores="a")


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_a_table_of_scores_with_controls_and_a_simple_design():
    adata, cohort = figures.simple(5)
    table = ifn.get.scores(adata).join(adata.obs, on="sample")
    from_table, from_matrix = ifn.tl.compare(table, cohort), ifn.tl.compare(adata, cohort)
    same = ["signature", "n_patients", "estimate", "p"]
    pd.testing.assert_frame_equal(from_table.table[same], from_matrix.table[same])
