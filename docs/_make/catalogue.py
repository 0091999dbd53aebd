"""The catalogue: one page a signature, from its TOML file, with what is unknown said."""

from __future__ import annotations

from pathlib import Path

from _make import text
from _make.text import code, plain
from ifnscore import methods, signatures
from ifnscore.signatures import Signature

UNKNOWN = "unknown"
TYPES = {
    "I": "Type I",
    "II": "Type II",
    "III": "Type III",
    "I+II": "Types I and II",
    "comparator": "Comparators: no interferon response is claimed",
    UNKNOWN: "Type unknown",
}
STATUS = {
    "published": "published: the rule stands in a source",
    "reconstructed": "reconstructed: read in code, or pieced together from several sources",
    "partial": "partial: a piece of the rule is unknown, so no score claims to be the published one",
    "none": "none: the list was published without a rule",
    UNKNOWN: "unknown",
}


def _unknown(s: Signature) -> list[str]:
    """Return what the sources that were read do not say."""
    pieces = {
        "interferon type": s.ifn_type,
        "platform": s.platform,
        "disease": s.disease,
        "scoring method": s.formula.method,
        "scale of the input": s.formula.input_scale,
        "need for controls": s.formula.reference,
        "centre": s.formula.centre,
        "spread": s.formula.spread,
        "degrees of freedom": s.formula.ddof,
        "summary over genes": s.formula.summary,
        "pseudo-count": s.formula.pseudocount,
        "cut-off rule": s.cutoff.rule,
        "what the cut-off was calibrated on": s.cutoff.calibrated_on,
        "first author": s.source.first_author,
        "title": s.source.title,
        "DOI": s.source.doi,
        "second source": s.source.second,
    }
    return [name for name, value in pieces.items() if value == UNKNOWN]


def _genes(s: Signature) -> str:
    parts = []
    for title, listed in (("Up", s.up), ("Down", s.down)):
        if listed:
            shown = [f"{code(g)} ({s.weights[g]:g})" if g in s.weights else code(g) for g in listed]
            parts.append(f"{title} ({len(listed)}): {', '.join(shown)}")
    return "\n\n".join(parts) + ("\n\nWeights in brackets." if s.weights else "")


def _source(s: Signature) -> str:
    cite = f"{plain(s.source.first_author)}, {s.source.year or 'year unknown'}."
    if s.source.title != UNKNOWN:
        cite += f" {plain(s.source.title)}."
    if s.source.doi != UNKNOWN:
        cite += f" DOI {text.doi(s.source.doi)}."
    if s.source.pmid not in (UNKNOWN, ""):
        cite += f" PMID {plain(s.source.pmid)}."
    rows = [("cite", cite), ("genes read in", plain(s.source.list)), ("second source", plain(s.source.second))]
    return text.table(("", ""), rows)


def page(s: Signature) -> list[str]:
    """Return the parts of a signature's page."""
    f, c = s.formula, s.cutoff
    method = f"[`{f.method}`](../methods/{f.method}.md)" if f.method in methods.records() else plain(f.method)
    facts = [
        ("interferon type", plain(s.ifn_type)),
        ("tissue", plain(", ".join(s.tissue)) + (f" ({plain(s.tissue_detail)})" if s.tissue_detail != UNKNOWN else "")),
        ("platform", plain(s.platform_detail if s.platform_detail != UNKNOWN else s.platform)),
        ("disease", plain(s.disease)),
        ("lowest coverage for a score", f"{s.min_coverage:g}"),
        ("confidence", plain(s.confidence_detail if s.confidence_detail != UNKNOWN else s.confidence)),
        ("licence", f"{plain(s.licence)}. {plain(s.licence_detail)}"),
        *([("attribution", plain(s.attribution))] if s.attribution else []),
        *([("patent note", plain(s.patent_note))] if s.patent_note else []),
    ]
    formula = [
        ("method", method),
        ("status", plain(STATUS[f.status])),
        ("scale of the input", plain(f.input_scale)),
        ("healthy controls", plain(f.reference)),
        ("housekeeping genes", plain(", ".join(f.housekeeping)) or "none named"),
    ]
    value = f" Published value on the authors' assay: {c.value:g}, never taken over to yours." if c.value is not None else ""
    cutoff = f"Rule: {plain(c.rule)}.{value} Calibrated on: {plain(c.calibrated_on)}.\n\n{plain(c.text)}"
    missing = _unknown(s)
    said = (
        f"The sources that were read do not say: {', '.join(missing)}." if missing else "Nothing that the file has a field for."
    )
    return [
        f"# {plain(s.id)}",
        plain(s.title),
        text.table(("", ""), facts),
        f"## {s.n_genes} genes, as printed",
        _genes(s),
        "## Formula",
        text.table(("", ""), formula),
        plain(f.text),
        "## Cut-off",
        cutoff,
        *(["## Notes", plain(s.notes)] if s.notes else []),
        "## Unknown",
        said,
        "## Source",
        _source(s),
    ]


def row(s: Signature, folder: str = "") -> tuple[str, ...]:
    """Return one line of a table of signatures."""
    return (
        f"[{plain(s.id)}]({folder}{s.id}.md)",
        plain(s.title),
        str(s.n_genes),
        plain(", ".join(s.tissue)),
        plain(s.platform),
        plain(s.formula.status),
    )


HEAD = ("signature", "title", "genes", "tissue", "platform", "formula")


def write(out: Path) -> None:
    """Write ``catalogue/index.md`` and one page a signature."""
    every = [signatures.get(i) for i in signatures.ids()]
    blocks = []
    for kind, title in TYPES.items():
        found = [s for s in every if s.ifn_type == kind]
        if found:
            blocks += [f"## {title}", text.table(HEAD, [row(s) for s in found])]
    for s in every:
        text.write(out / "catalogue" / f"{s.id}.md", *page(s))
    intro = (
        f"{len(every)} signatures. Genes stand as printed, the formula as its authors used it; what a source does not say is "
        "called unknown. `ifnscore signatures NAME` prints the same. Formula: *published* stands in a source, *reconstructed* "
        "was read in code or pieced together, *partial* lacks a piece, *none* is a list without a rule."
    )
    toc = "```{toctree}\n:hidden:\n\nrules\n" + "\n".join(s.id for s in every) + "\n```"
    text.write(
        out / "catalogue" / "index.md", "# Catalogue", intro, "What gets in, what does not and why: [](rules.md).", *blocks, toc
    )
    text.write(out / "catalogue" / "rules.md", "```{include} ../../../genesets/README.md\n```")
