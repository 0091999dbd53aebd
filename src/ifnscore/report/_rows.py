"""Tables that stand behind the figures: rows of the verbs' tables, under codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import pd
from ifnscore.analysis import _changes
from ifnscore.cohort import _exposure
from ifnscore.report import _blocks
from ifnscore.report._blocks import several
from ifnscore.report._model import Table

if TYPE_CHECKING:
    from ifnscore.report._study import Study

_SAMPLES = {
    "patient_id": "patient",
    "day": "day",
    "tissue": "tissue",
    "group": "arm",
    "phase": "phase",
    "days_on": "days on the drug",
    "score": "score",
    "steroid": "steroid, mg/kg/day",
}
_PAIRS = {
    "patient_id": "patient",
    "group": "arm",
    "baseline": "baseline",
    "followup": "follow-up",
    "change": "change",
    "unit": "unit",
    "baseline_day": "day of baseline",
    "followup_day": "day of follow-up",
    "beyond_rcv": "beyond assay noise",
    "excluded": "left out",
}
_LINKED = {
    "patient_id": "patient",
    "score_before": "score before",
    "score_after": "after",
    "score_change": "change of the score",
    "outcome_before": "measure before",
    "outcome_after": "measure after",
    "outcome_change": "change of the measure",
    "day_before": "day before",
    "day_after": "day after",
    "steroid_change": "change of steroid, mg/kg/day",
    "pattern": "pattern",
    "response": "response",
}
#: What a simple design calls the phases that its labels stand for.
VISITS = {_exposure.BASELINE: "baseline", _exposure.ON: "follow-up"}
MAIN = {
    "group": "arm",
    **_blocks.ESTIMATES,
    "ratio": "times the baseline",
    "interval_ratio": "95 % interval of the ratio",
    "interval_loo": "leaving one out",
}


def headline(study: Study, table: pd.DataFrame, *, primary: bool = True) -> pd.DataFrame:
    """Return the rows of the main contrast and estimand in the primary tissue, of the primary score or of all."""
    assert study.frame is not None
    rows = table[table["tissue"] == study.frame.tissues[0]]
    rows = rows[(rows["contrast"] == _changes.PAIRED) & (rows["estimand"] == study.frame.estimands[0])]
    return rows[rows["signature"] == study.primary] if primary else rows


def main_change(study: Study) -> tuple[Table, Table]:
    """Return the estimate and the pairs that it is the mean of."""
    assert study.change is not None
    rows = headline(study, study.change.table)
    pairs = headline(study, study.change.tables["patients"])
    return (
        _blocks.table(study, "main_change", f"Mean change of {study.primary}, the patient as the unit.", rows, MAIN),
        _blocks.table(study, "pairs_of_samples", "The two samples of every patient, or why there are none.", pairs, _PAIRS),
    )


def samples(study: Study, *, tissue: bool = True) -> Table:
    """Return every patient sample with its phase and its score on the scale of analysis."""
    assert study.frame is not None
    rows = study.frame.rows.assign(score=study.frame.values[study.primary])
    rows = _simply(study, rows[rows["tissue"] == study.frame.tissues[0]] if tissue else rows)
    rows = rows.sort_values([c for c in ("patient_id", "tissue", "day", "phase") if c in rows], kind="stable")
    rows = rows.drop(columns=["order", "sample"]).dropna(axis=1, how="all")
    unit = next(c.unit for c in study.frame.columns if c.id == study.primary)
    name = "samples" if tissue else "all_samples"
    days = "" if study.frame.simple else "; days from the first dose"
    caption = f"Every sample under the code of its patient, {study.primary} in {unit}{days}."
    return _blocks.table(study, name, caption, rows, _SAMPLES, most=40)


def _simply(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a simple design with its own words: a visit, and no phase of a drug."""
    assert study.frame is not None
    known = rows.drop(columns=["tissue"]) if not study.tissue and not several(rows["tissue"]) else rows
    return known.assign(phase=rows["phase"].map(VISITS).fillna("other")) if study.frame.simple else known


def pairs(study: Study) -> Table:
    """Return both changes of every patient, with the pattern they make."""
    assert study.link is not None
    rows = _blocks.mine(study.link.tables["pairs"], study)
    judged = study.link.tables.get("discordant")
    if judged is not None and len(judged) and len(rows):
        patterns = _blocks.mine(judged, study)[["patient_id", "pattern", "discordant", "response"]]
        rows = rows.merge(patterns, on="patient_id", how="left")
    return _blocks.table(study, "pairs_of_changes", "Both changes of every patient.", rows, _LINKED)


def both_types(study: Study, first: str, second: str) -> Table:
    """Return two scores of every sample on the scale of analysis: patients under codes, then controls; no names in a cohort."""
    values = study.scores.analysed()[[first, second]]
    columns = {"patient_id": "patient", "sample": "sample", "tissue": "tissue", "day": "day", "phase": "phase"}
    if study.frame is None:
        shown = values.assign(sample=values.index.astype(str).map(study.codes), control=study.controls()).dropna(how="all")
        columns["control"] = "healthy control"
    else:
        about = ["patient_id", "tissue", "day", "phase"]
        mine = _simply(study, study.frame.rows[about].join(study.frame.values[[first, second]]))
        mine = mine.sort_values([c for c in ("patient_id", "tissue", "day", "phase") if c in mine], kind="stable")
        healthy = values[study.controls()].assign(patient_id="healthy control").sort_values(first)
        shown = pd.concat([mine, healthy], ignore_index=True)
    caption = "Both scores of every sample, on the scale of analysis."
    return _blocks.table(study, "type_balance", caption, shown, {**columns, first: first, second: second}, most=20)
