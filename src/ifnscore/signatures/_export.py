"""Signatures for other tools: GMT, JSON, a decoupler network, a table, and what any two share."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ifnscore import genes
from ifnscore._lazy import pd
from ifnscore.signatures._catalogue import resolve
from ifnscore.signatures._model import Signature


def _current(signature: Signature) -> list[str]:
    known = genes.table()
    return list(dict.fromkeys(known.resolve(g) for g in signature.genes))


def to_gmt(signatures: object = "all", *, current: bool = True) -> str:
    """Return signatures as GMT text, one tab-separated line each; direction and formula are lost.

    Parameters
    ----------
    signatures
        See :func:`ifnscore.signatures.resolve`.
    current
        Write current symbols; otherwise genes exactly as published.
    """
    lines = []
    for s in resolve(signatures):
        names = _current(s) if current else list(s.genes)
        lines.append("\t".join([s.id, " ".join(s.title.split()), *names]))
    return "\n".join(lines) + "\n"


def to_json(signatures: object = "all") -> str:
    """Return signatures with everything the catalogue says about them, as a JSON list of objects with ``id``."""
    return json.dumps([s.to_dict() for s in resolve(signatures)], indent=1, ensure_ascii=False)


def to_network(signatures: object = "all") -> pd.DataFrame:
    """Return signatures as a decoupler network.

    Returns
    -------
    DataFrame
        Columns ``source`` (signature id), ``target`` (current symbol), ``weight`` (published weight, else 1; down -1).
    """
    known = genes.table()
    rows = [
        (s.id, known.resolve(g), s.weights.get(g, 1.0) * sign)
        for s in resolve(signatures)
        for names, sign in ((s.up, 1.0), (s.down, -1.0))
        for g in names
    ]
    return pd.DataFrame(rows, columns=["source", "target", "weight"]).drop_duplicates(["source", "target"])


def to_frame(signatures: object = "all") -> pd.DataFrame:
    """Return one row a signature: type, size, tissue, platform, formula, confidence, licence, source."""
    rows = [
        {
            "id": s.id,
            "ifn_type": s.ifn_type,
            "n_genes": s.n_genes,
            "tissue": ", ".join(s.tissue),
            "platform": s.platform,
            "disease": s.disease,
            "formula": s.formula.method,
            "formula_status": s.formula.status,
            "min_coverage": s.min_coverage,
            "confidence": s.confidence,
            "licence": s.licence,
            "year": s.source.year,
            "doi": s.source.doi,
            "title": s.title,
        }
        for s in resolve(signatures)
    ]
    return pd.DataFrame(rows).set_index("id")


def overlap(signatures: object = "panel") -> pd.DataFrame:
    """Return how many genes any two signatures share, after identifiers are made current.

    Returns
    -------
    DataFrame
        One row a pair: ``first, second, n_first, n_second, n_shared, jaccard, shared`` (comma-joined genes).
    """
    sets: Sequence[tuple[str, list[str]]] = [(s.id, _current(s)) for s in resolve(signatures)]
    rows = []
    for i, (first, a) in enumerate(sets):
        for second, b in sets[i + 1 :]:
            shared = [g for g in a if g in set(b)]
            union = len(set(a) | set(b))
            rows.append((first, second, len(a), len(b), len(shared), len(shared) / union, ",".join(shared)))
    return pd.DataFrame(rows, columns=["first", "second", "n_first", "n_second", "n_shared", "jaccard", "shared"])
