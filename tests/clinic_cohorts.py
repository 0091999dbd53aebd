"""Cohorts of a few lines, for tests that need other children than those of tests/cohorts.py."""

from __future__ import annotations

import itertools
import re
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ifnscore as ifn

DRUG = "tofacitinib"
#: Language that five patients or fewer must never get.
SIGNIFICANT = re.compile(r"signific|\bp [=<]|is shown|reject(s|ed)? the", re.IGNORECASE)
Row = Mapping[str, Any]


def folder(path: Path, samples: Iterable[Row], exposures: Iterable[Row], settings: str = "", **tables: Iterable[Row]) -> Path:
    """Write a cohort; samples default to blood, one platform, batch A; patients are those of the exposures and samples.

    A table is rows of column -> value. ``settings`` is text after ``[cohort]``.
    """
    filled = [
        {"tissue": "blood", "platform": "RNA-seq", "batch": "A", "patient_id": "", "day": "", "is_control": "no", **s}
        for s in samples
    ]
    drugs = [{"drug": DRUG, "start_day": 0, "stop_day": "", "dose": 10, "unit": "mg/day", **e} for e in exposures]
    people = dict.fromkeys([*(s["patient_id"] for s in filled if s["patient_id"]), *(e["patient_id"] for e in drugs)])
    rows: dict[str, Iterable[Row]] = {
        "patients": [{"patient_id": p, "sex": "F"} for p in people],
        "samples": filled,
        "exposures": drugs,
        "visits": [],
        **tables,
    }
    path.mkdir(parents=True, exist_ok=True)
    for name, given in rows.items():
        made = pd.DataFrame(list(given))
        if len(made):
            made.to_csv(path / f"{name}.csv", index=False)
    (path / "cohort.toml").write_text(f'[cohort]\nindex_drug = "{DRUG}"\nsynthetic = true\n{settings}', encoding="utf-8")
    return path


def clinic(samples: Iterable[Row], exposures: Iterable[Row], settings: str = "", **tables: Iterable[Row]) -> ifn.Cohort:
    """Return such a cohort as it is read, its warnings (few columns are filled) unheard."""
    with tempfile.TemporaryDirectory() as where, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ifn.Cohort.read(folder(Path(where) / "cohort", samples, exposures, settings, **tables))


def pairs(n: int, before: float = -7, after: float = 180, **more: Any) -> list[dict[str, Any]]:
    """Return two samples of each of n children: k1a, k1b, k2a, ..."""
    made = [
        {"sample_id": f"k{i}{x}", "patient_id": f"k{i}", "day": d}
        for i in range(1, n + 1)
        for x, d in (("a", before), ("b", after))
    ]
    return [{**row, **more} for row in made]


def on_drug(n: int) -> list[dict[str, Any]]:
    """Return the exposure of n children who go on."""
    return [{"patient_id": f"k{i}"} for i in range(1, n + 1)]


def scores(values: Mapping[str, Any], index: Iterable[str]) -> pd.DataFrame:
    """Return a wide table of scores."""
    return pd.DataFrame(dict(values), index=pd.Index(list(index), name="sample"))


def flip_p(d: Any) -> float:
    """Return the two-sided sign-flip p of the mean by counting."""
    means = [abs(np.mean(np.array(s) * d)) for s in itertools.product([1, -1], repeat=len(d))]
    return float(np.mean(np.array(means) >= abs(np.mean(d)) - 1e-12))
