"""What cannot be concluded: one line a limit, from the sentences and tables of the verbs and of the scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ifnscore import get, methods
from ifnscore._lazy import pd
from ifnscore.analysis._leave_one_out import TOO_FEW
from ifnscore.analysis._phrases import names, plural, share
from ifnscore.analysis._words import NO_GENES
from ifnscore.errors import listing
from ifnscore.instruments import responses
from ifnscore.report import _blocks, _shown
from ifnscore.report._model import Block, Bullets, Details
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._study import Study

TITLE, MORE = "What cannot be concluded", "More limits"
SHARED = "Type I and type II interferon induce many of the same genes, so no score names the interferon."
_ADULT = f" ({responses.ADULT_DERIVED})"
PROOF = "None of this shows a cause, and a fall of the score is no proof of benefit."
#: Why a verb says that too few patients were seen: the numbers in brackets and the advice stand with the change itself.
_DETAIL = re.compile(r"(?: \(|[:,] (?=read|and the interval)).*", re.DOTALL)


def limits(study: Study) -> tuple[Block, ...]:
    """Return the few limits that a reader must know, and folded away whatever else limits the numbers."""
    first = tuple(dict.fromkeys(_blocks.here(f) for f in (*_of_change(study), *_of_link(study), *_of_scores(study))))
    more = tuple(dict.fromkeys(m for m in map(_blocks.here, _further(study)) if m not in first))
    folded = (Details(MORE, (Bullets(more),)),) if more else ()
    return (Bullets(first, TITLE), *folded)


def _of_change(study: Study) -> Iterator[str]:
    if study.change is None:
        yield f"Whether a score changed on treatment: {study.no_change}."
    yield from study.sentences("compare", "nobody")
    yield from (f"{_DETAIL.sub('', s).rstrip('.')}." for s in study.sentences("compare", "too_few"))
    yield from study.sentences("compare", "batch", "undeclared", "design", "left_out")
    moved = {"blood cells": study.sentences("compare", "cells"), "the steroid dose": study.sentences("compare", "steroid")}
    also = [what for what, said in moved.items() if said]
    if also:
        yield f"A change of {' or of '.join(also)} is not ruled out as the reason; see below what is known of it."


def _of_link(study: Study) -> Iterator[str]:
    if study.link is None:
        if study.cohort is not None:
            yield f"Whether the score goes with a clinical measure: {study.no_link}."
        return
    definition = str(study.link.settings.get("response", "none"))
    if definition in responses.names() and responses.get(definition).adult_derived:
        judged = study.link.tables.get("responders")
        label = f" ({str(judged['label'].iloc[0]).removesuffix(_ADULT)})" if judged is not None and len(judged) else ""
        yield f"The threshold of the response{label} was made in adults, not in children."
    yield PROOF


def _of_scores(study: Study) -> Iterator[str]:
    yield SHARED
    yield from _not_computed(study)
    if study.scores.adata is None:
        yield f"{NO_GENES} Coverage, controls and cut-offs are not known."


def _not_computed(study: Study) -> Iterator[str]:
    """Yield the scores that have no value at all, in one line with their reasons."""
    without = study.without()
    if not without:
        return
    reasons = {str(r["signature"]): f" ({_few_genes(r)})" for r in rows_of(_low(study))}
    named = names([f"{name}{reasons.get(name, '')}" for name in without])
    yield f"{len(without)} of {plural(len(study.scores.columns), 'score')} could not be computed: {named}."


def _low(study: Study) -> pd.DataFrame:
    """Return the coverage of the scores with too few genes."""
    if study.scores.adata is None:
        return pd.DataFrame()
    covered = _covered(study)
    return covered[covered["coverage"] < covered["min_coverage"]]


def _few_genes(row: Mapping[str, Any]) -> str:
    return f"{int(row['n_used'])} of {int(row['n_genes'])} genes usable, at least {share(float(row['min_coverage']))} % needed"


def _covered(study: Study) -> pd.DataFrame:
    covered = get.coverage(study.scores.adata, key=study.scores.key)
    return covered[covered["signature"].isin([c.id for c in study.scores.columns])].drop_duplicates("signature")


def _further(study: Study) -> Iterator[str]:
    """Yield what limits the numbers beside the first screen."""
    if study.link is not None:
        changes = _blocks.mine(study.link.table, study)
        for row in rows_of(changes[changes["contrast"] == "change_with_change"]):
            n = int(row["n_patients"])
            if n < TOO_FEW:
                measure = _shown.outcome(str(row["outcome"]))
                yield f"{plural(n, 'patient')} with a change of both allow no conclusion about a link with {measure}."
    yield from _without_score(study)
    together = [c.id for c in study.scores.columns if (r := methods.records().get(c.method)) and not r.sample_independent]
    if together:
        yield f"{names(together)} depend{'s' if len(together) == 1 else ''} on the samples that were scored together."
    if study.scores.adata is not None:
        yield from _coverage(study)
        yield from _cutoffs(study)


def _without_score(study: Study) -> Iterator[str]:
    values = study.frame.values if study.frame is not None else study.scores.analysed()
    for name, n in values.isna().sum().items():
        if n and name not in study.without():
            yield f"{name}: {int(n)} of {plural(len(values), 'sample')} without a score."


def _coverage(study: Study) -> Iterator[str]:
    covered = _covered(study)
    for row in rows_of(_low(study)):
        if row["signature"] not in study.without():
            yield f"{row['signature']} was not scored everywhere: {_few_genes(row)}."
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
        where = f" ({_shown.stratum(row['stratum'])})" if row["stratum"] else ""
        yield f"{study.primary}{where}: {row['note'] or 'no cut-off'}."
