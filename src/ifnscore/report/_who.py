"""Who: the flow, Table 1 with its warnings, every patient's time line, and what the check of the cohort left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore import pl
from ifnscore._lazy import pd
from ifnscore.analysis import _linked
from ifnscore.analysis._phrases import plural
from ifnscore.cohort import _tables
from ifnscore.cohort._table1_print import SMALL
from ifnscore.report import _blocks, _rows
from ifnscore.report._model import Block, Bullets, Details, Note, Paragraph, Section, Table
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.report._study import Study

_FLOW = {
    **_blocks.PLACES,
    "contrast": "contrast",
    "estimand": "estimand",
    "step": "step",
    "reason": "reason",
    "n_patients": "patients",
    "n_samples": "samples",
    "n_patients_left": "patients left",
}
_SHORT_FLOW = {k: v for k, v in _FLOW.items() if k not in {"signature", "tissue", "contrast", "estimand"}}
_TABLE1 = {
    "group": "group",
    "section": "part",
    "row": "what",
    "level": "level",
    "value": "value",
    "n_missing": "not recorded",
    "note": "note",
}
_EXPOSURES = ("patient_id", "drug", "start_day", "stop_day", "dose", "unit", "dose_mg_kg", "reason_stop")
_TAKEN = {
    "patient_id": "patient",
    "drug": "drug",
    "start_day": "first day",
    "stop_day": "first day without it",
    "dose": "dose",
    "unit": "unit",
    "dose_mg_kg": "mg/kg/day",
    "reason_stop": "why it ended",
}
#: What stands beside a small cell of Table 1.
MARK = "\N{DAGGER}"
#: Most patients whose lanes are high enough for doses and lines, as in the figure itself.
_DETAILED = 12
SUPPRESSED = (
    "Small counts are hidden in Table 1 only. The flow, the figures and the tables of patients still show single children under "
    "codes: who knows the family may know the child."
)


def section(study: Study) -> Section:
    """Return the section on patients and samples."""
    blocks = [*_hypotheses(study), *_flow(study), *_table1(study), *timeline(study), *_warned(study)]
    return Section("who", "Who was studied", tuple(blocks))


def _hypotheses(study: Study) -> list[Block]:
    stated = study.cohort.settings.hypotheses if study.cohort is not None else ()
    return [Bullets(tuple(stated), "Stated beforehand")] if stated else []


def _flow(study: Study) -> list[Block]:
    blocks: list[Block] = []
    if study.change is None:
        blocks.append(_blocks.missing("The flow of patients into the comparison", study.no_change))
    else:
        flow = study.change.tables["flow"]
        own = _rows.headline(study, flow)
        blocks.append(
            _blocks.table(study, "flow", "From all patients with samples to those in the main comparison.", own, _SHORT_FLOW)
        )
        every = _blocks.table(study, "flow_all", "The same for every score, tissue, contrast and estimand.", flow, _FLOW, most=20)
        blocks.append(Details("The flow of every comparison", (every,)))
    if study.link is not None:
        own = _blocks.mine(study.link.tables["flow"], study)
        blocks.append(
            _blocks.table(study, "flow_link", "From all patients to those in the link of both changes.", own, _SHORT_FLOW)
        )
        unmatched = study.link.tables.get("matching")
        if unmatched is not None and len(unmatched):
            caption = "Samples that were matched to no visit with the measure, and why."
            columns = {"tissue": "tissue", "reason": "reason", "n_samples": "samples"}
            blocks.append(_blocks.table(study, "unmatched_samples", caption, unmatched, columns))
    return blocks


def _table1(study: Study) -> list[Block]:
    assert study.cohort is not None
    group = study.asked.group if study.cohort.simple is None else None
    table = study.change.tables["table1"] if study.change else study.cohort.table1(suppress=study.asked.suppress, group=group)
    notes = table[table["section"] == "note"].drop_duplicates(["row", "note"])
    blocks: list[Block] = [
        Note(f"{r['row'][:1].upper()}{r['row'][1:]}: {r['note']}.", "warning") for r in rows_of(notes) if r["row"] != "SYNTHETIC"
    ]
    small = int(table["note"].astype(str).str.contains("small cell").sum())
    if small:
        blocks.append(Note(f"{plural(small, 'row')} of Table 1 with few patients (small cells) may identify a child.", "warning"))
    if study.asked.suppress:
        blocks.append(Note(SUPPRESSED, "warning"))
    rows = table[table["section"] != "note"]
    made = _blocks.table(study, "table1", "The patients at baseline (Table 1).", rows, _TABLE1, most=120)
    return [*blocks, _marked(made) if small else made]


def _marked(table: Table) -> Table:
    """Return Table 1 with a short mark at small cells, which one footnote explains; the download keeps the words."""
    assert table.shown is not None
    notes = table.shown["note"].astype(str)
    one = (table.shown["level"].astype(str) != "") & notes.str.contains(SMALL, regex=False)  # of a level: no median, no total
    left = ["; ".join(p for p in n.split("; ") if p != SMALL) for n in notes]
    value = [f"{v} {MARK}" if m else v for v, m in zip(table.shown["value"], one, strict=True)]
    return replace(table, caption=f"{table.caption} {MARK} {SMALL}.", shown=table.shown.assign(note=left, value=value))


def timeline(study: Study) -> list[Block]:
    """Return the time line of every patient, with the tables that it is drawn from."""
    assert study.cohort is not None
    cohort = study.cohort
    title = "Time lines"
    if cohort.simple is not None:
        return [_blocks.missing(title, "A simple design knows two times and no days on a drug")]
    n = len(cohort.patients)
    caption = (
        "One line a patient, by day from the first dose: intervals on the drug with their doses and why they ended, samples, the "
        f"clinical measure where it was recorded, and {study.primary}."
    )
    alt = f"{plural(n, 'patient')} from first to last day. {' '.join(study.sentences('compare', 'left_out'))}".strip()
    figure = _blocks.figure(
        study,
        "timeline",
        caption,
        alt,
        lambda ax: pl.timeline(cohort, study.scored, signature=study.primary, ax=ax, **study.for_figures),
        size=(7.2, 1.9 + (0.72 * n if n <= _DETAILED else min(0.2 * n, 12.0))),
        behind=_rows.samples(study, tissue=False),
    )
    blocks: list[Block] = [figure]
    exposed = _exposures(study, cohort)
    caption = f"Intervals on {study.drug}, in days from the first dose."
    blocks.append(Details("Intervals on the drug", (_blocks.table(study, "exposures", caption, exposed, _TAKEN, most=40),)))
    blocks += _measured(study, cohort)
    return blocks


def _exposures(study: Study, cohort: Cohort) -> pd.DataFrame:
    taken = cohort.exposures[cohort.exposures["drug"].astype(str).str.lower() == study.drug.lower()]
    rows = cohort.recode(taken[[c for c in _EXPOSURES if c in taken]])
    return rows.sort_values(["patient_id", "start_day"], kind="stable")


def _measured(study: Study, cohort: Cohort) -> list[Block]:
    name = study.asked.outcome or cohort.settings.primary_instrument
    if not name or study.link is None:
        return [_blocks.missing("The clinical measure on the time lines", study.no_link)]
    name = str(study.link.settings["outcome"])
    rows = _linked.measured(cohort, name).drop(columns="visit_id").rename(columns={"outcome": name})
    rows = cohort.recode(rows).sort_values(["patient_id", "day"], kind="stable")
    columns = {"patient_id": "patient", "day": "day", "phase": "phase", "days_on": "days on the drug", name: name}
    made = _blocks.table(study, "measure", f"{name} at every visit.", rows, columns, most=40)
    return [Details(f"{name} at every visit", (made,))]


def _warned(study: Study) -> list[Block]:
    assert study.cohort is not None
    found = study.cohort.findings
    if not len(found):
        return []
    known = {f"{t}.csv": t for t in _tables.TABLES}
    rows = found[["file", "column", "problem", "fix"]].copy()
    rows["file"] = [known.get(str(f), str(f) if str(f) in _tables.TABLES else "") for f in rows["file"]]
    rows = rows.value_counts(sort=False).rename("rows").reset_index().rename(columns={"file": "table"})
    text = f"{plural(len(found), 'warning')} of the check of the cohort remain{'s' if len(found) == 1 else ''}."
    return [Paragraph(text), _blocks.table(study, "cohort_warnings", "What the check found, and what was done.", rows)]
