"""``ifnscore demo``: the synthetic tofacitinib cohort, from counts to a report."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ifnscore import _files, _resources, scored
from ifnscore.cli import _app, _inputs
from ifnscore.errors import say

NAME = "jdm_tofacitinib"
DEFAULT = "ifnscore-demo"
#: What the demo shows: files of a cohort, nothing of how they were made.
_COPIED = ("cohort", "counts.csv.gz", "README.md", "LICENSE")
SEED = 1
MARK = "SYNTHETIC"


@click.command(epilog="\b\nExample:\n  ifnscore demo my_demo\n")
@click.argument("folder", metavar="[DIR]", default=DEFAULT)
@click.option("--force", is_flag=True, help="Replace an earlier demo.")
@_app.common
def demo(folder: str, *, force: bool, quiet: bool, debug: bool) -> None:
    """Write a SYNTHETIC cohort of six children on tofacitinib to DIR, score it, compare, associate and report.

    Every step prints the command that does the same on your own files.
    """
    _app.messages(quiet=quiet, debug=debug)
    target = Path(folder)
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    _files.check_free(target, force=force, own=_earlier)
    _app.messages(quiet=True, debug=debug)  # the steps below are shown as the commands that they are
    _files.write(target, _run, force=force, own=_earlier)
    _app.messages(quiet=quiet, debug=debug)
    say(f"wrote {target}: report.html to look at, the cohort, scored.h5ad, and all tables in compare and associate")
    say(
        "patients have the same codes in compare, associate and report here; the commands above, run one by one, each draw codes "
        "anew: --key FILE writes who is who"
    )


def _earlier(folder: Path) -> bool:
    """Whether a folder is an earlier demo and holds nothing else."""
    made = {*_COPIED, MARK, "scored.h5ad", "compare", "associate", "report.html"}
    return (folder / MARK).is_file() and {p.name for p in folder.iterdir()} <= made


def _run(folder: Path) -> None:
    from ifnscore import report, tl
    from ifnscore.cohort import Cohort

    source = _resources.folder("examples") / NAME
    folder.mkdir()
    for name in _COPIED:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copyfile
        copy(source / name, folder / name)
    (folder / MARK).write_text("SYNTHETIC: every value in this folder is invented.\n", encoding="utf-8")
    _step("ifnscore score counts.csv.gz --samples cohort/samples.csv --donor donor_id -o scored.h5ad")
    adata = _inputs.load([str(folder / "counts.csv.gz")], {"samples": str(folder / "cohort" / "samples.csv")})
    tl.score(adata, controls="is_control", donor="donor_id")
    scored.write(adata, folder / "scored.h5ad")
    _step("ifnscore compare scored.h5ad cohort -o compare")
    cohort = Cohort.read(folder / "cohort")
    change = tl.compare(adata, cohort, rng=SEED)
    change.write(folder / "compare")
    click.echo(change.reading + "\n")
    _step("ifnscore associate scored.h5ad cohort --outcome cdasi_activity -o associate")
    link = tl.associate(adata, cohort, outcome="cdasi_activity", rng=SEED)
    link.write(folder / "associate")
    click.echo(link.reading + "\n")
    _step(f"ifnscore report scored.h5ad cohort --seed {SEED} -o report.html")
    report.write(folder / "report.html", adata, cohort, rng=SEED)


def _step(command: str) -> None:
    click.echo(f"$ {command}")
