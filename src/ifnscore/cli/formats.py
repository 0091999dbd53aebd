"""``ifnscore formats``: what can be read, how it is normalised, and the options of each."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from ifnscore import loaders, pp
from ifnscore.cli import _app
from ifnscore.options import Option

EPILOG = """\b
Examples:
  ifnscore formats
  ifnscore formats --json
  ifnscore score lanes/ --normalise nanostring --option housekeeping=genorm
"""


@click.command(epilog=EPILOG)
@click.option("--json", "json_", is_flag=True, help="One JSON object with 'formats' and 'normalisations'.")
@_app.common
def formats(*, json_: bool, quiet: bool, debug: bool) -> None:
    """List the formats that are read, the normalisations, and the options of both (--option NAME=VALUE)."""
    _app.messages(quiet=quiet, debug=debug)
    if json_:
        click.echo(json.dumps({"formats": _formats(), "normalisations": _normalisations()}, indent=1))
        return
    click.echo("formats (text also as .gz, .bz2, .zst; '-' is a table on the standard input)\n")
    for f in loaders.formats():
        normalised = f"; normalised by {f.normalise}" if f.normalise else ""
        click.echo(f"{f.name:<24} {f.title}{f' ({chr(32).join(f.suffixes)})' if f.suffixes else ''}{normalised}")
        _show(f.options)
    click.echo("\nnormalisations (--normalise NAME, or none)\n")
    for n in pp.normalisations():
        others = "" if n.sample_independent else "; depends on the other samples"
        click.echo(f"{n.name:<24} {n.title}; from {' or '.join(n.takes)}, gives {n.gives}{others}; source {n.source}")
        _show(n.options)


def _show(options: Iterable[Option]) -> None:
    for o in options:
        choices = f" ({', '.join(o.choices)})" if o.choices else ""
        click.echo(f"{'':<24}   --option {o.name}={o.default or ('FILE' if o.is_file else 'VALUE')}{choices}: {o.help}")


def _plain(options: Iterable[Option]) -> list[dict[str, object]]:
    return [{"name": o.name, "help": o.help, "choices": list(o.choices), "default": o.default} for o in options]


def _formats() -> list[dict[str, object]]:
    return [
        {
            "id": f.name,
            "title": f.title,
            "suffixes": list(f.suffixes),
            "options": _plain(f.options),
            "normalise": f.normalise or None,
        }
        for f in loaders.formats()
    ]


def _normalisations() -> list[dict[str, object]]:
    return [
        {
            "id": n.name,
            "title": n.title,
            "source": n.source,
            "takes": list(n.takes),
            "gives": n.gives,
            "sample_independent": n.sample_independent,
            "options": _plain(n.options),
        }
        for n in pp.normalisations()
    ]
