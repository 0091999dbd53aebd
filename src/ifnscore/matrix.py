"""A matrix seen as samples by genes: identifiers resolved, duplicates merged, chunks of rows on demand.

Only the columns that are asked for are ever made dense. Duplicated genes follow one rule: counts are summed, on any
other scale the row with the highest mean stands for the gene.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.axis import GeneAxis, Row
from ifnscore.errors import DataError, listing
from ifnscore.expression import Scale
from ifnscore.sources import Source, _passes

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Rows of a dense matrix handled at a time when nothing else is asked for: under 200 MB of a genome-wide one.
CHUNK = 1_000
#: Stored values of a sparse matrix handled at a time, and rows at most.
VALUES, ROWS = 8_000_000, 20_000


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


def _bounds(samples: slice | Array, n: int) -> tuple[int, int]:
    """Return the first sample and the one behind the last."""
    if isinstance(samples, slice):
        start, stop, _ = samples.indices(n)
        return start, stop
    return (int(np.min(samples)), int(np.max(samples)) + 1) if len(samples) else (0, 0)


class Matrix(GeneAxis):
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
        self.samples = samples
        self.totals = totals
        self._held: tuple[int, int, Any] | None = None
        self._empty: Array | None = None
        self._sums: Callable[[], Array] | None = None
        self._whole_sums: Array | None = None
        self._left_out: list[int] = []
        super().__init__(identifiers, scale, rows or {})

    @property
    def complete(self) -> bool:
        """Whether all genes of the original matrix are here, so that ranks mean something."""
        return self.totals is None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.x.shape[0])

    @property
    def streamed(self) -> bool:
        """Whether the values are read in parts."""
        return isinstance(self.x, Source)

    @property
    def n_stored(self) -> int | None:
        """Number of stored values of a sparse matrix in memory, else None."""
        return int(self.x.nnz) if is_sparse(self.x) else None

    def chunks(self, size: int | None = None) -> Iterator[slice]:
        """Yield slices over the samples."""
        if isinstance(self.x, Source):
            for start, stop in self.x.blocks(size):
                yield slice(start, stop)
            return
        step = size or CHUNK
        if size is None and is_sparse(self.x):
            step = min(ROWS, max(CHUNK, VALUES * self.n_samples // max(self.x.nnz, 1)))
        for start in range(0, self.n_samples, step):
            yield slice(start, min(start + step, self.n_samples))

    def part(self, samples: slice, keys: Sequence[str] | None = None) -> Matrix:
        """Return some consecutive samples as a matrix in memory that shares the genes of this one.

        Parameters
        ----------
        samples
            Which ones.
        keys
            The only genes that are needed: where columns are cheaper than rows, no others are read.
        """
        made = copy.copy(self)
        made._held = made._empty = None
        made.samples = self.samples[samples.start : samples.stop]
        made.totals = self.totals[samples] if self.totals is not None else None
        if keys is None or not self.columns_are_cheap:
            made.x = self._rows(samples)
            return made
        flat = sorted({c for k in keys for c in self._columns[self.position[k]]})
        place = {c: i for i, c in enumerate(flat)}
        made.x = self.x.columns(np.array(flat, dtype=np.intp), samples.start, samples.stop)
        made.identifiers = [self.identifiers[c] for c in flat]
        made._columns = [[place[c] for c in columns if c in place] for columns in self._columns]
        made._sums = lambda: self._row_sums()[samples]
        if self.scale == "counts" and self.totals is None:
            made.totals = made._sums()
        return made

    @property
    def columns_are_cheap(self) -> bool:
        """Whether a few genes of a streamed matrix can be read without the others."""
        return isinstance(self.x, Source) and self.x.layout == "csc" and not self._left_out

    def _row_sums(self) -> Array:
        """Return the sum of each row of the source, shape (n_samples,), read once."""
        if self._whole_sums is None:
            sums = self.x.totals()
            if sums is None:
                blocks = (self.x.rows(c.start, c.stop) for c in self.chunks())
                sums = np.concatenate([np.ravel(block.sum(axis=1, dtype=np.float64)) for block in blocks])
            self._whole_sums = np.asarray(sums, dtype=np.float64)
        return self._whole_sums

    def gather(self, keys: Sequence[str], index: Array) -> tuple[Array, Array]:
        """Return values of some genes, shape (len(index), len(keys)), and for counts totals of some samples, in one partial pass.

        Parameters
        ----------
        keys
            Genes.
        index
            Samples, growing.
        """
        if not self.streamed:
            return self.values(keys, index), self.library_size(index) if self.scale == "counts" else np.zeros(0)
        index = np.asarray(index)
        values, sizes = np.zeros((len(index), len(keys))), np.zeros(len(index))
        for chunk in self.chunks():
            first, last = np.searchsorted(index, [chunk.start, chunk.stop])
            if first == last:
                continue
            start, stop = int(index[first]), int(index[last - 1]) + 1
            part = self.part(slice(start, stop), keys)
            values[first:last] = part.values(keys, index[first:last] - start)
            if self.scale == "counts":
                sizes[first:last] = part.library_size(index[first:last] - start)
        return values, sizes

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

    def means(self, columns: list[int]) -> Array:
        """Return the mean of some columns over all samples."""
        if not isinstance(self.x, Source):
            return np.asarray(self.x[:, columns].mean(axis=0)).ravel()
        total = np.zeros(len(columns))
        for part in self.chunks():
            block = self.x.columns(np.asarray(columns), part.start, part.stop)
            total += np.asarray(block.sum(axis=0, dtype=np.float64)).ravel()
        return total / self.n_samples

    def _rows(self, samples: slice | Array) -> Any:
        """Return some rows, all columns."""
        if isinstance(self.x, Source):
            return self._read(samples)
        if isinstance(samples, slice) and is_sparse(self.x) and self.x.format == "csr":
            start, stop, _ = samples.indices(self.n_samples)
            if (start, stop) == (0, self.n_samples):
                return self.x
            return _passes.view(self.x, start, stop)
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
        rows: Any = self._rows(samples)
        rows = rows.tocsr() if is_sparse(rows) else np.asarray(rows)
        if self.several:
            merger = self.merger()
            rows = rows @ merger if is_sparse(merger) else rows[:, merger]
            rows = rows.tocsr() if is_sparse(rows) else np.asarray(rows)
            if is_sparse(rows):
                rows.sort_indices()
        return -rows if self.scale == "ct" else rows

    def library_size(self, samples: slice | Array = slice(None)) -> Array:
        """Return the total of each sample over all genes, shape (n_samples,)."""
        if self.totals is not None:
            return self.totals[samples]
        if self.streamed and isinstance(samples, slice) and samples == slice(None):
            return np.concatenate([self.library_size(part) for part in self.chunks()])
        rows = self._rows(samples)
        if self._left_out:
            kept = np.setdiff1d(np.arange(rows.shape[1]), self._left_out)
            rows = rows[:, kept]
        return np.asarray(rows.sum(axis=1, dtype=np.float64)).ravel()

    def leave_out(self, keys: Iterable[str]) -> None:
        """Keep some genes out of the library sizes, for all samples alike."""
        self._left_out = [c for k in keys for c in self.match.columns.get(k, [])]
        self._empty = None

    def empty(self) -> Array:
        """Return which samples hold no expression at all, shape (n_samples,); never for Ct and log2 values."""
        if self._empty is None:
            if self.scale in {"ct", "log2"}:
                self._empty = np.zeros(self.n_samples, dtype=bool)
            else:
                self._empty = np.concatenate([self._without(part) for part in self.chunks()])
        return self._empty

    def _without(self, samples: slice) -> Array:
        """Return which of some samples hold no expression."""
        if self.totals is not None:
            return self.totals[samples] == 0
        if self._sums is not None:
            maybe = _passes.maybe_empty(self._rows(samples))
            return maybe & (self._sums()[samples] == 0) if maybe.any() else maybe
        if self._left_out:
            return self.library_size(samples) == 0
        rows = self._rows(samples)
        maybe = _passes.maybe_empty(rows)
        at = np.flatnonzero(maybe)
        if len(at):
            maybe[at] = np.asarray(rows[at].sum(axis=1, dtype=np.float64)).ravel() == 0
        return maybe

    def gene_means(self) -> Array:
        """Return the mean of every gene of the universe over the samples, shape (n_genes,)."""
        means = self.means(list(range(self.x.shape[1])))
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
        found: dict[str, tuple[int, int, str]] = {}
        place = {k: i for i, k in enumerate(keys)}
        of = {c: k for k in keys for c in self._columns[self.position[k]]}
        columns = np.array(sorted(of), dtype=np.intp)
        for part in self.chunks():
            for row, column in _passes.not_finite(self._rows(part), columns):
                key, sample = of[column], part.start + row
                if key not in found:
                    value = self.values([key], slice(sample, sample + 1))[0, 0]
                    found[key] = (sample, place[key], str(value))
        first = sorted(found.items(), key=lambda f: f[1])
        return [(key, str(self.samples[sample]), value) for key, (sample, _, value) in first]


__all__ = ["CHUNK", "ROWS", "VALUES", "Matrix", "Row", "canonical"]
