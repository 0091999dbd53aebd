"""The swimmer plot: bars, gaps, stops, samples and lines are those of the cohort, and the picture is the one looked at."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from tests import figures, images
from tests.clinic_cohorts import clinic, pairs
from tests.figures_clinic import TOLD, clinic_of

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError
from ifnscore.pl import _timeline_lanes as lanes
from ifnscore.pl._timeline_course import courses

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN = "kim2018_irg28_geomean"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def bars(ax):
    """Return (lane from the top, start, stop, height) of every bar."""
    top = len(ax.get_yticks())
    made = [p for p in ax.patches if isinstance(p, Rectangle)]
    return [(top - 1 - int(p.get_y() // 1), p.get_x(), p.get_x() + p.get_width(), round(p.get_height(), 6)) for p in made]


def marks(ax, marker_colour):
    """Return (day, y) of all marks of one colour."""
    found = [c for c in ax.collections if len(c.get_offsets()) and len(c.get_facecolors())]
    mine = [c for c in found if tuple(c.get_facecolors()[0][:3]) == to_rgba(marker_colour)[:3]]
    return [tuple(map(float, xy)) for c in mine for xy in c.get_offsets()]


def said(ax):
    return [t.get_text() for t in ax.texts]


def legend(ax):
    return [t.get_text().replace("\n", " ") for t in ax.get_legend().get_texts()]


def test_bars_are_the_exposures_and_their_height_is_the_dose():
    adata, cohort = figures.example()
    ax = ifn.pl.timeline(cohort, adata)
    e = cohort.exposures.sort_values(["patient_id", "start_day"])
    last = {p: max(t.loc[t["patient_id"] == p, "day"].max() for t in (cohort.samples, cohort.visits)) for p in e["patient_id"]}
    stops = e["stop_day"].fillna(e["patient_id"].map(last))
    where = {p: i for i, p in enumerate(sorted(cohort.codes))}
    full = 2 * lanes.plan(0.7, 6.0).half
    want = [
        (where[p], a, b, round(full * d / 0.45, 6))
        for p, a, b, d in zip(e["patient_id"], e["start_day"], stops, e["dose_mg_kg"], strict=True)
    ]
    assert bars(ax) == want
    assert "on tofacitinib; height and number: dose, at most 0.45 mg/kg/day" in legend(ax)
    assert {"0.45", "0.21", "0.18", "0.28", "0.25", "0.32"} <= set(said(ax))


def test_interruption_stop_and_arrows_stand_where_the_drug_ended():
    _, cohort = figures.example()
    ax = ifn.pl.timeline(cohort)
    gaps = [line for line in ax.lines if line.get_color() == lanes.OFF]
    assert [list(g.get_xdata()) for g in gaps] == [[156.0, 186.0]]
    assert int(gaps[0].get_ydata()[0]) == 0  # SYN-06 is the last of six lanes
    assert [(x, int(y)) for x, y in marks(ax, lanes.OFF)] == [(34.0, 1)]
    assert len(marks(ax, lanes.ON)) == 5
    assert said(ax).count("AE") == 2
    assert "went on when last seen" in legend(ax)


def test_every_sample_of_a_patient_is_a_mark_of_its_tissue():
    _, cohort = figures.example()
    ax = ifn.pl.timeline(cohort)
    s = cohort.samples[~cohort.samples["is_control"]]
    lane = {p: 5 - i for i, p in enumerate(sorted(cohort.codes))}
    for tissue in ("blood", "skin"):
        mine = s[s["tissue"] == tissue]
        want = sorted((float(d), lane[p]) for p, d in zip(mine["patient_id"], mine["day"], strict=True))
        assert sorted((x, int(y // 1)) for x, y in marks(ax, lanes.TISSUES[tissue][0])) == want
    assert {"blood sample", "skin sample"} <= set(legend(ax))


def test_the_small_lines_are_the_measure_and_the_score_on_one_scale():
    adata, cohort = figures.example()
    ax = ifn.pl.timeline(cohort, adata)
    plan = lanes.plan(0.7, 6.0)
    strips = {c: lanes.strip(plan, k, 2) for k, c in enumerate((lanes.MEASURE, lanes.TISSUES["blood"][0]))}
    assert strips[lanes.MEASURE][0] > strips[lanes.TISSUES["blood"][0]][1]  # neither line can hide the other
    day = cohort.visits.set_index(["patient_id", "visit_id"])["day"]
    o = cohort.outcomes[(cohort.outcomes["instrument"] == "cdasi_activity") & cohort.outcomes["value"].notna()]
    log2 = np.log2(ifn.get.scores_wide(adata)[GEOMEAN])
    s = cohort.samples[~cohort.samples["is_control"] & (cohort.samples["tissue"] == "blood")]
    values = {
        lanes.MEASURE: [(p, float(day[p, v]), x) for p, v, x in zip(o["patient_id"], o["visit_id"], o["value"], strict=True)],
        lanes.TISSUES["blood"][0]: [(p, d, log2[i]) for p, d, i in zip(s["patient_id"], s["day"], s["sample_id"], strict=True)],
    }
    for colour, rows in values.items():
        bottom, top = strips[colour]
        low, high = min(r[2] for r in rows), max(r[2] for r in rows)
        drawn = [line for line in ax.lines if line.get_color() == colour]
        assert len(drawn) == 6
        for i, (patient, line) in enumerate(zip(sorted(cohort.codes), drawn, strict=True)):
            mine = sorted((d, v) for p, d, v in rows if p == patient)
            assert list(line.get_xdata()) == [d for d, _ in mine]
            share = (np.asarray(line.get_ydata()) - (5 - i) - bottom) / (top - bottom)
            assert low + share * (high - low) == pytest.approx([v for _, v in mine])
    assert "CDASI version 2, activity: 4 to 33 points, one scale in all lanes" in legend(ax)
    assert any(text.startswith(f"{GEOMEAN} in blood: ") for text in legend(ax))


def test_a_drug_that_goes_on_at_the_data_cut_ends_there():
    exposures = [{"patient_id": "k1"}, {"patient_id": "k2", "stop_day": 300, "reason_stop": "planned"}]
    cohort = figures.coded(clinic(pairs(2), exposures, "data_cut_day = 250\n"))
    found, _ = courses(cohort)
    assert [(c.bars[-1].stop, c.ongoing, c.last) for c in found] == [(250.0, True, 250.0)] * 2
    assert "went on at the data cut, day 250" in legend(ifn.pl.timeline(cohort))


def test_a_reason_that_is_not_recorded_is_looked_for_among_adverse_events():
    exposures = [
        *({"patient_id": "k1", "start_day": a, "stop_day": b} for a, b in ((0, 50), (80, ""))),
        {"patient_id": "k2", "stop_day": 60},
        {"patient_id": "k3", "stop_day": 60, "reason_stop": "lack_efficacy"},
    ]
    events = [
        {"patient_id": "k1", "ae_id": "1", "onset_day": 45, "term": "x", "action": "interrupted"},
        {"patient_id": "k2", "ae_id": "1", "onset_day": 10, "term": "x", "action": "none"},
        {"patient_id": "k3", "ae_id": "1", "onset_day": 59, "term": "x", "action": "discontinued"},
    ]
    found, _ = courses(figures.coded(clinic(pairs(3), exposures, adverse_events=events)))
    assert [(g.start, g.stop, g.reason) for g in found[0].gaps] == [(50.0, 80.0, "AE")]
    assert [(c.stopped, c.reason) for c in found[1:]] == [(60.0, "reason not recorded"), (60.0, "lack of efficacy")]


def test_a_change_of_dose_is_no_gap_and_a_missing_dose_is_an_empty_bar():
    exposures = [
        *({"patient_id": "k1", "start_day": a, "stop_day": b, "dose": d} for a, b, d in ((0, 50, 5), (50, 90, 10), (90, "", ""))),
        {"patient_id": "k2", "dose": 5},
    ]
    cohort = figures.coded(clinic(pairs(2), exposures))
    found, unit = courses(cohort)
    assert (unit, found[0].gaps) == ("mg/day", ())
    ax = ifn.pl.timeline(cohort)
    heights = [h for _, _, _, h in bars(ax)]
    assert heights[0] == pytest.approx(heights[1] / 2) == heights[3]
    hatched = [p for p in ax.patches if p.get_hatch()]
    assert [p.get_x() for p in hatched] == [90.0]
    assert "on tofacitinib, dose not known in mg/day" in legend(ax)


def test_a_patient_who_never_had_the_drug_has_a_lane():
    cohort = figures.coded(clinic(pairs(2), [{"patient_id": "k1"}]))
    ax = ifn.pl.timeline(cohort)
    assert "never on the drug" in said(ax)
    assert ax.get_title(loc="left") == "2 patients"
    assert len(bars(ax)) == 1


def test_what_does_not_fit_is_left_out_and_said():
    cohort, table = clinic_of(40)
    ax = ifn.pl.timeline(cohort, table, **TOLD)
    assert not [line for line in ax.lines if line.get_color() == lanes.MEASURE]
    note = " ".join(said(ax)[-1].split())
    assert note == "Left out, because 40 lanes are too low for it: lines of measure and score, doses in numbers."
    assert [t.get_text() for t in ax.get_yticklabels()][:2] == ["P01", "P02"]
    _, small = plt.subplots(figsize=(5, 3))
    ifn.pl.timeline(cohort, table, **TOLD, ax=small)
    assert "codes of patients, reasons" in " ".join(said(small)[-1].split())


def test_no_date_no_id_and_no_event_is_written():
    adata, cohort = figures.example()
    ax = ifn.pl.timeline(cohort, adata)
    everything = " ".join([*said(ax), *legend(ax), *(t.get_text() for t in ax.get_yticklabels())])
    for word in ("SYN-", "neutropenia", "allergic", "20"):
        assert word not in everything.replace("kim2018", "")


def test_pictures(tmp_path):
    adata, cohort = figures.example()
    images.same(ifn.pl.timeline(cohort, adata), "timeline_example", tmp_path)
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 4.8), layout="constrained")
        images.same(ifn.pl.timeline(cohort, adata, ax=ax), "timeline_column", tmp_path)
    images.same(ifn.pl.timeline(clinic_of(3)[0]), "timeline_3", tmp_path)
    many, table = clinic_of(40)
    images.same(ifn.pl.timeline(many, table, **TOLD), "timeline_40", tmp_path)


def test_the_picture_would_notice_a_later_stop(tmp_path):
    adata, cohort = figures.example()
    exposures = cohort.exposures.copy()
    exposures.loc[exposures["stop_day"] == 34, "stop_day"] = 64.0
    images.differs(ifn.pl.timeline(dataclasses.replace(cohort, exposures=exposures), adata), "timeline_example", tmp_path)


def test_given_axes_are_used():
    _, ax = plt.subplots()
    assert ifn.pl.timeline(clinic_of(3)[0], ax=ax) is ax


def test_bad_calls_are_refused():
    adata, cohort = figures.example()
    with pytest.raises(DataError, match="needs exposures and days"):
        ifn.pl.timeline(figures.simple(3)[1])
    with pytest.raises(UsageError, match="describe scores"):
        ifn.pl.timeline(cohort, tissue="blood")
    with pytest.raises(UsageError, match="no tissue 'bloot'"):
        ifn.pl.timeline(cohort, adata, tissue="bloot")
    with pytest.raises(DataError, match="no outcome cmas in outcomes.csv"):
        ifn.pl.timeline(clinic_of(3)[0], instrument="cmas")
    with pytest.raises(UsageError, match="cdsai"):
        ifn.pl.timeline(cohort, instrument="cdsai")


def test_marks_shrink_with_the_lanes_and_arrows_stay_in_the_axes():
    adata, cohort = figures.example()
    with ifn.pl.style():
        _, ax = plt.subplots(figsize=(3.35, 2.6), layout="constrained")
        ifn.pl.timeline(cohort, adata, ax=ax)
        ax.figure.draw_without_rendering()
    lane = ax.get_window_extent().height / 6 / ax.figure.dpi * 72
    blood = next(c for c in ax.collections if len(c.get_offsets()) and c.get_sizes()[0] > 1)
    assert blood.get_sizes()[0] ** 0.5 < lane
    arrows = [c for c in ax.collections if c.get_clip_on() is False and len(c.get_offsets())]
    assert arrows
    assert all(c.get_window_extent().x1 <= ax.get_window_extent().x1 + 1 for c in arrows)
    assert ax.get_title(loc="right") == "SYNTHETIC data"


def test_single_values_are_no_lines_in_the_legend():
    adata, cohort = figures.example()
    first = cohort.samples.sort_values("day").groupby(["patient_id", "tissue"]).head(1).index
    alone = dataclasses.replace(cohort, samples=cohort.samples.loc[first])
    ax = ifn.pl.timeline(alone, adata)
    shown = next(h for h in ax.get_legend().legend_handles if GEOMEAN in h.get_label())
    assert shown.get_linestyle() == "None"
