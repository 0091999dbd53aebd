"""Pieces that all sections are put together from."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ifnscore.errors import IfnscoreError, IfnscoreWarning
from ifnscore.report import _shown
from ifnscore.report._model import Figure, Note, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd
    from ifnscore.report._study import Study

#: Columns of estimates, in the order and under the headings of every section.
ESTIMATES = {
    "n_patients": "patients",
    "estimate": "estimate",
    "interval": "95 % interval",
    "unit": "unit",
    "p": "p",
    "min_attainable_p": "smallest attainable p",
}
#: Headings of what a result table may be split by.
PLACES = {"signature": "score", "tissue": "tissue", "group": "arm"}
#: File names that a reading gives, and where the same table stands in a report.
_FILES = {
    "for the reasons in flow.tsv": "for the reasons in the flow below",
    "see the single values in pairs.tsv": "see the single values in the table of pairs below",
}


def missing(what: str, why: str) -> Note:
    """Return the note in place of something that could not be made; a report puts the word "missing" before it."""
    return Note(f"{what}. {_sentence(why)}", "missing")


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def here(text: str) -> str:
    """Return a sentence of a reading with the names of written files replaced by the place in the report."""
    for file, place in _FILES.items():
        text = text.replace(file, place)
    return text


def table(
    study: Study, name: str, caption: str, frame: pd.DataFrame, columns: Mapping[str, str] | None = None, *, most: int = 60
) -> Table:
    """Return a table that shows those of `columns` that it has and that hold something; the download holds everything."""
    if study.synthetic and "data" not in frame:
        frame = frame.assign(data="SYNTHETIC")  # as the verbs mark theirs
    frame = frame.reset_index(drop=True)
    shown = _shown.table(frame)
    chosen = {str(c): str(c) for c in frame.columns if c != "data"}
    if columns is not None:
        chosen = {c: heading for c, heading in columns.items() if c in shown.columns and not _empty(shown[c])}
    return Table(name, caption, frame, chosen, most, shown)


def _empty(column: pd.Series) -> bool:
    return bool((column.isna() | (column.astype(str) == "")).all()) and len(column) > 0


def figure(
    study: Study,
    name: str,
    caption: str,
    alt: str,
    draw: Callable[[Axes], object],
    *,
    size: tuple[float, float] = (6.4, 4.0),
    behind: Table | None = None,
) -> Figure:
    """Return a figure; what cannot be drawn after all is said in its place."""

    def quiet(ax: Axes) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IfnscoreWarning)  # said once, when the verbs ran
            try:
                return draw(ax)
            except IfnscoreError as error:
                from ifnscore.pl import _style

                ax.clear()
                _style.said(ax, f"cannot be drawn: {study.said(error)}")
                return ax

    return Figure(name=name, caption=caption, alt=alt, draw=quiet, size=size, table=behind)


def mine(frame: pd.DataFrame, study: Study, *, tissue: bool = True) -> pd.DataFrame:
    """Return the rows of the primary score, and of the primary tissue."""
    rows = frame[frame["signature"] == study.primary]
    if tissue and study.frame is not None and "tissue" in rows:
        rows = rows[rows["tissue"] == study.frame.tissues[0]]
    return rows


def several(column: Iterable[Any]) -> bool:
    """Whether a column has more than one value that is not empty."""
    return len({str(v) for v in column} - {""}) > 1


def slug(text: str) -> str:
    """Return text as part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower() or "x"
