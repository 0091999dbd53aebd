"""The heatmap: z of every gene and sample, groups and scores above, and the picture that was looked at."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from tests import figures, images

import ifnscore as ifn
from ifnscore.cohort import _timeline
from ifnscore.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
HIGGS, KIM, HALLMARK = "higgs2011_anifrolumab4", "kim2018_irg28_z", "msigdb_hallmark_ifna"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def genes(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


def rows(ax):
    """Return name of each bar above -> positions of its samples."""
    found = {}
    for inset in ax.child_axes:
        bars = [p for p in inset.patches if isinstance(p, Rectangle) and p.get_height() == 1.0]
        if bars and inset.get_yticklabels():
            found[inset.get_yticklabels()[0].get_text()] = [round(p.get_x() + 0.5) for p in bars]
    return found


def said(ax):
    return " ".join(t.get_text() for t in ax.texts).replace("\n", " ")


def dots(ax):
    """Return the scores above the samples."""
    return next(line for inset in ax.child_axes for line in inset.lines if line.get_marker() == ".").get_ydata()


def test_colours_are_z_against_the_controls_in_the_order_of_group_and_score():
    adata, _ = figures.simple(5)
    ax = ifn.pl.heatmap(adata, signature=HIGGS, by="group")
    parts = ifn.get.contributions(adata, HIGGS) * 4  # the parts of a mean of z
    score = ifn.get.scores_wide(adata)[HIGGS]
    order = sorted(score.index, key=lambda s: (adata.obs.loc[s, "group"] != "healthy", score[s]))
    want = parts.loc[order, genes(ax)].T
    assert np.allclose(ax.images[0].get_array(), want)
    patients = parts[adata.obs["group"].to_numpy() == "JDM"]
    assert genes(ax) == list(patients.median().sort_values(ascending=False).index)
    assert np.allclose(dots(ax), score[order])
    assert rows(ax) == {"healthy": list(range(12)), "JDM": list(range(12, 22))}
    assert "against healthy controls" in said(ax)


def test_with_a_cohort_samples_stand_by_patient_and_day_under_codes():
    adata, cohort = figures.example()
    ax = ifn.pl.heatmap(adata, cohort=cohort, tissue="blood", signature="kim2018_irg28_geomean")
    samples = cohort.samples[cohort.samples["tissue"] == "blood"]
    patients = samples[~samples["is_control"]].sort_values(["patient_id", "day"])
    n = int(samples["is_control"].sum())
    score = np.log2(ifn.get.scores_wide(adata)["kim2018_irg28_geomean"])
    assert np.allclose(dots(ax)[n:], score[patients["sample_id"]])
    assert rows(ax)["healthy controls"] == list(range(n))
    assert [t.get_text() for t in ax.get_xticklabels()] == ["P01", "P02", "P03", "P04", "P05", "P06"]
    phases = _timeline.samples(cohort).set_index("sample_id")["phase"]
    off = [n + i for i, s in enumerate(patients["sample_id"]) if phases[s] == "off_interrupted"]
    assert off
    assert rows(ax)["interrupted"] == off
    assert "SYN" not in ax.get_title() + said(ax) + "".join(genes(ax))


def test_patients_stand_in_the_order_of_their_codes():
    """The order of the files would give the codes away."""
    adata, cohort = figures.example()
    turned = dict(zip(cohort.codes, reversed(cohort.codes.values()), strict=True))
    cohort = dataclasses.replace(cohort, codes=turned)
    ax = ifn.pl.heatmap(adata, cohort=cohort, tissue="blood", signature=HIGGS)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["P01", "P02", "P03", "P04", "P05", "P06"]
    samples = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    samples = samples.assign(code=samples["patient_id"].map(turned)).sort_values(["code", "day"])
    score = ifn.get.scores_wide(adata)[HIGGS]
    assert np.allclose(dots(ax)[-len(samples) :], score[samples["sample_id"]])


def test_tissues_stand_beside_each_other_each_against_its_own_controls():
    adata, cohort = figures.example()
    ax = ifn.pl.heatmap(adata, cohort=cohort, signature=HIGGS)
    bars = rows(ax)
    z = ax.images[0].get_array()
    for tissue in ("blood", "skin"):
        control = sorted(set(bars[tissue]) & set(bars["healthy controls"]))
        assert abs(np.asarray(z[:, control]).mean()) < 0.25
    assert sorted(bars["blood"] + bars["skin"]) == list(range(z.shape[1]))


def test_without_controls_z_is_across_all_samples_and_said():
    adata, _ = figures.simple(5)
    ifn.tl.score(adata, HIGGS, method="mean_log")
    ax = ifn.pl.heatmap(adata)
    z = np.asarray(ax.images[0].get_array())
    assert np.allclose(z.mean(axis=1), 0)
    assert np.allclose(z.std(axis=1, ddof=1), 1)
    assert "against all samples" in said(ax)


def test_where_the_colours_end_is_said():
    adata, _ = figures.simple(20)
    ax = ifn.pl.heatmap(adata, signature=KIM)
    z, (low, high) = np.abs(np.asarray(ax.images[0].get_array())), ax.images[0].get_clim()
    assert low == -high
    assert (z > high).mean() <= 0.02
    assert f"colours end at ±{high:g}; {(z > high).mean():.1%} of the values lie beyond" in said(ax)
    middle = ax.images[0].cmap(0.5)
    assert min(middle[:3]) > 0.98
    grey = [float(np.dot(ax.images[0].cmap(v)[:3], (0.299, 0.587, 0.114))) for v in (0.0, 1.0)]
    assert grey[1] < grey[0] - 0.25  # high and low differ in grey


def test_many_genes_are_thinned_and_many_samples_not_named():
    adata, _ = figures.simple(150)
    ax = ifn.pl.heatmap(adata, signature=HALLMARK)
    assert len(genes(ax)) == 49
    assert ax.get_ylabel() == "97 genes, one of 2 named"
    assert not ax.get_xticks().size
    assert ax.get_xlabel() == "312 samples"
    few = ifn.pl.heatmap(figures.simple(3)[0], signature=KIM)
    assert len(genes(few)) == 28
    assert len(few.get_xticklabels()) == 18


def test_what_is_left_out_is_said():
    adata, _ = figures.example()
    keep = (adata.obs["tissue"] == "blood") | ~adata.obs["is_control"].astype(bool)
    adata = adata[keep.to_numpy()].copy()
    adata.X[:, list(adata.var_names).index("IFI27")] = 0
    ifn.tl.score(adata, [HIGGS, "kim2018_irg28_geomean"], controls="is_control", donor="donor_id", reference_by="tissue")
    ax = ifn.pl.heatmap(adata, signature="kim2018_irg28_geomean")
    assert "9 samples not shown: fewer than 3 healthy controls of their own" in said(ax)
    assert "not shown, no spread in the healthy controls: IFI27" in said(ax)
    assert "IFI27" not in genes(ax)


def test_pictures(tmp_path):
    adata, cohort = figures.example()
    images.same(ifn.pl.heatmap(adata, cohort=cohort, signature="rice2013_ags6"), "heatmap_cohort", tmp_path)
    adata, cohort = figures.simple(3)
    images.same(ifn.pl.heatmap(adata, by="group"), "heatmap_3", tmp_path)
    adata, cohort = figures.simple(20)
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 4.2), layout="constrained")
        images.same(ifn.pl.heatmap(adata, cohort=cohort, signature=KIM, ax=ax), "heatmap_20_column", tmp_path)
    images.same(ifn.pl.heatmap(figures.simple(150)[0], by="arm"), "heatmap_300_samples", tmp_path)


def test_the_picture_would_notice_one_value(tmp_path):
    adata, _ = figures.simple(3)
    adata.X[16, list(adata.var_names).index("IFI27")] *= 3
    images.differs(ifn.pl.heatmap(adata, by="group"), "heatmap_3", tmp_path)


def test_given_axes_are_used_and_leave_room():
    figure, ax = plt.subplots()
    assert ifn.pl.heatmap(figures.simple(3)[0], ax=ax) is ax
    figure.canvas.draw()
    top = max(inset.get_window_extent().y1 for inset in ax.child_axes)
    assert top < figure.bbox.height


def test_bad_arguments_are_refused_in_a_line():
    adata, cohort = figures.example()
    table = pd.DataFrame({"sample": ["a", "b"], HIGGS: [1.0, 2.0]})
    with pytest.raises(DataError, match="does not say what its scores are"):
        ifn.pl.heatmap(table)
    long = pd.DataFrame({"sample": ["a"], "signature": [HIGGS], "score": [1.0], "score_type": ["z"]})
    with pytest.raises(DataError, match="holds no genes"):
        ifn.pl.heatmap(long)
    with pytest.raises(UsageError, match="no tissue 'bone'"):
        ifn.pl.heatmap(adata, cohort=cohort, tissue="bone")
    two = figures.simple(3)[0][:2].copy()
    ifn.tl.score(two, HIGGS, method="mean_log")
    with pytest.raises(DataError, match="too few samples to compare with"):
        ifn.pl.heatmap(two)


def test_values_without_a_spread_are_said():
    adata, _ = figures.simple(3)
    adata.X[:] = 5
    ifn.tl.score(adata, HIGGS, method="mean_log")
    with pytest.raises(DataError, match="no gene of higgs2011_anifrolumab4 differs between the samples"):
        ifn.pl.heatmap(adata)


def test_the_order_of_the_samples_in_the_file_does_not_matter():
    adata, cohort = figures.simple(5)
    turned = adata[np.random.default_rng(1).permutation(adata.n_obs)].copy()
    for kwargs in ({"cohort": cohort}, {"by": "group"}):
        first, second = (ifn.pl.heatmap(a, signature=HIGGS, **kwargs) for a in (adata, turned))
        assert np.allclose(first.images[0].get_array(), second.images[0].get_array())


def test_of_many_samples_an_even_part_of_every_group_is_drawn_and_said():
    adata, _ = figures.simple(300)
    adata.obs["kind"] = ["rare" if i in {20, 30, 40} else str(v) for i, v in enumerate(adata.obs["group"])]
    ax = ifn.pl.heatmap(adata, signature=HIGGS, by="kind")
    shape = ax.images[0].get_array().shape
    assert shape[1] <= 420
    assert ax.get_xlabel() == f"{shape[1]} of 612 samples, evenly drawn"
    assert len(rows(ax)["rare"]) == 3
    assert len(rows(ax)["healthy"]) == 12
    score = ifn.get.scores_wide(adata)[HIGGS]
    drawn, most = dots(ax)[rows(ax)["JDM"]], score[adata.obs["kind"].to_numpy() == "JDM"]
    assert (drawn.min(), drawn.max()) == pytest.approx((most.min(), most.max()))


def test_in_a_narrow_column_names_are_short_and_the_number_of_genes_has_its_place():
    adata, cohort = figures.simple(20)
    adata.obs["long"] = ["a" * 40 if c else "b" * 40 for c in adata.obs["is_control"]]
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 2.6), layout="constrained")
        ifn.pl.heatmap(adata, cohort=cohort, signature=HALLMARK, ax=ax)
        _, other = plt.subplots(figsize=(3.35, 2.6), layout="constrained")
        ifn.pl.heatmap(adata, by="long", ax=other)
    assert not ax.get_ylabel()
    assert "97 genes, one of" in said(ax)
    assert max(len(n) for n in rows(other)) == 16
    ax.get_figure().canvas.draw()
    boxes = [t.get_window_extent() for t in ax.get_yticklabels()]
    assert all(b.y1 <= a.y0 + 1 for a, b in itertools.pairwise(boxes))


def test_scores_are_light_on_a_dark_page():
    with plt.style.context("dark_background"):
        ax = ifn.pl.heatmap(figures.simple(3)[0])
    assert next(line for inset in ax.child_axes for line in inset.lines).get_color() == "#ffffff"
