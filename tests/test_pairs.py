"""Which samples make a pair, and the one reason why none does."""

from __future__ import annotations

import pandas as pd
import pytest

from ifnscore.cohort import Settings
from ifnscore.cohort import _pairs as pairs

RULES = Settings(index_drug="d")


def rows(*given):
    """Return samples from (day, phase[, platform[, batch]])."""
    filled = [(*g, *("RNA-seq", "A")[len(g) - 2 :]) for g in given]
    return pd.DataFrame(filled, columns=["day", "phase", "platform", "batch"])


def choose(table, settings=RULES, estimand="while_on_treatment", ok=None, calibrated=()):
    return pairs.choose(table, [True] * len(table) if ok is None else ok, settings, estimand, calibrated)


def days(table, found):
    return [list(table["day"].iloc[list(side)]) for side in (found.baseline, found.followup)]


@pytest.mark.parametrize(("day", "is_in"), [(-90, True), (-90.5, False), (-91, False), (-0.5, True), (0, True), (0.4, True)])
def test_edges_of_the_baseline_window(day, is_in):
    table = rows((day, "baseline"), (180, "on"))
    found = choose(table)
    assert (days(table, found) == [[day], [180]]) if is_in else (found == pairs.NO_BASELINE)


def test_the_last_baseline_or_the_mean_of_all():
    table = rows((-80, "baseline"), (-3, "baseline"), (-40, "baseline"), (-100, "baseline"), (180, "on"))
    assert days(table, choose(table))[0] == [-3]
    assert sorted(days(table, choose(table, Settings(baseline_rule="mean")))[0]) == [-80, -40, -3]


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([150, 190], 190),
        ([170, 190], 190),  # a tie goes to the later
        ([190, 170], 190),
        ([120, 241], 120),  # the edge of the window is in it
        ([119, 240], 240),
        ([179.5, 180.4], 180.4),
    ],
)
def test_the_followup_nearest_to_the_target(candidates, expected):
    table = rows((-3, "baseline"), *((d, "on") for d in candidates))
    assert days(table, choose(table))[1] == [expected]


def test_no_followup_outside_the_window():
    assert choose(rows((-3, "baseline"), (119.9, "on"), (240.1, "on"))) == pairs.NO_FOLLOWUP


def test_last_and_first_on_the_drug():
    table = rows((-3, "baseline"), (500, "on"), (40, "on"), (20, "early_on"), (700, "off_discontinued"))
    assert days(table, choose(table, Settings(followup_rule="last_on")))[1] == [500]
    assert days(table, choose(table, Settings(followup_rule="first_on")))[1] == [40]


@pytest.mark.parametrize("phase", ["early_on", "carry_over", "off_interrupted", "off_discontinued"])
def test_who_is_off_the_drug_counts_for_the_treatment_policy_only(phase):
    table = rows((-3, "baseline"), (180, phase))
    assert choose(table) == pairs.NO_FOLLOWUP_ON
    assert days(table, choose(table, estimand="treatment_policy"))[1] == [180]


def test_the_policy_takes_the_nearest_sample_whatever_its_phase():
    table = rows((-3, "baseline"), (150, "on"), (178, "off_interrupted"))
    assert days(table, choose(table))[1] == [150]
    assert days(table, choose(table, estimand="treatment_policy"))[1] == [178]


def test_the_same_platform_even_if_it_is_farther():
    table = rows((-3, "baseline"), (180, "on", "NanoString"), (200, "on"))
    assert days(table, choose(table))[1] == [200]
    earlier = rows((-3, "baseline", "RT-qPCR"), (-30, "baseline"), (180, "on"))
    assert days(table=earlier, found=choose(earlier)) == [[-30], [180]]
    assert choose(rows((-3, "baseline", "RT-qPCR"), (180, "on"))) == pairs.OTHER_PLATFORM


def test_batches():
    table = rows((-3, "baseline"), (180, "on", "RNA-seq", "B"))
    assert choose(table) == pairs.OTHER_BATCH
    allowed = choose(table, Settings(allow_cross_batch=True))
    assert allowed.cross_batch
    assert choose(table, calibrated={"A"}) == pairs.OTHER_BATCH
    assert choose(table, calibrated={"A", "B"}).cross_batch
    near = rows((-3, "baseline"), (180, "on", "RNA-seq", "B"), (220, "on"))
    assert days(near, choose(near))[1] == [220]
    assert not choose(near).cross_batch


def test_a_sample_without_a_score_gives_way_to_the_next():
    table = rows((-3, "baseline"), (-20, "baseline"), (180, "on"), (200, "on"))
    assert days(table, choose(table, ok=[False, True, False, True])) == [[-20], [200]]
    assert choose(table, ok=[True, True, False, False]) == pairs.NO_SCORE


def test_repeats_of_a_day_stand_together():
    table = rows((-3, "baseline"), (180, "on"), (-3, "baseline"), (180, "on"), (180, "on", "NanoString"))
    found = choose(table)
    assert (sorted(found.baseline), sorted(found.followup)) == ([0, 2], [1, 3])
    assert choose(table, ok=[True, False, True, True, True]).followup == (3,)


@pytest.mark.parametrize(
    ("table", "ok", "reason"),
    [
        (rows(), [], pairs.NO_SAMPLE),
        (rows((-3, "never_on_drug"), (180, "never_on_drug")), [True, True], pairs.NOT_EXPOSED),
        (rows((0, "start_day"), (500, "on")), [False, False], pairs.FIRST_DAY),
        (rows((-200, "baseline"), (500, "on", "x")), [False, False], pairs.NO_BASELINE),
        (rows((-3, "baseline"), (500, "on", "x")), [False, False], pairs.NO_FOLLOWUP),
        (rows((-3, "baseline"), (180, "carry_over", "x", "B")), [False, False], pairs.NO_FOLLOWUP_ON),
        (rows((-3, "baseline"), (180, "on", "x", "B")), [False, False], pairs.OTHER_PLATFORM),
        (rows((-3, "baseline"), (180, "on", "RNA-seq", "B")), [False, False], pairs.OTHER_BATCH),
        (rows((-3, "baseline"), (180, "on")), [True, False], pairs.NO_SCORE),
    ],
)
def test_the_first_reason_in_a_fixed_order_counts(table, ok, reason):
    assert choose(table, ok=ok) == reason


def test_the_reasons_stand_in_the_order_in_which_they_are_looked_for():
    order = [pairs.NO_SAMPLE, pairs.NOT_EXPOSED, pairs.FIRST_DAY, pairs.NO_BASELINE, pairs.NO_FOLLOWUP, pairs.NO_FOLLOWUP_ON, pairs.NO_LATER]
    assert list(pairs.REASONS) == [*order, pairs.NO_LATER_ON, pairs.OTHER_PLATFORM, pairs.OTHER_BATCH, pairs.NO_SCORE]


def test_the_order_of_the_rows_does_not_matter():
    table = rows((-3, "baseline"), (-40, "baseline"), (150, "on"), (210, "on"), (180, "on", "NanoString"))
    first = days(table, choose(table))
    for _ in range(5):
        table = table.sample(frac=1, random_state=_)
        assert days(table, choose(table)) == first
