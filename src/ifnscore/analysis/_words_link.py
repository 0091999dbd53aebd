"""The reading of an association: what goes together, in whom it does not, and what cannot be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _discordant, _link, _responders
from ifnscore.analysis._leave_one_out import ALPHA, TOO_FEW
from ifnscore.analysis._phrases import SYNTHETIC, Sentences, about, bounded, number, p_value, percent, plural, small
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame
    from ifnscore.analysis._linked import Linked
    from ifnscore.cohort import Cohort

NO_PROOF = (
    "None of this shows a cause, and a fall of the score is no proof of benefit: interferon alpha normalised in responders and "
    "in non-responders (Le Voyer 2021)."
)
NO_P = "No p is given: batch and time cannot be told apart."
#: Two or three points make a correlation whatever they are.
FEWEST = 4


def associate(
    table: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    frame: Frame,
    cohort: Cohort,
    linked: Linked,
    definition: str | None,
    no_p: frozenset[str],
) -> Sentences:
    """Return the sentences about an association, each under its topic."""
    rows = table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]
    of = {r["contrast"]: r for r in rows_of(rows) if r["test"] not in {"permutation_of_labels", "firth_logistic"}}
    where = "" if frame.tissues[0] == "unknown" else f" in {frame.tissues[0]}"
    first, last = frame.settings.link_window
    said = about("synthetic", SYNTHETIC if cohort.settings.synthetic else "")
    better = "higher is worse" if linked.instrument.higher_is_worse else "higher is better"
    said += about("measure", f"{frame.primary}{where} and {linked.instrument.title} ({better}).")
    said += about("batch", NO_P if frame.tissues[0] in no_p else "")
    said += about("change", _sentence(of[_link.CHANGE], f"Change with change (follow-up on day {first:g} to {last:g})"))
    said += about("beside", *_beside_change(of, tables["pairs"], frame))
    said += about("baseline", _sentence(of[_link.BASELINE], "At baseline, between patients"))
    own = "Within patients, after removing drug phase and each child's own time trend"
    said += about("within", _sentence(of[_link.WITHIN_OWN], own))
    common = of[_link.WITHIN_ADJUSTED]
    if np.isfinite(common["estimate"]):
        said += about("within", f"With one time trend for all children instead: r = {bounded(common['estimate'])}.")
    said += about("unadjusted", _warned(of[_link.UNADJUSTED]))
    said += about("discordant", *_disagree(tables["discordant"], frame))
    said += about("response", *(_response(tables["responders"], of) if definition else []))
    return said + about("proof", NO_PROOF)


def _sentence(row: Mapping[str, Any], lead: str) -> str:
    n = int(row["n_patients"])
    if n == 0:
        return f"{lead}: nobody could be paired, for the reasons in flow.tsv."
    if n < FEWEST:
        return f"{lead}: {plural(n, 'patient')}, so no correlation is given; see the single values in pairs.tsv."
    if not np.isfinite(row["estimate"]):
        return f"{lead}: cannot be estimated ({plural(n, 'patient')}{'; ' + row['note'] if row['note'] else ''})."
    text = f"{lead}: {'rho' if row['unit'] == 'rho' else row['unit']} = {bounded(row['estimate'])}"
    if np.isfinite(row["ci_low"]):
        text += f" (95 % interval {bounded(row['ci_low'])} to {bounded(row['ci_high'])})"
    informative = "informative " if row["contrast"] == _link.WITHIN_OWN else ""
    text += f", {plural(n, informative + 'patient')}"
    if row["n_observations"] > n:
        text += f", {int(row['n_observations'])} visits"
    return text + _verdict(row, n)


def _verdict(row: Mapping[str, Any], n: int) -> str:
    floor = row["min_attainable_p"]
    if not np.isfinite(row["p"]):
        return "; no p."
    if n < TOO_FEW or (np.isfinite(floor) and floor > ALPHA):
        return "; so few patients allow no conclusion: read the single values."
    text = f", permutation {p_value(row['p'])}"
    if row["exact"] and np.isfinite(floor):
        text += f" (smallest attainable {small(floor)})"
    if row["adjustment"] != "none" and np.isfinite(row["p_adj"]) and row["p_adj"] > row["p"]:
        text += f", adjusted over signatures {small(row['p_adj'])}"
    secondary = "" if row["role"] == "primary" else " (secondary)"
    shown = "a link is shown" if row["p"] < ALPHA else "no link shown, which is not the same as no link"
    return f"{text}: {shown}{secondary}."


def _beside_change(of: Mapping[str, Mapping[str, Any]], pairs: pd.DataFrame, frame: Frame) -> list[str]:
    """Say what else moved with the changes: steroid dose, and the day of follow-up."""
    parts = []
    mine = pairs[(pairs["signature"] == frame.primary) & (pairs["tissue"] == frame.tissues[0])]
    dose = mine["steroid_change"].dropna().astype(float)
    adjusted = of.get(_link.CHANGE_STEROID)
    if len(dose) >= FEWEST:
        lower = int((dose < 0).sum())
        text = (
            f"The steroid dose was lower at follow-up in {lower} of {len(dose)} (median {number(float(dose.median()))} mg/kg/day)"
        )
        if adjusted and np.isfinite(adjusted["estimate"]):
            text += f"; adjusted for its change rho = {bounded(adjusted['estimate'])}"
            if np.sign(adjusted["estimate"]) != np.sign(of[_link.CHANGE]["estimate"]):
                text += ", so not even the sign is settled"
        parts.append(text + ".")
    time = of[_link.TIME]
    if np.isfinite(time["estimate"]) and time["n_patients"] >= FEWEST:
        parts.append(f"Change of the score with the day of follow-up: rho = {bounded(time['estimate'])}.")
    return parts


def _warned(row: Mapping[str, Any]) -> str:
    if not np.isfinite(row["estimate"]) or row["n_patients"] < FEWEST:
        return ""
    return (
        "Both variables change after treatment; the unadjusted repeated-measures correlation r = "
        f"{number(row['estimate'])} cannot separate a link from a shared drug effect."
    )


def _disagree(discordant: pd.DataFrame, frame: Frame) -> list[str]:
    if not len(discordant):
        return []
    mine = discordant[(discordant["signature"] == frame.primary) & (discordant["tissue"] == frame.tissues[0])]
    parts = []
    for pattern in (_discordant.ONLY_MEASURE, _discordant.ONLY_SCORE):
        who = list(mine.loc[mine["pattern"] == pattern, "patient_id"])
        if who:
            parts.append(f"Discordant, {pattern}: {', '.join(who)}.")
    if not parts and len(mine):
        parts.append("No patient is discordant in direction.")
    silent = list(mine.loc[(mine["score_change"] < 0) & (mine["response"].eq(other=False)), "patient_id"])
    if silent:
        parts.append(f"The score fell without a response in {', '.join(silent)}.")
    if parts and len(mine) and not mine["beyond_rcv"].notna().any():
        parts.append("Changes of any size count; assay noise is unknown.")
    return parts


def _response(judged: pd.DataFrame, of: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not len(judged):
        return []
    rate, strict = _responders.rate(judged), _responders.rate(judged, "response_composite")
    text = f"Response ({judged['label'].iloc[0]}): {rate['n_responders']} of {rate['n_evaluable']} evaluable patients"
    text += f" (95 % interval {percent(rate['low'], rate['high'])})" if rate["n_evaluable"] else ""
    if strict["n_evaluable"] != rate["n_evaluable"] or strict["n_responders"] != rate["n_responders"]:
        text += (
            "; counting stops for an adverse event or lack of efficacy as failure "
            f"{strict['n_responders']} of {strict['n_evaluable']} ({percent(strict['low'], strict['high'])})"
        )
    parts = [text + "."]
    row = of.get("responders_change_of_score")
    if row and np.isfinite(row["estimate"]) and row["unit"] == "auc":
        parts.append(
            f"Responders against the rest by change of score: AUC {number(row['estimate'])} "
            f"({bounded(row['ci_low'])} to {bounded(row['ci_high'])}), {_responders.AFTER_EXPOSURE}."
        )
    return parts
