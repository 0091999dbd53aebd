"""Linear mixed models of a score over a patient's visits, and what is reported when one is singular.

The t(n - 1) test (n patients, "between-within") is approximate: descriptive beside the patient-level tests (`patient_means`,
`cluster_flip`). A random intercept alone is no fallback without words: where the drug's effect differs between patients, its
t(n - 1) test rejects a true null in 6 to 14 % at a nominal 5 %, and with more degrees of freedom oftener.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError, listing
from ifnscore.stats._lmm import NAN, MixedFit, fit
from ifnscore.stats._visits import complete

__all__ = ["MixedFit", "TreatmentEffect", "WithinBetween", "fit", "treatment_effect", "within_between"]

TREATMENT = "on_treatment"
WITH_SLOPE = "mixed model (REML), random intercept and random treatment effect, t with n - 1 df, approximate"
WITHOUT_SLOPE = (
    "mixed model (REML), random intercept only, t with n - 1 df, approximate; too liberal if the effect differs between patients"
)
SPLIT = "mixed model (REML), random intercept, within- and between-patient terms, t with n - 1 df, approximate"


@dataclass(frozen=True, slots=True)
class TreatmentEffect:
    """Effect of being on treatment, from whichever model could be fitted.

    Attributes
    ----------
    estimate, se, df, t, p, ci_low, ci_high
        Of the reported model; `df` is n_patients - 1, the interval 95 %.
    reported
        ``random_slope``, ``random_intercept`` (the fallback) or ``none``.
    label
        The model in words, to stand beside the numbers.
    note
        Why the fallback was taken, and what else limits the estimate; empty if nothing does.
    random_slope, random_intercept
        Both fits.
    n_both
        Patients with visits both on and off treatment: only they show the effect within a patient.
    """

    estimate: float
    se: float
    df: float
    t: float
    p: float
    ci_low: float
    ci_high: float
    reported: str
    label: str
    note: str
    random_slope: MixedFit
    random_intercept: MixedFit
    n_patients: int
    n_both: int
    n_obs: int


@dataclass(frozen=True, slots=True)
class WithinBetween:
    """Slopes of the outcome on a variable within and between patients, given treatment phase.

    Attributes
    ----------
    within
        Row ``within`` of the fit: outcome per unit of `x` above the patient's own mean.
    between
        Row ``between``: outcome per unit of the patient's mean of `x`.
    phase
        Row ``phase``: outcome on treatment minus off.
    label, note
        The model in words; why something is missing or doubtful.
    """

    within: dict[str, float]
    between: dict[str, float]
    phase: dict[str, float]
    label: str
    note: str
    fit: MixedFit
    n_patients: int
    n_obs: int


def treatment_effect(
    y: Any, patient: Any, on: Any, covariates: Mapping[str, Any] | None = None, *, satterthwaite: bool = True
) -> TreatmentEffect:
    """Estimate the effect of treatment from all visits.

    The model is ``y ~ on + covariates + (1 + on | patient)`` by REML. If it is singular, did not converge or has no standard
    error, the random-intercept model is reported instead, and `label` and `note` say so.

    Parameters
    ----------
    y, patient, on
        Outcome, patient and treatment (0 or 1) of each visit, shape (n_obs,).
    covariates
        Further fixed effects by name.
    satterthwaite
        Whether both fits carry Satterthwaite's degrees of freedom beside n - 1.

    Raises
    ------
    UsageError, DataError
        As `fit`.
    """
    fixed = _fixed({TREATMENT: on}, covariates)
    slope = fit(y, patient, fixed, TREATMENT, satterthwaite=satterthwaite)
    plain = fit(y, patient, fixed, satterthwaite=satterthwaite)
    n_both = _patients_in_both(y, patient, fixed)
    best: MixedFit | None
    if slope.usable:
        best, reported, label, notes = slope, "random_slope", WITH_SLOPE, [slope.note]
    elif np.isfinite(plain.term(TREATMENT)["se"]):
        best, reported, label = plain, "random_intercept", WITHOUT_SLOPE
        notes = [f"random treatment effect not reported ({slope.note}); random intercept only", plain.note]
    else:
        best, reported, label, notes = None, "none", "no mixed model", [plain.note or slope.note]
    if best is not None and n_both < best.n_patients:
        notes.append(f"only {n_both} of {best.n_patients} patients have visits both on and off treatment")
    row = (best or plain).term(TREATMENT)
    return TreatmentEffect(
        estimate=row["estimate"] if best else NAN,
        se=row["se"] if best else NAN,
        df=row["df_between"],
        t=row["t"] if best else NAN,
        p=row["p_between"] if best else NAN,
        ci_low=row["ci_low"] if best else NAN,
        ci_high=row["ci_high"] if best else NAN,
        reported=reported,
        label=label,
        note="; ".join(n for n in notes if n),
        random_slope=slope,
        random_intercept=plain,
        n_patients=plain.n_patients,
        n_both=n_both,
        n_obs=plain.n_obs,
    )


def within_between(
    y: Any, patient: Any, x: Any, on: Any, covariates: Mapping[str, Any] | None = None, *, satterthwaite: bool = True
) -> WithinBetween:
    """Split the slope of `y` on `x` into a part within and a part between patients.

    ``y ~ (x - mean of the patient) + mean of the patient + phase + covariates + (1 | patient)`` by REML (Neuhaus and
    Kalbfleisch 1998, Biometrics 54:638). Means are over the visits that enter the model. Without `phase` a drug
    that lowers both variables makes a link; shared gradual falls need a covariate such as log(1 + days on drug) as well.

    Parameters
    ----------
    y, patient, x, on
        Outcome, patient, explaining variable and treatment phase (0 or 1) of each visit, shape (n_obs,).
    covariates
        Further fixed effects by name.
    satterthwaite
        Whether the fit carries Satterthwaite's degrees of freedom beside n - 1.

    Raises
    ------
    UsageError, DataError
        As `fit`.
    """
    fixed = _fixed({"within": x, "between": x, "phase": on}, covariates)
    visits = complete(y, patient, fixed)
    mean = np.bincount(visits.codes, visits.columns["within"]) / np.bincount(visits.codes)
    columns = {**visits.columns, "between": mean[visits.codes]}
    columns["within"] = _without_rounding(visits.columns["within"] - columns["between"], visits.columns["within"])
    model = fit(visits.y, visits.patients[visits.codes], columns, satterthwaite=satterthwaite)
    return WithinBetween(
        within=model.term("within"),
        between=model.term("between"),
        phase=model.term("phase"),
        label=SPLIT,
        note="; ".join(n for n in (visits.dropped_note, model.note) if n),
        fit=model,
        n_patients=model.n_patients,
        n_obs=model.n_obs,
    )


def _fixed(own: dict[str, Any], covariates: Mapping[str, Any] | None) -> dict[str, Any]:
    taken = [name for name in covariates or {} if name in own]
    if taken:
        message = f"covariate name {listing(taken)} is taken by the model's own term; rename it"
        raise UsageError(message)
    return {**own, **(covariates or {})}


def _patients_in_both(y: Any, patient: Any, fixed: dict[str, Any]) -> int:
    visits = complete(y, patient, fixed)
    on, n = visits.columns[TREATMENT], len(visits.patients)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, visits.codes, on)
    np.maximum.at(high, visits.codes, on)
    return int((high > low).sum())


def _without_rounding(difference: Any, scale: Any) -> Any:
    """Set what is zero but for rounding to zero: else a variable constant in every patient would get a slope."""
    size = float(np.abs(scale).max()) if len(scale) else 0.0
    return np.where(np.abs(difference) <= 1e-12 * size, 0.0, difference)
