"""Each patient's mean on treatment minus mean off it: the patient-level contrast that longitudinal tests start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError
from ifnscore.stats._visits import numbers

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class PatientContrast:
    """One difference a patient.

    Attributes
    ----------
    difference
        Mean on treatment - mean off treatment, shape (n,), unrounded.
    patients
        Their labels, in order of first appearance, shape (n,).
    on_mean, off_mean
        The two means, shape (n,).
    n_on, n_off
        Visits behind them, shape (n,).
    dropped
        Patients without a difference and why: ``no visit off treatment (no baseline)``, ``no visit on treatment`` or
        ``no visit with a value``.
    """

    difference: Array
    patients: Array
    on_mean: Array
    off_mean: Array
    n_on: Array
    n_off: Array
    dropped: dict[Any, str]

    @property
    def n(self) -> int:
        """Patients with a difference."""
        return len(self.difference)

    @property
    def n_dropped(self) -> int:
        """Patients without one."""
        return len(self.dropped)


def contrast(y: Any, patient: Any, on: Any) -> PatientContrast:
    """Return mean on - mean off treatment for each patient that has both.

    Parameters
    ----------
    y
        Outcome of each visit, shape (n_obs,); missing values are left out.
    patient
        Patient of each visit, shape (n_obs,).
    on
        1 or true on treatment, 0 or false off it; a missing value leaves the visit out (carry-over, for example).

    Raises
    ------
    UsageError
        The vectors differ in length.
    DataError
        A visit without patient, text where numbers belong, or `on` other than 0, 1 or missing.
    """
    outcome, phase = numbers(y, "y"), numbers(on, "on")
    codes, patients = pd.factorize(np.asarray(patient, dtype=object))
    if not len(outcome) == len(phase) == len(codes):
        message = f"one value a visit is needed: y has {len(outcome)}, patient {len(codes)}, on {len(phase)}"
        raise UsageError(message)
    if (codes < 0).any():
        message = f"visit {int(np.flatnonzero(codes < 0)[0]) + 1} has no patient; give every visit a patient code or leave it out"
        raise DataError(message)
    strange = ~np.isin(phase, [0.0, 1.0]) & ~np.isnan(phase)
    if strange.any():
        message = f"visit {int(np.flatnonzero(strange)[0]) + 1}: 'on' is {phase[strange][0]:g}; use 1 on treatment, 0 off it"
        raise DataError(message)
    usable, n = np.isfinite(outcome), len(patients)

    def of(value: float) -> tuple[Array, Array]:
        pick = usable & (phase == value)
        count = np.bincount(codes[pick], minlength=n)
        with np.errstate(invalid="ignore"):
            return count, np.bincount(codes[pick], outcome[pick], minlength=n) / count

    (n_on, on_mean), (n_off, off_mean) = of(1.0), of(0.0)
    dropped = {
        patients[i]: "no visit with a value" if n_on[i] == n_off[i] == 0
        else "no visit on treatment" if n_on[i] == 0
        else "no visit off treatment (no baseline)"
        for i in np.flatnonzero((n_on == 0) | (n_off == 0))
    }  # fmt: skip
    both = (n_on > 0) & (n_off > 0)
    return PatientContrast(
        difference=on_mean[both] - off_mean[both],
        patients=patients[both],
        on_mean=on_mean[both],
        off_mean=off_mean[both],
        n_on=n_on[both],
        n_off=n_off[both],
        dropped=dropped,
    )
