"""``tl.score`` on real data and on its contract: what is written, what stays, what is said."""

from __future__ import annotations

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning, ScaleError, UsageError

quiet = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
TYPE_I = [s for s in ifn.signatures.PANEL if s not in {"aybey_ifn2_6", "dejesus2020_nfkb11_control"}]
ORDER = ["IFNb", "IFNa", "IFNg", "untreated"]


def falls(values) -> bool:
    return bool((np.diff(np.asarray(values, dtype=float)) < 0).all())


# Real data. HPPT order, blood pairs: shared facts computed from GSM4923334-48 and GSE145647 with pandas, before this package.


@quiet
@pytest.mark.parametrize("method", ["mean_log", "geomean"])
def test_hppt_orders_every_type_i_signature(hppt, method):
    ifn.tl.score(hppt, method=method)
    means = ifn.get.scores_wide(hppt).groupby(hppt.obs["treatment"]).mean()
    for signature in TYPE_I:
        assert falls(means.loc[ORDER, signature]), signature
    assert means.loc["IFNg", "aybey_ifn2_6"] > means.loc["IFNb", "aybey_ifn2_6"]


@quiet
@pytest.mark.parametrize("method", ["fold_change_median", "zref_sum"])
@pytest.mark.parametrize("signature", ["kim2018_irg28_z", "higgs2011_anifrolumab4"])
def test_hppt_orders_kim_and_anifrolumab_against_controls(hppt, method, signature):
    ifn.tl.score(hppt, signature, method=method, controls="treatment == 'untreated'")
    means = ifn.get.scores_wide(hppt)[signature].groupby(hppt.obs["treatment"]).mean()
    assert falls(means.loc[ORDER])


@quiet
def test_hppt_z_sum_of_kim_is_about_22000_under_ifn_beta(hppt):
    """FORMULAS of the domain notes: about 22,000 with 3 controls, because of genes with tiny control SD."""
    ifn.tl.score(hppt, "kim2018_irg28_z", controls="treatment == 'untreated'")
    mean = ifn.get.scores_wide(hppt)["kim2018_irg28_z"][hppt.obs["treatment"] == "IFNb"].mean()
    assert mean == pytest.approx(21981.07, abs=0.01)


@quiet
def test_siglec1_has_no_control_centre_in_hppt(hppt):
    with pytest.warns(IfnscoreWarning, match=r"no score for rice2013_ags6 \(5/6 genes, needs 100%; not usable: SIGLEC1\)"):
        ifn.tl.score(hppt, "rice", controls="treatment == 'untreated'")
    assert ifn.get.scores_wide(hppt)["rice2013_ags6"].isna().all()
    row = ifn.get.coverage(hppt).iloc[0]
    assert (row["n_genes"], row["n_found"], row["n_used"], row["dropped"]) == (6, 6, 5, "SIGLEC1")


@quiet
def test_blood_answers_to_ifn_beta_only(blood):
    ifn.tl.score(blood, method="mean_log", min_coverage=0.5)
    wide = ifn.get.scores_wide(blood).assign(run=blood.obs["run"], treatment=blood.obs["treatment"])
    table = wide.set_index(["run", "treatment"])
    for signature in TYPE_I:
        change = table[signature].unstack().pipe(lambda t: t.sub(t["Buffer"], axis=0))
        assert change["IFNbeta"].min() > max(change["IFNgamma"].max(), change["IFNlambda"].max()), signature
    pairs = table["aybey_ifn2_6"].unstack()
    assert (pairs["IFNgamma"] > pairs["IFNbeta"]).all()


@quiet
def test_blood_rice_by_the_four_buffers(blood):
    """Ranges stated in the domain notes: buffer 0.75-1.18, IFNb 2.96-3.86, IFNg 0.62-0.90, IFNl 0.59-1.11."""
    ifn.tl.score(blood, "rice", controls="treatment == 'Buffer'")
    rice = ifn.get.scores_wide(blood)["rice2013_ags6"].groupby(blood.obs["treatment"])
    found = rice.agg(["min", "max"]).round(2).loc[["Buffer", "IFNbeta", "IFNgamma", "IFNlambda"]].to_numpy().tolist()
    assert found == [[0.75, 1.18], [2.96, 3.86], [0.62, 0.90], [0.59, 1.11]]


# The contract


@quiet
def test_nothing_but_obsm_and_uns_changes(toy):
    before = toy.copy()
    ifn.tl.score(toy, controls="group == 'healthy'", scale="linear")
    np.testing.assert_array_equal(toy.X, before.X)
    pd.testing.assert_frame_equal(toy.obs, before.obs)
    pd.testing.assert_frame_equal(toy.var, before.var)
    assert toy.uns["ifnscore"]["latest"] == "ifn_published"
    assert list(toy.obsm["ifn_published"].columns) == list(ifn.signatures.PANEL)


@quiet
def test_twice_equals_once_and_copy_leaves_the_input(toy):
    scored = ifn.tl.score(toy, controls="group == 'healthy'", scale="linear", copy=True)
    assert "ifnscore" not in toy.uns
    again = ifn.tl.score(scored, controls="group == 'healthy'", scale="linear", copy=True)
    pd.testing.assert_frame_equal(ifn.get.scores(scored), ifn.get.scores(again))
    assert ifn.get.provenance(scored) == ifn.get.provenance(again)


@quiet
@pytest.mark.parametrize("suffix", ["h5ad", "zarr"])
def test_round_trip(toy, tmp_path, suffix):
    ifn.tl.score(toy, controls="group == 'healthy'", scale="linear", donor="donor")
    path = tmp_path / f"scored.{suffix}"
    getattr(toy, f"write_{suffix}")(path)
    back = getattr(ad, f"read_{suffix}")(path)
    pd.testing.assert_frame_equal(ifn.get.scores(toy), ifn.get.scores(back), check_dtype=False)
    pd.testing.assert_frame_equal(ifn.get.cutoffs(toy), ifn.get.cutoffs(back), check_dtype=False)
    assert ifn.get.provenance(back)["scale"] == "linear"


@quiet
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, np.asfortranarray])
@pytest.mark.parametrize("method", ["geomean", "singscore", "ucell", "zcohort_mean"])
def test_storage_does_not_change_scores(toy, kind, method):
    toy.X[:, 5:40] = np.round(toy.X[:, 5:40]) * (toy.X[:, 5:40] > 20)
    ifn.tl.score(toy, method=method, scale="linear", min_coverage=0.1)
    other = ad.AnnData(X=kind(toy.X), obs=toy.obs, var=toy.var)
    ifn.tl.score(other, method=method, scale="linear", min_coverage=0.1, chunk_size=5)
    pd.testing.assert_frame_equal(ifn.get.scores_wide(toy), ifn.get.scores_wide(other), rtol=1e-12)


@quiet
def test_input_scales_agree(toy):
    linear = toy.copy()
    ifn.tl.score(linear, controls="group == 'healthy'", scale="linear")
    for scale, values in {"log2p1": np.log2(toy.X + 1), "log1p": np.log1p(toy.X), "log2": np.log2(toy.X)}.items():
        other = ad.AnnData(X=values, obs=toy.obs, var=toy.var)
        ifn.tl.score(other, controls="group == 'healthy'", scale=scale)
        columns = ["rice2013_ags6", "kim2018_irg28_z", "kim2018_irg28_geomean", "raupov2024_jdm5"]
        pd.testing.assert_frame_equal(
            ifn.get.scores_wide(linear)[columns], ifn.get.scores_wide(other)[columns], rtol=1e-9, check_names=False
        )


@pytest.mark.parametrize(
    ("change", "scale", "message"),
    [
        (lambda x: x - x.mean(axis=0), None, "negative values"),
        (lambda x: x, None, "fit several scales"),
        (lambda x: -x, "linear", "holds negative values"),
        (lambda x: x * 100, "log2p1", "beyond any log scale"),
        (lambda x: (x - x.mean(axis=0)) / x.std(axis=0), "log2", "centred at 0"),
    ],
)
def test_uncertain_and_impossible_scales_are_refused(toy, change, scale, message):
    toy.X = change(toy.X)
    with pytest.raises(ScaleError, match=message):
        ifn.tl.score(toy, scale=scale, method="mean_log")


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"signatures": "nonsense"}, UsageError, "unknown signature 'nonsense'"),
        ({"signatures": "kim"}, UsageError, "ambiguous: kim2018_irg25, kim2018_irg28_geomean, kim2018_irg28_z"),
        ({"method": "zscore"}, UsageError, "unknown method 'zscore'"),
        ({"method": "zref_sum"}, UsageError, "compares with healthy controls"),
        ({"method": "mean_log", "params": {"bse": 10}}, UsageError, "no parameter 'bse'.*Did you mean: base"),
        ({"method": "mean_log", "params": {"base": 3}}, UsageError, "it takes one of 2, 10, e"),
        ({"params": {"ties": "min"}, "controls": "group == 'healthy'"}, UsageError, "needs a method"),
        ({"controls": "group == 'nobody'"}, DataError, "selects none"),
        ({"controls": "grp == 'healthy'"}, DataError, "no column 'grp'"),
        ({"layer": "counts"}, DataError, "no layer 'counts'"),
        ({"min_coverage": 0.0}, UsageError, "min_coverage is 0.0"),
        ({"scale": "tpm"}, UsageError, "unknown scale 'tpm'"),
    ],
)
def test_errors_are_one_clear_line(toy, kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        ifn.tl.score(toy, **{"scale": "linear", **kwargs})
    assert "\n" not in str(caught.value)
    assert not toy.obsm


@quiet
def test_missing_values_name_gene_and_sample(toy):
    toy.X[3, toy.var_names.get_loc("MX1")] = np.nan
    toy.X[4, toy.var_names.get_loc("GENE001")] = np.nan  # not a signature gene: no matter for a column method
    with pytest.raises(DataError, match="nan in signature gene MX1, sample s03"):
        ifn.tl.score(toy, method="geomean", scale="linear")
    with pytest.warns(IfnscoreWarning, match="raupov2024_jdm5: MX1"):
        ifn.tl.score(toy, method="geomean", scale="linear", allow_missing=True, min_coverage=0.5)
    used = ifn.get.coverage(toy).set_index("signature")
    assert used.loc["raupov2024_jdm5", "n_used"] == 4
    assert ifn.get.scores_wide(toy)["raupov2024_jdm5"].notna().all()


@quiet
def test_counts_with_an_empty_sample_give_no_score_there(toy):
    toy.X = np.round(toy.X)
    toy.X[2] = 0
    with pytest.warns(IfnscoreWarning, match="counts per million over 300 genes"):
        ifn.tl.score(toy, method="geomean", min_coverage=0.1)
    wide = ifn.get.scores_wide(toy)
    assert wide.iloc[2].isna().all()
    assert wide.drop(index="s02").notna().all(axis=None)


@quiet
def test_rank_methods_refuse_a_panel_and_warn_on_a_small_matrix(toy):
    with pytest.raises(DataError, match="under 200: on a panel ranks squeeze every difference. Use -m mean_log"):
        ifn.tl.score(toy[:, :150].copy(), method="singscore", scale="linear")
    with pytest.warns(IfnscoreWarning, match="singscore on 300 genes, under 2000"):
        ifn.tl.score(toy, method="singscore", scale="linear", min_coverage=0.1)


@quiet
def test_the_default_without_controls_follows_the_rule(toy, hppt):
    ifn.tl.score(toy, scale="linear")
    assert toy.uns["ifnscore"]["latest"] == "ifn_mean_log"
    ifn.tl.score(hppt)
    assert hppt.uns["ifnscore"]["latest"] == "ifn_singscore"
    sparse_cells = hppt.copy()
    sparse_cells.X = np.random.default_rng(0).binomial(hppt.X.astype(int), 1e-5)
    ifn.tl.score(sparse_cells, min_coverage=0.01)
    assert sparse_cells.uns["ifnscore"]["latest"] == "ifn_ucell"
    with pytest.raises(DataError, match="Ct values are scored against controls"):
        ifn.tl.score(toy, scale="ct")


@quiet
def test_a_score_does_not_depend_on_other_signatures_or_samples(toy):
    for method in ("published", "zref_mean", "geomean", "mean_log", "singscore", "ssgsea", "ucell"):
        kwargs = {"controls": "group == 'healthy'"} if method in {"published", "zref_mean"} else {}
        whole = ifn.tl.score(toy, ["rice", "kim2018_irg28_z"], method=method, scale="linear", copy=True, **kwargs)
        alone = ifn.tl.score(toy, "rice", method=method, scale="linear", copy=True, **kwargs)
        some = ifn.tl.score(toy[:15].copy(), "rice", method=method, scale="linear", copy=True, **kwargs)
        column = "rice2013_ags6"
        np.testing.assert_array_equal(ifn.get.scores_wide(whole)[column], ifn.get.scores_wide(alone)[column])
        np.testing.assert_array_equal(ifn.get.scores_wide(some)[column], ifn.get.scores_wide(alone)[column][:15])


@quiet
def test_own_signatures_with_directions_and_unknown_genes(toy):
    own = {
        "mine": {"ISG15": 1.0, "MX1": 1.0, "GENE001": -2.0},
        "odd name/x": ["ISG15", "NOTTHERE1", "GENE002", "GENE003", "GENE004"],
    }
    ifn.tl.score(toy, own, method="weighted_mean", scale="linear", min_coverage=0.5)
    x = np.log2(toy.to_df() + 1)
    expected = (x["ISG15"] + x["MX1"] - 2 * x["GENE001"]) / 4
    np.testing.assert_allclose(ifn.get.scores_wide(toy)["mine"], expected, rtol=1e-12)
    assert ifn.get.coverage(toy)["missing"].tolist() == ["", "NOTTHERE1"]
    assert list(ifn.get.scores_wide(toy).columns) == ["mine", "odd name_x"]


@quiet
def test_identifiers_in_a_var_column_are_found(toy):
    moved = ad.AnnData(
        X=toy.X, obs=toy.obs, var=pd.DataFrame({"gene_symbols": toy.var_names}, index=[f"p{i}" for i in range(300)])
    )
    ifn.tl.score(moved, "rice", method="geomean", scale="linear")
    ifn.tl.score(toy, "rice", method="geomean", scale="linear")
    np.testing.assert_array_equal(ifn.get.scores_wide(moved), ifn.get.scores_wide(toy))
    with pytest.raises(DataError, match="no column 'nope'"):
        ifn.tl.score(moved, "rice", symbol_column="nope", scale="linear")


@quiet
def test_duplicates_follow_the_stated_rule(toy, caplog):
    names = list(toy.var_names)
    names[-1] = "isg15"  # a second row of ISG15, higher on average
    toy.X[:, -1] = toy.X[:, names.index("ISG15")] * 3
    toy.var_names = names
    caplog.set_level("INFO", logger="ifnscore")
    ifn.tl.score(toy, {"one": ["ISG15"]}, method="mean_linear", scale="linear")
    np.testing.assert_allclose(ifn.get.scores_wide(toy)["one"], toy.X[:, -1], rtol=1e-12)
    assert "the row with the highest mean is kept" in caplog.text
    counts = toy.copy()
    counts.X = np.round(toy.X)
    with pytest.warns(IfnscoreWarning, match="counts per million"):
        ifn.tl.score(counts, {"one": ["ISG15"]}, method="mean_linear")
    pair = counts.X[:, [names.index("ISG15"), -1]].sum(axis=1)
    np.testing.assert_allclose(ifn.get.scores_wide(counts)["one"], pair / counts.X.sum(axis=1) * 1e6, rtol=1e-12)


@quiet
def test_platform_match_and_labels(hppt, toy):
    ifn.tl.score(hppt, "rice,msigdb_hallmark_ifna", controls="treatment == 'untreated'")
    rows = ifn.get.coverage(hppt).set_index("signature")
    assert rows.loc["rice2013_ags6", "formula"] == "formula of rice2013_ags6, not the rice2013_ags6 assay"
    assert rows.loc["rice2013_ags6", "platform_match"] == "off-platform"
    assert rows.loc["msigdb_hallmark_ifna", "formula"].startswith("package default (zref_mean)")
    assert "ifn_zref_mean" in hppt.obsm
    toy.obs["platform"] = "nCounter"
    ifn.tl.score(toy, "kim2018_irg28_z", controls="group == 'healthy'", scale="linear")
    assert ifn.get.coverage(toy)["platform_match"].tolist() == ["off-platform"]
    toy.obs["platform"] = "nanostring"
    ifn.tl.score(toy, "kim2018_irg28_z", controls="group == 'healthy'", scale="linear")
    assert ifn.get.coverage(toy)["formula"].tolist() == ["published formula (reconstructed)"]


@quiet
def test_provenance_holds_no_paths_and_no_time(toy, tmp_path):
    path = tmp_path / "m.h5ad"
    toy.write_h5ad(path)
    adata = ifn.read(path, scale="linear")
    ifn.tl.score(adata, controls="group == 'healthy'")
    text = json.dumps(ifn.get.provenance(adata))
    assert str(tmp_path) not in text
    assert "2026" not in text
    assert ifn.get.provenance(adata)["signatures"]["rice2013_ags6"]["hash"] == ifn.signatures.get("rice").hash()


@quiet
def test_pseudobulk_sums_counts_and_keeps_constant_columns(toy):
    toy.X = np.round(toy.X)
    toy.obs["sample"] = ["a"] * 6 + ["b"] * 6 + ["c"] * 6
    toy.obs["cell_type"] = ["T", "B"] * 9
    bulk = ifn.tl.pseudobulk(toy, "sample,cell_type")
    assert list(bulk.obs_names) == ["a_B", "a_T", "b_B", "b_T", "c_B", "c_T"]
    np.testing.assert_array_equal(
        bulk["a_T"].X.toarray().ravel() if sparse.issparse(bulk.X) else bulk["a_T"].X.ravel(), toy.X[0:6:2].sum(axis=0)
    )
    assert bulk.obs["group"].tolist() == ["healthy"] * 4 + ["jdm"] * 2
    assert bulk.obs["n_cells"].tolist() == [3] * 6
    assert "age" not in bulk.obs
    toy.obs["sample"] = "one"
    with pytest.raises(DataError, match="control column 'group' varies within group one"):
        ifn.tl.pseudobulk(toy, "sample", keep="group == 'healthy'")
    toy.X = toy.X + 0.5
    with pytest.raises(ScaleError, match="sums raw counts"):
        ifn.tl.pseudobulk(toy, "sample")


@quiet
@pytest.mark.parametrize("method", ["singscore", "ucell", "ssgsea", "geomean"])
def test_a_sample_without_expression_gets_no_score(toy, method):
    toy.X[5] = 0
    with pytest.warns(IfnscoreWarning, match="no score for 1 samples without any expression: s05"):
        ifn.tl.score(toy, method=method, scale="linear", min_coverage=0.1)
    wide = ifn.get.scores_wide(toy)
    assert wide.loc["s05"].isna().all()
    assert wide.drop(index="s05").notna().all(axis=None)
    toy.X[:] = 0
    with pytest.raises(DataError, match="every sample is empty"):
        ifn.tl.score(toy, method=method, scale="linear")
