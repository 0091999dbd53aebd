"""All visits at once: mixed models, GEE and the cluster sign-flip beside the contrast of patient means, which is the headline."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _batch, _changes, _leave_one_out, _paired
from ifnscore.cohort import _exposure, _pairs
from ifnscore.stats import cluster_flip, gee, mixed

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame

NAN = math.nan
_BLANK = {
    "estimate": NAN,
    "se": NAN,
    "df": NAN,
    "t": NAN,
    "p": NAN,
    "ci_low": NAN,
    "ci_high": NAN,
    "icc": NAN,
    "converged": True,
    "singular": False,
    "reported": False,
}


def table(frame: Frame) -> pd.DataFrame:
    """Return one row a model, signature, tissue and arm; empty for a design without phases.

    The treatment variable is 1 on the drug (phase ``on``), 0 at baseline and off the drug (interrupted, discontinued); samples
    of the first days on the drug and of carry-over belong to neither and are left out.
    """
    if frame.simple:
        return pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for tissue in frame.tissues:
        for group in frame.groups:
            for column in frame.columns:
                question = _changes.Question(column.id, tissue, group, _changes.MEANS_OFF, _pairs.WHILE_ON)
                used, y = visits(frame, question)
                if len(used):
                    made = [{**_paired.names(question, column), **r} for r in _models(used, y)]
                    rows += _left_out(made, used, y) if column.id == frame.primary else made
    return pd.DataFrame(rows)


def visits(frame: Frame, question: _changes.Question) -> tuple[pd.DataFrame, Any]:
    """Return the samples of one question that are on or off the drug for certain, with ``on``, and their scores."""
    rows = frame.rows
    here = (rows["tissue"] == question.tissue) & (rows["group"] == question.group)
    here &= rows["phase"].isin([_exposure.ON, *_exposure.OFF])
    here &= (rows["phase"] != _exposure.BASELINE) | _pairs.in_baseline(rows["day"], frame.settings)
    score = frame.values[question.signature]
    used = within_batches(rows[here & score.notna()], frame)
    return used.assign(on=(used["phase"] == _exposure.ON).astype(float)), score[used.index].to_numpy(dtype=float)


def within_batches(rows: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Return the samples that have a partner of their batch on the other side of the drug, or whose patient has one side only."""
    kept = []
    for _, mine in rows.groupby("order"):
        on = (mine["phase"] == _exposure.ON).to_numpy()
        if on.any() and not on.all():
            off, on = _batch.comparable(mine, ~on, on, frame)
            mine = mine[off | on]  # noqa: PLW2901  the patient's samples that remain
        kept.append(mine)
    return pd.concat(kept) if kept else rows


def _left_out(rows: list[dict[str, Any]], used: pd.DataFrame, y: Any) -> list[dict[str, Any]]:
    """Add the leave-one-out range to the models of the primary signature: refitting all of them would take minutes."""
    patient, on = used["order"].to_numpy(), used["on"].to_numpy(dtype=float)
    who = sorted(set(zip(patient.tolist(), used["patient_id"], strict=True)))
    numbers = np.array([n for n, _ in who])

    fits: dict[str, Callable[[Any, Any, Any], tuple[float, float]]] = {
        "mixed_random_slope": lambda y, who, on: _refitted(y, who, on, mixed.TREATMENT),
        "mixed_random_intercept": lambda y, who, on: _refitted(y, who, on, "intercept"),
        "gee_bias_reduced": lambda y, who, on: _both(gee.treatment_effect(y, who, on)),
        "cluster_sign_flip": lambda y, who, on: _both(cluster_flip.test(y, who, on)),
    }

    def refit(model: str) -> Callable[[Any], tuple[float, float]]:
        def one(keep: Any) -> tuple[float, float]:
            stay = np.isin(patient, numbers[keep])
            return fits[model](y[stay], patient[stay], on[stay])

        return one

    for row in rows:
        if row["reported"] or row["model"] in {"gee_bias_reduced", "cluster_sign_flip"}:
            row.update(_leave_one_out.summary(row["estimate"], row["p"], [code for _, code in who], refit(row["model"])))
    return rows


def _refitted(y: Any, patient: Any, on: Any, random: str) -> tuple[float, float]:
    term = mixed.fit(y, patient, {mixed.TREATMENT: on}, random, satterthwaite=False, statsmodels=False).term(mixed.TREATMENT)
    return term["estimate"], term["p_between"]


def _both(made: Any) -> tuple[float, float]:
    return made.estimate, made.p


def _models(used: pd.DataFrame, y: Any) -> list[dict[str, Any]]:
    patient, on = used["order"].to_numpy(), used["on"].to_numpy(dtype=float)
    effect = mixed.treatment_effect(y, patient, on)
    flipped = cluster_flip.test(y, patient, on)
    robust = gee.treatment_effect(y, patient, on)
    return [
        _mixed(effect, "random_slope"),
        _mixed(effect, "random_slope", satterthwaite=True),
        _mixed(effect, "random_intercept"),
        _mixed(effect, "random_intercept", satterthwaite=True),
        {
            **_BLANK,
            "model": "gee_bias_reduced",
            "n_patients": robust.n_patients,
            "n_observations": robust.n_obs,
            **{k: getattr(robust, k) for k in ("estimate", "se", "df", "t", "p", "ci_low", "ci_high")},
            "label": robust.label,
            "note": robust.note,
        },
        {
            **_BLANK,
            "model": "cluster_sign_flip",
            "n_patients": flipped.n,
            "n_observations": flipped.n_obs,
            "estimate": flipped.estimate,
            "p": flipped.p,
            "label": flipped.label,
            "note": flipped.note,
        },
    ]


def _mixed(effect: mixed.TreatmentEffect, which: str, *, satterthwaite: bool = False) -> dict[str, Any]:
    fit = effect.random_slope if which == "random_slope" else effect.random_intercept
    term = fit.term(mixed.TREATMENT)
    p, df = ("p_satterthwaite", "df_satterthwaite") if satterthwaite else ("p_between", "df_between")
    reported = effect.reported == which and not satterthwaite
    half = (term["ci_high"] - term["ci_low"]) / 2
    if satterthwaite:
        half = _half_width(term["se"], term[df])
    kind = "random intercept and treatment effect" if which == "random_slope" else "random intercept"
    how = "t with Satterthwaite's df" if satterthwaite else "t(n-1)"
    return {
        **_BLANK,
        "model": f"mixed_{which}" + ("_satterthwaite" if satterthwaite else ""),
        "n_patients": fit.n_patients,
        "n_observations": fit.n_obs,
        "estimate": term["estimate"],
        "se": term["se"],
        "df": term[df],
        "t": term["t"],
        "p": term[p],
        "ci_low": term["estimate"] - half,
        "ci_high": term["estimate"] + half,
        "icc": fit.icc,
        "var_intercept": fit.variances.get("intercept", NAN),
        "var_slope": fit.variances.get(mixed.TREATMENT, NAN),
        "correlation": fit.variances.get("correlation", NAN),
        "var_residual": fit.residual_variance,
        "log_lik": fit.log_lik,
        "converged": fit.converged,
        "singular": fit.singular,
        "reported": reported,
        "label": f"approximate: REML, {kind}, {how}",
        "note": effect.note if reported else fit.note,
    }


def _half_width(se: float, df: float) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, df) * se) if np.isfinite(df) and df > 0 else NAN
