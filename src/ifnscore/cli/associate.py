"""``ifnscore associate``."""

from __future__ import annotations

from typing import Any

import click

from ifnscore.cli import _app, _inputs, _scored

EPILOG = """\b
Examples:
  ifnscore associate scored.h5ad my_cohort --outcome cdasi_activity -o link
  ifnscore associate scores.tsv my_cohort --outcome skin_vas --scores ifn_log2 --score-type log --json
"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="SCORED")
@click.argument("cohort_dir", metavar="COHORT_DIR")
@click.option("--outcome", metavar="INSTRUMENT", help="Measure, such as cdasi_activity; default: the primary one of cohort.toml.")
@click.option("--subscale", default="", metavar="NAME", help="Part of the measure, where it has parts.")
@click.option("--response", metavar="NAME", help="Response definition, such as cdasi_abs4.")
@click.option(
    "--adjust", type=click.Choice(["holm", "bh", "none"]), default="holm", show_default=True,
    help="How p is adjusted over signatures.",
)  # fmt: skip
@click.option("--firth", is_flag=True, help="Add Firth's logistic regression of response on the score.")
@_scored.options
@_app.common
def associate(path: str, cohort_dir: str, **options: Any) -> None:
    """Link scores to a clinical measure: at baseline, change with change, within patients; responders against the rest.

    SCORED is a file from ifnscore score (.h5ad, .zarr), or any table of scores. The main table goes to stdout, the reading to
    stderr. Nothing in it claims a cause. Patients stand under codes that each run draws anew; --key FILE writes who is who.
    """
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    from ifnscore import instruments
    from ifnscore.cohort import Cohort
    from ifnscore.instruments import responses

    if options["response"]:
        responses.get(options["response"])
    _scored.check_order(path, cohort_dir)
    _scored.check_outputs(options, [path, cohort_dir, options["samples"]])
    cohort = Cohort.read(cohort_dir)
    if options["outcome"]:
        instruments.get(options["outcome"], cohort.instruments)
    scores = _scored.load(path, options["samples"])
    from ifnscore import tl

    with _inputs.naming([path]):
        result = tl.associate(
            scores,
            cohort,
            outcome=options["outcome"],
            subscale=options["subscale"],
            response=options["response"],
            scores=options["scores"],
            score_type=options["score_type"],
            adjust=options["adjust"],
            firth=options["firth"],
            rng=options["seed"],
        )
    _scored.give(result, cohort, options)
