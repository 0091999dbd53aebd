"""Rows of a qPCR export as wells: numbers, tasks, and what is left out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ifnscore.errors import DataError, listing
from ifnscore.loaders import _qpcr_names
from ifnscore.loaders._qpcr_columns import describing, plain
from ifnscore.loaders._qpcr_options import MAX_CYCLES
from ifnscore.loaders._qpcr_text import Export, Row

Part: TypeAlias = Literal["sample", "calibrator", "left out"]

#: Words for a well without amplification; anywhere.
NOTHING = re.compile(r"undet(ermined|\.)?|no ?c[tqp]( value)?|no[ _]?amp(lification)?|not detected|n\.?d\.?|>\s*\d+([.,]\d+)?")
#: Words that instruments write for the same, and people for a well that was not measured.
EMPTY = {"", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a", "#num!", "."}
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
#: BioMark writes 999 where there is no Ct.
_BIOMARK_NONE = 999.0
#: Tasks of wells that hold no patient's sample, by their words; CFX numbers them (Std-01).
_LEFT_OUT = (
    (
        "no-template control{s}",
        re.compile(r"ntc|no template( control)?|negative( control)?|neg ctrl|nc|blank|water|h2o|blocked ?ipc"),
    ),
    ("no-reverse-transcription control{s}", re.compile(r"nrt|no ?rt|rt minus|minus rt|nac|no amplification control")),
    ("standard{s}", re.compile(r"std|standard|stnd|standards|quantity standard")),
    ("positive control{s}", re.compile(r"positive( control)?|pos ctrl|pc|pc allele [12x]|positive ctrl|ipc")),
)
#: Names that a well without template has where nobody set its task; "NC1" may be a healthy person.
_NAMED = (
    ("no-template control{s}", re.compile(r"ntc|non? template( control)?|(nuclease free )?water|h2o")),
    ("no-reverse-transcription control{s}", re.compile(r"nrt|no rt( control)?|rt minus")),
)
_CALIBRATOR = re.compile(r"cal|calib|calibrator|reference sample|inter ?run calibrator|irc|positive calibrator")
_TRUE = {"true", "yes", "y", "1", "1.0", "t", "x", "excluded", "omitted"}


@dataclass(frozen=True, slots=True)
class Well:
    """One well that holds a sample.

    Attributes
    ----------
    sample, gene, assay, plate
        Names; `assay` and `plate` are empty where unknown.
    ct
        Cycle, NaN where there is none.
    undetermined
        Whether the instrument saw no amplification (not: was not asked).
    flagged
        Whether the instrument's software flagged the well.
    """

    sample: str
    gene: str
    assay: str
    plate: str
    ct: float
    undetermined: bool = False
    flagged: bool = False


@dataclass(slots=True)
class Plate:
    """All that one file says.

    Attributes
    ----------
    label
        The file as messages name it.
    wells
        Wells that hold samples.
    left_out
        How many wells were left out, by reason.
    calibrators
        Names of samples that the file marks as calibrators.
    no_template
        Lowest Ct of a no-template control by gene.
    endogenous
        What the run names as its endogenous controls.
    described
        Sample -> column -> value, for columns that describe samples.
    comma
        Whether decimal commas were read.
    """

    label: str
    wells: list[Well] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    calibrators: set[str] = field(default_factory=set)
    no_template: dict[str, float] = field(default_factory=dict)
    endogenous: str = ""
    described: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    comma: bool = False


def left_out(plates: Sequence[Plate]) -> list[str]:
    """Return in words what was left out of some plates."""
    total: Counter[str] = sum((p.left_out for p in plates), Counter())
    return [f"{n} {reason.format(s='' if n == 1 else 's')}" for reason, n in total.items()]


def plate(export: Export) -> Plate:
    """Return the wells of an export.

    Raises
    ------
    DataError
        A column is missing or empty, a Ct is no number, or there is no well with a sample.
    """
    _check_columns(export)
    made = Plate(export.label)
    describe = _describing(export)
    for row in export.rows:
        _add(made, export, row, describe)
    reference = export.footer.get("reference sample", "")
    if reference and any(w.sample == reference for w in made.wells):
        made.calibrators.add(reference)
    made.endogenous = export.footer.get("endogenous control", "")
    if not made.wells:
        raise DataError(_nothing_left(export, made))
    return made


def _check_columns(export: Export) -> None:
    columns = export.header.columns
    for role, what, names in (
        ("sample", "the samples", "Sample Name, Sample, Sample ID"),
        ("target", "the genes", "Target Name, Target, Gene, Detector"),
    ):
        if role not in columns:
            shown = listing([repr(n) for n in export.header.names if n], 8)
            msg = f"{export.label}: a Ct table without a column that names {what} ({names}); there are {shown}"
            raise DataError(msg)


def _nothing_left(export: Export, made: Plate) -> str:
    """Say why no well is usable; an empty column is the usual reason."""
    for role, what in (("sample", "sample"), ("target", "gene")):
        column = export.header.columns[role]  # type: ignore[index]
        if all(not r.cells[column] for r in export.rows):
            name = export.header.names[column] if export.header.names else f"{column + 1}"
            return f"{export.label}: column {name!r}, the {what} of each well, is empty: fill in the plate setup and export again"
    why = listing(left_out([made]))
    return f"{export.label}: no well holds a sample and a gene (left out: {why})"


def _describing(export: Export) -> dict[int, str]:
    """Return the columns that may describe samples: in tables of a user's own all, from instruments the group only."""
    columns, names = export.header.columns, export.header.names
    found = {columns["group"]: "group"} if "group" in columns else {}
    if export.header.kind == "long":
        taken = list(columns.values())
        found |= {j: names[j] for j in describing(names, taken)}
    return found


def _add(made: Plate, export: Export, row: Row, describe: dict[int, str]) -> None:
    columns = export.header.columns

    def cell(role: str) -> str:
        position = columns.get(role)  # type: ignore[call-overload]
        return row.cells[position].strip() if position is not None else ""

    sample, target = cell("sample"), cell("target")
    ct, undetermined = _ct(made, export, row)
    gene, assay = _qpcr_names.gene(target)
    part, why = _part(cell("task"), sample)
    if plain(cell("omit")) in _TRUE:
        made.left_out["well{s} that the run omits"] += 1
    elif part == "left out":
        made.left_out[why] += 1
        if why.startswith("no-template") and math.isfinite(ct):
            made.no_template[gene] = min(ct, made.no_template.get(gene, math.inf))
    elif not sample or not target:
        made.left_out["well{s} without a sample or gene name"] += 1
    else:
        failed = plain(cell("call")) == "fail"
        undetermined = undetermined or (failed and math.isfinite(ct))
        flagged = plain(cell("flag")) in {"flagged", "failed", "unreliable"}
        made.wells.append(Well(sample, gene, assay, cell("plate"), math.nan if undetermined else ct, undetermined, flagged))
        if part == "calibrator" or plain(cell("calibrator")) in _TRUE:
            made.calibrators.add(sample)
        for j, name in describe.items():
            value = row.cells[j] if j < len(row.cells) else ""
            made.described.setdefault(sample, {}).setdefault(name, set()).add(value.strip())


def _part(task: str, sample: str) -> tuple[Part, str]:
    """Return what a well is for, from its task, or from a sample's name that says it is none."""
    words, name = (re.sub(r"\s*\d+$", "", plain(text)) for text in (task, sample))
    for reason, pattern in _LEFT_OUT:
        if pattern.fullmatch(words):
            return "left out", reason
    for reason, pattern in _NAMED:
        if pattern.fullmatch(name):
            return "left out", reason
    return ("calibrator" if _CALIBRATOR.fullmatch(words) else "sample"), ""


def _ct(made: Plate, export: Export, row: Row) -> tuple[float, bool]:
    """Return the Ct of a row (NaN: none), and whether the instrument looked and saw nothing."""
    column = export.header.columns["ct"]
    text = row.cells[column].strip()
    word = text.lower()
    if NOTHING.fullmatch(word):
        return math.nan, True
    if word in EMPTY:
        return math.nan, export.header.kind != "long"
    if NUMBER.fullmatch(text):
        made.comma = made.comma or "," in text
        value = float(text.replace(",", "."))
        if value == 0 or (export.header.kind == "biomark" and value == _BIOMARK_NONE):
            return math.nan, True
        if 0 < value <= MAX_CYCLES:
            return value, False
    raise DataError(_bad(export, row, column, text))


def _bad(export: Export, row: Row, column: int, text: str) -> str:
    name = export.header.names[column] if export.header.names else str(column + 1)
    place = f"{export.label}, line {row.number}, column {name!r}"
    if not NUMBER.fullmatch(text):
        return f"{place}: {text!r} is not a Ct: write a number of cycles, or 'Undetermined'"
    if text.startswith("-"):
        return (
            f"{place}: {text} is no Ct, which is a number of cycles: give the raw Ct values "
            "(delta Ct values go in a wide table with --scale ct --param housekeeping=none)"
        )
    return f"{place}: {text} is no Ct: no run has more than {MAX_CYCLES:.0f} cycles; write 'Undetermined' for no amplification"
