"""``ifnscore methods``: the scoring methods and their parameters."""

from __future__ import annotations

import dataclasses
import json
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
        click.echo(f"{'':<20} score type {m.score_type}{controls}{others}; source {m.doi}")
        for p in m.parameters:
            choices = f" ({', '.join(map(str, p.choices))})" if p.choices else ""
            click.echo(f"{'':<20} --param {p.name}={p.default}{choices}: {p.help}")
        click.echo("")


def _plain(method: registry.Method) -> dict[str, Any]:
    return dataclasses.asdict(method)
