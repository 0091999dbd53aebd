"""What `tl.associate` itself reports for a simulated cohort, written to files and read back: the check that link.py is about it."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from visits import Schedule

import ifnscore as ifn

DRUG, MEASURE = "tofacitinib", "cdasi_activity"
#: Where the skin of the simulation, about 0, lies on the scale of the measure (0 to 100).
MIDDLE, UNIT = 50.0, 5.0


def associate(s: Schedule, score: Any, skin: Any, seed: int) -> Any:
    """Return the result of associate for one cohort of `link.cohort`."""
    rows = pd.DataFrame({"patient_id": [f"k{i:02d}" for i in s.patient], "day": s.day})
    rows["visit_id"] = [f"V{j}" for j in rows.groupby("patient_id").cumcount()]
    rows["sample_id"] = rows["patient_id"] + rows["visit_id"]
    patients = rows[["patient_id"]].drop_duplicates()
    # A sample of day 0 is taken as one before the drug only where that is said.
    samples = rows[["sample_id", "patient_id", "day"]].assign(tissue="blood", platform="RNA-seq", batch="A", pre_dose="")
    samples.loc[samples["day"] == 0, "pre_dose"] = "yes"
    outcomes = rows[["patient_id", "visit_id"]].assign(instrument=MEASURE, value=np.round(MIDDLE + UNIT * skin, 9))
    tables = {
        "patients": patients.assign(sex="F"),
        "samples": samples,
        "exposures": patients.assign(drug=DRUG, start_day=0, stop_day=np.nan, dose=10, unit="mg/day"),
        "visits": rows[["patient_id", "visit_id", "day"]],
        "outcomes": outcomes,
    }
    with tempfile.TemporaryDirectory() as where, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, table in tables.items():
            table.to_csv(Path(where) / f"{name}.csv", index=False)
        (Path(where) / "cohort.toml").write_text(f'[cohort]\nindex_drug = "{DRUG}"\nsynthetic = true\n', encoding="utf-8")
        cohort = ifn.Cohort.read(where)
        scores = pd.DataFrame({"ifn": score}, index=pd.Index(rows["sample_id"], name="sample"))
        return ifn.tl.associate(scores, cohort, outcome=MEASURE, scores="ifn", score_type="log", rng=seed)
