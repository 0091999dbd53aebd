"""``ifnscore cohort``: check a folder of clinical tables, or write an empty one."""

from __future__ import annotations

from pathlib import Path

import click

from ifnscore.cli import _app, _output
from ifnscore.errors import say

CHECK = """\b
Examples:
  ifnscore cohort check my_cohort
  ifnscore cohort check my_cohort.xlsx --json
"""
TEMPLATE = """\b
Examples:
  ifnscore cohort template my_cohort
  ifnscore cohort template my_cohort.xlsx
"""


@click.group(epilog="\b\nExamples:\n  ifnscore cohort template my_cohort\n  ifnscore cohort check my_cohort\n")
def cohort() -> None:
    """Clinical tables beside the samples: check them, or start with empty ones."""


@cohort.command(epilog=CHECK)
@click.argument("path", metavar="DIR")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@_app.common
def check(path: str, *, json_: bool, quiet: bool, debug: bool) -> int:
    """List everything that is wrong with a cohort: file, row, column, problem, fix. Exit code 1 where there are errors."""
    _app.messages(quiet=quiet, debug=debug)
    from ifnscore.cohort import _check

    checked = _check.check(Path(path))
    findings = checked.findings.frame()
    counts = {name: len(checked.tables[name].lines) for name in ("patients", "samples", "visits", "outcomes")}
    if json_:
        plain = findings.astype(object).where(findings.notna(), None)
        _output.show_json({"counts": counts, "findings": _output.records(plain)})
    else:
        _output.show(findings)
    errors = int((findings["level"] == "error").sum())
    said = ", ".join(f"{n} {name}" for name, n in counts.items())
    warned = len(findings) - errors
    say(f"{errors} error{'' if errors == 1 else 's'}, {warned} warning{'' if warned == 1 else 's'} in {said}")
    return 1 if errors else 0


@cohort.command(epilog=TEMPLATE)
@click.argument("path", metavar="DIR")
@click.option("--force", is_flag=True, help="Replace an earlier template that was not filled in.")
@_app.common
def template(path: str, *, force: bool, quiet: bool, debug: bool) -> None:
    """Write an empty, commented cohort: a folder of CSV files, or a workbook where DIR ends in .xlsx."""
    _app.messages(quiet=quiet, debug=debug)
    from ifnscore.cohort import Cohort

    made = Cohort.template(path, force=force)
    say(f"wrote {made}: fill it in, then run ifnscore cohort check {made}")


@cohort.command(epilog="\b\nExample:\n  ifnscore cohort instruments --json\n")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@_app.common
def instruments(*, json_: bool, quiet: bool, debug: bool) -> None:
    """List the clinical measures that outcomes.csv may hold: id, title, range, direction, unit."""
    _app.messages(quiet=quiet, debug=debug)
    from ifnscore import instruments as registry
    from ifnscore.cli import _terminal, _terminal_table

    table = registry.table()
    if json_:
        _output.show_json(_output.records(table.astype(object).where(table.notna(), None)))
    elif _terminal.wanted():
        _terminal_table.show_instruments(table)
    else:
        _output.show(table)
