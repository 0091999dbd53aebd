"""The EULAR checklist is filled in from the data: every status is reached, and answers follow what changes."""

from __future__ import annotations

import dataclasses
import functools
import re

import pandas as pd
import pytest
from tests.figures import example, simple

import ifnscore as ifn
from ifnscore import scoretable
from ifnscore.report import _eular

pytestmark = [pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]
STATUSES = {"reported", "partly", "not reported", "not applicable"}


@functools.cache
def run():
    adata, cohort = example()
    change = ifn.tl.compare(adata, cohort, rng=1)
    link = ifn.tl.associate(adata, cohort, outcome="cdasi_activity", rng=1)
    return adata, cohort, change, link


def points(scores, cohort=None, change=None, link=None) -> pd.DataFrame:
    table = _eular.checklist(scores, cohort, change, link)
    assert list(table.columns) == ["point", "text", "status", "answer", "to_do"]
    assert list(table["point"]) == ["A", "B", "1", "2", "3", "4", "5", "6", "7", "8-11"]
    assert set(table["status"]) <= STATUSES
    assert table.notna().all().all()
    assert not table["answer"].str.contains(r"nan|None|\bNA\b|\.\.| ,").any()
    return table.set_index("point")


def full():
    adata, cohort, change, link = run()
    return points(scoretable.collect(adata), cohort, change, link)


def small(signatures, **how) -> scoretable.ScoreTable:
    adata, _ = simple(3)
    ifn.tl.score(adata, signatures, **how)
    return scoretable.collect(adata)


def test_the_example_reaches_three_statuses_and_one_more_without_a_cohort():
    assert set(full()["status"]) == {"reported", "partly", "not reported"}
    assert points(scoretable.collect(run()[0]))["status"].value_counts()["not applicable"] == 3


def test_numbers_are_those_of_the_tables():
    adata, cohort, _, link = run()
    table = full()
    scores = ifn.get.scores(adata)
    patients = set(cohort.samples.loc[~cohort.samples["is_control"].astype(bool), "sample_id"])
    judged = scores[scores["cutoff"].notna() & scores["score"].notna() & scores["sample"].isin(patients)]
    above = int((judged["score"] > judged["cutoff"]).sum())
    assert table.loc["5", "answer"].startswith(f"{above} of {len(judged)} scores")
    assert "n = 14" in table.loc["5", "answer"]
    primary = link.table[(link.table["contrast"] == "change_with_change") & (link.table["role"] == "primary")].iloc[0]
    assert f"in {primary['n_patients']} patients: rho {primary['estimate']:.2f}" in table.loc["7", "answer"]
    assert "kim2018_irg28_geomean" in table.loc["2", "answer"]
    assert "Controls: 14 (tissue=blood); 8 (tissue=skin)" in table.loc["2", "answer"]
    shared = len(set(ifn.signatures.get("msigdb_hallmark_ifna").genes) & set(ifn.signatures.get("aybey_ifn2_6").genes))
    assert f"share at most {shared} genes (msigdb_hallmark_ifna with aybey_ifn2_6)" in table.loc["4", "answer"]


def test_types_side_by_side():
    assert full().loc["A", "status"] == "reported"
    alone = points(small("rice2013_ags6"))
    assert alone.loc["A", ["status", "to_do"]].tolist() == ["partly", "Score type II beside them (ifnscore signatures --type)."]
    own = points(small({"mine": ["ISG15", "MX1", "IFI6"]}, method="mean_log"))
    assert own.loc["A", "status"] == "not reported"
    assert "Type unknown: mine." in own.loc["A", "answer"]


def test_consensus_terms_fit_type_one_alone():
    assert full().loc["1", "status"] == "partly"
    assert "does not fit aybey_ifn2_6 and dejesus2020_nfkb11_control" in full().loc["1", "answer"]
    assert points(small("rice2013_ags6,kim2018_irg28_z")).loc["1", "status"] == "reported"


def test_a_new_assay_is_one_that_the_catalogue_does_not_have():
    native = points(small("aybey_ifn2_6", method="published"))
    assert native.loc["3", "status"] == "not applicable"
    assert full().loc["3", "status"] == "partly"
    own = points(small({"mine": ["ISG15", "MX1", "IFI6"]}, method="mean_log"))
    assert own.loc["3", "status"] == "not reported"
    assert "Not from the catalogue: mine." in own.loc["3", "answer"]


def test_subsets_that_are_scored_apart_are_reported():
    parts = points(small([*_eular.MODULES, "aybey_ifn2_6"]))
    assert parts.loc["4", "status"] == "reported"
    fewer = points(small([*_eular.MODULES[:2], "aybey_ifn2_6"]))
    assert fewer.loc["4", "status"] == "partly"


def test_missing_genes_are_named_by_number():
    adata, _ = simple(3)
    adata = adata[:, [g for g in adata.var_names if g != "HERC6"]].copy()
    ifn.tl.score(adata, "kim2018_irg28_geomean", controls="group == 'healthy'")
    assert "not all in kim2018_irg28_geomean (27 of 28)" in points(scoretable.collect(adata)).loc["4", "answer"]


def test_cutoffs_come_from_controls_or_there_are_none():
    few, _ = simple(3, n_controls=6)
    assert points(scoretable.collect(few)).loc["5", "status"] == "not applicable"
    some, _ = simple(3, n_controls=12)
    table = points(scoretable.collect(some))
    assert table.loc["5", "status"] == "reported"
    assert "n = 12" in table.loc["5", "answer"]
    assert int(re.match(r"(\d+) of", table.loc["5", "answer"])[1]) > 0


def test_a_table_of_scores_says_what_is_unknown():
    wide = ifn.get.scores_wide(run()[0])
    table = points(scoretable.collect(wide, score_type="log"), run()[1])
    assert table.loc[["2", "3", "4"], "status"].tolist() == ["not reported"] * 3
    assert table.loc[["6", "7"], "status"].tolist() == ["not reported"] * 2
    measures = run()[1].outcomes["instrument"].nunique()
    assert table.loc["7", "answer"].startswith(f"{measures} measures recorded")
    long = points(scoretable.collect(ifn.get.scores(run()[0])))
    assert long.loc["2", "status"] == "partly"
    assert "geomean" in long.loc["2", "answer"]


def test_arms_count_as_groups_not_as_severity():
    adata, cohort = simple(20, arms=True)
    change = ifn.tl.compare(adata, cohort, rng=1)
    table = points(scoretable.collect(adata), cohort, change)
    assert table.loc["6", "status"] == "partly"
    assert "without a control arm" not in table.loc["B", "answer"]
    assert "without a control arm" in full().loc["B", "answer"]


def test_activity_is_reported_with_an_interval_and_partly_without():
    adata, cohort, change, link = run()
    assert full().loc["7", "status"] == "partly"
    assert "no interval: 5 pairs, 6 needed" in full().loc["7", "answer"]
    table = link.table.copy()
    row = (table["contrast"] == "change_with_change") & (table["role"] == "primary")
    table.loc[row, ["ci_low", "ci_high"]] = [0.1, 0.9]
    told = points(scoretable.collect(adata), cohort, change, dataclasses.replace(link, table=table))
    assert told.loc["7", "status"] == "reported"
    assert "(95 % interval 0.10 to 0.90)" in told.loc["7", "answer"]
    nothing = dataclasses.replace(link, table=table.assign(estimate=float("nan")))
    assert points(scoretable.collect(adata), cohort, change, nothing).loc["7", "status"] == "not reported"


def test_points_that_were_not_read_are_never_met():
    assert full().loc["8-11", "status"] == "not reported"
    assert "not retrieved" in full().loc["8-11", "text"].lower()
    assert "4 of 5 (evaluable patients)" in full().loc["8-11", "answer"]


def test_patients_do_not_appear_by_id():
    adata, cohort, change, link = run()
    text = " ".join(points(scoretable.collect(adata), cohort, change, link).astype(str).to_numpy().ravel())
    assert not [i for i in (*cohort.codes, *cohort.sample_codes) if str(i) in text]
