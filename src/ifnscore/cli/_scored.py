"""Scores from the shell: a small scored file, or any table of scores, with annotations joined."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ifnscore import keys, scored
from ifnscore._lazy import pd
from ifnscore.cli import _inputs
from ifnscore.errors import DataError, UsageError, say, warn

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.result import Result
    from ifnscore.scoretable import Scored

F = TypeVar("F", bound=Callable[..., Any])
SCORE_TYPES = ("log", "ratio", "z", "rank")
KEY_HELP = "Write which code is which patient to a separate CSV; keep it apart. Codes are drawn anew for each run."
SCORE_TYPE_HELP = (
    "What the scores of a table from elsewhere are, all of them: log (log2 values), ratio (linear, such as fold changes or "
    "geometric means; compared as log2), z (standard deviations), rank (made from ranks of genes, such as UCell or ssGSEA)."
)
SETTINGS = "cohort.toml"

_OPTIONS = (
    click.option("--samples", metavar="FILE", help="Annotations, joined on 'sample_id' or the first column (CSV or TSV)."),
    click.option("--scores", metavar="COL[,COL]", help="Which scores; in a foreign table, its score columns."),
    click.option("--score-type", type=click.Choice(SCORE_TYPES), help=SCORE_TYPE_HELP),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of everything that is drawn at random."),
    click.option("--key", "key_file", metavar="FILE", help=KEY_HELP),
    click.option("-o", "--output", metavar="DIR", help="New folder for all tables, the reading and the methods."),
    click.option("--json", "json_", is_flag=True, help="Everything as JSON on stdout."),
    click.option("--force", is_flag=True, help="Replace an existing output."),
)


def options(command: F) -> F:
    """Add the options of every command that reads scores."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def load(path: str, samples: str | None) -> Scored:
    """Read scores from ``.h5ad``, ``.zarr``, a table, or a TSV on stdin; join annotations.

    Raises
    ------
    DataError
        The file cannot be read, or was not scored.
    """
    if Path(path).suffix in scored.SUFFIXES:
        from ifnscore import loaders

        adata = loaders.read(path)
        if keys.UNS not in adata.uns or keys.LATEST not in adata.uns[keys.UNS]:
            msg = f"{Path(path).name} holds no scores: run ifnscore score {path} -o scored.h5ad first"
            raise DataError(msg)
        if samples is not None:
            _inputs.join_samples(adata, Path(samples))
        return adata
    table = _table(path)
    return table if samples is None else _inputs.join_table(table, Path(samples))


def _table(path: str) -> pd.DataFrame:
    if path == "-":
        text = sys.stdin.read()
        if not text.strip():
            msg = "stdin is empty; pipe a TSV of scores, such as the output of ifnscore score"
            raise DataError(msg)
        return _inputs.parse_table(text, "stdin")
    if Path(path).suffix == ".parquet":
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            msg = f"{Path(path).name}: not a parquet table: {error}"
            raise DataError(msg) from error
    return _inputs.read_table(Path(path))


def check_order(path: str, cohort_dir: str | None) -> None:
    """Refuse scores and cohort in each other's place.

    Raises
    ------
    DataError
        SCORED is a cohort, and COHORT_DIR is none.
    """
    if cohort_dir is None or _inputs.is_file(Path(cohort_dir) / SETTINGS):
        return
    if _inputs.is_file(Path(path) / SETTINGS):
        msg = (
            f"{path} is a cohort folder, and {cohort_dir} stands in its place: the scores come first, then the cohort; swap them"
        )
        raise DataError(msg)


def check_design(cohort_dir: str | None, given: dict[str, str | None]) -> None:
    """Refuse a design that is no design, before any file is opened.

    Parameters
    ----------
    cohort_dir
        Folder or workbook.
    given
        ``patient, time, baseline, followup``.

    Raises
    ------
    UsageError
        Folder and columns, neither, or incomplete columns.
    """
    named = [k for k, v in given.items() if v is not None]
    if cohort_dir is not None and named:
        msg = f"a cohort folder knows patients and days itself: leave out {', '.join('--' + k for k in named)}, or the folder"
        raise UsageError(msg)
    if cohort_dir is None and len(named) < len(given):
        missing = ", ".join("--" + k for k in given if k not in named)
        msg = f"name a cohort folder, or a simple design with --patient, --time, --baseline and --followup (missing: {missing})"
        raise UsageError(msg)


def simple(scores: Scored, given: dict[str, str], group: str | None) -> Cohort:
    """Return the simple design that the options name; columns tissue, platform and batch are used where they are there."""
    from ifnscore import scoretable
    from ifnscore.cohort import Cohort

    obs = scoretable.obs_of(scores)
    found = [c for c in ("tissue", "platform", "batch") if c in obs.columns]
    if found:
        say(f"pairs stay within one {' and one '.join(found)} (columns of the samples)")
    return Cohort.from_samples(obs, **given, group=group, **{c: c for c in found})


def check_outputs(opts: dict[str, Any], inputs: list[str | None]) -> None:
    """Refuse outputs that exist, before anything is computed."""
    from ifnscore import _files
    from ifnscore.result import written_here

    given = [Path(i) for i in inputs if i and i != "-"]
    output, key = (Path(opts[k]) if opts[k] else None for k in ("output", "key_file"))
    if output is not None:
        _files.check_free(output, force=opts["force"], inputs=given, own=written_here)
    if key is None:
        return
    if output is not None and (key.resolve() == output.resolve() or output.resolve() in key.resolve().parents):
        msg = f"--key {key} lies in {output}: the key is kept apart from what is shared; choose another place"
        raise DataError(msg)
    _files.check_free(key, force=opts["force"], inputs=given)


def write_key(cohort: Cohort, key_file: str | None, *, force: bool) -> None:
    """Write who is who where asked to; otherwise say that the codes are gone with this run."""
    from ifnscore import _files, _formulas

    if not key_file:
        say("patients stand under codes drawn for this run; --key FILE keeps who is who")
        return
    key = _formulas.guarded(cohort.key())
    _files.write(Path(key_file), lambda p: key.to_csv(p, index=False, lineterminator="\n"), force=force)
    warn(f"{key_file} says which code is which patient: keep it apart from everything that is shared")


def give(result: Result, cohort: Cohort, opts: dict[str, Any]) -> None:
    """Write and print a result: the reading on stderr, the main table or JSON on stdout; a terminal gets a short table."""
    from ifnscore.cli import _output, _terminal, _terminal_table

    if opts["output"]:
        result.write(opts["output"], force=opts["force"])
    write_key(cohort, opts["key_file"], force=opts["force"])
    if opts["json_"]:
        _output.show_json(result.to_dict())
    elif _terminal.wanted():
        _terminal_table.show(result.table)
    else:
        _output.show(result.table)
    say(result.reading)
    if opts["output"]:
        say(f"wrote {opts['output']}: all tables, reading.txt, methods.txt, result.json")
