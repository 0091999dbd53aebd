"""The code blocks of README and docs: what each page holds, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Folders under docs without hand-written pages.
NOT_WRITTEN = {"_generated", "_build"}
_FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, the line it begins on, its language (may be empty) and its text."""

    page: str
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return README and every hand-written page of docs, by its path in the repository."""
    written = sorted(p for p in (ROOT / "docs").rglob("*.md") if not NOT_WRITTEN & {*p.relative_to(ROOT / "docs").parts})
    return ["README.md", *(str(p.relative_to(ROOT)) for p in written)]


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page; directives of Sphinx, such as ``{include}``, are none."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for m in _FENCE.finditer(text):
        info = m["info"].strip()
        if not info.startswith("{"):
            line = text.count("\n", 0, m.start()) + 1
            found.append(Block(page, line, info.partition(" ")[0], m["body"]))
    return found


def commands(text: str) -> list[str]:
    """Return the command lines of a shell block: continued lines joined, comments and empty lines left out."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
