"""Markdown from plain text: what stands in a TOML file must not become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def plain(text: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def doi(text: str) -> str:
    """Return a link where the text is a DOI, else the text."""
    return f"[{plain(text)}](https://doi.org/{text})" if _DOI.fullmatch(text) else plain(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; cells are Markdown already."""
    lines = [list(head), ["---"] * len(head), *(list(r) for r in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def write(path: Path, *parts: str) -> None:
    """Write a page; empty lines between the parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(p.strip("\n") for p in parts if p) + "\n", encoding="utf-8")
