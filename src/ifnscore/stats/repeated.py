"""Repeated measures: whether a score is linked to the skin within patients, beyond what both do on the drug anyway.

If score and skin both fall on treatment, an unadjusted within-patient correlation finds a link where there is none; so covariates
(phase, log(1 + days on drug)) are removed from both first, and p comes from permutations inside patient and phase.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.stats import sign_flip
from ifnscore.stats._exact import check_level, generator, rounded
from ifnscore.stats._residuals import TIE, Residuals, coded, pairs, residual_correlations, same_length, within
from ifnscore.stats.attainable import min_p

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

N_RESAMPLES = 9_999
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class RepeatedCorrelation:
    """A repeated-measures correlation (common within-patient slope).

    Attributes
    ----------
    r, df, slope, f, p
        Correlation, its degrees of freedom, slope of y on x in their units, F with (1, df) and its p.
    low, high
        Interval by Fisher's z with 1/(df - 1) as variance; NaN for df < 2 and for r = +-1.
    n_patients, n_obs, n_dropped
        Patients and observations used; patients with a single observation, who say nothing.
    note
        Why something is missing.
    """

    r: float
    df: int
    slope: float
    f: float
    p: float
    low: float
    high: float
    n_patients: int
    n_obs: int
    n_dropped: int
    note: str


@dataclass(frozen=True, slots=True)
class PartialRepeatedCorrelation:
    """A repeated-measures correlation freed of covariates.

    Attributes
    ----------
    r, df, slope
        Correlation of the residuals, n_obs - patients - covariates - 1, and slope of y on x.
    p_permutation, exact, min_attainable_p
        Headline p: permutations inside strata, whether all were counted, and the smallest p they allow.
    p_parametric
        F test on df: right only if residuals are independent and have one variance.
    low, high
        Interval by Fisher's z on df, under the same assumption.
    n_patients, n_obs, n_informative, n_dropped
        Patients and observations used, observations in strata of two or more, patients dropped for a single observation.
    note
        Why something is missing.
    """

    r: float
    df: int
    slope: float
    p_permutation: float
    exact: bool
    min_attainable_p: float
    p_parametric: float
    low: float
    high: float
    n_patients: int
    n_obs: int
    n_informative: int
    n_dropped: int
    note: str


@dataclass(frozen=True, slots=True)
class SlopeFlip:
    """A within-patient slope tested by flipping the signs of patients.

    Attributes
    ----------
    slope
        Common within-patient slope of y on x, freed of the covariates.
    patients, slopes
        Each patient and the slope from their residuals; NaN where x does not vary.
    p, exact, min_attainable_p
        Two-sided sign-flip p over patients, whether all flips were counted, and the smallest p possible.
    n_patients, n_obs, n_dropped
        As above.
    note
        Why something is missing.
    """

    slope: float
    patients: tuple[Any, ...]
    slopes: tuple[float, ...]
    p: float
    exact: bool
    min_attainable_p: float
    n_patients: int
    n_obs: int
    n_dropped: int
    note: str


def _f_test(r: float, df: int) -> tuple[float, float]:
    from scipy.stats import f

    if 1 - r**2 <= 0:
        return math.inf, 0.0
    value = r**2 * df / (1 - r**2)
    return value, float(f.sf(value, 1, df))


def _fisher(r: float, df: int, level: float) -> tuple[float, float, str]:
    from scipy.stats import norm

    if df < 2:  # noqa: PLR2004 the variance is 1 / (df - 1)
        return _NAN, _NAN, f"no interval: {df} degree of freedom"
    if 1 - abs(r) < TIE:
        return _NAN, _NAN, "no interval: the correlation is +1 or -1"
    half = float(norm.ppf((1 + level) / 2)) / math.sqrt(df - 1)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), ""


def rmcorr(patient: Any, x: Any, y: Any, level: float = 0.95) -> RepeatedCorrelation:
    """Return the repeated-measures correlation of Bakdash & Marusich (Front Psychol 2017;8:456).

    It is NOT adjusted for treatment: where both variables fall on the drug it finds a link where there is none (in about 70 % of
    cohorts of six). Report `partial_rmcorr` instead, and this one only with that warning.

    Parameters
    ----------
    patient
        Patient of each observation, shape (n,). Patients with a single observation are dropped and counted.
    x, y
        Observations, shape (n,).
    level
        Level of the interval.

    Raises
    ------
    DataError
        A value is missing, or the lengths differ.
    UsageError
        A level outside (0, 1).
    """
    check_level(level)
    found = within(patient, x, y, None)
    sizes = len(found.names), len(found.ex), found.n_dropped
    if found.note:
        return RepeatedCorrelation(_NAN, found.df, _NAN, _NAN, _NAN, _NAN, _NAN, *sizes, found.note)
    f, p = _f_test(found.r, found.df)
    low, high, note = _fisher(found.r, found.df, level)
    return RepeatedCorrelation(found.r, found.df, found.slope, f, p, low, high, *sizes, note)


def _ways(values: Array, groups: list[Array]) -> tuple[int, int]:
    """Return how many permutations there are inside the groups, and how many of them leave `values` as they are."""
    total = math.prod(math.factorial(len(g)) for g in groups)
    same = math.prod(math.factorial(int(c)) for g in groups for c in np.unique(values[g], return_counts=True)[1])
    return total, same


def _inside(groups: list[Array], n: int, total: int, n_resamples: int, rng: Any) -> tuple[Array, bool]:
    """Return permutations of range(n) that stay inside the groups: all if `total` is at most `n_resamples`, else random ones."""
    if total <= n_resamples:
        orders = np.tile(np.arange(n), (total, 1))
        for row, choice in enumerate(itertools.product(*(itertools.permutations(g) for g in groups))):
            for g, order in zip(groups, choice, strict=True):
                orders[row, g] = order
        return orders, True
    source = generator(rng)
    orders = np.tile(np.arange(n), (n_resamples, 1))
    for g in groups:
        orders[:, g] = source.permuted(orders[:, g], axis=1)
    return orders, False


def partial_rmcorr(
    patient: Any,
    x: Any,
    y: Any,
    covariates: Any,
    strata: Any,
    rng: Any = None,
    n_resamples: int = N_RESAMPLES,
    level: float = 0.95,
) -> PartialRepeatedCorrelation:
    """Return the within-patient correlation freed of covariates, with p from permutations inside patient and phase.

    x and y are freed of patient means and covariates by least squares; r is the correlation of the residuals. For p, the
    residuals of x are permuted among the observations of one patient in one stratum, freed of patients and covariates again,
    and correlated with the residuals of y (Freedman & Lane, J Bus Econ Stat 1983, restricted to exchangeable blocks as in
    Winkler et al., NeuroImage 2014;92:381); two-sided on abs(r). Differences between the phases of a patient are nearly the
    same in every permutation, so a drug that moves both variables by other amounts in other patients cannot alone make the p
    small. The p assumes that observations inside a stratum are exchangeable once the covariates are removed: give phase
    and log(1 + days on drug), not phase alone.

    Parameters
    ----------
    patient
        Patient of each observation, shape (n,).
    x, y
        Score and skin measure, shape (n,).
    covariates
        Shape (n, k) or (n,), such as phase dummies and log(1 + days on drug); columns that add nothing are ignored.
    strata
        Phase of each observation, shape (n,).
    rng
        Seed or generator; without it a fixed seed. All permutations are counted where there are no more than `n_resamples`.
    n_resamples
        Random permutations, +1.
    level
        Level of the interval.

    Raises
    ------
    DataError
        A value or label is missing, or the lengths differ.
    UsageError
        A level outside (0, 1).
    """
    check_level(level)
    phase, _ = coded(strata, "strata")
    same_length(("strata", phase), ("patient", patient))
    found = within(patient, x, y, covariates)
    n = len(found.ex)
    cells, _ = pd.factorize(found.codes * (int(phase.max(initial=0)) + 1) + phase[found.kept])
    groups = [g for g in (np.flatnonzero(cells == c) for c in range(int(cells.max(initial=-1)) + 1)) if len(g) > 1]
    sizes = len(found.names), n, sum(len(g) for g in groups), found.n_dropped
    if found.note:
        nan = (_NAN, _NAN, _NAN, _NAN)
        return PartialRepeatedCorrelation(_NAN, found.df, _NAN, _NAN, False, *nan, *sizes, found.note)  # noqa: FBT003
    low, high, note = _fisher(found.r, found.df, level)
    p, exact, floor = _NAN, False, _NAN
    if groups:
        p, exact, floor = _permutation_p(found, groups, rng, n_resamples)
    else:
        note = "; ".join(filter(None, [note, "no permutation p: no patient has two observations in one phase"]))
    parametric = _f_test(found.r, found.df)[1]
    return PartialRepeatedCorrelation(found.r, found.df, found.slope, p, exact, floor, parametric, low, high, *sizes, note)


def _permutation_p(found: Residuals, groups: list[Array], rng: Any, n_resamples: int) -> tuple[float, bool, float]:
    total, same = _ways(rounded(found.ex), groups)
    orders, exact = _inside(groups, len(found.ex), total, n_resamples, rng)
    hits = int((np.abs(residual_correlations(found.ex[orders], found.ey, found.q)) >= abs(found.r) - TIE).sum())
    if exact:
        return hits / total, True, same / total
    return (hits + 1) / (n_resamples + 1), False, max(same / total, 1 / (n_resamples + 1))


def slopes_sign_flip(patient: Any, x: Any, y: Any, covariates: Any = None, rng: Any = None) -> SlopeFlip:
    """Test the within-patient slope by flipping the signs of patients: sound for any correlation between a patient's visits.

    x and y are freed of patient means and covariates; a patient's score is the sum of the products of their residuals (their
    slope, weighted by how much x varies), and under the null each could have had the other sign (score test with the null
    imposed, Kline & Santos, J Econometric Methods 2012;1:23). Exact without covariates for symmetric scores, else approximate.

    Parameters
    ----------
    patient, x, y, covariates
        As in `partial_rmcorr`; no covariates by default.
    rng
        Seed or generator, used above 16 patients; without it a fixed seed.

    Raises
    ------
    DataError
        A value or label is missing, or the lengths differ.
    """
    found = within(patient, x, y, covariates)
    sizes = len(found.names), len(found.ex), found.n_dropped
    names = tuple(found.names)
    if found.note:
        return SlopeFlip(_NAN, names, (_NAN,) * len(names), _NAN, False, _NAN, *sizes, found.note)  # noqa: FBT003
    scores = np.bincount(found.codes, found.ex * found.ey)
    spread = np.bincount(found.codes, found.ex**2)
    varies = spread > TIE**2 * spread.max()
    slopes = np.where(varies, scores / np.where(varies, spread, 1.0), _NAN)
    scores[np.abs(scores) <= TIE**2 * np.abs(scores).max()] = 0.0
    answer = sign_flip.test(scores[varies], rng=rng)
    floor = min_p(answer.n, answer.n_zero)
    floor = floor if answer.exact else max(floor, 1 / (answer.n_resamples + 1))
    return SlopeFlip(found.slope, names, tuple(slopes.tolist()), answer.p, answer.exact, floor, *sizes, answer.note)


def within_between(patient: Any, x: Any) -> tuple[Array, Array]:
    """Split `x` into its deviation from the patient's mean and that mean, both of shape (n,).

    A slope on `x` itself mixes the two: a link between patients then passes for one within them.

    Raises
    ------
    DataError
        A value or label is missing, or the lengths differ.
    """
    x, _ = pairs(x, x)
    codes, _ = coded(patient, "patient")
    same_length(("patient", codes), ("x", x))
    means = (np.bincount(codes, x) / np.bincount(codes))[codes] if len(x) else x
    return x - means, means


def per_patient(patient: Any, column: Any) -> Array:
    """Give `column` a coefficient of its own in each patient: shape (n, n_patients), 0 where the row is another patient's.

    With log(1 + days on drug) as `column` these are covariates for `partial_rmcorr` that also remove falls of different size in
    different patients. They cost a degree of freedom a patient.

    Raises
    ------
    DataError
        A value or label is missing, or the lengths differ.
    """
    column, _ = pairs(column, column)
    codes, names = coded(patient, "patient")
    same_length(("patient", codes), ("column", column))
    return np.where(codes[:, None] == np.arange(len(names)), column[:, None], 0.0)
