"""Irregular visits of n patients: days, phase, drug effects that differ between patients, errors inside a patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: First day that counts as on the drug, last day of follow-up (days since the first dose), and the common window of changes.
FIRST_DAY, LAST_DAY, WINDOW, TARGET_DAY = 28, 365, (120, 240), 180
#: Standard deviation of the errors; that of the patients' levels is 1 (log2 units).
ERROR_SD = 0.7


@dataclass(frozen=True)
class Schedule:
    """Visits, ordered by patient and day: number of the patient, day, whether on the drug."""

    patient: Any
    day: Any
    on: Any

    @property
    def days_on(self) -> Any:
        """Days on the drug, 0 at baseline."""
        return np.maximum(self.day, 0.0)


def schedule(rng: Any, n: int, baselines: int = 1, *, window: bool = False) -> Schedule:
    """Draw 3 to 6 visits a patient, the first 1 to `baselines` of them before the drug, the rest on days 28 to 365.

    With `window` every patient has at least one visit in the common window, so that all n have a pair of changes.
    """
    patient, day = [], []
    for i in range(n):
        total, before = int(rng.integers(3, 7)), int(rng.integers(1, baselines + 1))
        after = rng.choice(np.arange(FIRST_DAY, LAST_DAY + 1), total - before, replace=False)
        if window and not ((after >= WINDOW[0]) & (after <= WINDOW[1])).any():
            after[0] = rng.integers(WINDOW[0], WINDOW[1] + 1)
        earlier = -rng.choice(np.arange(60), before, replace=False)
        patient += [i] * total
        day += [*np.sort(earlier), *np.sort(after)]
    days = np.array(day, dtype=float)
    return Schedule(np.array(patient), days, (days >= FIRST_DAY).astype(float))


def errors(rng: Any, s: Schedule, kind: str, ar: float = 0.0) -> Any:
    """Return errors of SD 0.7: normal or t3; `ar` is their correlation over 30 days inside a patient."""
    raw = rng.normal(size=len(s.day)) if kind == "normal" else rng.standard_t(3, size=len(s.day)) / np.sqrt(3.0)
    if ar:
        for j in range(1, len(raw)):
            if s.patient[j] == s.patient[j - 1]:
                r = ar ** ((s.day[j] - s.day[j - 1]) / 30)
                raw[j] = r * raw[j - 1] + np.sqrt(1 - r * r) * raw[j]
    return ERROR_SD * raw


def fall(s: Schedule, days: float) -> Any:
    """Return how much of the fall is there at each visit: a step for `days` 0, else 1 - exp(-t / days)."""
    return s.on if days == 0 else 1 - np.exp(-s.days_on / days)
