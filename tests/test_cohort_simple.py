"""Simple paired designs without a folder: columns of the samples say who, when and which group."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tests import cohorts

from ifnscore.cohort import Cohort, Settings


@pytest.fixture
def obs():
    return pd.DataFrame(
        {
            "who": [1, 1, 1, 2, 2, 3, 3, None],
            "hours": [0.0, 5.5, 77.0, 0.0, 77.0, 0.0, 77.0, 5.5],
            "visit": ["pre", "mid", "post", "pre", "post", "pre", "post", "mid"],
            "arm": ["sx", None, "sx", "asx", "asx", "sx", "sx", None],
        },
        index=[f"s{i}" for i in range(8)],
    )


LABELS = ["baseline", "", "followup", "baseline", "followup", "baseline", "followup", ""]


@pytest.mark.parametrize("times", [(0, 77), ("0", "77.0"), (0.0, np.float64(77))])
def test_numeric_times(obs, times):
    cohort = Cohort.from_samples(obs, patient="who", time="hours", baseline=times[0], followup=times[1], group="arm")
    samples = cohort.samples
    assert samples.columns.tolist() == [
        "sample_id", "patient_id", "day", "visit_label", "tissue", "platform", "batch", "group", "is_control"
    ]  # fmt: skip
    assert samples["visit_label"].tolist() == LABELS
    assert samples["day"].tolist() == obs["hours"].tolist()
    assert samples["patient_id"].tolist() == ["1", "1", "1", "2", "2", "3", "3", ""]
    assert samples["group"].tolist() == ["sx", "sx", "sx", "asx", "asx", "sx", "sx", ""]
    assert cohort.patients["patient_id"].tolist() == ["1", "2", "3"]
    assert set(cohort.codes.values()) == {"P01", "P02", "P03"}
    assert len(cohort.sample_codes) == 8


def test_fractional_and_text_numbers(obs):
    obs["hours"] = obs["hours"].map(str)
    cohort = Cohort.from_samples(obs.drop(index="s7"), patient="who", time="hours", baseline=0, followup=5.5)
    assert (cohort.samples["visit_label"] == "followup").tolist() == [False, True, False, False, False, False, False]


def test_times_as_words(obs):
    obs["visit"] = obs["visit"].astype("category")
    cohort = Cohort.from_samples(obs, patient="who", time="visit", baseline="pre", followup="post")
    assert cohort.samples["visit_label"].tolist() == LABELS
    assert cohort.samples["day"].isna().all()


def test_columns_are_taken_later(obs):
    design = Cohort.from_samples(patient="who", time="hours", baseline=0, followup=77)
    assert len(design.samples) == 0
    assert repr(design) == "Cohort: no samples yet; 0 warnings"
    assert design.bind(obs).samples["visit_label"].tolist() == LABELS
    assert design.codes == {}, "the design itself is not changed"


def test_bound_cohort_keeps_its_codes(obs):
    cohort = Cohort.from_samples(obs, patient="who", time="hours", baseline=0, followup=77)
    fewer = cohort.bind(obs.iloc[:5])
    assert fewer.samples["sample_id"].tolist() == ["s0", "s1", "s2", "s3", "s4"]
    assert fewer.sample_codes == cohort.sample_codes
    with pytest.raises(ValueError, match="no sample of the design"):
        cohort.bind(obs.set_axis([f"x{i}" for i in range(8)]))


def test_folder_cohort_is_not_bound(tmp_path, obs):
    cohort = Cohort.read(cohorts.write(tmp_path / "c"))
    assert cohort.bind(obs) is cohort


def test_sample_ids_may_be_a_column(obs):
    cohort = Cohort.from_samples(obs.reset_index(names="sample_id"), patient="who", time="hours", baseline=0, followup=77)
    assert cohort.samples["sample_id"].tolist() == list(obs.index)


def test_controls_belong_to_no_time(obs):
    obs["is_control"] = [False] * 7 + [True]
    obs.loc["s7", "hours"] = 0
    cohort = Cohort.from_samples(obs, patient="who", time="hours", baseline=0, followup=77)
    assert cohort.samples["visit_label"].tolist() == LABELS
    assert cohort.samples["is_control"].tolist() == [False] * 7 + [True]


def test_rules_may_be_given(obs):
    cohort = Cohort.from_samples(obs, patient="who", time="hours", baseline=0, followup=77, allow_confounded_batch=True)
    assert cohort.settings == dataclasses.replace(Settings(), allow_confounded_batch=True)
    with pytest.raises(ValueError, match="unknown rule 'allow_confounded'. Did you mean: allow_confounded_batch"):
        Cohort.from_samples(obs, patient="who", time="hours", baseline=0, followup=77, allow_confounded=True)


def test_tissues_part_repeats(obs):
    both = pd.concat([obs.assign(organ="blood"), obs.assign(organ="skin").set_axis([f"k{i}" for i in range(8)])])
    design = {"patient": "who", "time": "hours", "baseline": 0, "followup": 77}
    assert len(Cohort.from_samples(both, **design, tissue="organ").samples) == 16
    with pytest.raises(ValueError, match="column 'hours': samples 's0' and 'k0' are both the baseline of one patient"):
        Cohort.from_samples(both, **design)


BAD = {
    "column": ({"patient": "whom"}, "patient='whom': the samples have no such column. Did you mean: who"),
    "group column": ({"group": "arms"}, "group='arms': the samples have no such column. Did you mean: arm"),
    "value": ({"followup": 78}, "followup=78: no sample has it in column 'hours'; values there: 0, 5.5, 77"),
    "word for a number": ({"baseline": "pre"}, "baseline='pre': no sample has it in column 'hours'; values there: 0, 5.5, 77"),
    "word": (
        {"time": "visit", "baseline": "before"},
        "baseline='before': no sample has it in column 'visit'; values there: mid, post, pre",
    ),
    "same": ({"followup": "0"}, "are the same time"),
    "no patient": ({"followup": 5.5}, "column 'who' is empty for sample 's7'"),
    "two groups": ({"group": "visit"}, "column 'visit': samples 's0' and 's1' are of one patient, but of two groups"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_designs(obs, name):
    changes, message = BAD[name]
    with pytest.raises(ValueError, match=message) as error:
        Cohort.from_samples(obs, **{"patient": "who", "time": "hours", "baseline": 0, "followup": 77, **changes})
    assert "\n" not in str(error.value)


def test_sample_twice(obs):
    with pytest.raises(ValueError, match="sample 's1' stands in two rows"):
        Cohort.from_samples(obs.rename(index={"s4": "s1"}), patient="who", time="hours", baseline=0, followup=77)
