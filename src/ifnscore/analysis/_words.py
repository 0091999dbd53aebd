"""The reading of a comparison: one plain paragraph, written from the numbers, that claims no more than they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _arms, _changes, _composite, _paired
from ifnscore.analysis._leave_one_out import ALPHA
from ifnscore.cohort import _pairs
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort

SYNTHETIC = "SYNTHETIC DATA."
_ESTIMAND = {
    _pairs.WHILE_ON: "while on treatment",
    _pairs.POLICY: "treatment policy, interruptions and stops included",
    _pairs.OBSERVED: "as observed",
}


def number(x: float, digits: int = 2) -> str:
    """Return a number with a sign that prints well."""
    return f"{x:.{digits}f}".replace("-", "−")


def p_value(p: float) -> str:
    """Return a p value with three digits, or ``< 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p >= 0.01 else f"p = {p:.4f}"  # noqa: PLR2004


def plural(n: int, word: str) -> str:
    """Return ``1 patient``, ``2 patients``."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def compare(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], frame: Frame, cohort: Cohort, *, genes: bool) -> str:
    """Return the paragraph for a comparison."""
    parts = [SYNTHETIC] if cohort.settings.synthetic else []
    parts += [_headline(r, tables["patients"], _window(frame)) for r in _rows(table, frame, frame.primary)]
    parts += _policy(table, frame)
    parts += _other_type(table, frame)
    parts += _arm_parts(table, frame)
    parts += _fragile(table)
    parts += _left_out(tables["flow"], frame)
    parts += _caution(tables, frame)
    if not genes:
        parts.append("The scores came as a table, so the genes behind them were not compared.")
    return " ".join(p for p in parts if p)


def _rows(table: pd.DataFrame, frame: Frame, signature: str) -> list[dict[str, Any]]:
    chosen = table[
        (table["signature"] == signature)
        & (table["tissue"] == frame.tissues[0])
        & (table["contrast"] == _changes.PAIRED)
        & (table["estimand"] == frame.estimands[0])
    ]
    return rows_of(chosen)


def _where(row: Mapping[str, Any]) -> str:
    tissue = "" if row["tissue"] == "unknown" else f" in {row['tissue']}"
    arm = f", {row['group']}" if row["group"] else ""
    return f"{row['signature']}{tissue}{arm}"


def _window(frame: Frame) -> str:
    s = frame.settings
    if frame.simple:
        return ""
    words = {"last_on": ", last sample on the drug", "first_on": ", first sample on the drug"}
    return words.get(s.followup_rule, f", day {s.target_day:g} ± {s.window_days:g}")


def _headline(row: Mapping[str, Any], patients: pd.DataFrame, window: str) -> str:
    n = int(row["n_patients"])
    what = f"{_where(row)} ({_ESTIMAND[row['estimand']]}{window}, {plural(n, 'patient')})"
    if n == 0:
        return f"{what}: no patient has a pair, so nothing can be said."
    return f"{what}: {_fell(row, patients)}; mean change {interval(row)}.{_verdict(row)}"


def _fell(row: Mapping[str, Any], patients: pd.DataFrame) -> str:
    same = np.logical_and.reduce([patients[k] == row[k] for k in ("signature", "tissue", "group", "contrast", "estimand")])
    change = patients.loc[same & (patients["excluded"] == ""), "change"]
    down, up = int((change < 0).sum()), int((change > 0).sum())
    return f"the score fell in {down} and rose in {up} of {plural(len(change), 'patient')}"


def interval(row: Mapping[str, Any]) -> str:
    """Return estimate and 95 % interval in words, with the ratio where there is one."""
    text = f"{number(row['estimate'])} {row['unit']}"
    if np.isfinite(row["ci_low"]):
        text += f" (95 % interval {number(row['ci_low'])} to {number(row['ci_high'])})"
    if np.isfinite(row.get("ratio", np.nan)):
        text += f", that is {row['ratio']:.2f} times the baseline"
        if np.isfinite(row["ratio_low"]):
            text += f" ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    return text


def _verdict(row: Mapping[str, Any]) -> str:
    n, p = int(row["n_patients"]), float(row["p"])
    if not np.isfinite(p):
        return " No p is given: batch and time cannot be told apart." if "confounded" in str(row["note"]) else ""
    if n < _paired.TOO_FEW:
        return f" {plural(n, 'patient').capitalize()} cannot reject anything at 0.05: read the single values."
    least = float(row["min_attainable_p_given_zeros"])
    if least > ALPHA:
        return f" With {int(n)} patients, some without any change, nothing can be rejected at 0.05: read the single values."
    floor = f"smallest attainable with {n} patients {least:.2g}"
    shown = "a change is shown" if p < ALPHA else "no change shown, which is not the same as no change"
    return f" Exact sign-flip {p_value(p)} ({floor}): {shown}."


def _policy(table: pd.DataFrame, frame: Frame) -> list[str]:
    if frame.simple:
        return []
    rows = table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]
    parts = []
    for group in frame.groups:
        arm = f" in {group}" if group else ""
        for r in rows_of(rows[(rows["group"] == group) & (rows["n_patients"] > 0)]):
            n = int(r["n_patients"])
            if r["contrast"] == _changes.PAIRED and r["estimand"] == _pairs.POLICY:
                parts.append(f"Treatment policy{arm} ({plural(n, 'patient')}): {interval(r)}.")
            if r["contrast"] == _changes.MEANS and r["estimand"] == _pairs.WHILE_ON:
                p = f", {p_value(r['p'])}" if n >= _paired.TOO_FEW and np.isfinite(r["p"]) else ""
                parts.append(f"All visits on the drug, one mean a patient{arm} ({n}): {interval(r)}{p}.")
            if r["estimand"] == _composite.COMPOSITE:
                share = f"{100 * r['ci_low']:.0f} to {100 * r['ci_high']:.0f} %"
                parts.append(
                    f"Counting a stop for an adverse event or lack of efficacy as failure, the score fell{arm} in "
                    f"{int(r['n_success'])} of {n} (95 % interval {share})."
                )
    return parts


def _other_type(table: pd.DataFrame, frame: Frame) -> list[str]:
    """Name a type II score beside a type I score."""
    mine = next(c.ifn_type for c in frame.columns if c.id == frame.primary)
    other = {"I": "II", "II": "I"}.get(mine)
    names = [c.id for c in frame.columns if c.ifn_type == other]
    parts = []
    for name in names[:1]:
        rows = [r for r in _rows(table, frame, name) if r["n_patients"] and np.isfinite(r["estimate"])]
        parts += [f"Beside it, type {other}: {_where(r)} changed by {interval(r)}." for r in rows]
    if parts:
        parts.append("The two types share genes, so neither change names the interferon.")
    return parts


def _arm_parts(table: pd.DataFrame, frame: Frame) -> list[str]:
    chosen = table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]
    contrast = f"{_arms.PREFIX}:{_changes.PAIRED}"
    chosen = chosen[(chosen["contrast"] == contrast) & (chosen["estimand"] == frame.estimands[0])]
    parts = []
    for r in rows_of(chosen):
        if not np.isfinite(r["estimate"]):
            continue
        text = f"Difference of the changes, {r['group']}: {number(r['estimate'])} {r['unit']}"
        if np.isfinite(r["ci_low"]):
            text += f" (95 % interval {number(r['ci_low'])} to {number(r['ci_high'])})"
        if np.isfinite(r["p"]) and r["min_attainable_p"] <= ALPHA:
            shown = "a difference is shown" if r["p"] < ALPHA else "no difference shown"
            text += f", permutation {p_value(r['p'])}: {shown}"
        parts.append(text + ".")
    if parts:
        parts.append(
            "The groups were not randomised here. Where a label arose after the baseline, such as symptoms or response, the "
            "difference describes the groups and predicts nothing."
        )
    return parts


def _fragile(table: pd.DataFrame) -> list[str]:
    """Name the patient on whom a shown change hangs."""
    shown = (table["role"] == "primary") & (table["p"] < ALPHA) & table["loo_flips"].eq(other=True)
    parts = []
    for r in rows_of(table[shown]):
        arm = f" in {r['group']}" if r["group"] else ""
        span = f"{number(r['loo_low'])} to {number(r['loo_high'])}"
        parts.append(
            f"The change shown{arm} hangs on {r['loo_patient']}: without that patient it is not shown (estimates {span})."
        )
    return parts


def _left_out(flow: pd.DataFrame, frame: Frame) -> list[str]:
    rows = flow[
        (flow["signature"] == frame.primary)
        & (flow["tissue"] == frame.tissues[0])
        & (flow["contrast"] == _changes.PAIRED)
        & (flow["estimand"] == frame.estimands[0])
        & (flow["step"] == "excluded")
        & (flow["n_patients"] > 0)
    ]
    parts = []
    for group in frame.groups:
        why = ", ".join(f"{r['n_patients']} {r['reason']}" for r in rows_of(rows[rows["group"] == group]))
        arm = f" in {group}" if group else ""
        parts += [f"Left out{arm}: {why}."] if why else []
    return parts


def _caution(tables: Mapping[str, pd.DataFrame], frame: Frame) -> list[str]:
    if frame.simple:
        return ["The comparison is before against after: it does not say what caused a change."]
    parts = ["There is no untreated arm: drug, steroid, the course of the disease and regression to the mean are not told apart."]
    regression = tables.get("regression_to_mean")
    if regression is not None and len(regression):
        for r in rows_of(_mine(regression, frame)):
            n, arm = int(r["n_two_baselines"]), f" in {r['group']}" if r["group"] else ""
            if n:
                drift = number(r["untreated_drift"])
                parts.append(f"Untreated drift between two baselines{arm}: {drift} {r['unit']} ({plural(n, 'patient')}).")
    cells = tables.get("cells")
    cells = _mine(cells, frame) if cells is not None and len(cells) else None
    if cells is not None and len(cells) and not (cells["n_patients"] > 0).any():
        parts.append("Blood counts are missing: a change of cells cannot be told from a change of score.")
    elif cells is not None and len(cells):
        parts += _cells(cells)
    return parts


def _mine(table: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    return table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]


def _cells(cells: pd.DataFrame) -> list[str]:
    parts = []
    for group, mine in cells[np.isfinite(cells["adjusted_change"].astype(float))].groupby("group"):
        texts = [
            f"{r['cell']} {number(r['adjusted_change'])} ({number(r['adjusted_low'])} to {number(r['adjusted_high'])})"
            for r in rows_of(mine)
        ]
        arm = f" in {group!s}" if group else ""
        parts.append(f"With the cell fraction held constant the change{arm} is: {'; '.join(texts)}.")
    return parts
