"""The link of score and skin in the order of the specification: at baseline, change with change, within and between patients.

Score and skin both fall on the drug. Whatever ignores that (a pooled correlation over visits, an unadjusted repeated-measures
correlation) finds a link in most cohorts that have none; it is shown only with that warning.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _leave_one_out, _linked
from ifnscore.cohort import _exposure
from ifnscore.stats import mixed, rank_correlation, repeated

if TYPE_CHECKING:
    from ifnscore._lazy import pd

NAN = math.nan
BASELINE, CHANGE, CHANGE_STEROID = "baseline", "change_with_change", "change_with_change_given_steroid"
WITHIN, BETWEEN, WITHIN_ADJUSTED = "within_patients_model", "between_patients_model", "within_patients_given_drug"
WITHIN_OWN, WITHIN_STEROID, UNADJUSTED, TIME = (
    "within_patients_given_own_course",
    "within_patients_given_drug_and_steroid",
    "within_patients_unadjusted",
    "change_with_time",
)
PER_UNIT = "points of the measure per unit of the score"
WITHIN_SLOPES = "within_patients_slopes_given_own_course"
#: Contrast -> the estimand it belongs to.
ESTIMANDS = {
    BASELINE: "between_patients_at_baseline",
    CHANGE: "change_while_on_treatment",
    CHANGE_STEROID: "change_while_on_treatment",
    TIME: "change_while_on_treatment",
    WITHIN: "within_patients_given_phase_and_time",
    BETWEEN: "between_patients_given_phase_and_time",
    WITHIN_ADJUSTED: "within_patients_given_phase_and_time",
    WITHIN_OWN: "within_patients_given_phase_and_own_time",
    WITHIN_SLOPES: "within_patients_given_phase_and_own_time",
    WITHIN_STEROID: "within_patients_given_phase_and_time",
    UNADJUSTED: "within_patients_unadjusted",
}
P_INSIDE = "p asks whether visits agree inside a phase; the interval is parametric and does not belong to p"
WARNING = "not adjusted for the drug: score and measure both change on treatment, so this cannot show a link"


def baseline(table: pd.DataFrame, rng: Any = None, *, leave_out: bool = True) -> dict[str, Any]:
    """Return Spearman's correlation of score and measure at baseline."""
    return _spearman(BASELINE, table["score"], table["outcome"], list(table["patient_id"]), rng, leave_out=leave_out)


def change(pairs: pd.DataFrame, rng: Any = None, *, leave_out: bool = True) -> dict[str, Any]:
    """Return Spearman's correlation of both changes in the common window."""
    return _spearman(CHANGE, pairs["score_change"], pairs["outcome_change"], list(pairs["patient_id"]), rng, leave_out=leave_out)


def change_with_time(pairs: pd.DataFrame, rng: Any = None) -> dict[str, Any]:
    """Return Spearman's correlation of the change of the score with the day of follow-up: should be small in a common window."""
    return _spearman(TIME, pairs["score_change"], pairs["day_after"], list(pairs["patient_id"]), rng)


def _spearman(contrast: str, x: Any, y: Any, patients: list[str], rng: Any, *, leave_out: bool = True) -> dict[str, Any]:
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(a) & np.isfinite(b)
    a, b, who = a[known], b[known], [p for p, k in zip(patients, known, strict=True) if k]
    made = rank_correlation.spearman(a, b, rng=rng)

    def refit(keep: Any) -> tuple[float, float]:
        again = rank_correlation.spearman(a[keep], b[keep], rng=rng, n_resamples=9_999)
        return again.rho, again.p

    row = _row(contrast, made.rho, made.low, made.high, made.p, made.min_attainable_p, made.n, "spearman_permutation", "rho")
    loo = _leave_one_out.summary(made.rho, made.p, who if leave_out else [], refit, fewest=3)
    tau = rank_correlation.kendall(a, b) if made.n > 1 else None
    more = {"kendall_tau": tau.tau if tau else NAN, "kendall_p": tau.p if tau else NAN}
    return {**row, "exact": made.exact, "n_observations": made.n, "note": made.note, **more, **loo}


def change_given_steroid(pairs: pd.DataFrame, rng: Any = None) -> dict[str, Any] | None:
    """Return the partial correlation of both changes given the change of steroid dose; None without doses."""
    known = pairs.dropna(subset=["score_change", "outcome_change", "steroid_change"])
    if known.empty or known["steroid_change"].nunique() < 2:  # noqa: PLR2004
        return None
    x, y, dose = (known[c].to_numpy(dtype=float) for c in ("score_change", "outcome_change", "steroid_change"))
    made = rank_correlation.partial_spearman(x, y, dose, rng=rng)

    def refit(keep: Any) -> tuple[float, float]:
        again = rank_correlation.partial_spearman(x[keep], y[keep], dose[keep], rng=rng, n_resamples=9_999)
        return again.rho, again.p

    row = _row(CHANGE_STEROID, made.rho, made.low, made.high, made.p, made.min_attainable_p, made.n, "partial_spearman", "rho")
    note = "; ".join(n for n in (made.note, "steroid dose falls with time on the drug: collinear") if n)
    loo = _leave_one_out.summary(made.rho, made.p, list(known["patient_id"]), refit, fewest=4)
    return {**row, "exact": made.exact, "n_observations": made.n, "note": note, **loo}


def adjusted(visits: pd.DataFrame, rng: Any = None) -> dict[str, Any]:
    """Return the within-patient correlation freed of phase and log(1 + days on drug), permuted inside patient and phase."""
    return _partial(WITHIN_ADJUSTED, visits, _linked.drug_covariates(visits) if len(visits) else None, rng)


def own_course(visits: pd.DataFrame, rng: Any = None) -> dict[str, Any]:
    """Return the same with a slope of log(1 + days on drug) for each patient: the one to read.

    Children differ in how fast they respond. One slope for all leaves the difference in both variables, and in cohorts without
    any link the p then lies under 0.05 in up to 7 %; with own slopes in 5 % (benchmarks/calibration).
    """
    return _partial(WITHIN_OWN, visits, _linked.drug_covariates(visits, own_course=True) if len(visits) else None, rng)


def slopes(visits: pd.DataFrame, rng: Any = None) -> dict[str, Any] | None:
    """Return the mean of the patients' own slopes, signs flipped over patients: a check that needs no exchangeable visits."""
    if visits.empty:
        return None
    made = repeated.slopes_sign_flip(*_columns(visits), _linked.drug_covariates(visits, own_course=True), rng=rng)
    n, n_obs = _informative(made, visits)
    row = _row(WITHIN_SLOPES, made.slope, NAN, NAN, made.p, made.min_attainable_p, n, "sign_flip_of_slopes", PER_UNIT)
    note = "; ".join(t for t in (made.note, "a check: holds when errors of neighbouring visits go together") if t)
    return {**row, "exact": made.exact, "n_observations": n_obs, "note": note}


def _informative(made: repeated.SlopeFlip, visits: pd.DataFrame) -> tuple[int, int]:
    """Return patients whose score varies beyond what was removed, and their visits: the others fit exactly and say nothing."""
    who = [p for p, slope in zip(made.patients, made.slopes, strict=True) if np.isfinite(slope)]
    return len(who), int(visits["order"].isin(who).sum())


def adjusted_steroid(visits: pd.DataFrame, rng: Any = None) -> dict[str, Any] | None:
    """Return the same, freed of the steroid dose as well; None where doses are not known or do not change."""
    known = visits.dropna(subset=["steroid"])
    if known.empty or known["steroid"].nunique() < 2:  # noqa: PLR2004
        return None
    covariates = np.column_stack([_linked.drug_covariates(known), known["steroid"].to_numpy(dtype=float)])
    return _partial(WITHIN_STEROID, known, covariates, rng)


def _partial(contrast: str, visits: pd.DataFrame, covariates: Any, rng: Any) -> dict[str, Any]:
    test = "partial_rmcorr_restricted_permutation"
    if covariates is None:
        return {**_row(contrast, NAN, NAN, NAN, NAN, NAN, 0, test, "r"), "note": "no matched visits", "n_observations": 0}
    patient, x, y = _columns(visits)
    who = [code for _, code in sorted(set(zip(visits["order"], visits["patient_id"], strict=True)))]
    phase = visits["phase"].to_numpy(dtype=str)
    made = repeated.partial_rmcorr(patient, x, y, covariates, phase, rng=rng)

    def refit(keep: Any) -> tuple[float, float]:
        stay = visits["patient_id"].isin(np.array(who)[keep]).to_numpy()
        again = repeated.partial_rmcorr(patient[stay], x[stay], y[stay], covariates[stay], phase[stay], rng=rng, n_resamples=999)
        return again.r, again.p_permutation

    floor = made.min_attainable_p
    n, n_obs = _informative(repeated.slopes_sign_flip(patient, x, y, covariates, rng=rng), visits)
    row = _row(contrast, made.r, made.low, made.high, made.p_permutation, floor, n, test, "r")
    silent = made.n_patients + made.n_dropped - n
    notes = [made.note, f"{silent} of {n + silent} patients do not inform: too few visits" if silent else "", P_INSIDE]
    note = "; ".join(t for t in notes if t)
    extra = {"n_observations": n_obs, "df": made.df, "p_parametric": made.p_parametric, "note": note}
    return {**row, "exact": made.exact, **extra, **_leave_one_out.summary(made.r, made.p_permutation, who, refit, fewest=2)}


def unadjusted(visits: pd.DataFrame) -> dict[str, Any]:
    """Return the unadjusted repeated-measures correlation, with its warning in the row."""
    if visits.empty:
        return {**_row(UNADJUSTED, NAN, NAN, NAN, NAN, NAN, 0, "rmcorr", "r"), "n_observations": 0, "note": WARNING}
    made = repeated.rmcorr(*_columns(visits))
    row = _row(UNADJUSTED, made.r, made.low, made.high, made.p, NAN, made.n_patients, "rmcorr", "r")
    note = "; ".join(n for n in (WARNING, made.note) if n)
    return {**row, "n_observations": made.n_obs, "df": made.df, "slope": made.slope, "statistic": made.f, "note": note}


def split(visits: pd.DataFrame) -> list[dict[str, Any]]:
    """Return slopes of the measure on the score within and between patients (mixed model, t(n-1), approximate)."""
    if visits.empty:
        return []
    patient, x, y = _columns(visits)
    on = (visits["phase"] == _exposure.ON).to_numpy(dtype=float)
    time = np.log1p(visits["days_on"].to_numpy(dtype=float))
    made = mixed.within_between(y, patient, x, on, {"log_days_on": time})
    rows = []
    for contrast, term in ((WITHIN, made.within), (BETWEEN, made.between)):
        low, high = term["ci_low"], term["ci_high"]
        row = _row(contrast, term["estimate"], low, high, term["p_between"], NAN, made.n_patients, "mixed_model_t", PER_UNIT)
        rows.append(
            {**row, "n_observations": made.n_obs, "df": term["df_between"], "note": f"{made.label}; {made.note}".strip("; ")}
        )
    return rows


def _columns(visits: pd.DataFrame) -> tuple[Any, Any, Any]:
    return (
        visits["order"].to_numpy(),
        visits["score"].to_numpy(dtype=float),
        visits["outcome"].to_numpy(dtype=float),
    )


def _row(
    contrast: str, estimate: float, low: float, high: float, p: float, floor: float, n: int, test: str, unit: str
) -> dict[str, Any]:
    return {
        "contrast": contrast,
        "estimand": ESTIMANDS[contrast],
        "n_patients": n,
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "p": p,
        "p_adj": NAN,
        "min_attainable_p": floor if n else NAN,
        "test": test,
        "unit": unit,
        "exact": False,
    }
