"""``ifnscore score``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifnscore import _files, engine, methods, scored
from ifnscore import signatures as catalogue
from ifnscore.cli import _app, _inputs, _output, _scheduler, _terminal
from ifnscore.errors import DataError, UsageError, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anndata import AnnData

    from ifnscore._lazy import pd

EPILOG = """\b
Examples:
  ifnscore score counts.tsv.gz --samples samples.csv --controls "group == 'healthy'"
  ifnscore score matrix.h5ad -s rice,kim2018_irg28_z --reference healthy.json -o scores.tsv
  ifnscore score cells.h5ad -m ucell --pseudobulk sample,cell_type --long
  zcat table.tsv.gz | ifnscore score - --scale log2p1 -s own_sets.gmt --json
"""


NULL_HELP = (
    "Compare every score with N random gene sets of like expression: columns p_null and null_sets (--long, --json, h5ad). "
    "About this sample against random genes, not about groups of patients."
)


@click.command(epilog=EPILOG)
@click.argument("matrices", metavar="MATRIX...", nargs=-1, required=True)
@click.option(
    "-s",
    "--signature",
    "wanted",
    multiple=True,
    metavar="SIGNATURE",
    help="Id, beginning of one, 'panel', 'all', a list, or a TOML/GMT file.",
)
@click.option("-m", "--method", metavar="METHOD", help="Method id or 'published' (see ifnscore methods).")
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="Parameter of the method; also housekeeping=GENE,GENE."
)
@_inputs.controls
@click.option("--reference", metavar="FILE", help="Frozen controls, from ifnscore reference fit.")
@_inputs.reading
@click.option("--pseudocount", type=float, metavar="X", help="Added on the linear scale before the formula.")
@click.option("--min-coverage", type=float, metavar="X", help="Smallest share of usable genes, instead of each signature's own.")
@click.option("--allow-missing", is_flag=True, help="Drop genes with missing values for all samples alike.")
@click.option("--null", type=click.IntRange(1, 100_000), metavar="N", help=NULL_HELP)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of random gene sets and of intervals of cut-offs.")
@click.option("--chunk-size", type=click.IntRange(min=1), metavar="N", help="Samples handled at a time.")
@_scheduler.option
@click.option("-o", "--output", metavar="OUT", help="File: .tsv, .csv, .parquet, .h5ad or .zarr.")
@click.option("--long", "long_", is_flag=True, help="One row a sample and signature, with coverage, cut-off and more.")
@click.option("--json", "json_", is_flag=True, help="The long table as JSON records on stdout.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@_app.common
def score(matrices: tuple[str, ...], wanted: tuple[str, ...], **options: Any) -> None:
    """Score interferon signatures: one score a sample and signature.

    MATRIX is any supported file (see ifnscore inspect), several of them, or - for a TSV on stdin. Without -s the default
    panel is scored. With --controls or --reference each signature's published formula is used; without, a method is chosen by
    a rule and named on stderr. Tables go to stdout unless -o names a file: as TSV, but on a terminal rounded, with a bar a score.
    """
    _app.messages(quiet=options["quiet"], debug=options["debug"])
    params = _checked(options)
    method, given = options["method"], options["controls"]
    chosen = catalogue.resolve(list(wanted) or "panel")
    if options["output"]:
        files = [*matrices, options["samples"], options["reference"], *(w for w in wanted if catalogue.names_file(w))]
        files += _inputs.option_files(_inputs.format_options(options))
        _files.check_free(Path(options["output"]), force=options["force"], inputs=[Path(f) for f in files if f])
    _scheduler.check(options["scheduler"])
    adata = _inputs.load(matrices, options, control=given, lazily=True)
    _make_room(adata, options["output"])
    compares = _compares(method)
    _tell_housekeeping(adata, chosen, options)
    needed = compares or method in (None, engine.PUBLISHED)
    given = _inputs.default_controls(adata, given, options["reference"], options["samples"], needed=needed)
    if compares and given is None and options["reference"] is None:
        msg = f"{method} compares with healthy controls and the annotations name none: add --controls EXPR"
        raise DataError(msg)
    from ifnscore import tl

    with _inputs.naming(matrices, options["reference"]), _scheduler.used(options["scheduler"], adata, matrices):
        tl.score(
            adata,
            chosen,
            method=method,
            controls=given,
            reference=options["reference"],
            reference_by=options["reference_by"],
            donor=options["donor"],
            layer=None if options["pseudobulk"] else options["layer"],
            symbol_column=options["symbol_column"],
            params=params,
            pseudocount=options["pseudocount"],
            min_coverage=options["min_coverage"],
            allow_missing=options["allow_missing"],
            chunk_size=options["chunk_size"],
            null=options["null"],
            rng=options["seed"],
        )
    by_rule = method is None and given is None and options["reference"] is None
    hidden = _same(chosen) if by_rule and set(wanted) <= {"panel", "all"} else {}
    _give(adata, hidden, options)


def _make_room(adata: Any, output: str | None) -> None:
    """Choose where many scores of a matrix that stays in its file are kept: beside what they go to, or in a temporary file."""
    from ifnscore import loaders, tl

    if not isinstance(adata, loaders.Lazy):
        return
    if output and Path(output).suffix in scored.SUFFIXES:
        adata.keep_scores()
    if adata.n_obs > tl.DETAIL_LIMIT and (output or not _terminal.wanted()):
        adata.scratch = Path(output).parent if output else Path(tempfile.gettempdir())


def _tell_housekeeping(adata: AnnData, chosen: Sequence[catalogue.Signature], options: dict[str, Any]) -> None:
    """Say which signatures were made with housekeeping genes of their own, where the panel's were taken."""
    from ifnscore import keys

    normalised = str(keys.recorded_input(adata).get("normalised", ""))
    asked = _inputs.format_options(options)
    if not normalised.startswith("nanostring") or "housekeeping" in asked or asked.get("target") == "run":
        return
    for s in chosen:
        if s.formula.housekeeping:
            own = ", ".join(s.formula.housekeeping)
            say(f"{s.id} was made with its own housekeeping genes ({own}): to use them add --option housekeeping={s.id}")


def _compares(method: str | None) -> bool:
    """Whether a method that was asked for by name needs controls."""
    return method not in (None, engine.PUBLISHED) and methods.get(method).reference == "required"


def _checked(options: dict[str, Any]) -> dict[str, str]:
    """Return the method's parameters; everything that can be wrong without a file is refused here.

    Raises
    ------
    UsageError
        Method, parameter, number, expression or output format.
    """
    params, method = _inputs.parameters(options["params"]), options["method"]
    if method not in (None, engine.PUBLISHED):
        methods.get(method).resolve({k: v for k, v in params.items() if k not in engine.COMMON})
        if options["null"]:
            engine.check_null(methods.get(method))
    engine.check_share(options["min_coverage"])
    for value in (options["pseudocount"], params.get("pseudocount")):
        if value not in (None, "auto"):
            engine.check_pseudocount(value)
    if options["controls"] is not None and options["reference"] is not None:
        msg = "give --controls or --reference, not both"
        raise UsageError(msg)
    if _compares(method) and not (options["controls"] or options["reference"] or options["samples"]):
        msg = f"{method} compares with healthy controls: name them with --controls EXPR or --reference FILE"
        raise UsageError(msg)
    _inputs.check_expression(options["controls"])
    _inputs.format_options(options)
    _output.check_suffix(options["output"], (*_output.TABLES, *scored.SUFFIXES))
    return params


def _same(chosen: Sequence[catalogue.Signature]) -> dict[str, str]:
    """Return signature -> earlier signature with the same genes: a score without formulas cannot tell them apart."""
    first: dict[frozenset[tuple[str, str, float]], str] = {}
    same = {}
    for s in chosen:
        genes = frozenset((g, d, s.weights.get(g, 1.0)) for d, names in (("up", s.up), ("down", s.down)) for g in names)
        if genes in first:
            same[s.id] = first[genes]
        else:
            first[genes] = s.id
    for later, earlier in same.items():
        say(f"{later} has the genes of {earlier}: the same score here, shown once as {earlier}")
    return same


def _give(adata: AnnData, hidden: dict[str, str], options: dict[str, Any]) -> None:
    """Write or print the result in the form that was asked for."""
    path = Path(options["output"]) if options["output"] else None
    on_disk = isinstance(adata.obsm[_key(adata)], engine.Spilled)
    if path and path.suffix in scored.SUFFIXES:
        scored.write(adata, path, force=options["force"])
    elif path and on_disk:
        _output.write_parts(_parts(adata, hidden, long_=options["long_"]), path, force=options["force"])
    elif path:
        _output.write(_table(adata, hidden, long_=options["long_"]), path, force=options["force"])
    if options["json_"] and on_disk:
        _output.show_json_parts(_output.records(part) for part in _parts(adata, hidden, long_=True))
    elif options["json_"]:
        _output.show_json(_output.records(_table(adata, hidden, long_=True)))
    elif path is None and _terminal.wanted() and not options["long_"]:
        _terminal.show(adata, _key(adata), list(hidden))
    elif path is None and on_disk:
        _output.show_parts(_parts(adata, hidden, long_=options["long_"]))
    elif path is None:
        _output.show(_table(adata, hidden, long_=options["long_"]))
    if path is not None:
        say(f"wrote {path}")


def _parts(adata: Any, hidden: dict[str, str], *, long_: bool) -> Iterator[pd.DataFrame]:
    """Yield the table in parts, in the order in which it is written whole: a long one signature by signature."""
    key = _key(adata)
    signatures = [s for s in adata.obsm[key].columns if s not in hidden] if long_ else [""]
    places = [(s, start) for s in signatures for start in range(0, adata.n_obs, _output.ROWS)]
    for signature, start in engine.track(places, "writing", adata.n_obs * len(signatures), lambda _: _output.ROWS):
        part = adata[start : start + _output.ROWS]
        if signature:
            part.obsm[key] = part.obsm[key][[signature]]
        yield _table(part, hidden, long_=long_)


def _key(adata: AnnData) -> str:
    from ifnscore import keys

    return str(adata.uns[keys.UNS][keys.LATEST])


def _table(adata: AnnData, hidden: dict[str, str], *, long_: bool) -> pd.DataFrame:
    from ifnscore import get

    key = _key(adata)
    if long_:
        table = get.scores(adata, key=key)
        return table[~table["signature"].isin(list(hidden))]
    wide = get.scores_wide(adata, key=key).drop(columns=list(hidden))
    return wide.rename_axis(index="sample").reset_index()
