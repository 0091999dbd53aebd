"""Phases of a day, from the rules of the specification, with every edge."""

from __future__ import annotations

import math

import pytest
from tests.clinic_cohorts import clinic

from ifnscore.cohort import Settings
from ifnscore.cohort import _exposure as ex
from ifnscore.cohort import _timeline as timeline

RULES = Settings(index_drug="d", min_days_on=28, grace_days=1, washout_days=14)
ONGOING = [(0.0, math.nan)]
INTERRUPTED = [(0.0, 90.0), (120.0, math.nan)]
STOPPED = [(0.0, 100.0)]


def phase(day, intervals, settings=RULES, **more):
    return ex.moment(day, ex.runs(intervals, settings.grace_days), settings, **more).phase


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-400, "baseline"),
        (-0.1, "baseline"),
        (0.5, "start_day"),
        (0, "start_day"),
        (1, "early_on"),
        (27.9, "early_on"),
        (28, "on"),
        (900, "on"),
    ],
)
def test_a_drug_that_goes_on(day, expected):
    assert phase(day, ONGOING) == expected


def test_the_first_day_is_baseline_only_when_it_is_known_to_be_before_the_dose():
    assert phase(0, ONGOING, pre_dose=True) == "baseline"
    assert phase(0.3, ONGOING, pre_dose=True) == "baseline"
    assert phase(0, ONGOING) == "start_day"
    assert phase(0, ONGOING, hours_since_last_dose=2) == "early_on"
    assert phase(1, ONGOING, pre_dose=True) != "baseline", "the second day is after a dose, whatever is ticked"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (89.9, "on"),
        (90, "on"),  # the stop day is the first day without: the last dose was within the grace
        (91, "on"),  # gap = grace
        (91.1, "carry_over"),
        (104, "carry_over"),  # gap = washout
        (104.1, "off_interrupted"),
        (119.9, "off_interrupted"),
        (120, "early_on"),  # minimum days count anew from the restart
        (147.9, "early_on"),
        (148, "on"),
    ],
)
def test_an_interruption(day, expected):
    assert phase(day, INTERRUPTED) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(100, "on"), (101, "on"), (114, "carry_over"), (114.5, "off_discontinued"), (600, "off_discontinued")]
)
def test_a_discontinuation(day, expected):
    assert phase(day, STOPPED) == expected


def test_stopping_before_the_minimum_days_never_becomes_on():
    assert [phase(d, [(0, 20)]) for d in (19, 20, 21, 30, 40)] == [
        "early_on",
        "early_on",
        "early_on",
        "carry_over",
        "off_discontinued",
    ]


def test_a_change_of_dose_without_a_gap_is_no_interruption():
    changed = [(0.0, 20.0), (20.0, math.nan)]
    assert phase(28, changed) == "on"
    assert ex.interruptions(ex.runs(changed)) == []


@pytest.mark.parametrize(("gap", "n_runs"), [(1, 1), (1.5, 2), (3, 2)])
def test_a_gap_within_the_grace_days_joins_two_intervals(gap, n_runs):
    assert len(ex.runs([(0, 50), (50 + gap, math.nan)], 1)) == n_runs


def test_a_short_gap_interrupts_although_it_never_leaves_the_washout():
    short = [(0, 50), (60, math.nan)]
    assert [phase(d, short) for d in (55, 60, 87, 88)] == ["carry_over", "early_on", "early_on", "on"]


def test_grace_and_washout_are_settings():
    loose = Settings(index_drug="d", grace_days=3, washout_days=30, min_days_on=7)
    assert [phase(d, STOPPED, loose) for d in (103, 103.5, 130, 131)] == ["on", "carry_over", "carry_over", "off_discontinued"]
    assert [phase(d, ONGOING, loose) for d in (6.9, 7)] == ["early_on", "on"]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(3, "on"), (24, "on"), (25, "carry_over"), (336, "carry_over"), (337, "off_interrupted"), (math.nan, "on")],
)
def test_missed_doses_count_whatever_the_interval_says(hours, expected):
    assert phase(200, ONGOING, hours_since_last_dose=hours) == expected


def test_a_recent_dose_does_not_undo_a_stop():
    assert phase(150, STOPPED, hours_since_last_dose=2) == "off_discontinued"


def test_never_on_the_drug():
    assert phase(-5, []) == phase(50, []) == "never_on_drug"


def test_days_on_start_again_and_total_days_leave_the_gap_out():
    at = ex.moment(150, ex.runs(INTERRUPTED), RULES)
    assert (at.days_on, at.total_days_on) == (30, 120)
    gap = ex.moment(110, ex.runs(INTERRUPTED), RULES)
    assert (gap.days_on, gap.total_days_on) == (90, 90)
    before = ex.moment(-3, ex.runs(INTERRUPTED), RULES)
    assert (before.days_on, before.total_days_on) == (0, 0)


@pytest.mark.parametrize(
    ("intervals", "cut", "expected"),
    [
        (ONGOING, 400, None),
        (STOPPED, 400, 100),
        (STOPPED, None, 100),
        (STOPPED, 100, None),  # still on it when follow-up ended
        ([(0, 90), (120, 300)], 400, 300),
        ([], 400, None),
    ],
)
def test_discontinued_is_not_the_same_as_the_end_of_follow_up(intervals, cut, expected):
    found = ex.discontinued_on(ex.runs(intervals), cut)
    assert found == expected if expected is not None else math.isnan(found)


def test_intervals_may_stand_in_any_order_and_drug_names_in_any_case():
    cohort = clinic(
        [{"sample_id": "a", "patient_id": "k1", "day": 110}],
        [{"patient_id": "k1", "drug": "Tofacitinib", "start_day": 120}, {"patient_id": "k1", "start_day": 0, "stop_day": 90}],
    )
    assert list(timeline.samples(cohort)["phase"]) == ["off_interrupted"]


def test_samples_of_the_first_day_and_visits_of_the_first_day():
    samples = [{"sample_id": f"s{i}", "patient_id": f"k{i}", "day": 0, "pre_dose": p} for i, p in ((1, "yes"), (2, ""), (3, ""))]
    visits = [{"patient_id": "k2", "visit_id": "V0", "day": 0, "visit_type": "planned"}]
    visits += [{"patient_id": "k3", "visit_id": "V0", "day": 0, "visit_type": "baseline"}]
    cohort = clinic(samples, [{"patient_id": f"k{i}"} for i in (1, 2, 3)], visits=visits)
    got = timeline.samples(cohort).set_index("sample_id")["phase"]
    assert got.to_dict() == {"s1": "baseline", "s2": "start_day", "s3": "baseline"}
    assert list(timeline.visits(cohort)["phase"]) == ["baseline", "baseline"], (
        "what is seen on the first day is before the drug works"
    )


def test_controls_are_nobodys_samples_and_other_drugs_do_not_count():
    cohort = clinic(
        [{"sample_id": "a", "patient_id": "k1", "day": 50}, {"sample_id": "h", "is_control": "yes"}],
        [{"patient_id": "k1", "drug": "ruxolitinib", "start_day": 0}, {"patient_id": "k2"}],
    )
    got = timeline.samples(cohort)
    assert list(got["sample_id"]) == ["a"]
    assert list(got["phase"]) == ["never_on_drug"]
