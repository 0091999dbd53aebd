"""Tables for "which score should I use": from the catalogue's own fields."""

from __future__ import annotations

import re
from pathlib import Path

from _make import text
from _make.text import plain
from ifnscore import signatures

#: What a reader looks for, and how the `disease` field of a signature says it.
DISEASES = {
    "Dermatomyositis, juvenile dermatomyositis": r"\bJ?DM\b|dermatomyositis",
    "Interferonopathies and other monogenic autoinflammation": r"AGS|Aicardi|SAVI|CANDLE|USAID|nterferonopath|DNASE1L3",
    "Systemic lupus erythematosus": r"\bSLE\b|lupus",
    "Rheumatoid arthritis": r"\bRA\b",
    "Sjögren's disease": r"pSS|Sjogren",
    "Antiphospholipid syndrome": r"APS\b",
    "Virus infection": r"vir(us|al)",
    "Tumour": r"cancer|melanoma",
}
HEAD = ("signature", "type", "tissue", "platform", "needs controls", "formula", "genes: confidence")


def write(out: Path) -> None:
    """Write one table a disease, of signatures whose formula can be computed or whose genes were made for it."""
    every = [signatures.get(i) for i in signatures.ids()]
    blocks = []
    for title, pattern in DISEASES.items():
        rows = [
            (
                f"[{plain(s.id)}](catalogue/{s.id}.md)",
                plain(s.ifn_type),
                plain(", ".join(s.tissue)),
                plain(s.platform),
                plain({"required": "yes", "none": "no"}.get(s.formula.reference, "unknown")),
                plain(s.formula.status),
                plain(s.confidence),
            )
            for s in every
            if re.search(pattern, s.disease)
        ]
        blocks += [f"## {title}", text.table(HEAD, rows)]
    said = (
        "From the field *disease* of each signature: what the authors made it for or used it in, which is no proof that it "
        "serves you. Gene sets that name no disease are in the [catalogue](catalogue/index.md)."
    )
    text.write(out / "by_disease.md", "# Signatures by disease", said, *blocks)
