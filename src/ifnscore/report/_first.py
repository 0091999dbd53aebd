"""The first screen: what was scored, in whom, what changed, the link to skin, and what cannot be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import pl
from ifnscore.analysis._phrases import names, plural
from ifnscore.report import _blocks, _cannot, _rows
from ifnscore.report._model import Block, Details, Note, Paragraph, Section

if TYPE_CHECKING:
    from ifnscore.report._model import Figure
    from ifnscore.report._study import Study

_PAIRS = "Every patient is one line from before to after."
_DAYS = (
    "Every patient is one line over the days from the first dose. Colour and shape say the phase of the drug; hollow points were "
    "taken while it was interrupted or stopped."
)
SYNTHETIC = "Every value of this cohort is invented. Nothing here is evidence for or against a drug."


def section(study: Study) -> Section:
    """Return the first screen of a report with a cohort."""
    blocks: list[Block] = []
    if study.synthetic:
        blocks.append(Note(SYNTHETIC, "synthetic"))
    blocks += [*_change(study), *_link(study), _cannot.bullets(study)]
    return Section("summary", "At a glance", tuple(blocks))


def whom(study: Study) -> str:
    """Return what was scored, in whom."""
    scored = f"{plural(len(study.scores.columns), 'score')} of {plural(len(study.scores.values), 'sample')}"
    if study.frame is None:
        healthy = int(study.controls().sum())
        beside = f", {healthy} of them of healthy controls" if healthy else ""
        return f"{scored}{beside}. The score on this screen is {study.primary}."
    rows = study.frame.rows
    n = len(study.frame.patients)
    tissues = [f"{int((rows['tissue'] == t).sum())} of {t}" for t in study.frame.tissues if t != "unknown"]
    mine = f"{plural(len(rows), 'sample')} of {plural(n, 'patient')}"
    parts = [f"{plural(len(study.scores.columns), 'score')} in {mine}"]
    parts[0] += f" on {study.drug}" if study.drug else ""
    parts[0] += f" ({names(tissues)})" if tissues else ""
    healthy = int(study.controls().sum())
    parts += (
        [f"beside {plural(healthy, 'sample')} of healthy controls"] if healthy else ["without healthy controls in the cohort"]
    )
    return f"{', '.join(parts)}. The score on this screen is {study.primary}{_declared(study)}."


def _declared(study: Study) -> str:
    assert study.frame is not None
    return "" if study.frame.declared else ", the first listed, as none was declared primary"


def _change(study: Study) -> list[Block]:
    title = "The main change"
    if study.change is None:
        return [_blocks.missing(title, study.no_change)]
    said = study.sentences("compare", "nobody", "change", "too_few", "verdict", "leave_one_out", "arms")
    blocks: list[Block] = [Paragraph(" ".join(said), title)]
    estimate, pairs = _rows.main_change(study)
    return [*blocks, estimate, paired(study), Details("The two samples of every patient", (pairs,))]


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
