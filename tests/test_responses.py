"""Response definitions: responder, non-responder, and not evaluable are three things."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from ifnscore import instruments
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.instruments import responses

NAMES = {
    "cdasi_abs4", "cdasi_abs5", "cdasi_pct40_if_gt14", "skin_vas_2cm", "global_20pct", "tis_min", "tis_mod", "tis_maj", "printo_cid",
    "jdmai_state", "imacs_doi",
}  # fmt: skip
ADULT = {"cdasi_abs4", "cdasi_abs5", "cdasi_pct40_if_gt14", "skin_vas_2cm"}
INACTIVE = {"ck": 150, "cmas": 48, "mmt8": 78, "physician_global": 0.2}
ACTIVE = {"ck": 151, "cmas": 47, "mmt8": 77, "physician_global": 0.3}
IMACS = {"core_set": "IMACS", "enzyme_range": 15, "mmt_max": 80, "extramuscular_range": 10}
BEFORE = {"phys": 8, "parent": 7, "mmt": 60, "chaq": 2.0, "enzyme": 10, "extramusc": 5}
AFTER = {"phys": 2, "parent": 3, "mmt": 78, "chaq": 0.5, "enzyme": 1, "extramusc": 1}


def verdict(name, before, after, **parameters):
    found = responses.evaluate(name, before, after, **parameters)
    assert found.evaluable is (found.met is not None)
    assert found.name == name
    assert found.reason
    return found.met


@pytest.mark.parametrize(
    ("name", "before", "after", "met"),
    [
        ("cdasi_abs4", 20, 16, True), ("cdasi_abs4", 20, 16.1, False), ("cdasi_abs4", 20, 24, False),
        ("cdasi_abs4", 4, 0, True), ("cdasi_abs4", 4, 1, False), ("cdasi_abs4", 3.9, 0, None), ("cdasi_abs4", 0, 9, None),
        ("cdasi_abs4", None, 9, None), ("cdasi_abs4", 20, None, None), ("cdasi_abs4", 20, math.nan, None), ("cdasi_abs4", pd.NA, 1, None),
        ("cdasi_abs5", 20, 15, True), ("cdasi_abs5", 20, 16, False), ("cdasi_abs5", 5, 0, True), ("cdasi_abs5", 4.9, 0, None),
        ("cdasi_pct40_if_gt14", 15, 9, True), ("cdasi_pct40_if_gt14", 15, 9.1, False), ("cdasi_pct40_if_gt14", 14, 0, None),
        ("cdasi_pct40_if_gt14", 14.1, 0, True), ("cdasi_pct40_if_gt14", 30, 40, False), ("cdasi_pct40_if_gt14", 30, None, None),
        ("skin_vas_2cm", 5, 3, True), ("skin_vas_2cm", 5, 3.1, False), ("skin_vas_2cm", 2, 0, True), ("skin_vas_2cm", 1.9, 0, None),
        # 4.1 - 2.1 is 1.9999999999999996 in floating point
        ("skin_vas_2cm", 4.1, 2.1, True), ("skin_vas_2cm", 3.3, 1.3, True),
    ],
)  # fmt: skip
def test_changes_of_one_instrument(name, before, after, met):
    assert verdict(name, before, after) is met


def test_the_floating_point_trap_is_one():
    assert 4.1 - 2.1 < 2


def test_not_evaluable_says_why():
    assert "cannot improve by 4" in responses.evaluate("cdasi_abs4", 3, 0).reason
    assert "not above 14" in responses.evaluate("cdasi_pct40_if_gt14", 14, 2).reason
    assert responses.evaluate("cdasi_abs4", 20, None).reason == "no value after"
    assert responses.evaluate("cdasi_abs4", None, None).reason == "no value before and after"


def test_value_and_reason_hold_the_numbers():
    found = responses.evaluate("cdasi_abs4", 20, 12)
    assert (found.value, found.reason) == (8, "20 to 12: improvement 8")
    assert responses.evaluate("cdasi_pct40_if_gt14", 20, 10).value == 50
    assert math.isnan(responses.evaluate("cdasi_abs4", 3, 0).value)


def test_global_20_per_cent():
    assert verdict("global_20pct", 5, 4, instrument="physician_global") is True
    assert verdict("global_20pct", 5, 4.1, instrument="patient_global") is False
    assert verdict("global_20pct", 0, 4, instrument="patient_global") is None
    assert verdict("global_20pct", {"PhyGlo": 5}, {"PhyGlo": 4}) is True
    assert verdict("global_20pct", {"PhyGlo": 5}, {}) is None
    with pytest.raises(UsageError, match="instrument=, one of physician_global, patient_global"):
        responses.evaluate("global_20pct", 5, 4)
    with pytest.raises(UsageError, match="not defined for cmas"):
        responses.evaluate("global_20pct", 5, 4, instrument="cmas")
    with pytest.raises(UsageError, match="one instrument, not patient_global, physician_global"):
        responses.evaluate("global_20pct", {"physician_global": 5}, {"patient_global": 5})


def test_units_and_ranges_of_one_instrument():
    assert verdict("skin_vas_2cm", 50, 30, unit="mm") is True
    assert verdict("skin_vas_2cm", 50, 31, unit="mm") is False
    with pytest.raises(DataError, match="before: skin_vas is 50; its largest value is 10 cm .is the value in mm"):
        responses.evaluate("skin_vas_2cm", 50, 30)
    with pytest.raises(DataError, match="after: cdasi_activity is -1"):
        responses.evaluate("cdasi_abs4", 20, -1)
    with pytest.raises(DataError, match="cdasi_activity after is 'better'"):
        responses.evaluate("cdasi_abs4", 20, "better")
    with pytest.raises(DataError, match="is True"):
        responses.evaluate("cdasi_abs4", 20, True)
    with pytest.warns(IfnscoreWarning, match="unverified"):
        assert verdict("cdasi_abs4", 101, 12) is True


def test_parameters_are_exposed_and_said():
    found = responses.evaluate("cdasi_abs4", 20, 15, improvement=6)
    assert found.met is False
    assert "at least 6 points" in found.label
    assert "changed by the user: improvement = 6" in found.label
    assert "changed" not in responses.evaluate("cdasi_abs4", 20, 15, improvement=4).label
    assert verdict("cdasi_pct40_if_gt14", 12, 6, baseline_above=10) is True
    assert verdict("global_20pct", 5, 4, instrument="physician_global", percent=25) is False
    with pytest.raises(UsageError, match="no parameter 'improvment'. Did you mean: improvement"):
        responses.evaluate("cdasi_abs4", 20, 15, improvment=6)
    for bad in ("6", -1, True, math.nan):
        with pytest.raises(UsageError, match="improvement is"):
            responses.evaluate("cdasi_abs4", 20, 15, improvement=bad)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_adult_derived_is_in_the_label(name):
    table = responses.table().set_index("name")
    assert bool(table.loc[name, "adult_derived"]) is (name in ADULT)
    assert ("adult-derived" in table.loc[name, "label"]) is (name in ADULT)
    assert "{" not in table.loc[name, "label"]
    assert table.loc[name, "source"].startswith("http")


def test_adult_derived_of_an_evaluation():
    for name in ADULT:
        found = responses.evaluate(name, 9, 1)
        assert found.adult_derived
        assert "adult-derived" in found.label
    assert not responses.evaluate("tis_mod", None, 50).adult_derived
    assert "adult-derived" not in responses.evaluate("tis_mod", None, 50).label
    assert "adult-derived" in responses.evaluate("tis_mod", None, 50, patients="adult").label


@pytest.mark.parametrize(
    ("name", "patients", "threshold"),
    [
        ("tis_min", "juvenile", 30), ("tis_mod", "juvenile", 45), ("tis_maj", "juvenile", 70),
        ("tis_min", "adult", 20), ("tis_mod", "adult", 40), ("tis_maj", "adult", 60),
    ],
)  # fmt: skip
def test_tis_thresholds(name, patients, threshold):
    assert verdict(name, None, threshold, patients=patients) is True
    assert verdict(name, None, threshold - 0.01, patients=patients) is False
    assert verdict(name, None, {"tis": threshold}, patients=patients) is True
    assert f"at least {threshold} " in responses.evaluate(name, None, 1, patients=patients).label
    assert f"{patients} threshold" in responses.evaluate(name, None, 1, patients=patients).label


def test_tis_from_measures():
    found = responses.evaluate("tis_maj", BEFORE, AFTER, **IMACS)
    assert (found.met, found.value) == (True, 87.5)
    assert "unverified" in found.reason
    assert verdict("tis_min", BEFORE, BEFORE, **IMACS) is False
    assert verdict("tis_min", BEFORE, {**AFTER, "mmt": None}, **IMACS) is None
    assert verdict("tis_min", None, None) is None
    assert verdict("tis_min", BEFORE, None) is None
    assert verdict("tis_maj", None, 50, threshold=50) is True
    assert "changed by the user: threshold = 50" in responses.evaluate("tis_maj", None, 50, threshold=50).label


def test_tis_floor():
    """At best 5 % each for the globals and the CHAQ (0 points), 2.5 % for MMT (10), 20 % enzyme (5), 10 % extramuscular (7.5)."""
    well = {"phys": 0.5, "parent": 0.5, "mmt": 78, "chaq": 0.15, "enzyme": 3, "extramusc": 1}
    found = responses.evaluate("tis_min", well, AFTER, **IMACS)
    assert (found.met, found.evaluable) == (None, False)
    assert "at most 22.5 points" in found.reason
    best = {"phys": 0, "parent": 0, "mmt": 80, "chaq": 0, "enzyme": 0, "extramusc": 0}
    assert verdict("tis_min", well, best, threshold=22.5, **IMACS) is True  # just within reach
    assert verdict("tis_min", well, {**best, "enzyme": 1}, threshold=22.5, **IMACS) is False
    assert verdict("tis_min", well, {**AFTER, "phys": 0}, patients="adult", **IMACS) is False


def test_tis_parameters():
    with pytest.raises(UsageError, match="core_set="):
        responses.evaluate("tis_min", BEFORE, AFTER)
    with pytest.raises(UsageError, match="choose juvenile or adult"):
        responses.evaluate("tis_min", None, 40, patients="children")
    with pytest.raises(UsageError, match="give enzyme_range"):
        responses.evaluate("tis_min", BEFORE, AFTER, **{k: v for k, v in IMACS.items() if k != "enzyme_range"})
    with pytest.raises(DataError, match="tis is 101"):
        responses.evaluate("tis_min", None, 101)


@pytest.mark.parametrize("pattern", range(3**4))
def test_printo_cid_with_every_pattern_of_missing_items(pattern):
    """Brute force over met, failed and missing: true from 3 met, false from 2 failed, otherwise unknown."""
    after, met, failed = {}, 0, 0
    for item in INACTIVE:
        pattern, state = divmod(pattern, 3)
        met, failed = met + (state == 0), failed + (state == 1)
        if state < 2:
            after[item] = (INACTIVE if state == 0 else ACTIVE)[item]
    assert verdict("printo_cid", None, after) is (True if met >= 3 else False if failed >= 2 else None)


@pytest.mark.parametrize("item", list(INACTIVE))
def test_printo_cid_edges(item):
    others = [k for k in INACTIVE if k != item]
    two = {**{k: INACTIVE[k] for k in others[:2]}, others[2]: ACTIVE[others[2]]}
    assert verdict("printo_cid", None, {**two, item: INACTIVE[item]}) is True
    assert verdict("printo_cid", None, {**two, item: ACTIVE[item]}) is False


def test_printo_cid_more():
    found = responses.evaluate("printo_cid", INACTIVE, {**INACTIVE, "ck": None})
    assert found.reason == "met: cmas, mmt8, physician_global; missing: ck (already so before)"
    assert not found.adult_derived
    assert "No skin item" in responses.get("printo_cid").notes
    assert verdict("printo_cid", None, {"CK": 150, "MMT-8": 78, "PhyGlo": 0.2}) is True
    assert verdict("printo_cid", None, {**ACTIVE, "ck": 200}, ck=200, cmas=47, required=2) is True
    assert verdict("printo_cid", None, None) is None
    with pytest.raises(UsageError, match="mapping of ck, cmas, mmt8, physician_global"):
        responses.evaluate("printo_cid", None, 3)
    with pytest.raises(UsageError, match="does not use skin_vas"):
        responses.evaluate("printo_cid", None, {"skin_vas": 3})
    with pytest.raises(DataError, match="cmas is 53"):
        responses.evaluate("printo_cid", None, {"cmas": 53})


def test_printo_cid_never_reads_multiples_as_units():
    two = {"cmas": 50, "mmt8": 80, "physician_global": 1}
    assert verdict("printo_cid", None, {**two, "ck": 0.8}, ck_unit="xULN", ck_uln=180) is True
    assert verdict("printo_cid", None, {**two, "ck": 0.9}, ck_unit="xULN", ck_uln=180) is False
    with pytest.raises(UsageError, match="upper limit of normal"):
        responses.evaluate("printo_cid", None, {**two, "ck": 0.8}, ck_unit="xULN")


@pytest.mark.parametrize(
    ("instrument", "value", "states"),
    [
        ("jdmai1", 2.4, (True, True, True)), ("jdmai1", 2.5, (False, True, True)), ("jdmai1", 6.6, (False, True, True)),
        ("jdmai1", 6.7, (False, False, True)), ("jdmai1", 11, (False, False, True)), ("jdmai1", 11.1, (False, False, False)),
        ("jdmai2", 5.2, (True, True, True)), ("jdmai2", 5.3, (False, True, True)), ("jdmai2", 8.5, (False, True, True)),
        ("jdmai2", 8.6, (False, False, True)), ("jdmai2", 11.3, (False, False, True)), ("jdmai2", 11.4, (False, False, False)),
    ],
)  # fmt: skip
def test_jdmai_states(instrument, value, states):
    got = tuple(verdict("jdmai_state", None, value, instrument=instrument, target=t) for t in ("inactive", "low", "moderate"))
    assert got == states
    assert verdict("jdmai_state", None, {instrument: value}, target="low") is states[1]


def test_jdmai_more():
    found = responses.evaluate("jdmai_state", 12, 2, instrument="jdmai1")
    assert found.reason == "jdmai1 2: inactive (before: high)"
    assert found.label == "jdmai1: disease activity inactive or lower"
    assert verdict("jdmai_state", 12, None, instrument="jdmai1") is None
    with pytest.raises(UsageError, match="instrument="):
        responses.evaluate("jdmai_state", None, 2)
    with pytest.raises(UsageError, match="target is 'high'; choose one of inactive, low, moderate"):
        responses.evaluate("jdmai_state", None, 2, instrument="jdmai1", target="high")


DOI = {"phys": 5, "parent": 5, "mmt": 50, "chaq": 1.0, "enzyme": 10, "extramusc": 5}


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, False),
        ({"phys": 4, "parent": 4, "mmt": 60}, True),
        ({"phys": 4, "parent": 4, "mmt": 59.9}, False),
        ({"phys": 4, "parent": 4.01, "mmt": 60}, False),
        ({"phys": 4, "parent": 4, "mmt": 60, "chaq": 1.25, "enzyme": 12.5}, True),
        ({"phys": 4, "parent": 4, "mmt": 60, "chaq": 1.25, "enzyme": 12.5, "extramusc": 6.25}, False),
        ({"phys": 4, "parent": 4, "mmt": 60, "chaq": 1.25, "enzyme": 12.5, "extramusc": 6.24}, True),
        ({"phys": 4, "parent": 4, "chaq": 0.8, "mmt": 37.5}, False),
        ({"phys": 4, "parent": 4, "chaq": 0.8, "mmt": 37.6}, True),
        ({"phys": 4, "parent": 4, "chaq": 0.8, "mmt": None}, None),
        ({"phys": 4, "parent": 4, "mmt": 60, "chaq": None, "enzyme": None}, True),
        ({"phys": 4, "parent": 4, "mmt": 60, "chaq": None, "enzyme": None, "extramusc": None}, None),
        ({"phys": 4, "parent": 4, "mmt": 50, "chaq": None}, None),
        ({"phys": 4, "mmt": 50, "chaq": None}, False),
    ],
)
def test_imacs_definition_of_improvement(changes, met):
    assert verdict("imacs_doi", DOI, {**DOI, **changes}) is met


def test_imacs_more():
    healthy = {"phys": 0, "parent": 0, "mmt": 70, "chaq": 0, "enzyme": 1, "extramusc": 0}
    found = responses.evaluate("imacs_doi", healthy, healthy)
    assert (found.met, found.reason) == (None, "only mmt, enzyme can improve from this baseline")
    assert verdict("imacs_doi", {**DOI, "chaq": 0}, {**DOI, "chaq": 1, "phys": 4, "parent": 4, "enzyme": 8}) is True
    assert verdict("imacs_doi", {**DOI, "chaq": 0}, {**DOI, "chaq": 1, "phys": 4, "parent": 4, "enzyme": 8}, max_worse=0) is False
    assert verdict("imacs_doi", DOI, {**DOI, "phys": 4, "parent": 4}, n_improved=2) is True
    assert verdict("imacs_doi", {"physician_global": 5, "MMT8": 50}, {"MMT8": 60}) is None
    three = {**healthy, "extramusc": 2}
    assert verdict("imacs_doi", three, {**three, "mmt": 84, "enzyme": 0.8, "extramusc": 1.6}) is True
    with pytest.raises(UsageError, match="mappings of phys, parent, mmt"):
        responses.evaluate("imacs_doi", 3, 2)
    with pytest.raises(UsageError, match="core sets are not mixed"):
        responses.evaluate("imacs_doi", {"cmas": 3}, DOI)
    with pytest.raises(UsageError, match="'muscle' is no IMACS core set measure"):
        responses.evaluate("imacs_doi", {"muscle": 3}, DOI)
    with pytest.raises(DataError, match="phys is -3"):
        responses.evaluate("imacs_doi", {**DOI, "phys": -3}, DOI)


def test_records_cannot_be_changed():
    cdasi = instruments.get("cdasi_activity")
    records = (
        responses.evaluate("tis_min", None, 3), responses.get("tis_min"), instruments.tis.score({}), cdasi, cdasi.mcid[0], cdasi.bands[0],
        cdasi.check(-1), instruments.get("cmas").anchors[0],
    )  # fmt: skip
    for record in records:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, dataclasses.fields(record)[0].name, "x")


def test_names_and_instruments():
    assert set(responses.names()) == NAMES
    assert responses.for_instrument("cdasi_activity") == ("cdasi_abs4", "cdasi_abs5", "cdasi_pct40_if_gt14")
    assert responses.for_instrument("cmas") == ("printo_cid",)
    assert responses.for_instrument("cdasi_damage") == ()
    assert instruments.get("skin_vas").responses == ("skin_vas_2cm",)
    for name in NAMES:
        assert set(responses.get(name).instruments) <= set(instruments.ids())
    assert {n for n in NAMES if responses.get(n).is_state} == {"printo_cid", "jdmai_state"}
    with pytest.raises(UsageError, match="unknown response definition 'cdasi_abs'. Did you mean"):
        responses.evaluate("cdasi_abs", 3, 2)
