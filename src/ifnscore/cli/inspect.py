"""``ifnscore inspect``: what a file is, before anything is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ifnscore import expression, genes, identify, keys, orthologs
from ifnscore import signatures as catalogue
from ifnscore.cli import _app, _inputs, _inspect_controls, _inspect_next, _inspect_print, _inspect_qc, _output
from ifnscore.matrix import Matrix

if TYPE_CHECKING:
    from anndata import AnnData

EPILOG = """\b
Examples:
  ifnscore inspect matrix.h5ad
  ifnscore inspect counts.csv.gz --samples samples.csv
  ifnscore inspect lanes/ --json
  ifnscore inspect mouse_counts.tsv --species mouse
"""
#: Sample names of the JSON report.
_NAMES = 5


@click.command(epilog=EPILOG)
@click.argument("matrix")
@_inputs.describing
@click.option("--json", "json_", is_flag=True, help="Everything as one JSON object.")
@_app.common
def inspect(matrix: str, *, json_: bool, **options: Any) -> None:
    """Tell what a matrix is: format, shape, identifiers, scale and why, quality, coverage, and the next command."""
    _app.messages(quiet=options["quiet"] or json_, debug=options["debug"])
    adata = _inputs.load([matrix], options)
    found = describe(adata, matrix, options)
    if json_:
        _output.show_json(found)
    else:
        click.echo(_inspect_print.text(found))


def describe(adata: AnnData, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return everything that inspect shows, as JSON-ready types."""
    recorded = keys.recorded_input(adata)
    x = adata.X if options["layer"] is None else adata.layers[options["layer"]]
    _, names = identify.identifiers(adata, options["symbol_column"])
    scale = recorded.get("scale") or None
    view = Matrix(x, names, list(adata.obs_names), scale or "linear")
    facts = expression.facts(x)
    controls = _inspect_controls.candidates(adata)
    coverage = [_coverage(s, view, mouse=recorded.get("species") == "mouse") for s in catalogue.resolve("panel")]
    then = _inspect_next.propose(name, adata, view, facts, scale, controls, options)
    return {
        "format": str(recorded.get("format", "")),
        "n_samples": int(adata.n_obs),
        "sample_names": [str(s) for s in adata.obs_names[:_NAMES]],
        "n_genes": int(adata.n_vars),
        "orientation": str(recorded.get("orientation", "")),
        "species": str(recorded.get("species") or "human"),
        "platform": str(recorded.get("platform") or ""),
        "identifiers": str(recorded.get("id_kind") or view.match.kind),
        "identifiers_from": str(recorded.get("identifiers_from", "index")),
        "n_recognised": view.match.n_recognised,
        "n_duplicated": len(view.match.duplicated),
        "older_names": view.match.older,
        "spreadsheet_dates": list(view.match.excel),
        "scale": scale,
        "scale_why": str(recorded.get("scale_why", "")),
        "normalisation": _normalisation(recorded, scale),
        "minimum": _number(facts.minimum),
        "maximum": _number(facts.maximum),
        "missing_values": facts.missing,
        "missing": _inspect_qc.missing(view, facts),
        "detected_median": view.detected(),
        "detected_genes": _inspect_qc.detected(view),
        "library_sizes": _inspect_qc.library_sizes(view),
        "empty_samples": [str(s) for s, none in zip(adata.obs_names, view.empty(), strict=True) if none],
        "qc": _inspect_qc.quality(adata),
        "notes": [n for n in str(recorded.get("notes", "")).split("; ") if n],
        "layers": keys.layers(adata),
        "annotations": [str(c) for c in adata.obs.columns],
        "controls": controls,
        "coverage": coverage,
        "next": then.command,
        "fill_in": list(then.fill_in),
        "hints": [*then.hints, *_too_few(coverage)],
    }


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None  # JSON knows neither NaN nor infinity


def _normalisation(recorded: dict[str, Any], scale: str | None) -> str:
    """Return what was or will be done to the values, in words."""
    if recorded.get("normalised"):
        return f"{recorded['normalised']}, applied (--normalise none for the values as they are)"
    return {
        "counts": "counts per million over all genes of the matrix, when scored",
        "ct": "delta Ct to the housekeeping genes of each signature, when scored",
        None: "none before the scale is known",
    }.get(scale, "none: the values are taken as they are")


def _too_few(coverage: Sequence[Mapping[str, Any]]) -> list[str]:
    if any(c["coverage"] >= c["min_coverage"] for c in coverage):
        return []
    todo = "try -s all, or lower the bar with --min-coverage"
    return [f"no signature of the default panel has enough of its genes here, so every score will be NA: {todo}"]


def _coverage(signature: catalogue.Signature, view: Matrix, *, mouse: bool) -> dict[str, Any]:
    known = genes.table()
    wanted = {known.resolve(g): g for g in signature.genes}
    absent = {key: g for key, g in wanted.items() if key not in view.position}
    found = len(wanted) - len(absent)
    return {
        "signature": signature.id,
        "n_genes": len(wanted),
        "n_found": found,
        "coverage": found / len(wanted),
        "min_coverage": signature.min_coverage,
        "missing": ",".join(absent.values()),
        "without_ortholog": len(orthologs.without_ortholog(list(absent))) if mouse else 0,
    }
