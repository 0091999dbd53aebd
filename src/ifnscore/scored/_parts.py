"""The small scored file of a matrix that stays in its file: values, names, annotations and scores go over part by part.

The result is what :func:`ifnscore.scored.small` makes in memory. anndata writes it without any sample; then every array that has
one entry a sample is made as long as it has to be, and filled.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ifnscore import _files, keys, sources
from ifnscore._lazy import ad, is_sparse, np, pd
from ifnscore.engine import Spilled, track
from ifnscore.loaders import Columns, Lazy, _private
from ifnscore.scored import _disk
from ifnscore.scored._arrays import ROWS, Cells, Rows, SparseRows
from ifnscore.scored._column import Column, array, as_stored, of_annotation
from ifnscore.scored._small import LABEL, Kept, kept, stored_name

#: Samples whose values and names say how large the file will be.
_FIRST = 1_000
#: Parts in which a block of sparse rows is written.
_SHARE = 4
#: Bytes of a text in HDF5 beside its letters: where it lies, and what is kept of it there.
_TEXT = 16 + 24


def write(adata: Lazy, path: Path, *, force: bool = False) -> None:
    """Write the small scored file; no more than a part of it is held.

    Parameters
    ----------
    adata
        Scored matrix on top of a file.
    path
        ``.h5ad`` or ``.zarr``.
    force
        Replace an existing output.

    Raises
    ------
    DataError
        The output exists and `force` is False, there is no room for it, or it cannot be written.
    """
    file = _File(adata)
    if path.suffix == ".h5ad":  # zarr is compressed, by how much nobody knows before
        _disk.check_room(path, file.size())
    store = _zarr if path.suffix == ".zarr" else _h5ad
    _files.write(path, partial(_write, file, store), force=force)


def _write(file: _File, store: Any, target: Path) -> None:
    with store(target, file.empty()) as (root, check):
        for _ in file.fill(root):
            check()


@contextmanager
def _h5ad(target: Path, empty: ad.AnnData) -> Iterator[Any]:
    with _disk.hdf5(target) as (root, check):
        ad.io.write_elem(root, "/", empty)
        del root["raw"]  # which is empty; anndata before 0.11 cannot read that
        yield root, check


@contextmanager
def _zarr(target: Path, empty: ad.AnnData) -> Iterator[Any]:
    import zarr

    empty.write_zarr(target)
    yield zarr.open_group(target, mode="r+", use_consolidated=False), lambda: None
    with warnings.catch_warnings():  # as anndata itself does: all that it writes is consolidated
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata", category=UserWarning)
        zarr.consolidate_metadata(target)


class _File:
    """What goes into the file."""

    def __init__(self, adata: Lazy) -> None:
        self.adata, self.n = adata, adata.n_obs
        self.kept: Kept = kept(adata)
        self.columns = np.asarray(self.kept.columns, dtype=np.intp)
        self.index = pd.Index([], dtype=object, name=adata.obs.index_name)
        obs = adata.obs
        private = _private.told([(str(c), partial(_cells, obs, c)) for c in obs.columns], LABEL)
        self.obs = {stored_name(c): of_annotation(obs, c) for c in obs.columns if c not in private}
        self.obs[keys.LIBRARY_SIZE] = Column(np.zeros(0), self._totals)
        self.first = self.kept.x.columns(self.columns, 0, min(_FIRST, self.n))

    def _totals(self) -> Iterator[tuple[int, Any]]:
        """Yield library sizes that are known; others are summed while values are read."""
        if self.kept.matrix.totals is not None:
            yield 0, self.kept.matrix.totals

    def tables(self) -> dict[str, dict[str, Any]]:
        """Return the columns of each table of ``obsm``, without cells."""
        return {k: {c: v.empty for c, v in _table(self.adata.obsm[k]).items()} for k in self.kept.obsm}

    def empty(self) -> ad.AnnData:
        """Return the file without a sample; its columns bear their names, but are of no kind yet."""
        made = ad.AnnData(X=self.first[:0], obs=self._frame(self.obs), var=self.kept.var)
        made.obsm.update({k: self._frame(columns) for k, columns in self.tables().items()})
        made.uns[keys.UNS] = self.kept.uns
        return made

    def _frame(self, columns: Iterable[str]) -> pd.DataFrame:
        return pd.DataFrame({c: np.zeros(0) for c in columns}, index=self.index)

    def size(self) -> int:
        """Return about how many bytes it takes, by the first samples."""
        names = self.adata.obs_names[:_FIRST]
        tables = [{k: c.empty for k, c in self.obs.items()}, *self.tables().values()]
        a_row: float = sum(sum(map(_width, t.values())) for t in tables)
        a_row += len(tables) * (sum(map(len, names)) / len(names) + _TEXT)
        held = self.first
        values = held.nnz * (held.dtype.itemsize + 4) / held.shape[0] + 8 if is_sparse(held) else held.nbytes / held.shape[0]
        return int(self.n * (a_row + values))

    def fill(self, root: Any) -> Iterator[None]:
        """Put everything into a file that holds no sample yet, part by part."""
        frames = [root["obs"], *(root["obsm"][k] for k in self.kept.obsm)]
        name = str(self.index.name or "_index")
        yield from self._names([Cells(f, name, self.index.to_numpy(), self.n) for f in frames])
        for column, cells in self.obs.items():
            if column != keys.LIBRARY_SIZE:
                yield from _fill(root["obs"], column, cells, self.n)
        yield from self._values(root)
        for key, frame in zip(self.kept.obsm, frames[1:], strict=True):
            yield from _fill_table(frame, self.adata.obsm[key], self.n)

    def _names(self, places: list[Cells]) -> Iterator[None]:
        for start, part in self.adata.obs_names.parts():
            for place in places:
                place.put(start, part)
                yield

    def _values(self, root: Any) -> Iterator[None]:
        """Put in the values, and the sums of samples over all genes."""
        x, matrix = self.kept.x, self.kept.matrix
        sums = matrix.totals if matrix.totals is not None else x.totals()
        sizes = Cells(root["obs"], keys.LIBRARY_SIZE, np.zeros(0), self.n)
        found: list[Any] = []
        values = (SparseRows if is_sparse(self.first) else Rows)(root, "X", self.first, self.n)
        for start, stop in track(_blocks(x), "writing", self.n, lambda b: b[1] - b[0]):
            if sums is None:
                block = x.rows(start, stop)
                found.append(np.asarray(block.sum(axis=1, dtype=np.float64)).ravel())
                values.put(start, block[:, self.columns])
            else:
                found.append(sums[start:stop])
                values.put(start, x.columns(self.columns, start, stop))
            if (waiting := sum(map(len, found))) >= ROWS or stop == self.n:
                sizes.put(stop - waiting, np.concatenate(found))
                found = []
            yield


def _blocks(x: sources.Source) -> Iterator[tuple[int, int]]:
    """Yield bounds of parts of the values; of sparse rows less at a time than for scoring, as here several copies are made."""
    if x.layout != "csr":
        return x.blocks()
    start, stop = next(iter(x.blocks()))
    return x.blocks(max(1, (stop - start) // _SHARE))


def _cells(obs: Columns, name: str) -> Iterator[pd.Series[Any]]:
    return (part for _, part in obs.slices(name))


def _table(scores: Any) -> dict[str, Column]:
    """Return the columns of a table in memory, in a file, or of scores on disk."""
    if isinstance(scores, Columns):
        return {str(c): as_stored(scores, c) for c in scores.columns}
    if isinstance(scores, Spilled):
        return {c: Column(np.zeros(0), lambda: iter(())) for c in scores.columns}
    cells = {str(c): array(scores[c]) for c in scores.columns}
    return {c: Column(v[:0], partial(_whole, v)) for c, v in cells.items()}


def _whole(cells: Any) -> Iterator[tuple[int, Any]]:
    return iter([(0, cells)])


def _fill(frame: Any, name: str, column: Column, n: int) -> Iterator[None]:
    place = Cells(frame, name, column.empty, n)
    for start, cells in column.parts():
        place.put(start, cells)
        yield


def _fill_table(frame: Any, scores: Any, n: int) -> Iterator[None]:
    """Fill a table column by column; scores on disk, which lie by rows there, all columns at a time."""
    if not isinstance(scores, Spilled):
        for name, column in _table(scores).items():
            yield from _fill(frame, name, column, n)
        return
    places = [Cells(frame, name, np.zeros(0), n) for name in scores.columns]
    for start in range(0, n, ROWS):
        for place, cells in zip(places, scores[start : start + ROWS].T, strict=True):
            place.put(start, cells)
            yield


def _width(empty: Any) -> int:
    """Return the bytes of a cell, a text counted as one of some letters."""
    if isinstance(empty, pd.Categorical):
        return int(empty.codes.dtype.itemsize)
    return int(empty.dtype.itemsize) if empty.dtype.kind in "iufb" else _TEXT
