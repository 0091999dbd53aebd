"""Names and annotations of millions of samples, read from HDF5 or zarr a slice at a time.

A column with few different words is kept as codes; nothing is kept of one that nobody asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError
from ifnscore.loaders import _column
from ifnscore.sources._where import Where

#: Cells of a column, or names, read at a time.
STEP = 50_000


class Words:
    """Text in a file, one a sample: a dataset, or the group of one that can miss values.

    Parameters
    ----------
    node
        Of HDF5 or zarr.
    where
        For messages.
    """

    def __init__(self, node: Any, where: Where) -> None:
        self.missing = node["mask"] if _is_group(node) else None
        self.node, self.where = node["values"] if _is_group(node) else node, where
        self._kept: tuple[int, Any] | None = None

    def __len__(self) -> int:
        return int(self.node.shape[0])

    def read(self, start: int, stop: int) -> Any:
        """Return some cells as an object array of text, NaN where one is missing."""
        with self.where.reading():
            text = self._text(start, stop) if hasattr(self.node, "asstr") else self._from_chunks(start, stop)
            kind = getattr(text.dtype, "kind", "O")
            cells = text.astype(str if kind in "iufb" else object).astype(object)
            if self.missing is not None:
                cells[np.asarray(self.missing[start:stop], dtype=bool)] = np.nan
            return cells

    def _text(self, start: int, stop: int) -> Any:
        """Return some cells of HDF5."""
        return np.asarray((self.node.asstr() if self.node.dtype.kind in "OS" else self.node)[start:stop])

    def _from_chunks(self, start: int, stop: int) -> Any:
        """Return some cells of zarr, whose chunks are long: the last one is kept as it was decoded, for the next cells."""
        size, parts = max(int(self.node.chunks[0]), 1), []
        for low in range(start - start % size, stop, size):
            if self._kept is None or self._kept[0] != low:
                self._kept = None
                self._kept = (low, np.asarray(self.node[low : low + size]))
            parts.append(self._kept[1][max(start - low, 0) : stop - low])
        return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else np.asarray(self.node[:0])


class Names(Sequence[str]):
    """Names of samples in a file; a slice of them is not read before it is looked at."""

    def __init__(self, words: Words, start: int = 0, stop: int | None = None) -> None:
        self.words, self.start, self.stop = words, start, len(words) if stop is None else stop
        self._unique: bool | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Names: ...
    def __getitem__(self, at: int | slice) -> str | Names:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return Names(self.words, self.start + start, self.start + max(start, stop))
        at = at if at >= 0 else len(self) + at
        return str(self.words.read(self.start + at, self.start + at + 1)[0])

    def __iter__(self) -> Iterator[str]:
        for _, part in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[int, Any]]:
        """Yield the names in order, as object arrays of text, each with the place of its first one."""
        for start in range(self.start, self.stop, STEP):
            yield start - self.start, self.words.read(start, min(start + STEP, self.stop))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:  # noqa: FBT001
        return np.concatenate([part for _, part in self.parts()] or [np.zeros(0, dtype=object)])

    def astype(self, _: type) -> Any:
        """Return all names as an index."""
        return pd.Index(np.asarray(self))

    @property
    def is_unique(self) -> bool:
        """Whether each name stands once."""
        if self._unique is None:
            self._unique = not self.repeated()
        return self._unique

    def repeated(self) -> list[str]:
        """Return names that stand more than once; 8 bytes a name are held while they are compared."""
        codes = np.empty(len(self), dtype=np.uint64)
        for start, part in self.parts():
            codes[start : start + len(part)] = pd.util.hash_array(part)
        codes.sort()
        twice = np.unique(codes[1:][codes[1:] == codes[:-1]])
        del codes
        if not len(twice):
            return []
        suspects = [n for _, part in self.parts() for n in part[np.isin(pd.util.hash_array(part), twice)]]
        counts = pd.Series(suspects, dtype=object).value_counts(sort=False)
        return [str(n) for n in counts.index[counts > 1]]


class Columns:
    """Annotations of samples, column by column; only those that were asked for are held.

    Parameters
    ----------
    group
        A data frame of anndata in HDF5 or zarr.
    names
        Names of the samples.
    where
        For messages.
    """

    def __init__(self, group: Any, names: Names, where: Where) -> None:
        self.group, self.names, self.where = group, names, where
        with where.reading():
            self._stored = [str(c) for c in group.attrs["column-order"]]
        self._held: dict[str, Any] = {}
        self._extra: list[str] = []

    @property
    def columns(self) -> Any:
        """Names of the columns."""
        return pd.Index([*(c for c in self._stored if c not in self._extra), *self._extra], dtype=object)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, wanted: str | Iterable[str]) -> Any:
        """Return a column as a series, or some columns as a table, without names of samples."""
        if not isinstance(wanted, str):
            return pd.DataFrame({c: self[c] for c in wanted}, index=pd.RangeIndex(len(self)))
        if wanted not in self._held:
            self._held[wanted] = self._read(wanted)
        return self._held[wanted]

    def add(self, table: pd.DataFrame) -> None:
        """Join columns, one row a sample in their order; they replace those of the same name."""
        for name in table.columns:
            self._held[str(name)] = table[name].set_axis(pd.RangeIndex(len(self)))
            self._extra = [c for c in self._extra if c != name] + [str(name)]

    @property
    def index_name(self) -> str | None:
        """Name of the index, None if it has none."""
        name = str(self.group.attrs["_index"])
        return None if name == "_index" else name

    def is_text(self, name: str) -> bool:
        """Whether a column stands in the file as text, and was not replaced."""
        return name not in self._held and _is_text(self.group[name])

    def slices(self, name: str) -> Iterator[tuple[int, Any]]:
        """Yield the cells of a column in order, each part with the place of its first cell; nothing is held."""
        read = self._reader(name)
        whole: Any = None if read is not None else self._held[name] if name in self._held else self._read(name)
        for start in range(0, len(self), STEP):
            if read is None:
                yield start, whole.iloc[start : start + STEP]
                continue
            with self.where.reading():
                cells = read(start, min(start + STEP, len(self)))
            yield start, pd.Series(cells, dtype=getattr(cells, "dtype", None))

    def _reader(self, name: str) -> _column.Reader | None:
        """Return what reads slices of a column; None where it is held, or of a kind that is read whole."""
        if name in self._held:
            return None
        if _is_text(self.group[name]):
            return Words(self.group[name], self.where).read
        with self.where.reading():
            return _column.reader(self.group[name], len(self))

    def part(self, start: int, stop: int) -> pd.DataFrame:
        """Return some rows of all columns, without names of samples; nothing is held."""
        found = {}
        for name in self.columns:
            read = self._reader(name)
            found[name] = self[name].iloc[start:stop].array if read is None else read(start, stop)
        return pd.DataFrame(found, index=pd.RangeIndex(stop - start))

    def to_memory(self) -> pd.DataFrame:
        """Return all columns as a DataFrame with the names of the samples."""
        found = {c: self._held[c] if c in self._held else self._read(c) for c in self.columns}
        return pd.DataFrame(found, index=pd.RangeIndex(len(self))).set_axis(self.names.astype(str))

    def _read(self, name: str) -> pd.Series[Any]:
        node = self.group[name]
        if _is_text(node):
            return self._text(Words(node, self.where), name)
        with self.where.reading():
            found = pd.Series(ad.io.read_elem(node), name=name)
        if len(found) != len(self):
            msg = f"{self.where.file}: the column obs/{name} has {len(found)} cells for {len(self)} samples: copy it again"
            raise DataError(msg)
        return found

    def _text(self, words: Words, name: str) -> pd.Series[Any]:
        """Return a column of text as codes and categories."""
        known: dict[str, int] = {}
        codes = np.full(len(self), -1, dtype=np.int32)
        for start in range(0, len(self), STEP):
            own, kinds = pd.factorize(words.read(start, min(start + STEP, len(self))))
            to = np.array([*(known.setdefault(str(k), len(known)) for k in kinds), -1], dtype=np.int32)
            codes[start : start + len(own)] = to[own]
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(list(known))), name=name)


def _is_group(node: Any) -> bool:
    return not hasattr(node, "shape")


def _is_text(node: Any) -> bool:
    return str(dict(node.attrs).get("encoding-type", "")) in {"string-array", "nullable-string-array"}
