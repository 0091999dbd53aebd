"""Cells and spots by scanpy: the scores that are drawn, the user's matrix untouched, no warning, and pictures."""

from __future__ import annotations

import anndata as ad
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from tests import images

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
RICE, KINDS = "rice2013_ags6", np.array(["monocyte", "T cell", "B cell", "NK cell"])


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def cells(n=240, *, seed=2):
    """Return cells of four types, the monocytes stimulated, scored, 15 of them without a score; a UMAP that is none."""
    rng = np.random.default_rng(seed)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    genes = [*known, *(f"GENE{i}" for i in range(2500 - len(known)))]
    kind = rng.integers(0, 4, n)
    rate = np.full((n, len(genes)), 0.3)
    rate[kind == 0, : len(known)] = 2
    obs = pd.DataFrame({"cell_type": pd.Categorical(KINDS[kind])}, index=[f"c{i}" for i in range(n)])
    made = ad.AnnData(sp.csr_matrix(rng.poisson(rate).astype(np.float32)), obs=obs, var=pd.DataFrame(index=genes))
    made.obsm["X_umap"] = np.array([[0, 0], [5, 1], [2, 6], [-4, 4]])[kind] + rng.normal(0, 0.8, (n, 2))
    ifn.tl.score(made, method="ucell")
    scores = made.obsm["ifn_ucell"].copy()
    scores.iloc[::17] = np.nan
    made.obsm["ifn_ucell"] = scores
    return made


def spots(*, picture):
    """Return 10 x 10 spots, 100 pixels apart, with a small synthetic picture of the tissue or without."""
    made = cells(100)
    made.obsm["spatial"] = np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1).reshape(-1, 2) * 100 + 250
    if picture:
        image = np.full((140, 140, 3), 0.9)
        image[15:128, 15:128] = [0.9, 0.75, 0.85]
        scales = {"tissue_hires_scalef": 0.1, "spot_diameter_fullres": 60.0}
        made.uns["spatial"] = {"section": {"images": {"hires": image}, "scalefactors": scales}}
    return made


def state(adata):
    """Return what must not change."""
    plain = {k: list(v) for k, v in (("obs", adata.obs), ("obsm", adata.obsm), ("uns", adata.uns), ("var", adata.var))}
    return plain, id(adata.X), adata.X.data.tobytes(), adata.obs.to_csv(), str(adata.obs.dtypes.to_dict())


def pairs(collection):
    """Return (x, y, score) of every cell, sorted, cells without a score last."""
    values = np.ma.filled(np.ma.masked_invalid(collection.get_array()), np.inf)
    return sorted(map(tuple, np.round(np.column_stack([np.asarray(collection.get_offsets()), values]), 5)))


def test_umap_draws_the_scores_at_their_places():
    adata = cells()
    ax = ifn.pl.umap(adata, "msigdb_hallmark_ifna")
    score = ifn.get.scores_wide(adata)["msigdb_hallmark_ifna"].fillna(np.inf)
    want = np.round(np.column_stack([adata.obsm["X_umap"], score]), 5)
    assert pairs(ax.collections[0]) == sorted(map(tuple, want))
    assert ax.collections[0].get_cmap().name == "viridis"
    assert mpl.colors.to_hex(ax.collections[0].get_cmap().get_bad()) == mpl.colors.to_hex("lightgray")
    crossed = np.asarray(ax.collections[1].get_offsets())
    assert crossed == pytest.approx(adata.obsm["X_umap"][np.isinf(score)][:, :2])
    assert ax.get_title(loc="left") == "msigdb_hallmark_ifna\nucell, rank score"
    assert "grey, crossed: 15 of 240 without a score" in [t.get_text() for t in ax.findobj(mpl.text.Text)]


def test_the_matrix_of_the_user_stays_as_it_is_and_settings_too():
    adata, settings = spots(picture=True), dict(mpl.rcParams)
    before = state(adata)
    ifn.pl.umap(adata)
    ifn.pl.violin(adata, by="cell_type")
    ifn.pl.spatial(adata)
    assert state(adata) == before
    assert dict(mpl.rcParams) == settings


def test_no_figure_of_pyplot_is_made_beside_the_given_axes():
    adata = spots(picture=True)
    for draw in (ifn.pl.umap, ifn.pl.spatial, lambda a, ax: ifn.pl.violin(a, by="cell_type", ax=ax)):
        ax = Figure(figsize=(4, 3)).subplots()
        assert draw(adata, ax=ax) is ax
    assert plt.get_fignums() == []


def test_violins_show_every_cell_by_group():
    adata = cells()
    ax = ifn.pl.violin(adata, RICE, by="cell_type")
    score = ifn.get.scores_wide(adata)[RICE]
    labels = [t.get_text() for t in ax.get_xticklabels()]
    known = adata.obs["cell_type"][score.notna()]
    assert labels == [f"{k}\n(n = {(known == k).sum()})" for k in sorted(KINDS)]
    points = [c for c in ax.collections if len(c.get_offsets()) > 1]
    for i, kind in enumerate(sorted(KINDS)):
        drawn = np.sort(np.asarray(points[i].get_offsets())[:, 1])
        assert drawn == pytest.approx(np.sort(score[adata.obs["cell_type"] == kind].dropna()))
        assert np.abs(np.asarray(points[i].get_offsets())[:, 0] - i).max() < 0.2
    assert ax.get_ylabel() == "rank score"
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    ifn.pl.violin(adata, by="cell_type")
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_few_cells_are_points_without_a_violin():
    adata = cells()
    adata.obs["group"] = ["few"] * 12 + ["many"] * 220 + [None] * 8
    ax = ifn.pl.violin(adata, RICE, by="group")
    bodies = [c for c in ax.collections if len(c.get_offsets()) <= 1]
    assert [t.get_text().split(" (")[0].split("\n")[0] for t in ax.get_xticklabels()] == ["few", "many", "not given"]
    assert len(bodies) == 1
    middle = bodies[0].get_paths()[0].vertices[:, 0]
    assert (middle.min() + middle.max()) / 2 == pytest.approx(1)
    assert len(ifn.pl.violin(adata, RICE, by="group", order=["many"], stripplot=False).collections) == 1


@pytest.mark.parametrize("picture", [True, False])
def test_spots_lie_on_the_tissue(picture):
    adata = spots(picture=picture)
    ax = ifn.pl.spatial(adata, RICE)
    score = ifn.get.scores_wide(adata)[RICE].to_numpy()
    drawn = ax.collections[0]
    assert np.sort(np.ma.masked_invalid(drawn.get_array()).compressed()) == pytest.approx(np.sort(score[np.isfinite(score)]))
    assert len(ax.images) == int(picture)
    low, high = ax.get_ylim()
    assert low > high  # the origin is at the upper left
    assert ax.get_aspect() == 1
    scale = 0.1 if picture else 1.0
    assert ax.get_xlim()[0] < 250 * scale < 1150 * scale < ax.get_xlim()[1]
    if picture:
        boxes = [p.get_extents() for p in drawn.get_paths()]
        centres = sorted((round((b.x0 + b.x1) / 2, 4), round((b.y0 + b.y1) / 2, 4)) for b in boxes)
        assert centres == sorted(map(tuple, np.round(adata.obsm["spatial"] * 0.1, 4)))
        assert boxes[0].width == pytest.approx(6.0)
    else:
        assert pairs(drawn) == sorted(
            map(tuple, np.round(np.column_stack([adata.obsm["spatial"], np.where(np.isfinite(score), score, np.inf)]), 5))
        )


def test_sections_are_drawn_one_at_a_time():
    adata = spots(picture=True)
    adata.uns["spatial"]["other"] = {}
    with pytest.raises(DataError, match=r"there are 2 sections \(section, other\)"):
        ifn.pl.spatial(adata)
    adata.obs["library_id"] = ["section"] * 40 + ["other"] * 60
    assert len(ifn.pl.spatial(adata, library_id="section").collections[0].get_array()) == 40
    other = ifn.pl.spatial(adata, library_id="other")
    assert (len(other.collections[0].get_array()), len(other.images)) == (60, 0)
    with pytest.raises(UsageError, match="no section 'sektion'.*Did you mean: section"):
        ifn.pl.spatial(adata, library_id="sektion")


def test_pictures(tmp_path):
    adata = cells()
    images.same(ifn.pl.umap(adata), "umap", tmp_path)
    images.same(ifn.pl.violin(adata, by="cell_type"), "violin", tmp_path)
    few = adata[:60].copy()
    few.obs["cell_type"] = ["a rather long name of a cell type, $5$"] * 10 + ["x"] * 25 + ["y"] * 25
    images.same(ifn.pl.violin(few, by="cell_type"), "violin_few", tmp_path)
    images.same(ifn.pl.spatial(spots(picture=False), "msigdb_hallmark_ifna"), "spatial", tmp_path)
    images.same(ifn.pl.spatial(spots(picture=True), "msigdb_hallmark_ifna"), "spatial_tissue", tmp_path)


def test_the_picture_would_notice_other_scores(tmp_path):
    adata = spots(picture=True)
    adata.obsm["ifn_ucell"] = adata.obsm["ifn_ucell"].iloc[::-1].set_axis(adata.obs_names)
    images.differs(ifn.pl.umap(adata), "umap", tmp_path)
    images.differs(ifn.pl.violin(adata, by="cell_type"), "violin", tmp_path)
    images.differs(ifn.pl.spatial(adata, "msigdb_hallmark_ifna"), "spatial_tissue", tmp_path)


def test_what_is_missing_is_said_in_one_line():
    adata = cells()
    adata.obsm["flat"] = np.zeros(240)[:, None]
    del adata.obsm["X_umap"]
    with pytest.raises(DataError, match=r"no obsm\['X_umap'\]: run sc.pp.neighbors and sc.tl.umap first"):
        ifn.pl.umap(adata)
    with pytest.raises(DataError, match=r"no obsm\['spatial'\]"):
        ifn.pl.spatial(adata)
    adata.obsm["X_umap"] = adata.obsm["flat"]
    with pytest.raises(DataError, match=r"obsm\['X_umap'\] holds no coordinates: float64 of shape \(240, 1\)"):
        ifn.pl.umap(adata)
    with pytest.raises(UsageError, match="by='celltype': obs has no such column.*Did you mean: cell_type"):
        ifn.pl.violin(adata, by="celltype")
    with pytest.raises(UsageError, match="order: no cell with a score has 'T' in 'cell_type'"):
        ifn.pl.violin(adata, by="cell_type", order=["T"])
    adata.obs["each"] = adata.obs_names
    with pytest.raises(DataError, match="by='each' has 240 values"):
        ifn.pl.violin(adata, by="each")
    with pytest.raises(DataError, match="no scores of 'rice'"):
        ifn.pl.violin(adata, "rice", by="cell_type")
    with pytest.raises(UsageError, match=r"umap\(\) decides show itself"):
        ifn.pl.umap(adata, show=True)
    with pytest.raises(UsageError, match="needs the scored AnnData, not a DataFrame"):
        ifn.pl.umap(ifn.get.scores(adata))
    adata.obsm["ifn_ucell"] = adata.obsm["ifn_ucell"].assign(**{RICE: np.nan})
    with pytest.raises(DataError, match=f"no cell has a score of {RICE}"):
        ifn.pl.violin(adata, RICE, by="cell_type")


def test_arguments_of_scanpy_are_passed_on():
    ax = ifn.pl.umap(cells(), cmap="cividis", vmin=0, vmax=0.5, size=7, colorbar_loc=None)
    drawn = ax.collections[0]
    assert (drawn.get_cmap().name, drawn.norm.vmin, drawn.norm.vmax, drawn.get_sizes()[0]) == ("cividis", 0, 0.5, 7)
    assert len(ax.get_figure().axes) == 1


def test_the_order_of_cells_does_not_move_a_point_of_a_violin():
    adata = cells()
    turned = adata[np.random.default_rng(4).permutation(adata.n_obs)].copy()
    first, second = (ifn.pl.violin(a, by="cell_type").collections[-1].get_offsets() for a in (adata, turned))
    assert np.allclose(first, second)


def test_three_names_lie_and_groups_without_a_violin_are_explained():
    adata = cells()
    adata.obs["three"] = np.array(["CD14+ monocyte", "plasmacytoid dendritic cell", "NK cell"])[np.arange(240) % 3]
    ax = ifn.pl.violin(adata, by="three")
    assert {t.get_rotation() for t in ax.get_xticklabels()} == {0.0}
    assert not any("no violin" in t.get_text() for t in ax.texts)
    few = ifn.pl.violin(adata[:50].copy(), by="three")
    assert any("no violin for groups of under 20 cells" in t.get_text() for t in few.texts)


def test_few_cells_are_no_giant_dots_and_a_second_figure_doubles_no_bar():
    few = cells()[:10].copy()
    ax = ifn.pl.umap(few)
    assert ax.collections[0].get_sizes()[0] <= 60
    notes, bars = len(ax.texts), len(ax.get_figure().axes)
    ifn.pl.umap(few, ax=ax)
    assert (len(ax.texts), len(ax.get_figure().axes)) == (notes, bars)
