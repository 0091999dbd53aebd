"""Nobody is lost: who entered is who was left out, for one reason each, and who was analysed."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clinic_cohorts import clinic, scores

from ifnscore import scoretable
from ifnscore.analysis import _changes, _frame
from ifnscore.cohort import _pairs
from ifnscore.cohort._flow import flow
from ifnscore.tl import _compare

ABOUT = ["signature", "tissue", "group", "contrast", "estimand"]
DAYS = st.sampled_from([-120, -60, -7, 0, 10, 60, 100, 130, 180, 185, 230, 400])
COURSES = st.sampled_from([[], [(0, "")], [(0, 90)], [(0, 90), (120, "")], [(0, 20)]])
SAMPLES = st.lists(
    st.tuples(
        DAYS,
        st.sampled_from(["blood", "skin"]),
        st.sampled_from(["RNA-seq", "RT-qPCR"]),
        st.sampled_from(["A", "B", ""]),
        st.booleans(),
    ),
    max_size=5,
)


def test_one_flow_by_hand():
    made = flow(
        {"P1": 3, "P2": 2, "P3": 0, "P4": 4}, {"P3": "b", "P2": "a"}, {"P1": 2, "P4": 4}, ["a", "b", "c"], {"tissue": "blood"}
    )
    got = made[["tissue", "step", "reason", "n_patients", "n_samples", "n_patients_left"]].to_numpy().tolist()
    assert got[0] == ["blood", "entered", "", 4, 9, 4]
    assert got[1:3] == [["blood", "excluded", "a", 1, 2, 3], ["blood", "excluded", "b", 1, 0, 2]]
    assert got[-1] == ["blood", "analysed", "", 2, 6, 2]
    assert [g[3:5] for g in got[3:-1]] == [[0, 1]]


@pytest.mark.parametrize(("excluded", "used"), [({"P1": "a"}, {"P1": 1, "P2": 1}), ({}, {"P1": 1})])
def test_a_patient_in_both_or_in_neither_is_a_fault(excluded, used):
    with pytest.raises(AssertionError):
        flow({"P1": 1, "P2": 1}, excluded, used, ["a"], {})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    children=st.lists(st.tuples(COURSES, SAMPLES, st.sampled_from(["x", "y"])), min_size=1, max_size=4),
    rule=st.sampled_from(["target", "last_on"]),
)
def test_totals_reconcile_for_every_question(children, rule):
    samples = [
        {
            "sample_id": f"s{i}q{j}",
            "patient_id": f"k{i}",
            "day": d,
            "tissue": t,
            "platform": p,
            "batch": b,
            "score": 1.0 if ok else None,
        }
        for i, (_, own, _) in enumerate(children)
        for j, (d, t, p, b, ok) in enumerate(own)
    ]
    samples.append({"sample_id": "sure", "patient_id": "k0", "day": 5, "score": 1.0})
    drugs = [
        {"patient_id": f"k{i}", "start_day": a, "stop_day": b} for i, (course, _, _) in enumerate(children) for a, b in course
    ]
    drugs.append({"patient_id": "other"})
    people = [{"patient_id": f"k{i}", "arm": arm} for i, (_, _, arm) in enumerate(children)] + [
        {"patient_id": "other", "arm": "x"}
    ]
    plain = [{k: v for k, v in s.items() if k != "score"} for s in samples]
    cohort = clinic(plain, drugs, f'[followup]\nrule = "{rule}"\n', patients=people)
    table = scoretable.collect(
        scores({"ifn": [s["score"] for s in samples]}, [s["sample_id"] for s in samples]), scores="ifn", score_type="z"
    )
    frame = _frame.build(table, cohort, "arm")
    answers = [_changes.changes(frame, q) for q in _changes.questions(frame)]
    flows = _compare._flows(frame, answers)
    tissues = pd.Series({s["sample_id"]: s.get("tissue", "blood") for s in samples})
    of_arm = {p["patient_id"]: p["arm"] for p in people}
    assert len(answers) == 5 * tissues.nunique() * len(set(of_arm.values()))
    for (_, tissue, arm, _, _), part in flows.groupby(ABOUT):
        step = part.set_index("step")
        mine = [s for s in samples if s.get("tissue", "blood") == tissue and of_arm[s["patient_id"]] == arm]
        assert step.loc["entered", "n_patients"] == sum(a == arm for a in of_arm.values())
        assert step.loc["entered", "n_samples"] == len(mine)
        for what in ("n_patients", "n_samples"):
            left_out = part.loc[part["step"] == "excluded", what].sum()
            assert step.loc["entered", what] == left_out + step.loc["analysed", what]
        assert (part["n_samples"] >= 0).all()
        reasons = part.loc[part["step"] == "excluded", "reason"]
        assert reasons.is_unique
        assert part["n_patients_left"].iloc[-1] == step.loc["analysed", "n_patients"]
    for a in answers:
        assert set(a.excluded.values()) <= {*_pairs.REASONS, _changes.NO_OFF}
        assert set(a.excluded).isdisjoint(a.table["patient_id"])
