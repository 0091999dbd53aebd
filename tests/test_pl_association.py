"""Change against change: points and words are those of the tables, and the picture is the one looked at."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib import pyplot as plt
from tests import figures, images
from tests.figures_clinic import link_of, link_of_example

import ifnscore as ifn
from ifnscore.analysis._discordant import BOTH, PATTERNS
from ifnscore.errors import UsageError
from ifnscore.pl import _style
from ifnscore.pl._association_labels import place
from ifnscore.pl.association import _correlation

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN = "kim2018_irg28_geomean"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def link():
    return link_of_example(GEOMEAN)


def with_table(result, name, table):
    return dataclasses.replace(result, tables={**result.tables, name: table})


def points(ax):
    found = [c for c in ax.collections if len(c.get_offsets())]
    return sorted((round(float(x), 9), round(float(y), 9)) for c in found for x, y in c.get_offsets())


def said(ax):
    return " ".join(" ".join(t.get_text() for t in ax.texts).split())


def row(**more):
    base = {"n_patients": 12, "note": "", "estimate": 0.5, "ci_low": 0.1, "ci_high": 0.8, "p": 0.03, "p_adj": 0.06}
    return {**base, "min_attainable_p": 0.002, "exact": True, "adjustment": "holm", **more}


def test_points_are_the_changes_of_score_and_measure():
    adata, cohort = figures.example()
    ax = ifn.pl.association(link())
    pairs = link().tables["pairs"]
    blood = pairs[pairs["tissue"] == "blood"]
    decode = {code: p for p, code in cohort.codes.items()}
    log2 = np.log2(ifn.get.scores_wide(adata)[GEOMEAN])
    s = cohort.samples[cohort.samples["tissue"] == "blood"]
    ids = {(p, float(d)): i for p, d, i in zip(s["patient_id"], s["day"], s["sample_id"], strict=True)}
    v = cohort.visits.merge(cohort.outcomes[cohort.outcomes["instrument"] == "cdasi_activity"], on=["patient_id", "visit_id"])
    want = []
    for r in blood.to_dict("records"):
        p = decode[r["patient_id"]]
        mine = v[v["patient_id"] == p]
        # the visit nearest to the sample of the pair
        value = [mine.loc[(mine["day"] - r[d]).abs().idxmin(), "value"] for d in ("day_before", "day_after")]
        score = [log2[ids[p, r[d]]] for d in ("day_before", "day_after")]
        want.append((round(float(score[1] - score[0]), 9), round(float(value[1] - value[0]), 9)))
    assert len(want) == 5
    assert points(ax) == sorted(want)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (f"Change of {GEOMEAN} (log2)", "Change of CDASI version 2, activity (points)")
    assert " ".join(ax.get_title(loc="left").split()) == "blood, 5 patients (log2 against points)"


def test_discordant_patients_have_another_shape_and_colour_and_all_are_named():
    ax = ifn.pl.association(link())
    table = link().tables["discordant"]
    table = table[table["tissue"] == "blood"]
    odd = table[table["discordant"]]
    marks = [c for c in ax.collections if len(c.get_offsets())]
    less = table[(table["pattern"] == BOTH) & table["response"].eq(other=False)]
    assert list(less["response"]) == [False]
    assert len(marks) == 3
    assert [len(c.get_offsets()) for c in marks] == [len(table) - len(odd) - 1, 1, len(odd)]
    assert len({m.get_paths()[0].vertices.tobytes() for m in marks}) == 3
    assert len({m.get_edgecolors().tobytes() for m in marks}) == 3
    assert set(table["patient_id"]) <= set(said(ax).split())
    assert [" ".join(t.get_text().split()) for t in ax.get_legend().get_texts()] == [
        f"both improved, or neither (n = {len(table) - len(odd) - 1})",
        "both improved, but the response definition was not met (n = 1)",
        f"only one of the two improved (n = {len(odd)})",
        "response: improvement of at least 4 points",
    ]
    assert -4.0 in [line.get_ydata()[0] for line in ax.lines]  # cdasi_abs4; a lower value is better


def test_quadrants_are_named_after_the_direction_of_the_measure():
    def corners(ax):
        quiet = [t for t in ax.texts if t.get_color() == _style.GREY]
        return {(t.get_ha(), t.get_va()): " ".join(t.get_text().split()) for t in quiet}

    words = {p.replace(" and ", " ").replace(", ", " "): p for p in PATTERNS}
    down = {k: words[v] for k, v in corners(ifn.pl.association(link())).items()}
    assert down["left", "bottom"] == "score fell and measure improved"
    assert down["right", "bottom"] == "measure improved, score did not fall"
    table = link().tables["discordant"].assign(higher_is_worse=False)
    up = {k: words[v] for k, v in corners(ifn.pl.association(with_table(link(), "discordant", table))).items()}
    assert up["left", "top"] == "score fell and measure improved"
    assert set(up.values()) == set(down.values()) == set(PATTERNS)


def test_the_direction_of_the_table_is_that_of_its_improvement():
    table = link().tables["discordant"]
    assert set(table["outcome_unit"]) == {"points"}
    assert set(table["outcome"]) == {"cdasi_activity"}
    sign = np.where(table["higher_is_worse"], -1, 1)
    assert list(table["improvement"]) == list(sign * table["outcome_change"])


def test_few_pairs_have_no_interval_and_no_verdict():
    text = said(ifn.pl.association(link()))
    assert "n = 5, ρ = 0.70; no interval: 5 pairs, 6 needed" in text
    assert "so few patients allow no conclusion (smallest attainable p 0.0167)" in text
    assert "permutation" not in text
    assert "3 patients: no correlation is given" in said(ifn.pl.association(link_of(3)))


def test_the_words_of_a_correlation():
    assert _correlation(row()) == [
        "n = 12, ρ = 0.50 (95 % interval 0.10 to 0.80)",
        "permutation p = 0.03 (smallest attainable p 0.002), adjusted over signatures 0.06",
    ]
    assert _correlation(row(exact=False, p_adj=0.03))[1] == "permutation p = 0.03"
    no_p = "no p: batch and time cannot be told apart"
    assert _correlation(row(p=np.nan, p_adj=np.nan, min_attainable_p=np.nan, note=no_p)) == [
        f"n = 12, ρ = 0.50 (95 % interval 0.10 to 0.80); {no_p}"
    ]
    assert _correlation(row(estimate=np.nan, note="no correlation: y is constant")) == ["n = 12: no correlation: y is constant"]
    made = link_of(20)
    first = made.table.iloc[0]
    assert f"n = {first['n_patients']}, ρ = {first['estimate']:.2f} (95 % interval" in said(ifn.pl.association(made))


def test_there_is_never_a_line_through_the_points():
    for result in (link(), link_of(20), link_of(150)):
        ax = ifn.pl.association(result)
        assert len(ax.lines) == 3  # the zero lines and that of the response
        assert all(len(set(line.get_xdata())) == 1 or len(set(line.get_ydata())) == 1 for line in ax.lines)


def test_a_change_within_the_noise_is_hollow_and_said():
    table = link().tables["discordant"].copy()
    table["beyond_rcv"] = table["beyond_rcv"].astype(object)
    table.loc[table["tissue"] == "blood", "beyond_rcv"] = [False, True, True, True, None]
    ax = ifn.pl.association(with_table(link(), "discordant", table))
    hollow = [c for c in ax.collections if len(c.get_offsets()) and not len(c.get_facecolors())]
    assert [len(c.get_offsets()) for c in hollow] == [1]
    assert any("within the noise of the assay (n = 1)" in " ".join(t.get_text().split()) for t in ax.get_legend().get_texts())


def test_who_has_no_point_is_counted_with_the_reason():
    assert "Without a point: 1 patient (no matched follow-up on the drug in the common window)." in said(
        ifn.pl.association(link())
    )
    nobody = with_table(link(), "discordant", link().tables["discordant"].iloc[:0])
    assert "no patient has both changes" in said(ifn.pl.association(nobody))


def test_other_tissue():
    ax = ifn.pl.association(link(), tissue="skin")
    assert ax.get_title(loc="left").startswith("skin, 3 patients")


def test_codes_cover_no_other_code():
    _, ax = plt.subplots(figsize=(4, 4))
    ax.set(xlim=(-1, 1), ylim=(-1, 1))
    x, y = [0, 0.02, 0.04, 0.9], [0, 0.02, 0.0, 0.9]
    place(ax, x, y, ["P01", "P02", "P03", "P04"])
    ax.get_figure().canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(ax.get_window_extent().contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_pictures(tmp_path):
    images.same(ifn.pl.association(link()), "association_example", tmp_path)
    for n in (3, 20, 150):
        images.same(ifn.pl.association(link_of(n)), f"association_{n}", tmp_path)


def test_the_picture_would_notice_one_patient(tmp_path):
    table = link().tables["discordant"].copy()
    table.loc[table.index[table["tissue"] == "blood"][0], "score_change"] += 0.3
    images.differs(ifn.pl.association(with_table(link(), "discordant", table)), "association_example", tmp_path)


def test_given_axes_are_used_and_bad_calls_refused():
    _, ax = plt.subplots()
    assert ifn.pl.association(link(), ax=ax) is ax
    with pytest.raises(UsageError, match="no tissue 'bloot'"):
        ifn.pl.association(link(), tissue="bloot")
    with pytest.raises(UsageError, match="no signature 'kim'"):
        ifn.pl.association(link(), signature="kim")
    with pytest.raises(UsageError, match="shows the result of tl.associate, and this is one of compare"):
        ifn.pl.association(dataclasses.replace(link(), verb="compare"))
