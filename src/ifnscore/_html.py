"""Small pieces of HTML for notebooks: every text escaped, and no colour of their own, so that dark pages stay dark."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ifnscore.errors import visible

NA = "NA"
#: Quiet text: the page's own colour, thinner.
_QUIET = "opacity:.7"
_LEFT = "text-align:left;vertical-align:top;padding-right:1em"
_RIGHT = "text-align:right;vertical-align:top;padding-right:1em;white-space:nowrap"
#: Some pages give tables a colour of their own.
_TABLE = "<table style='color:inherit'>"
#: Between these a number is printed without decimals and without an exponent.
_WHOLE, _HUGE = 1e3, 1e7
#: Longest cell of a table.
_LONGEST = 60


def escape(value: object) -> str:
    """Return text that a page shows as it stands, invisible and steering characters written out."""
    return html.escape(visible(str(value), keep="\n"))


def page(title: str, *blocks: str, quiet: str = "") -> str:
    """Return blocks under a title; `quiet` stands behind the title."""
    behind = f" <span style='{_QUIET}'>{escape(quiet)}</span>" if quiet else ""
    return f"<div><p><strong>{escape(title)}</strong>{behind}</p>{''.join(blocks)}</div>"


def paragraph(text: str, *, quiet: bool = False) -> str:
    """Return a paragraph."""
    style = f";{_QUIET}" if quiet else ""
    return f"<p style='max-width:50em{style}'>{escape(text)}</p>"


def facts(rows: Mapping[str, object]) -> str:
    """Return a table of two columns; facts without text are left out."""
    head = f"<tr><th scope='row' style='{_LEFT};font-weight:normal;{_QUIET}'>"
    body = "".join(f"{head}{escape(k)}</th><td style='{_LEFT}'>{escape(v)}</td></tr>" for k, v in rows.items() if str(v))
    return f"{_TABLE}<tbody>{body}</tbody></table>"


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows under a heading: numbers with three digits, to the right; long text is cut."""
    head = "".join(f"<th scope='col' style='{_LEFT}'>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(_cell(row.get(c)) for c in columns) + "</tr>" for row in rows)
    return f"{_TABLE}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def folded(summary: str, *blocks: str) -> str:
    """Return blocks that are folded away until they are asked for."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(blocks)}</details>"


def plural(n: int, word: str) -> str:
    """Return ``1 row``, ``2 rows``."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def number(value: Any) -> str:
    """Return a number with three significant digits, a whole one as it is, ``NA`` for what is missing."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NA if value is None or str(value) in {"<NA>", "NaT"} else str(value)
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return NA
    text = f"{value:.0f}" if _WHOLE <= abs(value) < _HUGE else f"{value:.3g}"
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


def _cell(value: Any) -> str:
    text = number(value)
    style = _LEFT if isinstance(value, str) else _RIGHT
    return f"<td style='{style}'>{escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…')}</td>"
