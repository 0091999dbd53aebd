"""Scores of groups: every sample a point, the cut-off of the controls, and the picture that was looked at."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError
from ifnscore.pl import _swarm

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN, RICE = "kim2018_irg28_geomean", "rice2013_ags6"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn(ax):
    """Return name of the row -> sorted scores of its points."""
    names = [t.get_text().split("\n")[0] for t in ax.get_yticklabels()]
    found = {}
    for c in ax.collections:
        if type(c).__name__ != "PathCollection":
            continue
        xy = np.ma.getdata(c.get_offsets())
        found[names[int(np.round(xy[:, 1].mean()))]] = sorted(xy[:, 0])
        assert (np.abs(xy[:, 1] - np.round(xy[:, 1])) <= 0.361).all()
    return found


def labels(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


def below(ax):
    legend = ax.get_legend()
    texts = [legend.get_title().get_text(), *(t.get_text() for t in legend.get_texts())] if legend else []
    return " ".join([*texts, *(t.get_text() for t in ax.texts)])


def test_every_sample_of_a_phase_and_every_control_is_a_point():
    adata, cohort = figures.example()
    found = drawn(ifn.pl.scores(adata, cohort=cohort))
    samples = cohort.samples[cohort.samples["tissue"] == "blood"]
    score = np.log2(ifn.get.scores_wide(adata)[GEOMEAN]).reindex(samples["sample_id"])
    patients = score[~samples["is_control"].to_numpy(dtype=bool)]
    assert sorted(x for k, v in found.items() for x in v if k != "healthy controls") == pytest.approx(sorted(patients))
    control = samples[samples["is_control"]]
    donor = control["donor_id"].where(control["donor_id"] != "", control["sample_id"]).to_numpy()
    means = score[samples["is_control"].to_numpy(dtype=bool)].groupby(donor).mean()
    assert found["healthy controls"] == pytest.approx(sorted(means))


def test_the_cut_off_is_that_of_get_on_the_scale_of_the_axis():
    adata, _ = figures.simple(4, n_controls=25)
    given = ifn.get.cutoffs(adata).set_index("signature").loc[RICE]
    ax = ifn.pl.scores(adata, by="group", signature=RICE)
    line = next(a for a in ax.lines if a.get_gid() == "cutoff")
    assert line.get_xdata()[0] == pytest.approx(np.log2(given["cutoff"]))
    band = next(c for c in ax.collections if type(c).__name__ == "FillBetweenPolyCollection" or c.get_zorder() == 0.5)
    edges = band.get_paths()[0].vertices[:, 0]
    assert (edges.min(), edges.max()) == pytest.approx(tuple(np.log2([given["cutoff_low"], given["cutoff_high"]])))
    assert "log2 of mean + 2 SD of 25 controls" in below(ax)


def test_each_tissue_has_its_own_cut_off_and_none_is_said():
    adata, _ = figures.example()
    ax = ifn.pl.scores(adata, by="tissue", signature=RICE)
    assert [label.split("\n")[0] for label in labels(ax)] == ["blood, controls", "blood", "skin, controls", "skin"]
    line = next(a for a in ax.lines if a.get_gid() == "cutoff")
    assert tuple(line.get_ydata()) == (-0.5, 1.5)
    assert "skin: no cut-off: 8 independent controls, 10 needed" in below(ax)
    assert "blood: no interval of the cut-off: 14 independent controls, 20 needed" in below(ax)


def test_medians_are_lines_and_small_groups_have_no_box():
    adata, cohort = figures.simple(6)
    ax = ifn.pl.scores(adata, cohort=cohort)
    found = drawn(ax)
    medians = sorted(line.get_xdata()[0] for line in ax.lines if line.get_gid() == "median")
    assert medians == pytest.approx(sorted(np.median(v) for v in found.values()))
    boxes = [c for c in ax.collections if type(c).__name__ != "PathCollection" and c.get_zorder() == 1]
    assert len(boxes) == 1  # twelve controls; six before, six after
    x = boxes[0].get_paths()[0].vertices[:, 0]
    assert (x.min(), x.max()) == pytest.approx(tuple(np.quantile(found["healthy controls"], [0.25, 0.75])))


def test_numbers_of_points_people_and_samples_without_a_score():
    adata, cohort = figures.example()
    wide = adata.obsm["ifn_published"].copy()
    lost = cohort.samples.loc[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"], "sample_id"].iloc[0]
    wide.loc[lost, GEOMEAN] = np.nan
    adata.obsm["ifn_published"] = wide
    ax = ifn.pl.scores(adata, cohort=cohort)
    assert labels(ifn.pl.scores(figures.example()[0], cohort=cohort))[1] == "baseline\nn = 7 (6 patients)"
    assert labels(ax)[:2] == ["healthy controls\nn = 14 (18 samples)", "baseline\nn = 6"]  # of 7, by 6 patients
    assert "1 sample without a score not shown" in below(ax)
    ax = ifn.pl.scores(adata[adata.obs_names != lost].copy(), cohort=cohort)
    assert "1 sample without a score not shown" in below(ax)


def test_patients_stand_under_codes():
    adata, cohort = figures.example()
    said = "".join(labels(ifn.pl.scores(adata, cohort=cohort, by="patient_id")))
    assert "P01" in said
    assert "SYN" not in said
    adata, cohort = figures.simple(4)
    assert "P04" in "".join(labels(ifn.pl.scores(adata, cohort=cohort, by="patient")))


def test_columns_that_tell_children_are_refused_beside_a_cohort():
    adata, cohort = figures.example()
    adata.obs["who"] = adata.obs["patient_id"]
    adata.obs["when"] = "2021-03-04"
    with pytest.raises(DataError, match="column who: a label holds the id of a patient"):
        ifn.pl.scores(adata, cohort=cohort, by="who")
    with pytest.raises(DataError, match="column when: a label holds"):
        ifn.pl.heatmap(adata, cohort=cohort, by="when")


def test_groups_from_columns_numbers_and_missing_values():
    adata, _ = figures.simple(6)
    adata.obs["dose"] = [2.0, 10.0, np.nan] * 8
    ax = ifn.pl.scores(adata, by="dose", signature=RICE)
    names = [label.split("\n")[0] for label in labels(ax)]
    assert names == ["2, controls", "10, controls", "healthy controls", "2", "10", "not known"]
    for flags in ([True, False] * 12, ["True", "False"] * 12):
        adata.obs["flag"] = flags
        names = [label.split("\n")[0] for label in labels(ifn.pl.scores(adata, by="flag", signature=RICE))]
        assert names == ["flag: no, controls", "flag: yes, controls", "flag: no", "flag: yes"]


def test_a_table_of_scores():
    table = pd.DataFrame({"sample": list("abcd"), RICE: [1.0, 2.0, 4.0, 8.0], "arm": ["x", "x", "y", "y$1$"]})
    ax = ifn.pl.scores(table, by="arm", score_type="ratio")
    assert drawn(ax) == {"x": [0.0, 1.0], "y": [2.0], r"y\$1\$": [3.0]}
    assert "no cut-off: a table of scores holds none" in below(ax)
    ax.get_figure().canvas.draw()


def test_a_swarm_hides_nothing_and_is_the_same_every_time():
    rng = np.random.default_rng(3)
    values = rng.normal(size=200)
    off = _swarm.spread(values, 0.1, 0.2)
    far = np.hypot((values[:, None] - values) / 0.1, (off[:, None] - off) / 0.2)
    np.fill_diagonal(far, 9.0)
    assert far.min() >= 1.0 - 1e-6
    assert (off == _swarm.spread(values, 0.1, 0.2)).all()
    _, ax = plt.subplots()
    many = _swarm.offsets(ax, rng.normal(size=5_000), 7.0, 0.3)
    assert np.abs(many).max() <= 0.3
    assert _swarm.spread(np.array([1.0, 5.0, 9.0]), 0.1, 0.2).tolist() == [0.0, 0.0, 0.0]


def test_pictures(tmp_path):
    adata, cohort = figures.example()
    images.same(ifn.pl.scores(adata, cohort=cohort), "scores_phases", tmp_path)
    images.same(ifn.pl.scores(adata, by="tissue"), "scores_tissues", tmp_path)
    adata, cohort = figures.simple(3)
    images.same(ifn.pl.scores(adata, cohort=cohort), "scores_3", tmp_path)
    images.same(ifn.pl.scores(figures.simple(20, n_controls=24)[0], by="group"), "scores_20", tmp_path)
    adata, cohort = figures.simple(150, n_controls=40)
    images.same(ifn.pl.scores(adata, cohort=cohort), "scores_300_samples", tmp_path)


def test_the_picture_would_notice_one_sample(tmp_path):
    adata, cohort = figures.simple(3)
    wide = adata.obsm["ifn_published"].copy()
    wide.loc["s0014", RICE] *= 1.3
    adata.obsm["ifn_published"] = wide
    images.differs(ifn.pl.scores(adata, cohort=cohort), "scores_3", tmp_path)


def test_given_axes_are_used():
    _, ax = plt.subplots()
    assert ifn.pl.scores(figures.simple(3)[0], ax=ax) is ax


def test_bad_arguments_are_refused_in_a_line():
    adata, cohort = figures.example()
    with pytest.raises(DataError, match="no column 'tisue'.*Did you mean: tissue"):
        ifn.pl.scores(adata, by="tisue")
    with pytest.raises(UsageError, match="give cohort="):
        ifn.pl.scores(adata, tissue="skin")
    with pytest.raises(UsageError, match="no tissue 'bone'"):
        ifn.pl.scores(adata, cohort=cohort, tissue="bone")
    with pytest.raises(DataError, match="no scores of 'rice'"):
        ifn.pl.scores(adata, signature="rice")
    many, _ = figures.simple(20)
    with pytest.raises(UsageError, match="too many for one figure"):
        ifn.pl.scores(many, by="patient")
    many.obsm["ifn_published"] = many.obsm["ifn_published"].assign(rice2013_ags6=np.nan)
    with pytest.raises(DataError, match="no sample has a score of rice2013_ags6"):
        ifn.pl.scores(many, signature=RICE)


def test_many_groups_in_a_column_stand_in_one_line_each_as_people_count():
    adata, _ = figures.simple(30)
    adata.obs["kind"] = ["controls" if c else f"cluster {i % 22 + 1}" for i, c in enumerate(adata.obs["is_control"])]
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 4.0), layout="constrained")
        ifn.pl.scores(adata, by="kind", ax=ax)
    names = labels(ax)
    assert [n.split(",")[0] for n in names[1:4]] == ["cluster 1", "cluster 2", "cluster 3"]
    assert names[-1].startswith("cluster 22, n = ")
    ax.get_figure().canvas.draw()
    boxes = [t.get_window_extent() for t in ax.get_yticklabels()]
    assert all(b.y1 <= a.y0 + 1 for a, b in itertools.pairwise(boxes))


def test_points_follow_the_size_of_their_group_and_box_and_median_are_explained():
    adata, _ = figures.simple(150)
    adata.obs["kind"] = ["few" if 12 <= i < 16 else str(v) for i, v in enumerate(adata.obs["group"])]
    ax = ifn.pl.scores(adata, by="kind")
    sizes = {len(c.get_offsets()): c.get_sizes()[0] for c in ax.collections if type(c).__name__ == "PathCollection"}
    assert sizes[4] > 2 * sizes[296]
    assert "median quartiles, groups of 10 or more" in below(ax)


def test_lines_are_light_on_a_dark_page_and_no_group_is_yellow():
    with plt.style.context("dark_background"):
        ax = ifn.pl.scores(figures.simple(6)[0], by="group")
    assert {line.get_color() for line in ax.lines if line.get_gid() in {"median", "cutoff"}} == {"#ffffff"}
    assert ifn.pl._style.YELLOW not in ifn.pl._style.COLOURS
