"""A column of a table as it goes into a file: what kind of cells it has, and the cells in parts.

Text follows :meth:`anndata.AnnData.strings_to_categoricals`: where kinds repeat, it becomes a categorical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ifnscore._lazy import ad, np, pd
from ifnscore.loaders import Columns
from ifnscore.scored._small import as_text

#: Kinds of text that are held at most; what has more of them stays text, as names of samples do.
MANY = 100_000


class Column(NamedTuple):
    """Cells of a column: an array without any, which says their kind, and what yields all, each part with its first place."""

    empty: Any
    parts: Callable[[], Iterator[tuple[int, Any]]]


def of_annotation(columns: Columns, name: str) -> Column:
    """Return an annotation of samples as anndata would write it."""
    _, first = next(iter(columns.slices(name)))
    if columns.is_text(name):
        return _words(lambda: columns.slices(name), len(columns))
    if first.dtype == object:
        return _words(lambda: ((start, as_text(part)) for start, part in columns.slices(name)), len(columns))
    if isinstance(first.dtype, pd.StringDtype):
        return _words(lambda: columns.slices(name), len(columns))
    return as_stored(columns, name)


def as_stored(columns: Columns, name: str) -> Column:
    """Return a column as it stands in its file."""
    if columns.is_text(name):
        return _plain(lambda: columns.slices(name))
    return Column(array(next(iter(columns.slices(name)))[1])[:0], lambda: ((s, array(p)) for s, p in columns.slices(name)))


def array(values: pd.Series[Any]) -> Any:
    """Return the cells of a series as the array that anndata writes."""
    return values.array if pd.api.types.is_extension_array_dtype(values.dtype) else values.to_numpy()


def _words(slices: Callable[[], Iterator[tuple[int, Any]]], n: int) -> Column:
    """Return a column of text: a categorical where kinds repeat and are not too many to hold."""
    kinds: set[str] = set()
    missing = False
    for _, part in slices():
        missing = missing or bool(part.isna().any())
        if len(kinds) <= MANY:
            kinds.update(part.dropna().unique())
    if len(kinds) > MANY or (len(kinds) == n and not missing):
        return _missable(slices) if missing else _plain(slices)
    dtype = pd.CategoricalDtype(_sorted(kinds))
    return Column(pd.Categorical([], dtype=dtype), lambda: ((s, pd.Categorical(p, dtype=dtype)) for s, p in slices()))


def _sorted(kinds: set[str]) -> Any:
    """Return kinds in the order that anndata gives to categories: numbers in text by their value."""
    if not kinds:
        return pd.Index([], dtype=object)
    frame = pd.DataFrame({"kind": [*kinds, next(iter(kinds))]}, dtype=object)
    ad.AnnData().strings_to_categoricals(frame)
    return pd.Index(frame["kind"].cat.categories, dtype=object)


def _plain(slices: Callable[[], Iterator[tuple[int, Any]]]) -> Column:
    return Column(np.zeros(0, dtype=object), lambda: ((s, p.astype(object).to_numpy()) for s, p in slices()))


def _missable(slices: Callable[[], Iterator[tuple[int, Any]]]) -> Column:
    def parts() -> Iterator[tuple[int, Any]]:
        return ((s, pd.array(p.astype(object).where(p.notna(), None), dtype="string")) for s, p in slices())

    return Column(pd.array([], dtype="string"), parts)
