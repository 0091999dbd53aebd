"""What a signature is: genes with a direction, the published formula, and where both were read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ifnscore import _html
from ifnscore.errors import listing, visible

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

    @property
    def bibtex(self) -> str:
        """The paper behind the signature as BibTeX, see :func:`ifnscore.signatures.to_bibtex`."""
        from ifnscore.signatures._bibtex import to_bibtex

        return to_bibtex(self)

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

    def _cited(self) -> str:
        """Return author and year, as far as they are known."""
        known = (self.source.first_author, str(self.source.year or UNKNOWN))
        return " ".join(k for k in known if k != UNKNOWN)

    def __repr__(self) -> str:
        facts = (
            f"type {self.ifn_type}",
            f"{self.n_genes} gene{'' if self.n_genes == 1 else 's'} ({listing(self.genes, 3)})",
            f"{self.formula.method} ({self.formula.status})",
            self._cited(),
        )
        return f"<Signature {visible(self.id)}: {visible('; '.join(f for f in facts if f))}>"

    def _repr_html_(self) -> str:
        doi = "" if self.source.doi == UNKNOWN else f"doi {self.source.doi}"
        known = {
            "interferon type": self.ifn_type,
            "genes": listing(self.genes, 12),
            "formula": UNKNOWN if self.formula.method == UNKNOWN else f"{self.formula.method}, {self.formula.status}",
            "platform": self.platform_detail,
            "needs": f"{100 * self.min_coverage:.0f} % of its genes",
            "source": "; ".join(t for t in (self._cited(), doi) if t),
            "confidence": self.confidence_detail,
        }
        rule = _html.folded("formula and notes in words", _html.paragraph(self.formula.text), _html.paragraph(self.notes))
        shown = {name: text for name, text in known.items() if text != UNKNOWN}
        title = "" if self.title == UNKNOWN else self.title
        plural = "gene" if self.n_genes == 1 else "genes"
        head = f"{self.n_genes} {plural}" + (f": {title}" if title else "")
        return _html.page(self.id, _html.facts(shown), rule if self.formula.text != UNKNOWN else "", quiet=head)
