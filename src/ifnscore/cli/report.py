"""``ifnscore report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifnscore.cli import _app, _inputs, _scored
from ifnscore.errors import UsageError, say

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Scored

STDOUT = "-"
ENDINGS = {"html": (".html", ".htm"), "md": (".md",)}
EPILOG = """\b
Examples:
  ifnscore report scored.h5ad my_cohort -o report.html
  ifnscore report scored.h5ad my_cohort --outcome skin_vas --seed 1 --title "Blood and skin" -o report.html
  ifnscore report scored.h5ad --group condition -o report.html
  ifnscore report scored.h5ad --patient donor --time hours --baseline 0 --followup 77 -o report.html
  ifnscore report scores.tsv my_cohort --scores ifn_log2 --score-type log --format md -o - | less
"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="SCORED")
@click.argument("cohort_dir", metavar="[COHORT_DIR]", required=False)
@click.option("-o", "--output", metavar="FILE", required=True, help="Report to write: .html or .md; - for stdout.")
@click.option(
    "--format", "form", type=click.Choice(["html", "md"]), help="Form of the report; default: by the ending, else html."
)
@click.option(
    "--outcome", metavar="INSTRUMENT", help="Measure of the link, such as cdasi_activity; default: that of cohort.toml."
)
@click.option("--response", metavar="NAME", help="Response definition, such as cdasi_abs4.")
@click.option("--group", metavar="COL", help="Arms: a column of patients.csv; without a folder, a column of the samples.")
@click.option("--patient", metavar="COL", help="Simple design: column that names the patient.")
@click.option("--time", metavar="COL", help="Simple design: column with the time or visit.")
@click.option("--baseline", metavar="VALUE", help="Simple design: time of the baseline.")
@click.option("--followup", metavar="VALUE", help="Simple design: time of the follow-up.")
@click.option("--samples", metavar="FILE", help="Annotations, joined on 'sample_id' or the first column (CSV or TSV).")
@click.option("--scores", metavar="COL[,COL]", help="Which scores; in a foreign table, its score columns.")
@click.option("--score-type", type=click.Choice(_scored.SCORE_TYPES), help=_scored.SCORE_TYPE_HELP)
@click.option(
    "--adjust", type=click.Choice(["max_t", "holm", "bh", "none"]), default="max_t", show_default=True,
    help="How p is adjusted over signatures.",
)  # fmt: skip
@click.option("--title", metavar="TEXT", help="Title, without names or dates; default: that of cohort.toml.")
@click.option("--suppress-small-cells", is_flag=True, help="Hide small counts in Table 1, for sharing.")
@click.option("--key", "key_file", metavar="FILE", help=_scored.KEY_HELP)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of everything that is drawn at random.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@_app.common
def report(path: str, cohort_dir: str | None, **options: Any) -> None:
    """Write one file to look at: every patient's line, the change with its interval, the link to skin, and what stays open.

    SCORED is a file from ifnscore score (.h5ad, .zarr), or any table of scores. COHORT_DIR is a folder of clinical tables (see
    ifnscore cohort template); without it, or a simple design, the report describes the scores alone. The page needs no network,
    and what could not be made is named in its place. Patients stand under codes that each run draws anew; --key FILE writes who
    is who.
    """
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    given = {k: options[k] for k in ("patient", "time", "baseline", "followup")}
    simple = any(v is not None for v in given.values())
    if simple:
        _scored.check_design(cohort_dir, given)
    _scored.check_order(path, cohort_dir)
    form = _form(options["output"], options["form"])
    _check_output(options, [path, cohort_dir, options["samples"]])
    _check_names(cohort_dir, options, simple=simple)
    _write(path, cohort_dir, given if simple else None, form, options)


def _form(output: str, asked: str | None) -> str:
    """Return the form of the report; it is asked for, or follows from the ending."""
    if output == STDOUT:
        return asked or "html"
    ending = Path(output).suffix.lower()
    found = next((form for form, endings in ENDINGS.items() if ending in endings), None)
    if found is None or (asked is not None and asked != found):
        fits = ", ".join(e for form, endings in ENDINGS.items() if asked in {None, form} for e in endings)
        msg = f"-o {output}: the ending says the form of the report; use one of {fits}"
        raise UsageError(msg)
    return found


def _check_output(options: dict[str, Any], inputs: list[str | None]) -> None:
    """Refuse a file that exists, before anything is computed."""
    from ifnscore import _files

    given = [Path(i) for i in inputs if i and i != STDOUT]
    for target in (options["output"], options["key_file"]):
        if target not in (None, STDOUT):
            _files.check_free(Path(target), force=options["force"], inputs=given)
    if options["key_file"] and Path(options["key_file"]).resolve() == Path(options["output"]).resolve():
        msg = f"--key {options['key_file']} is the report itself: the key is kept apart from what is shared; choose another place"
        raise UsageError(msg)


def _check_names(cohort_dir: str | None, options: dict[str, Any], *, simple: bool) -> None:
    """Refuse what is wrong whatever the files hold."""
    from ifnscore.cohort import _labels
    from ifnscore.instruments import responses

    _labels.refuse("--title", [options["title"] or ""], [])
    if options["key_file"] and cohort_dir is None and not simple:
        msg = "--key needs patients: a COHORT_DIR, or a simple design"
        raise UsageError(msg)
    if options["response"]:
        responses.get(options["response"])
    for name in ("outcome", "response"):
        if options[name] and cohort_dir is None:
            msg = f"--{name} needs COHORT_DIR: a clinical measure stands in a cohort folder"
            raise UsageError(msg)


def _write(path: str, cohort_dir: str | None, design: dict[str, Any] | None, form: str, options: dict[str, Any]) -> None:
    from ifnscore import _files, instruments
    from ifnscore import report as reports
    from ifnscore.cli import _output
    from ifnscore.cohort import Cohort

    cohort = Cohort.read(cohort_dir) if cohort_dir is not None else None
    if cohort is not None and options["outcome"]:
        instruments.get(options["outcome"], cohort.instruments)
    scores = _scored.load(path, options["samples"])
    group = options["group"]
    if design is not None:
        cohort, group = _scored.simple(scores, {k: str(v) for k, v in design.items()}, group), None
    _check_content(path, scores, cohort, options)
    asked: dict[str, Any] = {k: options[k] for k in ("outcome", "response", "scores", "score_type", "adjust", "title")}
    asked |= {"group": group, "suppress": options["suppress_small_cells"], "rng": options["seed"]}
    say("comparing, linking and drawing: seconds for a few patients, minutes for many")
    make = reports.html if form == "html" else reports.markdown
    with _inputs.naming([path]):
        text = make(scores, cohort, **asked)
    if cohort is not None:
        _scored.write_key(cohort, options["key_file"], force=options["force"])
    if options["output"] == STDOUT:
        _output.put(text)
        return
    target = Path(options["output"])
    _files.write(target, lambda p: reports.put(p, text), force=options["force"])
    say(f"wrote {target}: open it in a browser" if form == "html" else f"wrote {target}")


def _check_content(path: str, scores: Scored, cohort: Cohort | None, options: dict[str, Any]) -> None:
    """Refuse a title and scores that the files do not allow, before anything is computed."""
    from ifnscore import scoretable
    from ifnscore.cohort import _labels

    if cohort is not None:
        _labels.refuse("--title", [options["title"] or ""], [*cohort.codes, *cohort.sample_codes])
    if options["scores"]:
        with _app.hushed(), _inputs.naming([path]):  # the report reads the scores again, and says then what there is to say
            scoretable.collect(scores, scores=options["scores"], score_type=options["score_type"])
