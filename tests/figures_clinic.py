"""Cohorts of any size with exposures, visits and a skin measure, for the figures that need them."""

from __future__ import annotations

import functools
from unittest import mock

import numpy as np
import pandas as pd
from tests.clinic_cohorts import clinic, scores
from tests.figures import coded, example

import ifnscore as ifn
from ifnscore.analysis import _leave_one_out, _linked, _sensitivity_link

#: What tl.associate and the figures are told about the scores of these cohorts.
TOLD = {"scores": "ifn", "score_type": "log"}
#: More children than this have two visits each.
MANY = 100
_VISITS = _linked.visits_of
REASONS = ("AE", "lack_efficacy", "remission", "")


@functools.cache
def _made(n: int, seed: int):
    rng = np.random.default_rng(seed)
    samples, visits, outcomes, drugs, values = [], [], [], [], {}
    for i in range(1, n + 1):
        who, shift = f"k{i:03d}", int(rng.integers(0, 20))
        end = int(rng.integers(300, 700))
        drugs += _drug(who, i, end)
        level, skin, fall = rng.normal(4, 0.8), rng.integers(15, 40), rng.normal(1.2, 0.8)
        for j, day in enumerate((-30, -5, 60, 175, 300) if n <= MANY else (-5, 175)):
            at = day + shift if day > 0 else day
            low = fall * min(1.0, max(day, 0) / 120)
            samples.append({"sample_id": f"{who}_{j}", "patient_id": who, "day": at})
            visits.append({"patient_id": who, "visit_id": f"V{j}", "day": at})
            value = max(0, round(float(skin - 6 * low + rng.normal(0, 4))))
            outcomes.append(
                {"patient_id": who, "visit_id": f"V{j}", "instrument": "cdasi_activity", "value": value, "version": 2}
            )
            values[f"{who}_{j}"] = float(level - low + rng.normal(0, 0.4))
    cohort = clinic(samples, drugs, "[primary]\ninstrument = 'cdasi_activity'\n", visits=visits, outcomes=outcomes)
    return cohort, scores({"ifn": list(values.values())}, values)


def _drug(who: str, i: int, end: int) -> list[dict]:
    """Return the exposure of child i: every fourth is interrupted, every fifth stops, every third has its dose changed."""
    one = {"patient_id": who, "unit": "mg/day"}
    if i % 5 == 0:
        return [{**one, "stop_day": 40 + 2 * i, "reason_stop": REASONS[i // 5 % 4], "dose": 10}]
    if i % 4 == 0:
        return [{**one, "stop_day": 100, "reason_stop": "AE", "dose": 10}, {**one, "start_day": 130, "dose": 5}]
    if i % 3 == 0:
        return [{**one, "stop_day": 90, "dose": 5}, {**one, "start_day": 90, "dose": 10}]
    return [{**one, "stop_day": end, "reason_stop": "remission", "dose": 10} if i % 7 == 0 else {**one, "dose": 10}]


def clinic_of(n: int, *, seed: int = 1):
    """Return (cohort with codes in the order of ids, table of log2 scores) of n children with five visits each (two where there are many)."""
    cohort, table = _made(n, seed)
    return coded(cohort), table.copy()


@functools.cache
def link_of(n: int, *, seed: int = 1) -> ifn.result.Result:
    """Return tl.associate of such a cohort, without what no figure shows."""
    cohort, table = clinic_of(n, seed=seed)
    return _link(table, cohort, **TOLD)


@functools.cache
def link_of_example(signature: str) -> ifn.result.Result:
    """Return tl.associate of the shipped cohort, without what no figure shows."""
    return _link(*example(), scores=signature)


def _link(scored, cohort, **more) -> ifn.result.Result:
    """Leave out the models of all visits, what happens without one patient, and the sensitivity runs: they take minutes."""
    with (
        mock.patch.object(_leave_one_out, "summary", side_effect=lambda *_, **__: {"loo_low": 0.0, "loo_high": 0.0}),
        mock.patch.object(_sensitivity_link, "table", return_value=pd.DataFrame()),
        mock.patch.object(_linked, "visits_of", lambda *given: _VISITS(*given).head(0)),
    ):
        return ifn.tl.associate(scored, cohort, rng=1, **more)
