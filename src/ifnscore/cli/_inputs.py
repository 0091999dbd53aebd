"""Options of every command that reads a matrix, and what they mean."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ifnscore import _formulas, expr, loaders, orthologs, signatures
from ifnscore._lazy import pd
from ifnscore.errors import DataError, ScaleError, UsageError, listing, say, warn
from ifnscore.expression import SCALES
from ifnscore.loaders import _excel as loader_excel
from ifnscore.loaders import _files as loader_files

if TYPE_CHECKING:
    from anndata import AnnData

F = TypeVar("F", bound=Callable[..., Any])
#: Characters of a first line that are looked at.
_FIRST_LINE = 100_000
#: What pandas says of a row that is too long.
_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")

_READING = (
    click.option("--samples", metavar="FILE", help="Annotations, joined on 'sample_id' or the first column (CSV, TSV, Excel)."),
    click.option("--symbol-column", metavar="NAME", help="Column with the gene identifiers."),
    click.option("--scale", type=click.Choice(SCALES), help="Expression scale, where it is not certain."),
    click.option("--layer", metavar="NAME", help="Layer to use instead of X."),
    click.option("--modality", metavar="NAME", help="Modality to score, for MuData files."),
    click.option(
        "--species",
        type=click.Choice(orthologs.SPECIES),
        help="Species of the genes: those of the mouse are scored through one-to-one human orthologs.",
    ),
    click.option("--normalise", metavar="NAME", help="Normalisation before scoring, or 'none' (see ifnscore formats)."),
    click.option(
        "--option",
        "format_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="How the format is read or normalised (see ifnscore formats).",
    ),
    click.option(
        "--pseudobulk", metavar="COL[,COL]", help="Sum counts of cells by these columns first; the first names the sample."
    ),
)
_CONTROLS = (
    click.option("--controls", metavar="EXPR", help="Which samples are healthy controls, such as \"group == 'healthy'\"."),
    click.option("--reference-by", metavar="COL[,COL]", help="One reference for each combination (default: tissue, platform)."),
    click.option("--donor", metavar="COL", help="Column that names the person: repeats of one control count once."),
)


def _all(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


reading = _all(_READING)
#: The same for a command that does not score: everything but the pseudo-bulk.
describing = _all(_READING[:-1])
controls = _all(_CONTROLS)


def check_expression(text: str | None) -> None:
    """Refuse a forbidden expression before any file is opened."""
    if text is not None:
        expr.Selection(text)


def format_options(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the options of formats and normalisations; what no format knows is refused before any file is opened.

    Raises
    ------
    UsageError
        A pair has no ``=``, or nothing knows the option or its value.
    """
    given = parameters(asked.get("format_options") or (), flag="--option", example="sheet=counts")
    if asked.get("modality"):
        given["modality"] = asked["modality"]
    loaders.check_options(given, asked.get("normalise"))
    return given


def option_files(given: dict[str, str]) -> list[str]:
    """Return the options that name files: these are inputs of the run."""
    known = {o.name for f in loaders.formats() for o in f.options if o.is_file}
    return [value for name, value in given.items() if name in known and value]


def load(matrices: Sequence[str], asked: dict[str, Any], *, control: str | None = None, lazily: bool = False) -> Any:
    """Read matrices, join annotations, and sum cells where asked to.

    Parameters
    ----------
    matrices
        Paths, or ``-``.
    asked
        Values of the options in :data:`reading`; those that a command does not have count as not given.
    control
        Control expression, whose columns are carried through a pseudo-bulk.
    lazily
        Leave a large h5ad or zarr where it is (a :class:`ifnscore.loaders.Lazy`, closed when the command ends).
    """
    samples, layer, pseudobulk = asked.get("samples"), asked.get("layer"), asked.get("pseudobulk")
    given = format_options(asked)
    with _pointing(matrices):
        adata: Any = _left(matrices, asked) if lazily and not given else None
        adata = adata or loaders.read(
            *matrices,
            scale=asked.get("scale"),
            symbol_column=asked.get("symbol_column"),
            layer=layer,
            normalise=asked.get("normalise"),
            species=asked.get("species") or "human",
            **given,
        )
    if samples is not None:
        join_samples(adata, Path(samples))
    if pseudobulk:
        from ifnscore import tl

        with naming(matrices):
            adata = tl.pseudobulk(adata, pseudobulk, layer=layer, keep=control)
    return adata


def _left(matrices: Sequence[str], asked: dict[str, Any]) -> loaders.Lazy | None:
    """Return a large matrix that stays in its file, or None."""
    if len(matrices) > 1 or asked.get("normalise") not in (None, "none"):
        return None
    found = loaders.read_lazily(
        Path(matrices[0]),
        scale=asked.get("scale"),
        symbol_column=asked.get("symbol_column"),
        layer=asked.get("layer"),
        species=asked.get("species") or "human",
    )
    if found is not None:
        click.get_current_context().call_on_close(found.close)
    return found


@contextlib.contextmanager
def _pointing(matrices: Sequence[str]) -> Iterator[None]:
    """Say where a table of scores goes, when a file was no matrix and may be one."""
    try:
        yield
    except DataError as error:
        if "no catalogue gene" not in str(error) and not (len(matrices) == 1 and _holds_scores(Path(matrices[0]))):
            raise
        msg = f"{error} (a table of scores goes to ifnscore compare or report with --scores)"
        raise (ScaleError if isinstance(error, ScaleError) else DataError)(msg) from error


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that the system cannot hold is none, and whoever opens it says so."""
    try:
        return path.is_file()
    except OSError:  # a name too long, a link to itself
        return False


def _holds_scores(path: Path) -> bool:
    """Whether the first line of a text file names signatures, as that of a table of scores does."""
    if path.suffix.lower() not in {".csv", ".tsv", ".txt"} or not is_file(path):
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = {cell.strip(' "\n') for cell in re.split(r"[,;\t]", file.readline(_FIRST_LINE))}
    return head >= {"signature", "score"} or bool(head & set(signatures.ids()))


@contextlib.contextmanager
def naming(matrices: Sequence[str], *others: str | None) -> Iterator[None]:
    """Put the name of the matrix before errors about its values, which arise where files are no longer known.

    Errors that name one of the `others` are left as they are.
    """
    try:
        yield
    except DataError as error:
        if len(matrices) != 1 or any(name and str(name) in str(error) for name in (*matrices, *others)):
            raise
        name = loader_files.label(Path(matrices[0]))
        msg = f"{name}: {str(error).removeprefix(f'{Path(matrices[0]).name}: ')}"
        raise (ScaleError if isinstance(error, ScaleError) else DataError)(msg) from error


def join_samples(adata: AnnData, path: Path) -> None:
    """Join annotations to the samples, in place.

    Raises
    ------
    DataError
        The file cannot be read, names a sample twice, or shares no sample with the matrix.
    """
    here = adata.obs_names.astype(str)
    table = annotations_of(path, here, "matrix")
    shared = _replaced(path, table, adata.obs, "matrix")
    if isinstance(adata.obs, loaders.Columns):
        adata.obs.add(table)
    else:
        adata.obs = adata.obs.drop(columns=shared).join(table.set_axis(adata.obs.index))


def annotations_of(path: Path, here: pd.Index[Any], what: str) -> pd.DataFrame:
    """Read annotations of some samples, one row each, joined on ``sample_id`` or the first column.

    Parameters
    ----------
    path
        CSV or TSV.
    here
        Names of the samples; a long table has them more than once.
    what
        What the samples belong to, for messages.

    Raises
    ------
    DataError
        The file cannot be read, names a sample twice, or shares no sample with `here`.
    """
    table = read_table(path)
    key = "sample_id" if "sample_id" in table.columns else table.columns[0]
    ids = table[key].astype(str).str.strip()
    if ids.duplicated().any():
        msg = f"{path.name}: sample {ids[ids.duplicated()].iloc[0]!r} stands in two rows of column {key!r}"
        raise DataError(msg)
    names = here.unique()
    absent = names[~names.isin(ids)]
    if len(absent) == len(names):
        msg = (
            f"{path.name}: no sample of the {what} ({listing(names, 3)}) stands in column {key!r} ({listing(ids, 3)}); "
            "the names must be the same"
        )
        raise DataError(msg)
    if len(absent):
        warn(f"{path.name}: no annotation for {len(absent)} of {len(names)} samples: {listing(absent, 3)}")
    return table.drop(columns=key).set_index(pd.Index(ids)).reindex(here)


def _replaced(path: Path, table: pd.DataFrame, old: pd.DataFrame, what: str) -> list[str]:
    """Return columns that are in both, said aloud: the annotations win."""
    shared = [c for c in table.columns if c in old.columns]
    if shared:
        say(f"{path.name}: replaces the columns {listing(shared)} of the {what}")
    return shared


def join_table(scores: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table of scores, wide or long, with annotations joined.

    Raises
    ------
    DataError
        See :func:`annotations_of`.
    """
    name = next((c for c in ("sample", "sample_id") if c in scores.columns), scores.columns[0])
    table = annotations_of(path, pd.Index(scores[name].astype(str).str.strip()), "scores")
    shared = _replaced(path, table, scores, "scores")
    return scores.drop(columns=shared).join(table.set_axis(scores.index))


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of annotations or scores, CSV, TSV or an Excel sheet; the first column stays text.

    Raises
    ------
    DataError
        The file is missing, empty or no table.
    """
    if is_file(path / "samples.csv"):  # a cohort
        path = path / "samples.csv"
    if path.suffix.lower() in {".xlsx", ".xlsm"} and loader_excel.is_workbook(path, path.name):
        return parse_table(loader_excel.as_text(path, path.name), path.name)
    return parse_table(loader_files.read_text(path).decode("utf-8-sig"), path.name)


def parse_table(text: str, name: str) -> pd.DataFrame:
    """Read a table from text; lines that begin with # before the header are notes, as in the tables of a cohort.

    Parameters
    ----------
    text
        CSV or TSV.
    name
        How messages call it.

    Raises
    ------
    DataError
        It is empty or no table.
    """
    skipped = 0
    while text.startswith(("#", '"#')):  # spreadsheets quote a note that holds a separator
        text = text.partition("\n")[2]
        skipped += 1
    header = text.partition("\n")[0]
    separator = "\t" if "\t" in header else ";" if header.count(";") > header.count(",") else ","
    _refuse_repeated(header, separator, name)
    try:
        table = _stripped(pd.read_csv(io.StringIO(text), sep=separator, skipinitialspace=True))
        if isinstance(table.index, pd.MultiIndex):
            msg = f"{name}: not a CSV or TSV table: rows have {table.index.nlevels} cells more than the header"
            raise DataError(msg)
        if not isinstance(table.index, pd.RangeIndex):  # a header one field short, as R writes it: row names come first
            return _formulas.unguarded(table.set_axis(table.index.astype(str)).rename_axis("sample_id").reset_index())
        names = list(dict.fromkeys([table.columns[0], *(c for c in table.columns if c == "sample_id")]))
        at = [list(table.columns).index(c) for c in names]
        kept = pd.read_csv(io.StringIO(text), sep=separator, skipinitialspace=True, usecols=at, dtype=str, keep_default_na=False)
    except ValueError as error:
        ragged = _RAGGED.search(str(error))
        what = f"line {int(ragged[2]) + skipped} has {ragged[3]} cells, the header {ragged[1]}" if ragged else str(error)
        msg = f"{name}: not a CSV or TSV table: {what}"
        raise DataError(msg) from error
    kept = _stripped(kept)
    table[names] = kept[names].astype(object)  # identifiers stay as written: 007, or a sample called NA
    if table.empty:
        msg = f"{name}: the table has no rows"
        raise DataError(msg)
    return _formulas.unguarded(table)


def _refuse_repeated(header: str, separator: str, name: str) -> None:
    """Refuse two columns of one name: nobody could say which is meant."""
    try:
        cells = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return
    twice = [cell for cell, n in Counter(c.strip() for c in cells).items() if cell and n > 1]
    if twice:
        msg = f"{name}: two columns are called {twice[0]!r}; give each its own name"
        raise DataError(msg)


def _stripped(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without blanks around names and words, as spreadsheets and people leave them."""
    table = table.set_axis([str(c).strip() for c in table.columns], axis="columns")
    for name, column in table.items():
        if column.dtype.kind not in "iufb":
            table[name] = column.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    return table


def default_controls(
    adata: AnnData, given: str | None, reference: str | None, samples: str | None, *, needed: bool = True
) -> str | None:
    """Return the control expression: the given one, or ``is_control`` of a cohort's sample table, said aloud."""
    if given is not None or reference is not None or samples is None or "is_control" not in adata.obs.columns:
        return given
    mask = expr.Selection("is_control")(adata.obs)
    if not mask.any() or mask.all():
        who = "nobody" if not mask.any() else "everybody"
        if needed:
            msg = f"column is_control selects {who}; name the controls with --controls, or a method that needs none with -m"
            raise DataError(msg)
        say(f"column is_control selects {who} and is not used")
        return None
    say(f"controls: the {int(mask.sum())} samples with is_control (change with --controls)")
    return "is_control"


def parameters(pairs: Sequence[str], flag: str = "--param", example: str = "ties=average") -> dict[str, str]:
    """Return ``NAME=VALUE`` pairs as a dict.

    Raises
    ------
    UsageError
        A pair has no ``=``.
    """
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            msg = f"{flag} {pair!r}: write NAME=VALUE, such as {flag} {example}"
            raise UsageError(msg)
        found[name.strip()] = value.strip()
    return found
