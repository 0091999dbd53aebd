"""The scoring methods: one page each, from its record; mathematics and traps stand in ``docs/methods/<id>.md``."""

from __future__ import annotations

import math
from pathlib import Path

from _make import text
from _make.text import code, plain
from ifnscore import methods, signatures
from ifnscore.methods import Method

TYPES = {
    "ratio": "ratio: positive, may be logged; two are compared by their quotient",
    "log": "log: two are compared by their difference, which is a log ratio",
    "z": "z: standard deviations; two are only ever subtracted",
    "rank": "rank: place within the sample; two are only ever subtracted",
}

READS = {
    "signature_columns": "the genes of the signature",
    "whole_row": "all genes of a sample",
    "whole_matrix": "all genes of all samples, at once",
}


def _parameters(m: Method) -> str:
    rows = [(code(p.name), code(p.default), plain(p.help), ", ".join(code(c) for c in p.choices)) for p in m.parameters]
    return text.table(("parameter", "default", "what it does", "choices"), rows) if rows else "No parameters."


def page(m: Method, own: Path) -> list[str]:
    """Return the parts of a method's page."""
    users = [s for s in (signatures.get(i) for i in signatures.ids()) if s.formula.method == m.id]
    links = ", ".join(f"[{plain(s.id)}](../catalogue/{s.id}.md) ({s.formula.status})" for s in users)
    facts = [
        ("score type", plain(TYPES[m.score_type])),
        ("healthy controls", m.reference),
        ("computed on", plain(m.works_on)),
        ("reads", READS[m.needs]),
        ("depends on the other samples", "no" if m.sample_independent else "**yes**"),
        ("depends on the other signatures", "no" if m.signature_independent else "**yes**"),
        ("input scales", plain(", ".join(m.scales))),
        ("fewest genes in the matrix", str(m.min_genes)),
        *([("pseudo-count", f"{m.pseudocount:g}")] if m.pseudocount is not None else []),
        ("source", text.doi(m.doi)),
    ]
    assert all(p.minimum == -math.inf or p.minimum >= 0 for p in m.parameters)
    return [
        f"# {plain(m.id)}",
        plain(m.title[0].upper() + m.title[1:]) + ".",
        f"```{{include}} ../../methods/{m.id}.md\n```" if own.exists() else f"```text\n{m.formula}\n```",
        "## Facts",
        text.table(("", ""), facts),
        "## Parameters",
        _parameters(m),
        "## Published formula of",
        links or "No signature of the catalogue; ask for it by name.",
    ]


def write(out: Path) -> None:
    """Write ``methods/index.md`` and one page a method."""
    found = methods.records()
    rows = [
        (f"[{plain(m.id)}]({m.id}.md)", plain(m.title), m.score_type, m.reference, "yes" if m.sample_independent else "**no**")
        for m in found.values()
    ]
    for m in found.values():
        text.write(out / "methods" / f"{m.id}.md", *page(m, out.parent / "methods" / f"{m.id}.md"))
    head = ("method", "what", "score type", "controls", "same score whatever other samples")
    toc = "```{toctree}\n:hidden:\n\n" + "\n".join(found) + "\n```"
    said = "From the record of each method; `ifnscore methods` prints the same. What the signs mean: [](../../formulas.md)."
    text.write(out / "methods" / "index.md", "# Methods", said, text.table(head, rows), toc)
