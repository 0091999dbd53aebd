"""The end: the checklist, methods to paste with references, and where every number comes from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ifnscore._lazy import pd
from ifnscore.analysis import _tables
from ifnscore.report import _blocks, _eular, _glossary, _methods, _references, _scores
from ifnscore.report._model import Block, Bullets, Details, Download, Note, Paragraph, Quote, Section

if TYPE_CHECKING:
    from ifnscore.report._study import Study

DAYS = "; days count from the first dose."
CODED = (
    f"Patients and samples stand under codes that were drawn for this report only{DAYS} Tables with a "
    "column of patients hold individual-level data, also inside this file: with few patients they can identify a child to those "
    "who know the family. Share them with care, or not at all."
)
#: The name of a column before its value, as strata are stored: ``(tissue=blood)``.
_STRATUM = re.compile(r"\(\w+=")
_VERSIONS = ("ifnscore", "python")


def checklist(study: Study) -> Section:
    """Return the EULAR points on reporting interferon assays, filled in from the tables."""
    rows = _eular.checklist(study.scores, study.cohort, study.change, study.link)
    columns = {
        "point": "point",
        "text": "what is asked, in our words",
        "status": "status",
        "answer": "answer",
        "to_do": "left to you",
    }
    caption = "What the points ask for, what these data say, and what the authors must still write."
    name, title = "eular", "EULAR points on reporting interferon assays"
    made = _blocks.table(study, "eular_checklist", caption, rows, columns, most=100)
    assert made.shown is not None
    answers = [_STRATUM.sub("(", str(a)) for a in made.shown["answer"]]
    made = replace(made, shown=made.shown.assign(answer=answers))
    return Section(name, title, (Paragraph(_eular.UNREAD), made))


def methods(study: Study) -> Section:
    """Return a paragraph to paste, its references, and their BibTeX."""
    cited = _references.references(
        [c.id for c in study.scores.columns],
        methods_used=[c.method for c in study.scores.columns],
        results=(study.change, study.link),
        normalised=str(study.provenance.get("normalised") or ""),
    )
    blocks: list[Block] = [
        Quote(_methods.paragraph(study), "Methods, ready to paste"),
        Bullets(tuple(c.text for c in cited), "References"),
    ]
    if not _scores.shipped(study):
        blocks.append(_blocks.missing("References of the scores", "The catalogue knows none of them"))
    file = Download("references.bib", "References as BibTeX", _references.bibtex(cited), "application/x-bibtex")
    return Section("methods", "Methods and references", (*blocks, file))


def provenance(study: Study) -> Section:
    """Return what the scores were made from and with, and every rule that was applied."""
    blocks: list[Block] = [_facts(study)]
    for result, what in ((study.change, "comparison"), (study.link, "link")):
        if result is not None:
            table = result.tables["settings"]
            columns = {"rule": "rule", "value": "value", "meaning": "meaning"}
            made = _blocks.table(
                study, f"settings_{what}", f"Every rule of the {what}, with its value.", table, columns, most=100
            )
            blocks.append(Details(f"Rules of the {what}", (made,)))
    blocks += _hashes(study)
    if study.cohort is not None:
        blocks.append(Note(CODED if study.cohort.simple is None else CODED.replace(DAYS, ".")))
    blocks.append(Details("Words", (Bullets(_glossary.WORDS),)))
    return Section("provenance", "Where the numbers come from", tuple(blocks))


def _facts(study: Study) -> Block:
    facts = study.provenance
    if not facts:
        return _blocks.missing("Provenance of the scores", _scores.FOREIGN)
    rows = {
        "scores": study.scores.key,
        "method": facts["method"],
        "why this method": facts["why"],
        "scale of the matrix": facts["scale"],
        "why this scale": facts["scale_why"],
        "gene identifiers": facts["identifiers"],
        "platform": facts.get("platform") or "unknown",
        "normalised": facts.get("normalised") or "not by ifnscore",
        "controls": _methods.chosen_by(study),
        "number of controls": "; ".join(f"{k or 'all'}: {v}" for k, v in dict(facts.get("n_controls") or {}).items()) or "none",
        "one reference for each": ", ".join(facts["reference_by"] or []) or "all samples together",
        "hash of the reference": facts.get("reference_hash") or "none",
        "seed": facts.get("rng"),
        "genes dropped": ", ".join(map(str, facts.get("dropped_genes") or [])) or "none",
        **{f"version of {k}": facts[k] for k in _VERSIONS},
        **{f"version of {k}": v for k, v in dict(facts["versions"]).items()},
        "hash of all of this": _tables.origin(study.scores)["scores_provenance_sha256"],
    }
    table = pd.DataFrame({"what": list(rows), "value": [str(v) for v in rows.values()]})
    return _blocks.table(
        study, "provenance", "What was stored when the scores were made.", table, {"what": "what", "value": "value"}
    )


def _hashes(study: Study) -> list[Block]:
    stored = dict(study.provenance.get("signatures") or {})
    if not stored:
        return []
    chosen = {c.id for c in study.scores.columns}
    rows = [
        {"signature": k, "method": v["method"], "formula": v["formula"], "sha256": v["hash"]}
        for k, v in stored.items()
        if k in chosen
    ]
    table = _blocks.table(study, "signature_hashes", "Hash of genes and formula of every score.", pd.DataFrame(rows))
    return [Details("Hashes of the signatures", (table,))]


def hint(study: Study) -> Paragraph:
    """Return how to make this report again."""
    more = "; tables beyond these are written by `ifnscore compare -o` and `ifnscore associate -o`" if study.change else ""
    return Paragraph(f"This file holds every table behind its figures{more}.")
