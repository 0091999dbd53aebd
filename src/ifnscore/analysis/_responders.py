"""Responders against the rest: who is one, who cannot be judged, and whether the score tells them apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.analysis import _composite, _leave_one_out
from ifnscore.cohort import _exposure, _pairs, _timeline
from ifnscore.errors import DataError
from ifnscore.instruments import _core_sets, get, responses, tis
from ifnscore.stats import auc, firth, proportion, two_groups

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort

NAN = math.nan
FEWEST = 3
AFTER_EXPOSURE = "the label arose after exposure: it describes, it does not predict"


def table(frame: Frame, cohort: Cohort, definition: str, instrument: str) -> pd.DataFrame:
    """Return whether each patient met a response definition, one row a patient.

    Baseline and follow-up are visits chosen by the rules of the pairs (baseline window, target day or other rule, on the
    drug). The measures of the definition must stand at those visits. ``response_composite`` counts a stop for an adverse event or
    lack of efficacy as no response. ``value`` is ``quantity`` in ``unit``; the definition is met where it is ``met_if`` (``at
    least`` or ``at most``) the ``threshold``, and what else the label asks for holds.
    """
    one = responses.get(definition)
    needed = one.instruments
    several = one.kind in {"absolute", "percent", "state"} and len(needed) > 1
    more = {"instrument": instrument} if several and instrument in needed else {}
    wide = _wide(cohort, needed)
    measured = [instrument] if instrument in needed else [n for n in needed if wide[n].notna().any()]
    judged_on = {**scale(one, measured[0] if len(measured) == 1 else ""), "adult_derived": one.adult_derived}
    failed = _composite.failures(cohort)
    rows = []
    for patient, code in sorted(cohort.codes.items(), key=lambda pair: pair[1]):
        mine = wide[wide["patient_id"] == patient]
        pair = _visits(mine, one, frame)
        row = {"patient_id": code, "definition": definition, "day_before": NAN, "day_after": NAN, "value": NAN}
        if isinstance(pair, str):
            row.update(met=None, evaluable=False, reason=pair, label=label(definition))
        else:
            before, after = pair
            made = responses.evaluate(definition, _values(before, needed), _values(after, needed), **more)
            row.update(day_before=before["day"], day_after=after["day"], value=made.value)
            row.update(met=made.met, evaluable=made.evaluable, reason=made.reason, label=made.label)
        row["stopped"] = failed.get(code, "")
        row["response_composite"] = False if code in failed else row["met"]
        rows.append({**row, **judged_on})
    return pd.DataFrame(rows)


def label(definition: str) -> str:
    """Return what a definition says, with the words for a threshold that comes from adults."""
    one = responses.get(definition)
    return f"{one.text()} ({responses.ADULT_DERIVED})" if one.adult_derived else one.text()


def scale(definition: responses.Definition, instrument: str = "") -> dict[str, Any]:
    """Return what the value of a definition is, its unit, and the line that it is compared with.

    Parameters
    ----------
    definition
        With its own parameters.
    instrument
        Id of the one measure that is judged; needed by definitions that allow several.
    """
    p, met_if = definition.parameters, "at least"
    one = get(instrument) if instrument else None
    name, unit = (one.title, one.unit) if one else ("the measure", "unit as recorded")
    if definition.kind == "tis":
        line, quantity, unit = tis.THRESHOLDS[p["patients"]][p["level"]], "Total Improvement Score", "points"
    elif definition.kind == "cid":
        line, quantity, unit = p["required"], "criteria met at follow-up", f"of {len(definition.instruments)}"
    elif definition.kind == "doi":
        line, quantity, unit = p["n_improved"], "core set measures improved", f"of {len(_core_sets.MEASURES['IMACS'])}"
    elif definition.kind == "state":
        limits = [b.at_most for b in one.bands if b.label == p["target"] and b.at_most is not None] if one else []
        line, quantity, met_if = (limits or [NAN])[0], f"{name} at follow-up", "at most"
    elif definition.kind == "percent":
        line, quantity, unit = p["percent"], f"improvement of {name}", "% of the baseline"
    else:
        line, quantity = p["improvement"], f"improvement of {name}"
    return {"quantity": quantity, "unit": unit, "threshold": float(line), "met_if": met_if}


def _wide(cohort: Cohort, needed: tuple[str, ...]) -> pd.DataFrame:
    visits = _timeline.visits(cohort)
    o = cohort.outcomes
    for name in needed:
        mine = o[(o["instrument"] == name) & (o["subscale"].astype(str) == "")]
        if name == "ck":  # a multiple of the upper limit is no U/L, and the limit is not known here
            mine = mine[mine["unit"].astype(str).str.lower() != "xuln"]
        values = mine.rename(columns={"value": name})[["patient_id", "visit_id", name]]
        visits = visits.merge(values, on=["patient_id", "visit_id"], how="left")
    return visits.assign(platform="", batch="")


def _visits(mine: pd.DataFrame, definition: responses.Definition, frame: Frame) -> tuple[Any, Any] | str:
    if mine.empty:
        return "no visit"
    any_value = mine[list(definition.instruments)].notna().any(axis=1)
    if definition.is_state or definition.kind == "tis":  # judged at the follow-up alone: the baseline visit needs no value
        any_value |= mine["phase"] == _exposure.BASELINE
    pair = _pairs.choose(mine, any_value.to_numpy(), frame.settings, _pairs.WHILE_ON)
    if isinstance(pair, str):
        return "measure missing at baseline or follow-up" if pair == _pairs.NO_SCORE else pair.replace("sample", "visit")
    return mine.iloc[pair.baseline[0]], mine.iloc[pair.followup[0]]


def _values(visit: Any, needed: tuple[str, ...]) -> dict[str, float]:
    return {name: float(visit[name]) for name in needed if pd.notna(visit[name])}


def rate(judged: pd.DataFrame, column: str = "met") -> dict[str, Any]:
    """Return responders among the evaluable with Clopper and Pearson's interval."""
    known = judged[judged[column].notna()]
    k, n = int((known[column].astype(bool)).sum()), len(known)
    p = proportion.clopper_pearson(k, n) if n else None
    return {"n_responders": k, "n_evaluable": n, "low": p.low if p else NAN, "high": p.high if p else NAN}


def rates(judged: pd.DataFrame) -> pd.DataFrame:
    """Return response rates as they were judged, with stops as failures, and with everybody else counted worst and best."""
    unknown = judged["met"].isna()
    variants = {
        "evaluable patients": judged["met"],
        "composite: a stop for an adverse event or lack of efficacy is a failure": judged["response_composite"],
        "worst case: whoever cannot be judged did not respond": judged["met"].astype(object).where(~unknown, other=False),
        "best case: whoever cannot be judged responded": judged["met"].astype(object).where(~unknown, other=True),
    }
    definition = str(judged["definition"].iloc[0])
    made = []
    for name, values in variants.items():
        found = rate(judged.assign(counted=values), "counted")
        share = found["n_responders"] / found["n_evaluable"] if found["n_evaluable"] else NAN
        about = {"definition": definition, "label": label(definition), "counting": name}
        counts = {"n_responders": found["n_responders"], "n_patients": found["n_evaluable"]}
        made.append({**about, **counts, "estimate": share, "ci_low": found["low"], "ci_high": found["high"]})
    return pd.DataFrame(made)


def rows(
    pairs: pd.DataFrame, baselines: pd.DataFrame, judged: pd.DataFrame, rng: Any = None, *, with_firth: bool = False
) -> list[dict[str, Any]]:
    """Return the rows "responders against the rest" for baseline score and for change, AUC with Newcombe's interval.

    Parameters
    ----------
    pairs, baselines
        See :func:`ifnscore.analysis._linked.pairs` and ``baselines``.
    judged
        See :func:`table`.
    rng
        Seed.
    with_firth
        Add Firth's logistic regression of response on the score.
    """
    met = judged[judged["met"].notna()].set_index("patient_id")["met"].astype(bool)
    sources = (
        ("responders_baseline_score", "discrimination_at_baseline", baselines.rename(columns={"score": "x"})),
        ("responders_change_of_score", "discrimination_by_change", pairs.rename(columns={"score_change": "x"})),
    )
    made = []
    for contrast, estimand, source in sources:
        here = source[source["patient_id"].isin(met.index)].dropna(subset=["x"])
        x, label = here["x"].to_numpy(dtype=float), met.reindex(here["patient_id"]).to_numpy(dtype=bool)
        made += _compared(contrast, estimand, x, label, list(here["patient_id"]), rng)
        if with_firth and label.any() and not label.all() and x.std() > 0:
            made.append(_logistic(contrast, estimand, x, label))
    return made


def _compared(contrast: str, estimand: str, x: Any, label: Any, who: list[str], rng: Any) -> list[dict[str, Any]]:
    yes, no = x[label], x[~label]
    about = {"contrast": contrast, "estimand": estimand, "n_patients": len(x), "p_adj": NAN, "exact": True}
    groups = f"{len(yes)} responders, {len(no)} not"
    if not len(yes) or not len(no):
        blank = {"estimate": NAN, "ci_low": NAN, "ci_high": NAN, "p": NAN, "min_attainable_p": NAN}
        return [{**about, **blank, "test": "mann_whitney", "unit": "auc", "note": f"{groups}: nothing to compare"}]
    ranks, area = two_groups.mann_whitney(no, yes), auc.auc(x, label)
    means = two_groups.mean_difference(no, yes, rng=rng)

    def refit(keep: Any) -> tuple[float, float]:
        a, b = x[keep & ~label], x[keep & label]
        return (auc.auc(x[keep], label[keep]).auc, two_groups.mann_whitney(a, b).p) if len(a) and len(b) else (NAN, NAN)

    loo = _leave_one_out.summary(area.auc - 0.5, ranks.p, who, lambda k: (refit(k)[0] - 0.5, refit(k)[1]), fewest=FEWEST)
    loo.update(loo_low=loo["loo_low"] + 0.5, loo_high=loo["loo_high"] + 0.5)
    notes = [groups, area.note, AFTER_EXPOSURE if contrast.startswith("responders_change") else ""]
    first = {
        **about,
        "estimate": area.auc,
        "ci_low": area.low,
        "ci_high": area.high,
        "p": ranks.p,
        "min_attainable_p": ranks.min_attainable_p,
        "test": "mann_whitney",
        "unit": "auc",
        "note": "; ".join(n for n in notes if n),
        **loo,
    }
    second = {
        **about,
        "estimate": means.difference,
        "ci_low": means.low,
        "ci_high": means.high,
        "p": means.p,
        "min_attainable_p": means.min_attainable_p,
        "test": "permutation_of_labels",
        "unit": "score",
        "exact": means.exact,
        "note": "; ".join(n for n in (groups, means.note) if n),
    }
    return [first, second]


def _logistic(contrast: str, estimand: str, x: Any, label: Any) -> dict[str, Any]:
    """Return the log odds ratio of response per unit of the score, with profile interval and penalised likelihood-ratio p."""
    fit = firth.logistic(x, label)
    return {
        "contrast": contrast,
        "estimand": estimand,
        "n_patients": fit.n,
        "estimate": fit.coefficients[1],
        "ci_low": fit.low[1],
        "ci_high": fit.high[1],
        "p": fit.p[1],
        "p_adj": NAN,
        "min_attainable_p": NAN,
        "test": "firth_logistic",
        "unit": "log odds per unit of the score",
        "exact": False,
        "note": "; ".join(n for n in (f"{fit.n_positive} responders", "approximate with few patients", fit.note) if n),
    }


def check(asked: str | None, declared: str | None, instrument: str) -> str | None:
    """Return the response definition to use: the one asked for; else, of this instrument, the declared or the first change.

    A definition of another measure is used only when it is asked for by name.
    """
    if asked:
        return responses.get(asked).name
    if declared and instrument in responses.get(declared).instruments:
        return responses.get(declared).name
    known = [n for n in responses.for_instrument(instrument) if responses.get(n).kind in {"absolute", "percent", "tis"}]
    return known[0] if known else None


def refuse_foreign(definition: str, cohort: Cohort) -> None:
    """Refuse a definition whose measures nobody has (DataError)."""
    needed = responses.get(definition).instruments
    if not cohort.outcomes["instrument"].isin(list(needed)).any():
        how = "; compute it with ifnscore tis and record it as an outcome of the follow-up visit" if "tis" in needed else ""
        msg = f"response {definition} needs {', '.join(needed)}, and outcomes.csv has none of them{how}"
        raise DataError(msg)
