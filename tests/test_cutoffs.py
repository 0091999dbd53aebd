"""References, cut-offs, contributions and the jackknife against brute force: every re-fit is written out here in plain numpy."""

from __future__ import annotations

import dataclasses
import math

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.signatures import Cutoff, Signature

QUIET = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GENES = ["ISG15", "MX1", "IFI44L", "IFIT1", "RSAD2", "SIGLEC1", "OAS1", "HERC5"]
SIX = GENES[:6]
SECOND = ["OAS1", "HERC5", "MX1"]
ALL_METHODS = sorted(methods.records())
NEEDS_CONTROLS = sorted(m for m, r in methods.records().items() if r.reference == "required")
ROW_METHODS = {m for m, r in methods.records().items() if r.needs != "signature_columns"}
LOG_SUM = {"geomean"}
#: Methods that leave a gene out but keep what was drawn for the whole signature.
KEEPS = {"score_genes"}


def values(n, seed=0, genes=8):
    rng = np.random.default_rng(seed)
    return np.round(rng.lognormal(3, 0.6, (n, genes)) * rng.uniform(0.5, 4, genes), 4)


def adata_of(x, genes=GENES, prefix="s", **obs):
    adata = ad.AnnData(X=np.array(x, dtype=float))
    adata.var_names, adata.obs_names = list(genes), [f"{prefix}{i}" for i in range(adata.n_obs)]
    for name, column in obs.items():
        adata.obs[name] = list(column)
    return adata


# --- the formulas once more, as matrix code: samples x genes, controls x genes ---------------------------------------------


def brute(method, controls, x):
    if method == "fold_change_median":
        return np.median(x / np.median(controls, axis=0), axis=1)
    if method == "zref_sum":
        return ((x - controls.mean(axis=0)) / controls.std(axis=0, ddof=1)).sum(axis=1)
    if method == "percent_of_module":
        mean = controls.mean(axis=0)
        up, down = (x / mean >= 1.5) & (x - mean >= 10), (x / mean <= 1 / 1.5) & (x - mean <= -10)
        return 100 * (up.sum(axis=1) - down.sum(axis=1)) / x.shape[1]
    if method == "score_zref":
        raw, level = np.log2(x + 0.001).mean(axis=1), np.log2(controls + 0.001).mean(axis=1)
        return (raw - level.mean()) / level.std(ddof=1)
    log, level = np.log2(x + 1), np.log2(controls + 1)
    if method == "zref_mean":
        return ((log - level.mean(axis=0)) / level.std(axis=0, ddof=1)).mean(axis=1)
    assert method == "neg_ddct_sum"
    return (log - level.mean(axis=0)).sum(axis=1)


def leave_one_out(method, controls):
    n = len(controls)
    return np.array([brute(method, np.delete(controls, i, axis=0), controls[[i]])[0] for i in range(n)])


def mean_2sd(scores):
    mean = math.fsum(scores) / len(scores)
    return mean + 2 * math.sqrt(math.fsum((s - mean) ** 2 for s in scores) / (len(scores) - 1))


def p95(scores):
    """Linear interpolation between order statistics, position (n - 1) 0.95."""
    ordered, place = sorted(scores), (len(scores) - 1) * 0.95
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(scores) - 1)] - ordered[low])


def signature(rule="unknown", genes=SIX, name="A"):
    return Signature(id=name, up=tuple(genes), cutoff=Cutoff(rule=rule))


def cut(n_controls, method, rule, x=None, **options):
    x = values(n_controls + 3) if x is None else x
    adata = adata_of(x)
    ifn.tl.score(adata, signature(rule), method=method, controls=np.arange(len(x)) < n_controls, scale="linear", **options)
    table = ifn.get.cutoffs(adata)
    assert len(table) == 1
    return table.iloc[0], x[:n_controls, : len(SIX)]


# --- cut-offs -------------------------------------------------------------------------------------------------------------


@QUIET
@pytest.mark.parametrize("method", NEEDS_CONTROLS)
@pytest.mark.parametrize(("rule", "n", "by_hand"), [("mean+2sd", 10, mean_2sd), ("mean+2sd", 23, mean_2sd), ("p95", 23, p95)])
def test_cutoffs_come_from_leave_one_out_scores(method, rule, n, by_hand):
    row, controls = cut(n, method, rule)
    left = leave_one_out(method, controls)
    assert (row["rule"], row["n_controls"]) == (rule, n)
    assert row["cutoff"] == pytest.approx(by_hand(left), rel=1e-11)
    assert row["cutoff_in_sample"] == pytest.approx(by_hand(brute(method, controls, controls)), rel=1e-11)
    if method in {"zref_sum", "zref_mean", "score_zref", "neg_ddct_sum"}:
        assert row["cutoff"] > row["cutoff_in_sample"]  # controls that set their own mean and SD look too tame


@QUIET
@pytest.mark.parametrize("rule", ["unknown", "none", "fixed"])
def test_any_other_rule_becomes_mean_plus_2_sd_and_no_published_number_is_taken_over(rule):
    x = values(15)
    adata = adata_of(x)
    foreign = dataclasses.replace(signature(rule), cutoff=Cutoff(rule=rule, value=2.466))
    ifn.tl.score(adata, foreign, method="fold_change_median", controls=np.arange(15) < 12, scale="linear")
    row = ifn.get.cutoffs(adata).iloc[0]
    assert row["rule"] == "mean+2sd"
    assert row["cutoff"] == pytest.approx(mean_2sd(leave_one_out("fold_change_median", x[:12, :6])), rel=1e-11)


@QUIET
@pytest.mark.parametrize(
    ("n", "rule", "has_cutoff", "has_interval"),
    [
        (2, "mean+2sd", False, False), (9, "mean+2sd", False, False), (10, "mean+2sd", True, False),
        (19, "mean+2sd", True, False), (20, "mean+2sd", True, True), (9, "p95", False, False),
        (10, "p95", False, False), (19, "p95", False, False), (20, "p95", True, True),
    ],
)  # fmt: skip
def test_too_few_controls_give_no_cutoff(n, rule, has_cutoff, has_interval):
    row, _ = cut(n, "zref_mean", rule)
    assert np.isfinite(row["cutoff"]) == has_cutoff
    assert np.isfinite(row["cutoff_in_sample"]) == has_cutoff
    assert np.isfinite(row[["cutoff_low", "cutoff_high"]].astype(float)).all() == has_interval
    assert np.isfinite(row[["cutoff_low", "cutoff_high"]].astype(float)).any() == has_interval
    assert bool(row["note"]) != has_interval
    if not has_cutoff:
        assert f"{n} independent controls" in row["note"]


@QUIET
def test_above_cutoff_is_missing_without_a_cutoff_and_strict_with_one():
    x = values(15)
    for n in (9, 12):
        adata = adata_of(x)
        ifn.tl.score(adata, signature(), method="zref_mean", controls=np.arange(15) < n, scale="linear")
        table = ifn.get.scores(adata)
        if n < 10:
            assert table["above_cutoff"].isna().all()
        else:
            expected = brute("zref_mean", x[:n, :6], x[:, :6]) > mean_2sd(leave_one_out("zref_mean", x[:n, :6]))
            assert table["above_cutoff"].tolist() == expected.tolist()


@QUIET
@pytest.mark.parametrize(("rule", "by_hand"), [("mean+2sd", mean_2sd), ("p95", p95)])
def test_interval_is_a_bootstrap_over_controls(rule, by_hand):
    row, controls = cut(40, "zref_mean", rule)
    left = leave_one_out("zref_mean", controls)
    rng = np.random.default_rng(99)
    drawn = [by_hand(rng.choice(left, len(left)).tolist()) for _ in range(4_000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert low < row["cutoff"] < high
    assert row["cutoff_low"] == pytest.approx(low, abs=0.1 * (high - low))
    assert row["cutoff_high"] == pytest.approx(high, abs=0.1 * (high - low))
    again, _ = cut(40, "zref_mean", rule)
    assert (again["cutoff_low"], again["cutoff_high"]) == (row["cutoff_low"], row["cutoff_high"])
    other, _ = cut(40, "zref_mean", rule, rng=7)
    assert other["cutoff"] == row["cutoff"]
    assert other["cutoff_low"] != row["cutoff_low"]


@QUIET
def test_other_signatures_do_not_move_a_cutoff_or_its_interval():
    x, controls, other = values(26), np.arange(26) < 24, signature(genes=SECOND, name="B")
    tables = []
    for chosen in ([signature()], [signature(), other], [other, signature()]):
        adata = adata_of(x)
        ifn.tl.score(adata, chosen, method="zref_mean", controls=controls, scale="linear")
        table = ifn.get.cutoffs(adata).set_index("signature")
        tables.append(table.loc["A", ["cutoff", "cutoff_in_sample", "cutoff_low", "cutoff_high"]].to_numpy(dtype=float))
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-12)
    np.testing.assert_allclose(tables[2], tables[0], rtol=1e-12)


@QUIET
def test_a_gene_that_one_control_alone_makes_variable_is_left_out_of_that_control():
    x = values(14)
    x[:12, 2] = 5.0
    x[3, 2] = 50.0
    row, _ = cut(12, "zref_mean", "mean+2sd", x, min_coverage=0.5)
    controls = x[:12, :6]
    left = leave_one_out("zref_mean", np.delete(controls, 2, axis=1))
    full = [brute("zref_mean", np.delete(controls, i, axis=0), controls[[i]])[0] if i != 3 else left[3] for i in range(12)]
    assert row["cutoff"] == pytest.approx(mean_2sd(full), rel=1e-11)
    strict, _ = cut(12, "zref_sum", "mean+2sd", x)
    assert np.isnan(strict["cutoff"])
    assert "without itself" in strict["note"]


# --- repeats of one person ------------------------------------------------------------------------------------------------


@QUIET
@pytest.mark.parametrize("method", NEEDS_CONTROLS)
def test_repeats_of_a_donor_are_averaged_and_count_once(method):
    x = values(18)
    donors = ["d0", "d0", "d0", "d1", "d1", *(f"d{i}" for i in range(2, 12)), "p0", "p1", "p2"]
    adata = adata_of(x, donor=donors)
    controls = np.arange(18) < 15
    ifn.tl.score(adata, signature(), method=method, controls=controls, donor="donor", scale="linear")
    people = pd.DataFrame(x[:15, :6]).groupby(np.array(donors[:15])).mean().to_numpy()
    assert len(people) == 12
    np.testing.assert_allclose(ifn.get.scores_wide(adata)["A"], brute(method, people, x[:, :6]), rtol=1e-11, atol=1e-12)
    row = ifn.get.cutoffs(adata).iloc[0]
    assert row["n_controls"] == 12
    assert row["cutoff"] == pytest.approx(mean_2sd(leave_one_out(method, people)), rel=1e-11)
    assert row["cutoff_in_sample"] == pytest.approx(mean_2sd(brute(method, people, people)), rel=1e-11)


@QUIET
def test_eleven_samples_of_nine_donors_give_no_cutoff():
    adata = adata_of(values(13), donor=["d0", "d0", "d1", "d1", *(f"d{i}" for i in range(2, 9)), "p", "q"])
    ifn.tl.score(adata, signature(), method="zref_mean", controls=np.arange(13) < 11, donor="donor", scale="linear")
    row = ifn.get.cutoffs(adata).iloc[0]
    assert row["n_controls"] == 9
    assert np.isnan(row["cutoff"])


@QUIET
def test_repeats_of_counts_are_averaged_as_counts_per_million():
    counts = np.round(values(6))
    adata = adata_of(counts, donor=["a", "a", "b", "c", "d", "p"])
    ifn.tl.score(adata, signature(), method="fold_change_median", controls=np.arange(6) < 5, donor="donor", scale="counts")
    cpm = (counts / counts.sum(axis=1, keepdims=True) * 1e6)[:, :6]
    people = np.vstack([cpm[:2].mean(axis=0), cpm[2:5]])
    np.testing.assert_allclose(ifn.get.scores_wide(adata)["A"], brute("fold_change_median", people, cpm), rtol=1e-12)


def test_a_control_without_a_donor_is_refused():
    adata = adata_of(values(6), donor=["a", None, "b", "c", "d", "p"])
    with pytest.raises(DataError, match=r"donor.*'s1'"):
        ifn.tl.score(adata, signature(), method="zref_mean", controls=np.arange(6) < 5, donor="donor", scale="linear")


# --- strata ---------------------------------------------------------------------------------------------------------------

TISSUES = ["blood"] * 13 + ["muscle"] * 14
IN_TISSUE = [*range(11), *range(13, 25)]


@QUIET
@pytest.mark.parametrize("method", NEEDS_CONTROLS)
@pytest.mark.parametrize("chunk_size", [None, 4])
def test_strata_are_scored_against_their_own_controls(method, chunk_size):
    x = values(27)
    x[13:] *= 7
    controls = np.isin(np.arange(27), IN_TISSUE)
    adata = adata_of(x, site=TISSUES)
    ifn.tl.score(adata, signature(), method=method, controls=controls, reference_by="site", scale="linear", chunk_size=chunk_size)
    got, table = ifn.get.scores_wide(adata)["A"].to_numpy(), ifn.get.cutoffs(adata).set_index("stratum")
    assert sorted(table.index) == ["site=blood", "site=muscle"]
    for name, where in (("site=blood", slice(0, 13)), ("site=muscle", slice(13, 27))):
        own = x[where, :6][controls[where]]
        np.testing.assert_allclose(got[where], brute(method, own, x[where, :6]), rtol=1e-11, atol=1e-12)
        assert table.loc[name, "n_controls"] == len(own)
        assert table.loc[name, "cutoff"] == pytest.approx(mean_2sd(leave_one_out(method, own)), rel=1e-11)
    parts = ifn.get.contributions(adata, "A").sum(axis=1)
    np.testing.assert_allclose(parts, got, rtol=1e-11, atol=1e-12)


@pytest.mark.filterwarnings("ignore:one gene makes over 25:ifnscore.errors.IfnscoreWarning")
def test_a_stratum_without_controls_has_no_scores_and_that_is_said():
    x = values(27)
    adata = adata_of(x, tissue=TISSUES)  # tissue is a stratum by itself
    with (
        pytest.warns(IfnscoreWarning, match=r"no controls in stratum tissue=muscle"),
        pytest.warns(IfnscoreWarning, match=r"no score for A in tissue=muscle"),
    ):
        ifn.tl.score(adata, signature(), method="zref_mean", controls=np.arange(27) < 11, scale="linear")
    got = ifn.get.scores_wide(adata)["A"].to_numpy()
    assert np.isnan(got[13:]).all()
    np.testing.assert_allclose(got[:13], brute("zref_mean", x[:11, :6], x[:13, :6]), rtol=1e-12)
    assert ifn.get.cutoffs(adata)["stratum"].tolist() == ["tissue=blood"]


# --- the frozen reference -------------------------------------------------------------------------------------------------


@QUIET
@pytest.mark.parametrize(
    ("scale", "method"),
    [(s, m) for s in ("linear", "counts", "log2p1", "ct") for m in NEEDS_CONTROLS if (s, m) != ("ct", "percent_of_module")],
)
def test_a_frozen_reference_scores_one_new_sample_alike(method, scale, tmp_path):
    x = np.round(values(14)) if scale == "counts" else values(14)
    x = {"log2p1": np.log2(x + 1), "ct": 40 - np.log2(x + 1)}.get(scale, x)
    adata, controls = adata_of(x), np.arange(14) < 12
    params = {"housekeeping": "OAS1,HERC5"} if scale == "ct" else {}
    ifn.tl.score(adata, signature(), method=method, controls=controls, scale=scale, params=params)
    together, cut_together = ifn.get.scores_wide(adata)["A"], ifn.get.cutoffs(adata)
    frozen = ifn.tl.reference(adata_of(x), controls, scale=scale)
    frozen.write(tmp_path / "ref.json")
    read = type(frozen).read(tmp_path / "ref.json")
    assert read.hash() == frozen.hash()
    for reference in (frozen, read, tmp_path / "ref.json"):
        for sample in (12, 13):
            alone = adata_of(x[[sample]], prefix="new")
            ifn.tl.score(alone, signature(), method=method, reference=reference, scale=scale, params=params)
            np.testing.assert_allclose(ifn.get.scores_wide(alone).iloc[0, 0], together.iloc[sample], rtol=1e-13, atol=1e-13)
            pd.testing.assert_frame_equal(ifn.get.cutoffs(alone), cut_together, rtol=1e-12)


@QUIET
def test_the_frozen_reference_names_nobody_and_notices_a_change(tmp_path):
    path = tmp_path / "ref.json"
    adata = adata_of(values(14), prefix="PATIENT-NAME-", donor=[f"DONOR-NAME-{i}" for i in range(14)])
    ifn.tl.reference(adata, np.arange(14) < 12, donor="donor", scale="linear").write(path)
    text = path.read_text(encoding="utf-8")
    assert "NAME" not in text
    number = str(values(14)[0, 0])
    assert number in text
    path.write_text(text.replace(number, str(float(number) + 1)), encoding="utf-8")
    with pytest.raises(DataError, match="hash"):
        ifn.tl.score(adata_of(values(1)), signature(), method="zref_mean", reference=path, scale="linear")


@QUIET
def test_another_scale_or_platform_is_refused():
    x = values(14)
    frozen = ifn.tl.reference(adata_of(x), np.arange(14) < 12, scale="linear", platform="NanoString")
    with pytest.raises(DataError, match="scale linear, this matrix on log2p1"):
        ifn.tl.score(adata_of(np.log2(x + 1)), signature(), method="zref_mean", reference=frozen, scale="log2p1")
    other = adata_of(x, platform=["RNA-seq"] * 14)
    with pytest.raises(DataError, match="platform NanoString, this matrix from RNA-seq"):
        ifn.tl.score(other, signature(), method="zref_mean", reference=frozen, scale="linear")
    same = adata_of(x, platform=["NanoString"] * 14)
    ifn.tl.score(same, signature(), method="zref_mean", reference=frozen, scale="linear")
    np.testing.assert_allclose(ifn.get.scores_wide(same)["A"], brute("zref_mean", x[:12, :6], x[:, :6]), rtol=1e-12)


def scored_with_a_duplicate():
    x = values(14, genes=9)
    x[:, 8] = x[:, 0] + 50  # the second row of ISG15 is the higher one among the controls
    genes = [*GENES, "ENSG00000187608"]
    frozen = ifn.tl.reference(adata_of(x, genes), np.arange(14) < 12, scale="linear")
    new = x[[12]].copy()
    new[0, 0], new[0, 8] = 900.0, 60.0  # here the first row is higher
    adata = adata_of(new, genes, prefix="new")
    ifn.tl.score(adata, signature(), method="zref_mean", reference=frozen, scale="linear")
    kept = [8, 1, 2, 3, 4, 5]
    expected = brute("zref_mean", x[:12, kept], new[:, kept])[0]
    assert abs(expected - brute("zref_mean", x[:12, kept], new[:, :6])[0]) > 1
    return adata, expected


@QUIET
def test_a_duplicated_gene_keeps_the_row_that_the_reference_chose():
    adata, expected = scored_with_a_duplicate()
    assert ifn.get.scores_wide(adata).iloc[0, 0] == pytest.approx(expected, rel=1e-12)


@QUIET
def test_contributions_use_the_row_that_the_reference_chose():
    adata, expected = scored_with_a_duplicate()
    assert ifn.get.contributions(adata, "A").sum(axis=1).iloc[0] == pytest.approx(expected, rel=1e-12)


@QUIET
def test_a_gene_that_the_reference_lacks_counts_as_missing():
    x = values(14)
    frozen = ifn.tl.reference(adata_of(x[:, 1:], GENES[1:]), np.arange(14) < 12, scale="linear")
    adata = adata_of(x)
    ifn.tl.score(adata, signature(), method="zref_mean", reference=frozen, scale="linear", min_coverage=0.5)
    np.testing.assert_allclose(ifn.get.scores_wide(adata)["A"], brute("zref_mean", x[:12, 1:6], x[:, 1:6]), rtol=1e-12)
    assert ifn.get.coverage(adata)["n_used"].tolist() == [5]


# --- contributions and jackknife, for every method ------------------------------------------------------------------------

WIDE = [*GENES, *(f"NOVEL{i}" for i in range(230))]
MIXED = Signature(id="A", up=("ISG15", "MX1", "IFI44L", "IFIT1"), down=("RSAD2", "NOVEL7"))
VARIANTS = [(m, {}) for m in ALL_METHODS] + [
    ("mean_log", {"summary": "median"}),
    ("mean_log", {"base": "10", "housekeeping": "OAS1"}),
    ("score_zref", {"summary": "median"}),
    ("zref_sum", {"centre": "median", "spread": "mad"}),
    ("weighted_mean", {"normalise": "none", "housekeeping": "OAS1,HERC5"}),
    ("fold_change_median", {"centre": "mean"}),
    ("singscore", {"centre": False, "ties": "average"}),
    ("ssgsea", {"normalise": True}),
    ("ssgsea", {"ties": "gsva"}),
    ("ucell", {"max_rank": 60}),
]
CHOSEN = {
    "up": signature(),
    "mixed": MIXED,
    "weights": Signature(id="A", up=tuple(SIX), weights=dict(zip(SIX, (1.0, -0.5, 2.0, 0.25, 1.5, -1.0), strict=True))),
}


def wide(n=9, *, missing=()):
    x = np.round(values(n, seed=4, genes=len(WIDE)), 1)
    x[:, 20:120] = np.round(x[:, 20:120] / 40)  # ties and zeros
    for sample, gene in missing:
        x[sample, WIDE.index(gene)] = np.nan
    return x


def score_wide(x, chosen, method, params, **options):
    adata = adata_of(x, WIDE)
    if method in NEEDS_CONTROLS:
        options["controls"] = np.arange(len(x)) < 6
    ifn.tl.score(adata, chosen, method=method, params=params, scale="linear", **options)
    return adata


@QUIET
@pytest.mark.parametrize("which", CHOSEN)
@pytest.mark.parametrize(("method", "params"), VARIANTS)
def test_contributions_sum_to_the_score(method, params, which):
    adata = score_wide(wide(), CHOSEN[which], method, params)
    got = ifn.get.scores_wide(adata)["A"].to_numpy()
    assert np.isfinite(got).all()
    parts = ifn.get.contributions(adata, "A")
    assert sorted(parts.columns) == sorted(CHOSEN[which].genes)
    total = parts.sum(axis=1).to_numpy()
    np.testing.assert_allclose(np.exp(total) if method in LOG_SUM else total, got, rtol=1e-11, atol=1e-12)


@QUIET
@pytest.mark.parametrize("method", ALL_METHODS)
def test_contributions_with_dropped_genes(method):
    x = wide(missing=[(2, "MX1"), (3, "NOVEL100"), (1, "NOVEL3")])
    adata = score_wide(x, signature(), method, {}, allow_missing=True, min_coverage=0.5)
    got = ifn.get.scores_wide(adata)["A"].to_numpy()
    assert np.isfinite(got).all()
    total = ifn.get.contributions(adata, "A").sum(axis=1).to_numpy()
    np.testing.assert_allclose(np.exp(total) if method in LOG_SUM else total, got, rtol=1e-11, atol=1e-12)


@QUIET
def test_contributions_with_a_symbol_column():
    adata = adata_of(values(5), [f"row{i}" for i in range(8)])
    adata.var["hgnc"] = GENES
    ifn.tl.score(adata, signature(), method="mean_log", scale="linear", symbol_column="hgnc")
    np.testing.assert_allclose(ifn.get.contributions(adata, "A").sum(axis=1), ifn.get.scores_wide(adata)["A"], rtol=1e-12)


@QUIET
def test_largest_share_is_that_of_the_absolute_contributions():
    adata = score_wide(wide(), signature(), "zref_sum", {})
    parts = ifn.get.contributions(adata, "A").abs()
    table = ifn.get.scores(adata)
    np.testing.assert_allclose(table["top_gene_share"], parts.max(axis=1) / parts.sum(axis=1), rtol=1e-12)
    assert table["top_gene"].tolist() == parts.idxmax(axis=1).tolist()


@QUIET
@pytest.mark.parametrize("which", CHOSEN)
@pytest.mark.parametrize(("method", "params"), [v for v in VARIANTS if v[1] != {"normalise": True} and v[0] not in KEEPS])
def test_jackknife_is_the_range_of_scores_with_one_gene_left_out(method, params, which):
    full = CHOSEN[which]
    shown = ifn.get.scores(score_wide(wide(), full, method, params))
    every = []
    for gene in full.genes:
        fewer = dataclasses.replace(
            full,
            up=tuple(g for g in full.up if g != gene),
            down=tuple(g for g in full.down if g != gene),
            weights={g: w for g, w in full.weights.items() if g != gene},
        )
        every.append(ifn.get.scores_wide(score_wide(wide(), fewer, method, params))["A"].to_numpy())
    np.testing.assert_allclose(shown["jackknife_low"], np.min(every, axis=0), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(shown["jackknife_high"], np.max(every, axis=0), rtol=1e-11, atol=1e-12)


@QUIET
def test_jackknife_of_a_normalised_score_is_on_its_scale():
    both = [signature(), signature(genes=SECOND, name="B")]
    raw = ifn.get.scores(score_wide(wide(), both, "ssgsea", {}))
    shown = ifn.get.scores(score_wide(wide(), both, "ssgsea", {"normalise": True}))
    for column in ("score", "jackknife_low", "jackknife_high"):
        np.testing.assert_allclose(shown[column], raw[column] / np.ptp(raw["score"]), rtol=1e-12)


@QUIET
def test_a_single_gene_has_no_jackknife_range():
    table = ifn.get.scores(score_wide(wide(), {"A": ["ISG15"]}, "zref_mean", {}))
    assert table["score"].notna().all()
    assert table[["jackknife_low", "jackknife_high"]].isna().all(axis=None)


# --- missing values -------------------------------------------------------------------------------------------------------


@QUIET
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", ALL_METHODS)
def test_missing_values_are_refused_with_gene_and_sample(bad, method):
    x = wide()
    x[7, 1] = bad
    with pytest.raises(DataError, match=r"signature gene MX1, sample s7"):
        score_wide(x, signature(), method, {})


@QUIET
@pytest.mark.parametrize("method", ALL_METHODS)
def test_allowed_missing_values_drop_the_gene_for_all_samples_alike(method):
    x = wide(missing=[(7, "MX1"), (0, "NOVEL5")])
    x[8, WIDE.index("NOVEL200")] = np.inf
    got = score_wide(x, signature(), method, {}, allow_missing=True, min_coverage=0.5)
    rank = method in ROW_METHODS
    without = [i for i, g in enumerate(WIDE) if g not in ({"MX1", "NOVEL5", "NOVEL200"} if rank else {"MX1"})]
    adata = adata_of(x[:, without], [WIDE[i] for i in without])
    options = {"controls": np.arange(len(x)) < 6} if method in NEEDS_CONTROLS else {}
    ifn.tl.score(adata, signature(), method=method, scale="linear", min_coverage=0.5, **options)
    np.testing.assert_allclose(ifn.get.scores_wide(got), ifn.get.scores_wide(adata), rtol=1e-12, atol=1e-12)
    row = ifn.get.coverage(got).iloc[0]
    assert (row["n_found"], row["n_used"], row["dropped"]) == (6, 5, "MX1")


@QUIET
@pytest.mark.parametrize("method", sorted(set(ALL_METHODS) - ROW_METHODS))
def test_missing_values_elsewhere_do_not_matter_to_column_methods(method):
    expected = ifn.get.scores_wide(score_wide(wide(), signature(), method, {}))
    got = ifn.get.scores_wide(score_wide(wide(missing=[(7, "NOVEL5")]), signature(), method, {}))
    np.testing.assert_allclose(got, expected, rtol=1e-13)


@QUIET
def test_a_missing_housekeeping_value_is_refused_or_gives_no_score():
    x = wide(missing=[(7, "OAS1")])
    with pytest.raises(DataError, match="OAS1, sample s7"):
        score_wide(x, signature(), "mean_log", {"housekeeping": "OAS1"})
    try:
        adata = score_wide(x, signature(), "mean_log", {"housekeeping": "OAS1,HERC5"}, allow_missing=True)
    except DataError as error:
        assert "OAS1" in str(error)  # noqa: PT017
    else:  # dropped for all samples alike, as any other gene
        expected = np.log2(wide()[:, :6] + 1).mean(axis=1) - np.log2(wide()[:, 7] + 1)
        np.testing.assert_allclose(ifn.get.scores_wide(adata)["A"], expected, rtol=1e-12)


@QUIET
@pytest.mark.parametrize("method", ["geomean", "mean_log", "singscore"])
def test_methods_without_a_reference_get_a_cutoff_from_the_controls_too(method):
    """Their control scores do not depend on the other controls, so leaving one out changes nothing."""
    adata = score_wide(wide(), signature(), method, {})
    n = 12
    big = np.vstack([wide()[[i % 5]] * (1 + i / 50) for i in range(n)] + [wide()[5:]])
    adata = adata_of(big, adata.var_names, donor=[f"p{min(i, 10)}" for i in range(len(big))])
    controls = np.arange(len(big)) < n
    ifn.tl.score(adata, signature(), method=method, controls=controls, scale="linear", donor="donor")
    row = ifn.get.cutoffs(adata).iloc[0]
    assert row["n_controls"] == 11  # the last two controls are one person
    own = ifn.get.scores_wide(adata)["A"].to_numpy()[:n]
    if method == "singscore":
        persons = [*own[:10], own[10:].mean()]
    else:
        x = np.vstack([big[:10, :6], big[10:12, :6].mean(axis=0)])
        persons = np.exp(np.log(x + 1).mean(axis=1)) if method == "geomean" else np.log2(x + 1).mean(axis=1)
    assert row["cutoff"] == pytest.approx(mean_2sd(list(persons)), rel=1e-12)
    assert row["cutoff_in_sample"] == row["cutoff"]
