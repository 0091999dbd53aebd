"""What cannot be concluded: one line a limit, from the sentences and tables of the verbs and of the scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ifnscore import get, methods
from ifnscore.analysis._leave_one_out import TOO_FEW
from ifnscore.analysis._phrases import names, plural
from ifnscore.analysis._words import NO_GENES
from ifnscore.errors import listing
from ifnscore.instruments import responses
from ifnscore.report import _blocks
from ifnscore.report._model import Bullets
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._study import Study

TITLE = "What cannot be concluded"
SHARED = "Type I and type II interferon induce many of the same genes, so no score names the interferon."
#: Topics of a comparison that limit it, in the order of reading; what says nothing of a limit stands in the sections.
_LIMITS = ("nobody", "too_few", "batch", "undeclared", "design", "regression", "steroid", "cells", "left_out", "noise_unknown")


def bullets(study: Study) -> Bullets:
    """Return every limit that is known."""
    found = [*_of_change(study), *_of_link(study), *_of_scores(study)]
    return Bullets(tuple(dict.fromkeys(_blocks.here(f) for f in found)), TITLE)


def _of_change(study: Study) -> Iterator[str]:
    if study.change is None:
        yield f"Whether a score changed on treatment: {study.no_change}."
    yield from study.sentences("compare", *_LIMITS)


def _of_link(study: Study) -> Iterator[str]:
    if study.link is None:
        if study.cohort is not None:
            yield f"Whether the score goes with a clinical measure: {study.no_link}."
        return
    changes = _blocks.mine(study.link.table, study)
    for row in rows_of(changes[changes["contrast"] == "change_with_change"]):
        n = int(row["n_patients"])
        if n < TOO_FEW:
            yield f"{plural(n, 'patient')} with a change of both allow no conclusion about a link with {row['outcome']}."
    yield from study.sentences("associate", "unadjusted")
    definition = str(study.link.settings.get("response", "none"))
    if definition in responses.names() and responses.get(definition).adult_derived:
        yield f"The response definition {definition} has a threshold that was made in adults, not in children."
    yield from study.sentences("associate", "proof")


def _of_scores(study: Study) -> Iterator[str]:
    yield from study.sentences("compare", "shared") or [SHARED]
    yield from _without_score(study)
    together = [c.id for c in study.scores.columns if (r := methods.records().get(c.method)) and not r.sample_independent]
    if together:
        yield f"{names(together)} depend{'s' if len(together) == 1 else ''} on the samples that were scored together."
    if study.scores.adata is None:
        yield f"{NO_GENES} Coverage, controls and cut-offs are not known."
        return
    yield from _coverage(study)
    yield from _cutoffs(study)


def _without_score(study: Study) -> Iterator[str]:
    values = study.frame.values if study.frame is not None else study.scores.analysed()
    for name, n in values.isna().sum().items():
        if n:
            yield f"{name}: {int(n)} of {plural(len(values), 'sample')} without a score."


def _coverage(study: Study) -> Iterator[str]:
    covered = get.coverage(study.scores.adata, key=study.scores.key)
    covered = covered[covered["signature"].isin([c.id for c in study.scores.columns])].drop_duplicates("signature")
    low = covered[covered["coverage"] < covered["min_coverage"]]
    for row in rows_of(low):
        why = f"{int(row['n_used'])} of {int(row['n_genes'])} genes, at least {100 * row['min_coverage']:.0f} % needed"
        yield f"{row['signature']} was not scored where too few genes are usable ({why})."
    own = covered[(covered["signature"] == study.primary) & (covered["n_used"] < covered["n_genes"])]
    for row in rows_of(own[own["coverage"] >= own["min_coverage"]]):
        absent = [g for g in str(row["missing"]).split(",") if g.strip()]
        more = f"; missing: {listing(absent, 8)}" if absent else ""
        yield f"{study.primary} rests on {int(row['n_used'])} of {int(row['n_genes'])} genes{more}."
    off = list(covered.loc[covered["platform_match"] == "off-platform", "signature"])
    if off:
        many = f"{len(off)} of {plural(len(covered), 'score')} {'was' if len(off) == 1 else 'were'}"
        yield f"{many} computed off the platform of the published assay, so published values and cut-offs do not apply."


def _cutoffs(study: Study) -> Iterator[str]:
    cut = get.cutoffs(study.scores.adata, key=study.scores.key)
    own = cut[cut["signature"] == study.primary]
    if own.empty:
        yield f"No cut-off of {study.primary}: no healthy controls were scored with it."
    for row in rows_of(own[own["cutoff"].isna()]):
        where = f" ({row['stratum']})" if row["stratum"] else ""
        yield f"{study.primary}{where}: {row['note'] or 'no cut-off'}."
