"""The reading of an association: what goes together, in whom it does not, and what cannot be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _discordant, _link, _responders
from ifnscore.analysis._leave_one_out import ALPHA
from ifnscore.analysis._paired import TOO_FEW
from ifnscore.analysis._words import SYNTHETIC, number, p_value, plural
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame
    from ifnscore.analysis._linked import Linked
    from ifnscore.cohort import Cohort

NO_PROOF = (
    "None of this shows a cause, and a fall of the score is no proof of benefit: interferon also normalised in children who did "
    "not respond (Le Voyer 2021)."
)


def associate(
    table: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    frame: Frame,
    cohort: Cohort,
    linked: Linked,
    definition: str | None,
) -> str:
    """Return the paragraph for an association."""
    rows = table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]
    of = {r["contrast"]: r for r in rows_of(rows) if r["test"] != "permutation_of_labels"}
    where = "" if frame.tissues[0] == "unknown" else f" in {frame.tissues[0]}"
    parts = [SYNTHETIC] if cohort.settings.synthetic else []
    parts.append(f"{frame.primary}{where} and {linked.instrument.title}.")
    first, last = frame.settings.link_window
    parts.append(_sentence(of[_link.CHANGE], f"Change with change (follow-up on day {first:g} to {last:g})"))
    parts.append(_sentence(of[_link.BASELINE], "At baseline, between patients"))
    parts.append(_sentence(of[_link.WITHIN_OWN], "Within patients, freed of phase and of each child's own course on the drug"))
    parts.append(_warned(of[_link.UNADJUSTED]))
    parts += _disagree(tables["discordant"], frame)
    if definition:
        parts += _response(tables["responders"], of)
    parts.append(NO_PROOF)
    return " ".join(p for p in parts if p)


def _sentence(row: Mapping[str, Any], lead: str) -> str:
    n = int(row["n_patients"])
    if not np.isfinite(row["estimate"]):
        return f"{lead}: cannot be estimated ({plural(n, 'patient')}{'; ' + row['note'] if row['note'] else ''})."
    text = f"{lead}: {'rho' if row['unit'] == 'rho' else row['unit']} = {number(row['estimate'])}"
    if np.isfinite(row["ci_low"]):
        text += f" (95 % interval {number(row['ci_low'])} to {number(row['ci_high'])})"
    text += f", {plural(n, 'patient')}"
    if row["n_observations"] > n:
        text += f", {int(row['n_observations'])} visits"
    floor = row["min_attainable_p"]
    if not np.isfinite(row["p"]):
        return f"{text}; no p."
    if n < TOO_FEW or (np.isfinite(floor) and floor > ALPHA):
        return f"{text}; so few patients allow no conclusion: read the single values."
    secondary = "" if row["role"] == "primary" else " (secondary)"
    shown = "a link is shown" if row["p"] < ALPHA else "no link shown, which is not the same as no link"
    return f"{text}, permutation {p_value(row['p'])}: {shown}{secondary}."


def _warned(row: Mapping[str, Any]) -> str:
    if not np.isfinite(row["estimate"]):
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
    return parts or ["No patient is discordant in direction."] if len(mine) else []


def _response(judged: pd.DataFrame, of: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not len(judged):
        return []
    rate, strict = _responders.rate(judged), _responders.rate(judged, "response_composite")
    label = str(judged["label"].iloc[0])
    parts = [f"Response ({label}): {rate['n_responders']} of {rate['n_evaluable']} evaluable patients"]
    if rate["n_evaluable"]:
        parts[0] += f" (95 % interval {100 * rate['low']:.0f} to {100 * rate['high']:.0f} %)"
    if strict["n_evaluable"] != rate["n_evaluable"] or strict["n_responders"] != rate["n_responders"]:
        parts[0] += f"; counting stops for an adverse event as failure {strict['n_responders']} of {strict['n_evaluable']}"
    parts[0] += "."
    row = of.get("responders_change_of_score")
    if row and np.isfinite(row["estimate"]) and row["unit"] == "auc":
        parts.append(
            f"Responders against the rest by change of score: AUC {number(row['estimate'])} "
            f"({number(row['ci_low'])} to {number(row['ci_high'])}), {_responders.AFTER_EXPOSURE}."
        )
    return parts
