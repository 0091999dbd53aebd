"""The reading of a comparison: plain sentences, written from the numbers, that claim no more than they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _arms, _changes, _composite, _words_more
from ifnscore.analysis._leave_one_out import ALPHA, TOO_FEW
from ifnscore.analysis._phrases import SYNTHETIC, Sentences, about, interval, number, p_value, percent, plural, small
from ifnscore.cohort import _pairs
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort

_ESTIMAND = {_pairs.WHILE_ON: "while on treatment", _pairs.POLICY: "treatment policy", _pairs.OBSERVED: "as observed"}
NOT_THE_SAME = "no change shown, which is not the same as no change"
NO_GENES = "The scores came as a table, so the genes behind them were not compared."
CONFOUNDED = (
    "The estimates hold the difference between runs as well, and no interval covers it. No p is given: batch and time cannot be "
    "told apart."
)


def compare(
    table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], frame: Frame, cohort: Cohort, *, genes: bool, no_p: frozenset[str]
) -> Sentences:
    """Return the sentences about a comparison, each under its topic."""
    said = about("synthetic", SYNTHETIC if cohort.settings.synthetic else "")
    headlines = _rows(table, frame, frame.primary)
    said += about("batch", CONFOUNDED if frame.tissues[0] in no_p else "")
    said += about("undeclared", *_undeclared(headlines, frame))
    for row in headlines:
        said += about("change" if row["n_patients"] else "nobody", _headline(row, tables["patients"], _how(frame, cohort)))
        said += about("too_few" if too_few(row) else "verdict", _verdict(row))
        said += about("leave_one_out", _left_one_out(row))
    said += about("design", _words_more.arms_known(frame))
    said += about("estimands", *_other_estimands(table, frame))
    said += about("arms", *(_arm_parts(table, tables["tests"], frame) if "tests" in tables else []))
    known = bool(np.isfinite(_words_more.mine(tables["scores"], frame)["rcv"].iloc[0]))
    said += about("noise" if known else "noise_unknown", *_words_more.beyond_noise(tables, frame))
    other = _words_more.other_type(table, frame, _rows)
    said += about("other_type", *other[:-1]) + about("shared", *other[-1:])
    said += about("left_out", *_words_more.left_out(tables["flow"], frame))
    said += about("regression", *_words_more.drift(tables, frame))
    said += about("steroid", *_words_more.steroid(tables, frame))
    said += about("cells", *_words_more.cells(tables, frame))
    return said + about("genes", "" if genes else NO_GENES)


def _rows(table: pd.DataFrame, frame: Frame, signature: str) -> list[dict[str, Any]]:
    chosen = table[
        (table["signature"] == signature)
        & (table["tissue"] == frame.tissues[0])
        & (table["contrast"] == _changes.PAIRED)
        & (table["estimand"] == frame.estimands[0])
    ]
    return rows_of(chosen)


def _undeclared(headlines: list[dict[str, Any]], frame: Frame) -> list[str]:
    if frame.declared or not headlines:
        return []
    n = max(int(r["n_hypotheses"]) for r in headlines)
    return [f"No primary score was declared; the first of {n} is shown, with p adjusted over them."] if n > 1 else []


def _how(frame: Frame, cohort: Cohort) -> str:
    s, design = frame.settings, cohort.simple
    if design is not None:
        return f"{design.time} {design.followup} against {design.baseline}, as observed"
    words = {"last_on": "last sample on the drug", "first_on": "first sample on the drug"}
    return f"while on treatment, {words.get(s.followup_rule, f'day {s.target_day:g} ± {s.window_days:g}')}"


def _where(row: Mapping[str, Any]) -> str:
    tissue = "" if row["tissue"] == "unknown" else f" in {row['tissue']}"
    arm = f", {row['group']}" if row["group"] else ""
    return f"{row['signature']}{tissue}{arm}"


def _headline(row: Mapping[str, Any], patients: pd.DataFrame, how: str) -> str:
    n = int(row["n_patients"])
    what = f"{_where(row)} ({how}, {plural(n, 'patient')})"
    if n == 0:
        return f"{what}: no patient has a pair, so nothing can be said."
    return f"{what}: {_fell(row, patients)}; mean change {interval(row)}."


def _fell(row: Mapping[str, Any], patients: pd.DataFrame) -> str:
    same = np.logical_and.reduce([patients[k] == row[k] for k in ("signature", "tissue", "group", "contrast", "estimand")])
    change = patients.loc[same & (patients["excluded"] == ""), "change"]
    n, down, up = len(change), int((change < 0).sum()), int((change > 0).sum())
    if n > 1 and n in {down, up}:
        return f"the score {'fell' if down else 'rose'} in all {n} patients"
    same_as_before = f", and did not change in {n - down - up}" if n > down + up else ""
    return f"the score fell in {down} and rose in {up} of {plural(n, 'patient')}{same_as_before}"


def too_few(row: Mapping[str, Any]) -> bool:
    """Whether so few patients, or so few that changed, can reject nothing."""
    return int(row["n_patients"]) < TOO_FEW or float(row["min_attainable_p_given_zeros"]) > ALPHA


def _verdict(row: Mapping[str, Any]) -> str:
    n, p = int(row["n_patients"]), float(row["p"])
    if n == 0 or not np.isfinite(p):
        return ""
    least = float(row["min_attainable_p_given_zeros"])
    if n < TOO_FEW:
        normal = ", and the interval leans on normality and is no test" if np.isfinite(row["ci_low"]) else ""
        return (
            f"{plural(n, 'patient').capitalize()} cannot reject anything at 0.05 (smallest attainable p {small(least)})"
            f"{normal}: read the single values."
        )
    if least > ALPHA:
        return f"With {n} patients, some without any change, nothing can be rejected at 0.05: read the single values."
    unchanged = f", {int(row['n_zero'])} of them unchanged," if row["n_zero"] else ""
    floor = f"smallest attainable with {n} patients{unchanged} {small(least)}"
    adjusted = f", adjusted {small(row['p_adj'])}" if row["n_hypotheses"] > 1 and np.isfinite(row["p_adj"]) else ""
    return f"Exact sign-flip {p_value(p)} ({floor}{adjusted}): {_shown(row)}."


def _shown(row: Mapping[str, Any]) -> str:
    """Say whether a change is shown, by the p that counts: adjusted where no primary was declared."""
    counts = row["p"] if row["role"] in {"primary", "secondary"} else row["p_adj"]
    if counts < ALPHA:
        return f"a {'fall' if row['estimate'] < 0 else 'rise'} is shown"
    clash = np.isfinite(row["ci_low"]) and (row["ci_low"] > 0 or row["ci_high"] < 0)
    return NOT_THE_SAME + ("; the t interval leans on normality and is the less guarded of the two" if clash else "")


def _left_one_out(row: Mapping[str, Any]) -> str:
    if not np.isfinite(row["loo_low"]):
        return ""
    arm = f" in {row['group']}" if row["group"] else ""
    text = f"Leaving out one patient at a time{arm}: {number(row['loo_low'])} to {number(row['loo_high'])}"
    n, shown = int(row["n_loo_flips"]), np.isfinite(row["p"]) and row["p"] < ALPHA and row["n_patients"] >= TOO_FEW
    if shown and n:
        whom = f"without {row['loo_patients']} it" if n == 1 else f"without any one of {n} patients it"
        text += f"; {whom} is no longer shown"
    return text + "."


def _other_estimands(table: pd.DataFrame, frame: Frame) -> list[str]:
    if frame.simple:
        return []
    rows = table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]
    parts = []
    for group in frame.groups:
        arm = f" in {group}" if group else ""
        for r in rows_of(rows[(rows["group"] == group) & (rows["n_patients"] > 0)]):
            n = int(r["n_patients"])
            if r["contrast"] == _changes.PAIRED and r["estimand"] == _pairs.POLICY:
                lead = f"Treatment policy, interruptions and stops included{arm}"
                parts.append(f"{lead} ({plural(n, 'patient')}): {interval(r)}{_short(r)}.")
            if r["contrast"] == _changes.MEANS:
                parts.append(f"All visits on the drug, one mean a patient{arm} ({n}): {interval(r)}{_short(r)}.")
            if r["estimand"] == _composite.COMPOSITE:
                parts.append(_composite_words(r, arm))
    return parts


def _short(row: Mapping[str, Any]) -> str:
    if row["n_patients"] < TOO_FEW or not np.isfinite(row["p"]):
        return ""
    return f", {p_value(row['p'])} (smallest attainable {small(row['min_attainable_p_given_zeros'])}): {_shown(row)}"


def _composite_words(row: Mapping[str, Any], arm: str) -> str:
    n, k = int(row["n_patients"]), int(row["n_success"])
    until = f" up to day {row['stops_until']:g}" if np.isfinite(row["stops_until"]) else ""
    later = f"; {int(row['n_stopped_later'])} stopped later" if row["n_stopped_later"] else ""
    return (
        f"Counting a stop for an adverse event or lack of efficacy{until} as failure, the score fell{arm} in {k} of {n} "
        f"(95 % interval {percent(row['ci_low'], row['ci_high'])}){later}."
    )


def _arm_parts(table: pd.DataFrame, tests: pd.DataFrame, frame: Frame) -> list[str]:
    contrast = f"{_arms.PREFIX}:{_changes.PAIRED}"
    chosen = _words_more.mine(table, frame)
    chosen = chosen[(chosen["contrast"] == contrast) & (chosen["estimand"] == frame.estimands[0])]
    parts = []
    for r in rows_of(chosen):
        if not np.isfinite(r["estimate"]):
            continue
        text = f"Difference of the changes, {r['group']}: {number(r['estimate'])} {r['unit']}"
        if np.isfinite(r["ci_low"]):
            text += f" (95 % interval {number(r['ci_low'])} to {number(r['ci_high'])})"
        if np.isfinite(r["p"]) and r["min_attainable_p"] <= ALPHA:
            none = "no difference shown, which is not the same as no difference"
            shown = "a difference is shown" if r["p"] < ALPHA else none
            text += f", permutation {p_value(r['p'])} (smallest attainable {small(r['min_attainable_p'])}): {shown}"
        parts += [text + ".", *_words_more.area(tests, r)]
    if parts:
        parts.append(
            "Whether the groups were randomised is not known here; if they were not randomised, the difference describes them "
            "only. Where a label arose after the baseline, such as symptoms or response, it describes the groups and predicts "
            "nothing."
        )
    return parts
