"""What was planted in the SYNTHETIC example cohort is what compare and associate report: every child, the mean, the discordant one."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn

TRUTH = json.loads(
    (Path(__file__).resolve().parents[1] / "examples" / "jdm_tofacitinib" / "truth.json").read_text(encoding="utf-8")
)
TYPE_I, TYPE_II = TRUTH["signatures"]["I"], TRUTH["signatures"]["II"]
ERROR = TRUTH["se_of_change_between_two_samples"]
PAIRED, ON, POLICY = "followup_minus_baseline", "while_on_treatment", "treatment_policy"
ABOUT = ["signature", "tissue", "estimand"]
#: A planted change smaller than this may come out with either sign.
SMALL = 0.15
#: Children with a pair: SYN-05 is off the drug at day 150, SYN-06 has the later biopsy in the pause, SYN-03 no second biopsy.
CHILDREN = {
    ("blood", ON): {1, 2, 3, 4, 6},
    ("blood", POLICY): {1, 2, 3, 4, 5, 6},
    ("skin", ON): {1, 2, 4},
    ("skin", POLICY): {1, 2, 4, 6},
}


@pytest.fixture(scope="module")
def scored():
    """The shipped cohort with mean log2 of both types, and the published median fold change of type I on log2 by controls."""
    with pytest.warns(ifn.IfnscoreWarning, match="stopped for good"):  # SYN-05 is seen after the stop: that is no fault
        adata, cohort = ifn.datasets.jdm_tofacitinib()
    adata.obs["donor"] = adata.obs["donor_id"].fillna(adata.obs["patient_id"])
    controls = adata.obs["is_control"].to_numpy(bool)
    ifn.tl.score(adata, [TYPE_I, TYPE_II], method="mean_log")
    ifn.tl.score(adata, [TYPE_I], controls=controls, donor="donor", method="published")
    return adata, cohort


@pytest.fixture(scope="module", params=["ifn_mean_log", "ifn_published"])
def compared(request, scored):
    adata, cohort = scored
    return request.param, ifn.tl.compare(adata, cohort, key=request.param, rng=1), cohort


@pytest.fixture(scope="module")
def linked(scored):
    adata, cohort = scored
    return ifn.tl.associate(adata, cohort, key="ifn_mean_log", rng=1), cohort


def changes(got, cohort):
    """Return the paired changes with the child's id and what was planted in the sample of the follow-up."""
    ids = {code: patient for patient, code in cohort.codes.items()}
    samples = {(s.patient_id, s.tissue, s.day): s.sample_id for s in cohort.samples.itertuples() if not s.is_control}
    table = got.tables["patients"]
    table = table[(table["contrast"] == PAIRED) & (table["excluded"] == "")]
    table = table.assign(child=table["patient_id"].map(ids))
    of = [samples[key] for key in zip(table["child"], table["tissue"], table["followup_day"], strict=True)]
    return table.assign(
        planted=[TRUTH["samples"][s][g]["planted_change"] for s, g in zip(of, table["signature"], strict=True)],
        error=table["signature"].map(ERROR),
    )


def test_every_child_changes_as_planted(compared):
    key, got, cohort = compared
    table = changes(got, cohort)
    assert (table[["n_baseline", "n_followup"]] == 1).all(axis=None)  # the standard error is that of one sample against one
    assert set(table["signature"]) == ({TYPE_I, TYPE_II} if key == "ifn_mean_log" else {TYPE_I})
    far = table[(table["change"] - table["planted"]).abs() >= 2 * table["error"]]
    assert far.empty, far
    clear = table[table["planted"].abs() >= SMALL]
    assert (np.sign(clear["change"]) == np.sign(clear["planted"])).all()
    for (_, tissue, estimand), part in table.groupby(ABOUT):
        assert set(part["child"]) == {f"SYN-0{i}" for i in CHILDREN[tissue, estimand]}


def test_the_mean_change_is_that_of_the_planted_changes(compared):
    _, got, cohort = compared
    main = got.table[got.table["contrast"] == PAIRED].set_index(ABOUT)
    for about, part in changes(got, cohort).groupby(ABOUT):
        row, n = main.loc[about], len(part)
        assert row["n_patients"] == n
        assert row["estimate"] == pytest.approx(part["change"].mean())
        assert abs(row["estimate"] - part["planted"].mean()) < 2 * ERROR[about[0]] / math.sqrt(n)
        assert row["ci_low"] < part["planted"].mean() < row["ci_high"]


def test_all_samples_on_the_drug_of_all_six(compared):
    """Every child has a sample on the drug: the mean of all of them finds the planted mean, and the infection of SYN-01 is in it."""
    _, got, cohort = compared
    drug = cohort.settings.index_drug
    assert set(cohort.exposures["drug"]) == {drug}
    rows = got.table[(got.table["contrast"] == "mean_on_minus_baseline") & (got.table["tissue"] == "blood")]
    rows = rows[rows["estimand"] == ON].set_index("signature")
    for signature, row in rows.iterrows():
        assert row["n_patients"] == 6
        assert abs(row["estimate"] - TRUTH["mean_change_on_drug"][signature]) < 2 * ERROR[signature] / math.sqrt(6)


def test_the_primary_row_is_type_i_in_blood_on_the_drug_and_five_children_get_no_verdict(compared):
    _, got, _ = compared
    top = got.table.iloc[0]
    assert [top[c] for c in ("role", "signature", "tissue", "contrast", "estimand")] == ["primary", TYPE_I, "blood", PAIRED, ON]
    assert "fell in 4 and rose in 1 of 5" in got.reading
    assert "5 patients cannot reject anything" in got.reading


def test_table_1_has_the_counts_of_the_report(compared):
    _, got, _ = compared
    t = got.tables["table1"]
    count = {(r, "" if pd.isna(level) else level): n for r, level, n in t[["row", "level", "n"]].itertuples(index=False)}
    for row, level, n in (
        ("Patients", "", 6), ("Sex", "F", 3), ("Sex", "M", 3), ("Calcinosis, ever", "", 5), ("Muscle weakness, ever", "", 3),
        ("Joint involvement, ever", "", 4), ("Interrupted, later restarted", "", 1), ("Discontinued", "", 1),
    ):  # fmt: skip
        assert count[row, level] == n, row
    prior = t[t["section"] == "prior drugs"].set_index("row")["n"].to_dict()
    assert {k: prior[k] for k in ("prednisone", "methotrexate", "nsaid", "pamidronate", "IVIG", "mycophenolate", "rituximab")} == {
        "prednisone": 6, "methotrexate": 6, "nsaid": 6, "pamidronate": 4, "IVIG": 4, "mycophenolate": 3, "rituximab": 3,
    }  # fmt: skip
    assert prior["cyclophosphamide"] == 1
    score = t[(t["section"] == "baseline score") & (t["level"] == "blood")]
    assert score["n"].tolist() == [6, 14]  # six children, fourteen healthy donors


def test_the_discordant_child_is_listed(linked):
    got, cohort = linked
    ids = {code: patient for patient, code in cohort.codes.items()}
    table = got.tables["discordant"]
    mine = table[(table["signature"] == TYPE_I) & (table["tissue"] == "blood")]
    pattern = mine.assign(child=mine["patient_id"].map(ids)).set_index("child")["pattern"].to_dict()
    assert pattern.pop("SYN-04") == "measure improved, score did not fall"
    assert set(pattern.values()) == {"score fell and measure improved"}
    assert f"Discordant, measure improved, score did not fall: {cohort.codes['SYN-04']}." in got.reading
    change = mine.loc[mine["patient_id"] == cohort.codes["SYN-04"], "outcome_change"].item()
    assert change == 10 - 22  # CDASI activity 22 to 10


def test_everything_says_synthetic(compared, linked):
    for got in (compared[1], linked[0]):
        for name, table in {"main": got.table, **got.tables}.items():
            assert len(table), name
            assert (table["data"] == "SYNTHETIC").all(), name
        assert got.reading.startswith("SYNTHETIC")
