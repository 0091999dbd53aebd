"""Gene identifiers: symbols (current, previous, alias, any case), Ensembl with version, Entrez.

One table, ``genesets/genes.tsv``, knows every catalogue and housekeeping gene. A previous symbol in a matrix stands
for its gene only where the current symbol is absent, and only one of several previous symbols does, so that two loci are
never merged by name.
"""

from __future__ import annotations

import csv
import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ifnscore import _resources
from ifnscore.errors import DataError, listing

_ENSEMBL = re.compile(r"(ENS([A-Z]{3,4})?G\d{11})(\.\d+)?(_PAR_Y)?", re.IGNORECASE)
_EXCEL = re.compile(r"(\d{1,2})-(Sep|Mar|Dec|Oct|Apr|Feb|Nov)(-\d{2,4})?", re.IGNORECASE)
_MOUSE_ONLY = re.compile(r"Gm\d{3,}|\d{4,}[A-Z]\d\dRik|H2-[A-Z]\w*|Oas1a|Ifi27l2a|Ifi20[0-9]\w?|mt-[A-Z]\w+|Ly6c\d|Serpina3n")
#: Species codes of Ensembl gene identifiers that people hand in by mistake (from Ensembl's stable-id prefixes).
_SPECIES = {"MUS": "mouse", "RNO": "rat", "DAR": "zebrafish", "SSC": "pig", "MMU": "macaque", "BTA": "cow", "GAL": "chicken"}
_MARCH_ONLY = range(3, 12)


@dataclass(frozen=True, slots=True)
class Gene:
    """One row of the identifier table."""

    symbol: str
    entrez: tuple[str, ...]
    ensembl: tuple[str, ...]
    previous: tuple[str, ...]
    list_only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identified:
    """What one name of a matrix is: its gene key, and whether a current identifier or an older one said so."""

    key: str
    kind: str
    current: bool = True


class GeneTable:
    """Look-ups from any identifier to the current symbol.

    Parameters
    ----------
    genes
        Rows of the table; no identifier may belong to two of them.
    """

    def __init__(self, genes: Iterable[Gene]) -> None:
        self.genes = {g.symbol: g for g in genes}
        self._symbol = {g.symbol.upper(): g.symbol for g in self.genes.values()}
        self._id = {i.upper(): g.symbol for g in self.genes.values() for i in (*g.ensembl, *g.entrez)}
        self._previous = {p.upper(): g.symbol for g in self.genes.values() for p in g.previous}
        self._order = {p.upper(): i for g in self.genes.values() for i, p in enumerate(g.previous)}
        self._printed = {p.upper(): g.symbol for g in self.genes.values() for p in g.list_only}

    def resolve(self, name: str) -> str:
        """Return the gene key of a name in a published or user list: the current symbol, or the name in capitals."""
        upper = _strip(name)
        for known in (self._symbol, self._id, self._previous, self._printed):
            if upper in known:
                return known[upper]
        return upper

    def identify(self, name: str) -> Identified:
        """Return what a row or column name of a matrix stands for."""
        upper = _strip(name)
        if upper in self._symbol:
            return Identified(self._symbol[upper], "symbol")
        if upper in self._id:
            return Identified(self._id[upper], "Entrez" if upper.isdigit() else "Ensembl")
        if upper in self._previous:
            return Identified(self._previous[upper], "symbol", current=False)
        return Identified(upper, "unknown")

    def first_older(self, names: Iterable[str]) -> str:
        """Return which of several older names of one gene stands first in the table, the best checked one."""
        return min(names, key=lambda n: self._order.get(_strip(n), len(self._order)))

    def knows(self, name: str) -> bool:
        """Whether a name of a matrix belongs to a gene of the table."""
        return self.identify(name).kind != "unknown"


@functools.cache
def table() -> GeneTable:
    """Return the shipped identifier table, read once."""
    path = _resources.folder("genesets") / "genes.tsv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [_row(r) for r in csv.DictReader(handle, delimiter="\t")]
    return GeneTable(rows)


def _row(r: dict[str, str]) -> Gene:
    split = {k: tuple(x for x in (r[k] or "").split("|") if x) for k in ("entrez", "ensembl", "previous", "list_only")}
    return Gene(symbol=r["symbol"], **split)


@functools.lru_cache(maxsize=200_000)
def _strip(name: str) -> str:
    """Return `name` in capitals, without blanks, Ensembl version, or the second half of ``ID|other``."""
    name = name.strip().strip("\"'")
    match = _ENSEMBL.match(name)
    if match and (match.end() == len(name) or name[match.end()] in "|_ "):
        return match.group(1).upper()
    name = name.split("|", 1)[0] or name
    return name.removesuffix(".0") if name.endswith(".0") and name[:-2].isdigit() else name.upper()


def recognise(names: Sequence[str]) -> int:
    """Return how many of `names` belong to a catalogue or housekeeping gene."""
    known = table()
    return sum(known.knows(_restored(n) or n) for n in names)


@dataclass(frozen=True, slots=True)
class Match:
    """The genes of a matrix.

    Attributes
    ----------
    columns
        Gene key -> positions of its columns, more than one where the gene is duplicated.
    kind
        ``symbol``, ``Ensembl``, ``Entrez`` or ``unknown``: what most recognised names are.
    n_recognised
        Number of names that belong to a gene of the identifier table.
    older
        Current symbol -> previous symbol or alias under which the matrix has it.
    excel
        Names that a spreadsheet turned into dates, as found.
    restored
        The ones among them that could be restored, date -> symbol.
    """

    columns: dict[str, list[int]]
    kind: str
    n_recognised: int
    older: dict[str, str] = field(default_factory=dict)
    excel: tuple[str, ...] = ()
    restored: dict[str, str] = field(default_factory=dict)

    @property
    def duplicated(self) -> dict[str, list[int]]:
        """Gene key -> positions, for genes with more than one column."""
        return {k: c for k, c in self.columns.items() if len(c) > 1}


def match(names: Sequence[str]) -> Match:
    """Find the gene of every column name of a matrix.

    Parameters
    ----------
    names
        Identifiers, one per column; duplicates may stand anywhere.

    Returns
    -------
    Match
        Columns by gene key; unknown names keep their own key (in capitals), so duplicates among them are found too.
    """
    return _match(tuple(names))


@functools.lru_cache(maxsize=4)  # a loader and the engine ask about the same names
def _match(names: tuple[str, ...]) -> Match:
    known = table()
    excel = {n: _restored(n) for n in names if _EXCEL.fullmatch(n)}
    found = [known.identify(excel.get(n) or n) for n in names]
    has_current = {f.key for f in found if f.current and f.kind != "unknown"}
    candidates: dict[str, list[str]] = {}
    for name, f in zip(names, found, strict=True):
        if not f.current and f.key not in has_current:
            candidates.setdefault(f.key, []).append(name)
    older = {key: known.first_older(several) for key, several in candidates.items()}
    columns: dict[str, list[int]] = {}
    for position, (name, f) in enumerate(zip(names, found, strict=True)):
        stands_for_gene = f.current or _strip(older.get(f.key, "")) == _strip(name)
        key = f.key if stands_for_gene else _strip(name)
        columns.setdefault(key or f"unnamed column {position}", []).append(position)
    kinds = Counter(f.kind for f in found if f.kind != "unknown")
    return Match(
        columns=columns,
        kind=kinds.most_common(1)[0][0] if kinds else "unknown",
        n_recognised=sum(kinds.values()),
        older=older,
        excel=tuple(excel),
        restored={n: r for n, r in excel.items() if r},
    )


def _restored(name: str) -> str | None:
    """Return the symbol that a spreadsheet date such as ``2-Sep`` was, where only one symbol is possible."""
    found = _EXCEL.fullmatch(name)
    if not found:
        return None
    number, month = int(found.group(1)), found.group(2).lower()
    if month == "sep" and number == 15:  # noqa: PLR2004
        return "SELENOF"
    if month == "sep":
        return f"SEPTIN{number}"
    if month == "mar" and number in _MARCH_ONLY:  # 1-Mar and 2-Mar may be MARCHF or MTARC
        return f"MARCHF{number}"
    return None


def unusable(names: Sequence[str]) -> str:
    """Return why no gene was recognised among `names`, for an error message."""
    mouse = [str(n) for n in names if _MOUSE_ONLY.fullmatch(str(n))]
    if mouse:
        return f"the symbols are mouse genes (for instance {listing(mouse, 3)}): convert them to human orthologs first"
    for name in names:
        found = _ENSEMBL.match(str(name).strip())
        if found and found.group(2):
            code = found.group(2).upper()
            species = _SPECIES.get(code, f"species code {code}")
            return (
                f"the identifiers are Ensembl genes of another species ({species}, for instance {name}); human genes are needed"
            )
    shown = listing([repr(str(n)) for n in names], 3)
    return (
        f"no catalogue gene among the {len(names)} identifiers ({shown}); needed are human gene symbols, "
        "Ensembl or Entrez gene ids (convert probe or transcript ids first)"
    )


def check_species(names: Sequence[str]) -> str | None:
    """Refuse mouse symbols; return a warning where the spelling alone looks like mouse.

    Raises
    ------
    DataError
        Names that only mouse has stand among title-case symbols.
    """
    if not any(n[:1].isupper() and n[1:].islower() for n in names):
        return None
    known = [n for n in names if table().knows(n) and n[:1].isalpha() and not _ENSEMBL.match(n)]
    title = [n for n in known if len(n) > 1 and n[0].isupper() and n[1:] == n[1:].lower() and any(c.islower() for c in n)]
    if not known or len(title) < 0.8 * len(known):
        return None
    mouse = [n for n in names if _MOUSE_ONLY.fullmatch(n)]
    if mouse:
        msg = f"the symbols are mouse genes (for instance {listing(mouse, 3)}): convert them to human orthologs first"
        raise DataError(msg)
    return f"symbols are spelled like mouse genes (for instance {listing(title, 3)}): taken for the human genes of that name"
