"""Errors and messages: every failure is one line that says what, where and what to do."""

from __future__ import annotations

import difflib
import logging
import sys
import warnings
from collections.abc import Iterable

logger = logging.getLogger("ifnscore")


class IfnscoreError(Exception):
    """Base of every error that ifnscore raises on purpose; its text is one line.

    Attributes
    ----------
    exit_code
        What the command line exits with: 2 when the call is at fault and no file was needed
        to know it, 1 for everything that depends on files.
    """

    exit_code: int = 1

    def __init__(self, message: object = "") -> None:
        super().__init__(visible(str(message)))


class UsageError(IfnscoreError, ValueError):
    """The call itself is wrong: an unknown signature, method or parameter, a forbidden expression."""

    exit_code = 2


class DataError(IfnscoreError, ValueError):
    """The data cannot be used as they are: the message names the file, row, column or gene."""


class ScaleError(DataError):
    """The expression scale is unknown, impossible for these values, or not accepted by the method."""


class IfnscoreWarning(UserWarning):
    """Something that the reader of a score must know: low coverage, dropped genes, guessed input."""


def visible(text: str, keep: str = "") -> str:
    r"""Return `text` with control characters written out (``\x1b``), so that no name in a file can steer a terminal.

    Parameters
    ----------
    text
        May hold names from files: escape sequences, right-to-left marks, bytes that are no text.
    keep
        Characters to leave as they are, such as a newline.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)


def say(message: str) -> None:
    """Tell the user about a default that was chosen (logger ``ifnscore``, level INFO)."""
    logger.info("%s", visible(message, keep="\n"))


def fleeting(line: str) -> bool:
    """Show a line that the next one replaces; an empty one takes it away.

    Returns
    -------
    bool
        Whether a handler of the logger ``ifnscore`` has a terminal for it: one with a method ``fleeting``.
    """
    shown = [handler.fleeting(visible(line)) for handler in logger.handlers if hasattr(handler, "fleeting")]
    return any(shown)


def warn(message: str) -> None:
    """Warn the user about something that limits what a score means; the warning points to the user's own line."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("ifnscore"):
        level, frame = level + 1, frame.f_back
    warnings.warn(visible(message, keep="\n"), IfnscoreWarning, stacklevel=level)


def nearest(word: str, known: Iterable[str], n: int = 3) -> str:
    """Return `` Did you mean: a, b?`` for the words nearest to `word`, or an empty string."""
    known = list(known)
    lowered = {k.lower(): k for k in known}
    hits = [lowered[h] for h in difflib.get_close_matches(word.lower(), lowered, n=n, cutoff=0.5)]
    hits += [k for k in known if word and word.lower() in k.lower() and k not in hits]
    return f" Did you mean: {', '.join(hits[:n])}?" if hits else ""


def listing(items: Iterable[object], limit: int = 5) -> str:
    """Return the first `limit` items joined by commas, and how many more there are."""
    words = [str(i) for i in items]
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more
