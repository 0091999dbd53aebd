"""How far a long run is: a line that replaces itself on a terminal, elsewhere one after two seconds and then one a minute.

Lines go where the messages go (:func:`ifnscore.errors.say`), so that who silences those silences these.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ifnscore.errors import fleeting, say

T = TypeVar("T")

#: Seconds before the first line, between two on a terminal, and between two elsewhere.
PATIENCE, EVERY, SELDOM = 2.0, 0.2, 60.0
_MINUTE, _HOUR = 60, 3600
#: From this number on, samples are cells.
_CELLS = 10_000


class Progress:
    """What is done and what is left.

    Parameters
    ----------
    doing
        What is done, such as ``scoring``.
    total
        Number of samples.
    clock
        Seconds since any moment.
    """

    def __init__(self, doing: str, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.doing, self.total, self.clock = doing, total, clock
        self.done = 0
        self._began = clock()
        self._said = -math.inf
        self._shown = -math.inf
        self._standing = False

    def add(self, n: int) -> None:
        """Count `n` samples as done, and say so where it is time to."""
        self.done += n
        now = self.clock()
        if now - self._began < PATIENCE or now - self._shown < EVERY:
            return
        self._shown = now
        if fleeting(self.line(now)):
            self._standing = True
        elif now - self._said >= SELDOM and self.done < self.total:
            self._said = now
            say(self.line(now))

    def line(self, now: float) -> str:
        """Return the line: how many of how many, how fast, how long yet."""
        what = "cells" if self.total > _CELLS else "samples"
        rate = self.done / max(now - self._began, 1e-9)
        share = f"{self.done / max(self.total, 1):.0%}"
        left = in_words((self.total - self.done) / rate) if rate > 0 else "unknown time"
        return f"{self.doing}: {self.done:,} of {self.total:,} {what} ({share}), {rate:,.0f} {what}/s, {left} left"

    def close(self) -> None:
        """Take the line away."""
        if self._standing:
            fleeting("")
            self._standing = False


def in_words(seconds: float) -> str:
    """Return a time as people say it: ``45 s``, ``12 min``, ``3 h 05 min``."""
    seconds = round(seconds)
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02d} min"


def track(parts: Iterable[T], doing: str, total: int, size: Callable[[T], int]) -> Iterator[T]:
    """Yield what `parts` yields and show how far it is.

    Parameters
    ----------
    parts
        Anything; a part is done when the next one is asked for.
    doing, total
        See :class:`Progress`.
    size
        Tells the number of samples of a part.
    """
    progress = Progress(doing, total)
    try:
        for part in parts:
            yield part
            progress.add(size(part))
    finally:
        progress.close()


def length(chunk: slice) -> int:
    """Return the number of samples of a chunk."""
    return int(chunk.stop - chunk.start)
