"""The command line: a thin skin without science."""

from __future__ import annotations

import os
import sys

import click

from ifnscore import __version__
from ifnscore.cli import _app
from ifnscore.cli.associate import associate
from ifnscore.cli.cohort import cohort
from ifnscore.cli.compare import compare
from ifnscore.cli.completion import completion
from ifnscore.cli.demo import demo
from ifnscore.cli.formats import formats
from ifnscore.cli.inspect import inspect
from ifnscore.cli.methods import methods
from ifnscore.cli.reference import reference
from ifnscore.cli.report import report
from ifnscore.cli.score import score
from ifnscore.cli.signatures import signatures
from ifnscore.cli.tis import tis

EPILOG = """\b
Examples:
  ifnscore inspect matrix.h5ad
  ifnscore score matrix.h5ad --controls "group == 'healthy'" -o scores.tsv
  ifnscore signatures --type II
  ifnscore compare scored.h5ad my_cohort -o change
  ifnscore report scored.h5ad my_cohort -o report.html
  ifnscore demo
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="ifnscore")
def app() -> None:
    """Interferon scores from gene expression, their change on treatment, and their link to skin.

    Published formulas, coverage, controls, provenance; exact tests for few patients.
    """


COMMANDS = (score, inspect, formats, signatures, methods, reference, compare, associate, report, tis, cohort, demo, completion)
for _command in COMMANDS:
    app.add_command(_command)


def main() -> None:
    """Run the command line and leave with its exit code."""
    if "_IFNSCORE_COMPLETE" in os.environ:
        app.main(prog_name="ifnscore", complete_var="_IFNSCORE_COMPLETE")
    sys.exit(_app.run(app, None))
