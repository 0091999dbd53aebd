"""The verb ``tl.compare``: did the score change on the drug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ifnscore import scoretable
from ifnscore._lazy import pd
from ifnscore.analysis import (
    _arms,
    _batch,
    _blood,
    _changes,
    _composite,
    _family,
    _frame,
    _genes,
    _leave_one_out,
    _longitudinal,
    _methods_text,
    _noise,
    _paired,
    _regression,
    _sensitivity,
    _tables,
    _words,
)
from ifnscore.analysis._phrases import paragraph
from ifnscore.cohort import _pairs
from ifnscore.cohort._flow import flow
from ifnscore.errors import say
from ifnscore.result import Result
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.analysis._changes import Changes
    from ifnscore.cohort import Cohort


def compare(
    scored: AnnData | pd.DataFrame,
    cohort: Cohort,
    *,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    group: str | None = None,
    adjust: str = "max_t",
    margin: float | None = None,
    suppress: bool = False,
    rng: Any = None,
) -> Result:
    """Compare interferon scores before and after, patient by patient.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores (wide or long).
    cohort
        ``Cohort.read(folder)``, or ``Cohort.from_samples(...)`` for a simple paired design.
    scores
        Signatures to compare; None for all that were scored. In a foreign table, the names of its score columns.
    score_type
        ``log``, ``ratio``, ``z`` or ``rank`` for a table that does not say it.
    key
        ``obsm`` key of the scores; None for the latest.
    group
        Column of the patients table that makes arms.
    adjust
        ``max_t`` (joint studentised sign-flip, the default), ``holm``, ``bh`` or ``none``.
    margin
        Half-width of an equivalence margin on the scale of analysis: adds two one-sided t tests to ``tables["tests"]``. There is
        no default; only clinical knowledge can set one.
    suppress
        Hide small cells of Table 1 (``small_cell`` of the settings), and what would give them away.
    rng
        Seed of the Monte Carlo parts: flips above 16 patients and bootstrap intervals.

    Returns
    -------
    Result
        ``table``: one row a signature, tissue, arm, contrast and estimand: mean change on the scale of analysis (ratios as log2),
        t interval, exact sign-flip p, adjusted p, the smallest attainable p. ``tables``: patients, flow, tests, effects,
        longitudinal, genes, cells, regression_to_mean, sensitivity, settings, score_facts.

    Raises
    ------
    DataError
        No sample of the cohort has a score, a score type is unknown, or the batch is the time point.
    UsageError
        Unknown adjustment or score type.

    Notes
    -----
    The unit of inference is the patient. The exact sign-flip test assumes changes that are symmetric about zero under the null.
    Five patients or fewer cannot reject at 0.05, whatever they show.

    Examples
    --------
    >>> design = ifn.Cohort.from_samples(patient="donor", time="hours", baseline=0, followup=77)
    >>> change = ifn.tl.compare(adata, design)
    >>> change.table
    """
    _family.check(adjust)
    table = scoretable.collect(scored, scores=scores, score_type=score_type, key=key)
    bound = cohort.bind(table.obs) if cohort.simple is not None and cohort.samples.empty else cohort
    frame, no_p = _batch.allow(_frame.build(table, bound, group))
    answers = [_changes.changes(frame, q) for q in _changes.questions(frame)]
    rows = _rows(frame, answers, adjust, rng)
    rows += _arm_rows(frame, answers, adjust, rng)
    rows += _composite.rows(frame, bound, [frame.primary])
    main = _tables.hide_p(_tables.main(rows, frame), no_p)
    noise = _noise.within_person(table, bound)
    expressed = _genes.read(table, frame)
    if expressed is None:
        say("a table of scores has no genes: gene-level changes are left out")
    paired = [a for a in answers if a.question.contrast == _changes.PAIRED and a.question.estimand == frame.estimands[0]]
    tests = [t for a in answers for t in _paired.all_tests(a, rng, margin)] + _arm_tests(frame, answers, rng)
    tables = {
        "table1": _table1(table, bound, frame, group, suppress=suppress),
        "patients": _tables.patients(answers, frame, noise),
        "flow": _flows(frame, answers),
        "tests": _tables.hide_p(pd.DataFrame(tests), no_p),
        "effects": pd.DataFrame([_paired.effect(a, rng, bootstrap=a in paired) for a in answers if a.n]),
        "longitudinal": _tables.hide_p(_longitudinal.table(frame), no_p),
        "genes": _tables.hide_p(_genes.table(expressed, paired), no_p),
        "cells": pd.DataFrame([r for a in paired if a.question.tissue in {"blood", "PBMC"} for r in _blood.adjusted(frame, a)]),
        "regression_to_mean": _tables.hide_p(pd.DataFrame([_regression.row(frame, a) for a in paired if a.n]), no_p),
        "sensitivity": _tables.hide_p(_sensitivity.table(frame, frame.primary, rng), no_p),
        "scores": _tables.score_facts(table, frame, noise),
        "settings": _tables.settings(bound, adjust=adjust, rng=rng, group=group, margin=margin, **_tables.origin(table)),
    }
    tables = {name: t for name, t in tables.items() if len(t.columns)}
    said = _words.compare(main, tables, frame, bound, genes=expressed is not None, no_p=no_p)
    made = Result(
        verb="compare",
        table=_tables.whole(main),
        tables={name: _tables.whole(t) for name, t in tables.items()},
        reading=paragraph(said),
        sentences=tuple(said),
        methods=_methods_text.compare(
            frame,
            bound,
            adjust,
            no_p,
            genes=len(tables.get("genes", ())) > 0,
            noise=bool(tables["scores"]["rcv"].notna().any()),
        ),
        settings=dict(zip(tables["settings"]["rule"], tables["settings"]["value"], strict=True)),
    )
    return made.marked("SYNTHETIC") if bound.settings.synthetic else made


def _table1(
    scores: scoretable.ScoreTable, cohort: Cohort, frame: _frame.Frame, group: str | None, *, suppress: bool
) -> pd.DataFrame:
    """Return Table 1 with the primary score of the primary tissue, in patients and in controls."""
    here = cohort.samples[cohort.samples["sample_id"].isin(scores.values.index)]
    tissue = here["tissue"].astype(str)
    here = here[tissue.where(tissue != "", _frame.UNKNOWN) == frame.tissues[0]]
    values = scores.analysed()[frame.primary]
    control = here["is_control"].astype(bool)
    unit = next(c.unit for c in frame.columns if c.id == frame.primary)
    return cohort.table1(
        scores=values.loc[list(here.loc[~control, "sample_id"])],
        score_name=f"{frame.primary} ({unit})",
        controls=values.loc[list(here.loc[control, "sample_id"])] if control.any() else None,
        group=group,
        suppress=suppress,
    )


def _family_key(answer: Changes) -> tuple[str, str, str, str]:
    q = answer.question
    return q.tissue, q.contrast, q.estimand, q.group


def _rows(frame: _frame.Frame, answers: list[Changes], adjust: str, rng: Any) -> list[dict[str, Any]]:
    rows = []
    for _, part in groupby(answers, key=_family_key):
        family = list(part)
        made = {a.question.signature: _paired.row(a, rng) for a in family}
        adjusted = _family.adjust(family, {s: r["p"] for s, r in made.items()}, adjust, rng)
        for a in family:
            row = made[a.question.signature]
            row["p_adj"] = adjusted.p[a.question.signature]
            row["adjustment"], row["n_family"], row["n_hypotheses"] = adjust, adjusted.n, adjusted.size
            row.update(_leave_one_out.of_changes(a, row["p"], rng))
            rows.append(row)
    return rows


def _arm_pairs(frame: _frame.Frame, answers: list[Changes]) -> list[tuple[Changes, Changes]]:
    """Return (first arm, other arm) of every question, for two arms or each against the first."""
    groups = [g for g in frame.groups if g not in {"", _frame.UNKNOWN}]
    if len(groups) < 2:  # noqa: PLR2004
        return []
    of = {a.question: a for a in answers}
    first = groups[0]
    return [(of[replace(q, group=first)], a) for q, a in of.items() if q.group in groups[1:] and replace(q, group=first) in of]


def _arm_rows(frame: _frame.Frame, answers: list[Changes], adjust: str, rng: Any) -> list[dict[str, Any]]:
    rows, made = [_arms.row(a, b, rng) for a, b in _arm_pairs(frame, answers)], []
    how = "holm" if adjust == "max_t" else adjust  # sign flips belong to pairs; labels of arms are adjusted by Holm
    for _, part in groupby(rows, key=lambda r: (r["tissue"], r["contrast"], r["estimand"], r["group"])):
        family = [{**r, "adjustment": how} for r in part]
        if how != "none":
            _family.adjust_rows(family, how)
        made += family
    return made


def _arm_tests(frame: _frame.Frame, answers: list[Changes], rng: Any) -> list[dict[str, Any]]:
    return [t for a, b in _arm_pairs(frame, answers) for t in _arms.all_tests(a, b, rng)]


def _flows(frame: _frame.Frame, answers: list[Changes]) -> pd.DataFrame:
    made = []
    for a in answers:
        q = a.question
        here = frame.rows[frame.rows["tissue"] == q.tissue]
        entered = {p: int((here["patient_id"] == p).sum()) for p, g in frame.patients.items() if g == q.group}
        used = {r["patient_id"]: r["n_baseline"] + r["n_followup"] for r in rows_of(a.table)}
        order = (*_pairs.REASONS, _changes.NO_OFF)
        about = {k: getattr(q, k) for k in ("signature", "tissue", "group", "contrast", "estimand")}
        made.append(flow(entered, a.excluded, used, order, about))
    return pd.concat(made, ignore_index=True)
