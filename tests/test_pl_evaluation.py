"""Can these scores be trusted: the numbers by other means, what is not known is said, and the picture was looked at."""

from __future__ import annotations

import itertools

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib import pyplot as plt
from scipy import stats
from tests import figures, images

import ifnscore as ifn
from ifnscore import scored as small_file
from ifnscore.analysis import _evaluation
from ifnscore.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
ISG = ["ISG15", "MX1", "IFI27", "IFI44L", "RSAD2", "SIGLEC1", "IFIT1"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def cells(n=300, *, seed=5, kind="csr", empty_genes=True):
    """Return scored sparse counts of 2,600 genes with many zeros; RSAD2 stands in two columns."""
    rng = np.random.default_rng(seed)
    names = [*ISG, *(f"GENE{i}" for i in range(2592)), "RSAD2"]
    depth = rng.lognormal(-1, 0.7, n)[:, None]
    x = rng.poisson(depth * rng.lognormal(0, 0.5, (n, len(names)))).astype(np.float32)
    if empty_genes:
        x[:, 0] = 0
    made = ad.AnnData(
        sp.csr_array(x).asformat(kind) if kind != "dense" else x, obs=pd.DataFrame(index=[f"c{i}" for i in range(n)])
    )
    made.var = pd.DataFrame({"symbol": names}, index=[f"v{i}" for i in range(len(names))])
    ifn.tl.score(made, {"six": ISG[:6], "few": ISG[4:], "one": ["ISG15", "NOTHERE1"]}, method="ucell", min_coverage=0.5)
    made.obsm["ifn_ucell"]["one"] = 0.5
    return made, x, names


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
def test_numbers_by_hand(kind, monkeypatch):
    monkeypatch.setattr(_evaluation, "CHUNK", 70)
    monkeypatch.setattr(_evaluation, "SPARSE_CHUNK", 110)
    made, x, names = cells(kind=kind)
    found = _evaluation.evaluate(made)
    table, wide = found.signatures.set_index("signature"), ifn.get.scores_wide(made)
    size, detected = x.sum(axis=1), (x > 0).sum(axis=1)
    assert found.samples["library_size"].to_numpy() == pytest.approx(size)
    assert found.samples["detected"].to_numpy() == pytest.approx(detected)
    at = {g: [i for i, name in enumerate(names) if name == g] for g in ISG}
    for signature, genes in {"six": ISG[:6], "few": ISG[4:], "one": ["ISG15"]}.items():
        summed = np.column_stack([x[:, at[g]].sum(axis=1) for g in genes])
        assert table.loc[signature, "zeros"] == pytest.approx((summed == 0).mean())
    for signature in ("six", "few"):
        assert table.loc[signature, "rho_library_size"] == pytest.approx(stats.spearmanr(wide[signature], size).statistic)
        assert table.loc[signature, "rho_detected"] == pytest.approx(stats.spearmanr(wide[signature], detected).statistic)
    assert found.between.loc["six", "few"] == pytest.approx(stats.spearmanr(wide["six"], wide["few"]).statistic)
    assert table["coverage"].to_dict() == {"six": 1.0, "few": 1.0, "one": 0.5}
    assert found.unknown == ()


def test_a_constant_score_has_no_correlation():
    made, _, _ = cells()
    table = _evaluation.evaluate(made).signatures.set_index("signature")
    assert ifn.get.scores_wide(made)["one"].nunique() == 1
    assert np.isnan(table.loc["one", "rho_detected"])
    assert table.loc["one", "zeros"] == 1.0


def test_correlations_stay_within_the_largest_tissue():
    adata, _ = figures.example()
    found = _evaluation.evaluate(adata)
    blood = (adata.obs["tissue"] == "blood").to_numpy()
    assert (found.stratum, found.n_samples, found.n_all) == ("tissue=blood", int(blood.sum()), adata.n_obs)
    wide = ifn.get.scores_wide(adata)[blood]
    x = np.asarray(adata.X)[blood]
    a, b = wide["rice2013_ags6"], wide["aybey_ifn2_6"]
    table = found.signatures.set_index("signature")
    assert found.between.loc["rice2013_ags6", "aybey_ifn2_6"] == pytest.approx(stats.spearmanr(a, b).statistic)
    assert table.loc["rice2013_ags6", "rho_library_size"] == pytest.approx(stats.spearmanr(a, x.sum(axis=1)).statistic)
    assert table.loc["rice2013_ags6", "n_scored"] == blood.sum()


def test_pairs_without_one_score_are_left_out():
    made, x, _ = cells()
    made.obsm["ifn_ucell"].loc["c3":"c40", "six"] = np.nan
    kept = ifn.get.scores_wide(made)["six"].notna().to_numpy()
    found = _evaluation.evaluate(made)
    wide = ifn.get.scores_wide(made)[kept]
    table = found.signatures.set_index("signature")
    assert table.loc["six", "n_scored"] == kept.sum()
    assert table.loc["six", "rho_detected"] == pytest.approx(stats.spearmanr(wide["six"], (x > 0).sum(axis=1)[kept]).statistic)
    assert found.between.loc["six", "few"] == pytest.approx(stats.spearmanr(wide["six"], wide["few"]).statistic)


def test_a_small_scored_file_says_what_it_cannot():
    adata, _ = figures.example()
    whole, part = _evaluation.evaluate(adata), _evaluation.evaluate(small_file.small(adata))
    for column in ("coverage", "zeros", "rho_library_size"):
        assert part.signatures[column].to_numpy() == pytest.approx(whole.signatures[column].to_numpy())
    assert part.signatures["rho_detected"].isna().all()
    assert part.unknown == ("Detected genes are not known: a small scored file holds the signature genes only.",)


def test_scales_without_counts_or_zeros_say_so(toy):
    ifn.tl.score(toy, controls="group == 'healthy'", scale="linear")
    found = _evaluation.evaluate(toy)
    assert found.signatures["rho_library_size"].isna().all()
    assert found.signatures["rho_detected"].isna().all()  # no value is 0, so the number of genes is the same
    assert found.unknown == ("Library size is not known: these are no counts (linear); name a layer with counts.",)
    logged = toy.copy()
    logged.X = np.log2(toy.X)
    logged.layers["counts"] = np.round(toy.X)
    ifn.tl.score(logged, controls="group == 'healthy'", scale="log2")
    assert _evaluation.evaluate(logged).unknown[0] == "Zeros and detected genes are not known: log2 values have no zero."
    counts = _evaluation.evaluate(logged, layer="counts")
    assert counts.unknown == ()
    rho = stats.spearmanr(ifn.get.scores_wide(logged)["rice2013_ags6"], logged.layers["counts"].sum(axis=1)).statistic
    assert counts.signatures.set_index("signature").loc["rice2013_ags6", "rho_library_size"] == pytest.approx(rho)
    with pytest.raises(DataError, match="there is no layer 'count'; layers: counts. Did you mean: counts"):
        _evaluation.evaluate(logged, layer="count")


def test_a_table_of_scores_tells_correlations_only():
    adata, _ = figures.simple(20)
    long = ifn.get.scores(adata)
    found, whole = _evaluation.evaluate(long), _evaluation.evaluate(adata)
    pd.testing.assert_frame_equal(found.between, whole.between)
    assert found.signatures["coverage"].tolist() == whole.signatures["coverage"].tolist()
    assert found.signatures["zeros"].isna().all()
    assert "a table of scores has no matrix" in found.unknown[0]
    bare = _evaluation.evaluate(ifn.get.scores_wide(adata))
    assert bare.signatures["coverage"].isna().all()


def test_what_is_drawn_are_the_numbers():
    made, _, _ = cells()
    ax, table = ifn.pl.evaluation(made), _evaluation.evaluate(made).signatures
    coverage, zeros, depth, between = ax.child_axes
    at = [np.asarray(c.get_offsets()) for c in (coverage.collections[1], zeros.collections[1])]
    assert at[0][:, 0] == pytest.approx(table["coverage"])
    assert at[1][:, 0] == pytest.approx(table["zeros"])
    size, genes = (np.ma.getdata(c.get_offsets())[:2, 0] for c in depth.collections if str(c.get_label())[0] != "_")
    assert size == pytest.approx(table["rho_library_size"][:2])
    assert genes == pytest.approx(table["rho_detected"][:2])
    rho = _evaluation.evaluate(made).between.loc["few", "six"]
    assert [t.get_text() for t in between.texts] == [f"{rho:.2f}", "?", "?"]
    assert [t.get_text() for t in depth.texts] == ["?"]
    assert [t.get_text() for t in coverage.get_yticklabels()] == ["six (1)", "few (2)", "one (3)"]


def test_pictures(tmp_path):
    adata, _ = figures.example()
    images.same(ifn.pl.evaluation(adata), "evaluation", tmp_path)
    images.same(ifn.pl.evaluation(small_file.small(adata)), "evaluation_small_file", tmp_path)
    images.same(ifn.pl.evaluation(ifn.get.scores(adata)), "evaluation_table", tmp_path)
    images.same(ifn.pl.evaluation(figures.simple(3)[0]), "evaluation_3", tmp_path)
    images.same(ifn.pl.evaluation(figures.simple(150)[0]), "evaluation_300_samples", tmp_path)
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 4.6), layout="constrained")
        assert ifn.pl.evaluation(cells()[0], ax=ax) is ax
        images.same(ax, "evaluation_column", tmp_path)


def test_many_signatures_fit(tmp_path):
    adata, _ = figures.example()
    many = list(ifn.signatures.ids()[:14])
    ifn.tl.score(adata, many, method="zref_mean", controls="is_control", reference_by="tissue", min_coverage=0.01)
    images.same(ifn.pl.evaluation(adata), "evaluation_many", tmp_path)


def test_the_picture_would_notice_the_depth(tmp_path):
    adata, _ = figures.example()
    adata.X = np.asarray(adata.X) * np.random.default_rng(3).integers(1, 4, (adata.n_obs, 1))
    images.differs(ifn.pl.evaluation(adata), "evaluation", tmp_path)


def test_small_axes_stack_the_panels_or_say_that_the_matrix_is_dropped():
    adata, _ = figures.example()
    with ifn.pl.style():
        for height, panels in ((4.6, 4), (2.4, 3)):
            _, ax = plt.subplots(figsize=(3.35, height), layout="constrained")
            ifn.pl.evaluation(adata, ax=ax)
            assert len(ax.child_axes) == panels
            said = " ".join(t.get_text() for t in ax.texts)
            assert ("correlations between the scores are not drawn" in said.replace("\n", " ")) == (panels == 3)
            ax.get_figure().canvas.draw()
            label = ax.child_axes[0].xaxis.label
            assert label.get_text() == "|  needed\nfor a score"
            if panels == 4:
                assert label.get_window_extent().y0 > ax.child_axes[3].title.get_window_extent().y1


def test_of_many_signatures_some_are_named_in_type_that_fits():
    adata, _ = figures.example()
    ifn.tl.score(adata, list(ifn.signatures.ids()), method="zref_mean", controls="is_control", reference_by="tissue", min_coverage=0.01)
    ax = ifn.pl.evaluation(adata, ax=plt.subplots(figsize=(9, 4), layout="constrained")[1])
    ax.get_figure().canvas.draw()
    boxes = [t.get_window_extent() for t in ax.child_axes[0].get_yticklabels()]
    assert len(boxes) < 81
    assert all(b.y1 <= a.y0 + 1.5 for a, b in itertools.pairwise(boxes))
