"""A cohort read and checked as a whole: cells, keys, links between tables, and the rules of each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore.cohort import _cells, _drugs, _identifiers, _measures, _read, _rules, _settings, _settings_read
from ifnscore.cohort._cells import Typed
from ifnscore.cohort._findings import Findings
from ifnscore.cohort._settings import Settings
from ifnscore.cohort._tables import TABLES, TISSUES
from ifnscore.errors import DataError, UsageError, nearest

if TYPE_CHECKING:
    from ifnscore.instruments import Instrument

Tables = dict[str, Typed]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, typed and checked; usable only where `findings` has no error."""

    tables: Tables
    settings: Settings
    instruments: Mapping[str, Instrument]
    findings: Findings


def check(path: Path) -> Checked:
    """Read a folder or workbook and check everything; findings are collected, not raised.

    Raises
    ------
    DataError
        There is no cohort at `path`.
    """
    findings = Findings()
    source = _read.read(path, findings)
    settings = _checked_settings(source, findings)
    known = _instruments(source, findings)
    _primary(settings, known, source, findings)
    tables: Tables = {}
    for name, spec in TABLES.items():
        raw = source.tables.get(name)
        tables[name] = _cells.typed(spec, raw, findings) if raw is not None else _cells.empty(spec)
        if raw is not None and spec.required and not raw.rows:
            findings.error(raw.file, None, "", "no rows", f"fill in one row for {spec.row}")
    _absent(source, findings)
    _rules.check(tables, set(source.tables), settings, findings)
    _drugs.check(tables, set(source.tables), settings, findings)
    _measures.check(tables, settings, known, findings)
    return Checked(tables, settings, known, findings)


def _absent(source: _read.Source, findings: Findings) -> None:
    needed = [n for n, t in TABLES.items() if t.required]
    if "outcomes" in source.tables:
        needed.append("visits")
    reported = {f.file for f in findings.errors}
    for name in needed:
        file = f"sheet {name}" if source.settings_file.startswith("sheet") else f"{name}.csv"
        if name not in source.tables and file not in reported:
            fix = f"add it, one row for {TABLES[name].row}; `ifnscore cohort template` writes an empty one"
            findings.error(file, None, "", "the file is missing", fix)


def _checked_settings(source: _read.Source, findings: Findings) -> Settings:
    settings, wrong = _settings_read.from_tables(source.settings)
    unread = not source.settings and any(f.file == source.settings_file for f in findings.errors)
    for w in [] if unread else wrong:
        findings.error(source.settings_file, source.settings_lines.get(w.key), w.key, w.problem, w.fix)
    texts = [("cohort.title", settings.title), *(("cohort.hypotheses", h) for h in settings.hypotheses)]
    for key, text in texts:
        problem = _identifiers.problem_of(text)
        if problem:
            findings.error(source.settings_file, source.settings_lines.get(key), key, problem, "remove it: it is printed")
    return settings


def _instruments(source: _read.Source, findings: Findings) -> dict[str, Instrument]:
    """Return the shipped instruments and the user's valid ones; each invalid one is a finding."""
    tables: Any = source.settings.get(_settings.INSTRUMENT, [])
    file, line = source.settings_file, source.settings_lines.get(_settings.INSTRUMENT)
    if not isinstance(tables, list):
        findings.error(file, line, "instrument", "a list of tables is needed", "write [[instrument]] in double brackets")
        tables = []
    good: list[Any] = []
    for table in tables:
        try:
            instruments.with_user([*good, table], file)
        except DataError as error:
            place = f"{file} [[instrument]] {len(good) + 1}"
            problem = str(error).removeprefix(place).lstrip(": ")
            findings.error(file, line, "instrument", problem, "correct the [[instrument]] table")
        else:
            good.append(table)
    return instruments.with_user(good, file)


def _primary(settings: Settings, known: Mapping[str, Instrument], source: _read.Source, findings: Findings) -> None:
    file, lines = source.settings_file, source.settings_lines
    if settings.primary_instrument is not None:
        try:
            instruments.get(settings.primary_instrument, known)
        except UsageError:
            fix = f"use a known id, or define it as [[instrument]].{nearest(settings.primary_instrument, known)}"
            findings.error(file, lines.get("primary.instrument"), "primary.instrument", "unknown instrument", fix)
    names = instruments.responses.names()
    if settings.primary_response is not None and settings.primary_response not in names:
        fix = f"use the name of a response definition.{nearest(settings.primary_response, names)}"
        findings.error(file, lines.get("primary.response"), "primary.response", "unknown response definition", fix)
    if settings.primary_tissue is not None and settings.primary_tissue not in TISSUES:
        fix = f"write one of {', '.join(TISSUES)}"
        findings.error(file, lines.get("primary.tissue"), "primary.tissue", "unknown tissue", fix)
