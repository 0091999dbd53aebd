"""The same damage done to a valid text file of any format."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping

from tests.badinputs._model import INSPECT, SCORE, Case, Outcome, file

#: What is done: id -> (in words, function of the text and of one number that stands in it once).
DAMAGE: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "empty": ("0 bytes", lambda t, v: b""),
    "truncated": ("cut off before the last third", lambda t, v: t[: 2 * len(t) // 3]),
    "header": ("the first line only", lambda t, v: t.partition("\n")[0] + "\n"),
    "wrong-delimiter": ("blanks instead of the delimiter", lambda t, v: t.replace("\t", " ").replace(",", " ")),
    "word": ("a word instead of a number", lambda t, v: _once(t, v, "abc")),
    "decimal-comma": ("a decimal comma", lambda t, v: _once(t, v, '"1,5"')),
    "negative": ("a negative value", lambda t, v: _once(t, v, "-7")),
    "huge": ("1e308", lambda t, v: _once(t, v, "1e308")),
    "overflow": ("2**63", lambda t, v: _once(t, v, str(2**63))),
    "inf": ("inf", lambda t, v: _once(t, v, "inf")),
    "missing": ("an empty cell", lambda t, v: _once(t, v, "")),
    "nul": ("NUL bytes", lambda t, v: _once(t, v, "\0\0")),
    "gzip-truncated": ("gzip cut off", lambda t, v: gzip.compress(t.encode())[:-12]),
    "random": ("random bytes", lambda t, v: bytes(range(256)) * 9),
    "bom": ("a byte order mark", lambda t, v: "\ufeff" + t),
    "utf16": ("UTF-16", lambda t, v: t.encode("utf-16")),
    "crlf": ("line ends of Windows", lambda t, v: t.replace("\n", "\r\n")),
    "cr": ("line ends of old Macs", lambda t, v: t.replace("\n", "\r")),
}
#: Damage that changes nothing of what the file says.
HARMLESS = ("bom", "utf16", "crlf", "cr")


def _once(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def damaged(
    format: str,
    name: str,
    content: str,
    number: str,
    holds: Callable[[Outcome], None],
    says: Mapping[str, str],
    read: Mapping[str, Callable[[Outcome], None]] | None = None,
) -> list[Case]:
    """Return one case for each damage.

    Parameters
    ----------
    format, name, content
        Format, file name, and a valid file.
    number
        A value that stands in the file once.
    holds
        What is true of the valid file.
    says
        Damage -> sentence. What is not named is not made; harmless damage is made always.
    read
        Damage that does not keep a file from being read, and what holds then.
    """
    readable = {**dict.fromkeys(HARMLESS, holds), **(read or {})}
    cases = []
    for key, (wrong, damage) in DAMAGE.items():
        if key not in says and key not in HARMLESS:
            continue
        ok = readable.get(key)
        cases.append(
            Case(
                id=f"{format}-{key}", format=format, wrong=wrong, make=file(name, damage(content, number)),
                says=says.get(key, "scale"), code=1 if ok is None else 0, words=SCORE if ok is None else INSPECT, holds=ok,
            )
        )  # fmt: skip
    return cases
