"""The gene axis of a matrix: identifiers resolved, duplicates merged.

Duplicated genes follow one rule: counts are summed, on any other scale the row with the highest mean stands for the gene.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import genes
from ifnscore._lazy import np, sp
from ifnscore.expression import Scale

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class Row:
    """The matrix column that stands for a gene: its identifier and which of several equal ones it is."""

    identifier: str
    occurrence: int


class GeneAxis(ABC):
    """Which columns of a matrix stand for which gene.

    Parameters
    ----------
    identifiers
        Gene identifier of each column; duplicates may stand anywhere.
    scale
        Scale of the values, which decides how duplicates are merged.
    rows
        Gene key -> :class:`Row` that a reference chose, so that a new sample cannot change the choice.

    Attributes
    ----------
    universe, position
        Gene keys, and the place of each among them.
    chosen_by_mean
        Gene key -> identifier of the column that stands for it, where there were several.
    """

    def __init__(self, identifiers: Sequence[str], scale: Scale, rows: Mapping[str, Row]) -> None:
        self.identifiers = [str(i) for i in identifiers]
        self.scale = scale
        self.match = genes.match(self.identifiers)
        self.universe = list(self.match.columns)
        self.position = {key: i for i, key in enumerate(self.universe)}
        self.chosen_by_mean: dict[str, str] = {}
        self._unsettled: dict[str, list[int]] = {}
        self._made: dict[str, Any] = {}
        self._columns = self._resolve(rows)

    @property
    @abstractmethod
    def streamed(self) -> bool:
        """Whether the values are read in parts."""

    @abstractmethod
    def means(self, columns: list[int]) -> Array:
        """Return the mean of some columns over all samples."""

    def _resolve(self, rows: Mapping[str, Row]) -> list[list[int]]:
        """Return, per gene of the universe, the columns that are summed (one, except for counts)."""
        resolved = []
        for key, columns in self.match.columns.items():
            if len(columns) == 1 or self.scale == "counts":
                resolved.append(columns)
                continue
            kept = self._stated(columns, rows.get(key))
            if kept is None and self.streamed:
                self._unsettled[key] = columns
                kept = columns[0]
            elif kept is None:
                kept = self._highest(columns, self.means(columns))
            self.chosen_by_mean[key] = self.identifiers[kept]
            resolved.append([kept])
        return resolved

    def settle(self, keys: Iterable[str] | None = None) -> None:
        """Choose the rows that stand for some genes of a streamed matrix, or for all, in one pass where there is a choice.

        Until then the first one stands for each.
        """
        keys = list(self._unsettled) if keys is None else [k for k in dict.fromkeys(keys) if k in self._unsettled]
        if not keys:
            return
        means = self.means([c for k in keys for c in self._unsettled[k]])
        for key in keys:
            columns = self._unsettled.pop(key)
            own, means = means[: len(columns)], means[len(columns) :]
            kept = self._highest(columns, own)
            self.chosen_by_mean[key] = self.identifiers[kept]
            self._columns[self.position[key]] = [kept]
        self._made.clear()

    def _stated(self, columns: list[int], row: Row | None) -> int | None:
        """Return the column that a reference chose, or None."""
        if row is None:
            return None
        same = [c for c in columns if self.identifiers[c] == row.identifier]
        return same[row.occurrence] if row.occurrence < len(same) else None

    def _highest(self, columns: list[int], means: Array) -> int:
        means = -means if self.scale == "ct" else means
        return columns[int(np.nanargmax(means))] if np.isfinite(means).any() else columns[0]

    def rows_of(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the column that stands for each gene, for a reference to keep."""
        kept = {}
        for key in keys:
            column = self._columns[self.position[key]][0]
            name = self.identifiers[column]
            before = [c for c in self.match.columns[key] if c < column and self.identifiers[c] == name]
            kept[key] = Row(name, len(before))
        return kept

    @property
    def several(self) -> bool:
        """Whether a gene stands in more than one column."""
        return len(self.universe) < len(self.identifiers)

    def merger(self) -> Any:
        """Return what makes genes of columns, made once: the column of each gene, or for counts a matrix that adds columns up."""
        if "merger" not in self._made:
            if self.scale == "counts":
                target = np.repeat(np.arange(len(self._columns)), [len(c) for c in self._columns])
                source = np.concatenate(self._columns)
                shape = (len(self.identifiers), len(self._columns))
                self._made["merger"] = sp.csr_matrix((np.ones(len(source)), (source, target)), shape=shape)
            else:
                self._made["merger"] = np.array([c[0] for c in self._columns], dtype=np.intp)
        return self._made["merger"]

    def columns_of(self, keys: Sequence[str]) -> tuple[Array, Any]:
        """Return the stored columns of some genes, and the matrix that adds up those of one gene, or None if each has one."""
        parts = [self._columns[self.position[k]] for k in keys]
        flat = np.array([c for p in parts for c in p], dtype=np.intp)
        if len(flat) == len(parts):
            return flat, None
        to = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
        return flat, sp.csr_matrix((np.ones(len(flat)), (np.arange(len(flat)), to)), shape=(len(flat), len(parts)))
