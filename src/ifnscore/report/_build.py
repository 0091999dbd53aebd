"""The whole document, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.report import _changed, _end, _first, _genes, _plain, _robust, _scores, _who
from ifnscore.report._model import Document, Section

if TYPE_CHECKING:
    from ifnscore.report._study import Study

TITLE = "Interferon scores"


def document(study: Study) -> Document:
    """Return the report of a study, with a cohort or without."""
    sections = _with_cohort(study) if study.cohort is not None else _alone(study)
    title = study.asked.title or (study.cohort.settings.title if study.cohort is not None else "") or TITLE
    return Document(title, _first.whom(study), tuple(sections), study.synthetic, _facts(study))


def _with_cohort(study: Study) -> list[Section]:
    return [
        _first.section(study),
        _who.section(study),
        _scores.section(study),
        _changed.types(study),
        _changed.link(study),
        _genes.section(study),
        _robust.section(study),
        *_ends(study),
    ]


def _alone(study: Study) -> list[Section]:
    blocks = _changed.balance(study)
    types = Section("types", "Type I and type II interferon side by side", tuple(blocks))
    return [_plain.section(study), _scores.section(study), types, _genes.section(study), *_ends(study)]


def _ends(study: Study) -> list[Section]:
    return [_end.checklist(study), _end.methods(study), _end.provenance(study)]


def _facts(study: Study) -> tuple[tuple[str, str], ...]:
    """Return what the line below the title does not say."""
    facts = {"Main score": _first.main_score(study), "Platform": str(study.provenance.get("platform") or "")}
    return tuple((k, v) for k, v in facts.items() if v and v != "unknown")
