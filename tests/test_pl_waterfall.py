"""The waterfall: bars are what the definition compares, and what the table says of it is true of every definition."""

from __future__ import annotations

import dataclasses
import math

import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from tests import figures, images
from tests.figures_clinic import link_of, link_of_example

import ifnscore as ifn
from ifnscore.analysis import _responders
from ifnscore.errors import DataError, UsageError
from ifnscore.instruments import responses
from ifnscore.pl import _style

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN = "kim2018_irg28_geomean"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def link():
    return link_of_example(GEOMEAN)


def bars(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle) and p in [b for c in ax.containers for b in c]]


def changed(result, **columns):
    """Return a result whose responders have other values."""
    judged = result.tables["responders"].assign(**columns)
    return dataclasses.replace(result, tables={**result.tables, "responders": judged})


def legend(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


def said(ax):
    return " ".join(" ".join(t.get_text() for t in ax.texts).split())


def test_bars_are_the_improvements_in_points_the_best_first():
    _, cohort = figures.example()
    ax = ifn.pl.waterfall(link())
    # by hand from cohort/outcomes.csv of the example: baseline minus follow-up of CDASI activity
    judged = link().tables["responders"].set_index("patient_id")
    o = cohort.outcomes[cohort.outcomes["instrument"] == "cdasi_activity"].merge(cohort.visits, on=["patient_id", "visit_id"])
    of = {(cohort.codes[p], d): v for p, d, v in zip(o["patient_id"], o["day"], o["value"], strict=True)}
    known = judged[judged["evaluable"]]
    gain = {p: of[p, r["day_before"]] - of[p, r["day_after"]] for p, r in known.iterrows()}
    assert [b.get_height() for b in bars(ax)] == sorted(gain.values(), reverse=True)
    codes = [t.get_text() for t in ax.get_xticklabels()]
    assert codes[:-1] == sorted(gain, key=lambda p: -gain[p])
    assert codes[-1] == judged.index[~judged["evaluable"]][0]
    assert [bool(b.get_hatch()) for b in bars(ax)] == [v < 4 for v in sorted(gain.values(), reverse=True)]
    assert ax.get_ylabel().replace("\n", " ") == "Improvement of CDASI version 2, activity (points)"


def test_the_line_the_label_and_the_rate_are_those_of_the_tables():
    ax = ifn.pl.waterfall(link())
    lines = [line for line in ax.lines if line.get_color() == _style.VERMILLION]
    assert [list(line.get_ydata()) for line in lines] == [[4.0, 4.0]]
    assert " ".join(ax.get_title(loc="left").split()) == "CDASI activity falls by at least 4 points (adult-derived)"
    assert "met by 4 of 5 evaluable patients (95 % interval 28 to 99.5 %)" in said(ax)
    assert {"met (n = 4)", "not met (n = 1)", "n/e: not evaluable (n = 1)", "at least 4 points", "stopped: AE"} == set(legend(ax))


def test_who_cannot_be_judged_is_named_with_the_reason_and_stops_are_marked():
    ax = ifn.pl.waterfall(link())
    judged = link().tables["responders"]
    one = judged[~judged["evaluable"]].iloc[0]
    assert f"Not evaluable, {one['patient_id']}: no follow-up visit on the drug in the window." in said(ax)
    marks = [c for c in ax.collections if len(c.get_offsets())]
    assert [float(c.get_offsets()[0][0]) for c in marks] == [5.0]  # the last of six places
    assert one["stopped"] == "AE"


def test_a_state_is_met_below_its_line_and_the_lowest_stands_first():
    made = changed(link(), met_if="at most", threshold=12.0, quantity="index at follow-up")
    heights = [b.get_height() for b in bars(ifn.pl.waterfall(made))]
    assert heights == sorted(heights)
    assert "at most 12 points" in legend(ifn.pl.waterfall(made))


def test_many_patients_are_counted_and_not_named():
    ax = ifn.pl.waterfall(link_of(150))
    judged = link_of(150).tables["responders"]
    assert [b.get_height() for b in bars(ax)] == sorted(judged["value"].dropna(), reverse=True)
    assert "Codes of 150 patients are left out." in said(ax)
    assert not list(ax.get_xticks())


def test_nobody_to_judge_is_said():
    nobody = changed(link(), value=math.nan, met=None, evaluable=False, reason="no visit")
    ax = ifn.pl.waterfall(nobody)
    assert "no patient can be judged" in said(ax)
    assert not bars(ax)


#: Definition -> values before and after of which the second just misses; what the table must call it.
AT_THE_LINE = {
    "cdasi_abs4": (20, 16, 16.5, "cdasi_activity", "improvement of CDASI version 2, activity", "points", 4),
    "cdasi_abs5": (20, 15, 15.5, "cdasi_activity", "improvement of CDASI version 2, activity", "points", 5),
    "cdasi_pct40_if_gt14": (20, 12, 12.5, "cdasi_activity", "improvement of CDASI version 2, activity", "% of the baseline", 40),
    "skin_vas_2cm": (5, 3, 3.1, "skin_vas", None, "cm", 2),
    "global_20pct": (5, 4, 4.1, "patient_global", None, "% of the baseline", 20),
    "tis_min": (None, 30, 27.5, "tis", "Total Improvement Score", "points", 30),
    "tis_mod": (None, 45, 42.5, "tis", "Total Improvement Score", "points", 45),
    "tis_maj": (None, 70, 67.5, "tis", "Total Improvement Score", "points", 70),
    "jdmai_state": (None, 2.4, 2.5, "jdmai1", None, "points", 2.4),
}


@pytest.mark.parametrize("name", AT_THE_LINE)
def test_the_threshold_of_the_table_is_where_the_verdict_turns(name):
    before, at, beyond, instrument, quantity, unit, line = AT_THE_LINE[name]
    found = _responders.scale(responses.get(name), instrument)
    assert (found["unit"], found["threshold"]) == (unit, line)
    assert quantity is None or found["quantity"] == quantity
    more = {"instrument": instrument} if name in {"global_20pct", "jdmai_state"} else {}
    met, missed = (responses.evaluate(name, before, x, **more) for x in (at, beyond))
    assert (met.met, missed.met) == (True, False)
    assert met.value == pytest.approx(line)
    assert (missed.value < line) == (found["met_if"] == "at least")


def test_counts_of_criteria_have_the_line_of_the_rule():
    found = _responders.scale(responses.get("printo_cid"))
    assert (found["quantity"], found["unit"], found["threshold"]) == ("criteria met at follow-up", "of 4", 3)
    made = responses.evaluate("printo_cid", None, {"ck": 100, "cmas": 50, "mmt8": 80, "physician_global": 2})
    assert (made.met, made.value) == (True, 3)
    found = _responders.scale(responses.get("imacs_doi"))
    assert (found["unit"], found["threshold"], found["met_if"]) == ("of 6", 3, "at least")
    assert set(AT_THE_LINE) | {"printo_cid", "imacs_doi"} == set(responses.names())


def test_the_table_of_responders_says_what_it_compares():
    judged = link().tables["responders"]
    columns = ["quantity", "unit", "threshold", "met_if", "adult_derived"]
    want = {("improvement of CDASI version 2, activity", "points", 4.0, "at least", True)}
    assert set(judged[columns].itertuples(index=False, name=None)) == want
    known = judged[judged["evaluable"]]
    assert ((known["value"] >= known["threshold"]) == known["met"].astype(bool)).all()


def test_pictures(tmp_path):
    images.same(ifn.pl.waterfall(link()), "waterfall_example", tmp_path)
    for n in (3, 20, 150):
        images.same(ifn.pl.waterfall(link_of(n)), f"waterfall_{n}", tmp_path)


def test_the_picture_would_notice_one_point(tmp_path):
    judged = link().tables["responders"]
    other = changed(link(), value=judged["value"].where(judged["value"] != 10, 11.0))
    images.differs(ifn.pl.waterfall(other), "waterfall_example", tmp_path)


def test_given_axes_are_used_and_bad_calls_refused():
    _, ax = plt.subplots()
    assert ifn.pl.waterfall(link(), ax=ax) is ax
    with pytest.raises(UsageError, match="shows the result of tl.associate, and this is one of compare"):
        ifn.pl.waterfall(dataclasses.replace(link(), verb="compare"))
    none = {k: v for k, v in link().tables.items() if k != "responders"}
    with pytest.raises(DataError, match="no response was judged"):
        ifn.pl.waterfall(dataclasses.replace(link(), tables=none))


def test_who_cannot_be_judged_is_a_stub_and_a_value_is_not_struck_through():
    ax = ifn.pl.waterfall(link_of_example(GEOMEAN))
    low, high = ax.get_ylim()
    stubs = [p for p in ax.patches if p.get_hatch() == "xxx"]
    assert stubs
    assert all(p.get_height() < 0.05 * (high - low) for p in stubs)
    assert [t.get_text() for t in ax.texts].count("n/e") == len(stubs)
    ax.get_figure().draw_without_rendering()
    line = ax.transData.transform((0, 4.0))[1]  # cdasi_abs4
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text().isdigit()]
    assert boxes
    assert not any(b.y0 <= line <= b.y1 for b in boxes)
    assert ax.get_title(loc="right") == "SYNTHETIC data"
