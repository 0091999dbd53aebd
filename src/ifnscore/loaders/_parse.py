"""Text to table: one pass of pandas' C parser, and a search for the line that is wrong only when something is."""

from __future__ import annotations

import csv
import io
import warnings

from ifnscore._lazy import pd
from ifnscore.errors import DataError
from ifnscore.loaders import _sniff
from ifnscore.loaders._model import Table

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
    layout = _sniff.layout(data, label, header)
    frame = _read(data, layout, label)
    names = list(layout.header)
    if layout.trailing and frame.iloc[:, -1].isna().all():
        frame, names = frame.iloc[:, :-1], names[:-1]
    if len(frame) and bool(frame.iloc[:, -1].isna().any()):
        _refuse_ragged(data, layout, label)
    nameless = frame[0].isna() | (frame[0] == "")
    if nameless.any():
        frame = frame[~(nameless & frame.iloc[:, 1:].isna().all(axis=1))].reset_index(drop=True)
    if not len(frame):
        msg = f"{label}: only a header line, no rows"
        raise DataError(msg)
    return Table(label, names, frame)


def _read(data: bytes, layout: _sniff.Layout, label: str) -> pd.DataFrame:
    buffer = io.BytesIO(data)
    buffer.seek(layout.offset)
    white = layout.separator == _sniff.WHITESPACE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                buffer,
                sep=r"\s+" if white else layout.separator,
                header=None,
                names=range(len(layout.header)),
                index_col=False,
                converters={0: str.strip},
                keep_default_na=False,
                na_values=list(MISSING),
                skipinitialspace=not white,
                low_memory=False,
                **_exact(),
            )
    except pd.errors.EmptyDataError as error:
        msg = f"{label}: only a header line, no rows"
        raise DataError(msg) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        _refuse_ragged(data, layout, label)
        reason = "a quote is opened and never closed" if "EOF inside string" in str(error) else str(error).strip()
        msg = f"{label}: not a regular table: {reason.splitlines()[0]}"
        raise DataError(msg) from error


def _exact() -> dict[str, str]:
    """Return what makes pandas read decimals exactly: from pandas 3.1 on that is the default, and asking for it warns."""
    release = tuple(int(n) for n in pd.__version__.split(".")[:2])
    return {} if release >= (3, 1) else {"float_precision": "round_trip"}


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


def _counts(data: bytes, layout: _sniff.Layout) -> list[tuple[int, int]]:
    """Return line number and number of fields of every row that is not blank."""
    if data.find(b'"', layout.offset) >= 0:
        text = io.StringIO(data[layout.offset :].decode("utf-8", errors="replace"), newline="")
        reader = csv.reader(text, delimiter=layout.separator, skipinitialspace=True)
        try:
            return [(layout.first_line - 1 + reader.line_num, len(row)) for row in reader if row]
        except csv.Error:
            return []
    rows = ((line.number, line.text) for line in _sniff.lines(data, layout.offset, layout.first_line))
    if layout.separator == _sniff.WHITESPACE:
        return [(number, len(text.split())) for number, text in rows if text.strip()]
    return [(number, text.count(layout.separator) + 1) for number, text in rows if text]
