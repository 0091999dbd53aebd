"""``ifnscore compare``."""

from __future__ import annotations

from typing import Any

import click

from ifnscore.cli import _app, _inputs, _scored

EPILOG = """\b
Examples:
  ifnscore compare scored.h5ad my_cohort -o change
  ifnscore compare scored.h5ad --patient donor --time hours --baseline 0 --followup 77 --group condition
  ifnscore compare scores.tsv --samples samples.csv --patient id --time visit --baseline pre --followup post \\
      --scores ifn_log2 --score-type log --json
"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="SCORED")
@click.argument("cohort_dir", metavar="[COHORT_DIR]", required=False)
@click.option("--patient", metavar="COL", help="Simple design: column that names the patient.")
@click.option("--time", metavar="COL", help="Simple design: column with the time or visit.")
@click.option("--baseline", metavar="VALUE", help="Simple design: time of the baseline.")
@click.option("--followup", metavar="VALUE", help="Simple design: time of the follow-up.")
@click.option("--group", metavar="COL", help="Arms: a column of the samples, or of patients.csv.")
@click.option(
    "--adjust", type=click.Choice(["max_t", "holm", "bh", "none"]), default="max_t", show_default=True,
    help="How p is adjusted over signatures.",
)  # fmt: skip
@click.option("--margin", type=float, metavar="X", help="Equivalence margin: adds two one-sided tests; there is no default.")
@click.option("--suppress-small-cells", is_flag=True, help="Hide small counts in Table 1, for sharing.")
@_scored.options
@_app.common
def compare(path: str, cohort_dir: str | None, **options: Any) -> None:
    """Compare scores before and after: one change a patient, exact p, and the smallest p that so few can reach.

    SCORED is a file from ifnscore score (.h5ad, .zarr), or any table of scores (CSV, TSV, parquet, - for stdin). COHORT_DIR is a
    folder of clinical tables (see ifnscore cohort template). The main table goes to stdout, the reading to stderr.
    Patients stand under codes that each run draws anew; --key FILE writes who is who.
    """
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    given = {k: options[k] for k in ("patient", "time", "baseline", "followup")}
    _scored.check_design(cohort_dir, given)
    _scored.check_order(path, cohort_dir)
    _scored.check_outputs(options, [path, cohort_dir, options["samples"]])
    from ifnscore import tl
    from ifnscore.cohort import Cohort

    folder = Cohort.read(cohort_dir) if cohort_dir is not None else None
    scores = _scored.load(path, options["samples"])
    cohort = folder or _scored.simple(scores, {k: str(v) for k, v in given.items()}, options["group"])
    with _inputs.naming([path]):
        result = tl.compare(
            scores,
            cohort,
            scores=options["scores"],
            score_type=options["score_type"],
            group=options["group"] if cohort.simple is None else None,
            adjust=options["adjust"],
            margin=options["margin"],
            suppress=options["suppress_small_cells"],
            rng=options["seed"],
        )
    _scored.give(result, cohort, options)
