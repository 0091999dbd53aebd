"""Table to AnnData: which axis holds the genes, which column names them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from ifnscore import genes, identify
from ifnscore._lazy import ad, np
from ifnscore.errors import DataError, listing, say, warn
from ifnscore.loaders import _cells
from ifnscore.loaders._model import Orientation, Table
from ifnscore.loaders._sniff import NUMBER

#: How many times more evidence one axis needs before the genes are taken to lie there.
_DOMINANCE = 4.0
#: Footer rows of htseq-count before version 0.6, which had no leading underscores.
_OLD_FOOTERS = frozenset(("no_feature", "ambiguous", "too_low_aQual", "not_aligned", "alignment_not_unique"))


@dataclass(frozen=True, slots=True)
class _Axis:
    """How many names of an axis are known genes, and how many names there are."""

    known: int
    total: int

    @property
    def evidence(self) -> float:
        """Known genes weighted by their share, so that 20 sample numbers that happen to be Entrez ids do not count."""
        return self.known * self.known / max(1, self.total)


@contextmanager
def quiet_names() -> Iterator[None]:
    """Silence anndata's remark that names are not unique: genes may be, and samples are checked by us."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*names are not unique", category=UserWarning)
        yield


def to_anndata(
    table: Table, orientation: Orientation | None = None, symbol_column: str | None = None
) -> tuple[ad.AnnData, Orientation]:
    """Turn a table into an AnnData of samples by genes.

    Parameters
    ----------
    table
        Cells as they stand in the file.
    orientation
        Where the genes lie; None means where most known gene identifiers are.
    symbol_column
        Column that holds the gene identifiers, for genes in rows; None means the one with most known genes.

    Returns
    -------
    AnnData
        Dense, float64, or int64 where all values are whole numbers; describing columns in ``var`` or ``obs``.
    Orientation
        Where the genes were.
    """
    table, values = _cells.numeric_columns(table)
    if symbol_column is not None:
        orientation = orientation or "genes_in_rows"
    taken = set(values)
    describing = [j for j in range(len(table.header)) if j not in taken]
    orientation = orientation or table.orientation
    column = 0
    if orientation is None:
        column, rows = _best(table, describing)
        columns = _Axis(identify.known([table.header[j] for j in values]), len(values))
        orientation = _decide(table, rows, columns, values)
        shown = "rows" if orientation == "genes_in_rows" else "columns"
        known = rows if orientation == "genes_in_rows" else columns
        say(f"{table.label}: genes lie in the {shown} ({known.known} of {known.total} identifiers recognised)")
    elif orientation == "genes_in_rows" and symbol_column is None:
        column, _ = _best(table, describing)
    if orientation == "samples_in_rows":
        table, values = _without_summaries(table, values, 0)
        _say_described(table, describing, 0)
        return _samples_in_rows(table, values, describing), orientation
    if symbol_column is not None:
        column = _named(table, describing, symbol_column)
    table, values = _without_summaries(table, values, column)
    _say_described(table, describing, column)
    return _genes_in_rows(table, values, describing, column), orientation


def _without_summaries(table: Table, values: list[int], column: int) -> tuple[Table, list[int]]:
    """Leave out rows and columns that summarise the others, such as Total or Mean and SD, and say which."""
    columns = {values[i] for i in _cells.summaries([table.header[j] for j in values])}
    rows = {i for j in {0, column} for i in _cells.summaries(identify.names(table.frame[j]))}
    first = identify.names(table.frame[0])
    named = (("rows", [first[i] or "no name" for i in sorted(rows)]), ("columns", [table.header[j] for j in sorted(columns)]))
    for what, left_out in named:
        if left_out:
            warn(f"{table.label}: {what} that summarise the others left out: {listing([repr(n) for n in left_out], 8)}")
    if rows:
        frame = table.frame.drop(index=table.frame.index[sorted(rows)]).reset_index(drop=True)
        table = Table(table.label, table.header, frame, table.orientation)
    return table, [j for j in values if j not in columns]


def _say_described(table: Table, describing: list[int], column: int) -> None:
    kept = [repr(table.header[j] or "id") for j in describing if j != column]
    if kept:
        say(f"{table.label}: columns that are not expression values, kept as annotations: {listing(kept, 8)}")


def _best(table: Table, describing: list[int]) -> tuple[int, _Axis]:
    """Return the describing column with most known genes, the first one on a tie."""
    candidates = [j for j in describing if j == 0 or identify.may_name_genes(table.header[j], table.frame[j].dtype.kind)]
    if candidates == [0] and table.orientation is not None:
        return 0, _Axis(0, 0)
    counts = {j: _known(table, j) for j in candidates}
    best = max(candidates, key=lambda j: (counts[j], -j))
    if best != 0:
        name, first = table.header[best], table.header[0] or "first"
        say(
            f"{table.label}: genes are named by column {name!r} ({counts[best]} identifiers recognised; "
            f"{counts[0]} in the {first!r} column)"
        )
    return best, _Axis(counts[best], len(table.frame))


def _known(table: Table, j: int) -> int:
    names = identify.names(table.frame[j])
    return identify.known_in(table.header[j], names) if j else identify.known(names)


def _decide(table: Table, rows: _Axis, columns: _Axis, values: list[int]) -> Orientation:
    if not rows.known and not columns.known:
        row_names = [name for name in identify.names(table.frame[0]) if name]
        candidates = row_names if len(row_names) >= len(values) else [table.header[j] for j in values]
        msg = f"{table.label}: {genes.unusable(candidates)}"
        raise DataError(msg)
    if rows.evidence >= _DOMINANCE * columns.evidence:
        return "genes_in_rows"
    if columns.evidence >= _DOMINANCE * rows.evidence:
        return "samples_in_rows"
    msg = (
        f"{table.label}: gene identifiers lie in the rows ({rows.known} of {rows.total}) and in the columns "
        f"({columns.known} of {columns.total}): say which with orientation='genes_in_rows' or 'samples_in_rows'"
    )
    raise DataError(msg)


def _named(table: Table, describing: list[int], symbol_column: str) -> int:
    for j in describing:
        if table.header[j] == symbol_column:
            return j
    known = listing([repr(table.header[j]) for j in describing], 8)
    msg = f"{table.label}: no column {symbol_column!r} that could name the genes; there are {known}"
    raise DataError(msg)


def _genes_in_rows(table: Table, values: list[int], describing: list[int], column: int) -> ad.AnnData:
    table, n_footers = without_footers(table)
    if n_footers:
        say(f"{table.label}: {n_footers} footer rows of htseq-count left out")
    samples = [table.header[j].strip() for j in values]
    for j, name in zip(values, samples, strict=True):
        if not name:
            msg = f"{table.label}: column {j + 1} has no sample name in the header"
            raise DataError(msg)
    identifiers = identify.names(table.frame[column])
    var = _cells.described(table, [j for j in describing if j != column], identifiers)
    obs = _cells.described(table, [], samples)
    return _build(_matrix(table, values).T, obs, var)


def without_footers(table: Table) -> tuple[Table, int]:
    """Return a table of genes in rows without the footer rows of htseq-count, and how many there were."""
    first = identify.names(table.frame[0])
    keep = np.array([not (n.startswith("__") or n in _OLD_FOOTERS) for n in first], dtype=bool)
    if keep.all():
        return table, 0
    frame = table.frame[keep].reset_index(drop=True)
    return Table(table.label, table.header, frame, table.orientation), int((~keep).sum())


def _samples_in_rows(table: Table, values: list[int], describing: list[int]) -> ad.AnnData:
    samples = identify.names(table.frame[0])
    if genes.recognise(table.header[:1]) or all("." in s and NUMBER.fullmatch(s) for s in samples):
        msg = (
            f"{table.label}: no column of sample names: the first column, {table.header[0]!r}, already holds values; "
            "put the sample names before it"
        )
        raise DataError(msg)
    for i, name in enumerate(samples):
        if not name:
            msg = f"{table.label}: data row {i + 1} has no sample name in its first column"
            raise DataError(msg)
    obs = _cells.described(table, [j for j in describing if j != 0], samples)
    var = _cells.described(table, [], [table.header[j].strip() for j in values])
    return _build(_matrix(table, values), obs, var)


def _matrix(table: Table, values: list[int]) -> np.ndarray:
    x = table.frame.iloc[:, values].to_numpy()
    whole = x.dtype.kind == "i" or (x.dtype.kind == "u" and x.max() <= np.iinfo(np.int64).max)  # 2**63 must not turn negative
    return cast("np.ndarray", x.astype(np.int64 if whole else np.float64, copy=False))


def _build(x: np.ndarray, obs: object, var: object) -> ad.AnnData:
    with quiet_names():
        return ad.AnnData(X=np.ascontiguousarray(x), obs=obs, var=var)
