"""Names of qPCR assays: the gene in ``IFI27-Hs01086370_m1``, and the spellings of 18S ribosomal RNA."""

from __future__ import annotations

import re

from ifnscore import genes

#: TaqMan assay identifiers: species, digits, underscore, placement letter and number, as Hs01086370_m1.
_ASSAY = r"[A-Z][a-z]\d{7,9}_[A-Za-z]{1,2}\d{0,2}"
_ONLY = re.compile(rf"\(?({_ASSAY})\)?", re.IGNORECASE)
_BEHIND = re.compile(rf"(.+?)[\s_\-:;,|/(\[]+({_ASSAY})[)\]]?", re.IGNORECASE)
_BEFORE = re.compile(rf"[(\[]?({_ASSAY})[)\]]?[\s_\-:;,|/]+(.+?)", re.IGNORECASE)
#: 18S ribosomal RNA has five loci of the same sequence; assays do not tell them apart.
_18S = re.compile(r"((human|euk|eukaryotic)\s*)?18s([\s_-]*r?rna)?|rna18sn?[1-5]?|rn18s[1-5]?|r18s", re.IGNORECASE)
#: Assays printed with their gene in the Rice protocol (Rice 2017, doi 10.1007/s10875-016-0359-1), and the 18S assay in table 3
#: of doi 10.1186/1471-2199-10-57 (the protocol prints it with a digit too many). No other bare identifier is taken for a gene.
_PRINTED = {
    "HS01086370_M1": "IFI27",
    "HS00199115_M1": "IFI44L",
    "HS00356631_G1": "IFIT1",
    "HS00192713_M1": "ISG15",
    "HS01057264_M1": "RSAD2",
    "HS00988063_M1": "SIGLEC1",
    "HS03929096_G1": "HPRT1",
    "HS99999901_S1": "18S",
}


def gene(target: str) -> tuple[str, str]:
    """Return the gene that the name of a target stands for, and the assay identifier in it.

    Parameters
    ----------
    target
        As in the file, such as ``IFI27``, ``IFI27-Hs01086370_m1``, ``IFI27 (Hs01086370_m1)`` or ``18S rRNA``.

    Returns
    -------
    str
        Gene name. A bare assay identifier stays as it is, unless an open source prints its gene.
    str
        Assay identifier, or empty.

    Examples
    --------
    >>> from ifnscore.loaders import _qpcr_names
    >>> _qpcr_names.gene("IFI27 (Hs01086370_m1)")
    ('IFI27', 'Hs01086370_m1')
    """
    name = target.strip().strip("\"'")
    only = _ONLY.fullmatch(name)
    if only:
        return _PRINTED.get(only.group(1).upper(), name), only.group(1)
    for pattern, place, other in ((_BEHIND, 1, 2), (_BEFORE, 2, 1)):
        found = pattern.fullmatch(name)
        if found:
            return _known(found.group(place).strip()), found.group(other)
    return _known(name), ""


def _known(name: str) -> str:
    return "18S" if not genes.table().knows(name) and _18S.fullmatch(name) else name
