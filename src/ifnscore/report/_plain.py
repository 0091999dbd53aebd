"""A report of scores alone: groups, controls, cut-offs, and what cannot be said without a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import get, pl
from ifnscore._lazy import pd
from ifnscore.analysis._phrases import number, plural
from ifnscore.errors import IfnscoreError
from ifnscore.pl import _groups
from ifnscore.report import _blocks, _cannot
from ifnscore.report._model import Block, Details, Section, Table
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore._lazy import pd as _pd
    from ifnscore.report._study import Study

_GROUPS = {
    "signature": "score",
    "group": "group",
    "n_samples": "samples",
    "n_scored": "with a score",
    "median": "median",
    "lowest": "lowest",
    "highest": "highest",
    "unit": "unit",
}
_NAMES = {True: _groups.CONTROLS, False: "samples"}


def section(study: Study) -> Section:
    """Return the first screen of a report without a cohort."""
    blocks: list[Block] = []
    groups = by_group(study)
    summary = [
        f"{r['group']}: {plural(int(r['n_samples']), 'sample')}, median {number(float(r['median']))} "
        f"({number(float(r['lowest']))} to {number(float(r['highest']))})"
        for r in rows_of(groups.frame)
        if r["signature"] == study.primary and r["n_scored"]
    ]
    alt = f"{study.primary}: {'; '.join(summary)}." if summary else f"{study.primary} has no score."
    by = study.asked.group
    blocks.append(
        _blocks.figure(
            study,
            "scores",
            "Every sample is a point, a short line the median of its group; a long line is the cut-off, if controls allow one.",
            alt,
            lambda ax: pl.scores(study.scored, by=by, signature=study.primary, ax=ax, **study.for_figures),
            behind=of_samples(study),
        )
    )
    own = groups.frame[groups.frame["signature"] == study.primary]
    blocks.append(_blocks.table(study, "groups", f"{study.primary} in every group, on the scale of analysis.", own, _GROUPS))
    blocks += [Details("Every score in every group", (groups,)), *above(study)]
    blocks += [_blocks.missing("Patients, changes, the link to a clinical measure and their sensitivity", study.no_change)]
    return Section("summary", "At a glance", (*blocks, *_cannot.limits(study)))


def groups_of(study: Study) -> _pd.Series:
    """Return the group of every sample, under the name of the figure: controls and others apart, and so are their tissues."""
    about = study.for_figures
    try:
        shown = _groups.shown(study.scored, by=study.asked.group, signature=study.primary, cohort=None, tissue=None, **about)
    except IfnscoreError:  # no score, or too many groups for a figure
        return study.scores.obs[study.asked.group].astype(str) if study.asked.group else study.controls().map(_NAMES)
    return shown.rows["group"].map(lambda i: shown.groups[i].label).reindex(study.scores.values.index.astype(str))


def by_group(study: Study) -> Table:
    """Return number, median and range of every score in every group."""
    values, groups = study.scores.analysed(), groups_of(study)
    rows = []
    for column in study.scores.columns:
        for group, part in values[column.id].groupby(groups.to_numpy(), sort=True):
            row = {"signature": column.id, "group": str(group), "n_samples": len(part), "n_scored": int(part.notna().sum())}
            known = _summary(part.dropna())
            rows.append({**row, **known, "unit": column.unit})
    return _blocks.table(
        study, "scores_by_group", "Scores in every group, on the scale of analysis.", pd.DataFrame(rows), _GROUPS
    )


def _summary(known: _pd.Series) -> dict[str, float]:
    if known.empty:
        return dict.fromkeys(("median", "lowest", "highest"), float("nan"))
    return {"median": float(known.median()), "lowest": float(known.min()), "highest": float(known.max())}


def of_samples(study: Study) -> Table:
    """Return every score of every sample."""
    values = study.scores.values
    shown = values.rename_axis("sample").reset_index()
    shown.insert(1, "group", groups_of(study).to_numpy())
    shown["sample"] = shown["sample"].astype(str).map(study.codes)
    return _blocks.table(study, "scores_of_samples", "Scores of every sample, as they were computed.", shown, most=20)


def above(study: Study) -> list[Block]:
    """Return how many samples lie above the cut-off of these controls."""
    if study.scores.adata is None:
        return []
    found = get.scores(study.scores.adata, key=study.scores.key)
    found = found[found["signature"].isin([c.id for c in study.scores.columns])].dropna(subset=["cutoff"])
    if found.empty:
        return []
    group = dict(zip(study.scores.values.index.astype(str), groups_of(study), strict=True))
    found = found.assign(group=found["sample"].astype(str).map(group), above=found["above_cutoff"].eq(other=True))
    counted = (
        found.groupby(["signature", "group"], sort=False).agg(n_samples=("above", "size"), n_above=("above", "sum")).reset_index()
    )
    columns = {"signature": "score", "group": "group", "n_samples": "samples with a cut-off", "n_above": "above it"}
    return [_blocks.table(study, "above_cutoff", "Samples above the cut-off of these controls.", counted, columns)]
