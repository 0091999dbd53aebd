"""Cluster sign-flip score test of a treatment effect, with an intercept for each patient and irregular visits.

Under the null, ``y`` is a patient's level plus covariates plus error. A patient's score is the sum of treatment (freed of patient
and covariates) times residual of that null model; if errors are symmetric, each patient's score could as well have had the other
sign. All 2^n signs make the reference distribution: the wild cluster bootstrap with the null imposed and Rademacher weights
(Cameron, Gelbach and Miller 2008, Rev Econ Stat 90:414), as a score test (Kline and Santos 2012, J Econometric Methods 1:23).
Exact without covariates; with them, residuals of patients are no longer independent and the level is approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.stats import sign_flip
from ifnscore.stats._exact import EXACT_UP_TO
from ifnscore.stats._visits import Visits, complete
from ifnscore.stats.attainable import min_p

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

TREATMENT = "on_treatment"
LABEL = "cluster sign-flip score test with patient fixed effects"
NAN = float("nan")
#: What is below this share of the largest possible value is left over from the two regressions, and zero.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class ClusterFlip:
    """Result of the test.

    Attributes
    ----------
    estimate
        Effect of treatment by least squares with a level for each patient, in units of y.
    p
        Two-sided; NaN if no patient informs.
    exact
        Whether all signs were enumerated (else 99,999 random flips, the observed one counted in).
    n
        Patients whose treatment varies, given the covariates: those that the test rests on.
    n_zero
        Of these, patients whose score is zero; their sign does not matter.
    min_attainable_p
        Smallest p that these patients could give.
    scores
        Score of each patient in `patients`, shape (n_patients,); their sum over the treatment's sum of squares is the estimate.
    """

    estimate: float
    p: float
    exact: bool
    n: int
    n_zero: int
    min_attainable_p: float
    scores: Array
    patients: Array
    label: str
    note: str
    n_patients: int
    n_obs: int


def test(
    y: Any,
    patient: Any,
    on: Any,
    covariates: Mapping[str, Any] | None = None,  # noqa: PT028
    rng: Any = None,  # noqa: PT028
    exact_up_to: int = EXACT_UP_TO,  # noqa: PT028
) -> ClusterFlip:
    """Test whether treatment changes the outcome within patients.

    Parameters
    ----------
    y, patient, on
        Outcome, patient and treatment (0 or 1) of each visit, shape (n_obs,). Visits with a missing value are left out.
    covariates
        Variables to adjust for, by name.
    rng
        Seed or generator of the random flips; without it a fixed seed.
    exact_up_to
        Most patients for which all signs are enumerated (at most 22).

    Raises
    ------
    UsageError
        Vectors differ in length, or a covariate is called ``on_treatment``.
    DataError
        A visit without patient, or text where numbers belong.
    """
    if covariates and TREATMENT in covariates:
        message = f"covariate name {TREATMENT} is taken by the model's own term; rename it"
        raise UsageError(message)
    visits = complete(y, patient, {TREATMENT: on, **(covariates or {})})
    n_patients, notes = len(visits.patients), [visits.dropped_note]
    freed, residual = _null_model(visits)
    squares = np.bincount(visits.codes, freed**2, minlength=n_patients)
    informs = squares > ROUNDING * squares.max(initial=0.0)
    if not informs.any():
        notes.append("no test: treatment does not vary within any patient, given the covariates")
        nothing = np.full(n_patients, NAN)
        return _result(visits, NAN, NAN, nothing, exact=True, n=0, n_zero=0, floor=NAN, notes=notes)
    scores = np.bincount(visits.codes, freed * residual, minlength=n_patients)
    largest = float(np.sqrt(squares.max() * (visits.y**2).sum()))
    scores[np.abs(scores) <= ROUNDING * largest] = 0.0
    found = sign_flip.test(scores[informs], rng=rng, exact_up_to=exact_up_to)
    n, n_zero = found.n, found.n_zero
    floor = min_p(n, n_zero) if found.exact else max(min_p(n, n_zero), 1 / (found.n_resamples + 1))
    if n < n_patients:
        notes.append(f"{n_patients - n} of {n_patients} patients do not inform: treatment does not vary within them")
    if covariates:
        notes.append("adjusted for covariates: level approximate, not exact")
    estimate = float(scores.sum() / squares.sum())
    return _result(visits, estimate, found.p, scores, exact=found.exact, n=n, n_zero=n_zero, floor=floor, notes=notes)


def _null_model(visits: Visits) -> tuple[Array, Array]:
    """Return treatment freed of patients and covariates, and the residual of y on patients and covariates, each (n_obs,)."""
    on, y = visits.columns[TREATMENT], visits.y
    others = [column for name, column in visits.columns.items() if name != TREATMENT]
    both = _centred(np.column_stack([on, y]), visits.codes)
    if others:
        w = _centred(np.column_stack(others), visits.codes)
        norm = np.linalg.norm(w, axis=0)
        w = w / np.where(norm > 0, norm, 1.0)
        both = both - w @ np.linalg.lstsq(w, both, rcond=1e-10)[0]
    both[np.abs(both) <= ROUNDING * np.abs(np.column_stack([on, y])).max(axis=0, initial=0.0)] = 0.0
    return both[:, 0], both[:, 1]


def _centred(columns: Array, codes: Array) -> Array:
    """Return columns (n_obs, k) minus the mean of each patient."""
    count = np.bincount(codes)
    means = np.column_stack([np.bincount(codes, c) / count for c in columns.T]) if len(columns) else columns
    out = columns - means[codes]
    return np.where(np.abs(out) <= ROUNDING * np.abs(columns).max(axis=0, initial=0.0), 0.0, out)


def _result(
    visits: Visits, estimate: float, p: float, scores: Array, *, exact: bool, n: int, n_zero: int, floor: float, notes: list[str]
) -> ClusterFlip:
    return ClusterFlip(
        estimate=estimate,
        p=p,
        exact=exact,
        n=n,
        n_zero=n_zero,
        min_attainable_p=floor,
        scores=scores,
        patients=visits.patients,
        label=LABEL,
        note="; ".join(text for text in notes if text),
        n_patients=len(visits.patients),
        n_obs=len(visits.y),
    )
