"""``ifnscore formats``: what can be read, how it is normalised, and the options of each."""

from __future__ import annotations

import json
import textwrap
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
    known = {f.name for f in loaders.formats()}
    shown: dict[tuple[Option, ...], str] = {}
    for f in loaders.formats():
        if f.name.removesuffix("_folder") in known and f.name.endswith("_folder"):
            continue  # said on the line of the files themselves
        _show(f.name, _line(f, folder=f"{f.name}_folder" in known))
        if f.options and f.options in shown:
            _show("", f"options as for {shown[f.options]}")
        else:
            _show_options(f.options)
            shown[f.options] = f.name
    click.echo("\nnormalisations (--normalise NAME, or none)\n")
    for n in pp.normalisations():
        others = "" if n.sample_independent else "; depends on the other samples"
        _show(n.name, f"{n.title}; from {' or '.join(n.takes)}, gives {n.gives}{others}; source {n.source}")
        _show_options(n.options)


def _line(f: loaders.Format, *, folder: bool) -> str:
    """Return what a format is, in one line."""
    endings = f" ({' '.join(f.suffixes)})" if f.suffixes else ""
    normalised = f"; normalised by {f.normalise}" if f.normalise else ""
    return f"{f.title}{endings}{'; or a folder of them' if folder else ''}{normalised}"


def _show(name: str, text: str, indent: int = 20) -> None:
    blank = " " * indent
    click.echo(textwrap.fill(text, 100, initial_indent=f"{name:<{indent}}", subsequent_indent=blank))


def _show_options(options: Iterable[Option]) -> None:
    for o in options:
        choices = f" ({', '.join(o.choices)})" if o.choices else ""
        value = o.default or ("FILE" if o.is_file else "VALUE")
        _show("", f"--option {o.name}={value}{choices}: {o.help.rstrip('.')}", 24)


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
