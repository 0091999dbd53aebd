"""A matrix seen as samples by genes: identifiers resolved, duplicates merged, chunks of rows on demand.

Only the columns that are asked for are ever made dense. Duplicated genes follow one rule: counts are summed, on any
other scale the row with the highest mean stands for the gene.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import genes
from ifnscore._lazy import is_sparse, np, sp
from ifnscore.errors import DataError, listing
from ifnscore.expression import Scale
from ifnscore.sources import Source

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Rows of a dense matrix handled at a time when nothing else is asked for: under 200 MB of a genome-wide one.
CHUNK = 1_000
#: Stored values of a sparse matrix handled at a time, and rows at most.
VALUES, ROWS = 8_000_000, 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """The matrix column that stands for a gene: its identifier and which of several equal ones it is."""

    identifier: str
    occurrence: int


def canonical(x: Any) -> Any:
    """Return `x` dense, CSR or CSC, each sparse entry stored once; the input is never changed. A source stays what it is."""
    if isinstance(x, Source):
        return x
    if not is_sparse(x):
        return np.asarray(x)
    x = x if x.format in {"csr", "csc"} else x.tocsr()
    if not x.has_canonical_format:
        x = x.copy()
        x.sum_duplicates()
    return x


def _view(x: Any, start: int, stop: int) -> Any:
    """Return consecutive rows of a CSR matrix without copying a value."""
    bounds = x.indptr[start : stop + 1]
    a, z = int(bounds[0]), int(bounds[-1])
    made = sp.csr_matrix((x.data[a:z], x.indices[a:z], bounds - a), shape=(stop - start, x.shape[1]), copy=False)
    made.has_sorted_indices = made.has_canonical_format = True
    return made


def _bounds(samples: slice | Array, n: int) -> tuple[int, int]:
    """Return the first sample and the one behind the last."""
    if isinstance(samples, slice):
        start, stop, _ = samples.indices(n)
        return start, stop
    return (int(np.min(samples)), int(np.max(samples)) + 1) if len(samples) else (0, 0)


class Matrix:
    """Expression values with a gene axis.

    Parameters
    ----------
    x
        Matrix of shape (n_samples, n_columns), dense, scipy sparse or a :class:`~ifnscore.sources.Source`; never changed.
    identifiers
        Gene identifier of each column; duplicates may stand anywhere.
    samples
        Sample names, for messages.
    scale
        Scale of the values, which decides how duplicates are merged.
    rows
        Gene key -> :class:`Row` that a reference chose, so that a new sample cannot change the choice.
    totals
        Library sizes of shape (n_samples,) of the whole matrix, where `x` holds only some of its genes.
    """

    def __init__(
        self,
        x: Any,
        identifiers: Sequence[str],
        samples: Sequence[str],
        scale: Scale,
        rows: Mapping[str, Row] | None = None,
        totals: Array | None = None,
    ) -> None:
        self.x = canonical(x)
        self.identifiers = [str(i) for i in identifiers]
        self.samples = samples
        self.scale = scale
        self.totals = totals
        self._held: tuple[int, int, Any] | None = None
        self._left_out: list[int] = []
        self.match = genes.match(self.identifiers)
        self.universe = list(self.match.columns)
        self.position = {key: i for i, key in enumerate(self.universe)}
        self.chosen_by_mean: dict[str, str] = {}
        self._columns = self._resolve(rows or {})

    @property
    def complete(self) -> bool:
        """Whether all genes of the original matrix are here, so that ranks mean something."""
        return self.totals is None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.x.shape[0])

    def _resolve(self, rows: Mapping[str, Row]) -> list[list[int]]:
        """Return, per gene of the universe, the columns that are summed (one, except for counts)."""
        resolved = []
        for key, columns in self.match.columns.items():
            if len(columns) == 1 or self.scale == "counts":
                resolved.append(columns)
                continue
            kept = self._kept(columns, rows.get(key))
            self.chosen_by_mean[key] = self.identifiers[kept]
            resolved.append([kept])
        return resolved

    def _kept(self, columns: list[int], row: Row | None) -> int:
        if row is not None:
            same = [c for c in columns if self.identifiers[c] == row.identifier]
            if row.occurrence < len(same):
                return same[row.occurrence]
        means = self._means(columns)
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
    def streamed(self) -> bool:
        """Whether the values are read in parts."""
        return isinstance(self.x, Source)

    @property
    def n_stored(self) -> int:
        """Number of values that a pass over the matrix meets; for a source as if it were dense."""
        return int(self.x.nnz) if is_sparse(self.x) else int(self.x.shape[0] * self.x.shape[1])

    def chunks(self, size: int | None = None) -> Iterator[slice]:
        """Yield slices over the samples."""
        if isinstance(self.x, Source):
            for start, stop in self.x.blocks(size):
                yield slice(start, stop)
            return
        step = size or CHUNK
        if size is None and is_sparse(self.x):
            step = min(ROWS, max(CHUNK, VALUES * self.n_samples // max(self.n_stored, 1)))
        for start in range(0, self.n_samples, step):
            yield slice(start, min(start + step, self.n_samples))

    def part(self, samples: slice) -> Matrix:
        """Return some consecutive samples as a matrix in memory that shares the genes of this one."""
        made = copy.copy(self)
        made.x = self._rows(samples)
        made.samples = self.samples[samples.start : samples.stop]
        made.totals = self.totals[samples] if self.totals is not None else None
        return made

    def by_rows(self) -> None:
        """Make sure that rows are cheap: a CSC matrix is turned once."""
        if isinstance(self.x, Source):
            self.x = self.x.by_rows()
        elif is_sparse(self.x) and self.x.format == "csc":
            self.x = self.x.tocsr()

    def taken(self, samples: slice | Array) -> Any:
        """Return some rows, all columns as they are stored."""
        return self._rows(samples)

    @property
    def sums_are_totals(self) -> bool:
        """Whether the sum over a stored row is the library size."""
        return self.totals is None and not self._left_out

    def columns_of(self, keys: Sequence[str]) -> tuple[Array, Any]:
        """Return the stored columns of some genes, and the matrix that adds up those of one gene, or None if each has one."""
        parts = [self._columns[self.position[k]] for k in keys]
        flat = np.array([c for p in parts for c in p], dtype=np.intp)
        if len(flat) == len(parts):
            return flat, None
        to = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
        return flat, sp.csr_matrix((np.ones(len(flat)), (np.arange(len(flat)), to)), shape=(len(flat), len(parts)))

    def _rows(self, samples: slice | Array) -> Any:
        """Return some rows, all columns."""
        if isinstance(self.x, Source):
            return self._read(samples)
        if isinstance(samples, slice) and is_sparse(self.x) and self.x.format == "csr":
            start, stop, _ = samples.indices(self.n_samples)
            if (start, stop) == (0, self.n_samples):
                return self.x
            return _view(self.x, start, stop)
        return self.x[samples]

    def _read(self, samples: slice | Array) -> Any:
        """Return some rows of the source; what was read last is kept, because every method of a call asks for it."""
        start, stop = _bounds(samples, self.n_samples)
        if self._held is None or not (self._held[0] <= start and stop <= self._held[1]):
            self._held = None
            self._held = (start, stop, self.x.rows(start, stop))
        first, _, rows = self._held
        if isinstance(samples, slice):
            whole = (start, stop) == self._held[:2]
            return rows if whole else rows[start - first : stop - first]
        return rows[np.asarray(samples) - first]

    def _means(self, columns: list[int]) -> Array:
        """Return the mean of some columns over all samples."""
        if not isinstance(self.x, Source):
            return np.asarray(self.x[:, columns].mean(axis=0)).ravel()
        total = np.zeros(len(columns))
        for part in self.chunks():
            block = self.x.columns(np.asarray(columns), part.start, part.stop)
            total += np.asarray(block.sum(axis=0, dtype=np.float64)).ravel()
        return total / self.n_samples

    def values(self, keys: Sequence[str], samples: slice | Array = slice(None)) -> Array:
        """Return the values of some genes, dense float64 of shape (n_samples, len(keys))."""
        parts = [self._columns[self.position[k]] for k in keys]
        flat = [c for p in parts for c in p]
        block = self._dense(flat, samples)
        if len(flat) == len(parts):
            return block
        starts = np.cumsum([0, *(len(p) for p in parts)])[:-1]
        return np.add.reduceat(block, starts, axis=1)

    def _dense(self, columns: list[int], samples: slice | Array) -> Array:
        if not columns:
            return np.zeros((len(np.arange(self.n_samples)[samples]), 0))
        if isinstance(self.x, Source) and self.x.layout == "csc" and self._held is None:
            start, stop = _bounds(samples, self.n_samples)
            cut = self.x.columns(np.asarray(columns), start, stop)
            cut = cut if isinstance(samples, slice) else cut[np.asarray(samples) - start]
        elif is_sparse(self.x) and self.x.format == "csc":
            cut = self.x[:, columns][samples]
        else:
            cut = self._rows(samples)[:, columns]
        return np.asarray(cut.toarray() if is_sparse(cut) else cut, dtype=np.float64)

    def whole_rows(self, samples: slice | Array) -> Any:
        """Return all genes of some samples: CSR if the matrix is sparse, else dense; more is more expression."""
        rows = self._rows(samples)
        rows = rows.tocsr() if is_sparse(rows) else np.asarray(rows)
        if self.match.duplicated:
            first = [c[0] for c in self._columns]
            rows = self._summed(rows) if self.scale == "counts" else rows[:, first]
            if is_sparse(rows):
                rows.sort_indices()
        return -rows if self.scale == "ct" else rows

    def _summed(self, rows: Any) -> Any:
        target = np.concatenate([np.full(len(c), i) for i, c in enumerate(self._columns)])
        source = np.concatenate(self._columns)
        adder = sp.csr_matrix((np.ones(len(source)), (source, target)), shape=(rows.shape[1], len(self._columns)))
        return (rows @ adder).tocsr() if is_sparse(rows) else np.asarray(rows @ adder)

    def library_size(self, samples: slice | Array = slice(None)) -> Array:
        """Return the total of each sample over all genes, shape (n_samples,)."""
        if self.totals is not None:
            return self.totals[samples]
        rows = self._rows(samples)
        if self._left_out:
            kept = np.setdiff1d(np.arange(rows.shape[1]), self._left_out)
            rows = rows[:, kept]
        return np.asarray(rows.sum(axis=1, dtype=np.float64)).ravel()

    def leave_out(self, keys: Iterable[str]) -> None:
        """Keep some genes out of the library sizes, for all samples alike."""
        self._left_out = [c for k in keys for c in self.match.columns.get(k, [])]

    def empty(self) -> Array:
        """Return which samples hold no expression at all, shape (n_samples,); never for Ct and log2 values."""
        if self.scale in {"ct", "log2"}:
            return np.zeros(self.n_samples, dtype=bool)
        return np.concatenate([self.library_size(part) == 0 for part in self.chunks()])

    def gene_means(self) -> Array:
        """Return the mean of every gene of the universe over the samples, shape (n_genes,)."""
        means = self._means(list(range(self.x.shape[1])))
        return np.array([means[c].sum() for c in self._columns])

    def detected(self) -> float:
        """Return the median share of genes above zero over the samples."""
        n = self.x.shape[1]
        if is_sparse(self.x) and self.x.format == "csr":
            per_sample = np.diff(self.x.indptr)
        elif is_sparse(self.x):
            per_sample = np.bincount(self.x.indices, minlength=self.n_samples)
        else:
            per_sample = np.concatenate([self._detected(c) for c in self._first_chunks()])
        return float(np.median(per_sample)) / n

    def _first_chunks(self) -> Iterator[slice]:
        """Yield all chunks, but of a source only the first: enough for a share that only chooses a method."""
        chunks = self.chunks()
        return itertools.islice(chunks, 1) if isinstance(self.x, Source) else chunks

    def _detected(self, samples: slice) -> Array:
        rows = self._rows(samples)
        return np.asarray((rows > 0).sum(axis=1)).ravel()

    def check_finite(self, keys: Sequence[str], signature_genes: Sequence[str]) -> None:
        """Refuse NaN or infinity in the given genes, some of which belong to signatures.

        Raises
        ------
        DataError
            Names the first genes and a sample.
        """
        bad = self.not_finite(keys)
        if bad:
            gene, sample, value = bad[0]
            others = listing(dict.fromkeys(g for g, _, _ in bad))
            msg = (
                f"{value} in {'signature ' if gene in signature_genes else ''}gene {gene}, sample {sample} (affected: {others}): "
                "fill or remove it, or let the gene be dropped for all samples with --allow-missing"
            )
            raise DataError(msg)

    def not_finite(self, keys: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return (gene, sample, value) of the first missing or infinite value of each given gene."""
        found = []
        seen: set[str] = set()
        for part in self.chunks():
            block = self.values(keys, part)
            for row, column in zip(*np.nonzero(~np.isfinite(block)), strict=True):
                if keys[column] not in seen:
                    seen.add(keys[column])
                    found.append((keys[column], str(self.samples[part.start + row]), str(block[row, column])))
        return found
