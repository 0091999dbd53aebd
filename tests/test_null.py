"""Random gene sets beside a score: counted literally, calibrated, and independent of everything but seed and matrix."""

from __future__ import annotations

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from click.testing import CliRunner
from scipy.stats import kstest

import ifnscore as ifn
from ifnscore import genes, scored
from ifnscore.cli import app
from ifnscore.engine import _null
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.signatures import Signature
from ifnscore.signatures._random import NEIGHBOURS, matched

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

BUFFER = "treatment == 'Buffer'"
BOTH = Signature(id="both", up=("ISG15", "MX1", "IFI44L"), down=("AAAS", "AAGAB"))
WEIGHTED = Signature(id="weighted", up=("ISG15", "MX1", "RSAD2"), weights={"ISG15": 3.0, "MX1": 1.0, "RSAD2": 0.5})


@pytest.fixture(scope="module")
def blood():
    return ifn.datasets.whole_blood()


@pytest.fixture
def drawn(monkeypatch):
    """Remember every Null that is made."""
    made = []

    class Kept(_null.Null):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("ifnscore.engine._run.Null", Kept)
    return made


def p_of(adata, signatures, *, null=19, rng=1, **options):
    adata = adata.copy()
    ifn.tl.score(adata, signatures, null=null, rng=rng, **options)
    key = adata.uns["ifnscore"]["latest"]
    return adata.obsm[f"{key}_null"]


# --- the count ------------------------------------------------------------------------------------------------------------

METHODS = ["singscore", "ucell", "aucell", "ssgsea", "ulm", "mean_log", "mean_linear", "geomean", "zcohort_mean", "weighted_mean"]
WITH_CONTROLS = ["zref_mean", "zref_sum", "score_zref", "fold_change_median", "neg_ddct_sum"]


@pytest.mark.parametrize("method", [*METHODS, *WITH_CONTROLS])
def test_p_counts_random_sets_that_score_as_high(blood, drawn, method):
    """Each random set is scored as a signature of its own, in a call of its own."""
    signature = WEIGHTED if method == "weighted_mean" else BOTH
    options = {"controls": BUFFER, "donor": "donor"} if method in WITH_CONTROLS else {}
    adata = blood.copy()
    ifn.tl.score(adata, [signature], method=method, null=19, rng=4, **options)
    own, p = ifn.get.scores_wide(adata)[signature.id], adata.obsm[f"ifn_{method}_null"][signature.id]
    ((_, found),) = drawn[0].drawn.items()
    assert len(found.plan.sets) == 19
    sets = []
    for i, one in enumerate(found.plan.sets):
        names = [found.plan.genes[g] for g in one.index]
        up = [n for n, s in zip(names, one.sign, strict=True) if s > 0]
        weights = dict(zip(names, (one.sign * one.weights).tolist(), strict=True)) if signature.weights else {}
        sets.append(Signature(id=f"r{i}", up=tuple(up), down=tuple(n for n in names if n not in up), weights=weights))
    assert {(len(s.up), len(s.down)) for s in sets} == {(len(signature.up), len(signature.down))}
    ifn.tl.score(adata, sets, method=method, **options)
    random = ifn.get.scores_wide(adata).to_numpy()
    expected = (1 + (random >= own.to_numpy()[:, None] - 1e-9).sum(axis=1)) / 20
    np.testing.assert_array_equal(p, expected)
    assert p.nunique() > 3


def test_equal_scores_count_as_high():
    rng = np.random.default_rng(1)
    names = ["ISG15", "MX1", *(f"GENE{i}" for i in range(398))]
    x = np.vstack([np.ones(400), rng.lognormal(size=400)])
    adata = ad.AnnData(X=x, var=pd.DataFrame(index=names))
    p = p_of(adata, {"two": ["ISG15", "MX1"]}, method="ucell", scale="linear")
    assert p.iloc[0, 0] == 1.0
    x[1, :2] = 1e6
    assert p_of(adata, {"two": ["ISG15", "MX1"]}, method="ucell", scale="linear").iloc[1, 0] == 1 / 20


# --- calibration ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["singscore", "mean_log"])
def test_p_of_random_signatures_is_uniform(blood, method):
    """200 signatures of genes drawn at random; Kolmogorov-Smirnov at 0.001 for each of four samples."""
    rng, known = np.random.default_rng(1), genes.table()
    others = [n for n in blood.var_names if known.resolve(n) == n and n not in known.genes]
    random = {f"r{i}": list(rng.choice(others, 8, replace=False)) for i in range(200)}
    some = blood[["D1_Buffer", "D1_IFNbeta", "D2_IL4", "D3_IFNgamma"]].copy()
    p = p_of(some, random, null=99, rng=2, method=method)
    assert p.shape == (4, 200)
    for sample, values in p.iterrows():
        smooth = np.array(values) - rng.uniform(0, 0.01, 200)  # p has steps of 1/100
        assert kstest(smooth, "uniform").pvalue > 0.001, sample


@pytest.mark.parametrize("method", ["mean_log", "singscore", "ssgsea", "ulm"])
def test_genes_of_equal_mean_do_not_shift_p(method):
    """Few samples of counts have many genes of one mean: as many of a signature's genes must stand after as before its equals.

    In half the genes each sample counts 0 or 1; p, equal scores counted half, has the mean of uniform numbers, 1/2.
    """
    rng = np.random.default_rng(5)
    x = np.hstack([rng.integers(0, 2, (2, 1500)) * [[1.0], [1.2]], rng.lognormal(2, 1, (2, 1500))])
    names = ["ISG15", *(f"GENE{i}" for i in range(2999))]
    adata = ad.AnnData(X=x, obs=pd.DataFrame(index=["a", "b"]), var=pd.DataFrame(index=names))
    random = {f"r{i}": [names[j] for j in rng.choice(np.arange(1, 3000), 8, replace=False)] for i in range(300)}
    p = p_of(adata, random, null=49, rng=2, method=method, scale="linear", detail=False)
    for sample, values in p.iterrows():
        assert abs(np.mean(values) - 0.51) < 4 * np.sqrt(1 / 12 / 300), sample  # (1 + 49 / 2) / 50, four standard errors
        assert 0.01 < np.mean(values <= 0.05) < 0.12, sample


@pytest.mark.parametrize("method", ["ucell", "aucell"])
def test_tied_scores_never_make_p_small(cells, method):
    """Most random sets of sparse cells score 0 as a random signature does: p may be large, never small too often."""
    rng = np.random.default_rng(3)
    random = {f"r{i}": [f"GENE{j}" for j in rng.choice(894, 8, replace=False)] for i in range(200)}
    p = p_of(cells[60:64].copy(), random, null=19, method=method, scale="counts", detail=False)
    assert np.mean(p.to_numpy() <= 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_the_highest_genes_have_no_small_p_by_themselves(blood):
    """Draws like a signature of very high genes: their surroundings must not lie lower than they do."""
    random = ifn.signatures.random_like("kim2018_irg28_z", blood, 60, rng=5)
    p = p_of(blood[:6].copy(), random, null=49, method="mean_log")
    assert 0.45 < np.nanmean(p) < 0.75


def test_stimulated_samples_stand_out(blood):
    p = p_of(blood, "rice", null=199, method="singscore")["rice2013_ags6"]
    group = blood.obs["treatment"]
    assert p[group == "IFNbeta"].max() <= 0.05
    assert p[group == "IFNbeta"].min() == 1 / 200
    assert p[group == "Buffer"].min() > 0.2


# --- what p depends on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["singscore", "zcohort_mean", "zref_mean"])
def test_only_seed_and_matrix_matter(blood, method, monkeypatch):
    options = {"method": method, **({"controls": BUFFER, "donor": "donor"} if method == "zref_mean" else {})}
    expected = p_of(blood, [BOTH], **options)
    assert not p_of(blood, [BOTH], rng=2, **options).equals(expected)
    pd.testing.assert_frame_equal(p_of(blood, [BOTH], chunk_size=5, **options), expected)
    pd.testing.assert_frame_equal(p_of(blood, [BOTH, "rice"], **options)[["both"]], expected)
    order = np.random.default_rng(1).permutation(blood.n_obs)
    pd.testing.assert_frame_equal(p_of(blood[order].copy(), [BOTH], **options).loc[expected.index], expected)
    columns = np.random.default_rng(2).permutation(blood.n_vars)
    pd.testing.assert_frame_equal(p_of(blood[:, columns].copy(), [BOTH], **options), expected)
    monkeypatch.setattr(_null, "_AT_ONCE", 70)
    monkeypatch.setattr(_null, "_BATCH", 7)
    pd.testing.assert_frame_equal(p_of(blood, [BOTH], **options), expected)


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(7)
    level = rng.lognormal(-1.5, 1.5, 900)
    x = rng.poisson(level * rng.lognormal(0, 0.5, (130, 1))).astype(np.float32)
    isg = ["ISG15", "MX1", "IFI44L", "RSAD2", "IFIT1", "OAS1"]
    names = [*isg, *(f"GENE{i}" for i in range(894))]
    x[:60, :6] += rng.poisson(3, (60, 6))
    return ad.AnnData(X=sp.csr_matrix(x), obs=pd.DataFrame(index=[f"c{i}" for i in range(130)]), var=pd.DataFrame(index=names))


@pytest.mark.parametrize("method", ["ucell", "aucell", "singscore", "ssgsea", "mean_log"])
def test_compiled_and_dense_scores_give_the_same_p(cells, method, monkeypatch):
    sets, dense = {"six": list(cells.var_names[:6]), "other": ["GENE3", "GENE9", "GENE11"]}, cells.copy()
    dense.X = cells.X.toarray().astype(float)
    options = {"method": method, "scale": "counts", "null": 60, "min_coverage": 0.1}
    expected = p_of(dense, sets, **options)
    pd.testing.assert_frame_equal(p_of(cells, sets, **options), expected)
    monkeypatch.setattr("ifnscore.methods.STORED_WORTH_COMPILING", 1)
    monkeypatch.setattr(_null, "_BATCH", 50)
    pd.testing.assert_frame_equal(p_of(cells, sets, detail=False, **options), expected)
    assert expected["six"][:60].median() < 0.05 < expected["six"][60:].median()


def test_dask_gives_the_same_p(cells):
    da = pytest.importorskip("dask.array")
    sets = {"six": list(cells.var_names[:6])}
    expected = p_of(cells, sets, method="ucell", scale="counts")
    far = ad.AnnData(X=da.from_array(cells.X.toarray(), chunks=(50, 900)), obs=cells.obs, var=cells.var)
    ifn.tl.score(far, sets, method="ucell", scale="counts", null=19, rng=1)
    pd.testing.assert_frame_equal(far.obsm["ifn_ucell_null"], expected)
    with pytest.raises(UsageError, match="no random sets for zcohort_mean: its first pass"):
        ifn.tl.score(far, sets, method="zcohort_mean", scale="counts", null=19)


# --- which genes ----------------------------------------------------------------------------------------------------------


def test_genes_are_matched_and_none_is_known_to_respond(blood, drawn):
    own = {"mine": ["ISG15", "ACTB", *blood.var_names[500:540]]}
    ifn.tl.score(blood.copy(), own, method="singscore", null=40)
    ((_, found),) = drawn[0].drawn.items()
    known, mean = genes.table(), blood.to_df().mean()
    resolved = {known.resolve(n): n for n in blood.var_names}
    asked = {known.resolve(n) for n in own["mine"]}
    picked = [[found.plan.genes[i] for i in one.index] for one in found.plan.sets]
    for one in picked:
        assert len(set(one)) == len(one)
        assert not asked & set(one)
        assert not set(one) & set(known.genes)
    targets = sorted(k for k in asked if k in resolved)
    pool = np.sort([mean[n] for k, n in resolved.items() if k not in asked and k not in known.genes])
    for one in picked:  # the order of the genes of a plan is that of the signature
        near = np.sort([mean[resolved[k]] for k in one])
        far = np.abs(np.searchsorted(pool, near) - np.searchsorted(pool, np.sort([mean[resolved[t]] for t in targets])))
        assert far.max() <= NEIGHBOURS


@pytest.mark.parametrize(("k", "size"), [(1, 3), (6, 1000), (150, 400), (90, 180)])
def test_matched_draws(k, size):
    rng = np.random.default_rng(k)
    places = np.sort(rng.integers(0, size + 1, k))
    picked = matched(places, size, 50, rng)
    assert picked.shape == (50, k)
    assert picked.min() >= 0
    assert picked.max() < size
    assert all(len(set(row)) == k for row in picked.tolist())
    if k == 6:
        assert np.abs(picked - places).max() <= NEIGHBOURS // 2
        assert len(np.unique(matched(places, size, 5_000, rng)[:, 3])) == NEIGHBOURS


def test_many_genes_at_one_place_draw_from_wider_surroundings():
    picked = matched(np.full(150, 300), 1_000, 5, np.random.default_rng(1))
    assert all(len(set(row)) == 150 for row in picked.tolist())
    assert np.abs(picked - 300).max() <= 100


# --- where p stands -------------------------------------------------------------------------------------------------------


def test_tables_and_files_hold_p(blood, tmp_path):
    adata = blood.copy()
    ifn.tl.score(adata, "rice,kim2018_irg28_z", method="singscore", null=19, rng=3)
    table = ifn.get.scores(adata)
    assert table.columns[-2:].tolist() == ["p_null", "null_sets"]
    assert table["null_sets"].unique().tolist() == [19]
    wide = table.pivot(index="sample", columns="signature", values="p_null")
    pd.testing.assert_frame_equal(wide, adata.obsm["ifn_singscore_null"], check_names=False, check_like=True)
    assert ((wide * 20).round(9) % 1 == 0).all().all()
    said = ifn.get.provenance(adata)["null"]
    assert said["sets"] == 19
    assert said["seed"] == 3
    assert said["smallest_p"] == 0.05
    assert "up to 100 nearest in mean expression" in said["matched"]
    scored.write(adata, tmp_path / "s.h5ad")
    pd.testing.assert_frame_equal(ifn.get.scores(ad.read_h5ad(tmp_path / "s.h5ad")), table, check_dtype=False)
    ifn.tl.score(adata, "rice", method="singscore")
    assert "ifn_singscore_null" not in adata.obsm
    assert "p_null" not in ifn.get.scores(adata)
    assert "null" not in ifn.get.provenance(adata)


def test_samples_without_a_score_have_no_p(cells):
    adata = cells.copy()
    adata.X = sp.csr_matrix(adata.X.toarray() * (np.arange(130) != 5)[:, None])
    with pytest.warns(IfnscoreWarning):
        p = p_of(adata, {"six": list(cells.var_names[:6]), "gone": ["ISG15", "NOTHERE1"]}, method="ucell", scale="counts")
    assert p["gone"].isna().all()
    assert p["six"].isna().tolist() == [i == 5 for i in range(130)]


def test_the_command_line_gives_p(blood, tmp_path):
    small = blood[:6].to_df().T
    small.to_csv(tmp_path / "x.tsv", sep="\t", index_label="gene")
    call = ["score", str(tmp_path / "x.tsv"), "-s", "rice", "-m", "singscore", "--null", "19", "--seed", "3", "--scale"]
    scale = str(blood.uns["ifnscore"]["input"]["scale"])
    result = CliRunner().invoke(app, [*call, scale, "--json"])
    assert result.exit_code == 0, result.output
    records = json.loads(result.stdout)
    expected = p_of(blood[:6].copy(), "rice", rng=3, method="singscore")["rice2013_ags6"]
    assert [r["p_null"] for r in records] == pytest.approx(expected.tolist())
    assert {r["null_sets"] for r in records} == {19}
    assert "no p is below 0.05" in result.stderr
    assert CliRunner().invoke(app, [*call[:-4], "0"]).exit_code == 2


# --- what is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("null", [0, -3, 2.5, True, "many", 100_001])
def test_a_wrong_number_is_refused(blood, null):
    with pytest.raises(UsageError, match=r"null is .*; it takes the number of random gene sets"):
        ifn.tl.score(blood.copy(), "rice", method="singscore", null=null)


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("mlm", "depends on the other signatures"),
        ("gsva", "looks at all samples at once"),
        ("plage", "looks at all samples at once"),
    ],
)
def test_methods_without_random_sets(blood, method, why):
    with pytest.raises(UsageError, match=f"no random sets for {method}: .*{why}"):
        ifn.tl.score(blood.copy(), "rice", method=method, null=19)


@pytest.mark.parametrize("method", ["mlm", "gsva", "plage", "score_genes"])
def test_the_command_line_refuses_before_it_reads(method, tmp_path):
    with pytest.raises(UsageError, match=f"no random sets for {method}: "):
        CliRunner().invoke(
            app,
            ["score", str(tmp_path / "not_there.tsv"), "-m", method, "--null", "19"],
            standalone_mode=False,
            catch_exceptions=False,
        )


def test_a_panel_is_warned_about_and_stable_genes_are_not_drawn(blood, drawn):
    known = genes.table()
    others = [n for n in blood.var_names if known.resolve(n) == n and n not in known.genes][:40]
    stable = others[:6]
    panel = blood[:, ["ISG15", "MX1", *others]].copy()
    options = {"method": "singscore", "params": {"stable_genes": ",".join(stable)}, "null": 19}
    with pytest.warns(IfnscoreWarning, match="random sets are drawn from 34 genes, under 200"):
        ifn.tl.score(panel, {"two": ["ISG15", "MX1"]}, **options)
    ((_, found),) = drawn[0].drawn.items()
    assert found.plan.genes
    assert not set(stable) & set(found.plan.genes)


def test_too_few_genes_to_draw_from(blood):
    known = genes.table()
    here = [n for n in blood.var_names if known.resolve(n) in known.genes]
    others = [n for n in blood.var_names if n not in here][:20]
    with pytest.raises(DataError, match="cannot draw random sets like kim2018_irg28_z: .* and 20 genes outside the catalogue"):
        ifn.tl.score(blood[:, [*here, *others]].copy(), "kim2018_irg28_z", method="mean_log", null=19)


def test_a_frozen_reference_holds_no_random_genes(blood):
    frozen = ifn.tl.reference(blood, controls=BUFFER, donor="donor")
    with pytest.raises(DataError, match=r"like rice2013_ags6: .* \d genes outside the catalogue can be drawn; .* controls in it"):
        ifn.tl.score(blood.copy(), "rice", reference=frozen, method="zref_mean", null=19)


def test_controls_are_bounded(blood, monkeypatch):
    monkeypatch.setattr("ifnscore.tl._null._MOST", 1_000)
    with pytest.raises(DataError, match="make pseudobulk samples first, or take a method that needs no controls"):
        ifn.tl.score(blood.copy(), "rice", controls=BUFFER, null=19)
