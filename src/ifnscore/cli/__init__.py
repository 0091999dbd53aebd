"""The command line: a thin skin without science."""

from __future__ import annotations

import os
import sys

import click

from ifnscore import __version__
from ifnscore.cli import _app
from ifnscore.cli.completion import completion
from ifnscore.cli.inspect import inspect
from ifnscore.cli.methods import methods
from ifnscore.cli.reference import reference
from ifnscore.cli.score import score
from ifnscore.cli.signatures import signatures

EPILOG = """\b
Examples:
  ifnscore inspect matrix.h5ad
  ifnscore score matrix.h5ad --controls "group == 'healthy'" -o scores.tsv
  ifnscore signatures --type II
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="ifnscore")
def app() -> None:
    """Interferon scores from gene expression: published formulas, coverage, controls, provenance."""


for _command in (score, inspect, signatures, methods, reference, completion):
    app.add_command(_command)


def main() -> None:
    """Run the command line and leave with its exit code."""
    if "_IFNSCORE_COMPLETE" in os.environ:
        app.main(prog_name="ifnscore", complete_var="_IFNSCORE_COMPLETE")
    sys.exit(_app.run(app, None))
