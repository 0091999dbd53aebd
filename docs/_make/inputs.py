"""What is read: formats, normalisations, the tables and settings of a cohort, the clinical measures."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from _make import text
from _make.text import code, plain
from ifnscore import instruments, loaders, pp
from ifnscore.cohort._exposure import PHASES
from ifnscore.cohort._settings import KEYS
from ifnscore.cohort._tables import TABLES
from ifnscore.cohort._template import explain, settings_text
from ifnscore.options import Option


def _options(options: Iterable[Option]) -> str:
    return ", ".join(f"`{o.name}={o.default or ('FILE' if o.is_file else 'VALUE')}`" for o in options)


def _settings() -> str:
    defaults = tomllib.loads(settings_text())
    rows = []
    for key in KEYS:
        value = defaults.get(key.table, {}).get(key.name, "")
        rows.append((code(f"[{key.table}] {key.name}".strip()), code(value) if value != "" else "not given", plain(key.help)))
    return text.table(("setting", "default", "what it means"), rows)


def write(out: Path) -> None:
    """Write the tables that the guide includes."""
    parts = out / "parts"
    formats = [(code(f.name), plain(f.title), plain(" ".join(f.suffixes)), _options(f.options)) for f in loaders.formats()]
    text.write(parts / "formats.md", text.table(("format", "what it is", "endings", "options"), formats))
    normalisations = [(code(n.name), plain(n.title), n.gives, plain(n.source)) for n in pp.normalisations()]
    text.write(parts / "normalisations.md", text.table(("name", "what it does", "gives", "source"), normalisations))
    blocks = []
    for t in TABLES.values():
        lines = "\n".join(f"- {plain(line)}" for line in explain(t)[1:])
        blocks += [
            f"### {t.name}.csv",
            f"One row is {plain(t.row)}.{'' if t.required else ' This table may be left out.'}",
            lines,
        ]
    text.write(parts / "cohort_tables.md", *blocks)
    text.write(parts / "phases.md", text.table(("phase", "a sample is"), [(code(k), plain(v)) for k, v in PHASES.items()]))
    text.write(parts / "settings.md", _settings())
    every = [(i, instruments.get(i)) for i in instruments.ids()]
    measures = [(code(i), plain(m.title), plain(m.direction.replace("_", " "))) for i, m in every]
    text.write(parts / "measures.md", text.table(("id", "measure", "direction"), measures))
