"""Further sentences of the reading of a comparison: noise, the other interferon type, drift, steroid, cells, who is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ifnscore import signatures
from ifnscore._lazy import np
from ifnscore.analysis import _changes
from ifnscore.analysis._phrases import bounded, interval, number, plural
from ifnscore.cohort import _pairs
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.analysis._frame import Frame

NO_COUNTS = "Blood counts are missing: a change of cells cannot be told from a change of score."
ACROSS_BATCHES = (
    "To compare across batches, measure enough controls in each batch and score with --reference-by batch, or set "
    "allow_cross_batch = true under [batch] of cohort.toml."
)
REGRESSION = "Patients chosen at an extreme move back without treatment (regression to the mean)"


def mine(table: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Return the rows of the primary score in the primary tissue."""
    return table[(table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])]


def arms_known(frame: Frame) -> str:
    """Return what a comparison in time cannot tell apart."""
    if frame.simple:
        return "The comparison is before against after: it does not say what caused a change."
    unless = "Unless one arm was untreated" if len([g for g in frame.groups if g]) > 1 else "There is no untreated arm"
    return f"{unless}: drug, steroid, the course of the disease and regression to the mean are not told apart."


def beyond_noise(tables: Mapping[str, pd.DataFrame], frame: Frame) -> list[str]:
    """Count changes beyond what repeats of healthy controls vary by."""
    facts = mine(tables["scores"], frame).iloc[0]
    if not np.isfinite(facts["rcv"]):
        unknown = "Assay noise is unknown (no repeated controls), so a single child's change has no yardstick."
        return [] if frame.simple else [unknown]
    pairs = mine(tables["patients"], frame)
    pairs = pairs[(pairs["contrast"] == _changes.PAIRED) & (pairs["estimand"] == frame.estimands[0])].dropna(subset=["change"])
    size = f"±{number(facts['rcv'])} {facts['unit']}"
    if facts["within_person_df"] > 0:
        size += f" by the 1.96 rule, ±{number(facts['rcv_t'])} allowing for {int(facts['within_person_df'])} degrees of freedom"
    sure = pairs[pairs["change"].abs() > facts["rcv_t"]]["change"]
    between = int(((pairs["change"].abs() > facts["rcv"]) & (pairs["change"].abs() <= facts["rcv_t"])).sum())
    text = f"Beyond the change expected from repeats of healthy controls ({size}): "
    text += f"{plural(int((sure < 0).sum()), 'fall')}, {plural(int((sure > 0).sum()), 'rise')}"
    return [text + (f"; {between} between the two limits." if between else ".")]


def other_type(table: pd.DataFrame, frame: Frame, rows: Callable[[pd.DataFrame, Frame, str], list[dict[str, Any]]]) -> list[str]:
    """Name a type II score beside a type I score, and the genes that both lists hold."""
    own = next(c.ifn_type for c in frame.columns if c.id == frame.primary)
    other = {"I": "II", "II": "I"}.get(own)
    parts = []
    for name in [c.id for c in frame.columns if c.ifn_type == other][:1]:
        found = [r for r in rows(table, frame, name) if r["n_patients"] and np.isfinite(r["estimate"])]
        for r in found:
            arm = f" in {r['group']}" if r["group"] else ""
            n = plural(int(r["n_patients"]), "patient")
            parts.append(f"Beside it, type {other}{arm}: {name} changed by {interval(r)} ({n}).")
        if found:
            parts.append(_shared(frame.primary, name))
    return parts


def _shared(one: str, other: str) -> str:
    lists = [set(signatures.get(s).genes) for s in (one, other) if s in signatures.ids()]
    if len(lists) < 2:  # noqa: PLR2004  a foreign score has no list
        return "Type I and type II interferon induce many of the same genes, so neither change names the interferon."
    a, b = lists
    return (
        f"The two lists share {len(a & b)} of {len(a)} and {len(b)} genes; type I and type II interferon induce many of the same "
        "genes, so neither change names the interferon."
    )


def area(tests: pd.DataFrame, row: Mapping[str, Any]) -> list[str]:
    """Return how well the change tells the arms apart."""
    keys = ("signature", "tissue", "contrast", "estimand", "group")
    same = np.logical_and.reduce([tests[k] == row[k] for k in keys]) & (tests["test"] == "auc_change")
    return [
        f"AUC of the change {bounded(r['estimate'])} (95 % interval {bounded(r['ci_low'])} to {bounded(r['ci_high'])})."
        for r in rows_of(tests[same])
        if np.isfinite(r["estimate"])
    ]


def left_out(flow: pd.DataFrame, frame: Frame) -> list[str]:
    """Say how many patients have no pair, and why."""
    chosen = mine(flow, frame)
    chosen = chosen[
        (chosen["contrast"] == _changes.PAIRED)
        & (chosen["estimand"] == frame.estimands[0])
        & (chosen["step"] == "excluded")
        & (chosen["n_patients"] > 0)
    ]
    parts = []
    for group, rows in chosen.groupby("group"):
        why = ", ".join(f"{plural(int(r['n_patients']), 'patient')} ({r['reason']})" for r in rows_of(rows))
        parts.append(f"Left out{f' in {group!s}' if group else ''}: {why}.")
    if (chosen["reason"] == _pairs.OTHER_BATCH).any():
        parts.append(ACROSS_BATCHES)
    return parts


def drift(tables: Mapping[str, pd.DataFrame], frame: Frame) -> list[str]:
    """Return the change between two baselines, before the drug."""
    table = tables.get("regression_to_mean")
    if table is None or table.empty or frame.simple:
        return [f"{REGRESSION}; no repeated baseline tells how far."] if frame.simple else []
    parts = []
    for r in rows_of(mine(table, frame)):
        n, arm = int(r["n_two_baselines"]), f" in {r['group']}" if r["group"] else ""
        if not n:
            continue
        text = f"Before the first dose{arm}, on earlier drugs, the score drifted by {number(r['untreated_drift'])} {r['unit']}"
        if np.isfinite(r["untreated_drift_low"]):
            text += f" (95 % interval {number(r['untreated_drift_low'])} to {number(r['untreated_drift_high'])})"
        alone = "one patient" if n == 1 else f"{n} patients, median"
        parts.append(f"{text} between two baselines ({alone} {r['drift_days']:g} days apart).")
    return parts or [f"{REGRESSION}; nobody has two baselines that tell how far."]


def steroid(tables: Mapping[str, pd.DataFrame], frame: Frame) -> list[str]:
    """Return how the steroid dose changed over the same pairs."""
    pairs = mine(tables["patients"], frame)
    pairs = pairs[(pairs["contrast"] == _changes.PAIRED) & (pairs["estimand"] == frame.estimands[0])]
    pairs = pairs[pairs["excluded"] == ""]
    if pairs.empty or frame.simple:
        return []
    if not pairs["steroid_change"].notna().any():
        return ["Steroid doses in mg/kg/day are not recorded; their taper may move the score as well."]
    moved = pairs["steroid_change"].dropna().astype(float)
    lower, middle = int((moved < 0).sum()), number(float(moved.median()))
    text = f"The steroid dose was lower at follow-up in {lower} of {plural(len(moved), 'patient')}"
    return [f"{text} (median change {middle} mg/kg/day)."]


def cells(tables: Mapping[str, pd.DataFrame], frame: Frame) -> list[str]:
    """Return how blood cells moved and what is left of the change without that."""
    table = tables.get("cells")
    if table is None or table.empty:
        return [NO_COUNTS] if frame.simple and frame.tissues[0] in {"unknown", "blood", "PBMC"} else []
    table = mine(table, frame)
    pairs = mine(tables["patients"], frame)
    if table.empty or not (pairs["excluded"] == "").any():
        return []
    if not (table["n_patients"] > 0).any():
        return [NO_COUNTS]
    parts = []
    for group, rows in table[table["cell"].isin(["monocytes", "neutrophils"]) & (table["n_patients"] > 0)].groupby("group"):
        arm = f" in {group!s}" if group else ""
        parts.append(f"Between the two samples{arm} {'; '.join(_moved(r) for r in rows_of(rows))}.")
        left = [_adjusted(r) for r in rows_of(rows) if np.isfinite(r["adjusted_change"])]
        if left:
            parts.append(f"Change of the score at constant fraction: {'; '.join(left)}. Cells are not ruled out.")
    return parts


def _moved(r: Mapping[str, Any]) -> str:
    text = f"{r['cell']} changed by {number(100 * r['fraction_change'], 1)}"
    if np.isfinite(r["fraction_change_low"]):
        text += f" ({number(100 * r['fraction_change_low'], 1)} to {number(100 * r['fraction_change_high'], 1)})"
    return f"{text} percentage points of white cells"


def _adjusted(r: Mapping[str, Any]) -> str:
    text = f"for {r['cell']} {number(r['adjusted_change'])} {r['unit']} (95 % interval {number(r['adjusted_low'])} to "
    text += f"{number(r['adjusted_high'])}, {plural(int(r['n_patients']), 'patient')}"
    return text + (", an extrapolation)" if r["extrapolated"] else ")")
