"""The catalogue of interferon-response signatures: genes, published formulas, sources.

Examples
--------
>>> import ifnscore as ifn
>>> ifn.signatures.get("rice2013_ags6").genes
('IFI27', 'IFI44L', 'IFIT1', 'ISG15', 'RSAD2', 'SIGLEC1')
"""

from __future__ import annotations

from ifnscore.signatures._bibtex import Citation, citations, to_bibtex
from ifnscore.signatures._catalogue import PANEL, Catalogue, catalogue, get, ids, names_file, resolve, select
from ifnscore.signatures._export import overlap, to_frame, to_gmt, to_json, to_network
from ifnscore.signatures._files import read
from ifnscore.signatures._model import Cutoff, Formula, Signature, Source
from ifnscore.signatures._random import random_like

__all__ = [
    "PANEL",
    "Catalogue",
    "Citation",
    "Cutoff",
    "Formula",
    "Signature",
    "Source",
    "catalogue",
    "citations",
    "get",
    "ids",
    "names_file",
    "overlap",
    "random_like",
    "read",
    "resolve",
    "select",
    "to_bibtex",
    "to_frame",
    "to_gmt",
    "to_json",
    "to_network",
]
