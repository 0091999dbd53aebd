"""Every published formula against plain arithmetic: fractions, ``statistics`` and ``math``, never the package's own code."""

from __future__ import annotations

import itertools
import math
import statistics
import tomllib
from fractions import Fraction as F
from pathlib import Path

import anndata as ad
import numpy as np
import pytest

import ifnscore as ifn
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

GENESETS = Path(__file__).parents[1] / "genesets"
RICE = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
TOL = {"rtol": 1e-12, "atol": 1e-12}

#: Four controls and two patients on the linear scale, small whole numbers so that fractions are exact.
LINEAR = {
    "IFI27": [4, 10, 6, 9, 300, 8],
    "IFI44L": [20, 28, 24, 40, 90, 13],
    "IFIT1": [7, 5, 3, 8, 50, 6],
    "ISG15": [100, 60, 80, 70, 900, 75],
    "RSAD2": [12, 16, 9, 10, 33, 22],
    "SIGLEC1": [2, 3, 1, 5, 4, 3],
}
N_CONTROLS = 4


def table(columns, scale=None):
    """Return an AnnData from gene -> values over samples."""
    adata = ad.AnnData(X=np.array([[float(v) for v in c] for c in columns.values()]).T)
    adata.var_names, adata.obs_names = list(columns), [f"s{i}" for i in range(adata.n_obs)]
    return adata


def score(columns, genes, method, *, n_controls=None, scale="linear", **options):
    """Return the scores of one signature as a list."""
    adata = table(columns)
    signature = genes if isinstance(genes, Signature) else {"A": genes}
    controls = None if n_controls is None else np.arange(adata.n_obs) < n_controls
    ifn.tl.score(adata, signature, method=method, controls=controls, scale=scale, **options)
    return ifn.get.scores_wide(adata).iloc[:, 0].to_numpy(), adata


def controls_of(columns, gene):
    return [F(v) for v in columns[gene][:N_CONTROLS]]


def log2p1(columns):
    return {g: [math.log2(v + 1) for v in c] for g, c in columns.items()}


# --- Rice: median fold change ---------------------------------------------------------------------------------------------


def rice_by_hand(columns, genes, n_controls):
    scores = []
    for i in range(len(columns[genes[0]])):
        folds = [F(columns[g][i]) / statistics.median(F(v) for v in columns[g][:n_controls]) for g in genes]
        scores.append(statistics.median(folds))
    return [float(s) for s in scores]


def test_rice_even_number_of_genes_and_of_controls():
    got, _ = score(LINEAR, RICE, "fold_change_median", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, rice_by_hand(LINEAR, RICE, N_CONTROLS), rtol=1e-12)
    # one of them written out: control medians 7.5, 26, 6, 75, 11, 2.5; patient 300, 90, 50, 900, 33, 4
    folds = [40, 90 / 26, 50 / 6, 12, 3, 1.6]
    assert sorted(folds)[2:4] == [90 / 26, 50 / 6]
    assert got[4] == pytest.approx((90 / 26 + 50 / 6) / 2, rel=1e-12)
    assert abs(got[4] - math.sqrt(90 / 26 * 50 / 6)) > 0.1  # not the antilog of the median of logs


def test_rice_odd_number_takes_the_middle_gene_and_mean_centre_is_another_score():
    got, _ = score(LINEAR, RICE[:5], "fold_change_median", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, rice_by_hand(LINEAR, RICE[:5], N_CONTROLS), rtol=1e-12)
    by_mean, _ = score(LINEAR, RICE[:5], "fold_change_median", n_controls=N_CONTROLS, params={"centre": "mean"})
    folds = sorted(F(LINEAR[g][4]) / statistics.mean(controls_of(LINEAR, g)) for g in RICE[:5])
    assert by_mean[4] == pytest.approx(float(folds[2]), rel=1e-12)


def test_rice_published_is_the_same_formula():
    got, adata = score(LINEAR, ifn.signatures.get("rice2013_ags6"), "published", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, rice_by_hand(LINEAR, RICE, N_CONTROLS), rtol=1e-12)
    assert ifn.get.coverage(adata)["method"].tolist() == ["fold_change_median"]


def test_rice_gene_with_control_median_zero_is_dropped_for_all_samples():
    columns = LINEAR | {"SIGLEC1": [0, 0, 0, 5, 400, 3]}
    got, adata = score(columns, RICE, "fold_change_median", n_controls=N_CONTROLS, min_coverage=0.8)
    np.testing.assert_allclose(got, rice_by_hand(columns, RICE[:5], N_CONTROLS), rtol=1e-12)
    row = ifn.get.coverage(adata).iloc[0]
    assert (row["n_genes"], row["n_found"], row["n_used"], row["dropped"]) == (6, 6, 5, "SIGLEC1")
    assert row["coverage"] == pytest.approx(5 / 6)
    strict, _ = score(columns, RICE, "fold_change_median", n_controls=N_CONTROLS)
    assert np.isnan(strict).all()


def test_rice_zero_in_half_of_the_controls_keeps_the_gene():
    columns = LINEAR | {"SIGLEC1": [0, 0, 3, 5, 400, 3]}  # median 1.5
    got, _ = score(columns, RICE, "fold_change_median", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, rice_by_hand(columns, RICE, N_CONTROLS), rtol=1e-12)


def test_fold_change_of_down_genes_is_inverted():
    signature = Signature(id="mixed", up=("ISG15", "IFIT1"), down=("RSAD2",))
    got, _ = score(LINEAR, signature, "fold_change_median", n_controls=N_CONTROLS)
    for i in range(6):
        folds = [F(LINEAR["ISG15"][i]) / 75, F(LINEAR["IFIT1"][i]) / 6, F(11) / LINEAR["RSAD2"][i]]
        assert got[i] == pytest.approx(float(statistics.median(folds)), rel=1e-12)


# --- z against controls ---------------------------------------------------------------------------------------------------


def z_by_hand(columns, genes, *, centre=statistics.mean, spread=statistics.stdev, n=N_CONTROLS):
    z = []
    for g in genes:
        control = [float(v) for v in columns[g][:n]]
        z.append([(float(v) - centre(control)) / spread(control) for v in columns[g]])
    return z


def mad(values):
    middle = statistics.median(values)
    return 1.4826 * statistics.median(abs(v - middle) for v in values)


def test_zref_sum_is_linear_with_n_minus_1():
    got, _ = score(LINEAR, RICE, "zref_sum", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, [math.fsum(c) for c in zip(*z_by_hand(LINEAR, RICE), strict=True)], **TOL)
    one, _ = score(LINEAR, ["IFIT1"], "zref_sum", n_controls=N_CONTROLS)
    # controls 7 5 3 8: mean 23/4, squares 59/4, so the variance is 59/12 with ddof 1
    assert one[4] == pytest.approx((50 - 5.75) / math.sqrt(59 / 12), rel=1e-12)


@pytest.mark.parametrize(
    ("params", "centre", "spread"),
    [
        ({"ddof": 0}, statistics.mean, statistics.pstdev),
        ({"centre": "median", "spread": "mad"}, statistics.median, mad),
        ({"centre": "median"}, statistics.median, statistics.stdev),
        ({"spread": "mad"}, statistics.mean, mad),
    ],
)
def test_zref_variants(params, centre, spread):
    total, _ = score(LINEAR, RICE, "zref_sum", n_controls=N_CONTROLS, params=params)
    z = z_by_hand(LINEAR, RICE, centre=centre, spread=spread)
    np.testing.assert_allclose(total, [math.fsum(c) for c in zip(*z, strict=True)], **TOL)
    mean, _ = score(LINEAR, RICE, "zref_mean", n_controls=N_CONTROLS, params=params)
    z = z_by_hand(log2p1(LINEAR), RICE, centre=centre, spread=spread)
    np.testing.assert_allclose(mean, [math.fsum(c) / 6 for c in zip(*z, strict=True)], **TOL)


def test_zref_mean_is_on_log2_of_x_plus_1_unless_told_otherwise():
    got, _ = score(LINEAR, RICE, "zref_mean", n_controls=N_CONTROLS)
    np.testing.assert_allclose(got, [math.fsum(c) / 6 for c in zip(*z_by_hand(log2p1(LINEAR), RICE), strict=True)], **TOL)
    linear, _ = score(LINEAR, RICE, "zref_mean", n_controls=N_CONTROLS, params={"scale": "linear"})
    np.testing.assert_allclose(linear, [math.fsum(c) / 6 for c in zip(*z_by_hand(LINEAR, RICE), strict=True)], **TOL)


def test_zref_gene_without_control_spread_is_dropped_for_all_samples():
    columns = LINEAR | {"SIGLEC1": [3, 3, 3, 3, 400, 2]}
    got, adata = score(columns, RICE, "zref_mean", n_controls=N_CONTROLS, min_coverage=0.5)
    z = z_by_hand(log2p1(columns), RICE[:5])
    np.testing.assert_allclose(got, [math.fsum(c) / 5 for c in zip(*z, strict=True)], **TOL)
    assert ifn.get.coverage(adata)["dropped"].tolist() == ["SIGLEC1"]
    total, _ = score(columns, RICE, "zref_sum", n_controls=N_CONTROLS)
    assert np.isnan(total).all()  # a sum needs all its genes


@pytest.mark.parametrize("value", [0.1, 1 / 3, 7.3e5])
def test_zref_rounding_error_is_no_spread(value):
    columns = {"ISG15": [1, 2, 4, 8, 9, 3], "MX1": [value] * 4 + [value * 2, value]}
    got, _ = score(columns, ["ISG15", "MX1"], "zref_mean", n_controls=N_CONTROLS, min_coverage=0.5)
    z = z_by_hand(log2p1(columns), ["ISG15"])[0]
    np.testing.assert_allclose(got, z, **TOL)


def test_score_zref_standardises_the_score_and_not_each_gene():
    columns = {"ISG15": [1, 2, 4, 8, 16, 9], "MX1": [100, 101, 99, 102, 150, 180]}
    got, _ = score(columns, ["ISG15", "MX1"], "score_zref", n_controls=N_CONTROLS)
    raw = [(math.log2(a + 0.001) + math.log2(b + 0.001)) / 2 for a, b in zip(*columns.values(), strict=True)]
    expected = [(r - statistics.mean(raw[:4])) / statistics.stdev(raw[:4]) for r in raw]
    np.testing.assert_allclose(got, expected, **TOL)
    by_gene, _ = score(columns, ["ISG15", "MX1"], "zref_mean", n_controls=N_CONTROLS, pseudocount=0.001)
    logs = {g: [math.log2(v + 0.001) for v in c] for g, c in columns.items()}
    np.testing.assert_allclose(by_gene, [sum(c) / 2 for c in zip(*z_by_hand(logs, list(logs)), strict=True)], **TOL)
    assert got[4] > got[5]  # the two orders rank the patients differently
    assert by_gene[4] < by_gene[5]


def test_score_zref_median():
    got, _ = score(LINEAR, RICE, "score_zref", n_controls=N_CONTROLS, params={"summary": "median"})
    raw = [statistics.median(math.log2(LINEAR[g][i] + 0.001) for g in RICE) for i in range(6)]
    expected = [(r - statistics.mean(raw[:4])) / statistics.stdev(raw[:4]) for r in raw]
    np.testing.assert_allclose(got, expected, **TOL)


def test_score_zref_gives_no_score_against_constant_controls():
    columns = {"ISG15": [0.1, 0.1, 0.1, 1.1, 2], "MX1": [0.1, 0.1, 0.1, 1.1, 3]}
    got, _ = score(columns, ["ISG15", "MX1"], "score_zref", n_controls=3)
    assert not (np.abs(got) > 1e6).any(), got  # rounding error is no spread


# --- means ----------------------------------------------------------------------------------------------------------------


def test_geomean_of_x_plus_1_keeps_the_1():
    columns = LINEAR | {"SIGLEC1": [0, 3, 1, 5, 4, 0]}
    got, _ = score(columns, RICE, "geomean")
    expected = [math.prod(columns[g][i] + 1 for g in RICE) ** (1 / 6) for i in range(6)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    bare, _ = score(LINEAR, RICE, "geomean", pseudocount=0)
    np.testing.assert_allclose(bare, [math.prod(LINEAR[g][i] for g in RICE) ** (1 / 6) for i in range(6)], rtol=1e-12)


def test_mean_linear():
    got, _ = score(LINEAR, RICE, "mean_linear")
    np.testing.assert_allclose(got, [float(F(sum(LINEAR[g][i] for g in RICE), 6)) for i in range(6)], rtol=1e-12)


@pytest.mark.parametrize(("base", "log"), [("2", math.log2), ("10", math.log10), ("e", math.log)])
def test_mean_log_with_and_without_housekeeping(base, log):
    columns = LINEAR | {"HPRT1": [9, 12, 10, 30, 11, 8], "TBP": [100, 90, 0, 95, 70, 105]}
    plain = [math.fsum(log(columns[g][i] + 1) for g in RICE) / 6 for i in range(6)]
    got, _ = score(columns, RICE, "mean_log", params={"base": base})
    np.testing.assert_allclose(got, plain, **TOL)
    kept = [(log(columns["HPRT1"][i] + 1) + log(columns["TBP"][i] + 1)) / 2 for i in range(6)]
    got, _ = score(columns, RICE, "mean_log", params={"base": base, "housekeeping": "HPRT1,TBP"})
    np.testing.assert_allclose(got, [p - k for p, k in zip(plain, kept, strict=True)], **TOL)
    got, _ = score(columns, RICE, "mean_log", params={"base": base, "summary": "median"})
    np.testing.assert_allclose(got, [statistics.median(log(columns[g][i] + 1) for g in RICE) for i in range(6)], **TOL)


def test_housekeeping_on_the_linear_scale_divides_by_the_geometric_mean():
    columns = LINEAR | {"HPRT1": [9, 12, 10, 30, 11, 8], "TBP": [100, 90, 40, 95, 70, 105]}
    got, _ = score(columns, RICE, "mean_linear", params={"housekeeping": "HPRT1,TBP"})
    expected = [sum(columns[g][i] for g in RICE) / 6 / math.sqrt(columns["HPRT1"][i] * columns["TBP"][i]) for i in range(6)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def gep18():
    body = tomllib.loads((GENESETS / "ayers2017_gep18.toml").read_text(encoding="utf-8"))
    weights, housekeeping = body["genes"]["weights"], body["formula"]["housekeeping"]
    assert (len(weights), len(housekeeping), weights["CD276"]) == (18, 11, -0.0239)
    return weights, ["NRDE2" if h == "C14orf102" else h for h in housekeeping]


def gep18_matrix(weights, housekeeping):
    rng = np.random.default_rng(18)
    genes = [*housekeeping, *weights]
    return {g: np.round(rng.lognormal(4, 1.5, 5), 3).tolist() for g in genes}


@pytest.mark.parametrize("pseudocount", [None, 0.0, 0.5])
def test_gep18_weighted_sum_of_log10_minus_housekeeping(pseudocount):
    weights, housekeeping = gep18()
    columns = gep18_matrix(weights, housekeeping)
    got, _ = score(columns, ifn.signatures.get("ayers2017_gep18"), "published", pseudocount=pseudocount)
    add = 1.0 if pseudocount is None else pseudocount
    for i in range(5):
        kept = math.fsum(math.log10(columns[h][i] + add) for h in housekeeping) / 11
        expected = math.fsum(w * (math.log10(columns[g][i] + add) - kept) for g, w in weights.items())
        assert got[i] == pytest.approx(expected, rel=1e-12)


def test_gep18_missing_genes_do_not_rescale_the_weights():
    weights, housekeeping = gep18()
    columns = gep18_matrix(weights, housekeeping)
    del columns["STAT1"], columns["CD276"]
    got, _ = score(columns, ifn.signatures.get("ayers2017_gep18"), "published", min_coverage=0.5)
    for i in range(5):
        kept = math.fsum(math.log10(columns[h][i] + 1) for h in housekeeping) / 11
        left = math.fsum(w * (math.log10(columns[g][i] + 1) - kept) for g, w in weights.items() if g in columns)
        assert got[i] == pytest.approx(left, rel=1e-12)


def test_gep18_without_any_housekeeping_gene_is_not_called_the_published_formula():
    weights, _ = gep18()
    columns = gep18_matrix(weights, [])
    _, adata = score(columns, ifn.signatures.get("ayers2017_gep18"), "published")
    told = ifn.get.coverage(adata)["formula"].iloc[0]
    assert np.isnan(ifn.get.scores_wide(adata).to_numpy()).all() or not told.startswith("published formula"), told


def test_weighted_mean_divides_by_the_sum_of_absolute_weights():
    weights = {"ISG15": 2.0, "IFIT1": -0.5, "RSAD2": 1.5}
    got, _ = score(LINEAR, weights, "weighted_mean")
    expected = [sum(w * math.log2(LINEAR[g][i] + 1) for g, w in weights.items()) / 4 for i in range(6)]
    np.testing.assert_allclose(got, expected, **TOL)


# --- Ct data --------------------------------------------------------------------------------------------------------------

CT = {
    "IFI27": [27.5, 28.25, 26.75, 29.0, 20.5, 27.0],
    "IFI44L": [25.0, 24.5, 26.5, 25.75, 19.25, 25.5],
    "IFIT1": [28.0, 29.5, 27.25, 28.75, 24.0, 28.5],
    "ISG15": [24.0, 23.5, 24.75, 25.5, 20.75, 24.5],
    "RSAD2": [30.0, 29.25, 30.5, 31.75, 25.0, 30.25],
    "SIGLEC1": [31.0, 30.0, 32.5, 30.75, 30.5, 29.0],
    "HPRT1": [22.0, 22.5, 21.75, 23.0, 22.25, 21.5],
    "18S": [8.0, 8.75, 8.25, 9.0, 8.5, 7.75],
}


def delta_ct(columns, gene, i):
    return columns[gene][i] - (columns["HPRT1"][i] + columns["18S"][i]) / 2


def test_rice_from_ct_values():
    got, _ = score(CT, RICE, "fold_change_median", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "HPRT1,18S"})
    calibrator = 2  # any control: it cancels out
    for i in range(6):
        folds = []
        for g in RICE:
            rq = [2 ** -(delta_ct(CT, g, j) - delta_ct(CT, g, calibrator)) for j in range(6)]
            folds.append(rq[i] / statistics.median(rq[:N_CONTROLS]))
        assert got[i] == pytest.approx(statistics.median(folds), rel=1e-12)


def test_rice_published_on_ct_takes_its_own_housekeeping_genes():
    columns = CT | {"TBP": [25.0, 29.0, 21.0, 24.0, 33.0, 20.0]}
    rice = ifn.signatures.get("rice2013_ags6")
    got, adata = score(columns, rice, "published", n_controls=N_CONTROLS, scale="ct")
    by_hand, _ = score(CT, RICE, "fold_change_median", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "HPRT1,18S"})
    np.testing.assert_allclose(got, by_hand, rtol=1e-12)
    assert ifn.get.provenance(adata)["signatures"]["rice2013_ags6"]["housekeeping"] == ["HPRT1", "18S"]


def test_a_shift_of_all_ct_values_of_a_sample_changes_nothing():
    moved = {g: [v + d for v, d in zip(c, [0, 1.5, -2, 0.25, 3, -1], strict=True)] for g, c in CT.items()}
    for method in ("fold_change_median", "neg_ddct_sum", "zref_mean"):
        options = {"n_controls": N_CONTROLS, "scale": "ct", "params": {"housekeeping": "HPRT1,18S"}}
        np.testing.assert_allclose(score(CT, RICE, method, **options)[0], score(moved, RICE, method, **options)[0], **TOL)


def test_neg_ddct_sum():
    got, _ = score(CT, RICE, "neg_ddct_sum", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "HPRT1,18S"})
    for i in range(6):
        parts = [statistics.mean(delta_ct(CT, g, j) for j in range(N_CONTROLS)) - delta_ct(CT, g, i) for g in RICE]
        assert got[i] == pytest.approx(math.fsum(parts), abs=1e-12)
    assert got[4] > 20  # a patient with low Ct has a high score
    assert abs(math.fsum(got[:N_CONTROLS])) < 1e-10


def test_delta_ct_given_by_the_user_may_be_negative():
    columns = {g: [delta_ct(CT, g, i) - 12.0 for i in range(6)] for g in RICE}
    assert min(map(min, columns.values())) < 0
    got, _ = score(columns, RICE, "neg_ddct_sum", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "none"})
    by_hand, _ = score(CT, RICE, "neg_ddct_sum", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "HPRT1,18S"})
    np.testing.assert_allclose(got, by_hand, atol=1e-12)


def test_zref_on_ct_is_minus_delta_ct():
    got, _ = score(CT, RICE, "zref_mean", n_controls=N_CONTROLS, scale="ct", params={"housekeeping": "HPRT1,18S"})
    minus = {g: [-delta_ct(CT, g, i) for i in range(6)] for g in RICE}
    np.testing.assert_allclose(got, [math.fsum(c) / 6 for c in zip(*z_by_hand(minus, RICE), strict=True)], **TOL)


# --- modules and cohorts --------------------------------------------------------------------------------------------------


def test_percent_of_module_thresholds_are_inclusive():
    # control means are 20, 40, 20, 100, 60 and 60; patient values sit on and just off both thresholds
    columns = {
        "ISG15": [19, 21, 30.0, 29.9],  # fold 1.5, difference 10: up; just under: not
        "MX1": [39, 41, 100.0, 0.0],  # up; down
        "IFIT1": [18, 22, 29.0, 10.0],  # difference 9: not up; fold 1/2, difference -10: down
        "OAS1": [90, 110, 120.0, 66.0],  # fold 1.2: not up; fold 0.66 < 1/1.5: down
        "RSAD2": [50, 70, 60.0, 41.0],  # same; fold 0.683 > 1/1.5: not down
        "HERC5": [50, 70, 89.9, 40.0],  # fold 1.498: not up; fold exactly 1/1.5: down
    }
    got, _ = score(columns, list(columns), "percent_of_module", n_controls=2)
    assert got[2] == pytest.approx(100 * 2 / 6, rel=1e-12)
    assert got[3] == pytest.approx(-100 * 4 / 6, rel=1e-12)
    wider, _ = score(columns, list(columns), "percent_of_module", n_controls=2, params={"fold": 1.4, "difference": 9})
    assert wider[2] == pytest.approx(100 * 4 / 6, rel=1e-12)
    assert wider[3] == pytest.approx(100 * (1 - 5) / 6, rel=1e-12)


def test_percent_of_module_drops_a_gene_without_control_expression():
    columns = {"ISG15": [10, 10, 100], "MX1": [0, 0, 500], "IFIT1": [10, 10, 10]}
    got, _ = score(columns, list(columns), "percent_of_module", n_controls=2, min_coverage=0.5)
    assert got[2] == pytest.approx(50.0, rel=1e-12)


def zcohort_by_hand(columns, genes):
    logs = log2p1(columns)
    z = []
    for g in genes:
        mean, sd = statistics.mean(logs[g]), statistics.stdev(logs[g])
        z.append([(v - mean) / sd for v in logs[g]])
    return [math.fsum(c) / len(genes) for c in zip(*z, strict=True)]


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 4, 5, 6])
def test_zcohort_mean_whatever_the_chunks(chunk_size):
    got, _ = score(LINEAR, RICE, "zcohort_mean", chunk_size=chunk_size)
    np.testing.assert_allclose(got, zcohort_by_hand(LINEAR, RICE), **TOL)


def test_zcohort_mean_is_stable_far_from_zero():
    offset = {g: [v + 30.0 for v in np.array(c) / 1e6] for g, c in LINEAR.items()}  # log2 values 30 with tiny differences
    got, _ = score(offset, RICE, "zcohort_mean", scale="log2", chunk_size=2)
    z = []
    for g in RICE:
        exact = [F(v) for v in offset[g]]
        mean = sum(exact) / 6
        variance = sum((v - mean) ** 2 for v in exact) / 5
        z.append([float(v - mean) / math.sqrt(variance) for v in exact])
    np.testing.assert_allclose(got, [math.fsum(c) / 6 for c in zip(*z, strict=True)], rtol=1e-6, atol=1e-8)


def test_zcohort_mean_leaves_out_a_constant_gene():
    columns = LINEAR | {"SIGLEC1": [7] * 6}
    got, _ = score(columns, RICE, "zcohort_mean", min_coverage=0.5)
    np.testing.assert_allclose(got, zcohort_by_hand(columns, RICE[:5]), **TOL)


# --- scales ---------------------------------------------------------------------------------------------------------------

COLUMN_METHODS = [
    "fold_change_median", "geomean", "mean_linear", "mean_log", "neg_ddct_sum", "percent_of_module", "score_zref",
    "weighted_mean", "zcohort_mean", "zref_mean", "zref_sum",
]  # fmt: skip
NEEDS_CONTROLS = {"fold_change_median", "neg_ddct_sum", "percent_of_module", "score_zref", "zref_mean", "zref_sum"}
TO_SCALE = {"log2p1": lambda v: math.log2(v + 1), "log1p": math.log1p, "log2": math.log2}


@pytest.mark.parametrize(("method", "scale"), list(itertools.product(COLUMN_METHODS, TO_SCALE)))
def test_log_inputs_score_like_linear_ones(method, scale):
    n = N_CONTROLS if method in NEEDS_CONTROLS else None
    # log2 without offset enters log methods as it is; a stated pseudo-count makes both the same
    options = {"pseudocount": 0.25} if scale == "log2" else {}
    expected, _ = score(LINEAR, RICE, method, n_controls=n, **options)
    stored = {g: [TO_SCALE[scale](v) for v in c] for g, c in LINEAR.items()}
    got, _ = score(stored, RICE, method, n_controls=n, scale=scale, **options)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(got, expected, **TOL)


def test_log2_input_has_no_offset_by_default():
    stored = {g: [math.log2(v) for v in c] for g, c in LINEAR.items()}
    got, _ = score(stored, RICE, "mean_log", scale="log2")
    np.testing.assert_allclose(got, [math.fsum(stored[g][i] for g in RICE) / 6 for i in range(6)], **TOL)


@pytest.mark.parametrize("method", COLUMN_METHODS)
def test_counts_become_counts_per_million_over_all_genes(method):
    counts = LINEAR | {"ALBINO": [1000, 50, 20, 300, 7, 4000], "ACTB": [10_000, 8_000, 9_000, 20_000, 15_000, 100]}
    totals = [sum(c[i] for c in counts.values()) for i in range(6)]
    cpm = {g: [v / t * 1e6 for v, t in zip(c, totals, strict=True)] for g, c in counts.items()}
    n = N_CONTROLS if method in NEEDS_CONTROLS else None
    got, _ = score(counts, RICE, method, n_controls=n, scale="counts")
    only, _ = score({g: cpm[g] for g in RICE}, RICE, method, n_controls=n)
    np.testing.assert_allclose(got, only, **TOL)
    if method == "mean_linear":
        expected = [float(F(10**6 * sum(LINEAR[g][i] for g in RICE), 6 * totals[i])) for i in range(6)]
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_counts_of_a_gene_in_several_rows_are_summed():
    adata = table(LINEAR)
    split = adata.X[:, [3]] - 40.0
    twice = ad.AnnData(X=np.hstack([split, adata.X[:, [0, 1, 2, 4, 5]], np.full((6, 1), 40.0)]))
    twice.var_names = ["ISG15", "IFI27", "IFI44L", "IFIT1", "RSAD2", "SIGLEC1", "ENSG00000187608.10"]
    twice.obs_names = adata.obs_names
    plain = score(LINEAR, RICE, "mean_log", scale="counts")[0]
    ifn.tl.score(twice, {"A": RICE}, method="mean_log", scale="counts")
    np.testing.assert_allclose(ifn.get.scores_wide(twice)["A"], plain, rtol=1e-12)


def test_housekeeping_that_is_zero_gives_no_infinite_score():
    columns = LINEAR | {"HPRT1": [9, 12, 10, 30, 0, 8]}
    try:
        got, _ = score(columns, RICE, "mean_linear", params={"housekeeping": "HPRT1"})
    except ifn.errors.DataError as error:
        assert "HPRT1" in str(error)  # noqa: PT017
    else:
        assert not np.isinf(got).any()


def test_zero_in_a_control_without_pseudocount_is_no_silent_gap():
    columns = LINEAR | {"SIGLEC1": [0, 3, 1, 5, 4, 3]}
    try:
        got, adata = score(columns, RICE, "zref_mean", n_controls=N_CONTROLS, pseudocount=0, min_coverage=0.5)
    except ifn.errors.DataError as error:
        assert "SIGLEC1" in str(error)  # noqa: PT017
    else:
        logs = {g: [math.log2(v) for v in LINEAR[g]] for g in RICE[:5]}
        np.testing.assert_allclose(got, [math.fsum(c) / 5 for c in zip(*z_by_hand(logs, RICE[:5]), strict=True)], **TOL)
        assert ifn.get.coverage(adata)["dropped"].tolist() == ["SIGLEC1"]
