"""Samples and visits: nearest within the tolerance, nothing changed in between, each once."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from tests.clinic_cohorts import clinic

from ifnscore.cohort import _match as m

NOBODY = [{"patient_id": "k1"}]


def matched(sample_days, visit_days, concomitant=(), settings="", sample_phase="on", visit_phase="on"):
    """Return {sample: (visit, lag)} and the reasons, for one child."""
    samples = [{"sample_id": f"s{i}", "patient_id": "k1", "day": d} for i, d in enumerate(sample_days)]
    visits = [{"patient_id": "k1", "visit_id": f"V{i}", "day": d} for i, d in enumerate(visit_days)]
    cohort = clinic(samples, NOBODY, settings, visits=visits, concomitant=concomitant)
    found, why = m.match(cohort, pd.DataFrame(samples).assign(phase=sample_phase), pd.DataFrame(visits).assign(phase=visit_phase))
    return {r.sample_id: (r.visit_id, r.lag) for r in found.itertuples()}, why


@pytest.mark.parametrize(("visit", "is_in"), [(186, True), (214, True), (185.9, False), (214.1, False)])
def test_the_tolerance_is_part_of_it(visit, is_in):
    found, why = matched([200], [visit])
    assert (found == {"s0": ("V0", pytest.approx(200 - visit))}) if is_in else (why == {"s0": m.TOO_FAR})


def test_the_tolerance_is_a_setting():
    assert matched([200], [203], settings="[matching]\ntolerance_days = 2\n")[1] == {"s0": m.TOO_FAR}


def test_the_nearest_visit_and_on_a_tie_the_one_before():
    assert matched([200], [190, 203])[0] == {"s0": ("V1", -3)}
    assert matched([200], [205, 195])[0] == {"s0": ("V1", 5)}
    assert matched([200], [195, 200, 205])[0] == {"s0": ("V1", 0)}


def test_each_visit_belongs_to_one_sample_and_each_sample_to_one_visit():
    found, why = matched([200, 204], [203])
    assert found == {"s1": ("V0", 1)}
    assert why == {"s0": m.TAKEN}
    both, _ = matched([200, 204], [203, 195])
    assert both == {"s1": ("V0", 1), "s0": ("V1", 5)}


def test_visits_of_other_children_are_not_taken():
    samples = pd.DataFrame([{"sample_id": "a", "patient_id": "k1", "day": 100.0, "phase": "on"}])
    visits = pd.DataFrame([{"patient_id": "k2", "visit_id": "V0", "day": 100.0, "phase": "on"}])
    cohort = clinic(samples.drop(columns="phase").to_dict("records"), [{"patient_id": "k1"}, {"patient_id": "k2"}])
    assert m.match(cohort, samples, visits)[1] == {"a": m.TOO_FAR}


def test_the_start_of_the_drug_parts_a_sample_from_a_visit():
    assert matched([-2], [5], visit_phase="early_on", sample_phase="baseline")[1] == {"s0": m.PARTED}


def steroid(*periods, name="prednisone"):
    return [
        {"patient_id": "k1", "drug": name, "start_day": a, "stop_day": b, "dose_mg_kg": d, "unit": "mg/kg/day"}
        for a, b, d in periods
    ]


@pytest.mark.parametrize(
    ("first", "then", "parts"),
    [(0.5, 0.5, False), (0.5, 0.4, False), (0.8, 0.6, True), (0.5, 0.2, True), (0.2, 0.5, True), (0.5, 0, True)],
)
def test_a_change_of_steroid_dose_by_a_quarter_parts_them(first, then, parts):
    found, why = matched([200], [205], steroid((0, 203, first), (203, "", then)))
    assert why == ({"s0": m.PARTED} if parts else {})
    assert bool(found) is not parts


def test_a_change_outside_the_two_days_does_not_matter_and_the_next_visit_is_taken_instead():
    assert matched([200], [205], steroid((0, 190, 1.0), (190, "", 0.2)))[0]
    found, _ = matched([200], [203, 192], steroid((0, 202, 1.0), (202, "", 0.2)))
    assert found == {"s0": ("V1", 8)}


def test_other_drugs_and_drugs_of_the_past_are_no_steroids():
    assert matched([200], [205], steroid((0, 203, 1.0), name="methotrexate"))[0]
    past = [{**steroid((0, 203, 1.0))[0], "prior_only": "yes"}]
    assert matched([200], [205], past)[0]


def test_the_dose_of_a_day():
    given = [*steroid((0, 30, 0.5), (30, "", 0.2)), *steroid((10, 12, 1.0), name="methylprednisolone")]
    unknown = [{"patient_id": "k2", "drug": "prednisone", "start_day": 0, "stop_day": "", "dose": 20, "unit": "mg/day"}]
    cohort = clinic(
        [{"sample_id": "a", "patient_id": "k1", "day": 1}],
        [{"patient_id": "k1"}, {"patient_id": "k2"}],
        concomitant=given + unknown,
    )
    assert [m.steroid_dose(cohort, "k1", d) for d in (-1, 0, 11, 12, 29.9, 30)] == pytest.approx([0, 0.5, 1.5, 0.5, 0.5, 0.2])
    assert math.isnan(m.steroid_dose(cohort, "k2", 5))
