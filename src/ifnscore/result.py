"""What a comparison or an association returns: a tidy table, the tables behind it, and two paragraphs in words."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import _files, _formulas

if TYPE_CHECKING:
    from ifnscore._lazy import pd

NA = "NA"
#: First columns of every result table, in this order; further columns follow.
COLUMNS = (
    "signature",
    "tissue",
    "contrast",
    "estimand",
    "n_patients",
    "estimate",
    "ci_low",
    "ci_high",
    "p",
    "p_adj",
    "min_attainable_p",
    "test",
)
_WRITTEN = frozenset({"README.txt", "reading.txt", "methods.txt", "result.json"})
_README = """\
reading.txt    one paragraph written from the numbers
methods.txt    a methods paragraph to paste
result.json    everything in one file
*.tsv          tables, one a file; settings.tsv names every rule that was applied

Patients and samples stand under codes that hold for this run only. Tables with a column patient_id hold individual-level
data, and reading.txt may speak of single children: with few patients that can identify a child to those who know the family.
Share them with care, or not at all.
"""


@dataclass(frozen=True, eq=False)
class Result:
    """Answer of ``tl.compare`` or ``tl.associate``.

    Attributes
    ----------
    verb
        ``compare`` or ``associate``.
    table
        Tidy, one row an estimate; its first columns are :data:`COLUMNS`.
    tables
        The tables behind it by name: flow, patients, tests, effects, leave-one-out and more.
    reading
        One plain paragraph written from the numbers.
    methods
        A methods paragraph with its references.
    settings
        Every rule that was applied, with its value.
    """

    verb: str
    table: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    reading: str
    methods: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; missing numbers become None."""
        return {
            "verb": self.verb,
            "reading": self.reading,
            "methods": self.methods,
            "settings": {k: plain(v) for k, v in self.settings.items()},
            "table": records(self.table),
            "tables": {name: records(t) for name, t in self.tables.items()},
        }

    def write(self, folder: str | Path, *, force: bool = False) -> None:
        """Write one TSV a table, reading, methods, ``result.json`` and a README into a folder, whole or not at all.

        Parameters
        ----------
        folder
            New folder.
        force
            Replace an existing folder that was written by this method.

        Raises
        ------
        DataError
            The folder exists and `force` is False, holds other things, or cannot be written.
        """
        _files.write(Path(folder), self._write_into, force=force, own=written_here)

    def _write_into(self, folder: Path) -> None:
        folder.mkdir()
        for name, table in {self.verb: self.table, **self.tables}.items():
            text = _formulas.guarded(table).to_csv(sep="\t", index=False, na_rep=NA, lineterminator="\n")
            (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
        (folder / "README.txt").write_text(_README, encoding="utf-8")
        (folder / "reading.txt").write_text(self.reading + "\n", encoding="utf-8")
        (folder / "methods.txt").write_text(self.methods + "\n", encoding="utf-8")
        document = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "result.json").write_text(document + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        return f"Result of {self.verb}: {len(self.table)} rows; tables {', '.join(self.tables)}\n{self.reading}"

    def marked(self, word: str) -> Result:
        """Return the result with a word, such as SYNTHETIC, in every table and before the methods."""
        tables = {name: t.assign(data=word) for name, t in self.tables.items()}
        return replace(self, table=self.table.assign(data=word), tables=tables, methods=f"{word} data. {self.methods}")

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.reading)}</p>{self.table.to_html(index=False, na_rep=NA, float_format='{:.4g}'.format)}"


def written_here(folder: Path) -> bool:
    """Whether a folder holds a result and nothing else, so that it may be replaced."""
    names = {p.name for p in folder.iterdir() if p.is_file()}
    mine = names == {p.name for p in folder.iterdir()} and {n for n in names if not n.endswith(".tsv")} <= _WRITTEN
    return mine and "result.json" in names and (folder / "README.txt").is_file()


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts by column name."""
    found: Any = table.to_dict(orient="records")
    return found


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON-ready records; missing values become None."""
    return [{k: plain(v) for k, v in row.items()} for row in rows(table)]


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: numpy scalars become Python's, NaN and infinity become None."""
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else None if str(value) in {"<NA>", "NaT"} else str(value)
