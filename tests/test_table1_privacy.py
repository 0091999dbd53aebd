"""Table 1 with ``suppress=True``: what is hidden stays hidden, in the table and with the table without groups beside it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests import cohorts
from tests.test_table1 import cell, example, many

from ifnscore.cohort import Cohort

__all__ = ["example"]


def test_suppressed_example_shows_no_small_count_and_no_range(example):
    s = example.samples.set_index("sample_id")["is_control"]
    scores = pd.Series(np.linspace(1, 9, len(s)), index=s.index)
    made = example.table1(suppress=True, scores=scores, controls=scores[s])
    assert not made[["n", "n_missing"]].astype(float).isin([1, 2, 3, 4]).any(axis=None)
    few = made[made["section"].isin(["disease", "index drug", "baseline measures"])]
    assert not few["value"].str.contains(r"\[").any()
    assert not made["note"].str.contains("range \\d").any()
    assert cell(made, "Sex", "F")["value"] == "<5/6"
    assert cell(made, "Calcinosis, ever")["value"] == "*"  # 5 of 6: its complement is one child
    assert cell(made, "cyclophosphamide", section="prior drugs")["value"] == "*"
    assert cell(made, "nsaid", section="prior drugs")["value"] == "6/6"
    assert "hidden counts" in made["row"].tolist()


def test_totals_that_tell_hidden_counts_are_hidden(example):
    made = example.table1(suppress=True)
    for name, level in [
        ("Reason of discontinuation", "adverse event"),
        ("Discontinued", ""),
    ]:
        row = cell(made, name, level)
        assert pd.isna(row["n_total"]), name
        assert "/" not in row["value"], name


def test_how_few_never_had_the_drug_cannot_be_worked_out():
    c = many(22)
    who = c.patients["patient_id"][:20]
    row = {"drug": "d", "start_day": 0.0, "stop_day": 90.0, "dose": 5.0, "unit": "mg/day", "dose_mg_kg": 0.1, "reason_stop": ""}
    c = replace(c, exposures=pd.DataFrame([{"patient_id": p, **row} for p in who]), settings=replace(c.settings, index_drug="d"))
    plain, made = (t[t["section"] == "index drug"] for t in (c.table1(), c.table1(suppress=True)))
    assert cell(plain, "ever on d")["value"] == "20/22 (91 %)"
    assert set(plain["n_total"]) == {20, 22}
    assert made["n_total"].dropna().eq(22).all()
    assert made["n"].isna().all() or made.loc[made["n"].notna(), "n"].eq(0).all()
    assert not made["value"].str.contains("20").any()


def test_the_order_of_rows_does_not_tell_hidden_counts(example):
    made = example.table1(suppress=True)
    drugs = made.loc[made["section"] == "prior drugs", "row"].tolist()[1:]
    assert drugs == sorted(drugs, key=str.lower)
    msa = made.loc[made["row"] == "Myositis-specific antibody", "level"].tolist()
    assert msa == sorted(msa, key=str.lower)


def test_a_cohort_of_four_is_withheld(tmp_path):
    made = Cohort.read(cohorts.write(tmp_path / "c")).table1(suppress=True)
    assert made["row"].tolist() == ["SYNTHETIC", "hidden counts", "Patients"]
    assert made["value"].iloc[-1] == "<5"


def possible(word: object, n: int) -> list[int]:
    """Return what a reader takes a printed count for."""
    if word == "<5":
        return [1, 2, 3, 4]
    if word == "*":
        return list(range(n + 1))
    return [int(word)]


@pytest.mark.parametrize("seed", range(12))
def test_no_hidden_count_can_be_worked_out(seed):
    """Brute force: all tables that agree with the two blocks, and with the table without groups, leave each hidden count open."""
    n = 14 + seed
    sex = ["F"] * 6 + ["M"] * (n - 6)
    c = many(n, seed, sex=sex, calcinosis_ever=pd.array([i % (2 + seed % 3) != 0 for i in range(n)], dtype="boolean"))
    made = c.table1(suppress=True, group="sex")
    known = int(c.patients["calcinosis_ever"].sum())  # a reader has the total of all
    shown = {g: cell(mine, "Calcinosis, ever") for g, mine in made.groupby("group")}
    sizes = {"F": 6, "M": n - 6}
    words = {g: row["value"].split("/")[0] for g, row in shown.items()}
    fits = [
        dict(zip(words, yes, strict=True))
        for yes in itertools.product(*(possible(words[g], sizes[g]) for g in words))
        if sum(yes) == known and all(y <= sizes[g] for y, g in zip(yes, words, strict=True))
    ]
    true = c.patients.groupby("sex")["calcinosis_ever"].sum()
    assert {g: int(true[g]) for g in words} in fits
    for g, word in words.items():
        if word in {"<5", "*"}:
            assert len({f[g] for f in fits}) > 1, (words, known)
        else:
            assert not 1 <= true[g] <= 4
            assert not 1 <= sizes[g] - true[g] <= 4


def test_a_small_group_takes_another_one_along():
    c = many(30, msa=["NXP2"] * 17 + ["MDA5"] * 3 + ["TIF1g"] * 10)
    made = c.table1(suppress=True, group="msa")
    sizes = made[made["row"] == "Patients"].set_index("group")["value"]
    assert sizes.to_dict() == {"MDA5": "<5", "NXP2": "17", "TIF1g": "*"}
    assert len(made[made["group"] == "TIF1g"]) == len(made[made["group"] == "MDA5"]) == 2  # the legend, and that it is withheld
    assert not made[made["group"] != "NXP2"][["n", "n_total", "n_missing"]].notna().any(axis=None)


def test_two_small_groups_that_are_small_together_take_a_third_along():
    c = many(30, msa=["NXP2"] * 15 + ["MDA5"] * 2 + ["TIF1g"] * 2 + ["SRP"] * 11)
    made = c.table1(suppress=True, group="msa")
    sizes = made[made["row"] == "Patients"].set_index("group")["value"]
    assert sizes["NXP2"] == "15"
    assert sizes["SRP"] == "*"
    assert len(made[made["group"] == "SRP"]) == 2  # withheld whole


def test_summaries_of_few_values_are_not_shown(tmp_path):
    ages = [5.0, 6.0, 7.0] + [math.nan] * 17
    made = many(20, age_at_start_years=ages).table1(suppress=True)
    row = cell(made, "Age at start, years")
    assert row["value"] == "not shown"
    assert pd.isna(row["n"])
    assert pd.isna(row["n_missing"])  # 20 - 17 would tell
    plain = many(20, age_at_start_years=ages).table1()
    assert cell(plain, "Age at start, years")["value"] == "6 [5 to 7]"
