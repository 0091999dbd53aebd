"""``ifnscore inspect``: what a file is, before anything is scored."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from ifnscore import expression, genes, identify, keys
from ifnscore import signatures as catalogue
from ifnscore.cli import _app, _inputs, _output
from ifnscore.matrix import Matrix

if TYPE_CHECKING:
    from anndata import AnnData

EPILOG = """\b
Examples:
  ifnscore inspect matrix.h5ad
  ifnscore inspect counts.csv.gz --json
"""


@click.command(epilog=EPILOG)
@click.argument("matrix")
@_inputs.describing
@click.option("--json", "json_", is_flag=True, help="Everything as one JSON object.")
@_app.common
def inspect(matrix: str, *, json_: bool, **options: Any) -> None:
    """Tell what a matrix is: format, shape, orientation, identifiers, scale and why, coverage, and the next command."""
    _app.messages(quiet=options["quiet"] or json_, debug=options["debug"])
    adata = _inputs.load([matrix], options)
    found = describe(adata, matrix, options)
    if json_:
        _output.show_json(found)
    else:
        _print(found)


def describe(adata: AnnData, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return everything that inspect shows, as JSON-ready types."""
    recorded = keys.recorded_input(adata)
    x = adata.X if options["layer"] is None else adata.layers[options["layer"]]
    _, names = identify.identifiers(adata, options["symbol_column"])
    scale = recorded.get("scale") or None
    view = Matrix(x, names, list(adata.obs_names), scale or "linear")
    facts = expression.facts(x)
    return {
        "format": str(recorded.get("format", "")),
        "n_samples": int(adata.n_obs),
        "n_genes": int(adata.n_vars),
        "orientation": str(recorded.get("orientation", "")),
        "identifiers": view.match.kind,
        "identifiers_from": str(recorded.get("identifiers_from", "index")),
        "n_recognised": view.match.n_recognised,
        "n_duplicated": len(view.match.duplicated),
        "spreadsheet_dates": list(view.match.excel),
        "scale": scale,
        "scale_why": str(recorded.get("scale_why", "")),
        "minimum": facts.minimum,
        "maximum": facts.maximum,
        "missing_values": facts.missing,
        "detected_median": view.detected(),
        "layers": keys.layers(adata),
        "annotations": [str(c) for c in adata.obs.columns],
        "coverage": [_coverage(s, view) for s in catalogue.resolve("panel")],
        "next": _next(name, scale, adata, options),
    }


def _coverage(signature: catalogue.Signature, view: Matrix) -> dict[str, Any]:
    known = genes.table()
    wanted = {known.resolve(g): g for g in signature.genes}
    absent = [g for key, g in wanted.items() if key not in view.position]
    found = len(wanted) - len(absent)
    return {
        "signature": signature.id,
        "n_genes": len(wanted),
        "n_found": found,
        "coverage": found / len(wanted),
        "min_coverage": signature.min_coverage,
        "missing": ",".join(absent),
    }


def _next(name: str, scale: str | None, adata: AnnData, options: dict[str, Any]) -> str:
    words = ["ifnscore", "score", shlex.quote(name)]
    for option in ("samples", "symbol_column", "layer"):
        if options[option]:
            words += [f"--{option.replace('_', '-')}", shlex.quote(options[option])]
    if scale is None:
        words += ["--scale", "linear|log2|log2p1|log1p|ct"]
    elif options["scale"]:
        words += ["--scale", scale]
    column = next((c for c in ("is_control", "group", "condition", "disease", "treatment") if c in adata.obs.columns), None)
    if column == "is_control":
        words += ["--controls", "is_control"]
    elif column:
        values = [str(v) for v in adata.obs[column].dropna().unique()]
        healthy = next((v for v in values if any(w in v.lower() for w in ("health", "control", "ctrl", "untreated"))), None)
        words += ["--controls", shlex.quote(f"{column} == '{healthy}'")] if healthy else []
    if scale == "ct" and "--controls" not in words:
        words += ["--controls", "EXPR"]
    return " ".join(words)


def _print(found: dict[str, Any]) -> None:
    rows = [
        ("format", found["format"]),
        ("shape", f"{found['n_samples']} samples x {found['n_genes']} genes"),
        ("orientation", found["orientation"] or "as stored"),
        (
            "identifiers",
            f"{found['identifiers']} (from {found['identifiers_from']}); {found['n_recognised']} catalogue genes recognised",
        ),
        ("duplicates", f"{found['n_duplicated']} genes in more than one row"),
        ("scale", f"{found['scale'] or 'not certain'}: {found['scale_why']}"),
        ("values", f"{found['minimum']:.4g} to {found['maximum']:.4g}{', some missing' if found['missing_values'] else ''}"),
        ("detected", f"{found['detected_median']:.0%} of the genes in the median sample"),
        ("layers", ", ".join(found["layers"]) or "none"),
        ("annotations", ", ".join(found["annotations"]) or "none"),
    ]
    if found["spreadsheet_dates"]:
        rows.append(("dates", f"gene names turned into dates by a spreadsheet: {', '.join(found['spreadsheet_dates'][:5])}"))
    for name, value in rows:
        click.echo(f"{name:<12} {value}")
    click.echo("\ncoverage of the default panel")
    for c in found["coverage"]:
        mark = "" if c["coverage"] >= c["min_coverage"] else "  below its minimum"
        missing = f"  missing {c['missing']}" if c["missing"] and len(c["missing"]) < 80 else ""  # noqa: PLR2004
        click.echo(f"  {c['signature']:<28} {c['n_found']:>3}/{c['n_genes']:<3} {c['coverage']:>4.0%}{mark}{missing}")
    click.echo(f"\nnext\n  {found['next']}")
