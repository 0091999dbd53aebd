"""Genes: what changed gene by gene, all genes of the primary score in all samples, and which genes make the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import get, pl
from ifnscore._lazy import np, pd
from ifnscore.analysis._phrases import number, plural
from ifnscore.errors import IfnscoreError
from ifnscore.report import _blocks, _rows, _scores
from ifnscore.report._model import Block, Section
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._study import Study

_CHANGES = {
    "gene": "gene",
    "group": "arm",
    "used_in_score": "used in the score",
    **_blocks.ESTIMATES,
    "p_adj": "adjusted p",
    "fold_change": "fold change",
}


def section(study: Study) -> Section:
    """Return the section on genes."""
    name, title = "genes", "The genes behind the score"
    if study.scores.adata is None:
        reason = f"{_scores.FOREIGN}; the expression matrix is needed (ifnscore score)"
        what = "Gene-level changes, the heatmap and the contributions of genes"
        return Section(name, title, (_blocks.missing(what, reason),))
    return Section(name, title, (*_changes(study), *heatmap(study), *contributions(study)))


def _changes(study: Study) -> list[Block]:
    title = "Changes gene by gene"
    if study.change is None:
        return [_blocks.missing(title, study.no_change)]
    genes = study.change.tables.get("genes")
    own = _rows.headline(study, genes) if genes is not None and len(genes) else pd.DataFrame()
    if own.empty or not (own["n_patients"] > 0).any():
        return [_blocks.missing(title, "Nobody has a pair of samples with these genes")]
    return [_arm(study, own[own["group"] == g], str(g)) for g in dict.fromkeys(own["group"]) if (own["group"] == g).any()]


def _arm(study: Study, rows: pd.DataFrame, group: str) -> Block:
    """Return the changes of one arm; the only one has no name."""
    assert study.change is not None
    change, arm, name = study.change, f" in {group}" if group else "", "genes_change"
    if not (rows["n_patients"] > 0).any():
        return _blocks.missing(f"Changes gene by gene{arm}", "Nobody has a pair of samples")
    name += f"_{_blocks.slug(group)}" if group else ""
    table = _blocks.table(study, name, f"Mean change of every gene of {study.primary}{arm}; exploratory.", rows, _CHANGES)
    caption = (
        f"Change of every gene of {study.primary} between the two samples of a patient{arm}: mean and 95 % interval on a log2 "
        "scale. Exploratory: p are adjusted over the genes of the score only."
    )
    draw = lambda ax: pl.genes_change(change, signature=study.primary, group=group, ax=ax)  # noqa: E731
    size = (5.6, min(1.9 + 0.2 * rows["gene"].nunique(), 12.0))
    return _blocks.figure(study, name, caption, _fell(rows, arm), draw, size=size, behind=table)


def _fell(rows: pd.DataFrame, arm: str) -> str:
    known = rows.dropna(subset=["estimate"])
    down, up = (known["estimate"] < 0).sum(), (known["estimate"] > 0).sum()
    text = f"Of {plural(len(known), 'gene')}{arm}, {down} fell and {up} rose on average"
    if len(known):
        most = rows_of(known.sort_values("estimate", key=abs).tail(1))[0]
        text += f"; most: {most['gene']}, {number(float(most['estimate']))} {most['unit']}"
    return f"{text}."


def heatmap(study: Study) -> list[Block]:
    """Return all genes of the primary score in all samples."""
    uses = get.genes(study.scores.adata, key=study.scores.key)
    own = uses[uses["signature"] == study.primary].drop_duplicates("gene")
    found = own[own["column"] != ""]
    if found.empty:
        return [_blocks.missing("The heatmap of the genes", f"No gene of {study.primary} is in the matrix")]
    shown = uses[uses["signature"] == study.primary]
    columns = {
        "gene": "gene",
        "stratum": "stratum",
        "weight": "weight",
        "centre": "centre of the controls",
        "spread": "spread of the controls",
        "used": "used",
        "note": "why not",
    }
    behind = _blocks.table(study, "genes_used", "Every gene, what it was compared with, and why it was not used.", shown, columns)
    order = ", in the order of patient and day" if study.cohort is not None else ""
    caption = f"Genes of {study.primary} in all samples{order}, against the healthy controls where there are any."
    alt = f"{plural(len(found), 'gene')} in {plural(len(study.scores.values), 'sample')}."
    height = min(3.4 + 0.13 * len(found), 11.0)
    key, by = study.scores.key, study.asked.group if study.cohort is None else None
    return [
        _blocks.figure(
            study,
            "heatmap",
            caption,
            alt,
            lambda ax: pl.heatmap(study.scored, signature=study.primary, cohort=study.cohort, by=by, key=key, ax=ax),
            size=(7.0, height),
            behind=behind,
        )
    ]


def contributions(study: Study) -> list[Block]:
    """Return which genes make the primary score."""
    title = "Contributions of the genes"
    try:
        parts = get.contributions(study.scores.adata, study.primary, key=study.scores.key)
    except IfnscoreError as error:
        return [_blocks.missing(title, study.said(error))]
    healthy = study.controls().reindex(parts.index, fill_value=False)
    shown = parts if healthy.all() else parts[~healthy]
    shown = shown.dropna(how="any")
    if shown.empty:
        return [_blocks.missing(title, f"{study.primary} has no score")]
    made, unit = _parts(study, shown)
    where = f"{plural(len(shown), 'sample')}{'' if healthy.all() else ', without the healthy controls'}"
    caption = f"What every gene adds to {study.primary} in {where}: a score that hangs on one gene is that gene."
    columns = {"gene": "gene", "median": f"median part, {unit}", "mean": f"mean part, {unit}", "share": "share of all sizes"}
    behind = _blocks.table(study, "contributions", "What every gene adds to the score.", made, columns)
    lead = "; ".join(f"{r['gene']} {100 * r['share']:.0f} %" for r in rows_of(made.head(3)))
    draw = lambda ax: pl.contributions(study.scored, signature=study.primary, key=study.scores.key, ax=ax)  # noqa: E731
    size = (5.6, min(1.8 + 0.2 * len(made), 8.0))
    return [_blocks.figure(study, "contributions", caption, f"Largest shares: {lead}.", draw, size=size, behind=behind)]


def _parts(study: Study, shown: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what every gene adds, and in which unit: a geometric mean is a sum of logarithms, here to the base of two."""
    column = study.scores.column(study.primary)
    geometric = column.method == "geomean"
    values = shown / np.log(2.0) if geometric else shown
    made = pd.DataFrame(
        {"gene": values.columns.astype(str), "median": values.median().to_numpy(), "mean": values.mean().to_numpy()}
    )
    sizes = values.abs().mean().to_numpy()
    made["share"] = sizes / sizes.sum() if sizes.sum() else np.nan
    unit = "log2" if geometric else {"ratio": "ratio", "rank": "rank score"}.get(column.score_type, column.unit)
    return made.sort_values("share", ascending=False), unit
