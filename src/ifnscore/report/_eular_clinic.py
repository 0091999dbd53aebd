"""EULAR's points on the use in the clinic, answered from cohort, comparison and association."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifnscore import get, instruments
from ifnscore._lazy import np, pd
from ifnscore.analysis import _healthy
from ifnscore.analysis._phrases import bounded, names, plural
from ifnscore.report._eular_run import Answer, Run
from ifnscore.result import rows as rows_of


def validated(run: Run) -> Answer:
    """Return how far the results carry."""
    if run.cohort is None:
        return "not applicable", "Samples were scored; nothing clinical is claimed.", ""
    n = len(run.cohort.patients)
    arm = "" if _has_groups(run) else ", without a control arm that would part the drug from the course of the disease"
    return "reported", f"{plural(n, 'patient')}{arm}: the results describe them and validate no use in the clinic.", ""


def _has_groups(run: Run) -> bool:
    groups = run.compare.table["group"] if run.compare is not None and "group" in run.compare.table else pd.Series(dtype=object)
    return len({str(g) for g in groups.dropna()} - {""}) > 1


def diagnosis(run: Run) -> Answer:
    """Return what is above a cut-off, and that it is no diagnosis."""
    adata = run.scores.adata
    cut = get.cutoffs(adata, key=run.scores.key) if adata is not None else pd.DataFrame(columns=["cutoff", "signature"])
    cut = cut[cut["signature"].isin(run.covered) & cut["cutoff"].astype(float).notna()]
    if adata is None or cut.empty:
        return "not applicable", "There is no cut-off, so that no sample is called positive; no diagnosis is made.", ""
    table = get.scores(adata, key=run.scores.key)
    controls = _healthy.mask(run.scores, run.cohort)
    healthy = set(controls.index[controls.to_numpy(dtype=bool)])
    judged = table[table["above_cutoff"].notna() & table["signature"].isin(run.covered) & ~table["sample"].isin(healthy)]
    above = judged[judged["above_cutoff"].astype(bool)]
    answer = (
        f"{len(above)} of {plural(len(judged), 'score')} of samples other than controls lie above a cut-off made from controls "
        f"({names(sorted({f'n = {int(n)}' for n in cut['n_controls']}))}). That is no diagnosis."
    )
    return "reported", answer, "Do not call a patient positive or negative in the sense of a diagnosis."


def severity(run: Run) -> Answer:
    """Return whether score and severity were related before treatment."""
    if run.cohort is None:
        return "not applicable", "No patients are described.", ""
    found = _primary_row(run, "baseline")
    if found and np.isfinite(found["estimate"]):
        return "reported", f"Before treatment, severity against score: {_link(found)}.", ""
    if _has_groups(run):
        return "partly", "Patients are compared by group, not by severity.", "Relate the score before treatment to severity."
    return "not reported", "The score was not related to severity.", "Relate them before treatment (ifnscore associate)."


def activity(run: Run) -> Answer:
    """Return how the score goes with disease activity."""
    if run.cohort is None or run.cohort.outcomes.empty:
        return "not applicable", "No measure of disease activity was recorded.", ""
    if run.associate is None:
        n = run.cohort.outcomes["instrument"].nunique()
        return "not reported", f"{plural(n, 'measure')} recorded, none related to the score.", "Run ifnscore associate."
    changes, within = _primary_row(run, "change_with_change"), _primary_row(run, "within_patients_given_own_course")
    parts = [f"Change against change: {_link(changes)}." if changes else "", _freed(within)]
    answer = " ".join(p for p in parts if p) or "No patient has score and measure at matching times."
    known = any(r and np.isfinite(r["estimate"]) for r in (changes, within))
    interval = bool(changes) and np.isfinite(changes["ci_low"])
    if known and interval:
        return "reported", answer, ""
    return ("partly" if known else "not reported"), answer, "More patients or visits are needed for an interval."


def _freed(row: Mapping[str, Any]) -> str:
    return f"Within patients, freed of the drug's phase and of each one's own course: {_link(row)}." if row else ""


def _primary_row(run: Run, contrast: str) -> Mapping[str, Any]:
    """Return the row of the primary signature and tissue for a contrast, empty where there is none."""
    if run.associate is None:
        return {}
    table = run.associate.table
    primary = table[table["role"] == "primary"].head(1)
    if primary.empty:
        return {}
    same = (table["signature"] == primary["signature"].iloc[0]) & (table["tissue"] == primary["tissue"].iloc[0])
    found = rows_of(table[same & (table["contrast"] == contrast)].head(1))
    return found[0] if found else {}


def _link(row: Mapping[str, Any]) -> str:
    outcome = str(row["outcome"])
    title = instruments.get(outcome).title if outcome in instruments.ids() else outcome
    what = f"{row['signature']} and {title} in {plural(int(row['n_patients']), 'patient')}"
    if not np.isfinite(row["estimate"]):
        return f"{what}: no estimate"
    if not np.isfinite(row["ci_low"]):
        why = str(row.get("note") or "").partition(";")[0]
        return f"{what}: {row['unit']} {bounded(row['estimate'])} ({why if why.startswith('no interval') else 'no interval'})"
    interval = f"95 % interval {bounded(row['ci_low'])} to {bounded(row['ci_high'])}"
    return f"{what}: {row['unit']} {bounded(row['estimate'])} ({interval})"


def unread(run: Run) -> Answer:
    """Return that points 8 to 11 were not read."""
    rates = run.associate.tables.get("response_rates") if run.associate is not None else None
    answer = "Not compared, because their text was not read."
    if rates is not None and len(rates):
        first = rows_of(rates.head(1))[0]
        answer += f" Of response this run says {int(first['n_responders'])} of {int(first['n_patients'])} ({first['counting']})."
    return "not reported", answer, "Read points 8 to 11 in the paper (PMID 36858821) and answer them."
