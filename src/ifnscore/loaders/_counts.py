"""Per-sample count files without a header, as htseq-count writes them."""

from __future__ import annotations

from pathlib import Path

from ifnscore.errors import DataError
from ifnscore.loaders import _files, _parse, _sniff
from ifnscore.loaders._model import Table

#: Share of lines of a name and a count that makes a damaged file a file of counts.
_MOST = 0.75
#: Headers of the column of counts in the files of one sample each that GEO holds.
_COUNTS = {"count", "counts", "read_count", "read_counts", "readcount", "raw_count", "raw_counts", "expected_count"}
SUFFIXES = (".txt", ".tsv", ".tab", ".counts", ".count", ".htseq", ".out")


def is_count_file(path: Path) -> bool:
    """Whether a file looks like one sample's counts: words, then one number in each line; no header but ``gene count``."""
    if not path.is_file() or _files.suffix(path) not in SUFFIXES:
        return False
    head = _files.peek(path).removeprefix(b"\xef\xbb\xbf")
    if b"\0" in head:
        return False
    texts = [line.text for line in _sniff.lines(head) if line.text.strip()][:50]
    rows = [text.split("\t") if "\t" in text else text.split() for text in texts]
    if len(rows) == 50 or head.endswith(b"\n"):  # noqa: PLR2004
        pass
    elif len(head) >= _files.HEAD:
        rows = rows[:-1]
    if rows and names_counts(rows[0]):
        rows = rows[1:]
    if not rows or not _is_count_row(rows[0], len(rows[0])):
        return False
    share = sum(_is_count_row(r, len(rows[0])) for r in rows) / len(rows)
    # one broken line is better named as such than taken for a table without a header
    return share == 1 or (share >= _MOST and not _sniff.names_a_column(rows[0][0]))


def _is_count_row(row: list[str], width: int) -> bool:
    last_only = len(row) >= 2 and _sniff.NUMBER.fullmatch(row[-1].strip()) is not None  # noqa: PLR2004
    words = not any(_sniff.NUMBER.fullmatch(cell.strip()) for cell in row[1:-1])
    footer = row[0].startswith("__")
    return last_only and words and (len(row) == width or footer)


def names_counts(row: list[str]) -> bool:
    """Whether a header says that the one column of numbers is counts, but not whose."""
    cells = [cell.strip().strip('"').lower() for cell in row]
    return len(cells) == 2 and cells[1] in _COUNTS and bool(cells[0]) and not _sniff.NUMBER.fullmatch(cells[0])  # noqa: PLR2004


def table(path: Path) -> Table:
    """Read one sample's counts; the sample is named after the file.

    Raises
    ------
    DataError
        The file is empty or damaged, or a row has another number of fields.
    """
    data = _files.read_text(path)
    first = next((line.text for line in _sniff.lines(data) if line.text.strip()), "")
    headed = names_counts(first.split("\t") if "\t" in first else first.split())
    found = _parse.parse(data, _files.label(path), header=headed)
    width = len(found.header)
    if width < 2:  # noqa: PLR2004
        msg = f"{found.label}: a name and a count are needed in each line"
        raise DataError(msg)
    header = ["id", *(f"id_{i}" for i in range(2, width)), _files.sample_name(path)]
    return Table(found.label, header, found.frame, "genes_in_rows")
