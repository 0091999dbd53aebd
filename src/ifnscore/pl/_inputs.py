"""What a figure of scores and a cohort starts from; the rules are those of the verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore import scoretable
from ifnscore.analysis import _frame
from ifnscore.errors import UsageError, listing, nearest, say

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.cohort import Cohort
    from ifnscore.result import Result
    from ifnscore.scoretable import Column, Scored, ScoreTable


@dataclass(frozen=True, eq=False)
class Inputs:
    """Scores, cohort, and both joined: one row a patient sample under codes, scores on the scale of analysis.

    Attributes
    ----------
    scores
        Everything that was scored, the controls included.
    cohort
        Bound to the samples.
    frame
        ``frame.rows`` (sample, patient_id, day, tissue, phase ...) and ``frame.values`` (one column a signature), same index.
    """

    scores: ScoreTable
    cohort: Cohort
    frame: _frame.Frame

    def column(self, signature: str | None) -> Column:
        """Return the facts of a signature; None for the primary one, or the first with a score where that has none."""
        return self.scores.column(signature or scored_one(self.frame.values, self.frame.primary, declared=self.declared))

    @property
    def declared(self) -> bool:
        """Whether somebody named the primary signature: it is shown then, scores or none."""
        return self.frame.settings.primary_signature == self.frame.primary

    def tissue(self, asked: str | None) -> str:
        """Return the tissue to show; None for the primary one.

        Raises
        ------
        UsageError
            There is no sample of it.
        """
        return choose("tissue", asked, self.frame.tissues)


def join(
    scored: Scored,
    cohort: Cohort,
    *,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    group: str | None = None,
) -> Inputs:
    """Join scores and cohort as :func:`ifnscore.tl.compare` does; the parameters are the same.

    Raises
    ------
    DataError
        No sample of the cohort has a score, or a score type is unknown.
    """
    table = scoretable.collect(scored, scores=scores, score_type=score_type, key=key)
    bound = cohort.bind(table.obs) if cohort.simple is not None and cohort.samples.empty else cohort
    return Inputs(table, bound, _frame.build(table, bound, group))


def scored_one(values: pd.DataFrame, first: str, *, declared: bool = False) -> str:
    """Return the signature to show where none was asked for: `first`, or where no sample has a score of it the next that has one.

    Parameters
    ----------
    values
        Scores, one column a signature.
    first
        The one that comes first.
    declared
        Somebody named `first`: it stays.
    """
    if declared or values[first].notna().any():
        return first
    other = next((str(c) for c in values.columns if values[c].notna().any()), first)
    if other != first:
        say(f"no sample has a score of {first}: {other} is shown; name another one with signature=")
    return other


def choose(what: str, asked: str | None, have: Sequence[str]) -> str:
    """Return `asked`, or the first of `have` where nothing is asked for.

    Raises
    ------
    UsageError
        There is no such one.
    """
    if asked is None:
        return have[0]
    if asked not in have:
        msg = f"no {what} {asked!r}; there are {listing(have, 12)}.{nearest(asked, have)}"
        raise UsageError(msg)
    return asked


def unit(column: Column) -> str:
    """Return the label of an axis with this score: its id, and the unit of its scale of analysis."""
    return f"{column.id} ({column.unit})" if column.unit != "rank score" else f"{column.id} (rank score)"


def heading(tissue: str, n_patients: int) -> str:
    """Return the title of a figure: which tissue, how many patients."""
    many = f"{n_patients} patients" if n_patients != 1 else "1 patient"
    return many if tissue == _frame.UNKNOWN else f"{tissue}, {many}"


def synthetic(result: Result) -> bool:
    """Whether the verb that made the result was given invented data."""
    return "data" in result.table and bool((result.table["data"] == "SYNTHETIC").any())


def drug(cohort: Cohort) -> str:
    """Return the name of the index drug for labels."""
    return cohort.settings.index_drug or "the drug"


def samples_of(inputs: Inputs, signature: str, tissue: str) -> pd.DataFrame:
    """Return one row a patient sample of a tissue with a ``score``, in the order of patient and day; no score, no row."""
    rows = inputs.frame.rows[inputs.frame.rows["tissue"] == tissue]
    rows = rows.assign(score=inputs.frame.values.loc[rows.index, signature])
    return rows.dropna(subset=["score"]).sort_values(["order", "day"], kind="stable")
