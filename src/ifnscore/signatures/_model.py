"""What a signature is: genes with a direction, the published formula, and where both were read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from ifnscore.errors import DataError, listing, nearest

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


_ID = re.compile(r"(?!\.{1,2}$)[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?")
_CHOICES = {"ifn_type": IFN_TYPES, "platform": PLATFORMS, "confidence": CONFIDENCES}


def from_dict(data: Mapping[str, Any], where: str) -> Signature:
    """Build a :class:`Signature` from the tables of a TOML file (or a dict of the same shape).

    Parameters
    ----------
    data
        Top-level keys are the fields of :class:`Signature`; ``genes`` holds ``up``, ``down`` and ``weights``;
        ``formula``, ``cutoff`` and ``source`` are tables.
    where
        File name (or description) that error messages name.

    Raises
    ------
    DataError
        A key is unknown or missing, a value is of the wrong kind, or a gene stands twice.
    """
    data = dict(data)
    genes = data.pop("genes", None)
    if not isinstance(genes, Mapping) or not (genes.get("up") or genes.get("down")):
        msg = f"{where}: a signature needs a [genes] table with a non-empty 'up' or 'down' list"
        raise DataError(msg)
    _known_keys(genes, {"up", "down", "weights"}, f"{where} [genes]")
    up, down = _names(genes.get("up", ()), where), _names(genes.get("down", ()), where)
    weights = {str(k): _number(v, f"{where} [genes.weights] {k}") for k, v in dict(genes.get("weights", {})).items()}
    _check_genes(up, down, weights, where)
    parts = {
        "formula": _table(Formula, data.pop("formula", {}), f"{where} [formula]"),
        "cutoff": _table(Cutoff, data.pop("cutoff", {}), f"{where} [cutoff]"),
        "source": _table(Source, data.pop("source", {}), f"{where} [source]"),
    }
    data.setdefault("min_coverage", default_min_coverage(len(up) + len(down)))
    allowed = {f.name for f in fields(Signature)} - {"up", "down", "weights", *parts}
    _known_keys(data, allowed, where)
    if not _ID.fullmatch(str(data.get("id", ""))):
        msg = f"{where}: 'id' is {data.get('id')!r}; it needs a name without / and control characters"
        raise DataError(msg)
    for key, choices in _CHOICES.items():
        if data.get(key, UNKNOWN) not in choices:
            msg = f"{where}: {key} is {data[key]!r}; choose one of {', '.join(choices)}"
            raise DataError(msg)
    coverage = _number(data["min_coverage"], f"{where} min_coverage")
    if not 0 < coverage <= 1:
        msg = f"{where}: min_coverage is {coverage}; it lies above 0 and up to 1"
        raise DataError(msg)
    tissue = data.get("tissue", ())
    data["tissue"] = (tissue,) if isinstance(tissue, str) else tuple(tissue)
    return Signature(up=up, down=down, weights=weights, **data, **parts)


def _names(values: Any, where: str) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(v, str) for v in values):
        msg = f"{where}: gene lists are lists of strings"
        raise DataError(msg)
    return tuple(v.strip() for v in values if v.strip())


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{where}: {value!r} is not a number"
        raise DataError(msg)
    return float(value)


def _check_genes(up: tuple[str, ...], down: tuple[str, ...], weights: Mapping[str, float], where: str) -> None:
    genes = up + down
    twice = sorted({g for g in genes if genes.count(g) > 1})
    if twice:
        msg = f"{where}: genes listed twice: {listing(twice)}"
        raise DataError(msg)
    strangers = [g for g in weights if g not in genes]
    if strangers or (weights and len(weights) != len(genes)):
        msg = f"{where}: [genes.weights] must weigh exactly the listed genes ({listing(strangers) or 'some are missing'})"
        raise DataError(msg)


def _known_keys(data: Mapping[str, Any], allowed: set[str], where: str) -> None:
    for key in data:
        if key not in allowed:
            msg = f"{where}: unknown key {key!r}.{nearest(key, sorted(allowed))}"
            raise DataError(msg)


def _table(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        msg = f"{where}: expected a table"
        raise DataError(msg)
    _known_keys(data, {f.name for f in fields(kind)}, where)
    data = dict(data)
    if "housekeeping" in data:
        data["housekeeping"] = _names(data["housekeeping"], where)
    if kind is Formula and data.get("status", UNKNOWN) not in FORMULA_STATUS:
        msg = f"{where}: status is {data['status']!r}; choose one of {', '.join(FORMULA_STATUS)}"
        raise DataError(msg)
    if kind is Cutoff and data.get("rule", UNKNOWN) not in CUTOFF_RULES:
        msg = f"{where}: rule is {data['rule']!r}; choose one of {', '.join(CUTOFF_RULES)}"
        raise DataError(msg)
    return kind(**data)
