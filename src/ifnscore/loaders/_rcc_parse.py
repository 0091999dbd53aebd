"""The text of an RCC file: sections in angle brackets, attributes, and one line a probe."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ifnscore.errors import DataError
from ifnscore.loaders._sniff import Line, lines

CODE_SUMMARY = "code_summary"
_TAG = re.compile(r"<(/?)([A-Za-z_]+)>")
_FIELDS = ("codeclass", "name", "accession", "count")
_WHOLE = re.compile(r"(\d+)(\.0*)?")
#: A lane holds some ten million reporters; more in one probe is a damaged number.
MAX_COUNT = 1_000_000_000


class Probe(NamedTuple):
    """One probe: code class, name and accession as printed."""

    code_class: str
    name: str
    accession: str


@dataclass(frozen=True, slots=True)
class Rcc:
    """What stands in one RCC file.

    Attributes
    ----------
    attributes
        ``section.key`` in small letters -> text, such as ``lane_attributes.fovcount``.
    probes, counts
        Probes in the order of the file, and the count of each.
    """

    attributes: Mapping[str, str]
    probes: list[Probe]
    counts: list[int]


def parse(data: bytes, label: str) -> Rcc:
    """Read the text of an RCC file.

    Parameters
    ----------
    data
        The whole text, UTF-8 with newlines.
    label
        The file as messages name it.

    Raises
    ------
    DataError
        A section is missing or cut off, or a probe line is wrong; names the line.
    """
    sections = _sections(data, label)
    if CODE_SUMMARY not in sections:
        msg = f"{label}: no section <Code_Summary>: this is no RCC file, or it is cut off"
        raise DataError(msg)
    attributes = {}
    for section, rows in sections.items():
        for row in rows if section != CODE_SUMMARY else ():
            key, comma, value = row.text.partition(",")
            if comma:
                attributes[f"{section}.{key.strip().lower()}"] = value.strip()
    probes, counts = _probes(sections[CODE_SUMMARY], label)
    return Rcc(attributes, probes, counts)


def _sections(data: bytes, label: str) -> dict[str, list[Line]]:
    """Return the lines that are not blank of every section, by its name in small letters."""
    found: dict[str, list[Line]] = {}
    name, start = "", 0
    for line in lines(data):
        text = line.text.strip()
        tag = _TAG.fullmatch(text)
        if tag and tag[1]:
            name = ""
        elif tag:
            if tag[2].lower() in found:
                msg = f"{label}, line {line.number}: a second section {text}: two files in one? One RCC file holds one lane"
                raise DataError(msg)
            name, start = tag[2].lower(), line.number
            found[name] = []
        elif name and text:
            found[name].append(line._replace(text=text))
    if name:
        msg = f"{label}: the section that begins in line {start} has no end: the file is cut off; copy it again"
        raise DataError(msg)
    return found


def _probes(rows: list[Line], label: str) -> tuple[list[Probe], list[int]]:
    if not rows or tuple(f.lower() for f in _cells(rows[0].text)) != _FIELDS:
        found = repr(rows[0].text[:60]) if rows else "nothing"
        where = f", line {rows[0].number}" if rows else ""
        msg = f"{label}{where}: <Code_Summary> begins with 'CodeClass,Name,Accession,Count', here with {found}"
        raise DataError(msg)
    probes: list[Probe] = []
    counts = []
    first: dict[Probe, int] = {}
    for line, cells in ((r, _cells(r.text)) for r in rows[1:]):
        where = f"{label}, line {line.number}"
        if len(cells) != len(_FIELDS):
            msg = f"{where}: {len(cells)} fields where CodeClass, Name, Accession and Count are expected"
            raise DataError(msg)
        probe = Probe(*cells[:3])
        if not probe.code_class or not probe.name:
            msg = f"{where}: a probe without {'a name' if probe.code_class else 'a code class'}"
            raise DataError(msg)
        if probe in first:
            msg = f"{where}: probe {probe.name} ({probe.accession}) stands twice, first in line {first[probe]}"
            raise DataError(msg)
        first[probe] = line.number
        probes.append(probe)
        counts.append(count(cells[3], f"{where}, probe {probe.name}"))
    if not probes:
        msg = f"{label}: <Code_Summary> lists no probes"
        raise DataError(msg)
    return probes, counts


def _cells(text: str) -> list[str]:
    if '"' not in text:
        return [cell.strip() for cell in text.split(",")]
    rows: Iterator[list[str]] = csv.reader([text], skipinitialspace=True)
    try:
        return [cell.strip() for cell in next(rows, [])]
    except csv.Error:  # a stray carriage return, or a cell of 100,000 letters
        return [cell.strip() for cell in text.split(",")]


def count(text: str, where: str) -> int:
    """Return a count.

    Raises
    ------
    DataError
        It is no whole number from 0 to :data:`MAX_COUNT`.
    """
    found = _WHOLE.fullmatch(text)
    if not found or len(found[1]) > len(str(MAX_COUNT)) or int(found[1]) > MAX_COUNT:
        what = "is no count" if not found else "is larger than any lane can hold"
        msg = f"{where}: {text[:40]!r} {what}: counts are whole numbers from 0 on"
        raise DataError(msg)
    return int(found[1])
