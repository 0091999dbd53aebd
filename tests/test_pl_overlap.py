"""Shared genes of signatures: the counts that are drawn, and the picture that was looked at."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt
from tests import images

import ifnscore as ifn
from ifnscore.errors import UsageError

THREE = ["rice2013_ags6", "aybey_ifn2_6", "kim2018_irg28_z"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def names(ax):
    return [t.get_text().rsplit("  ", 1)[0] for t in ax.get_yticklabels()]


def cells(ax):
    """Return (row, column) -> the text of its cell."""
    return {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in ax.texts}


def test_counts_and_shares_are_those_of_the_gene_lists():
    ax = ifn.pl.overlap("panel")
    order = names(ax)
    lists = {s.id: set(ifn.signatures.to_network(s.id)["target"]) for s in ifn.signatures.resolve("panel")}
    written, share = cells(ax), ax.images[0].get_array()
    assert set(order) == set(lists)
    for i, a in enumerate(order):
        for j, b in enumerate(order):
            n = len(lists[a] & lists[b])
            assert written[i, j] == (str(n) if n else "·")
            if i == j:
                assert share.mask[i, j]
            else:
                assert share[i, j] == pytest.approx(n / min(len(lists[a]), len(lists[b])))


def test_types_stand_together_and_are_marked():
    ax = ifn.pl.overlap(THREE)
    assert names(ax) == ["rice2013_ags6", "kim2018_irg28_z", "aybey_ifn2_6"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["type I", "type II"]
    marks = {line.get_marker(): [int(y) for y in line.get_ydata()] for line in ax.lines}
    assert marks == {"o": [0, 1], "s": [2]}
    other = ifn.pl.overlap({"mine": ["IFI27", "MX1"], "yours": ["MX1", "OAS1", "IRF7"]})
    assert [t.get_text() for t in other.get_legend().get_texts()] == ["type not known"]
    assert cells(other) == {(0, 0): "2", (0, 1): "1", (1, 0): "1", (1, 1): "3"}


def test_names_from_files_are_no_mathematics():
    ax = ifn.pl.overlap({"a$x_1$": ["IFI27"], "b": ["MX1"]})
    ax.get_figure().canvas.draw()


def test_counts_that_do_not_fit_are_left_out_and_said():
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 3.4), layout="constrained")
        ifn.pl.overlap(list(ifn.signatures.ids()[:30]), ax=ax)
    assert not cells(ax)
    assert "counts are not written" in ax.get_legend().get_title().get_text()


def test_pictures(tmp_path):
    images.same(ifn.pl.overlap(THREE), "overlap_3", tmp_path)
    images.same(ifn.pl.overlap(), "overlap_panel", tmp_path)
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 3.4), layout="constrained")
        images.same(ifn.pl.overlap(list(ifn.signatures.ids()[:30]), ax=ax), "overlap_30_column", tmp_path)


def test_the_picture_would_notice_another_signature(tmp_path):
    images.differs(ifn.pl.overlap([*THREE[:2], "kim2018_irg25"]), "overlap_3", tmp_path)


def test_given_axes_are_used_and_one_signature_refused():
    _, ax = plt.subplots()
    assert ifn.pl.overlap(THREE, ax=ax) is ax
    assert np.isfinite(ax.get_window_extent().bounds).all()
    with pytest.raises(UsageError, match="ask for two or more"):
        ifn.pl.overlap("rice2013_ags6")
    with pytest.raises(UsageError, match="unknown signature 'ricee'"):
        ifn.pl.overlap("ricee")


def test_the_comparator_is_called_so_and_many_lists_have_no_numbers():
    ax = ifn.pl.overlap(["rice2013_ags6", "dejesus2020_nfkb11_control"])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["type I", "comparator"]
    ax = ifn.pl.overlap("all")
    assert not ax.texts
    assert "counts are not written: too many signatures" in ax.get_legend().get_title().get_text().replace("\n", " ")


def test_the_diagonal_is_light_on_a_dark_page():
    with plt.style.context("dark_background"):
        ax = ifn.pl.overlap(THREE)
    assert {t.get_color() for t in ax.texts if t.get_fontweight() == "bold"} == {"#ffffff"}
