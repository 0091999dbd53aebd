"""The Total Improvement Score: its table at every edge, and cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ifnscore.errors import DataError, UsageError
from ifnscore.instruments import tis

#: The published table, typed again from the paper's table 3: (above, up to, points).
BINS = [(-100, 5), (5, 15), (15, 25), (25, 40), (40, 100)]
BINS_MUSCLE = [(-100, 2), (2, 10), (10, 20), (20, 30), (30, 100)]
POINTS = {
    "phys": [0, 7.5, 15, 17.5, 20],
    "parent": [0, 2.5, 5, 7.5, 10],
    "muscle": [0, 10, 20, 27.5, 32.5],
    "chaq": [0, 5, 7.5, 7.5, 10],
    "enzyme": [0, 2.5, 5, 7.5, 7.5],
    "extramusc": [0, 7.5, 12.5, 15, 20],
}
CELLS = [
    (place, low, high, x)
    for place, row in POINTS.items()
    for (low, high), x in zip(BINS_MUSCLE if place == "muscle" else BINS, row, strict=True)
]
IMACS = {"core_set": "IMACS", "enzyme_range": 15, "mmt_max": 80, "extramuscular_range": 10}
BEFORE = {"phys": 8, "parent": 7, "mmt": 60, "chaq": 2.0, "enzyme": 10, "extramusc": 5}
AFTER = {"phys": 2, "parent": 3, "mmt": 78, "chaq": 0.5, "enzyme": 1, "extramusc": 1}


@pytest.mark.parametrize(("place", "low", "high", "expected"), CELLS)
def test_every_cell_of_the_table_and_both_its_edges(place, low, high, expected):
    assert tis.points(place, low + 1e-6) == expected
    assert tis.points(place, (low + high) / 2) == expected
    assert tis.points(place, high) == expected  # the upper edge belongs to the bin
    assert tis.points(place, high + 1e-12 if high < 100 else high) == expected  # noise does not jump


def test_rounding_of_an_edge_that_is_not_exact():
    assert 0.15000000000000002 * 100 > 15
    assert tis.points("phys", 0.15000000000000002 * 100) == 7.5
    assert tis.points("phys", 15.00000001) == 15


def test_the_columns_sum_to_one_hundred():
    assert sum(tis.points(p, 100) for p in POINTS) == 100
    assert sum(tis.points(p, -100) for p in POINTS) == 0


@pytest.mark.parametrize(
    ("other", "place"),
    [("mmt", "muscle"), ("CMAS", "muscle"), ("HAQ", "chaq"), ("CHQ-PhS", "enzyme"), ("das", "extramusc"), ("ck", "enzyme")],
)
def test_other_names_of_a_place(other, place):
    for x in (1, 4, 12, 22, 35, 50):
        assert tis.points(other, x) == tis.points(place, x)


def test_points_of_nothing_and_of_nonsense():
    assert math.isnan(tis.points("phys", math.nan))
    assert math.isnan(tis.points("phys", None))
    for bad in ("much", True, math.inf, 100.1, -101):
        with pytest.raises(DataError, match="phys"):
            tis.points("phys", bad)
    assert tis.points("enzyme", 140) == 7.5
    with pytest.raises(UsageError, match="unknown core set measure 'skin'"):
        tis.points("skin", 3)


@pytest.mark.parametrize(
    ("total", "juvenile", "adult"),
    [
        (0, "none", "none"), (19.99, "none", "none"), (20, "none", "minimal"), (29.99, "none", "minimal"), (30, "minimal", "minimal"),
        (39.99, "minimal", "minimal"), (40, "minimal", "moderate"), (44.99, "minimal", "moderate"), (45, "moderate", "moderate"),
        (59.99, "moderate", "moderate"), (60, "moderate", "major"), (69.99, "moderate", "major"), (70, "major", "major"),
        (100, "major", "major"), (math.nan, None, None), (44.9999999999999, "moderate", "moderate"),
    ],
)  # fmt: skip
def test_categories(total, juvenile, adult):
    assert tis.categories(total) == (juvenile, adult)


def test_a_skin_only_responder_is_minimal_in_children():
    """Physician 45 % (20), extramuscular 50 % (20), nothing else: 40."""
    found = tis.score({"phys": 45, "parent": 0, "muscle": 0, "chaq": 0, "enzyme": 0, "extramusc": 50})
    assert (found.total, found.juvenile, found.adult, found.missing) == (40, "minimal", "moderate", ())
    assert found.points == {"phys": 20, "parent": 0, "muscle": 0, "chaq": 0, "enzyme": 0, "extramusc": 20}


@pytest.mark.parametrize("absent", list(POINTS))
@pytest.mark.parametrize("value", ["nothing", None, math.nan])
def test_a_missing_measure_gives_no_score(absent, value):
    percents = {p: 50.0 for p in POINTS if value != "nothing" or p != absent}
    if value != "nothing":
        percents[absent] = value
    found = tis.score(percents)
    assert math.isnan(found.total)
    assert found.missing == (absent,)
    assert found.juvenile is found.adult is None
    assert f"{absent} missing" in found.note
    assert np.isnan(found.points[absent])
    assert found.points["phys" if absent != "phys" else "parent"] > 0


@pytest.mark.parametrize(
    ("names", "core_set"),
    [
        (["mmt", "das"], None), (["cmas", "enzyme"], None), (["cmas", "extramusc"], None), (["mmt", "chq_phs"], None),
        (["mmt"], "PRINTO"), (["cmas"], "IMACS"), (["das"], "IMACS"), (["mmt", "cmas"], "PRINTO"),
    ],
)  # fmt: skip
def test_core_sets_are_not_mixed(names, core_set):
    with pytest.raises(UsageError, match="core sets are not mixed"):
        tis.score(dict.fromkeys(names, 10), core_set=core_set)


def test_core_set_of_a_score():
    assert tis.score(dict.fromkeys(POINTS, 10)).core_set == ""
    assert tis.score(dict.fromkeys(POINTS, 10), core_set="PRINTO").core_set == "PRINTO"
    assert tis.score({"cmas": 10}).core_set == "PRINTO"
    assert tis.score({"mmt": 10}).core_set == "IMACS"
    with pytest.raises(UsageError, match="second value for muscle"):
        tis.score({"mmt": 10, "muscle": 10})
    with pytest.raises(UsageError, match="second value for enzyme"):
        tis.score({"ck": 10, "ldh": 10})
    with pytest.raises(UsageError, match="core_set is 'imacs'"):
        tis.score({"phys": 10}, core_set="imacs")


def test_from_measures_by_hand():
    """60, 40, 22.5, 50, 60, 40 % give 20 + 7.5 + 27.5 + 10 + 7.5 + 15."""
    found = tis.from_measures(BEFORE, AFTER, **IMACS)
    assert list(found.percents.values()) == [60, 40, 22.5, 50, 60, 40]
    assert list(found.points.values()) == [20, 7.5, 27.5, 10, 7.5, 15]
    assert (found.total, found.juvenile, found.core_set) == (87.5, "major", "IMACS")
    assert "unverified" in found.note


def test_from_measures_uses_each_range():
    wide = tis.from_measures(BEFORE, AFTER, **{**IMACS, "mmt_max": 150, "enzyme_range": 90, "extramuscular_range": 60})
    assert wide.percents["muscle"] == 12
    assert wide.percents["enzyme"] == 10
    assert wide.percents["extramusc"] == pytest.approx(100 * 4 / 60)
    mm = {"phys": 80, "parent": 70}
    found = tis.from_measures({**BEFORE, **mm}, {**AFTER, "phys": 20, "parent": 30}, vas_unit="mm", **IMACS)
    assert (found.percents["phys"], found.percents["parent"]) == (60, 40)


def test_both_ends_of_every_range_are_possible():
    worst = {"phys": 10, "parent": 10, "mmt": 0, "chaq": 3, "enzyme": 15, "extramusc": 10}
    best = {"phys": 0, "parent": 0, "mmt": 80, "chaq": 0, "enzyme": 0, "extramusc": 0}
    assert tis.from_measures(worst, best, **IMACS).total == 100
    assert set(tis.from_measures(worst, best, **IMACS).percents.values()) == {100}
    assert tis.from_measures(best, worst, **IMACS).total == 0


def test_from_measures_printo_directions():
    before = {"phys": 8, "parent": 7, "cmas": 26, "chaq": 1.5, "chq_phs": 30, "das": 12}
    after = {"phys": 9, "parent": 7, "cmas": 39, "chaq": 1.8, "chq_phs": 40, "das": 2}
    found = tis.from_measures(before, after, core_set="PRINTO", enzyme_range=None, chq_phs_range=50)
    assert list(found.percents.values()) == [-10, 0, 25, -10, 20, 50]
    assert found.total == 0 + 0 + 27.5 + 0 + 5 + 20
    worse = tis.from_measures(after, before, core_set="PRINTO", enzyme_range=None, chq_phs_range=50)
    assert list(worse.percents.values()) == [10, 0, -25, 10, -20, -50]


def test_a_missing_value_in_measures():
    found = tis.from_measures({**BEFORE, "mmt": None}, AFTER, **IMACS)
    assert found.missing == ("muscle",)
    assert math.isnan(found.total)


@pytest.mark.parametrize("name", ["enzyme_range", "mmt_max", "extramuscular_range"])
def test_ranges_have_no_default(name):
    with pytest.raises(UsageError, match=rf"give {name} \("):
        tis.from_measures(BEFORE, AFTER, **{**IMACS, name: None})
    for bad in (0, -1, math.inf, math.nan, "15", True):
        with pytest.raises(UsageError, match=name):
            tis.from_measures(BEFORE, AFTER, **{**IMACS, name: bad})


def test_enzyme_range_must_be_written():
    with pytest.raises(TypeError, match="enzyme_range"):
        tis.from_measures(BEFORE, AFTER, core_set="IMACS")
    with pytest.raises(UsageError, match="chq_phs_range"):
        tis.from_measures({}, {}, core_set="PRINTO", enzyme_range=None)


@pytest.mark.parametrize(
    ("before", "options", "kind", "words"),
    [
        ({"phys": 11}, {}, DataError, "phys before is 11; it lies within 0-10"),
        ({"phys": -1}, {}, DataError, "phys before is -1"),
        ({"chaq": 3.5}, {}, DataError, "chaq before is 3.5; it lies within 0-3"),
        ({"mmt": 81}, {}, DataError, "mmt before is 81; it lies within 0-80"),
        ({"enzyme": -2}, {}, DataError, "enzyme before is -2; it lies at or above 0"),
        ({"mmt": "weak"}, {}, DataError, "mmt before is 'weak'"),
        ({"muscle": 3}, {}, UsageError, "'muscle' does not say which measure"),
        ({"cmas": 3}, {}, UsageError, "core sets are not mixed"),
        ({"skin": 3}, {}, UsageError, "unknown core set measure 'skin'"),
        ({}, {"mmt_max": 100}, UsageError, "mmt_max is 100; choose 80"),
        ({}, {"vas_unit": "inch"}, UsageError, "choose cm"),
        ({}, {"core_set": "both"}, UsageError, "choose one of IMACS, PRINTO"),
        ({}, {"core_set": None}, UsageError, "choose one of IMACS, PRINTO"),
    ],
)
def test_measures_that_cannot_be(before, options, kind, words):
    with pytest.raises(kind, match=words):
        tis.from_measures({**BEFORE, **before}, AFTER, **{**IMACS, **options})
