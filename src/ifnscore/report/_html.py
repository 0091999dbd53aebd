"""A document as one HTML page that loads nothing and sends nothing.

Everything from data passes through Jinja's escaping; figures pass through the allow-list of :mod:`ifnscore.report._svg`. Style
and script are allowed by their hash alone, so that nothing else in the page can be either.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from ifnscore import _formulas
from ifnscore.report import _cells, _svg, _text
from ifnscore.report._model import Bullets, Details, Download, Figure, Note, Paragraph, Quote, Table
from ifnscore.result import NA

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from ifnscore._lazy import pd
    from ifnscore.report._model import Block, Document

#: The word before a note: its kind is never said by colour alone.
WORDS = {"warning": "Caution", "missing": "Missing", "synthetic": "Synthetic data", "information": "Note"}
#: Characters of the longest cell beyond which a column of a table gets a width of its own.
_WIDTHS = (("mid", 15), ("long", 28), ("longer", 120))
#: Columns beyond which a table is printed in smaller type, in still smaller type, and with words broken anywhere.
_BREADTHS = (("many", 7), ("most", 11), ("crowd", 15))
#: A cell that reads as a number, alone or with its interval.
_NUMERIC = re.compile(r"[<>≤≥~+\-\N{MINUS SIGN}]?\s*\d[\d.,\s()%/\N{MINUS SIGN}×e+-]*(?:to[\d.,\s()%\N{MINUS SIGN}]*)?")


def render(document: Document) -> str:
    """Return the document as an HTML page; the same document gives the same bytes.

    Parameters
    ----------
    document
        As :func:`ifnscore.report.document` returns it.
    """
    page = _Page()
    sections = [{"id": page.anchor(s.id), "title": s.title, "blocks": page.views(s.blocks)} for s in document.sections]
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .from_string(_asset("page.html.j2"))
        .render(
            document=document, sections=sections, style=_trusted(style), script=_trusted(script), policy=policy(style, script)
        )
    )


def policy(style: str, script: str) -> str:
    """Return the content-security policy of a page with this style and this script: nothing else, from nowhere."""
    rules = {
        "default-src": "'none'",
        "style-src": f"'{_hash(style)}'",
        "script-src": f"'{_hash(script)}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {allowed}" for what, allowed in rules.items())


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _asset(name: str) -> str:
    return resources.files("ifnscore.report").joinpath("page", name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _trusted(text: str) -> Markup:
    """Mark text of our own as markup."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - our own files and drawings


def _environment() -> jinja2.Environment:
    import jinja2

    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_text.printable
    )
    made.filters |= {"linked": _text.linked, "broken": _text.broken}
    return made


@dataclass
class _Page:
    """What has been used up in a page: numbers of figures, anchors, tables that stand in it."""

    figures: int = 0
    anchors: set[str] = field(default_factory=lambda: {"top", "main", "contents"})
    tables: dict[str, Table] = field(default_factory=dict)

    def anchor(self, name: str) -> str:
        """Return an id that is not yet in the page."""
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "part"
        found, again = plain, 1
        while found in self.anchors:
            again += 1
            found = f"{plain}-{again}"
        self.anchors.add(found)
        return found

    def views(self, blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
        """Return blocks as the template takes them."""
        return [self.view(block) for block in blocks]

    def view(self, block: Block) -> dict[str, Any]:
        """Return one block as the template takes it."""
        match block:
            case Paragraph():
                made: dict[str, Any] = {"title": block.title, "parts": [p for p in block.text.split("\n") if p.strip()]}
            case Bullets():
                made = {"title": block.title, "items": block.items}
            case Note():
                made = {"word": WORDS[block.kind], "type": block.kind, "text": block.text}
            case Quote():
                made = {"label": block.label, "text": block.text}
            case Details():
                made = {"summary": block.summary, "blocks": self.views(block.blocks)}
            case Download():
                made = {"label": block.label, "file": block.name, "address": address(block.text, block.mime)}
            case Table():
                made = self._table(block)
            case Figure():
                made = self._figure(block)
        return {"kind": type(block).__name__.lower()} | made

    def _figure(self, block: Figure) -> dict[str, Any]:
        self.figures += 1
        return {
            "id": self.anchor(f"figure-{block.name}"),
            "number": self.figures,
            "caption": block.caption,
            "svg": _trusted(_svg.draw(block, self.figures)),
            "behind": [self.view(block.table)] if block.table is not None else [],
        }

    def _table(self, block: Table) -> dict[str, Any]:
        """Return a table as the template takes it; one that already stands in the page is only pointed to."""
        if self.tables.get(block.name) is block:
            return {"kind": "again", "target": f"table-{block.name}", "caption": block.caption}
        self.tables[block.name] = block
        shown = block.visible
        names = block.columns if block.columns is not None else {c: str(c) for c in block.frame.columns}
        columns = [_column(shown[name], heading, first=i == 0) for i, (name, heading) in enumerate(names.items())]
        text = _formulas.guarded(block.frame).to_csv(sep="\t", index=False, na_rep=NA, lineterminator="\n")
        return {
            "id": self.anchor(f"table-{block.name}"),
            "caption": block.caption,
            "columns": columns,
            "breadth": "".join(f" {word}" for word, most in _BREADTHS if len(columns) > most),
            "rows": list(zip(*(c["cells"] for c in columns), strict=True)),
            "n_rows": f"{len(block.frame):,}",
            "n_shown": len(shown),
            "cut": len(shown) < len(block.frame),
            "file": f"{block.name}.tsv",
            "address": address(text, "text/tab-separated-values"),
        }


def _column(values: pd.Series, heading: str, *, first: bool) -> dict[str, Any]:
    """Return the printed cells of a column and what they are: numbers, long texts, or words."""
    cells = [_cells.shown(v) for v in values]
    some = [c for c in cells if c]
    kind = "num" if some and not first and all(_NUMERIC.fullmatch(c) for c in some) else ""
    longest = max(map(len, some), default=0)
    kind = kind or " ".join(word for word, most in _WIDTHS if longest > most)
    return {"heading": heading, "cells": cells, "type": kind}


def address(text: str, mime: str) -> str:
    """Return a file as an address that holds it.

    Parameters
    ----------
    text
        What the file holds.
    mime
        Its type.
    """
    return f"data:{mime};charset=utf-8;base64,{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}"
