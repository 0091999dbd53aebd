"""Forest of gene-level changes: rows of the table, and honest words about what so few patients can show."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from matplotlib import pyplot as plt
from scipy import stats
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@functools.cache
def change(n, scores=None):
    """Return a comparison of `n` patients, of the example where it is 0; above 16 of few signatures, as p is drawn there."""
    return ifn.tl.compare(*(figures.simple(n) if n else figures.example()), scores=scores, rng=1)


IFNA, KIM, RICE = "msigdb_hallmark_ifna", "kim2018_irg28_z", "rice2013_ags6"


def drawn(ax):
    """Return (gene, estimate, low, high) from top to bottom, by the labels of y."""
    genes = {t: label.get_text() for t, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    bars = {seg[0][1]: (seg[0][0], seg[1][0]) for c in ax.collections if hasattr(c, "get_segments") for seg in c.get_segments()}
    points = [p for c in ax.collections if not hasattr(c, "get_segments") for p in np.asarray(c.get_offsets())]
    return [(genes.get(y), float(x), *map(float, bars[y])) for x, y in sorted(points, key=lambda p: p[1])]


def words(ax):
    legend = ax.get_legend()
    return " ".join(" ".join(t.get_text() for t in [legend.get_title(), *legend.get_texts(), *ax.texts]).split())


def replaced(result, **columns):
    table = result.tables["genes"].assign(**columns)
    return dataclasses.replace(result, tables={**result.tables, "genes": table})


def test_rows_are_those_of_the_table_largest_fall_on_top():
    ax = ifn.pl.genes_change(change(0))
    table = change(0).tables["genes"]
    table = table[(table["signature"] == "kim2018_irg28_geomean") & (table["tissue"] == "blood")].sort_values("estimate")
    want = table[["gene", "estimate", "ci_low", "ci_high"]].to_numpy().tolist()
    assert [r[0] for r in drawn(ax)] == [w[0] for w in want]
    assert np.array([r[1:] for r in drawn(ax)]) == pytest.approx(np.array([w[1:] for w in want], dtype=float))
    assert ax.get_title(loc="left") == "kim2018_irg28_geomean: blood, 5 patients"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_one_gene_by_hand():
    adata, _ = figures.simple(20)
    cpm = adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6
    value = np.log2(cpm + 1)[:, list(adata.var_names).index("ISG15")]
    before, after = value[12:32], value[32:52]
    interval = stats.ttest_rel(after, before).confidence_interval()
    row = next(r for r in drawn(ifn.pl.genes_change(change(20, RICE))) if r[0] == "ISG15")
    assert row[1:] == pytest.approx(((after - before).mean(), interval.low, interval.high))


def test_five_patients_cannot_reject_and_twenty_can():
    assert "With 5 patients no gene can reach p < 0.05 (smallest possible p: 0.0625)." in words(ifn.pl.genes_change(change(0)))
    table = change(20, KIM).tables["genes"]
    many = int((table["p_adj"] < 0.05).sum())
    assert 0 < many < len(table)
    ax = ifn.pl.genes_change(change(20, KIM))
    assert f"{many} of {len(table)} genes with adjusted p < 0.05" in words(ax)
    squares = next(c for c in ax.collections if "adjusted p" in str(c.get_label()))
    assert len(squares.get_offsets()) == many


def test_a_confounded_batch_shows_no_p():
    hidden = replaced(change(20, RICE), p=np.nan, p_adj=np.nan, note="batch confounded with time: no p; log2(CPM + 1)")
    ax = ifn.pl.genes_change(hidden)
    assert "No p: the batch is confounded with time." in words(ax)
    assert "adjusted p <" not in words(ax)
    assert ax.get_xlabel() == "Mean change of log2(CPM + 1)"


def test_genes_outside_the_score_are_hollow_and_unmeasured_ones_are_named():
    table = change(20, RICE).tables["genes"]
    gone = table["gene"] == "RSAD2"
    made = replaced(
        change(20, RICE),
        used_in_score=table["gene"] != "ISG15",
        n_patients=table["n_patients"].where(~gone, 0),
        estimate=table["estimate"].where(~gone),
    )
    ax = ifn.pl.genes_change(made)
    hollow = [c for c in ax.collections if "not used" in str(c.get_label())]
    assert [len(c.get_offsets()) for c in hollow] == [1]
    assert np.allclose(hollow[0].get_facecolor()[:, :3], 1)
    assert "RSAD2" not in [r[0] for r in drawn(ax)]
    assert "Not measured in any pair: RSAD2." in words(ax)


def test_a_hundred_genes_make_a_taller_figure_or_fewer_labels():
    few = ifn.pl.genes_change(change(0), signature="raupov2024_jdm5")
    many = ifn.pl.genes_change(change(20, IFNA))
    assert len(drawn(many)) == 97
    assert many.get_figure().get_figheight() > 3 * few.get_figure().get_figheight()
    assert len(many.get_yticks()) == 97
    _, small = plt.subplots(figsize=(3.35, 4), layout="constrained")
    assert ifn.pl.genes_change(change(20, IFNA), ax=small) is small
    assert len(drawn(small)) == 97
    assert 10 < len(small.get_yticks()) < 50


def test_arms_are_drawn_one_at_a_time():
    made = ifn.tl.compare(*figures.simple(20, arms=True), scores=RICE, rng=1)
    first = ifn.pl.genes_change(made).get_title(loc="left")
    assert first == "rice2013_ags6: placebo, 10 patients"
    assert "tofacitinib, 10 patients" in ifn.pl.genes_change(made, group="tofacitinib").get_title(loc="left")
    with pytest.raises(UsageError, match="no group 'tofa'; there are placebo, tofacitinib"):
        ifn.pl.genes_change(made, group="tofa")


def test_pictures(tmp_path):
    images.same(ifn.pl.genes_change(change(0)), "genes_change", tmp_path)
    images.same(ifn.pl.genes_change(change(0), signature="raupov2024_jdm5"), "genes_change_5_genes", tmp_path)
    images.same(ifn.pl.genes_change(change(3)), "genes_change_3", tmp_path)
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 4), layout="constrained")
        images.same(ifn.pl.genes_change(change(20, IFNA), ax=ax), "genes_change_97_genes", tmp_path)
    images.same(ifn.pl.genes_change(change(150, RICE)), "genes_change_300_samples", tmp_path)


def test_the_picture_would_notice_one_gene(tmp_path):
    table = change(0).tables["genes"]
    made = replaced(change(0), estimate=table["estimate"].where(table["gene"] != "MX1", 0.5))
    images.differs(ifn.pl.genes_change(made), "genes_change", tmp_path)


def test_what_holds_no_genes_is_refused():
    adata, cohort = figures.example()
    only = ifn.tl.compare(ifn.get.scores(adata), cohort)
    with pytest.raises(DataError, match="holds no gene-level changes"):
        ifn.pl.genes_change(only)
    with pytest.raises(UsageError, match="not AnnData"):
        ifn.pl.genes_change(adata)
    with pytest.raises(UsageError, match="not the result of associate"):
        ifn.pl.genes_change(dataclasses.replace(change(0), verb="associate"))
    with pytest.raises(UsageError, match="no signature 'kim'"):
        ifn.pl.genes_change(change(0), signature="kim")
