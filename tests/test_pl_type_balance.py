"""Type I against type II: what is drawn are the scores, Hallmark gamma is refused, and the picture was looked at."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError
from ifnscore.pl import _style

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN, AYBEY = "kim2018_irg28_geomean", "aybey_ifn2_6"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def points(ax, *, controls):
    """Return (x, y) of the controls (crosses) or of everything else, rounded."""
    drawn = [c for c in ax.collections if ("healthy control" in str(c.get_label())) is controls]
    places = np.vstack([np.ma.getdata(c.get_offsets()) for c in drawn])
    return sorted((round(float(a), 6), round(float(b), 6)) for a, b in places)


def rounded(frame):
    return sorted((round(float(a), 6), round(float(b), 6)) for a, b in frame.to_numpy())


def words(ax):
    """Return everything that is written below and in the axes."""
    legend = ax.get_legend()
    said = [t.get_text() for t in [*ax.texts, *legend.get_texts(), legend.get_title()]]
    return " ".join(" ".join(said).split())


def both(adata, samples, first=GEOMEAN, *, log=True):
    wide = ifn.get.scores_wide(adata).loc[list(samples), [first, AYBEY]].copy()
    wide[first] = np.log2(wide[first]) if log else wide[first]
    return wide


def test_every_sample_is_a_point_at_its_two_scores():
    adata, cohort = figures.example()
    ax = ifn.pl.type_balance(adata, cohort)
    rows = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    assert points(ax, controls=False) == rounded(both(adata, rows["sample_id"]))
    assert ax.get_xlabel() == f"type I: {GEOMEAN} (log2)"
    assert ax.get_ylabel() == f"type II: {AYBEY} (cohort z)"
    assert ax.get_title(loc="left") == "blood, 6 patients"


def test_the_region_is_the_range_of_donors():
    adata, cohort = figures.example()
    ax = ifn.pl.type_balance(adata, cohort)
    s = cohort.samples[cohort.samples["is_control"] & (cohort.samples["tissue"] == "blood")]
    person = s["donor_id"].where(s["donor_id"] != "", s["sample_id"]).to_numpy()
    means = both(adata, s["sample_id"]).groupby(person).mean()
    assert len(means) < len(s)
    assert points(ax, controls=True) == rounded(means)
    (box,) = [p for p in ax.patches if isinstance(p, Rectangle)]
    low, high = means.min().to_numpy(), means.max().to_numpy()
    assert [*box.get_xy(), box.get_width(), box.get_height()] == pytest.approx([*low, *(high - low)])
    assert f"{len(means)} healthy controls, and their range" in words(ax)


def test_paths_follow_the_days():
    adata, cohort = figures.example()
    ax = ifn.pl.type_balance(adata, cohort)
    rows = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    want = [both(adata, part.sort_values("day")["sample_id"]).to_numpy() for _, part in rows.groupby("patient_id")]
    want = sorted((len(w), *np.round(w.ravel(), 6)) for w in want if len(w) > 1)
    got = sorted((len(x.get_xydata()), *np.round(x.get_xydata().ravel(), 6)) for x in ax.lines)
    assert got == want
    assert len(ifn.pl.type_balance(*figures.simple(13)).lines) == 0
    assert len(ifn.pl.type_balance(*figures.simple(12)).lines) == 12


def test_shared_genes_and_what_cannot_be_concluded_are_said():
    adata, cohort = figures.example()
    ax = ifn.pl.type_balance(adata, cohort, type_i="msigdb_hallmark_ifna")
    shared = ifn.signatures.overlap(["msigdb_hallmark_ifna", AYBEY]).iloc[0]
    listed = ", ".join(sorted(shared["shared"].split(",")))
    assert f"The two lists ({shared['n_first']} and {shared['n_second']} genes) share {shared['n_shared']}: {listed}." in words(
        ax
    )
    assert "Neither score names the interferon" in words(ax)
    assert "share no gene" in words(ifn.pl.type_balance(adata, cohort))


@pytest.mark.parametrize("name", ["msigdb_hallmark_ifng", "mine"])
def test_hallmark_gamma_is_no_type_ii_axis(toy, name):
    gamma = list(ifn.signatures.get("msigdb_hallmark_ifng").genes)
    toy = toy[:, [g not in gamma for g in toy.var_names]].copy()
    extra = pd.DataFrame(np.random.default_rng(0).lognormal(3, 0.5, (18, len(gamma))), index=toy.obs_names, columns=gamma)
    toy = ad.AnnData(pd.concat([toy.to_df(), extra], axis=1), obs=toy.obs)
    given = [name] if name != "mine" else [{"mine": gamma}]
    ifn.tl.score(toy, ["kim2018_irg28_z", AYBEY, *given], method="mean_log", scale="linear", min_coverage=0.1)
    with pytest.raises(UsageError, match=r"no type II axis: 73 of the 97 genes of Hallmark alpha .* use aybey_ifn2_6") as e:
        ifn.pl.type_balance(toy, type_ii=name)
    assert "\n" not in str(e.value)
    assert ifn.pl.type_balance(toy).get_ylabel().startswith(f"type II: {AYBEY}")


def test_without_a_cohort_groups_come_from_a_column_and_controls_from_the_scores():
    adata, _ = figures.simple(20)
    ax = ifn.pl.type_balance(adata, by="arm")
    sick = adata.obs["group"] == "JDM"
    assert points(ax, controls=False) == rounded(both(adata, adata.obs_names[sick], "rice2013_ags6"))
    assert points(ax, controls=True) == rounded(both(adata, adata.obs_names[~sick], "rice2013_ags6"))
    n = adata.obs.loc[sick, "arm"].value_counts()
    assert all(f"{arm} (n = {n[arm]})" in words(ax) for arm in ("placebo", "tofacitinib"))
    looks = {(tuple(c.get_facecolor()[0][:3]), len(c.get_paths()[0].vertices)) for c in ax.collections}
    assert len(looks) == 3  # colour and shape of two arms and the controls


def test_a_column_of_the_patients_makes_groups():
    adata, cohort = figures.example()
    column = "msa"
    ax = ifn.pl.type_balance(adata, cohort, by=column)
    blood = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    counts = blood["patient_id"].map(cohort.patients.set_index("patient_id")[column]).value_counts()
    assert all(f"{_style.shortened(str(v))} (n = {n})" in words(ax) for v, n in counts.items() if v)


def test_samples_without_one_of_the_scores_are_counted():
    adata, cohort = figures.simple(5)
    key = adata.uns["ifnscore"]["latest"]
    adata.obsm[key].loc[adata.obs_names[-1], AYBEY] = np.nan
    scores = ifn.get.scores(adata)
    assert "1 sample without one of the scores." in words(ifn.pl.type_balance(adata, cohort))
    assert "No healthy controls are known." in words(ifn.pl.type_balance(scores))


def test_pictures(tmp_path):
    adata, cohort = figures.example()
    images.same(ifn.pl.type_balance(adata, cohort), "type_balance", tmp_path)
    images.same(ifn.pl.type_balance(adata, cohort, tissue="skin", type_i="msigdb_hallmark_ifna"), "type_balance_skin", tmp_path)
    images.same(ifn.pl.type_balance(*figures.simple(3)), "type_balance_3", tmp_path)
    images.same(ifn.pl.type_balance(figures.simple(20)[0], by="arm"), "type_balance_20", tmp_path)
    images.same(ifn.pl.type_balance(*figures.simple(150)), "type_balance_300_samples", tmp_path)


def test_the_picture_would_notice_another_phase(tmp_path):
    adata, cohort = figures.example()
    cohort.exposures["start_day"] += 400.0
    cohort.exposures["stop_day"] += 400.0
    images.differs(ifn.pl.type_balance(adata, cohort), "type_balance", tmp_path)


def test_given_axes_are_used():
    _, ax = plt.subplots()
    assert ifn.pl.type_balance(*figures.simple(3), ax=ax) is ax


def test_wrong_calls_are_refused_in_one_line():
    adata, cohort = figures.example()
    with pytest.raises(UsageError, match="dejesus2020_nfkb11_control is no type II signature but comparator"):
        ifn.pl.type_balance(adata, cohort, type_ii="dejesus2020_nfkb11_control")
    with pytest.raises(UsageError, match=f"{AYBEY} is no type I signature but II; scored of type I: rice2013_ags6"):
        ifn.pl.type_balance(adata, cohort, type_i=AYBEY)
    with pytest.raises(UsageError, match="no tissue 'muscle'"):
        ifn.pl.type_balance(adata, cohort, tissue="muscle")
    with pytest.raises(UsageError, match="by='arms': the samples have no such column"):
        ifn.pl.type_balance(adata, cohort, by="arms")
    with pytest.raises(DataError, match="by='day' has .* values; up to 20"):
        ifn.pl.type_balance(adata, cohort, by="day")
    with pytest.raises(DataError, match="none of the scores is known as type II"):
        ifn.pl.type_balance(adata, cohort, scores=[GEOMEAN])
    with pytest.raises(DataError, match="none of the scores is known as type I "):
        ifn.pl.type_balance(adata, cohort, scores=[AYBEY])


def test_the_refusal_names_the_score_that_is_missing_and_why():
    adata, _ = figures.simple(4)
    adata.obsm["ifn_published"][AYBEY] = np.nan
    with pytest.raises(DataError, match=f"scores of both rice2013_ags6 and {AYBEY}: there is none of {AYBEY}"):
        ifn.pl.type_balance(adata, type_ii=AYBEY)
    few = figures.simple(4)[0]
    few = few[:, [g for g in few.var_names if g not in set(ifn.signatures.get(AYBEY).genes)]].copy()
    ifn.tl.score(few, controls="group == 'healthy'")
    with pytest.raises(DataError, match=r"there is none of aybey_ifn2_6 \(0 of 6 genes, needs \d+%; absent: "):
        ifn.pl.type_balance(few)


def test_controls_lie_on_top_of_many_patients():
    ax = ifn.pl.type_balance(*figures.simple(150))
    cross = next(c for c in ax.collections if "healthy" in str(c.get_label()))
    others = [c for c in ax.collections if c is not cross]
    assert cross.get_zorder() > max(c.get_zorder() for c in others)
    assert ax.patches[0].get_zorder() > max(c.get_zorder() for c in others)
