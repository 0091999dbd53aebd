"""Sample names from the paths of BAM files: no folder of anybody's machine, no ending of a pipeline."""

from __future__ import annotations

import os.path
import re
from collections import Counter
from collections.abc import Sequence

_FILE = re.compile(r"\.(bam|sam|cram)$", re.IGNORECASE)
#: What aligners and samtools put behind a sample's name.
_ENDINGS = re.compile(
    r"[._-]*(Aligned[._]sortedByCoord[._]out|Aligned[._]toTranscriptome[._]out|Aligned[._]out|Aligned|accepted_hits|"
    r"sortedByCoord|sorted|sort|srt|mark_?dups?|dedup|rmdup)$",
    re.IGNORECASE,
)
#: R makes a path a column name by putting dots for slashes, and an X before a leading one.
_MANGLED = re.compile(r"X?\.[A-Za-z]")


def is_file(name: str) -> bool:
    """Whether a column is named after an aligned file."""
    return _FILE.search(name) is not None


def names(columns: Sequence[str], fallback: str) -> list[str]:
    """Return one sample name a column.

    Parameters
    ----------
    columns
        Paths as the table names them.
    fallback
        Name where nothing is left of a single path.

    Returns
    -------
    list of str
        The last part of each path without endings; where these are not different, the folder that tells the samples
        apart, and at last a number behind the name.

    Examples
    --------
    >>> from ifnscore.loaders import _bam_names
    >>> _bam_names.names(["/home/x/P1.sorted.bam", "/home/x/P2Aligned.sortedByCoord.out.bam"], "")
    ['P1', 'P2']
    >>> _bam_names.names(["run/P1/Aligned.out.bam", "run/P2/Aligned.out.bam"], "")
    ['P1', 'P2']
    """
    paths = [re.split(r"[\\/]+", c.strip()) for c in _unmangled(columns)]
    short = [_stripped(p[-1]) for p in paths]
    if all(short):
        for found in (short, [_FILE.sub("", p[-1]) for p in paths]):
            if len(set(found)) == len(found):
                return found
    for level in range(2, min(len(p) for p in paths) + 1):
        found = [p[-level] for p in paths]
        if all(found) and (len(set(found)) == len(found)):
            return found
    return _numbered([s or fallback for s in short])


def _stripped(name: str) -> str:
    name = _FILE.sub("", name)
    while (shorter := _ENDINGS.sub("", name)) != name:
        name = shorter
    return name


def _unmangled(columns: Sequence[str]) -> list[str]:
    """Take off the common folder of paths whose slashes R turned into dots."""
    if not all(is_file(c) and _MANGLED.match(c) and "/" not in c for c in columns):
        return list(columns)
    if len(columns) == 1:
        return [columns[0].rsplit(".", 2)[-2] + ".bam"]
    common = os.path.commonprefix(list(columns))  # noqa: RUF071 - letter by letter, as dots part these names
    return [c[common.rfind(".") + 1 :] for c in columns]


def _numbered(found: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    out = []
    for name in found:
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out
