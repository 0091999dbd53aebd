"""The first screen: what was scored, in whom, what changed, the link to skin, and what cannot be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import pl, signatures
from ifnscore.analysis import _changes
from ifnscore.analysis._phrases import interval, names, plural
from ifnscore.report import _blocks, _cannot, _rows
from ifnscore.report._model import Block, Details, Paragraph, Section
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._model import Figure
    from ifnscore.report._study import Study

_PAIRS = "Every patient is one line from before to after."
_DAYS = (
    "Every patient is one line over the days from the first dose. Colour and shape say the phase of the drug; hollow points were "
    "taken while it was interrupted or stopped."
)


def section(study: Study) -> Section:
    """Return the first screen of a report with a cohort."""
    return Section("summary", "At a glance", (*_change(study), *_link(study), *_cannot.limits(study)))


def whom(study: Study) -> str:
    """Return what was scored, in whom."""
    scored = f"{computed(study)} of {plural(len(study.scores.values), 'sample')}"
    if study.frame is None:
        healthy = int(study.controls().sum())
        beside = f", {healthy} of them of healthy controls" if healthy else ""
        return f"{scored}{beside}."
    rows = study.frame.rows
    n = len(study.frame.patients)
    tissues = [f"{int((rows['tissue'] == t).sum())} of {t}" for t in study.frame.tissues if t != "unknown"]
    mine = f"{plural(len(rows), 'sample')} of {plural(n, 'patient')}"
    parts = [f"{computed(study)} in {mine}"]
    parts[0] += f" on {study.drug}" if study.drug else ""
    parts[0] += f" ({names(tissues)})" if tissues else ""
    healthy = int(study.controls().sum())
    parts += (
        [f"beside {plural(healthy, 'sample')} of healthy controls"] if healthy else ["without healthy controls in the cohort"]
    )
    return f"{', '.join(parts)}."


def computed(study: Study) -> str:
    """Return the number of scores, and of how many where some have no value at all."""
    n, without = len(study.scores.columns), len(study.without())
    return f"{n - without} of {plural(n, 'score')} could be computed," if without else plural(n, "score")


def main_score(study: Study) -> str:
    """Return the score of this screen in plain words, with its name."""
    column = study.scores.column(study.primary)
    known = study.primary in signatures.ids()
    words = [signatures.get(study.primary).title if known else study.primary]
    words += [f"type {column.ifn_type}"] if column.ifn_type in {"I", "II", "III", "I+II"} else []
    words += [study.tissue] if study.tissue else []
    name = f" ({study.primary})" if known else ""
    return f"{'; '.join(words)}{name}{_declared(study)}"


def _declared(study: Study) -> str:
    first = ", the first listed, as none was declared primary"
    return "" if study.frame is None or study.frame.declared else first


def _change(study: Study) -> list[Block]:
    title = "The main change"
    if study.change is None:
        return [_blocks.missing(title, study.no_change)]
    said = study.sentences("compare", "nobody", "change", "too_few", "verdict", "arms")
    estimate, pairs = _rows.main_change(study)
    return [
        Paragraph(" ".join([*said, *elsewhere(study)]), title),
        paired(study),
        Details("The main change as a table", (estimate,)),
        Details("The two samples of every patient", (pairs,)),
    ]


def elsewhere(study: Study) -> list[str]:
    """Return the change of the primary score in every other tissue, one line each, or why there is none."""
    assert study.change is not None
    assert study.frame is not None
    table, parts = study.change.table, []
    own = table[(table["signature"] == study.primary) & (table["contrast"] == _changes.PAIRED)]
    own = own[own["estimand"] == study.frame.estimands[0]]
    for tissue in study.frame.tissues[1:]:
        rows = rows_of(own[own["tissue"] == tissue])
        if not any(r["n_patients"] for r in rows):
            parts.append(f"In {tissue}: no patient has a pair of samples.")
        for row in rows:
            arm = f", {row['group']}" if row["group"] else ""
            if row["n_patients"]:
                parts.append(f"In {tissue}{arm} ({plural(int(row['n_patients']), 'patient')}): mean change {interval(row)}.")
    return parts


def paired(study: Study) -> Figure:
    """Return the figure with every patient's line."""
    assert study.cohort is not None
    cohort, tissue = study.cohort, study.frame.tissues[0] if study.frame is not None else None
    caption = _PAIRS if cohort.simple is not None else _DAYS
    caption += " The grey band is the range of the healthy controls." if study.controls().any() else ""
    alt = " ".join([f"{study.primary}, one line a patient.", *study.sentences("compare", "nobody", "change")])
    return _blocks.figure(
        study,
        "every_patient",
        caption,
        alt,
        lambda ax: pl.paired(study.scored, cohort, signature=study.primary, tissue=tissue, ax=ax, **study.for_figures),
        size=(6.4, 4.6),
        behind=_rows.samples(study),
    )


def _link(study: Study) -> list[Block]:
    title = "The link to the clinical measure"
    if study.link is None:
        return [_blocks.missing(title, study.no_link)]
    said = [_blocks.here(s) for s in study.sentences("associate", "measure", "batch", "change", "discordant")]
    return [Paragraph(" ".join(said), title), *association(study)]


def association(study: Study) -> list[Block]:
    """Return the figure of change against change, or why there is none."""
    assert study.link is not None
    link, pairs = study.link, _rows.pairs(study)
    if pairs.frame.empty:
        return [_blocks.missing("The figure of change against change", "Nobody has both changes in the window")]
    caption = "Change of the score against change of the measure, one point a patient; discordant patients are marked."
    alt = " ".join(["Change against change.", *study.sentences("associate", "change", "discordant")])
    return [
        _blocks.figure(
            study,
            "change_with_change",
            caption,
            _blocks.here(alt),
            lambda ax: pl.association(link, ax=ax),
            size=(5.6, 4.4),
            behind=pairs,
        )
    ]
