"""``ifnscore reference``: healthy controls, frozen to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ifnscore import _files
from ifnscore.cli import _app, _inputs, _output
from ifnscore.errors import say

FIT = """\b
Examples:
  ifnscore reference fit counts.tsv --samples samples.csv --controls "group == 'healthy'" -o healthy.json
  ifnscore reference fit panel.csv --scale linear --controls is_control --donor donor -o healthy.json
"""
SHOW = """\b
Example:
  ifnscore reference show healthy.json
"""


@click.group(epilog="\b\nExample:\n  ifnscore reference fit counts.tsv --controls \"group == 'healthy'\" -o healthy.json\n")
def reference() -> None:
    """Healthy controls: freeze them to a file, or look at one."""


@reference.command(epilog=FIT)
@click.argument("matrices", metavar="MATRIX...", nargs=-1, required=True)
@_inputs.controls
@_inputs.reading
@click.option("-s", "--signature", "wanted", multiple=True, metavar="SIGNATURE", help="Own signatures whose genes are kept too.")
@click.option("--platform", metavar="NAME", help="Platform of the data, checked when new samples are scored.")
@click.option("-o", "--output", required=True, metavar="OUT.json", help="File to write.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@_app.common
def fit(matrices: tuple[str, ...], wanted: tuple[str, ...], output: str, **options: Any) -> None:
    """Freeze the healthy controls of a matrix: values of all catalogue genes, without names."""
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    _inputs.check_expression(options["controls"])
    _output.check_suffix(output, (".json",))
    files = [*matrices, *_inputs.option_files(_inputs.format_options(options))]
    _files.check_free(Path(output), force=options["force"], inputs=[Path(f) for f in files])
    adata = _inputs.load(matrices, options, control=options["controls"])
    chosen = _inputs.default_controls(adata, options["controls"], None, options["samples"])
    if chosen is None:
        msg = "missing option '--controls': name the healthy controls, such as \"group == 'healthy'\""
        raise click.UsageError(msg)
    from ifnscore import tl

    with _inputs.naming(matrices):
        made = tl.reference(
            adata,
            chosen,
            signatures=["all", *wanted],
            reference_by=options["reference_by"],
            donor=options["donor"],
            layer=None if options["pseudobulk"] else options["layer"],
            symbol_column=options["symbol_column"],
            platform=options["platform"],
        )
    made.write(output, force=options["force"])
    strata = ", ".join(f"{s.n} controls in stratum {s.label or 'all'}" for s in made.strata)
    say(f"wrote {output}: {strata}")


@reference.command(epilog=SHOW)
@click.argument("file")
@click.option("--json", "json_", is_flag=True, help="As a JSON object, without the values.")
@_app.common
def show(file: str, *, json_: bool, quiet: bool, debug: bool) -> None:
    """Show what a reference holds: controls by stratum, scale, platform, genes, hash."""
    _app.messages(quiet=quiet, debug=debug)
    from ifnscore.reference import read

    found = read(file)
    if json_:
        body = found.to_dict()
        for stratum in body["strata"]:
            del stratum["values"]
        _output.show_json(body)
        return
    click.echo(found.describe().to_string(index=False))
    click.echo(f"\nrepeats of one person averaged: {'yes' if found.donor else 'no'}\nhash {found.hash()}")
