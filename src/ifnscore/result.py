"""What a comparison or an association returns: a tidy table, the tables behind it, and two paragraphs in words."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import _files, _formulas, _html
from ifnscore.errors import visible

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
#: Columns of a notebook's table, and those of them that go where they say the same in every row.
_SHOWN = ("signature", "tissue", "contrast", "estimand", "n", "estimate", "95 % interval", "unit", "p", "smallest p", "p_adj")
_MAY_GO = ("signature", "tissue", "contrast", "estimand")
#: Rows of it, and characters of the reading that stand before the fold.
_MOST, _OPENING = 8, 400
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
    sentences
        The reading, sentence by sentence: topic, text.
    """

    verb: str
    table: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    reading: str
    methods: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sentences: tuple[tuple[str, str], ...] = ()

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

    def _opening(self) -> tuple[str, str]:
        """Return the first sentences of the reading, and the rest."""
        parts = [text for _, text in self.sentences] or [self.reading]
        n = next((i for i in range(1, len(parts)) if len(" ".join(parts[:i])) >= _OPENING), len(parts))
        return " ".join(parts[:n]), " ".join(parts[n:])

    def __repr__(self) -> str:
        first, rest = self._opening()
        more = " ... (all of it: .reading)" if rest or len(first) > 2 * _OPENING else ""
        text = textwrap.fill(visible(textwrap.shorten(first, 2 * _OPENING, placeholder="") + more), 100)
        held = f".table has {_html.plural(len(self.table), 'row')}; .tables {', '.join(self.tables)}"
        return f"{visible(f'<Result of {self.verb}: {held}>')}\n{text}"

    def marked(self, word: str) -> Result:
        """Return the result with a word, such as SYNTHETIC, in every table and before the methods."""
        tables = {name: t.assign(data=word) for name, t in self.tables.items()}
        return replace(self, table=self.table.assign(data=word), tables=tables, methods=f"{word} data. {self.methods}")

    def _repr_html_(self) -> str:
        first, rest = self._opening()
        shown = _main_rows(self.table)
        columns = [c for c in _SHOWN if any(str(r.get(c, "")) for r in shown)]
        said = f"{_html.plural(len(self.table), 'row')} in .table"
        names = f"{said}{f', {len(shown)} shown' if len(shown) < len(self.table) else ''}. .tables: {', '.join(self.tables)}"
        return _html.page(
            f"Result of {self.verb}",
            _html.paragraph(first),
            _html.folded("the rest of the reading", _html.paragraph(rest)) if rest else "",
            _html.table(shown, columns) if shown else "",
            _html.paragraph(names, quiet=True),
        )


def _main_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the first rows, the primary ones before others; a column that says the same in all of them is left out."""
    order = table.sort_values("role", key=lambda r: r != "primary", kind="stable") if "role" in table else table
    found = rows(order.head(_MOST))
    for row in found:
        low, high = _html.number(row.get("ci_low")), _html.number(row.get("ci_high"))
        row["n"], row["95 % interval"] = row.get("n_patients"), NA if low == high == NA else f"{low} to {high}"
        row["smallest p"] = row.get("min_attainable_p")
    same = [c for c in _MAY_GO if len({str(r.get(c)) for r in found}) == 1]
    if "contrast" not in same:  # a contrast has its estimand
        same.append("estimand")
    return [{k: v for k, v in row.items() if k not in same} for row in found]


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
