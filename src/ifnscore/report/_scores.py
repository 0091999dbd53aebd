"""Which scores: signatures with formula, coverage and sources; cut-offs; whether the scores can be trusted in these data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import get, pl, signatures
from ifnscore._lazy import pd
from ifnscore.analysis import _evaluation as _evaluated
from ifnscore.analysis._phrases import bounded, plural
from ifnscore.errors import IfnscoreError, listing
from ifnscore.report import _blocks
from ifnscore.report._model import Block, Bullets, Details, Note, Section
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._study import Study
    from ifnscore.signatures import Signature

UNKNOWN = "unknown"
#: Most scores whose formula and genes the figure of coverage has room to name.
_WORDED = 16
FOREIGN = "The scores came as a table, which does not say how they were made"
_COLUMNS = {
    "signature": "score",
    "title": "title",
    "ifn_type": "interferon type",
    "method": "method",
    "score_type": "kind of score",
    "genes": "genes used",
    "coverage": "coverage",
    "platform_match": "platform",
    "source": "source",
}
_COVERED = {
    "signature": "score",
    "stratum": "stratum",
    "n_genes": "genes",
    "n_found": "found",
    "n_used": "used",
    "coverage": "coverage",
    "min_coverage": "least coverage",
    "missing": "missing",
    "dropped": "not usable",
    "formula": "formula",
}
_EVALUATED = {
    "signature": "score",
    "coverage": "coverage",
    "min_coverage": "least coverage",
    "n_scored": "samples",
    "zeros": "share of zeros",
    "rho_library_size": "rho with library size",
    "rho_detected": "rho with detected genes",
}
_CUTOFFS = {
    "signature": "score",
    "stratum": "stratum",
    "rule": "rule",
    "n_controls": "controls",
    "cutoff": "cut-off",
    "interval_cutoff": "95 % interval",
    "cutoff_in_sample": "in-sample",
    "note": "note",
}


def section(study: Study) -> Section:
    """Return the section on the scores."""
    blocks = [*catalogue(study), *_coverage(study), *_cutoffs(study), *_evaluation(study)]
    return Section("scores", "The scores and their genes", tuple(blocks))


def shipped(study: Study) -> list[Signature]:
    """Return the scored signatures that the catalogue knows."""
    return [signatures.get(c.id) for c in study.scores.columns if c.id in signatures.ids()]


def catalogue(study: Study) -> list[Block]:
    """Return one row a score, and formula and sources of each in words."""
    rows = pd.DataFrame([_row(study, c.id) for c in study.scores.columns])
    caption = "What was scored: the published list, the method that made the score, and where the list was read."
    blocks: list[Block] = [_blocks.table(study, "signatures", caption, rows, _COLUMNS)]
    known = shipped(study)
    blocks += [Details(f"{s.id}: formula, cut-off, source", (_words(s),)) for s in known]
    foreign = [c.id for c in study.scores.columns if c.id not in {s.id for s in known}]
    if foreign:
        blocks.append(_blocks.missing(f"Formula and source of {listing(foreign, 8)}", "The catalogue does not know this name"))
    return blocks


def _row(study: Study, name: str) -> dict[str, object]:
    column = study.scores.column(name)
    row: dict[str, object] = {"signature": name, "title": "", "ifn_type": column.ifn_type, "method": column.method}
    row |= {"score_type": column.score_type, "genes": "", "coverage": float("nan"), "platform_match": "", "source": ""}
    if study.scores.adata is not None:
        covered = get.coverage(study.scores.adata, key=study.scores.key)
        own = covered[covered["signature"] == name].iloc[0]
        row |= {"genes": f"{int(own['n_used'])} of {int(own['n_genes'])}", "coverage": float(own["coverage"])}
        row["platform_match"] = own["platform_match"]
    if name in signatures.ids():
        one = signatures.get(name)
        row |= {"title": one.title, "source": citation(one)}
    return row


def citation(one: Signature) -> str:
    """Return author, year and DOI of a signature, as far as they are known."""
    s = one.source
    parts = [s.first_author if s.first_author != UNKNOWN else "", str(s.year or "")]
    doi = f"doi:{s.doi}" if s.doi != UNKNOWN else ""
    return ", ".join(p for p in (" ".join(p for p in parts if p), doi) if p) or "source unknown"


def _words(one: Signature) -> Bullets:
    said = {
        "Formula": one.formula.text,
        "Status of the formula": one.formula.status,
        "Published on": one.platform_detail,
        "Published cut-off": one.cutoff.text,
        "Genes": ", ".join(one.genes),
        "Notes": one.notes,
        "Confidence": one.confidence_detail,
        "Source": f"{citation(one)}. {one.source.title if one.source.title != UNKNOWN else ''}",
        "Licence": one.attribution or one.licence,
    }
    return Bullets(tuple(f"{k}: {' '.join(v.split())}" for k, v in said.items() if v.strip() and v != UNKNOWN), one.title)


def _coverage(study: Study) -> list[Block]:
    if study.scores.adata is None:
        return [_blocks.missing("Coverage of the genes", FOREIGN)]
    chosen = [c.id for c in study.scores.columns]
    covered = get.coverage(study.scores.adata, key=study.scores.key)
    covered = covered[covered["signature"].isin(chosen)]
    behind = _blocks.table(study, "coverage", "Genes of every list that were found and used.", covered, _COVERED)
    partial = covered[covered["n_used"] < covered["n_genes"]].drop_duplicates("signature")
    alt = f"All genes of {plural(covered['signature'].nunique(), 'score')} are used."
    if len(partial):
        alt = f"Not all genes are used in {'; '.join(_share(r) for r in rows_of(partial))}."
    caption = "Usable genes of every score; those below the least coverage of a score give none."
    shown = covered["signature"].nunique()
    height = 1.6 + 0.78 * shown if shown <= _WORDED else min(1.6 + 0.19 * shown, 12.0)
    blocks: list[Block] = [
        _blocks.figure(
            study,
            "coverage",
            caption,
            alt,
            lambda ax: pl.coverage(study.scored, ax=ax, **study.for_figures),
            size=(6.0, height),
            behind=behind,
        )
    ]
    return [*blocks, *_overlap(study)]


def _share(row: dict[str, object]) -> str:
    return f"{row['signature']} ({row['n_used']} of {row['n_genes']})"


def _overlap(study: Study) -> list[Block]:
    known = [s.id for s in shipped(study)]
    if len(known) < 2:  # noqa: PLR2004
        return [_blocks.missing("Shared genes of the scores", "That needs two scores of the catalogue")]
    shared = signatures.overlap(known)
    behind = _blocks.table(study, "overlap", "Genes that two lists share.", shared)
    caption = "Genes that two lists share: scores of lists that share genes do not confirm one another."
    size = (min(2.5 + 0.5 * len(known), 9.0), min(2.0 + 0.5 * len(known), 9.0))
    alt = f"Shared genes of {plural(len(known), 'list')}; the numbers are in the table."
    return [_blocks.figure(study, "overlap", caption, alt, lambda ax: pl.overlap(known, ax=ax), size=size, behind=behind)]


def _cutoffs(study: Study) -> list[Block]:
    title = "Cut-offs"
    if study.scores.adata is None:
        return [_blocks.missing(title, FOREIGN)]
    cut = get.cutoffs(study.scores.adata, key=study.scores.key)
    cut = cut[cut["signature"].isin([c.id for c in study.scores.columns])]
    if cut.empty:
        return [
            _blocks.missing(
                title, "No healthy controls were scored with the samples, and published cut-offs belong to their assay"
            )
        ]
    caption = "Cut-offs from leave-one-out scores of the healthy controls of these data, on the scale of the scores."
    return [_blocks.table(study, "cutoffs", caption, cut, _CUTOFFS)]


def _evaluation(study: Study) -> list[Block]:
    title = "Whether the scores can be trusted here"
    if study.scores.adata is None:
        return [_blocks.missing(title, f"{FOREIGN}; genes and library sizes are needed")]
    key = study.scores.key
    try:
        found = _evaluated.evaluate(study.scored, key=key)
    except IfnscoreError as error:
        return [_blocks.missing(title, study.said(error))]
    chosen = [c.id for c in study.scores.columns]
    rows = found.signatures[found.signatures["signature"].isin(chosen)]
    where = f", of {found.n_samples} of {found.n_all} samples ({found.stratum})" if found.stratum else ""
    caption = (
        "Coverage, the share of zeros, and how the scores go with library size, with the number of detected genes and with one "
        f"another{where}: a score that follows them may measure the depth of a sample."
    )
    behind = _blocks.table(study, "evaluation", "What the scores rest on and go with (Spearman).", rows, _EVALUATED)
    draw = lambda ax: pl.evaluation(study.scored, key=key, ax=ax)  # noqa: E731
    size = (9.0, min(2.6 + 0.27 * len(found.signatures), 12.0))
    figure = _blocks.figure(study, "evaluation", caption, _strongest(rows), draw, size=size, behind=behind)
    between = found.between.rename_axis("signature").reset_index()
    matrix = _blocks.table(study, "correlations", "Spearman correlations of the scores.", between)
    told = [_blocks.missing("Part of this figure", " ".join(found.unknown))] if found.unknown else []
    notes = str(study.provenance.get("notes") or "")
    return [figure, *told, Details("Correlations of the scores", (matrix,)), *([Note(notes, "warning")] if notes else [])]


def _strongest(rows: pd.DataFrame) -> str:
    """Return which score goes most with library size and with detected genes."""
    said = []
    for column, what in (("rho_library_size", "library size"), ("rho_detected", "the number of detected genes")):
        known = rows_of(rows.dropna(subset=[column]).sort_values(column, key=abs).tail(1))
        said += [f"with {what} {r['signature']} ({bounded(float(r[column]))})" for r in known]
    return f"Goes most {'; '.join(said)}." if said else "What the scores go with is not known."
