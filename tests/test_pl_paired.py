"""The paired figure: what is drawn are the numbers, and the picture is the one that was looked at."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import UsageError
from ifnscore.pl import _style
from ifnscore.pl.paired import apart

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN = "kim2018_irg28_geomean"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn(ax):
    """Return (x, y) of every point, rounded."""
    points = np.vstack([np.ma.getdata(c.get_offsets()) for c in ax.collections if len(c.get_offsets())])
    return sorted((round(float(a), 6), round(float(b), 6)) for a, b in points)


def test_every_sample_is_a_point_at_its_day_and_log2_score():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort)
    rows = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    score = np.log2(ifn.get.scores_wide(adata).loc[rows["sample_id"], GEOMEAN])
    assert drawn(ax) == sorted((round(d, 6), round(s, 6)) for d, s in zip(rows["day"], score, strict=True))


def test_interrupted_samples_are_hollow_and_others_are_not():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort)
    hollow = [c for c in ax.collections if len(c.get_offsets()) and not len(c.get_facecolors())]
    days = sorted(float(c.get_offsets()[0][0]) for c in hollow)
    assert len(days) == 2  # one interruption, one discontinuation: cohort/README of the example


def test_the_band_is_the_range_of_donors_and_not_of_tubes():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort)
    s = cohort.samples
    controls = s[s["is_control"] & (s["tissue"] == "blood")]
    score = np.log2(ifn.get.scores_wide(adata).loc[controls["sample_id"], GEOMEAN]).to_numpy()
    person = controls["donor_id"].where(controls["donor_id"] != "", controls["sample_id"]).to_numpy()
    means = [score[person == p].mean() for p in set(person)]
    band = next(p for p in ax.patches)
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx((min(means), max(means)))
    assert len(means) < len(score)
    assert f"{len(means)} healthy controls" in band.get_label()


def test_pairs_are_those_of_compare():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort, x="pair")
    table = ifn.tl.compare(adata, cohort, scores=GEOMEAN).tables["patients"]
    one = table[(table["tissue"] == "blood") & (table["contrast"] == "followup_minus_baseline")]
    one = one[(one["estimand"] == "while_on_treatment") & (one["excluded"] == "")]
    want = [(0.0, round(b, 6)) for b in one["baseline"]] + [(1.0, round(f, 6)) for f in one["followup"]]
    assert drawn(ax) == sorted(want)


def test_pictures(tmp_path):
    adata, cohort = figures.example()
    images.same(ifn.pl.paired(adata, cohort), "paired_day", tmp_path)
    images.same(ifn.pl.paired(adata, cohort, x="pair"), "paired_pair", tmp_path)
    images.same(ifn.pl.paired(*figures.simple(3)), "paired_3", tmp_path)
    images.same(ifn.pl.paired(*figures.simple(20, arms=True)), "paired_20", tmp_path)
    images.same(ifn.pl.paired(*figures.simple(150)), "paired_300_samples", tmp_path)


def test_the_picture_would_notice_one_sample(tmp_path):
    adata, cohort = figures.example()
    late = cohort.samples.index[(cohort.samples["tissue"] == "blood") & (cohort.samples["day"] > 300)][0]
    cohort.samples.loc[late, "day"] += 60.0
    images.differs(ifn.pl.paired(adata, cohort), "paired_day", tmp_path)


def test_given_axes_are_used_and_settings_are_left_alone():
    before = dict(mpl.rcParams)
    _, ax = plt.subplots()
    assert ifn.pl.paired(*figures.simple(3), ax=ax) is ax
    assert dict(mpl.rcParams) == before
    with ifn.pl.style():
        assert mpl.rcParams["font.size"] == 8
    assert dict(mpl.rcParams) == before


def test_text_from_data_is_no_mathematics():
    adata, cohort = figures.simple(4)
    adata.obs["visit"] = adata.obs["visit"].astype(str)
    assert _style.plain("a$b$\nc") == r"a\$b\$ c"
    ax = ifn.pl.paired(adata, cohort, tissue="unknown")
    ax.get_figure().canvas.draw()


def test_no_such_tissue_or_x():
    adata, cohort = figures.example()
    with pytest.raises(UsageError, match="no tissue 'bloot'.*Did you mean: blood"):
        ifn.pl.paired(adata, cohort, tissue="bloot")
    with pytest.raises(UsageError, match="none of auto, day, pair"):
        ifn.pl.paired(adata, cohort, x="week")


def test_labels_are_moved_apart_and_stay_in_order():
    assert apart([0.5, 0.51, 0.52], 0.05) == pytest.approx([0.5, 0.55, 0.6])
    assert apart([0.96, 0.97, 0.99], 0.05) == pytest.approx([0.9, 0.95, 1.0])
    assert apart([], 0.05) == []


def simple_days(times):
    """Return a simple design of four patients with two times each, and their scores as a table."""
    who = [f"k{i}" for i in range(4)] * 2
    frame = pd.DataFrame({"patient": who, "week": [times[0]] * 4 + [times[1]] * 4, "ifn": np.arange(8.0)}, index=list("abcdefgh"))
    cohort = ifn.Cohort.from_samples(frame, patient="patient", time="week", baseline=times[0], followup=times[1])
    return frame, figures.coded(cohort)


def test_times_of_a_simple_design_keep_their_name_and_words_are_no_days():
    ax = ifn.pl.paired(*simple_days((0, 12)), x="day", scores="ifn", score_type="log")
    assert ax.get_xlabel() == "week"
    assert "follow-up" in [t.get_text() for t in ax.get_legend().get_texts()]
    assert "drug" not in " ".join(t.get_text() for t in ax.get_legend().get_texts())
    with pytest.raises(UsageError, match="x='day' needs times that are numbers, and column 'week' holds none: take x='pair'"):
        ifn.pl.paired(*simple_days(("before", "after")), x="day", scores="ifn", score_type="log")


def test_who_is_not_shown_is_counted_with_the_reason():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort, x="pair")
    said = " ".join(" ".join(t.get_text() for t in ax.texts).split())
    assert "Not shown: 1 patient (no follow-up sample on the drug in the window)." in said
    frame, simple = simple_days((0, 12))
    frame.loc[["a", "e"], "ifn"] = np.nan
    ax = ifn.pl.paired(frame, simple, x="day", scores="ifn", score_type="log")
    assert "Not shown: 1 patient (score not computable)." in " ".join(t.get_text() for t in ax.texts)


def test_a_child_can_be_followed_and_hollow_points_lie_on_top():
    adata, cohort = figures.example()
    ax = ifn.pl.paired(adata, cohort)
    codes = [t.get_text() for t in ax.texts]
    assert all(codes.count(p) == 2 for p in cohort.codes.values())
    looks = {(str(line.get_color()), str(line.get_linestyle())) for line in ax.lines[1:7]}
    assert len(looks) >= 4
    hollow = [c.get_zorder() for c in ax.collections if len(c.get_offsets()) and not len(c.get_facecolors())]
    filled = [c.get_zorder() for c in ax.collections if len(c.get_offsets()) and len(c.get_facecolors())]
    assert min(hollow) > max(filled)
    assert ax.get_title(loc="right") == "SYNTHETIC data"
    many = [drawn(ifn.pl.paired(*figures.simple(50))) for _ in range(2)]
    assert len({x for x, _ in many[0]}) == 100
    assert many[0] == many[1]


def test_the_signature_shown_has_scores_unless_it_was_named(caplog):
    frame, cohort = simple_days((0, 12))
    frame["other"] = frame["ifn"] + 1
    frame["ifn"] = np.nan
    caplog.set_level("INFO", logger="ifnscore")
    ax = ifn.pl.paired(frame, cohort, scores=["ifn", "other"], score_type="log")
    assert ax.get_ylabel() == "other (log2)"
    assert "no sample has a score of ifn: other is shown" in caplog.text


@pytest.mark.filterwarnings("error")
def test_letters_that_the_fonts_lack_make_no_warning(tmp_path):
    assert _style.plain("P\u00fc\u03b1") == "P\u00fc\u03b1"
    assert _style.plain("\u674e1") == "\\u674e1"
    with _style.any_letter():
        assert _style.plain("\u674e") == "\u674e"
    frame, cohort = simple_days((0, 12))
    ax = ifn.pl.paired(frame.rename(columns={"ifn": "\u5e72\u6270"}), cohort, scores="\u5e72\u6270", score_type="log")
    ax.get_figure().savefig(tmp_path / "a.png")
    ax.get_figure().savefig(tmp_path / "a.svg")


def test_ink_follows_a_dark_page():
    with plt.style.context("dark_background"):
        ax = ifn.pl.type_balance(*figures.example())
        dark = [t for t in ax.texts if t.get_color() not in {"white", "w"}]
    assert not dark
