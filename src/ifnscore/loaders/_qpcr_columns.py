"""Column names of qPCR tables: which column is the sample, the gene, the Ct, the task of a well.

The names are those of real exports: Applied Biosystems SDS 1.x and 2.x, StepOne, 7500, ViiA 7, QuantStudio, Design & Analysis
2 and Bio-Rad CFX (test files of Benchling's allotropy, MIT licence, and the example files of HTqPCR), SDS 2.2, Roche LightCycler
96 and Fluidigm BioMark (headers quoted in public repositories).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["sample", "target", "ct", "task", "omit", "plate", "calibrator", "group", "well", "call", "flag"]

#: Names of each role in small letters, the more telling first.
_NAMES: dict[Role, tuple[str, ...]] = {
    "sample": (
        *("sample name", "samplename", "sample", "sample id", "sampleid", "sample identifier", "patient", "patient id"),
        *("subject", "subject id", "donor", "donor id", "individual", "specimen", "specimen id"),
    ),
    "target": (
        *("target name", "targetname", "target", "gene name", "genename", "gene", "gene symbol", "symbol", "gene id"),
        *("detector name", "detector", "assay name", "assay", "primer", "primers", "primer set", "primer pair"),
        *("probe", "amplicon"),
    ),
    "ct": (
        *("ct", "cq", "cp", "c?", "crt", "c t", "c q", "ct value", "cq value", "cp value", "ct values", "cq values", "raw ct"),
        *("ct drn", "ct dr", "cycle threshold", "threshold cycle", "threshold cycle ct", "cycle threshold ct"),
        *("quantification cycle", "quantification cycle cq", "crossing point", "ct mean", "cq mean", "cp mean", "crt mean"),
        *("c? mean", "mean ct", "mean cq", "mean cp", "avg ct", "avg cq", "average ct", "average cq", "eq ct mean"),
    ),
    "task": ("task", "content", "sample type", "well type", "task type"),
    "omit": ("omit", "omitted", "exclude", "excluded", "filtered"),
    "plate": (
        *("plate", "plate id", "plateid", "plate name", "plate number", "plate no"),
        *("run", "run id", "run name", "run number"),
    ),
    "calibrator": ("is calibrator", "calibrator"),
    "group": ("biological set name", "biological group", "biogroup name", "biogroup"),
    "well": ("well position", "well", "well name", "well id", "pos", "position"),
}
#: Words of columns that describe a well, a curve or a person; the rest may describe a sample.
_TECHNICAL = re.compile(
    r"\b(c[tqp?]|crt|rq|tm\d*|sq|sd|se|std|threshold|baseline|quantity|qty|delta|ddct|dct|wells?|pos|position|fluor|reporter"
    r"|quencher|dye|replicates?|rep|efficiency|slope|intercept|amp|noamp|expfail|highsd|quality|conf|confidence|call|curve"
    r"|comments?|notes?|dates?|operator|user|file|path|color|colour|birth|dob|firstname|surname|owner|email|row|column)\b"
)
_ALWAYS_OUT = {"name", "patient name", "first name", "last name", "full name"}


def plain(cell: str) -> str:
    """Return a column name in small Latin letters, words separated by blanks (StepOne writes the t of Ct in Cyrillic)."""
    text = cell.strip().strip("\"'").lower().replace("т", "t").replace("τ", "t")
    return " ".join(re.findall(r"[a-z0-9?]+", text))


def roles(cells: Sequence[str]) -> dict[Role, int] | None:
    """Return the column of each role, or None if this is no header of a table with one Ct a row.

    Parameters
    ----------
    cells
        One line of a file. It is such a header if it names a gene, a Ct, and a sample or the place or task of a well.
    """
    names = [plain(c) for c in cells]
    found: dict[Role, int] = {}
    for role, known in _NAMES.items():
        position = next((names.index(n) for n in known if n in names), None)
        if position is not None:
            found[role] = position
    if "ct" not in found:
        return None
    if "target" in found and found.keys() & {"sample", "well", "task"}:
        return found
    return found if {"sample", "well"} <= found.keys() or {"well", "task"} <= found.keys() else None


def biomark_roles(top: Sequence[str], middle: Sequence[str], low: Sequence[str]) -> dict[Role, int] | None:
    """Return the column of each role in the three header lines of a Fluidigm BioMark table export.

    Parameters
    ----------
    top, middle, low
        The lines that begin with ``Experiment Information``, ``Chamber`` and ``ID``.
    """
    found: dict[Role, int] = {}
    for j, words in enumerate(zip(map(plain, top), map(plain, middle), map(plain, low), strict=False)):
        first, second, third = words
        role: Role | None = None
        if second == "sample" and third in {"name", "type"}:
            role = "sample" if third == "name" else "task"
        elif first == "experiment information" and third == "name":
            role = "target"
        elif second == "ct" and third in {"value", "call"}:
            role = "ct" if third == "value" else "call"
        if role is not None:
            found.setdefault(role, j)
    return found if {"sample", "target", "ct"} <= found.keys() else None


def describing(cells: Sequence[str], taken: Sequence[int]) -> list[int]:
    """Return the columns that may describe samples: neither technical nor about a person, and named."""
    names = [plain(c) for c in cells]
    return [
        j for j, name in enumerate(names) if j not in taken and name and name not in _ALWAYS_OUT and not _TECHNICAL.search(name)
    ]
