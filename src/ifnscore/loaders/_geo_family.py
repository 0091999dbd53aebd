"""SOFT family files: the records, and the values of the samples as one matrix.

Read here and not by GEOparse (2.0.4), which gives the same values for a sound file, because that library imports ``six`` without
asking for it, so that it fails in a fresh environment; adds a handler that prints to its logger; reads a file that was cut off as
if the missing rows were missing values; takes a quote that begins an annotation text for one around the field, and then fails or
loses rows; refuses a table with a column that no ``#`` line describes; and reads a gene called NA as missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _geo_values
from ifnscore.loaders._geo_text import Attributes

_RECORD = re.compile(rb"(?m)^\^(\w+)[ \t]*=?[ \t]*([^\r\n]*)")
_BEGIN = re.compile(rb"(?im)^!\w+_table_begin[^\n]*(?:\n|\Z)")
_END = re.compile(rb"(?im)^!\w+_table_end")
_ATTRIBUTE = re.compile(r"!(\w+)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its kind (``SAMPLE``), its name, its attributes, its table.

    Attributes
    ----------
    line
        Number of the line that opens the record.
    table
        Header and rows, or None where the record has no table.
    table_line
        Number of the header line.
    complete
        Whether the table has an end.
    """

    kind: str
    name: str
    line: int
    attributes: Attributes
    table: bytes | None
    table_line: int
    complete: bool

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [v for n, v in self.attributes if n == name]


def records(data: bytes) -> list[Record]:
    """Split a SOFT text into its records."""
    starts = list(_RECORD.finditer(data))
    ends = [*(m.start() for m in starts[1:]), len(data)][: len(starts)]
    made = []
    line, at = 1, 0
    for start, end in zip(starts, ends, strict=True):
        line, at = line + data.count(b"\n", at, start.start()), start.start()
        made.append(_record(data, start, end, line))
    return made


def _record(data: bytes, start: re.Match[bytes], end: int, line: int) -> Record:
    begin = _BEGIN.search(data, start.end(), end)
    close = _END.search(data, begin.end(), end) if begin else None
    head = data[start.end() : begin.start() if begin else end].decode("utf-8", errors="replace")
    table = data[begin.end() : close.start() if close else end] if begin else None
    first = line + data.count(b"\n", start.start(), begin.end()) if begin else 0
    kind, name = (g.decode("utf-8", errors="replace").strip() for g in start.groups())
    return Record(kind.upper(), name, line, _attributes(head), table, first, close is not None)


def _attributes(head: str) -> Attributes:
    """Return the attributes; a line without a mark goes on with the value before it."""
    found: Attributes = []
    for line in head.replace("\r", "\n").split("\n"):
        hit = _ATTRIBUTE.match(line)
        if hit:
            found.append((hit.group(1), hit.group(2).strip()))
        elif found and line.strip() and line[0] not in "#^!":
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def matrix(samples: Sequence[Record], label: str) -> ad.AnnData:
    """Return the ``VALUE`` columns of samples as one matrix of shape (n_samples, n_probes).

    Probes that a sample lacks are missing there.

    Raises
    ------
    DataError
        A table is cut off, has no ``ID_REF`` or ``VALUE`` column, names a probe twice, or holds a word in place of a number.
    """
    columns = [_values(s, label) for s in samples]
    ids = columns[0].index
    if any(not c.index.equals(ids) for c in columns[1:]):
        every = dict.fromkeys(i for c in columns for i in c.index)
        say(f"{label}: not every sample has every row: {len(every)} rows in all, values that a sample lacks are missing")
        ids = pd.Index(list(every))
    x = np.vstack([c.reindex(ids).to_numpy(dtype=np.float64) if not c.index.equals(ids) else c.to_numpy() for c in columns])
    return ad.AnnData(X=x, obs=pd.DataFrame(index=[s.name for s in samples]), var=pd.DataFrame(index=ids))


def _values(sample: Record, label: str) -> pd.Series:
    where = f"{label}, sample {sample.name}"
    if not sample.complete:
        msg = f"{where}: the table that begins in line {sample.table_line} has no end: the file is cut off; download it again"
        raise DataError(msg)
    assert sample.table is not None
    header = [h.strip() for h in sample.table.partition(b"\n")[0].decode("utf-8", errors="replace").split("\t")]
    for name in ("ID_REF", "VALUE"):
        if name not in header:
            msg = f"{where}, line {sample.table_line}: no column {name}; the columns are {listing([repr(h) for h in header], 8)}"
            raise DataError(msg)
    at, values = header.index("ID_REF"), header.index("VALUE")
    try:
        frame = _geo_values.table(sample.table, len(header), [j for j in range(len(header)) if j != values], skip=1)
    except pd.errors.ParserError as error:
        msg = f"{where}: the table that begins in line {sample.table_line} is not regular: {str(error).strip().splitlines()[-1]}"
        raise DataError(msg) from error
    ids = _geo_values.names(frame[at])
    lines = range(sample.table_line + 1, sample.table_line + 1 + len(ids))
    found = _geo_values.numbers(frame[values], lines, ids, label, sample.name)
    return pd.Series(found, index=_unique(ids, where), dtype=np.float64)


def _unique(ids: Sequence[str], where: str) -> pd.Index:
    index = pd.Index(list(ids))
    if not index.is_unique:
        twice = [name for name, n in Counter(ids).items() if n > 1]
        msg = f"{where}: rows that come twice: {listing([repr(t) for t in twice])}; each probe may have one value"
        raise DataError(msg)
    return index
