"""A document as GitHub-flavoured Markdown: figures in words with their tables, text from data inert."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ifnscore.errors import visible
from ifnscore.report import _cells
from ifnscore.report._model import Bullets, Details, Download, Figure, Note, Paragraph, Quote, Table
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._model import Block, Document, Section

#: What Markdown or HTML would obey anywhere in a line.
_ACTIVE = re.compile(r"([\\`*{}\[\]<>#|~$]|(?<![^\W_])_|_(?![^\W_]))")
#: What makes a list, a heading or a rule at the beginning of a line.
_LEADING = re.compile(r"^([-+=]|\d+[.)])(?=[-+=\s]|$)")
#: What GitHub makes a link or a person of by itself.
_LINKED = re.compile(r"(?<=\w)(:)(?=//)|(?<=www)(\.)|(@)(?=\w)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"
_KINDS = {"warning": "WARNING", "missing": "NOTE", "synthetic": "CAUTION", "information": "NOTE"}
SYNTHETIC = "SYNTHETIC DATA"
_LEADS = {"missing": "**Missing.** ", "synthetic": f"**{SYNTHETIC}.** "}


def render(document: Document) -> str:
    """Return the document as Markdown.

    Parameters
    ----------
    document
        As :func:`ifnscore.report.document` returns it.

    Returns
    -------
    str
        Headings, paragraphs, pipe tables; no image, no link, no HTML of its own but ``<details>``.
    """
    parts = [f"# {text(document.title)}"]
    if document.synthetic:
        parts.append(f"**{SYNTHETIC}**")
    parts.append(text(document.subtitle))
    if document.facts:
        parts.append("\n".join(f"- {text(k)}: {text(v)}" for k, v in document.facts))
    for section in document.sections:
        parts += _section(section, synthetic=document.synthetic)
    return "\n\n".join(p for p in parts if p) + "\n"


def text(words: object) -> str:
    """Return words from data so that Markdown prints them and obeys none of them, on one line."""
    steered = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in str(words))
    line = visible(" ".join(steered.split()))
    line = _ACTIVE.sub(r"\\\1", line).replace("&", "&amp;")
    line = _LEADING.sub(lambda m: f"{m[1][:-1]}\\{m[1][-1]}", line)
    return _unlinked(line)


def _unlinked(line: str) -> str:
    """Part what would become a link or a mention by itself."""
    return _LINKED.sub(lambda m: f"{_JOINER}{m[0]}{_JOINER}" if m[3] else f"{m[0]}{_JOINER}", line)


def _section(section: Section, *, synthetic: bool) -> Iterable[str]:
    mark = f" ({SYNTHETIC})" if synthetic else ""
    yield f"## {text(section.title)}{mark}"
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterable[str]:
    match block:
        case Paragraph(words, title):
            yield from _titled(title)
            yield text(words)
        case Bullets(items, title):
            yield from _titled(title)
            yield "\n".join(f"- {text(i)}" for i in items)
        case Note(words, kind):
            yield f"> [!{_KINDS[kind]}]\n> {_LEADS.get(kind, '')}{text(words)}"
        case Quote(words, label):
            yield from _titled(label)
            yield f"> {text(words)}"
        case Table():
            yield from _table(block)
        case Figure():
            yield from _figure(block)
        case Details(summary, blocks):
            yield f"<details><summary>{_html(summary)}</summary>"
            for inner in blocks:
                yield from _block(inner)
            yield "</details>"
        case Download():
            yield from _titled(block.label)
            yield _fenced(block)


def _titled(title: str) -> Iterable[str]:
    if title:
        yield f"### {text(title)}"


def _figure(figure: Figure) -> Iterable[str]:
    yield f"**Figure.** {text(figure.caption)}"
    yield f"*In words:* {text(figure.alt)}"
    if figure.table is not None:
        yield from _table(figure.table)


def _table(table: Table) -> Iterable[str]:
    columns = table.columns or {str(c): str(c) for c in table.frame.columns if c != "data"}
    yield f"**Table.** {text(table.caption)}"
    if table.frame.empty:
        yield "*No rows.*"
        return
    rows = rows_of(table.visible[list(columns)])
    lines = [_row(columns.values()), _row("---" for _ in columns)]
    lines += [_row(text(_cells.shown(r[c])) for c in columns) for r in rows]
    lines[0] = _row(text(heading) for heading in columns.values())
    yield "\n".join(lines)
    rest = len(table.frame) - len(rows)
    if rest:
        yield f"*{rest} further rows are left out here; the HTML report holds them.*"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fenced(block: Download) -> str:
    kept = "".join(c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"} else " " for c in block.text)
    longest = max((len(run) for run in re.findall("`+", kept)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{kept.rstrip()}\n{fence}"


def _html(words: str) -> str:
    from html import escape

    return _unlinked(escape(visible(" ".join(words.split()))))
