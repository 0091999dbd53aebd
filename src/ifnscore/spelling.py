"""How identifiers are written in tables: joined forms, versions, copies, names mended by R, dates made by spreadsheets.

Nothing here knows which genes exist.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

_ENSEMBL = re.compile(r"(ENS([A-Z]{3,4})?G\d{11})(\.\d+)?(_PAR_Y)?", re.IGNORECASE)
_ENSEMBL_LAST = re.compile(r"(.+?)[_:.\- ]+(ENSG\d{11})(\.\d+)?", re.IGNORECASE)
#: Transcripts: a name that begins with one is not the gene that stands behind it.
_TRANSCRIPT = re.compile(r"ENS([A-Z]{3,4})?T\d{11}|[NX][MR]_\d+", re.IGNORECASE)
#: Genomes that Cell Ranger writes before every gene of a matrix of two species.
_HUMAN_GENOME = re.compile(r"(GRCh3[78]|hg19|hg38)_+(?=.)", re.IGNORECASE)
_MOUSE_GENOME = re.compile(r"(GRCm3[89]|mm9|mm10|mm39)_+(?=.)", re.IGNORECASE)
#: Stands before genes of the mouse that are no human gene, so that no human gene of the same name is meant.
OF_MOUSE = "mouse:"
#: What tables write where a gene has no name.
_NO_NAME = frozenset(("", "?", "-", "--", "---", "NA", "N/A"))
#: ``ISG15.1`` of R's make.unique and pandas, ``ISG15-1`` of scanpy's var_names_make_unique.
_COPY = re.compile(r"(.*[A-Za-z].*?)[.-]\d{1,3}")
_MONTHS = {"feb": 2, "mar": 3, "apr": 4, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_MONTH = "Sep|Mar|Dec|Oct|Apr|Feb|Nov"
#: ``2-Sep``, ``2-Sep-24``, ``X2.Sep`` of R's make.names, ``Sep-02``, ``2024-09-02``.
_DAY_FIRST = re.compile(rf"X?(\d{{1,2}})[-.]({_MONTH})([-.]\d{{2,4}})?", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"({_MONTH})-(\d{{1,2}})", re.IGNORECASE)
_ISO = re.compile(r"(?:19|20)\d\d-(\d\d)-(\d\d)(?:[ T]00:00:00)?")
_MARCH_ONLY = range(3, 12)
_X_NUMBER = re.compile(r"X\d+")
#: Where the first such number must stand, and how many names must be such.
_FIRST, _NEARLY_ALL = 20, 0.9


@functools.lru_cache(maxsize=200_000)
def readings(name: str) -> tuple[str, ...]:
    """Return the identifiers that a name holds, in capitals, the one that names the row first.

    Parameters
    ----------
    name
        ``ISG15``, ``ENSG00000187608.10``, ``ISG15|9636`` (TCGA), ``ENSG00000187608_ISG15`` (RSEM), ``GRCh38_ISG15``, ...

    Returns
    -------
    tuple of str
        At least one; Ensembl ids without version, whole numbers without ``.0``.
    """
    if name.startswith(OF_MOUSE):
        return (name.upper(),)
    name = _HUMAN_GENOME.sub("", name.strip().strip("\"'"), count=1)
    found = _ENSEMBL.match(name)
    if found:
        rest = name[found.end() :]
        if rest and rest[0] not in "|_ :;.-":
            return (name.upper(),)
        return tuple(p for p in (found.group(1).upper(), rest.strip("|_ :;.-").upper()) if p)
    if _TRANSCRIPT.match(name):
        return (name.split("|", 1)[0].upper(),)
    if "|" in name:
        parts = [p.strip() for p in name.split("|")]
        return tuple(_single(p) for p in parts if p.upper() not in _NO_NAME) or (name.upper(),)
    last = _ENSEMBL_LAST.fullmatch(name)
    return (last.group(1).upper(), last.group(2).upper()) if last else (_single(name),)


def _single(name: str) -> str:
    found = _ENSEMBL.fullmatch(name)
    if found:
        return found.group(1).upper()
    return name.removesuffix(".0") if name.endswith(".0") and name[:-2].isdigit() else name.upper()


def ensembl_species(name: str) -> str | None:
    """Return the species code of an Ensembl gene id: empty for human, ``MUS`` for mouse; None for other names."""
    found = _ENSEMBL.match(name.strip())
    return (found.group(2) or "").upper() if found else None


def of_human_genome(name: str) -> bool:
    """Whether a genome such as ``GRCh38_`` stands before the name."""
    return _HUMAN_GENOME.match(name) is not None


def of_mouse_genome(name: str) -> bool:
    """Whether a genome such as ``mm10_`` stands before the name."""
    return _MOUSE_GENOME.match(name) is not None


def without_mouse_genome(name: str) -> str:
    """Return the name without a genome such as ``mm10_`` before it."""
    return _MOUSE_GENOME.sub("", name, count=1)


def copied(name: str) -> str | None:
    """Return ``ISG15`` for ``ISG15.1`` or ``ISG15-1``, which programs write for a second row ``ISG15``; else None."""
    found = _COPY.fullmatch(name.strip())
    return found.group(1) if found else None


def made_name(symbol: str) -> str:
    """Return what R's make.names turns a symbol into, in capitals: ``HLA.A`` for ``HLA-A``, ``X4.HNE`` for ``4-HNE``."""
    name = re.sub(r"[^A-Za-z0-9._]", ".", symbol).upper()
    return f"X{name}" if re.match(r"[0-9_]|\.[0-9]", name) else name


def unmade_numbers(names: Sequence[str]) -> Sequence[str]:
    """Return Entrez ids without the X of R's make.names, where nearly all names are such; one ``X57522`` is an accession."""
    if not any(_X_NUMBER.fullmatch(n) for n in names[:_FIRST]):
        return names
    mended = [n[1:] if _X_NUMBER.fullmatch(n) else n for n in names]
    changed = sum(a != b for a, b in zip(names, mended, strict=True))
    return mended if changed >= _NEARLY_ALL * len(names) else names


def is_date(name: str) -> bool:
    """Whether a spreadsheet wrote a date where a gene stood."""
    return _day_and_month(name) is not None


def restored(name: str) -> str | None:
    """Return the symbol that a spreadsheet date such as ``2-Sep`` was, where only one symbol is possible."""
    found = _day_and_month(name)
    if found is None:
        return None
    number, month = found
    if month == _MONTHS["sep"] and number == 15:  # noqa: PLR2004
        return "SELENOF"
    if month == _MONTHS["sep"]:
        return f"SEPTIN{number}"
    if month == _MONTHS["mar"] and number in _MARCH_ONLY:  # 1-Mar and 2-Mar may be MARCHF or MTARC
        return f"MARCHF{number}"
    return None


def _day_and_month(name: str) -> tuple[int, int] | None:
    if not any(c.isdigit() for c in name[:8]):
        return None
    if found := _DAY_FIRST.fullmatch(name):
        return int(found.group(1)), _MONTHS[found.group(2).lower()]
    if found := _MONTH_FIRST.fullmatch(name):
        return int(found.group(2)), _MONTHS[found.group(1).lower()]
    if found := _ISO.fullmatch(name):
        return int(found.group(2)), int(found.group(1))
    return None
