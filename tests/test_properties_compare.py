"""What must not change a comparison: names of patients, order of rows, patients without a pair; and the bounds of p."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import CI

import ifnscore as ifn
from ifnscore.cohort import Cohort
from ifnscore.stats import attainable

FEW = settings(CI, max_examples=6)
#: Changes on a grid of quarters: ties and zeros occur.
CHANGES = st.lists(st.integers(-12, 12).map(lambda q: q / 4), min_size=1, max_size=9)
BASELINES = st.lists(st.integers(0, 40).map(lambda q: q / 4), min_size=9, max_size=9)
NUMBERS = ["estimate", "ci_low", "ci_high", "p", "p_adj", "min_attainable_p", "n_patients"]


def table(changes: list[float], baselines: list[float]) -> pd.DataFrame:
    """Return scores before and after, one row a sample."""
    who = [f"q{i}" for i in range(len(changes))]
    pre = np.array(baselines[: len(changes)])
    return pd.DataFrame(
        {
            "sample": [f"{w}{t}" for t in "ab" for w in who],
            "who": who * 2,
            "when": ["pre"] * len(who) + ["post"] * len(who),
            "ifn": [*pre, *(pre + np.array(changes))],
        }
    )


def compared(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the main table, one a test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        obs = scores.set_index("sample")
        cohort = Cohort.from_samples(obs, patient="who", time="when", baseline="pre", followup="post")
        found = ifn.tl.compare(scores, cohort, scores="ifn", score_type="log", rng=1).table
    return found.set_index("test")[NUMBERS].astype(float)


def equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-12)


@FEW
@given(CHANGES, BASELINES, st.randoms(use_true_random=False))
def test_names_and_order(changes, baselines, random):
    scores = table(changes, baselines)
    before = compared(scores)
    names = [f"x{i}" for i in range(len(changes))]
    random.shuffle(names)
    renamed = scores.assign(who=scores["who"].map(dict(zip(scores["who"].unique(), names, strict=True))))
    equal(compared(renamed), before)
    order = list(range(len(scores)))
    random.shuffle(order)
    equal(compared(scores.iloc[order].reset_index(drop=True)), before)


@FEW
@given(CHANGES, BASELINES, st.floats(-20, 20))
def test_a_patient_without_a_pair(changes, baselines, value):
    """Somebody with one sample, or with a sample that has no score, is left out and changes nothing."""
    scores = table(changes, baselines)
    before = compared(scores)
    alone = pd.DataFrame({"sample": ["z1"], "who": ["z"], "when": ["pre"], "ifn": [value]})
    equal(compared(pd.concat([scores, alone], ignore_index=True)), before)
    empty = pd.DataFrame({"sample": ["z1", "z2"], "who": ["z", "z"], "when": ["pre", "post"], "ifn": [value, np.nan]})
    equal(compared(pd.concat([scores, empty], ignore_index=True)), before)


@FEW
@given(CHANGES, BASELINES)
def test_bounds_of_p(changes, baselines):
    found = compared(table(changes, baselines))
    p = found["p"].to_numpy()
    assert ((p >= found["min_attainable_p"] - 1e-12) & (p <= 1)).all()
    assert found.loc["sign_flip", "min_attainable_p"] == attainable.min_p(len(changes))
    assert (found["p_adj"].dropna() >= found.loc[found["p_adj"].notna(), "p"] - 1e-12).all()
    assert found.loc["sign_flip", "estimate"] == np.mean(changes)


@FEW
@given(CHANGES, BASELINES)
def test_before_and_after_exchanged(changes, baselines):
    """A fall seen from the other side is a rise of the same size and the same p."""
    scores = table(changes, baselines)
    turned = scores.assign(when=scores["when"].map({"pre": "post", "post": "pre"}))
    before, after = compared(scores), compared(turned)
    np.testing.assert_allclose(after["p"], before["p"], rtol=1e-9)
    np.testing.assert_allclose(after.loc["sign_flip", "estimate"], -before.loc["sign_flip", "estimate"], atol=1e-12)
    np.testing.assert_allclose(after.loc["sign_flip", "ci_low"], -before.loc["sign_flip", "ci_high"], atol=1e-9)


@FEW
@given(CHANGES, BASELINES, st.floats(-5, 5))
def test_a_shift_of_all_scores(changes, baselines, shift):
    scores = table(changes, baselines)
    found, moved = compared(scores), compared(scores.assign(ifn=scores["ifn"] + round(shift * 4) / 4))
    equal(moved, found)
