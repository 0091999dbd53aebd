"""The clinical instruments: every file valid, directions, ranges, units, names, a user's own."""

from __future__ import annotations

import math
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ifnscore import instruments
from ifnscore.errors import DataError, UsageError
from ifnscore.instruments import from_dict

DATA = Path(instruments.__file__).parent / "data"
BETTER = {"cmas", "mmt8", "tis", "nailfold_erl_density"}
#: id -> minimum, maximum, confidence, as in the specification; None: no limit, or none known.
RANGES = {
    "aldolase": (0, None, "verified"), "alt": (0, None, "verified"), "ast": (0, None, "verified"), "ck": (0, None, "verified"),
    "ldh": (0, None, "verified"), "calcinosis": (None, None, "unverified"), "cat_activity": (0, 96, "verified"),
    "cat_damage": (0, None, "unverified"), "cat_bm_activity": (0, 17, "inferred"), "cat_bm_damage": (0, 11, "inferred"),
    "cdasi_activity": (0, 100, "unverified"), "cdasi_damage": (0, 32, "unverified"), "cdlqi": (0, 30, "verified"),
    "chaq": (0, 3, "verified"), "cmas": (0, 52, "verified"), "das_total": (0, 20, "verified"), "das_skin": (0, 9, "verified"),
    "das_muscle": (0, 11, "verified"), "mdas_total": (0, 12, "verified"), "mdas_skin": (0, 5, "verified"),
    "mdas_muscle": (0, 7, "verified"), "dlqi": (0, 30, "unverified"), "skindex29": (0, 100, "unverified"),
    "jdmai1": (0, 40, "verified"), "jdmai2": (0, 39, "verified"), "mdaat_cutaneous": (0, 10, "verified"),
    "mdaat_extramuscular": (0, 60, "verified"), "mmt8": (0, 80, "verified"), "nailfold_erl_density": (0, None, "verified"),
    "patient_global": (0, 10, "verified"), "physician_global": (0, 10, "verified"), "skin_vas": (0, 10, "verified"),
    "tis": (0, 100, "verified"),
}  # fmt: skip
OWN = {"id": "my_score", "title": "My score", "minimum": 0, "maximum": 12, "direction": "higher_is_worse", "unit": "points"}


def test_the_ids_are_those_of_the_specification():
    assert set(instruments.ids()) == set(RANGES)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_every_file_is_valid_and_says_what_the_specification_says(name):
    one = instruments.get(name)
    assert (one.id, one.minimum, one.maximum, one.range_confidence) == (name, *RANGES[name])
    assert one.direction == ("higher_is_better" if name in BETTER else "higher_is_worse")
    assert one.title
    assert one.sources
    assert one.status in {"verified", "partial", "unverified"}
    if one.range_confidence != "verified":
        assert one.range_note
    for part in (*one.mcid, *one.bands, *one.anchors):
        assert part.source in one.sources, part
        assert part.population in {"adult", "juvenile", "mixed"}
    assert set(one.excludes) <= set(instruments.ids())
    assert all(name in instruments.get(other).excludes for other in one.excludes)
    assert one.to_dict()["id"] == name


def test_das_and_modified_das_exclude_each_other():
    assert "mdas_skin" in instruments.get("das_skin").excludes
    assert "das_total" in instruments.get("mdas_muscle").excludes


@pytest.mark.parametrize("name", sorted(RANGES))
def test_better_is_positive_and_change_keeps_its_sign(name):
    low, high = 1.0, 2.0
    better = instruments.improvement(name, high, low) if name not in BETTER else instruments.improvement(name, low, high)
    assert better == 1.0  # for enzymes: one halving
    assert instruments.improvement(name, low, low) == 0.0
    assert math.copysign(1, instruments.improvement(name, low, low)) == 1
    assert instruments.change(name, low, high) == 1.0
    assert instruments.change(name, high, low) == -1.0


def test_improvement_of_arrays_and_of_missing_values():
    np.testing.assert_array_equal(instruments.improvement("cmas", [40, 50, np.nan], [46, 48, 1]), [6, -2, np.nan])
    np.testing.assert_array_equal(instruments.change("cdasi_activity", [20, 10], [12, 11]), [-8, 1])


def test_enzymes_are_compared_on_log2_of_multiples_of_the_upper_limit():
    assert instruments.improvement("ck", 800, 200) == pytest.approx(2)
    assert instruments.improvement("ck", 800, 200, uln=(200, 100)) == pytest.approx(1)  # 4 and 2 times the limit
    assert instruments.improvement("ck", 8, 2, uln=170) == pytest.approx(2)
    assert math.isnan(instruments.change("ck", 0, 200))


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("CDASI activity", "cdasi_activity"), ("cdasi-damage", "cdasi_damage"), ("skinDAS", "das_skin"), ("DAS", "das_total"),
        ("mDAS", "mdas_total"), ("PhyGlo", "physician_global"), ("MMT-8", "mmt8"), ("Parent Global", "patient_global"),
        ("JDMAI-2", "jdmai2"), ("CAT-BM activity", "cat_bm_activity"), ("Total Improvement Score", "tis"), ("CK", "ck"),
    ],
)  # fmt: skip
def test_names(word, name):
    assert instruments.get(word).id == name


def test_no_name_means_two_instruments():
    seen: dict[str, str] = {}
    for one in map(instruments.get, instruments.ids()):
        for name in (one.id, one.title, *one.aliases):
            plain = "".join(c for c in name.lower() if c.isalnum())
            assert seen.setdefault(plain, one.id) == one.id, name


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(UsageError, match="unknown instrument 'CDASI'. Say which: cdasi_activity, cdasi_damage$"):
        instruments.get("CDASI")
    with pytest.raises(UsageError, match="Did you mean: skindex29"):
        instruments.get("skindx")
    with pytest.raises(UsageError, match="Known: aldolase"):
        instruments.get("qqqq")


def test_range_a_verified_maximum_rejects_and_an_unverified_one_warns():
    assert instruments.get("cmas").check(52) is None
    assert instruments.get("cmas").check(52.0000000000001) is None
    assert instruments.get("cmas").check(53).level == "error"
    assert instruments.get("cdasi_activity").check(101).level == "warning"
    assert instruments.get("cat_bm_activity").check(18).level == "warning"
    assert instruments.get("cdasi_activity").check(-1).level == "error"
    assert instruments.get("cat_damage").check(40) is None
    assert instruments.get("ck").check(25_000) is None
    assert instruments.get("ck").check(math.inf).level == "error"
    assert instruments.get("cmas").check(math.nan) is None
    assert "in mm?" in instruments.get("skin_vas").check(62).text
    assert "in mm?" in instruments.get("skin_vas").check(100).text
    assert "in mm?" not in instruments.get("skin_vas").check(120).text


@pytest.mark.parametrize("name", ["skin_vas", "mdaat_cutaneous", "physician_global", "patient_global"])
def test_every_vas_takes_millimetres(name):
    assert instruments.get(name).convert(63, "mm") == pytest.approx(6.3)


def test_units():
    skin, ck = instruments.get("skin_vas"), instruments.get("ck")
    assert skin.accepted_units == ("cm", "mm")
    assert skin.convert(63, "mm") == pytest.approx(6.3)
    assert skin.convert(6.3, "cm") == 6.3
    assert ck.accepted_units == ("U/L", "xULN")
    assert ck.convert(3, "xULN", uln=170) == 510
    for nothing in (None, 0):
        with pytest.raises(UsageError, match="upper limit of normal"):
            ck.convert(3, "xULN", uln=nothing)
    with pytest.raises(UsageError, match="unknown unit 'inch'; use one of cm, mm"):
        skin.convert(3, "inch")


def test_bands_and_their_edges():
    cdasi = instruments.get("cdasi_activity")
    assert [cdasi.band(x, "stanford") for x in (14, 14.1)] == ["mild", "more than mild"]
    assert [cdasi.band(x, "upenn") for x in (18, 19)] == ["mild", "moderate or severe"]
    assert [cdasi.band(x, "ahmed2020") for x in (14, 15, 26, 27)] == [None, "moderate", "moderate", None]
    with pytest.raises(UsageError, match="stanford, upenn, ahmed2020"):
        cdasi.band(10)
    with pytest.raises(UsageError, match="no bands by 'x'"):
        cdasi.band(10, "x")
    assert [instruments.get("jdmai1").band(x) for x in (2.4, 2.5, 6.6, 6.7, 11, 11.1)] == [
        "inactive", "low", "low", "moderate", "moderate", "high"
    ]  # fmt: skip
    assert [instruments.get("jdmai2").band(x) for x in (5.2, 5.3, 8.5, 8.6, 11.3, 11.4)] == [
        "inactive", "low", "low", "moderate", "moderate", "high"
    ]  # fmt: skip
    tis = instruments.get("tis")
    assert [tis.band(x, "juvenile") for x in (29.9, 30, 44.9, 45, 69.9, 70)] == [
        "none", "minimal", "minimal", "moderate", "moderate", "major"
    ]  # fmt: skip
    assert [tis.band(x, "adult") for x in (19.9, 20, 39.9, 40, 59.9, 60)] == [
        "none", "minimal", "minimal", "moderate", "moderate", "major"
    ]  # fmt: skip
    assert [instruments.get("cdlqi").band(x) for x in (10, 11)] == [None, "severely affected"]
    assert [instruments.get("das_total").band(x) for x in (3, 4)] == ["inactive", None]
    assert [instruments.get(n).band(x) for n, x in (("ck", 150), ("cmas", 48), ("mmt8", 78), ("physician_global", 0.2))] == [
        "inactive"
    ] * 4
    assert [instruments.get(n).band(x) for n, x in (("ck", 151), ("cmas", 47), ("mmt8", 77), ("physician_global", 0.3))] == [
        None
    ] * 4
    assert instruments.get("chaq").band(1) is None


def test_minimal_differences():
    def of(name):
        return [(m.value, m.value_high, m.scale, m.population) for m in instruments.get(name).mcid]

    assert of("cdasi_activity") == [
        (4, None, "points", "adult"), (5, None, "points", "adult"), (40, None, "percent", "adult"), (6, None, "points", "adult"),
        (7, None, "points", "adult"), (7.86, None, "points", "adult"), (10.29, None, "points", "adult"),
    ]  # fmt: skip
    assert of("cmas") == [(1.5, 3, "points", "juvenile")]
    assert of("physician_global") == of("patient_global") == [(20, None, "percent", "mixed")]
    assert {n for n in instruments.ids() if of(n)} == {"cdasi_activity", "cmas", "physician_global", "patient_global"}


def test_anchors_and_ages():
    def of(name):
        return [(a.value, a.sd, a.n) for a in instruments.get(name).anchors]

    assert [v for v, _, _ in of("cat_activity")] == [1, 7, 13, 18, 31]
    assert [v for v, _, _ in of("cat_damage")] == [0, 1, 2, 5]
    assert of("cmas") == [(48, None, None), (45, None, None), (39, None, None), (30, None, None), (46.6, 2.3, None)]
    assert of("nailfold_erl_density") == [(5.1, 1.5, 140), (7.9, 0.9, 46)]
    assert (instruments.get("cdlqi").age_min, instruments.get("cdlqi").age_max) == (4, 16)
    assert "4-year-olds" in instruments.get("cmas").age_note


def test_table():
    table = instruments.table().set_index("id")
    assert len(table) == len(RANGES)
    assert table.loc["skin_vas", "units"] == "cm, mm"
    assert table.loc["cdasi_activity", "responses"] == "cdasi_abs4; cdasi_abs5; cdasi_pct40_if_gt14"
    assert np.isnan(table.loc["ck", "maximum"])
    assert list(instruments.table([from_dict(OWN, "x")])["id"]) == ["my_score"]


def test_a_users_instrument():
    known = instruments.with_user([OWN], "cohort.toml")
    mine = instruments.get("My Score", known)
    assert (mine.minimum, mine.maximum, mine.status) == (0, 12, "user")
    assert mine.check(13).level == "error"
    assert instruments.improvement(mine, 10, 4) == 6
    assert instruments.get("cmas", known).id == "cmas"
    assert len(known) == len(RANGES) + 1
    with pytest.raises(UsageError, match="my_score"):
        instruments.get("my_scor", known)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "My score"}, "x.toml: 'id' is 'My score'"),
        ({"id": None}, "'id' is None"),
        ({"direction": "up"}, "x.toml: direction is 'up'; choose one of higher_is_worse, higher_is_better"),
        ({"maximun": 3}, "unknown key 'maximun'. Did you mean: maximum"),
        ({"minimum": "0"}, "minimum is '0'; it needs a number"),
        ({"minimum": True}, "minimum is True"),
        ({"maximum": math.nan}, "maximum is nan"),
        ({"minimum": 12}, "minimum is 12 and maximum 12"),
        ({"range_confidence": "sure"}, "range_confidence is 'sure'"),
        ({"units": {"mm": 0}}, r"\[units\]: mm is 0"),
        ({"units": {"points": 2}}, "points is the unit itself"),
        ({"units": 3}, "units is 3"),
        ({"aliases": "a"}, "aliases is 'a'; it needs a list of texts"),
        ({"title": 3}, "title is 3; it needs text"),
        ({"excludes": ["my_score"]}, "excludes names the instrument itself"),
        ({"mcid": 4}, r"x.toml \[\[mcid\]\]: expected a list of tables"),
        ({"mcid": [{"value": 4, "population": "adult", "source": "s"}]}, r"\[\[mcid\]\] 1: 'anchor' is missing"),
        ({"mcid": [{"value": 4, "population": "all", "source": "s", "anchor": "a"}]}, "population is 'all'"),
        ({"bands": [{"label": "x", "scheme": "y", "upto": 3}]}, r"\[\[bands\]\] 1: unknown key 'upto'"),
    ],
)
def test_a_malformed_instrument_is_named_with_file_and_key(changes, words):
    with pytest.raises(DataError, match=words):
        from_dict({**OWN, **changes}, "x.toml")


@pytest.mark.parametrize("key", ["title", "direction"])
def test_required_keys(key):
    with pytest.raises(DataError, match=f"x.toml: '{key}' is missing"):
        from_dict({k: v for k, v in OWN.items() if k != key}, "x.toml")


def test_population_of_an_instrument_is_free_text():
    assert from_dict({**OWN, "population": "our clinic"}, "cohort.toml [[instrument]] 1").population == "our clinic"


def test_a_users_instrument_never_replaces_another():
    with pytest.raises(DataError, match=r"cohort.toml \[\[instrument\]\] 1: 'cmas' is the shipped instrument cmas"):
        instruments.with_user([{**OWN, "id": "cmas"}], "cohort.toml")
    with pytest.raises(DataError, match=r"\[\[instrument\]\] 2: 'my_score' is defined twice"):
        instruments.with_user([OWN, OWN], "cohort.toml")
    with pytest.raises(DataError, match="an instrument is a table"):
        instruments.with_user([3], "cohort.toml")


def test_files_have_no_key_that_the_table_hides():
    for path in DATA.glob("*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))["id"] == path.stem


def test_importing_and_listing_is_light():
    code = (
        "from ifnscore import instruments as i\ni.ids(), i.get('ck'), i.responses.get('tis_min')\nimport sys\nprint(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "scipy"} & set(loaded)
