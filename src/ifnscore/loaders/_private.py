"""Annotations that tell people, calendar dates or paths of files stay in the file they came from.

One rule for all: a column is private by its name, or by what stands in its cells. Names and dates are recognised by
:mod:`ifnscore.cohort._identifiers`, as in clinical tables; here come the words that annotations of expression data use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from ifnscore._lazy import np, pd
from ifnscore.cohort import _identifiers
from ifnscore.errors import listing, say

#: Yields the cells of a column in parts, from the start at every call.
Parts: TypeAlias = "Callable[[], Iterable[pd.Series]]"

_PRIVATE = re.compile(
    r"(patient|subject|donor|child|first|last|full|family|given|sur)[ _.\-]*name|initials|birthday|"
    r"(^|[^a-z])dates?([^a-z]|$)|date$|(^|[^a-z])dob([^a-z]|$)|"
    r"e-?mail|phone|address|operator|technician|physician|investigator|contact|post ?code|zip ?code|"
    r"(^|[^a-z])(url|path|file[ _.]?(name|path))([^a-z]|$)|^file$|^supplementary_file|^relation$|^owner",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:^|(?<=[\s;,\"'(=]))(?:[A-Za-z]:[\\/]|\\\\\w|~/|/[\w.\-]+/|\.\.?/\w)|\b(?:ftp|https?|file|s3)://"
    r"|\w[\\/]\S*\.[A-Za-z][A-Za-z0-9]{1,5}$"
)
#: Initials with dots; small letters are ways to give a drug (i.v.).
_INITIALS = re.compile(r"[A-Z]\.[ -]?[A-Z]\.?([ -]?[A-Z]\.)?")
_ID_WORDS = frozenset(
    ("patient", "donor", "sample", "subject", "participant", "individual", "id", "ids", "pid", "code", "barcode")
)
_ID_OF = frozenset(("patient", "donor", "sample", "subject", "participant", "individual"))
_DAY_AS_NUMBER = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def by_name(name: str) -> bool:
    """Whether a column of words is private by its name.

    Examples
    --------
    >>> from ifnscore.loaders._private import by_name
    >>> [n for n in ("patient_id", "Patient Name", "age", "DOB", "visit_date", "day", "file_name", "batch") if by_name(n)]
    ['Patient Name', 'DOB', 'visit_date', 'file_name']
    """
    return bool(_PRIVATE.search(name) or _identifiers.identifies(name))


def columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that tell people, calendar dates or paths, by their names or their cells.

    Columns of patient, donor and sample ids are never among them, for paired samples need them. Years, ages, numbers of days
    and codes are no calendar dates.

    Parameters
    ----------
    frame
        Annotations, one row a sample.
    """
    return [name for name, parts in _whole(frame) if not is_id(name) and _is_private(name, parts)]


def _whole(frame: pd.DataFrame) -> list[tuple[str, Parts]]:
    return [(str(c), partial(_once, frame.iloc[:, j])) for j, c in enumerate(frame.columns)]


def _once(values: pd.Series) -> Iterator[pd.Series]:
    yield values


def is_id(name: str) -> bool:
    """Whether a column holds ids of patients, donors or samples by its name: ``patient``, ``Sample.ID``, ``donor_code``."""
    words = _identifiers.plain(name)
    return bool(words) and set(words) <= _ID_WORDS and bool(_ID_OF & set(words))


def _is_private(name: str, parts: Parts) -> bool:
    """Whether a column is private; what decides is looked at part by part, and no further than needed."""
    dtype = next(iter(parts())).dtype
    dtype = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return True
    if pd.api.types.is_numeric_dtype(dtype):  # a physician's global assessment is a number, and nobody's name
        return bool(_identifiers.identifies(name)) or _days(parts())
    return by_name(name) or _tell(values.dropna().unique() for values in parts())


def _days(parts: Iterable[pd.Series]) -> bool:
    """Whether all numbers are days such as 20210304."""
    found = False
    for values in parts:
        if pd.api.types.is_bool_dtype(values.dtype):
            return False
        numbers = values.dropna().astype(float).unique()
        if not all(np.isfinite(n) and _DAY_AS_NUMBER.fullmatch(f"{n:.0f}") and n % 1 == 0 for n in numbers):
            return False
        found = found or numbers.size > 0
    return found


def tells(cells: Iterable[Any]) -> bool:
    """Whether a cell holds a calendar date, an e-mail address or a path, or all cells are initials.

    Examples
    --------
    >>> from ifnscore.loaders._private import tells
    >>> tells(["skin", "born 4 March 2011"]), tells(["/home/eva/a.bam"]), tells(["2011", "P01", "day 14", "T/NK", "i.v."])
    (True, True, False)
    """
    return _tell([cells])


def _tell(parts: Iterable[Iterable[Any]]) -> bool:
    """Do the same for cells that come in parts."""
    initials: set[bool] = set()
    for cells in parts:
        kept = list(cells)
        if any(hasattr(c, "isoformat") for c in kept):  # dates in a column of objects
            return True
        texts = [c.strip() for c in kept if isinstance(c, str) and c.strip()]
        if any(_identifiers.problem_of(t) or _PATH.search(t) for t in texts):
            return True
        initials |= {bool(_INITIALS.fullmatch(t)) for t in texts}
    return initials == {True}


def without_private(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return annotations without the columns that tell people, calendar dates or paths; said aloud."""
    private = told(_whole(frame), label)
    return frame.loc[:, [str(c) not in private for c in frame.columns]]


def told(annotations: Sequence[tuple[str, Parts]], label: str) -> list[str]:
    """Return the columns that tell people, calendar dates or paths, and say that they are left out.

    Parameters
    ----------
    annotations
        Name of each column, and what yields its cells in parts, from the start at every call.
    label
        What they are left out of, for messages.
    """
    private = [name for name, parts in annotations if not is_id(name) and _is_private(name, parts)]
    if private:
        say(f"{label}: annotations about people, days or files left out: {listing(private, len(private))}")
    dated = [name for name, parts in annotations if is_id(name) and any(_dated(p) for p in parts())]
    if dated:
        say(f"{label}: ids hold calendar dates, which are kept: {listing(dated)}; use codes without meaning, such as P01")
    return private


def _dated(values: pd.Series) -> bool:
    return any(isinstance(v, str) and _identifiers.holds_date(v) for v in values.dropna().unique())
