"""Data frames of R and of Bioconductor as pandas tables, without what could name a person or a day."""

from __future__ import annotations

from typing import Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _r_tree as tree
from ifnscore.loaders._private import without_private


def is_frame(obj: Any) -> bool:
    """Whether an object is a data.frame (also tibble, data.table) or a DataFrame of S4Vectors."""
    return bool({"data.frame", "DFrame", "DataFrame"} & set(tree.classes(obj)))


def read(obj: Any, label: str) -> tuple[list[str], pd.DataFrame]:
    """Return the row names, empty where R made them (1, 2, 3, ...), and the plain columns.

    Columns of dates are left out, and so are lists and matrices in a column; both are said.

    Raises
    ------
    DataError
        Columns differ in length.
    """
    slots = tree.attributes(obj)
    s4 = "listData" in slots
    held = slots["listData"] if s4 else obj
    rows = _row_names(slots.get("rownames" if s4 else "row.names"))
    columns: dict[str, pd.Series] = {}
    out = []
    for name, value in tree.entries(held).items():
        try:
            column = tree.column(value)
        except DataError as error:
            msg = f"{label}: column {name!r}: {error}"
            raise DataError(msg) from error
        if column is None:
            out.append(f"{name} ({tree.class_name(value)})")
        else:
            columns[name] = column
    if out:
        say(f"{label}: columns left out, which are dates or no plain columns: {listing(out)}")
    lengths = {len(c) for c in columns.values()} | ({len(rows)} if rows else set())
    if len(lengths) > 1:
        msg = f"{label}: a data frame whose columns have {' and '.join(map(str, sorted(lengths)))} rows: the file is damaged"
        raise DataError(msg)
    n = lengths.pop() if lengths else 0
    return rows, pd.DataFrame(columns, index=pd.RangeIndex(n))


def _row_names(obj: Any) -> list[str]:
    if obj is None or tree.is_null(obj):
        return []
    if tree.kind(obj) == "INT" and "factor" not in tree.classes(obj):
        values = tree.numbers(obj)
        automatic = len(values) == 2 and values.dtype.kind == "f" and np.isnan(values[0])  # noqa: PLR2004  # c(NA, -n)
        consecutive = not automatic and values.dtype.kind == "i" and bool((values == np.arange(1, len(values) + 1)).all())
        return [] if automatic or consecutive else [str(int(v)) for v in values]
    return tree.names(obj)


def annotation(obj: Any, names: list[str], label: str, what: str) -> pd.DataFrame:
    """Return the annotation of samples or genes, in their order; columns about people, days and files are left out.

    Parameters
    ----------
    obj
        A data frame of R, or None.
    names
        Samples or genes, one a row; row names of the frame must be the same where it has any.
    label, what
        For messages.

    Raises
    ------
    DataError
        The frame has another number of rows.
    """
    empty = pd.DataFrame(index=pd.Index(names, dtype=object if not names else None))
    if obj is None or tree.is_null(obj) or not is_frame(obj):
        return empty
    rows, frame = read(obj, label)
    if frame.shape[1] == 0:
        return empty
    if len(frame) != len(names):
        if set(names) <= set(rows) and len(set(rows)) == len(rows):
            frame = frame.set_axis(rows).loc[names]
        else:
            msg = (
                f"{label}: {len(names)} {what} and {len(frame)} rows of annotations: the object is damaged (validObject(x) in R)"
            )
            raise DataError(msg)
    elif rows and rows != names and set(rows) == set(names) and len(set(rows)) == len(rows):
        frame = frame.set_axis(rows).loc[names]
    return without_private(frame, label).set_axis(empty.index)
