"""Columns of numbers in tables separated by tabs, where quotes mean nothing; every cell that is no number is named."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError
from ifnscore.loaders._parse import MISSING, _exact


def table(text: bytes, width: int, words: Collection[int], *, skip: int = 0) -> pd.DataFrame:
    """Read a table into columns 0, 1, ...; those in `words` as texts, the others as numbers where all cells are numbers.

    Raises
    ------
    pandas.errors.ParserError
        A line has more than `width` cells.
    """
    how: dict[str, Any] = {
        "sep": "\t",
        "header": None,
        "names": range(width),
        "index_col": False,
        "skiprows": skip,
        "quoting": 3,
        "dtype": dict.fromkeys(words, str),
        "keep_default_na": False,
        "na_values": {j: list(MISSING) for j in range(width) if j not in words},
        "skipinitialspace": True,
        "low_memory": False,
        "float_precision": _exact(),
        "encoding_errors": "replace",
    }
    # pandas takes a carriage return inside a line for the end of the line
    return pd.read_csv(io.BytesIO(text.replace(b"\r\n", b"\n").replace(b"\r", b" ")), **how)


def names(column: pd.Series) -> list[str]:
    """Return a column of names without blanks and quotes around them."""
    return [str(name).strip().strip('"').strip() for name in column.fillna("")]


def numbers(column: pd.Series, lines: Sequence[int], rows: Sequence[str], where: str, sample: str) -> np.ndarray:
    """Return a column as numbers, shape (n_rows,).

    Parameters
    ----------
    column
        Numbers, or texts where a cell is none.
    lines, rows
        Line number and name of each row, for messages.
    where, sample
        File and sample, for messages.

    Raises
    ------
    DataError
        Names the first cell that is not a number.
    """
    if column.dtype.kind in "iuf":
        return column.to_numpy()
    converted = pd.to_numeric(column.astype(object).map(str), errors="coerce")
    wrong = np.flatnonzero((converted.isna() & column.notna()).to_numpy())
    if len(wrong):
        i = int(wrong[0])
        text = str(column.iloc[i]).strip()
        place = f"{where}, line {lines[i]}, row {rows[i]!r}, sample {sample!r}"
        msg = f"{place}: {text!r} is not a number; write numbers with a decimal point, or NA where a value is missing"
        raise DataError(msg)
    return converted.to_numpy(dtype=np.float64)
