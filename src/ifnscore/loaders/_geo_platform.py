"""Platform annotation tables: which gene each probe of an array measures.

Read are GEO's ``GPL*.annot`` and ``GPL*.soft`` files, the "full table" of a platform page, family files that hold the platform,
GenePattern ``.chip`` files, and any CSV or TSV with a column of probe ids and one of genes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ifnscore import genes
from ifnscore.errors import DataError, listing, nearest
from ifnscore.loaders import _files

#: Names of gene columns, small letters and digits only; symbols first, which is what a tie is decided by.
_GENE_COLUMNS = (
    *("genesymbol", "genesymbols", "symbol", "symbols", "geneassignment", "ilmngene", "hgncsymbol", "hgnc", "approvedsymbol"),
    *("officialsymbol", "officialgenesymbol", "gene", "genes", "genename", "genenames", "orf", "entrezgeneid", "entrezgene"),
    *("entrezid", "entrez", "geneid", "locuslinkid", "locuslink", "ensemblid", "ensemblgeneid", "ensembl", "ensemblgene"),
    "spotid",
)
_BEGIN = re.compile(r"(?im)^\"?!(?:platform|annotation)_table_begin[^\n]*\n")
_END = re.compile(r"(?im)^\"?!(?:platform|annotation)_table_end")
_RECORD = re.compile(r"(?im)^(?:\^platform|!annotation_platform|!platform_geo_accession)\s*=\s*(\S+)")
_GPL = re.compile(r"(?<![A-Za-z0-9])GPL\d+(?!\d)", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(?:///|[;|,])\s*")
_NO_GENE = frozenset(("", "-", "--", "---", "na", "n/a", "null", "none", "nan", "."))


@dataclass(frozen=True, slots=True)
class Annotation:
    """A platform table.

    Attributes
    ----------
    label
        The file as messages name it.
    column
        Column that names the genes.
    genes
        Probe -> its genes, in the order of the file.
    """

    label: str
    column: str
    genes: dict[str, tuple[str, ...]]


def read(path: Path, probes: Sequence[str], platform: str, column: str = "") -> Annotation:
    """Read the genes of the probes of a matrix.

    Parameters
    ----------
    path
        The annotation table.
    probes
        Probe ids of the matrix.
    platform
        GPL accession of the matrix, or nothing; it chooses among several tables of a file.
    column
        Column that names the genes; nothing means the one, by its name, with most known genes.

    Raises
    ------
    DataError
        No table, no column of these probes, no column of genes, or a row that does not fit the header.
    """
    text = _files.read_text(path, table=False).decode("utf-8", errors="replace")
    _check_platform(path, text, platform)
    return parse(text, _files.label(path), probes, platform, column)


def _check_platform(path: Path, text: str, platform: str) -> None:
    """Refuse the table of one platform for a matrix of another, where both say which."""
    own = {name.upper() for name in _RECORD.findall(text)}
    if not own:
        named = _GPL.search(path.name) or _GPL.search("\n".join(text.split("\n", 20)[:20]))
        own = {named.group().upper()} if named else set()
    own = {name for name in own if _GPL.fullmatch(name)}
    if len(own) == 1 and _GPL.fullmatch(platform) and platform.upper() not in own:
        msg = (
            f"{_files.label(path)}: an annotation table of {own.pop()}, but the matrix is of platform {platform}: "
            f"give the table of {platform}"
        )
        raise DataError(msg)


def parse(text: str, label: str, probes: Sequence[str], platform: str, column: str = "") -> Annotation:
    """Take the genes of the probes of a matrix from the text of an annotation file; see :func:`read`."""
    text, first = _table(text, platform, label)
    header, rows = _rows(text, first, label)
    ids = _id_column(header, rows, probes, platform, label)
    chosen = _named(header, column, label) if column else _gene_column(header, rows, label)
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found.setdefault(row[ids].strip(), genes_in(row[chosen]))
    return Annotation(label, header[chosen], found)


def _table(text: str, platform: str, label: str) -> tuple[str, int]:
    """Return the text of the table and the number of its first line."""
    begins = list(_BEGIN.finditer(text))
    if not begins:
        lines = text.split("\n")
        first = next((i for i, line in enumerate(lines) if line.strip() and line.strip('" ')[0] not in "#!^"), len(lines))
        return "\n".join(lines[first:]), first + 1
    names = [_record_before(text, b.start()) for b in begins]
    chosen = names.index(platform) if platform in names else 0
    if len(begins) > 1 and platform not in names:
        msg = f"{label}: tables of several platforms ({listing(names)}), none of which is {platform or 'named by the matrix'}"
        raise DataError(msg)
    start = begins[chosen].end()
    end = _END.search(text, start)
    if end is None:
        msg = f"{label}: the platform table has no end ('!platform_table_end'): the file is cut off; download it again"
        raise DataError(msg)
    return text[start : end.start()], text.count("\n", 0, start) + 1


def _record_before(text: str, position: int) -> str:
    names = [m.group(1) for m in _RECORD.finditer(text, 0, position)]
    return names[-1] if names else ""


def _rows(text: str, first: int, label: str) -> tuple[list[str], list[list[str]]]:
    """Split a table into cells; GEO's tables are separated by tabs and their quotes mean nothing."""
    head = text.partition("\n")[0]
    separator = next((s for s in "\t,;" if s in head), None)
    if separator is None:
        msg = f"{label}: no annotation table with a column of probe ids and one of genes (line {first} is {head[:40]!r})"
        raise DataError(msg)
    try:
        if separator == "\t":
            table = [line.rstrip("\r").split("\t") for line in text.split("\n") if line.strip()]
        else:
            table = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except csv.Error as error:
        msg = f"{label}: not a regular table: {error}"
        raise DataError(msg) from error
    header = [cell.strip().strip('"') for cell in table[0]]
    rows = []
    for number, row in enumerate(table[1:], first + 1):
        if len(row) > len(header) and any(row[len(header) :]):
            msg = f"{label}, line {number}: {len(row)} fields where the header has {len(header)}: repair or download it again"
            raise DataError(msg)
        cells = [cell.strip().strip('"') for cell in row]
        rows.append(cells + [""] * (len(header) - len(cells)))
    return header, rows


def _id_column(header: Sequence[str], rows: Sequence[Sequence[str]], probes: Sequence[str], platform: str, label: str) -> int:
    """Return the column that holds most of the probes, the first one on a tie."""
    wanted = set(probes)
    counts = [len({row[j] for row in rows} & wanted) for j in range(len(header))]
    if not any(counts):
        first = listing([repr(row[0]) for row in rows[:2]]) or "no row"
        of = f" of platform {platform}" if platform else ""
        msg = (
            f"{label}: none of the {len(wanted)} probes{of} (for instance {probes[0]!r}) is in this annotation "
            f"table (which has {first}): give the table of the right platform"
        )
        raise DataError(msg)
    return counts.index(max(counts))


def _named(header: Sequence[str], column: str, label: str) -> int:
    lowered = [name.lower() for name in header]
    if column in header:
        return header.index(column)
    if column.lower() in lowered:
        return lowered.index(column.lower())
    msg = f"{label}: no column {column!r}; the columns are {listing(header, 12)}.{nearest(column, header)}"
    raise DataError(msg)


def _gene_column(header: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> int:
    plain = ["".join(c for c in name.lower() if c.isalnum()) for name in header]
    candidates = sorted((j for j, name in enumerate(plain) if name in _GENE_COLUMNS), key=lambda j: _GENE_COLUMNS.index(plain[j]))
    counts = {j: genes.recognise(list({g for row in rows for g in genes_in(row[j])})) for j in candidates}
    best = max(candidates, key=lambda j: counts[j], default=None)
    if best is None or not counts[best]:
        tried = f" (looked at {listing([repr(header[j]) for j in candidates])})" if candidates else ""
        msg = (
            f"{label}: no column of human genes{tried}; the columns are {listing(header, 12)}: name the right one with "
            "--option platform_column=NAME"
        )
        raise DataError(msg)
    return best


def genes_in(cell: str) -> tuple[str, ...]:
    """Return the genes that a cell names, each once.

    Affymetrix writes several genes as ``A /// B``; its ``gene_assignment`` holds ``accession // symbol // title // cytoband //
    Entrez id`` for every transcript, separated by ``///``. Older names of one gene count as that gene.

    Examples
    --------
    >>> genes_in("ISG15"), genes_in("MX1 /// MX2"), genes_in("---")
    (('ISG15',), ('MX1', 'MX2'), ())
    >>> genes_in("NM_005101 // ISG15 // ISG15 ubiquitin // 1p36.33 // 9636 /// ENST00000379389 // ISG15 // --- // --- // ---")
    ('ISG15',)
    """
    if "//" in cell.replace("///", ""):
        return _assigned(cell)
    return _different(name for name in _SEVERAL.split(cell.strip()) if name.strip().lower() not in _NO_GENE)


def _assigned(cell: str) -> tuple[str, ...]:
    transcripts = [[f.strip() for f in t.split("//")] for t in cell.split("///")]
    pairs = [(t[1], t[4] if len(t) > 4 else "") for t in transcripts if len(t) > 1 and t[1].lower() not in _NO_GENE]  # noqa: PLR2004
    names = _different(symbol for symbol, _ in pairs)
    numbers = {number for _, number in pairs if number.isdigit()}
    if len(names) > 1 and len(numbers) == 1:  # spellings of one gene
        return (next(symbol for symbol, number in pairs if number.isdigit()),)
    return names


def _different(names: Iterable[str]) -> tuple[str, ...]:
    table = genes.table()
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(table.resolve(name), name.strip())
    return tuple(found.values())
