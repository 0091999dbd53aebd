"""Wide Ct tables, samples by genes or genes by samples: how they are told from other tables, and their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ifnscore.errors import DataError
from ifnscore.loaders import _counts, _files, _qpcr_names, _sniff
from ifnscore.loaders._model import Table
from ifnscore.loaders._qpcr_columns import plain
from ifnscore.loaders._qpcr_options import MAX_CYCLES
from ifnscore.loaders._qpcr_wells import EMPTY, NOTHING, NUMBER

#: Stands for "undetermined" between the text and the matrix; no table holds it.
SENTINEL = 1e300
SUFFIXES = (".csv", *_counts.SUFFIXES)
#: Plausible raw Ct values; a table of log2 values hardly lies above the first, and beyond the second number in its maximum.
_LOW, _HIGH, _LATE = 4.0, 50.0, 20.0
#: A panel, not a transcriptome.
_MAX_COLUMNS = 2_000
_FILE_WORD = re.compile(r"(?<![a-z])(c[tq](values?|s)?|q-?pcr|rt-?q?pcr|rt-?pcr|taqman)\d{0,2}(?![a-z])", re.IGNORECASE)
#: The same cell behind the first bytes of a long file.
_LATER = re.compile(rb"[\t,;]\s*\"?(undetermined|no c[tq])\"?\s*([\t,;\n]|$)", re.IGNORECASE)
_CORNER = {"ct", "cq", "ct value", "cq value", "ct values", "cq values", "gene ct", "sample ct", "ct gene", "ct sample"}
_CT_BEHIND = re.compile(r"(.+?)[\s_.\-]*[\s_.\-(\[]\(?c[tq](?:[\s_.\-]*values?)?[)\]]?", re.IGNORECASE)
_CT_BEFORE = re.compile(r"c[tq](?:[\s_.\-]*values?)?[\s_.\-(\[]+(.+?)[)\]]?", re.IGNORECASE)


def reason(path: Path) -> str:
    """Return what says that a file is a wide table of Ct values, or an empty string where nothing does.

    Certain are: a cell such as ``Undetermined`` in a column of Ct values; the word Ct in most column names or in the corner,
    or in the name of the file, where all values are plausible Ct values of a panel (4 to 50, some above 20, some with
    decimals). Anything less is left to the general table loader and ``--scale ct``.
    """
    if _files.is_stdin(path) or not path.is_file() or _files.suffix(path) not in SUFFIXES:
        return ""
    data = _files.peek(path).removeprefix(b"\xef\xbb\xbf")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data[: len(data) // 2 * 2].decode("utf-16", errors="replace").encode()
    if b"\0" in data[:4096]:
        return ""
    data = re.sub(rb"\r\n?", b"\n", data)
    if len(data) >= _files.HEAD - 1:
        data = data[: data.rfind(b"\n") + 1]
    try:
        return _reason(data, path)
    except DataError:
        return ""


def _reason(data: bytes, path: Path) -> str:
    layout = _sniff.layout(data, "")
    if not 2 <= len(layout.header) <= _MAX_COLUMNS:  # noqa: PLR2004
        return ""
    texts = [line.text for line in _sniff.lines(data, layout.offset) if line.text.strip()]
    rows = [_sniff.fields(t, layout.separator) for t in texts]
    rows = [r for r in rows if len(r) == len(layout.header)]
    columns = [[r[j] for r in rows] for j in range(1, len(layout.header))]
    likely = _plausible(columns)
    if any(_has_undetermined(c, likely=likely) for c in columns):
        return "cells say 'Undetermined'"
    if not likely:
        return ""
    if plain(layout.header[0]) in _CORNER or _says_ct(layout.header[1:]):
        return "the header says Ct"
    if _FILE_WORD.search(path.stem):
        return "the file name says Ct"
    longer = len(data) > _files.HEAD // 2 and _LATER.search(_files.read_text(path))
    return "cells say 'Undetermined'" if longer else ""


def _has_undetermined(cells: Sequence[str], *, likely: bool) -> bool:
    """Whether a column says "undetermined" between Ct values; among other words or ages it may be a diagnosis or an age."""
    words = [c for c in cells if c.strip().lower() not in EMPTY]
    nothing = sum(NOTHING.fullmatch(c.strip().lower()) is not None for c in words)
    numbers = [_number(c) for c in words if NUMBER.fullmatch(c.strip())]
    if not nothing or nothing + len(numbers) < len(words) or not _in_range(numbers):
        return False
    return likely or any(n % 1 for n in numbers)


def _in_range(numbers: Sequence[float]) -> bool:
    return all(n == 0 or _LOW <= n <= _HIGH for n in numbers)


def _plausible(columns: Sequence[Sequence[str]]) -> bool:
    """Whether the number columns hold Ct values, columns of whole numbers (an age) aside."""
    numbers = [[_number(c) for c in cells if NUMBER.fullmatch(c.strip())] for cells in columns]
    values = [n for column in numbers if any(m % 1 for m in column) for n in column]
    return len(values) > 1 and _in_range(values) and max(values) > _LATE


def _number(text: str) -> float:
    return float(text.strip().replace(",", "."))


def _says_ct(names: Sequence[str]) -> bool:
    said = sum(bool(_CT_BEHIND.fullmatch(n.strip()) or _CT_BEFORE.fullmatch(n.strip())) for n in names)
    return said > 0 and 2 * said >= len(names)


def cleaned(table: Table) -> tuple[Table, bool]:
    """Return a table with numbers for Ct cells, :data:`SENTINEL` for undetermined ones, and gene names without assay ids.

    Returns
    -------
    Table
        Rows and columns as before.
    bool
        Whether there were decimal commas.
    """
    frame = table.frame.copy(deep=False)
    comma = False
    for j in range(1, len(table.header)):
        if getattr(frame[j].dtype, "kind", "O") in "iufb":
            continue
        cells = [str(c).strip() if isinstance(c, str) else "" for c in frame[j]]
        kinds = [c.lower() in EMPTY or NOTHING.fullmatch(c.lower()) or NUMBER.fullmatch(c) for c in cells]
        if all(kinds) and any(c.lower() not in EMPTY for c in cells):
            comma = comma or any("," in c and NUMBER.fullmatch(c) for c in cells)
            frame[j] = [_value(c) for c in cells]
    names = [_without_ct(n) for n in table.header] if _says_ct(table.header[1:]) else list(table.header)
    header = [table.header[0], *(_qpcr_names.gene(n)[0] for n in names[1:])]
    frame[0] = [_qpcr_names.gene(str(n))[0] for n in frame[0]]
    return Table(table.label, header, frame, table.orientation), comma


def _value(cell: str) -> float:
    if NUMBER.fullmatch(cell):
        return _number(cell)
    return float("nan") if cell.lower() in EMPTY else SENTINEL


def _without_ct(name: str) -> str:
    found = _CT_BEHIND.fullmatch(name.strip()) or _CT_BEFORE.fullmatch(name.strip())
    return found.group(1) if found else name


def check(value: float, label: str, sample: str, gene: str) -> None:
    """Refuse what is no Ct.

    Raises
    ------
    DataError
        Names sample and gene.
    """
    if value == SENTINEL or value != value or 0 <= value <= MAX_CYCLES:  # noqa: PLR0124
        return
    what = "give raw Ct values, or declare delta Ct with --param housekeeping=none in a file without the word Ct"
    if value > MAX_CYCLES:
        what = f"no run has more than {MAX_CYCLES:.0f} cycles; write 'Undetermined' for no amplification"
    msg = f"{label}: sample {sample}, gene {gene}: {value:g} is no Ct: {what}"
    raise DataError(msg)
