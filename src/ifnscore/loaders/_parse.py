"""Text to table: one pass of pandas' C parser, and a search for the line that is wrong only when something is."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import Any, Literal

from ifnscore._lazy import pd
from ifnscore.errors import DataError
from ifnscore.loaders import _sniff
from ifnscore.loaders._model import Table

_LONE_CR = re.compile(rb"\r(?!\n)")
#: Cells that mean "no value"; everything else that is not a number is an error.
MISSING = ("", "NA", "NaN", "nan", "N/A", "n/a", "NULL", "null", "None", "#N/A", "<NA>")


def parse(data: bytes, label: str, header: bool = True) -> Table:  # noqa: FBT001, FBT002
    """Read a delimited text.

    Parameters
    ----------
    data
        The whole text, UTF-8.
    label
        The file as messages name it.
    header
        Whether the first line that is no comment names the columns.

    Raises
    ------
    DataError
        A row has more or fewer fields than the header, or there are no rows.
    """
    data = _regular_ends(data)
    layout = _sniff.layout(data, label, header)
    frame = _read(data, layout, label)
    last = frame.iloc[:, -2 if layout.trailing and len(layout.header) > 1 else -1]
    if bool(last.isna().any()):
        _refuse_ragged(data, layout, label)
    frame, names = _without_blanks(frame, layout.header)
    if not len(frame):
        msg = f"{label}: only a header line, no rows"
        raise DataError(msg)
    return Table(label, names, frame)


def _regular_ends(data: bytes) -> bytes:
    """Return text whose line ends are those of Unix or Windows, without the end-of-file mark of DOS."""
    data = data.rstrip(b"\x1a")
    if b"\r" in data and b'"' not in data:  # within quotes a carriage return belongs to the cell
        data = _LONE_CR.sub(b"\n", data)
    return data


def _without_blanks(frame: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Drop rows and columns that have neither a name nor a value, as spreadsheets leave them behind."""
    keep = [j for j, name in enumerate(names) if j == 0 or name or not frame[j].isna().all()]
    nameless = frame[0] == ""
    if nameless.any():
        frame = frame[~(nameless & frame.iloc[:, 1:].isna().all(axis=1))].reset_index(drop=True)
    if len(keep) == len(names):
        return frame, list(names)
    frame = frame[keep]
    frame.columns = pd.RangeIndex(len(keep))
    return frame, [names[j] for j in keep]


def _read(data: bytes, layout: _sniff.Layout, label: str) -> pd.DataFrame:
    buffer = io.BytesIO(data)
    buffer.seek(layout.offset)
    white = layout.separator == _sniff.WHITESPACE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                buffer,
                sep=r"\s+" if white else layout.separator,
                header=None,
                names=range(len(layout.header)),
                index_col=False,
                converters={0: _guarded},
                keep_default_na=False,
                na_values=list(MISSING),
                skipinitialspace=not white,
                low_memory=False,
                float_precision=_exact(),
            )
        frame[0] = [name[1:] for name in frame[0]]
    except pd.errors.EmptyDataError as error:
        msg = f"{label}: only a header line, no rows"
        raise DataError(msg) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        if "EOF inside string" in str(error):
            msg = f"{label}{_open_quote(data, layout)}: a quote is opened and never closed"
            raise DataError(msg) from error
        _refuse_ragged(data, layout, label)
        msg = f"{label}: not a regular table: {str(error).strip().splitlines()[0]}"
        raise DataError(msg) from error
    return frame


def _guarded(name: str) -> str:
    """Keep a row name such as ``NA`` from being read as missing, which pandas 3 does and pandas 2 does not."""
    return f"={name.strip()}"


def _exact() -> Literal["round_trip"] | None:
    """Return the option that reads decimals exactly; from pandas 3.1 on that is the default, and asking warns."""
    release = tuple(int(n) for n in pd.__version__.split(".")[:2])
    return None if release >= (3, 1) else "round_trip"


def _refuse_ragged(data: bytes, layout: _sniff.Layout, label: str) -> None:
    expected = len(layout.header)
    allowed = {expected, expected - 1} if layout.trailing else {expected}
    for number, found in _counts(data, layout):
        if found not in allowed:
            few = "few" if found < expected else "many"
            msg = (
                f"{label}, line {number}: {found} fields where {expected} are expected (too {few}): "
                "each row needs one value per column; is the file cut off, or a name split by a separator?"
            )
            raise DataError(msg)


def _open_quote(data: bytes, layout: _sniff.Layout) -> str:
    """Return where the row begins that swallows the rest of the file."""
    reader = _quoted(data, layout)
    ends = [0]
    try:
        ends += [reader.line_num for _ in reader]
    except csv.Error:
        return ""
    return f", line {layout.first_line + ends[-2]}" if len(ends) > 1 else ""


def _quoted(data: bytes, layout: _sniff.Layout) -> Any:
    text = io.StringIO(data[layout.offset :].decode("utf-8", errors="replace"), newline="")
    return csv.reader(text, delimiter=layout.separator, skipinitialspace=True)


def _counts(data: bytes, layout: _sniff.Layout) -> list[tuple[int, int]]:
    """Return line number and number of fields of every row that is not blank."""
    if data.find(b'"', layout.offset) >= 0:
        reader = _quoted(data, layout)
        try:
            return [(layout.first_line - 1 + reader.line_num, len(row)) for row in reader if row]
        except csv.Error:
            return []
    rows = ((line.number, line.text) for line in _sniff.lines(data, layout.offset, layout.first_line))
    if layout.separator == _sniff.WHITESPACE:
        return [(number, len(text.split())) for number, text in rows if text.strip()]
    return [(number, text.count(layout.separator) + 1) for number, text in rows if text]
