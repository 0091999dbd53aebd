"""``ifnscore signatures``: the catalogue."""

from __future__ import annotations

import json
import shutil
import textwrap

import click

from ifnscore import signatures as catalogue
from ifnscore.cli import _app
from ifnscore.signatures import Signature
from ifnscore.signatures._model import IFN_TYPES

EPILOG = """\b
Examples:
  ifnscore signatures
  ifnscore signatures rice2013_ags6
  ifnscore signatures --type II --tissue muscle
  ifnscore signatures --platform NanoString --gmt > nanostring.gmt
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False)
@click.option("--type", "ifn_type", type=click.Choice(IFN_TYPES, case_sensitive=False), help="Interferon type.")
@click.option("--tissue", metavar="T", help="Tissue, such as blood, skin or muscle.")
@click.option("--platform", metavar="P", help="Native platform, such as NanoString.")
@click.option("--disease", metavar="D", help="Word in the disease.")
@click.option("--json", "json_", is_flag=True, help="A JSON list of objects with 'id' and everything known.")
@click.option("--gmt", is_flag=True, help="GMT text with current symbols.")
@_app.common
def signatures(
    name: str | None,
    *,
    ifn_type: str | None,
    tissue: str | None,
    platform: str | None,
    disease: str | None,
    json_: bool,
    gmt: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """List the catalogue, or show one signature: genes, formula, cut-off, sources, and what it shares with the panel."""
    _app.messages(quiet=quiet, debug=debug)
    if name is not None:
        chosen = catalogue.resolve(name)
    else:
        chosen = catalogue.select(ifn_type=ifn_type, tissue=tissue, platform=platform, disease=disease)
    if json_:
        click.echo(json.dumps([s.to_dict() for s in chosen], indent=1, ensure_ascii=False))
    elif gmt:
        click.echo(catalogue.to_gmt(chosen) if chosen else "", nl=False)
    elif name is not None:
        for s in chosen:
            _show(s)
    else:
        _list(chosen)


def _list(chosen: list[Signature]) -> None:
    width = max((len(s.id) for s in chosen), default=2)
    click.echo(f"{'id':<{width}}  {'type':<10} {'genes':>5}  {'platform':<10}  {'formula':<18}  title")
    room = max(shutil.get_terminal_size((140, 20)).columns - width - 56, 30)
    for s in chosen:
        mark = "*" if s.id in catalogue.PANEL else " "
        formula = s.formula.method if s.formula.computable else "-"
        title = textwrap.shorten(s.title, room, placeholder=" ...")
        click.echo(f"{s.id:<{width}}{mark} {s.ifn_type:<10} {s.n_genes:>5}  {s.platform:<10}  {formula:<18}  {title}")
    plural = "" if len(chosen) == 1 else "s"
    click.echo(f"\n{len(chosen)} signature{plural}; * default panel; - no published formula that can be computed")


def _show(s: Signature) -> None:
    click.echo(f"{s.id}\n{s.title}\n")
    rows = [
        ("type", s.ifn_type),
        ("genes", f"{s.n_genes}: {', '.join(s.up)}" + (f"; down: {', '.join(s.down)}" if s.down else "")),
        ("platform", s.platform_detail),
        ("tissue", s.tissue_detail),
        ("disease", s.disease),
        ("formula", f"[{s.formula.status}] {s.formula.text}"),
        ("method", s.formula.method),
        ("cut-off", f"{s.cutoff.text} (calibrated on: {s.cutoff.calibrated_on})"),
        ("coverage", f"at least {s.min_coverage:.0%} of the genes"),
        ("source", f"{s.source.first_author} {s.source.year or ''}, {s.source.title}; doi {s.source.doi}; PMID {s.source.pmid}"),
        ("list", s.source.list),
        ("confidence", s.confidence_detail),
        ("licence", f"{s.licence}. {s.attribution}"),
        ("patents", s.patent_note),
        ("notes", s.notes),
    ]
    for label, text in rows:
        if text:
            click.echo(textwrap.fill(" ".join(str(text).split()), 110, initial_indent=f"{label:<11}", subsequent_indent=" " * 11))
    shared = catalogue.overlap([s, *(p for p in catalogue.resolve("panel") if p.id != s.id)])
    click.echo("\ngenes shared with the default panel")
    for row in shared[shared["first"] == s.id].itertuples():
        click.echo(f"  {row.second:<28} {row.n_shared:>3} of {row.n_second}")
