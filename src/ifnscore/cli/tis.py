"""``ifnscore tis``: the 2016 ACR/EULAR Total Improvement Score of each case of a table."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifnscore import _files
from ifnscore.cli import _app, _inputs, _output
from ifnscore.errors import DataError, UsageError, say

if TYPE_CHECKING:
    from ifnscore._lazy import pd

EPILOG = """\b
Examples:
  ifnscore tis changes.csv
  ifnscore tis visits.csv --core-set IMACS --enzyme-range 15 --mmt-max 80 --extramuscular-range 10 -o tis.tsv
  ifnscore tis printo.csv --core-set PRINTO --chq-phs-range 50 --patients juvenile
  cat long.tsv | ifnscore tis - --core-set IMACS --enzyme-range 15 --mmt-max 150 --extramuscular-range 60 --json
"""
GROUPS = ("juvenile", "adult")
_POSITIVE = click.FloatRange(min=0, min_open=True)
_RANGES = ("enzyme_range", "mmt_max", "extramuscular_range", "chq_phs_range", "vas_unit")


@click.command(epilog=EPILOG)
@click.argument("file", metavar="FILE")
@click.option("--core-set", type=click.Choice(["IMACS", "PRINTO"]), help="Core set of the measures.")
@click.option("--enzyme-range", type=_POSITIVE, metavar="X", help="Range of the enzyme in the unit of its values; no default.")
@click.option("--mmt-max", type=click.Choice(["80", "150"]), help="Largest MMT of the form in use.")
@click.option("--extramuscular-range", type=_POSITIVE, metavar="X", help="10 for one extramuscular VAS, 60 for the sum of six.")
@click.option("--chq-phs-range", type=_POSITIVE, metavar="X", help="Range of the CHQ physical summary score; no default.")
@click.option("--vas-unit", type=click.Choice(["cm", "mm"]), default="cm", show_default=True, help="Unit of both global VAS.")
@click.option("--patients", type=click.Choice(GROUPS), help="Show the categories of this group only.")
@click.option("-o", "--output", metavar="OUT", help="File: .tsv, .csv or .parquet.")
@click.option("--json", "json_", is_flag=True, help="The table as JSON records on stdout.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@_app.common
def tis(file: str, **options: Any) -> None:
    """Compute the 2016 ACR/EULAR Total Improvement Score: points of six measures, total, category.

    FILE (CSV or TSV, or - for stdin) holds absolute per cent changes (phys, parent, muscle, chaq, enzyme, extramusc), or values
    (phys_before, phys_after, mmt_before ...; also _baseline, _followup), or rows of patient_id, instrument, baseline, followup.
    A missing measure gives NA, never a partial sum. The ranges are needed for values only.
    """
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    _output.check_suffix(options["output"], _output.TABLES)
    path = Path(options["output"]) if options["output"] else None
    if path is not None:
        _files.check_free(path, force=options["force"], inputs=[] if file == "-" else [Path(file)])
    table = _scored(_read(file), "stdin" if file == "-" else Path(file).name, options)
    if options["patients"]:
        table = table.drop(columns=[g for g in GROUPS if g != options["patients"]])
    if path is not None:
        _output.write(table, path, force=options["force"])
        say(f"wrote {path}")
    if options["json_"]:
        _output.show_json(_output.records(table))
    elif path is None:
        _output.show(table)


def _read(file: str) -> pd.DataFrame:
    if file != "-":
        return _inputs.read_table(Path(file))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "stdin"
        copy.write_bytes(sys.stdin.buffer.read())
        return _inputs.read_table(copy)


def _scored(table: pd.DataFrame, where: str, options: dict[str, Any]) -> pd.DataFrame:
    """Score the table; what its measures need and the call did not give is named as options.

    Raises
    ------
    DataError
        See :func:`ifnscore.instruments.tis.from_table`.
    """
    from ifnscore.instruments import tis as score

    ranges = {k: options[k] for k in _RANGES}
    ranges["mmt_max"] = None if ranges["mmt_max"] is None else float(ranges["mmt_max"])
    try:
        return score.from_table(table, where=where, core_set=options["core_set"], **ranges)
    except UsageError as error:
        text = re.sub(rf"\b({'|'.join(('core_set', *_RANGES))})\b", lambda m: "--" + m.group().replace("_", "-"), str(error))
        msg = f"{where} holds values: {text}"
        raise DataError(msg) from error
