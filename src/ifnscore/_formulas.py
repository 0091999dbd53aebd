"""Text cells that a spreadsheet would run, made harmless in tables that are written and restored in tables that are read.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end is a formula to a spreadsheet, and a formula can start
programs or send the sheet away. OWASP ("CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection) advises an
apostrophe before it, which spreadsheets take for "this is text". Cells that already begin with apostrophes and such a sign
get one more, so that taking one off always restores what was there. Numbers, and ranges such as ``-1.5 (-2 to 0.3)``, stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ifnscore.errors import listing, say

if TYPE_CHECKING:
    from ifnscore._lazy import pd

#: Signs that begin a formula, also in the full width of East Asian keyboards, after blanks and apostrophes.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
#: The same at the beginning of any of several cells.
_RISKY = re.compile(_FORMULA.pattern.replace("'*", "^'*", 1), re.MULTILINE)
#: Changed cells that are shown.
_SHOWN = 2
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
#: Nothing but numbers, brackets and the word "to": no name, so no function.
_RANGE = re.compile(r"[+-](?:[\d\s.,;:%<>()\[\]/±–+-]|to)*")
#: Kinds of columns that hold no text.
_NO_TEXT = "iufcbmM"


def _runs(text: str) -> bool:
    return _FORMULA.match(text) is not None and not (_NUMBER.fullmatch(text) or _RANGE.fullmatch(text))


def guard(text: Any) -> Any:
    """Return a cell with an apostrophe before it if a spreadsheet would run it; what is no text stays."""
    return f"'{text}" if isinstance(text, str) and _runs(text) else text


def unguard(text: Any) -> Any:
    """Return a cell as it was before :func:`guard`."""
    return text[1:] if isinstance(text, str) and text.startswith("'") and _runs(text[1:]) else text


class Guard:
    """Makes the cells of tables, or of parts of one, harmless, and says once how many it changed."""

    def __init__(self) -> None:
        self.n, self.some = 0, list[str]()

    def __call__(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table for a text file: names of columns and rows and cells of text are guarded."""
        return _mapped(table, self._note, _none_runs)

    def _note(self, text: Any) -> Any:
        found = guard(text)
        if found is not text:
            self.n += 1
            self.some = [*self.some, text][:_SHOWN]
        return found

    def tell(self) -> None:
        """Say how many cells were changed, if any."""
        if self.n:
            shown = listing(self.some, _SHOWN) + (f" and {self.n - _SHOWN} more" if self.n > _SHOWN else "")
            say(
                f"an apostrophe stands before {self.n} cell(s) that a spreadsheet would run as a formula: {shown}; "
                "ifnscore takes it off when it reads the table"
            )


def guarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table for a text file: names of columns and rows and cells of text are guarded, which is said."""
    guard_ = Guard()
    out = guard_(table)
    guard_.tell()
    return out


def _none_runs(cells: Iterable[Any]) -> bool:
    """Whether certainly no cell is a formula: a quick look at many at once."""
    return _RISKY.search("\n".join(c for c in cells if isinstance(c, str))) is None


def unguarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read from text as it was before :func:`guarded`."""
    return _mapped(table, unguard)


def _mapped(
    table: pd.DataFrame, change: Callable[[Any], Any], unchanged: Callable[[Iterable[Any]], bool] = lambda _: False
) -> pd.DataFrame:
    out = table.copy(deep=False)
    for j, dtype in enumerate(table.dtypes):
        if getattr(dtype, "kind", "O") not in _NO_TEXT and not unchanged(table.iloc[:, j].unique()):
            out.isetitem(j, table.iloc[:, j].astype(object).map(change).to_numpy())
    out.columns = table.columns.map(change)
    if getattr(table.index.dtype, "kind", "O") not in _NO_TEXT and not unchanged(table.index):
        out.index = table.index.map(change)
    return out
