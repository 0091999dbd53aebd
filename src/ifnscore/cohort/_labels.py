"""Labels that results print (groups, platforms, batches, the title) must not say who somebody is, when, or where files lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ifnscore.cohort._identifiers import holds_date
from ifnscore.errors import DataError

if TYPE_CHECKING:
    from ifnscore.cohort._model import Cohort

_PATH = re.compile(r"(^|[\s,;(])(~?/|[A-Za-z]:\\|\\\\)\w")
#: Shorter ids are ordinary words and numbers: a patient called 1 and an arm called 1.
SHORTEST = 3


def check(cohort: Cohort, group: str | None = None) -> None:
    """Refuse labels that hold an id, a date or a path; the label itself is not repeated in the message.

    Parameters
    ----------
    cohort
        Read from a folder, or a simple design bound to its samples.
    group
        Column of the patients table that makes arms.

    Raises
    ------
    DataError
        The place and what is wrong with it.
    """
    ids = [*cohort.codes, *cohort.sample_codes]
    for where, labels in _printed(cohort, group):
        refuse(where, labels, ids)


def refuse(where: str, labels: Iterable[str], ids: Iterable[str]) -> None:
    """Refuse labels from one place.

    Parameters
    ----------
    where
        The place, for the message.
    labels
        What would be printed.
    ids
        Of patients and samples.

    Raises
    ------
    DataError
        A label holds an id, a calendar date or a path.
    """
    long = {i for i in ids if len(i) >= SHORTEST}
    for label in labels:
        found = wrong(label, long)
        if found:
            msg = f"{where}: a label holds {found}, and labels are printed in the results; rename it"
            raise DataError(msg)


def wrong(label: str, ids: Iterable[str]) -> str:
    """Return what a label holds that nobody may read, or ""; `ids` shorter than three characters are ordinary words."""
    ids = {i for i in ids if len(i) >= SHORTEST}
    if label in ids or ids & set(re.split(r"[\s,;:()]+", label)):
        return "the id of a patient or a sample"
    if holds_date(label):
        return "a calendar date"
    return "a path" if _PATH.search(label) else ""


def _printed(cohort: Cohort, group: str | None) -> Iterator[tuple[str, Iterable[str]]]:
    for column in ("tissue", "platform", "batch", "group"):
        if column in cohort.samples:
            named = getattr(cohort.simple, column, None)
            yield f"column {named!r}" if named else f"samples, column {column}", _words(cohort.samples[column])
    if group is not None and group in cohort.patients:
        yield f"patients, column {group}", _words(cohort.patients[group])
    yield "cohort.toml, title", [cohort.settings.title]
    yield "cohort.toml, hypotheses", cohort.settings.hypotheses


def _words(column: Iterable[object]) -> set[str]:
    return {str(v) for v in column}
