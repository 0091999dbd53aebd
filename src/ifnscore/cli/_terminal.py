"""Scores for a reader at a terminal: aligned, rounded, with a bar each. A pipe or a file gets the full table instead."""

from __future__ import annotations

import math
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ifnscore.cli import _output
from ifnscore.errors import visible

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore._lazy import pd

#: Samples that are shown.
MOST = 40
MISSING = "missing"
#: Shown behind a score above its cut-off.
MARK = "*"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_GAP = "  "
#: Widths of a bar: the widest that lets all signatures in.
_BARS = (8, 6, 4)
#: Longest sample name, and the least room for a line of a signature's name.
_NAME, _HEADING = 24, 12
#: From here on a number is printed without decimals, and from there on with an exponent.
_WHOLE, _HUGE = 1e3, 1e7


def wanted() -> bool:
    """Whether somebody reads stdout at a terminal."""
    return sys.stdout.isatty()


def show(adata: AnnData, key: str, hidden: Sequence[str] = ()) -> None:
    """Print the scores of a scored matrix for a terminal as wide as this one.

    Parameters
    ----------
    adata
        Scored matrix.
    key
        Where the scores lie.
    hidden
        Signatures that are not shown.
    """
    from ifnscore import get

    wide = get.scores_wide(adata, key=key).drop(columns=list(hidden))
    covered = get.coverage(adata, key=key).to_dict(orient="records")
    reasons = {str(r["signature"]): _reason(r) for r in covered}
    some = adata[:MOST]
    long = get.scores(some.copy() if some.is_view else some, key=key)
    above = {(str(r.sample), str(r.signature)): bool(r.above_cutoff) for r in long.itertuples() if r.above_cutoff is not None}
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    text = render(wide, above, width=shutil.get_terminal_size((80, 24)).columns, blocks=_blocks(encoding), reasons=reasons)
    _output.put(text.encode(encoding, "backslashreplace").decode(encoding))


def _blocks(encoding: str) -> bool:
    """Whether the terminal can show block characters."""
    try:
        f"{_EIGHTHS}…".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return os.environ.get("TERM") != "dumb"


def _reason(row: dict[Hashable, Any]) -> str:
    """Return why a signature has no score, as far as its coverage says; else nothing."""
    used, needed = int(row["n_used"]), float(row["min_coverage"])
    if used and float(row["coverage"]) >= needed - 1e-9:
        return ""
    return f"{used}/{int(row['n_genes'])} genes, needs {needed:.0%}"


def render(
    wide: pd.DataFrame,
    above: dict[tuple[str, str], bool],
    *,
    width: int,
    blocks: bool,
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return scores as lines of text.

    Parameters
    ----------
    wide
        Scores of shape (n_samples, n_signatures), indexed by sample.
    above
        (Sample, signature) -> whether the score is above its cut-off; without those that have none.
    width
        Characters of a line.
    blocks
        Draw bars with block characters; otherwise with ``#``.
    reasons
        Signature -> why it has no score, for those that have none.
    """
    empty = [str(c) for c in wide.columns if not wide[c].notna().any()]
    if len(empty) < len(wide.columns):  # room goes to what there is to see
        wide = wide.drop(columns=empty)
    head = wide.iloc[:MOST]
    names = ["sample", *(_shortened(visible(str(s)), blocks=blocks) for s in head.index)]
    room = width - max(map(_width, names))
    marked = any(above.values())
    made: list[_Column] = []
    for bar in _BARS:
        made = [_column(wide, signature, above if marked else None, bar, blocks=blocks) for signature in wide.columns]
        if sum(c.width + len(_GAP) for c in made) <= room:
            break
    shown = made[: max(1, _fitting(made, room))]
    high = max(len(c.heading) for c in shown)
    lines = [_line([""] * (high - 1) + ["sample"], [[""] * (high - len(c.heading)) + c.heading for c in shown], names, shown)]
    lines += [_line(names[1:], [c.cells for c in shown], names, shown)]
    return "\n".join([*lines, "", *_footer(wide, len(shown), above), *_without(empty, reasons, width)]) + "\n"


@dataclass(frozen=True)
class _Column:
    """One signature: its name over several lines, and a cell a sample."""

    heading: list[str]
    cells: list[str]
    width: int


def _column(wide: pd.DataFrame, signature: str, above: dict[tuple[str, str], bool] | None, bar: int, *, blocks: bool) -> _Column:
    low, high = float(wide[signature].min()), float(wide[signature].max())
    values = [float(v) for v in wide[signature].iloc[:MOST]]
    texts = [_number(v) for v in values]
    room = max(map(len, texts))
    cells = []
    for sample, value, text in zip(wide.index[:MOST], values, texts, strict=True):
        mark = "" if above is None else (MARK if above.get((str(sample), signature)) else " ")
        share = (value - low) / (high - low) if math.isfinite(value) and high > low else math.nan
        cells.append(f"{text:>{room}}{mark} {_bar(share, bar, blocks=blocks):<{bar}}")
    heading = _wrapped(visible(signature), max(len(cells[0]), _HEADING))
    return _Column(heading, cells, max(len(cells[0]), *map(_width, heading)))


def _number(value: float) -> str:
    """Return three significant digits, more before the point."""
    if not math.isfinite(value):
        return MISSING
    if _WHOLE <= abs(value) < _HUGE:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".")


def _bar(share: float, length: int, *, blocks: bool) -> str:
    """Return a bar; the lowest score still has one, a missing score and one of scores that are all the same have none."""
    if math.isnan(share):
        return ""
    if not blocks:
        return "#" * max(1, round(share * length))
    full, rest = divmod(max(1, round(share * length * 8)), 8)
    return _EIGHTHS[-1] * full + (_EIGHTHS[rest] if rest else "")


def _wrapped(name: str, room: int) -> list[str]:
    """Return a name in lines of at most `room` characters, broken after an underscore where there is one."""
    lines = [""]
    for part in name.replace("_", "_\0").split("\0"):
        if _width(lines[-1]) + _width(part) > room and lines[-1]:
            lines.append("")
        lines[-1] += part
        while len(lines[-1]) > room:
            lines[-1:] = [lines[-1][:room], lines[-1][room:]]
    return lines


def _shortened(name: str, *, blocks: bool) -> str:
    """Return a name without its middle where it is long: beginnings are often all the same."""
    if _width(name) <= _NAME:
        return name
    dots = "…" if blocks else "..."
    half = (_NAME - len(dots)) // 2
    return f"{name[:half]}{dots}{name[-half:]}"


def _width(text: str) -> int:
    """Return how many places a text takes in a terminal."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _fitting(columns: Sequence[_Column], room: int) -> int:
    used = fitting = 0
    for column in columns:
        used += column.width + len(_GAP)
        fitting += used <= room
    return fitting


def _line(left: Sequence[str], cells: Sequence[Sequence[str]], names: Sequence[str], columns: Sequence[_Column]) -> str:
    """Return rows: names to the left, cells padded to their column."""
    room = max(map(_width, names))
    rows = []
    for i, name in enumerate(left):
        row = [name + " " * (room - _width(name))]
        row += [cell[i] + " " * (c.width - _width(cell[i])) for cell, c in zip(cells, columns, strict=True)]
        rows.append(_GAP.join(row).rstrip())
    return "\n".join(rows)


def _footer(wide: pd.DataFrame, shown: int, above: dict[tuple[str, str], bool]) -> list[str]:
    lines = ["bars: lowest to highest score within a signature, not comparable between signatures"]
    seen = wide.iloc[:MOST, :shown]
    judged = [above[p] for s in seen.index for c in seen.columns if (p := (str(s), c)) in above]
    without = int(seen.notna().sum().sum()) - len(judged)
    if judged:
        first = (
            f"{MARK} above the cut-off made from the controls"
            if any(judged)
            else "no score is above the cut-off from the controls"
        )
        lines.append(first + (f"; {_plural(without, 'score')} without a cut-off" if without else ""))
    rows, columns = len(wide) - MOST, len(wide.columns) - shown
    if rows > 0:
        lines.append(f"{_plural(rows, 'more sample')} not shown: -o scores.tsv, or a pipe, has all {len(wide)}")
    if columns > 0:
        more = f"{_plural(columns, 'more signature')} not shown"
        lines.append(f"{more}: -o scores.tsv, a pipe, or a wider terminal has all {len(wide.columns)}")
    return lines


def _without(empty: Sequence[str], reasons: Mapping[str, str], width: int) -> list[str]:
    """Return who has no score at all, and why."""
    said = [visible(s) + (f" ({reasons[s]})" if reasons.get(s) else "") for s in empty]
    line = f"no sample has a score of {', '.join(said)}" if said else ""
    return textwrap.wrap(line, max(width, _HEADING), subsequent_indent=_GAP, break_on_hyphens=False)


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
