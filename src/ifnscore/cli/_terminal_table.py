"""Results for a reader at a terminal: the rows that were asked first, rounded and aligned. A pipe gets the full table instead."""

from __future__ import annotations

import math
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore.cli import _output, _terminal
from ifnscore.errors import visible

if TYPE_CHECKING:
    from ifnscore._lazy import pd

#: Rows that are shown.
MOST = 20
#: Roles in the order of reading; what has none comes last.
_ROLES = ("primary", "secondary", "exploratory")
_NUMBERS = ("n", "estimate", "95 % interval", "unit", "p", "smallest p", "adjusted p")
_WORDS = {"followup": "follow-up", "pre": "before", "post": "after"}
#: Whose question is not in the contrast already.
_ESTIMANDS = {"while_on_treatment": "while on treatment", "treatment_policy": "treatment policy"}
_UNITS = {"points of the measure per unit of the score": "points/score"}
_GAP = "  "
_NONE = "-"
#: Least room for a signature or contrast; with less, names stand above their numbers.
_LEAST = 20
_INDENT = "    "
_INSTRUMENTS = ("id", "title", "range", "direction", "unit")


def show(table: pd.DataFrame) -> None:
    """Print the main table of a result for a terminal as wide as this one.

    Parameters
    ----------
    table
        Main table of ``tl.compare`` or ``tl.associate``.
    """
    _put(render(table, width=_columns()))


def show_instruments(table: pd.DataFrame) -> None:
    """Print the measures: id, title, range, direction, unit, all of them."""
    _put(render_instruments(table, width=_columns()))


def render(table: pd.DataFrame, *, width: int) -> str:
    """Return a main table as lines of text: primary rows first, at most :data:`MOST`.

    Parameters
    ----------
    table
        Columns signature, tissue, contrast, estimand, n_patients, estimate, ci_low, ci_high, p, p_adj, min_attainable_p, role,
        unit.
    width
        Characters of a line.
    """
    role = [_ROLES.index(r) if r in _ROLES else len(_ROLES) for r in table.get("role", [""] * len(table))]
    order = sorted(range(len(table)), key=lambda i: role[i])[:MOST]
    rows = table.iloc[order].to_dict(orient="records")
    names = [[_text(r.get("signature")), _text(r.get("tissue")), _contrast(r)] for r in rows]
    numbers = [_numbers(r) for r in rows]
    right = _aligned([list(_NUMBERS), *numbers])
    room = width - _terminal._width(right[0]) - 3 * len(_GAP) - max(map(len, ["tissue", *(n[1] for n in names)]))
    lines = _beside(names, right, room) if room >= 2 * _LEAST else _above(names, numbers, width)
    foot = (
        f"{len(rows)} of {len(table)} rows and {len(_NUMBERS) + 3} of {len(table.columns)} columns: -o DIR writes everything, "
        "a pipe gets the table, --json all of it as JSON; smallest p is the smallest that so few patients can reach"
    )
    return "\n".join([*lines, "", *textwrap.wrap(foot, width)]) + "\n"


def render_instruments(table: pd.DataFrame, *, width: int) -> str:
    """Return the measures as lines of text, titles broken to fit.

    Parameters
    ----------
    table
        Of :func:`ifnscore.instruments.table`.
    width
        Characters of a line.
    """
    cells = []
    for r in table.to_dict(orient="records"):
        direction = _text(r["direction"]).replace("_", " ")
        cells.append([_text(r["id"]), _text(r["title"]), _bounds(r["minimum"], r["maximum"]), direction, _text(r["unit"])])
    fixed = [max(_terminal._width(row[i]) for row in [list(_INSTRUMENTS), *cells]) for i in range(len(_INSTRUMENTS))]
    room = max(width - sum(fixed) + fixed[1] - len(_GAP) * (len(fixed) - 1), _LEAST)
    lines: list[str] = []
    for row in [list(_INSTRUMENTS), *cells]:
        title = textwrap.wrap(row[1], room) or [""]
        lines += _block([[row[0]], title, [row[2]], [row[3]], [row[4]]], [fixed[0], min(room, fixed[1]), *fixed[2:]])
    foot = f"{len(_INSTRUMENTS)} of {len(table.columns)} columns: a pipe gets the table with all of them, --json as JSON"
    return "\n".join([*lines, "", *textwrap.wrap(foot, width)]) + "\n"


def _columns() -> int:
    return max(shutil.get_terminal_size((80, 24)).columns, 2 * _LEAST)


def _put(text: str) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    _output.put(text.encode(encoding, "backslashreplace").decode(encoding))


def _beside(names: Sequence[Sequence[str]], right: Sequence[str], room: int) -> list[str]:
    """Return rows with signature, tissue and contrast to the left of the numbers, broken where they are long."""
    widest = [max(_terminal._width(n[i]) for n in [["signature", "tissue", "contrast"], *names]) for i in range(3)]
    first = min(widest[0], max(_LEAST, room - widest[2]))
    widths = [first, widest[1], min(widest[2], room - first)]
    lines: list[str] = []
    for name, tail in zip([["signature", "tissue", "contrast"], *names], right, strict=True):
        parts = [_terminal._wrapped(name[0], widths[0]), [name[1]], textwrap.wrap(name[2], widths[2]) or [""]]
        lines += _block([*parts, [tail]], [*widths, 0])
    return lines


def _above(names: Sequence[Sequence[str]], numbers: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return rows of two lines, for a narrow terminal: what is compared, and under it the numbers."""
    rows = [list(_NUMBERS), *(list(n) for n in numbers)]
    right = _aligned(rows)
    if max(map(_terminal._width, right)) + len(_INDENT) > width:  # headings of two lines make room
        upper, lower = ["", "", "", "", "", "smallest", "adjusted"], ["n", "estimate", "95 % interval", "unit", "p", "p", "p"]
        right = _aligned([upper, lower, *rows[1:]])
        head, right = right[:2], right[1:]
    else:
        head = right[:1]
    lines = [(_INDENT + line).rstrip() for line in head]
    for (signature, tissue, contrast), tail in zip(names, right[1:], strict=True):
        name = f"{', '.join(filter(None, [signature, tissue]))}: {contrast}"
        lines += textwrap.wrap(name, width, subsequent_indent="  ", break_on_hyphens=False)
        lines.append(_INDENT + tail)
    return lines


def _block(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """Return one row of cells that may have several lines."""
    lines = []
    for i in range(max(map(len, cells))):
        parts = [c[i] if i < len(c) else "" for c in cells]
        lines.append(_GAP.join(p + " " * (w - _terminal._width(p)) for p, w in zip(parts, widths, strict=True)).rstrip())
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of numbers, each column aligned to the right, units to the left."""
    widths = [max(_terminal._width(row[i]) for row in rows) for i in range(len(_NUMBERS))]
    unit = _NUMBERS.index("unit")
    made = []
    for row in rows:
        padded = [" " * (w - _terminal._width(c)) + c for c, w in zip(row, widths, strict=True)]
        padded[unit] = row[unit] + " " * (widths[unit] - _terminal._width(row[unit]))
        made.append(_GAP.join(padded))
    return made


def _contrast(row: dict[Any, Any]) -> str:
    """Return a contrast in words, with its arm and its question."""
    words = [_WORDS.get(w, w) for w in _text(row.get("contrast")).split("_")]
    estimand = _ESTIMANDS.get(_text(row.get("estimand")), "")
    return ", ".join(filter(None, [" ".join(words), estimand, _text(row.get("group"))]))


def _numbers(row: dict[Any, Any]) -> list[str]:
    unit = _text(row.get("unit"))
    n: Any = row.get("n_patients")
    return [
        f"{int(n)}" if _known(n) else _NONE,
        _short(row.get("estimate")),
        _range(row.get("ci_low"), row.get("ci_high")),
        _UNITS.get(unit, unit),
        *(_short(row.get(c)) for c in ("p", "min_attainable_p", "p_adj")),
    ]


def _known(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _short(value: Any) -> str:
    """Return a number with three significant digits, as :mod:`ifnscore.cli._terminal` shows scores."""
    return _terminal._number(float(value)) if _known(value) else _NONE


def _range(low: Any, high: Any) -> str:
    return f"{_short(low)} to {_short(high)}" if _known(low) and _known(high) else _NONE


def _bounds(low: Any, high: Any) -> str:
    """Return the range of a measure as it is printed in its manual; one end may be open."""
    if not _known(low):
        return f"to {high:g}" if _known(high) else _NONE
    return f"{low:g} to {high:g}" if _known(high) else f"from {low:g}"


def _text(value: Any) -> str:
    """Return a cell as text that steers no terminal; missing is empty."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else visible(str(value))
