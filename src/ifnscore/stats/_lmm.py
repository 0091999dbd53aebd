"""One linear mixed model: ``y ~ fixed + (1 | patient)`` or ``y ~ fixed + (1 + slope | patient)``, in lme4's notation.

Random intercept and slope are correlated. `mixed` decides which of the two is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import UsageError, listing
from ifnscore.stats._reml import Blocks, Cholesky, Point, default_starts, statsmodels_start
from ifnscore.stats._satterthwaite import degrees_of_freedom
from ifnscore.stats._visits import Visits, basis, complete, design, estimable

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

INTERCEPT = "intercept"
NAN = float("nan")
#: A random-effect SD below this share of the residual SD counts as zero (lme4's isSingular uses the same figure).
ZERO_SD = 1e-4


@dataclass(frozen=True, slots=True)
class MixedFit:
    """A fitted model.

    Attributes
    ----------
    table
        One row a term (``intercept``, then the fixed effects in the order given): `term`, `estimate`, `se`, `df_satterthwaite`,
        `t`, `p_satterthwaite`, `df_between` (n_patients - 1), `p_between`, `ci_low`, `ci_high` (95 %, by t(n_patients - 1)).
        NaN for a term that the data do not determine.
    random
        ``intercept`` or the name of the fixed effect with a random slope.
    variances
        ``intercept``, the slope's name and ``correlation``: variances of the random effects, in units of y squared.
    residual_variance
        Variance of visits around their patient's line.
    icc
        Intercept variance / (intercept + residual variance); with a random slope, the value where that variable is 0.
    log_lik
        Log likelihood, restricted if `reml`.
    converged, singular
        Whether an optimum was found; whether a random-effect variance is 0, a correlation is 1 or -1, or a SE does not exist.
    note
        Why something is missing or doubtful.
    """

    table: pd.DataFrame
    random: str
    variances: dict[str, float]
    residual_variance: float
    icc: float
    log_lik: float
    reml: bool
    converged: bool
    singular: bool
    note: str
    n_patients: int
    n_obs: int

    def term(self, name: str) -> dict[str, float]:
        """Return one row of the table by name."""
        row = self.table[self.table["term"] == name].iloc[0]
        return {str(k): float(v) for k, v in row.items() if k != "term"}

    @property
    def usable(self) -> bool:
        """Whether the fit may be reported as it stands."""
        return self.converged and not self.singular


def fit(
    y: Any,
    patient: Any,
    fixed: Mapping[str, Any],
    random: str = INTERCEPT,
    reml: bool = True,  # noqa: FBT001, FBT002 - the contract's order of arguments
    *,
    satterthwaite: bool = True,
    statsmodels: bool = True,
) -> MixedFit:
    """Fit a linear mixed model with patients as the grouping.

    statsmodels' MixedLM gives the start; its optimum is then followed to a vanishing gradient (`_reml`).

    Parameters
    ----------
    y
        Outcome, one value a visit, shape (n_obs,). Visits with a missing value anywhere are left out, and counted in `note`.
    patient
        Patient of each visit, shape (n_obs,).
    fixed
        Fixed effects by name, each of shape (n_obs,); an intercept is added.
    random
        ``intercept``, or the name of a fixed effect: random intercept and slope, correlated, as ``(1 + x | patient)`` of lme4.
    reml
        Restricted (default) or full maximum likelihood.
    satterthwaite
        Whether to compute Satterthwaite's degrees of freedom (`_satterthwaite`).
    statsmodels
        Whether to search from statsmodels' estimate too. Refits with one patient left out do without: they reach the same optimum
        from the two other starts, in a fifth of the time.

    Raises
    ------
    UsageError
        Vectors differ in length, or `random` is no fixed effect.
    DataError
        A visit without patient, or text where numbers belong.
    """
    if random != INTERCEPT and random not in fixed:
        message = f"random effect {random!r} is not among the fixed effects: {listing(fixed) or 'none'}; name one, or 'intercept'"
        raise UsageError(message)
    if INTERCEPT in fixed:
        message = "a fixed effect may not be called 'intercept': one is always added; rename it"
        raise UsageError(message)
    visits = complete(y, patient, fixed)
    terms = [INTERCEPT, *fixed]
    x = design(visits, list(fixed))
    known, kept = estimable(x), basis(x)
    notes = [visits.dropped_note]
    if not known.all() and len(visits.y):
        lost = [t for t, k in zip(terms, known, strict=True) if not k]
        notes.append(f"not estimable: {', '.join(lost)} (no variation, or a combination of other terms)")
    why = _impossible(visits, kept, random, terms, known)
    if not why:
        q, r = np.linalg.qr(x[:, kept])
        z, slope_unit = _random_columns(x, terms, random)
        why = _undetermined(Blocks(visits.y, q, z, visits.codes, reml=reml), random)
    if why:
        return _empty(terms, random, reml=reml, visits=visits, notes=[*notes, why])

    unit = float(np.std(visits.y - q @ (q.T @ visits.y)))
    blocks = Blocks(visits.y / unit, q, z, visits.codes, reml=reml)
    search = Cholesky(blocks)
    start = statsmodels_start(visits.y / unit, q, z, visits.codes, reml=reml) if statsmodels else None
    phi, converged = search.minimise([*default_starts(z), *([] if start is None else [start])])
    point, theta = search.at(phi), search.theta(phi)
    notes.append("" if converged else "the fit did not converge")

    estimate, se, df = (np.full(len(terms), NAN) for _ in range(3))
    back = np.linalg.inv(r)
    estimate[kept] = unit * back @ point.beta
    with np.errstate(invalid="ignore"):
        se[kept] = unit * np.sqrt(np.diag(back @ point.cov @ back.T))
    if satterthwaite and converged:
        df[kept] = degrees_of_freedom(back, point.cov, point.d_cov, point.hessian)
    for column in (estimate, se, df):
        column[~known] = NAN
    doubt = _singular(theta, phi, random) or ("" if np.isfinite(se[known]).all() else "a standard error does not exist")
    variances = _variances(theta * unit**2, random, slope_unit)
    s2 = float(theta[0]) * unit**2
    return MixedFit(
        table=_table(terms, estimate, se, df, len(visits.patients)),
        random=random,
        variances=variances,
        residual_variance=s2,
        icc=variances[INTERCEPT] / (variances[INTERCEPT] + s2),
        log_lik=_log_lik(point, blocks, unit, r),
        reml=reml,
        converged=converged,
        singular=bool(doubt),
        note="; ".join(n for n in [*notes, f"singular: {doubt}" if doubt else ""] if n),
        n_patients=len(visits.patients),
        n_obs=len(visits.y),
    )


def _random_columns(x: Array, terms: list[str], random: str) -> tuple[Array, float]:
    """Return the columns of the random effects, the slope's in units of its root mean square, and that unit."""
    if random == INTERCEPT:
        return x[:, [0]], 1.0
    slope = x[:, terms.index(random)]
    unit = float(np.sqrt((slope**2).mean()))
    return np.column_stack([x[:, 0], slope / unit]), unit


def _undetermined(blocks: Blocks, random: str) -> str:
    """Return why the variances cannot be estimated, or an empty string."""
    if not blocks.identified():
        return f"too few visits to tell {_named(random)} from the residual"
    return "y is constant, or fitted without any residual: no variance to judge by" if blocks.saturated() else ""


def _named(random: str) -> str:
    return "a random intercept" if random == INTERCEPT else f"a random intercept and a random effect of {random}"


def _impossible(visits: Visits, kept: Array, random: str, terms: list[str], known: Array) -> str:
    """Return why there is nothing to fit, or an empty string."""
    n, n_obs = len(visits.patients), len(visits.y)
    if n < 2:  # noqa: PLR2004
        return f"{n} patient{'' if n == 1 else 's'} with complete visits, 2 needed"
    if n_obs <= len(kept):
        return f"{n_obs} visits for {len(kept)} coefficients"
    if not known[terms.index(random)]:
        return f"no random effect of {random} without its fixed effect"
    return ""


def _empty(terms: list[str], random: str, *, reml: bool, visits: Visits, notes: list[str]) -> MixedFit:
    nothing = np.full(len(terms), NAN)
    n = len(visits.patients)
    names = [INTERCEPT] if random == INTERCEPT else [INTERCEPT, random, "correlation"]
    return MixedFit(
        table=_table(terms, nothing, nothing, nothing, n),
        random=random,
        variances=dict.fromkeys(names, NAN),
        residual_variance=NAN,
        icc=NAN,
        log_lik=NAN,
        reml=reml,
        converged=False,
        singular=True,
        note="no fit: " + "; ".join(n for n in notes if n),
        n_patients=n,
        n_obs=len(visits.y),
    )


def _table(terms: list[str], estimate: Array, se: Array, df: Array, n: int) -> pd.DataFrame:
    from scipy.special import stdtr, stdtrit

    between = max(n - 1, 0)
    with np.errstate(all="ignore"):
        t = estimate / se
        half = se * (stdtrit(between, 0.975) if between else NAN)
        p_between = 2 * stdtr(between, -np.abs(t)) if between else np.full(len(t), NAN)
        p_satterthwaite = 2 * stdtr(df, -np.abs(t))
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": estimate,
            "se": se,
            "df_satterthwaite": df,
            "t": t,
            "p_satterthwaite": p_satterthwaite,
            "df_between": float(between) if between else NAN,
            "p_between": p_between,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
    )


def _singular(theta: Array, phi: Array, random: str) -> str:
    """Return in what way the random effects are degenerate, or an empty string; all in units of the residual SD."""
    sd = np.sqrt(theta[0])
    if np.sqrt(theta[1]) < ZERO_SD * sd:
        return "the variance of the random intercept is 0"
    if random == INTERCEPT:
        return ""
    if np.sqrt(theta[3]) < ZERO_SD * sd:
        return f"the variance of the random effect of {random} is 0"
    if abs(phi[2]) < ZERO_SD * sd:
        return f"random intercept and random effect of {random} are perfectly correlated"
    return ""


def _variances(theta: Array, random: str, slope_unit: float) -> dict[str, float]:
    if random == INTERCEPT:
        return {INTERCEPT: float(theta[1])}
    product = float(np.sqrt(theta[1] * theta[3]))
    correlation = float(np.clip(theta[2] / product, -1, 1)) if product > 0 else NAN
    return {INTERCEPT: float(theta[1]), random: float(theta[3]) / slope_unit**2, "correlation": correlation}


def _log_lik(point: Point, blocks: Blocks, unit: float, r: Array) -> float:
    """Return the log likelihood in the units and the design matrix of the caller (that of lme4's ``logLik``)."""
    deviance = point.deviance
    if blocks.reml:
        deviance += 2 * (blocks.n_obs - blocks.p) * np.log(unit) + 2 * np.log(np.abs(np.diag(r))).sum()
    else:
        deviance += 2 * blocks.n_obs * np.log(unit)
    return float(-deviance / 2)
