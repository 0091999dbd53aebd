"""Expression behind the scores, its distance from the controls, and cut-offs on the scale of analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests import figures

import ifnscore as ifn
from ifnscore import scoretable
from ifnscore.analysis import _cutoffs, _expressed, _frame, _genes, _healthy

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


def z_of(adata, genes, **repeats):
    table = scoretable.collect(adata)
    who = _healthy.people(table)
    read = _expressed.read(table)
    return _expressed.z(read.log2[genes], _cutoffs.strata(table), repeats.get("person", who["person"]), who["control"])


def test_values_are_log2_counts_per_million():
    adata, _ = figures.simple(5)
    read = _expressed.read(scoretable.collect(adata))
    cpm = adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6
    want = np.log2(cpm[:, list(adata.var_names).index("IFI27")] + 1)
    assert np.allclose(read.log2["IFI27"], want)
    assert list(read.log2.index) == list(adata.obs_names)
    assert read.of_signature["rice2013_ags6"]["IFI27"] is True
    some = _expressed.read(scoretable.collect(adata), ["s0003", "elsewhere", "s0001"])
    assert list(some.log2.index) == ["s0003", "s0001"]
    assert np.allclose(some.log2["IFI27"], [want[3], want[1]])


def test_only_the_genes_that_are_asked_for_are_read_in_chunks(monkeypatch):
    adata, _ = figures.simple(5)
    table = scoretable.collect(adata)
    whole = _expressed.read(table)
    monkeypatch.setattr(_expressed, "CHUNK", 4)
    part = _expressed.read(table, None, ["rice2013_ags6"])
    assert set(part.log2) == set(part.of_signature["rice2013_ags6"]) == set(whole.of_signature["rice2013_ags6"])
    pd.testing.assert_frame_equal(part.log2, whole.log2[list(part.log2)])


def test_a_small_scored_file_has_the_same_values(tmp_path):
    adata, _ = figures.example()
    whole = _expressed.read(scoretable.collect(adata)).log2
    small = _expressed.read(scoretable.collect(ifn.scored.small(adata))).log2
    pd.testing.assert_frame_equal(whole, small)


def test_z_is_that_of_the_scores():
    """``zref_mean`` on log2 is the mean of these z: the scoring kernels are the witness."""
    adata, _ = figures.simple(5)
    parts = ifn.get.contributions(adata, "higgs2011_anifrolumab4")
    z = z_of(adata, list(parts.columns))
    assert np.allclose(z, parts * parts.shape[1])
    assert np.allclose(z.mean(axis=1), ifn.get.scores_wide(adata)["higgs2011_anifrolumab4"])


def test_each_stratum_has_its_own_controls_and_repeats_are_averaged():
    adata, _ = figures.example()
    z = z_of(adata, ["IFI27", "MX1"])
    log2 = _expressed.read(scoretable.collect(adata)).log2[["IFI27", "MX1"]]
    obs = adata.obs
    for tissue in ("blood", "skin"):
        here = (obs["tissue"] == tissue).to_numpy()
        control = here & obs["is_control"].astype(bool).to_numpy()
        donor = obs["donor_id"].astype(object).where(obs["donor_id"].notna(), obs.index.to_series())[control]
        people = log2[control].groupby(donor.to_numpy()).mean()
        assert len(people) == {"blood": 14, "skin": 8}[tissue]
        want = (log2[here] - people.mean()) / people.std(ddof=1)
        assert np.allclose(z[here], want)


def test_too_few_to_compare_with_and_genes_that_do_not_vary():
    log2 = pd.DataFrame({"A": [1.0, 2.0, 3.0, 9.0], "B": [5.0, 5.0, 5.0, 7.0]}, index=list("wxyz"))
    among = pd.Series([True, True, True, False], index=log2.index)
    person, one = pd.Series(log2.index, index=log2.index), pd.Series("", index=log2.index)
    z = _expressed.z(log2, one, person, among)
    assert z["A"].tolist() == pytest.approx([-1.0, 0.0, 1.0, 7.0])
    assert z["B"].isna().all()
    same = pd.Series(["p", "p", "q", "r"], index=log2.index)
    assert _expressed.z(log2, one, same, among).isna().all(axis=None)


def test_genes_of_a_comparison_are_read_by_the_same_reader():
    adata, cohort = figures.example()
    table = scoretable.collect(adata)
    frame = _frame.build(table, cohort)
    rows, whole = _genes.read(table, frame), _expressed.read(table)
    assert list(rows.log2.index) == list(frame.rows.index)
    assert np.allclose(rows.log2, whole.log2.loc[frame.ids])


def test_cut_offs_are_logged_where_scores_are():
    adata, _ = figures.simple(4, n_controls=25)
    table, given = scoretable.collect(adata), ifn.get.cutoffs(adata).set_index("signature")
    ratio = _cutoffs.table(table, "rice2013_ags6").iloc[0]
    for name in ("cutoff", "cutoff_low", "cutoff_high"):
        assert ratio[name] == pytest.approx(np.log2(given.loc["rice2013_ags6", name]))
    z = _cutoffs.table(table, "kim2018_irg28_z").iloc[0]
    assert z["cutoff"] == given.loc["kim2018_irg28_z", "cutoff"]
    assert ratio["why_none"] == ""
    above = table.analysed()["rice2013_ags6"] > ratio["cutoff"]
    assert (above == (table.values["rice2013_ags6"] > given.loc["rice2013_ags6", "cutoff"])).all()


def test_why_there_is_no_cut_off():
    adata, _ = figures.simple(4, n_controls=8)
    assert "8 independent controls, 10 needed" in _cutoffs.table(scoretable.collect(adata), "rice2013_ags6").iloc[0]["why_none"]
    ifn.tl.score(adata, method="mean_log")
    assert "without healthy controls" in _cutoffs.table(scoretable.collect(adata), "rice2013_ags6").iloc[0]["why_none"]
    table = scoretable.collect(pd.DataFrame({"sample": ["a"], "rice2013_ags6": [2.0]}), score_type="ratio")
    assert "a table of scores" in _cutoffs.table(table, "rice2013_ags6").iloc[0]["why_none"]
    assert list(_cutoffs.strata(table)) == [""]


def test_controls_of_a_simple_design_with_a_tissue_column_it_does_not_use():
    adata, cohort = figures.simple(4)
    adata.obs["tissue"] = "blood"
    table = scoretable.collect(adata)
    assert len(_healthy.values(table, "rice2013_ags6", _frame.UNKNOWN, cohort)) == 12
