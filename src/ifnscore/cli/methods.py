"""``ifnscore methods``: the scoring methods and their parameters."""

from __future__ import annotations

import dataclasses
import json
import math
import textwrap
from typing import Any

import click

from ifnscore import methods as registry
from ifnscore.cli import _app

EPILOG = """\b
Examples:
  ifnscore methods
  ifnscore methods --json
"""

READS = {
    "signature_columns": "the genes of the signature",
    "whole_row": "all genes of a sample",
    "whole_matrix": "all genes of all samples at once",
}


@click.command(epilog=EPILOG)
@click.option("--json", "json_", is_flag=True, help="A JSON list of objects with 'id'.")
@_app.common
def methods(*, json_: bool, quiet: bool, debug: bool) -> None:
    """List the scoring methods: what each computes, needs and promises."""
    _app.messages(quiet=quiet, debug=debug)
    found = list(registry.records().values())
    if json_:
        click.echo(json.dumps([_plain(m) for m in found], indent=1))
        return
    click.echo("published            each signature's own formula (the default with controls)\n")
    for m in found:
        controls = "; needs controls" if m.reference == "required" else ""
        others = "" if m.sample_independent else "; depends on the other samples"
        click.echo(f"{m.id:<20} {m.title}")
        click.echo(textwrap.fill(m.formula, 120, initial_indent=" " * 21, subsequent_indent=" " * 21))
        beside = "" if m.signature_independent else "; depends on the other signatures"
        click.echo(f"{'':<20} score type {m.score_type}{controls}{others}{beside}; source {m.doi}")
        fewest = f"; at least {m.min_genes} genes in the matrix" if m.min_genes > 1 else ""
        click.echo(f"{'':<20} reads {READS[m.needs]}{fewest}; takes {', '.join(m.scales)}")
        for p in m.parameters:
            choices = f" ({', '.join(map(str, p.choices))})" if p.choices else ""
            click.echo(f"{'':<20} --param {p.name}={p.default}{choices}: {p.help}")
        click.echo("")


def _plain(method: registry.Method) -> dict[str, Any]:
    facts = dataclasses.asdict(method)
    for parameter in facts["parameters"]:  # JSON has no infinity: a bound that is none is null
        parameter |= {b: parameter[b] if math.isfinite(parameter[b]) else None for b in ("minimum", "maximum")}
    return facts
