"""What identifiers that name no known gene look like, and what to do with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple


class _Kind(NamedTuple):
    pattern: re.Pattern[str]
    what: str
    advice: str


_PROBES = (
    "name the column of gene symbols (--symbol-column), or for GEO and GCT files the platform's annotation table "
    "(--option platform=FILE)"
)
_TRANSCRIPTS = "sum transcripts to genes first (salmon and kallisto files: --option tx2gene=FILE)"
_SYMBOLS = "convert them to gene symbols or Ensembl gene ids"
#: How many names are looked at, and how many of them must agree.
_SAMPLE, _SHARE = 2_000, 0.5


def _kind(pattern: str, what: str, advice: str) -> _Kind:
    return _Kind(re.compile(pattern), what, advice)


_KINDS = (
    _kind(r"\d+(_[a-z]{1,2})*_at|AFFX-\S+|TC\d+\.hg(\.\d+)?\S*", "Affymetrix probe sets", _PROBES),
    _kind(r"ILMN_\d+", "Illumina probes", _PROBES),
    _kind(r"A_\d\d_P\d+|\(\+\)E1A\S*", "Agilent probes", _PROBES),
    _kind(r"cg\d{8}(_\w+)?", "DNA methylation probes", "methylation is no expression; an RNA matrix is needed"),
    _kind(r"ENS([A-Z]{3,4})?T\d{11}.*", "Ensembl transcripts", _TRANSCRIPTS),
    _kind(r"ENS([A-Z]{3,4})?P\d{11}.*", "Ensembl proteins", _SYMBOLS),
    _kind(r"[NX][MR]_\d+(\.\d+)?.*", "RefSeq transcripts", _TRANSCRIPTS),
    _kind(r"[NX]P_\d+(\.\d+)?", "RefSeq proteins", _SYMBOLS),
    _kind(r"uc\d{3}[a-z]{3}(\.\d+)?", "UCSC transcripts", _TRANSCRIPTS),
    _kind(r"([OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d([A-Z][A-Z0-9]{2}\d){1,2})(-\d+)?|\w+_HUMAN", "UniProt proteins", _SYMBOLS),
    _kind(r"HGNC:\d+", "HGNC ids", _SYMBOLS),
    _kind(r"MGI:\d+", "MGI ids of mouse genes", "give mouse symbols or ENSMUSG ids with --species mouse"),
    _kind(r"(hsa|mmu)-(mir|miR|let)-\S+", "microRNAs", "an mRNA matrix is needed"),
    _kind(r"(chr)?([1-9]|1\d|2[0-2]|X|Y)[:_]\d+[-_]\d+", "places in the genome (peaks?)", "a matrix of genes is needed"),
    _kind(r"\d+(\.0)?", "numbers, but no Entrez ids of interferon genes (probes? row numbers?)", f"{_PROBES}, or use Entrez ids"),
)


def describe(names: Sequence[str]) -> tuple[str, str] | None:
    """Return what most of `names` look like, and what to do about it; None if nothing is known of them."""
    seen = [str(n).strip() for n in islice(names, _SAMPLE)]
    for kind in _KINDS:
        if seen and sum(kind.pattern.fullmatch(n) is not None for n in seen) >= _SHARE * len(seen):
            return kind.what, kind.advice
    return None
