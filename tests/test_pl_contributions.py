"""Which genes make a score: the parts that are drawn, and the picture that was looked at."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
HIGGS, KIM, RICE, GEOMEAN = "higgs2011_anifrolumab4", "kim2018_irg28_z", "rice2013_ags6", "kim2018_irg28_geomean"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn(ax):
    """Return gene -> sorted parts of its points."""
    names, found = [t.get_text() for t in ax.get_yticklabels()], {n.get_text(): [] for n in ax.get_yticklabels()}
    for c in ax.collections:
        for x, y in np.ma.getdata(c.get_offsets()):
            found[names[int(np.round(y))]].append(x)
    return {k: sorted(v) for k, v in found.items()}


def below(ax):
    legend = ax.get_legend()
    texts = [legend.get_title().get_text(), *(t.get_text() for t in legend.get_texts())] if legend else []
    return " ".join([*texts, *(t.get_text() for t in ax.texts)]).replace("\n", " ")


def test_points_are_the_parts_of_the_patients_and_lines_their_medians():
    adata, _ = figures.simple(6)
    ax = ifn.pl.contributions(adata, signature=KIM)
    parts = ifn.get.contributions(adata, KIM)[~adata.obs["is_control"].to_numpy()]
    found = drawn(ax)
    for gene in parts:
        assert found[gene] == pytest.approx(sorted(parts[gene]))
    order = list(parts.median().sort_values(ascending=False, kind="stable").index)
    assert [t.get_text() for t in ax.get_yticklabels()] == order
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "median"]
    assert medians == pytest.approx(list(parts.median()[order]))
    total = np.sum([found[g] for g in parts], axis=None)
    assert total == pytest.approx(ifn.get.scores_wide(adata)[KIM][~adata.obs["is_control"].to_numpy()].sum())
    assert "not shown: 12 samples of healthy controls" in below(ax)


def test_parts_of_a_geometric_mean_add_up_to_the_log2_score():
    adata, _ = figures.simple(4)
    ax = ifn.pl.contributions(adata, signature=GEOMEAN, samples=["s0013"])
    total = sum(v[0] for v in drawn(ax).values())
    assert total == pytest.approx(np.log2(ifn.get.scores_wide(adata).loc["s0013", GEOMEAN]))
    assert "(log2)" in ax.get_xlabel()


def test_of_a_median_only_the_genes_in_the_middle_are_drawn_and_counted():
    adata, _ = figures.simple(10)
    ax = ifn.pl.contributions(adata, signature=RICE)
    parts = ifn.get.contributions(adata, RICE)[~adata.obs["is_control"].to_numpy()]
    counts = (parts != 0).sum()
    assert counts.sum() == 2 * len(parts)  # six genes: two in the middle
    assert {g: len(v) for g, v in drawn(ax).items()} == dict(counts)
    assert sorted(t.get_text() for t in ax.texts if t.get_text().endswith("of 20")) == sorted(f"{c} of 20" for c in counts)
    assert "A median: only the one or two genes in the middle make it" in below(ax)
    assert not [line for line in ax.lines if line.get_gid() == "median"]


def test_groups_and_chosen_samples():
    adata, _ = figures.simple(6)
    ax = ifn.pl.contributions(adata, signature=HIGGS, by="group")
    assert len(drawn(ax)["IFI27"]) == 24
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["healthy", "JDM", "median"]
    ax = ifn.pl.contributions(adata, signature=HIGGS, by="arm")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["placebo", "tofacitinib", "median"]
    chosen = adata.obs["visit"].to_numpy() == "week24"
    ax = ifn.pl.contributions(adata, signature=HIGGS, samples=chosen)
    assert drawn(ax)["IFI27"] == pytest.approx(sorted(ifn.get.contributions(adata, HIGGS).loc[chosen, "IFI27"]))


def test_at_most_thirty_genes_and_the_rest_is_said():
    adata, _ = figures.simple(6)
    ax = ifn.pl.contributions(adata, signature="msigdb_hallmark_ifna")
    parts = ifn.get.contributions(adata, "msigdb_hallmark_ifna")[~adata.obs["is_control"].to_numpy()]
    assert set(drawn(ax)) == set(parts.median().abs().sort_values(ascending=False).index[:30])
    assert "67 genes with smaller parts not shown" in below(ax)


def test_genes_that_are_not_there_are_named():
    adata, _ = figures.simple(6)
    adata = adata[:, [g for g in adata.var_names if g not in {"IFI27", "OAS1"}]].copy()
    adata.X[:, list(adata.var_names).index("RTP4")] = 0
    ifn.tl.score(adata, KIM, method="zref_mean", controls="group == 'healthy'", min_coverage=0.5)
    said = below(ifn.pl.contributions(adata))
    assert "not in the matrix: IFI27, OAS1" in said or "not in the matrix: OAS1, IFI27" in said
    assert "not usable: RTP4" in said


def test_pictures(tmp_path):
    adata, _ = figures.example()
    images.same(ifn.pl.contributions(adata, signature=RICE), "contributions_median", tmp_path)
    images.same(ifn.pl.contributions(figures.simple(3)[0], signature=HIGGS), "contributions_3", tmp_path)
    images.same(
        ifn.pl.contributions(figures.simple(20)[0], signature="dejesus2020_nfkb11_control", by="group"),
        "contributions_20",
        tmp_path,
    )
    images.same(ifn.pl.contributions(figures.simple(150)[0], signature=HIGGS), "contributions_300_samples", tmp_path)


def test_the_picture_would_notice_one_value(tmp_path):
    adata, _ = figures.simple(3)
    adata.X[16, list(adata.var_names).index("IFI27")] *= 2
    images.differs(ifn.pl.contributions(adata, signature=HIGGS), "contributions_3", tmp_path)


def test_given_axes_are_used():
    _, ax = plt.subplots()
    assert ifn.pl.contributions(figures.simple(3)[0], signature=HIGGS, ax=ax) is ax


def test_bad_arguments_are_refused_in_a_line():
    adata, _ = figures.simple(6)
    with pytest.raises(UsageError, match="there is no sample elsewhere"):
        ifn.pl.contributions(adata, samples=["elsewhere"])
    with pytest.raises(UsageError, match="samples is empty"):
        ifn.pl.contributions(adata, samples=[])
    with pytest.raises(UsageError, match=r"needs shape \(24,\)"):
        ifn.pl.contributions(adata, samples=np.array([True, False]))
    adata.obs["many"] = [f"g{i % 9}" for i in range(24)]
    with pytest.raises(UsageError, match="9 groups do not fit"):
        ifn.pl.contributions(adata, by="many")
    long = pd.DataFrame({"sample": ["a"], "signature": [HIGGS], "score": [1.0], "score_type": ["z"]})
    with pytest.raises(DataError, match="holds no genes"):
        ifn.pl.contributions(long)


def test_equal_medians_are_ordered_by_the_mean_whatever_the_order_of_genes():
    adata, _ = figures.simple(6)
    genes = ["RTP4", "OAS1", "IFI44", "MX1"]
    adata.X[:, [list(adata.var_names).index(g) for g in genes]] = 0
    for n, gene in enumerate(genes, 1):  # as in cells: the median of every part is 0
        adata.X[12 : 12 + n, list(adata.var_names).index(gene)] = 40
    ifn.tl.score(adata, {"four": genes}, method="mean_log")
    names = [t.get_text() for t in ifn.pl.contributions(adata, samples=adata.obs_names).get_yticklabels()]
    assert names == genes[::-1]


def test_drawing_does_not_repeat_the_warnings_of_scoring():
    adata, _ = figures.simple(6)
    adata = adata[:, [g for g in adata.var_names if g not in {"IFI27", "OAS1"}]].copy()
    ifn.tl.score(adata, KIM, method="zref_mean", controls="group == 'healthy'", min_coverage=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ifn.pl.contributions(adata)


def test_long_names_and_many_groups_keep_the_figure_small():
    adata, _ = figures.simple(14)
    adata.obs["many"] = [f"{'x' * 70} {i % 7}" for i in range(adata.n_obs)]
    ax = ifn.pl.contributions(adata, signature="msigdb_hallmark_ifna", by="many", samples=adata.obs["group"].to_numpy() == "JDM")
    assert max(len(t.get_text()) for t in ax.get_legend().get_texts()) <= 24
    assert ax.get_figure().get_figheight() < 11


def test_more_than_300_samples_are_bands_of_their_quantiles():
    adata, _ = figures.simple(160)
    ax = ifn.pl.contributions(adata, signature=HIGGS)
    parts = ifn.get.contributions(adata, HIGGS)[~adata.obs["is_control"].to_numpy()]
    assert not [c for c in ax.collections if len(c.get_offsets()) > 1]
    for gid, ends in (("quartiles", [0.25, 0.75]), ("centiles", [0.05, 0.95])):
        bars = [p for p in ax.patches if p.get_gid() == gid]
        for bar, gene in zip(bars, [t.get_text() for t in ax.get_yticklabels()], strict=True):
            assert [bar.get_x(), bar.get_x() + bar.get_width()] == pytest.approx(list(parts[gene].quantile(ends)))
    assert "many samples: quartiles" in below(ax)


def test_medians_are_light_on_a_dark_page():
    with plt.style.context("dark_background"):
        ax = ifn.pl.contributions(figures.simple(3)[0], signature=HIGGS)
    assert {line.get_color() for line in ax.lines if line.get_gid() == "median"} == {"#ffffff"}
