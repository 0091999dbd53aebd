"""What a signature is: genes with a direction, the published formula, and where both were read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ifnscore.errors import listing

IfnType = Literal["I", "II", "III", "I+II", "comparator", "unknown"]
IFN_TYPES: tuple[str, ...] = ("I", "II", "III", "I+II", "comparator", "unknown")
PLATFORMS: tuple[str, ...] = ("RT-qPCR", "NanoString", "microarray", "RNA-seq", "scRNA-seq", "gene set", "unknown")
CONFIDENCES: tuple[str, ...] = ("high", "medium", "low", "unknown")
FORMULA_STATUS: tuple[str, ...] = ("published", "reconstructed", "partial", "none", "unknown")
CUTOFF_RULES: tuple[str, ...] = ("mean+2sd", "p95", "fixed", "none", "unknown")
UNKNOWN = "unknown"

#: Largest number of genes of a small panel, and of a panel: they decide the default minimum coverage.
SMALL_PANEL, PANEL = 10, 50


def default_min_coverage(n_genes: int) -> float:
    """Return the coverage below which a score is not given: 1.0 to 10 genes, 0.8 for panels, 0.5 for large sets."""
    if n_genes <= SMALL_PANEL:
        return 1.0
    return 0.8 if n_genes <= PANEL else 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """How the authors made a score of the genes; what their text does not say is ``"unknown"``.

    Attributes
    ----------
    method
        Id of the scoring method that computes it, or ``"unknown"``.
    status
        ``published``: the rule stands in a source. ``reconstructed``: read in code or pieced together from
        several sources. ``partial``: some of it is unknown, so no score claims to be the published one.
        ``none``: the list was published without a rule.
    input_scale
        Scale on which the genes enter: ``linear``, ``log2``, ``ct`` or ``unknown``.
    reference
        ``required``, ``none`` or ``unknown``: does it need healthy controls?
    centre, spread, ddof, summary, pseudocount
        The pieces of the rule, each possibly ``"unknown"``.
    housekeeping
        Genes that the authors normalised to, as printed.
    params
        Parameters handed to `method`.
    text
        The rule in words, with what is odd about it.
    """

    method: str = UNKNOWN
    status: str = UNKNOWN
    input_scale: str = UNKNOWN
    reference: str = UNKNOWN
    centre: str = UNKNOWN
    spread: str = UNKNOWN
    ddof: int | str = UNKNOWN
    summary: str = UNKNOWN
    pseudocount: float | str = UNKNOWN
    housekeeping: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    text: str = UNKNOWN

    @property
    def computable(self) -> bool:
        """Whether the package can compute the published score."""
        return self.method != UNKNOWN and self.status in {"published", "reconstructed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoff:
    """The published cut-off rule and what it was calibrated on; never taken over to another assay.

    Attributes
    ----------
    rule
        ``mean+2sd``, ``p95``, ``fixed``, ``none`` or ``unknown``.
    value
        The published number, on the authors' own assay.
    calibrated_on
        Assay and controls from which `value` came.
    text
        The rule in words.
    """

    rule: str = UNKNOWN
    value: float | None = None
    calibrated_on: str = UNKNOWN
    text: str = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where list and formula were read."""

    first_author: str = UNKNOWN
    year: int | None = None
    title: str = UNKNOWN
    doi: str = UNKNOWN
    pmid: str = UNKNOWN
    list: str = UNKNOWN
    second: str = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A named, directed gene list with its published formula and provenance.

    Attributes
    ----------
    id
        Name used everywhere, for instance ``rice2013_ags6``.
    up, down
        Genes exactly as published; identifiers are harmonised only when a matrix is scored.
    weights
        Published weight per gene, where there are any.
    ifn_type
        ``I``, ``II``, ``III``, ``I+II`` or ``comparator`` (not an interferon response).
    min_coverage
        Share of usable genes below which no score is given.
    formula, cutoff, source
        See :class:`Formula`, :class:`Cutoff`, :class:`Source`.
    """

    id: str
    up: tuple[str, ...]
    down: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    title: str = UNKNOWN
    ifn_type: str = UNKNOWN
    tissue: tuple[str, ...] = ()
    tissue_detail: str = UNKNOWN
    platform: str = UNKNOWN
    platform_detail: str = UNKNOWN
    disease: str = UNKNOWN
    min_coverage: float = 1.0
    confidence: str = UNKNOWN
    confidence_detail: str = UNKNOWN
    licence: str = UNKNOWN
    licence_detail: str = UNKNOWN
    attribution: str = ""
    patent_note: str = ""
    notes: str = ""
    formula: Formula = field(default_factory=Formula)
    cutoff: Cutoff = field(default_factory=Cutoff)
    source: Source = field(default_factory=Source)

    @property
    def genes(self) -> tuple[str, ...]:
        """All genes as published, up before down."""
        return self.up + self.down

    @property
    def n_genes(self) -> int:
        """Number of genes of the published list."""
        return len(self.up) + len(self.down)

    def to_dict(self) -> dict[str, Any]:
        """Return the signature as plain JSON-ready types, ``id`` first."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def hash(self) -> str:
        """Return a SHA-256 of what makes the score (genes, weights, formula): wording does not change it."""
        core = {
            "up": self.up,
            "down": self.down,
            "weights": dict(sorted(self.weights.items())),
            "method": self.formula.method,
            "params": dict(sorted(self.formula.params.items())),
            "housekeeping": self.formula.housekeeping,
            "min_coverage": self.min_coverage,
        }
        return hashlib.sha256(json.dumps(core, sort_keys=True).encode()).hexdigest()

    def _repr_html_(self) -> str:
        from html import escape

        rows = {
            "interferon type": self.ifn_type,
            "genes": f"{self.n_genes}: {listing(self.genes, 12)}",
            "formula": self.formula.text,
            "platform": self.platform_detail,
            "source": f"{self.source.first_author}, {self.source.year or 'year unknown'}; doi {self.source.doi}",
            "confidence": self.confidence_detail,
        }
        body = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{escape(str(v))}</td></tr>" for k, v in rows.items())
        return f"<div><strong>{escape(self.id)}</strong><table>{body}</table></div>"
