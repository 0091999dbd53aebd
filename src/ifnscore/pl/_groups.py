"""Which samples a figure shows, in which groups: phases of a cohort, values of a column, or healthy controls and the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ifnscore import scoretable
from ifnscore._lazy import pd
from ifnscore.analysis import _cutoffs, _healthy
from ifnscore.cohort import _exposure
from ifnscore.cohort import _labels as _cohort_labels
from ifnscore.errors import DataError, UsageError, listing, nearest
from ifnscore.pl import _inputs, _style

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Column, Scored, ScoreTable

CONTROLS, SOME, UNKNOWN = "healthy controls", "controls", "not known"
#: Most groups of one figure.
MOST = 30


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the figure: samples of one group that were compared with the same controls."""

    label: str
    stratum: str
    control: bool
    mark: _style.Mark

    @property
    def apart(self) -> bool:
        """Whether these are controls that no column made a group of its own."""
        return self.control and (self.label.startswith(CONTROLS) or f", {SOME}" in self.label)


@dataclass(frozen=True, eq=False)
class Shown:
    """Samples of a figure.

    Attributes
    ----------
    scores
        Everything that was scored.
    column
        The signature that is shown.
    rows
        Indexed by sample: ``score`` (scale of analysis, NaN where there is none), ``group`` (position in `groups`), ``control``,
        ``person``, ``tissue``, ``stratum``; with a cohort ``patient_id`` (code), ``day``, ``phase``.
    groups
        In the order of drawing: the healthy controls of a stratum first.
    title
        Tissue and number of patients, or the number of samples.
    absent
        Samples of the cohort that were not scored at all; they have no row.
    """

    scores: ScoreTable
    column: Column
    rows: pd.DataFrame
    groups: tuple[Group, ...]
    title: str
    absent: int = 0


def shown(
    scored: Scored,
    *,
    by: str | None,
    signature: str | None,
    cohort: Cohort | None,
    tissue: str | None,
    all_tissues: bool = False,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
) -> Shown:
    """Return the samples of a figure in their groups.

    Parameters
    ----------
    scored, signature, cohort, scores, score_type, key
        As in :func:`ifnscore.pl.scores`.
    by
        Column of the groups; with a cohort also ``patient_id`` or a column of the patients. None: phases, or no groups.
    tissue
        With a cohort, samples of this tissue; None for the primary one, or for all of them.
    all_tissues
        Whether None means all.

    Raises
    ------
    DataError
        There is no such column, or no score.
    UsageError
        There is no such tissue, or too many groups.
    """
    if cohort is None:
        if tissue is not None:
            msg = "tissue= chooses samples of a cohort: give cohort=, or by='tissue'"
            raise UsageError(msg)
        table = scoretable.collect(scored, scores=scores, score_type=score_type, key=key)
        column = table.column(signature or _inputs.scored_one(table.values, primary(table.columns)))
        rows = _facts(table, column, _healthy.people(table))
        rows["label"] = _labels(rows, None if by is None else _column(by, table.obs))
        title = f"{len(rows)} samples" if len(rows) != 1 else "1 sample"
        return _grouped(table, column, rows, title)
    inputs = _inputs.join(scored, cohort, scores=scores, score_type=score_type, key=key)
    column = inputs.column(signature)
    where = None if tissue is None and all_tissues else inputs.tissue(tissue)
    rows = _of_cohort(inputs, column, by, where)
    scored_rows = rows[rows.index.isin(inputs.scores.values.index)]
    patients = scored_rows.loc[~scored_rows["control"], "patient_id"].nunique()
    made = _grouped(inputs.scores, column, scored_rows, _inputs.heading(where or _healthy.UNKNOWN, patients))
    return replace(made, absent=len(rows) - len(scored_rows))


def primary(columns: Sequence[Column]) -> str:
    """Return the signature that is shown where none is asked for: the first on a log scale, else the first."""
    logs = [c.id for c in columns if c.is_log and c.ifn_type != "comparator"]
    return (logs or [c.id for c in columns])[0]


def missing(values: pd.Series) -> pd.Series:
    """Return which values are missing or empty text."""
    return values.isna() | (values.astype(object).astype(str).str.strip() == "")


def _facts(table: ScoreTable, column: Column, who: pd.DataFrame) -> pd.DataFrame:
    return who.assign(score=table.analysed()[column.id], stratum=_cutoffs.strata(table))


def _of_cohort(inputs: _inputs.Inputs, column: Column, by: str | None, where: str | None) -> pd.DataFrame:
    table, frame = inputs.scores, inputs.frame
    facts = _facts(table, column, _healthy.people(table, inputs.cohort))
    seen = frame.rows.set_axis(pd.Index(frame.ids, name="sample"), axis=0)
    seen = seen.assign(person=seen["patient_id"])[["patient_id", "day", "tissue", "phase", "person"]]
    scored = facts.loc[~facts["control"], ["score", "stratum"]].reindex(seen.index)
    seen = seen.assign(control=False, score=scored["score"], stratum=scored["stratum"].fillna(""))
    controls = facts[facts["control"]].assign(patient_id="", day=float("nan"), phase="")
    rows = pd.concat([controls[list(seen.columns)], seen])
    rows["label"] = _labels(rows, None if by is None else _cohort_column(by, inputs, rows))
    if by is not None:
        ids = [*inputs.cohort.codes, *inputs.cohort.sample_codes]
        _cohort_labels.refuse(f"column {by}", sorted(set(rows["label"])), ids)
    else:
        phases = {phase: mark.label for phase, mark in _style.PHASES.items()}
        if frame.simple:
            phases[_exposure.ON] = "follow-up"
        rows["label"] = rows["phase"].map(phases).where(~rows["control"], CONTROLS)
    return rows if where is None else rows[rows["tissue"] == where]


def _cohort_column(by: str, inputs: _inputs.Inputs, rows: pd.DataFrame) -> pd.Series:
    """Return a column of the samples or the patients of a cohort; patients under their codes."""
    simple = inputs.cohort.simple
    if by == "patient_id" or (simple is not None and by == simple.patient):
        return rows["patient_id"].where(~rows["control"], CONTROLS)
    if by in {"tissue", "phase"}:
        return rows[by]
    patients = inputs.cohort.patients
    if by in patients.columns and simple is None:
        values = patients.assign(code=patients["patient_id"].map(inputs.cohort.codes)).set_index("code")[by]
        return rows["patient_id"].map(values).where(~rows["control"], CONTROLS)
    samples = inputs.cohort.samples.set_index("sample_id")
    return _column(by, samples if by in samples.columns else inputs.scores.obs).reindex(rows.index)


def _column(by: str, obs: pd.DataFrame) -> pd.Series:
    if by not in obs.columns:
        have = [str(c) for c in obs.columns]
        msg = f"the samples have no column {by!r}; columns: {listing(have, 12) or 'none'}.{nearest(by, have)}"
        raise DataError(msg)
    return obs[by].set_axis(obs.index.astype(str), axis=0)


def _labels(rows: pd.DataFrame, values: pd.Series | None) -> pd.Series:
    """Return the name of each sample's group: controls share none with others."""
    control = rows["control"]
    if values is None:
        return pd.Series("samples", index=rows.index, dtype=object).where(~control, CONTROLS)
    text = _text(values.reindex(rows.index))
    mixed = set(text[~control])
    apart = text.map(lambda t: CONTROLS if t in {CONTROLS, UNKNOWN} else f"{t}, {SOME}" if t in mixed else t)
    return text.where(~control, apart)


def _text(values: pd.Series) -> pd.Series:
    """Return values as names of groups; yes and no alone would not say of what."""
    if set(values.dropna().astype(str)) <= {"True", "False"}:
        words = {"True": f"{values.name}: yes", "False": f"{values.name}: no"}
        values = values.astype(object).map(lambda v: words.get(str(v), v))
    named = values.astype(object).map(lambda v: f"{v:g}" if isinstance(v, float) else str(v))
    return named.where(~missing(values), UNKNOWN)


def _grouped(table: ScoreTable, column: Column, rows: pd.DataFrame, title: str) -> Shown:
    """Return the samples with the position of their group; a group whose samples have other controls is split."""
    if not rows["score"].notna().any():
        msg = f"no sample has a score of {column.id}: ifn.get.coverage says which genes are missing"
        raise DataError(msg)
    made = rows[["stratum", "control", "label"]].drop_duplicates()
    if len(made) > MOST:
        msg = f"{len(made)} groups are too many for one figure (at most {MOST}): choose a column with fewer values"
        raise UsageError(msg)
    rank = {label: i for i, label in enumerate(_order(made["label"]))}
    made = made.assign(rank=made["label"].map(rank)).sort_values(["stratum", "control", "rank"], ascending=[True, False, True])
    twice = set(made.loc[made["label"].duplicated(keep=False), "label"])
    numbers = {False: iter(range(len(made))), True: iter(range(len(made)))}
    groups: list[Group] = []
    place: dict[tuple[str, bool, str], int] = {}
    for stratum, control, label in made[["stratum", "control", "label"]].itertuples(index=False):
        place[stratum, control, label] = len(groups)
        name = f"{label}, {values_of(stratum)}" if label in twice and stratum else label
        groups.append(Group(name, stratum, bool(control), _mark(label, control, next(numbers[bool(control)]))))
    found = [place[k] for k in zip(rows["stratum"], rows["control"], rows["label"], strict=True)]
    return Shown(table, column, rows.assign(group=found), tuple(groups), title)


def _order(labels: pd.Series) -> list[str]:
    """Return the names in the order of phases, then as numbers or words; what is not known comes last."""
    phases = [*(m.label for m in _style.PHASES.values())]
    phases.insert(phases.index("on the drug"), "follow-up")

    def rank(name: str) -> tuple[int, float, list[tuple[int, str]]]:
        name = name.removesuffix(f", {SOME}")
        if name in phases:
            return (0, float(phases.index(name)), [])
        try:
            return (1, float(name), [])
        except ValueError:
            return (3 if name == UNKNOWN else 2, 0.0, natural(name))

    return sorted(set(labels), key=rank)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names as people do: cluster 2 before cluster 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def values_of(stratum: str) -> str:
    """Return the values of a stratum without the names of its columns: ``blood, RNA-seq``."""
    return ", ".join(part.partition("=")[2] or part for part in stratum.split(", "))


def _mark(label: str, control: bool, i: int) -> _style.Mark:  # noqa: FBT001
    if control:
        return _style.Mark(_style.GREY, _style.MARKERS[i % 7], label)
    for phase, mark in _style.PHASES.items():
        if label == mark.label or (label == "follow-up" and phase == _exposure.ON):
            return mark
    return _style.Mark(_style.COLOURS[i % len(_style.COLOURS)], _style.MARKERS[i % 7], label)
