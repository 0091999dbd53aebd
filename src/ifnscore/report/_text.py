"""Text from data as markup: escaped, with DOIs as links, and without characters that steer a line."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

#: A DOI: the only links out of the page.
_DOI = re.compile(r"(?:https://doi\.org/|\bdoi:)(10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9])")
#: A word that is too long for a narrow column, and may be broken behind its underscores and dots.
_WORD = re.compile(r"[^\s<>&]{16,}")
#: Marks that turn the direction of a line (Unicode Standard Annex 9): what stands there reads otherwise than it is.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(value: Any) -> Any:
    """Replace control characters, marks of direction and half characters in a text; what is no text, or is markup, stays."""
    if not isinstance(value, str) or hasattr(value, "__html__") or (value.isascii() and value.isprintable()):
        return value
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(c) else c for c in value)


def _steers(character: str) -> bool:
    return character in _TURNS or (character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"})


def linked(text: object) -> Markup:
    """Return escaped text in which DOIs are links.

    Parameters
    ----------
    text
        Words, perhaps from data.
    """
    from markupsafe import Markup, escape

    words, parts, end = printable(str(text)), [], 0
    for found in _DOI.finditer(words):
        link = Markup('<a href="https://doi.org/{}" rel="noreferrer">{}</a>').format(found[1], found[0])
        parts += [escape(words[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(words[end:])])


def broken(text: object) -> Markup:
    """Return :func:`linked` text whose long words may be broken behind an underscore, a dot or a slash.

    Parameters
    ----------
    text
        A cell of a table.
    """
    from markupsafe import Markup

    made = linked(text)
    return made if "<" in made else Markup(_WORD.sub(lambda found: re.sub(r"([_./])(?=\w)", r"\1<wbr>", found[0]), made))  # noqa: S704
