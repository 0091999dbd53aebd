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

from ifnscore import _resources, lookalike, orthologs, spelling
from ifnscore.errors import DataError, listing

#: Symbols that one species has and man has not; rats share some of the mouse's, so they are asked about first.
_ONLY = {
    "rat": re.compile(r"RT1-\w+|RGD\d{6,}"),
    "zebrafish": re.compile(r"(si|zgc|wu|im):\S+"),
    "mouse": re.compile(r"Gm\d{3,}|\d{4,}[A-Z]\d\dRik|H2-[A-Z]\w*|Oas1a|Ifi27l2a|Ifi20[0-9]\w?|mt-[A-Z]\w+|Ly6c\d|Serpina3n"),
}
#: Species codes of Ensembl gene identifiers that people hand in by mistake (from Ensembl's stable-id prefixes).
_SPECIES = {"MUS": "mouse", "RNO": "rat", "DAR": "zebrafish", "SSC": "pig", "MMU": "macaque", "BTA": "cow", "GAL": "chicken"}
_MOUSE = 'score them through one-to-one human orthologs with --species mouse (in Python species="mouse")'
_CONVERT = "convert them to human orthologs first"
#: So many genes written both ways are two species, not one odd row.
_BOTH = 3


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
        made = {spelling.made_name(s): s for s in self.genes}
        self._made = {m: s for m, s in made.items() if m not in {**self._symbol, **self._id, **self._previous, **self._printed}}

    def resolve(self, name: str) -> str:
        """Return the gene key of a name in a published or user list: the current symbol, or the name in capitals."""
        first = spelling.readings(name)[0]
        for known in (self._symbol, self._id, self._previous, self._printed, self._made):
            if first in known:
                return known[first]
        return first

    def identify(self, name: str) -> Identified:
        """Return what a row or column name of a matrix stands for.

        The first identifier in a name decides: a current symbol, an Ensembl or an Entrez id. An id behind a name that is no
        current symbol decides next (``G1P2|9636``), and overrules an alias: the alias may be another gene's. Behind an
        unknown Ensembl id (an alternative locus) a current symbol decides. Then a previous symbol or alias counts, and a
        symbol that R mended (``HLA.A``).
        """
        first, *rest = spelling.readings(name)
        if first in self._symbol:
            return Identified(self._symbol[first], "symbol")
        if first in self._id:
            return Identified(self._id[first], "Entrez" if first.isdigit() else "Ensembl")
        behind = self._behind(first, rest)
        if behind is not None:
            return behind
        if first in self._previous:
            return Identified(self._previous[first], "symbol", current=False)
        if first in self._made:
            return Identified(self._made[first], "symbol")
        return Identified(first, "unknown")

    def _behind(self, first: str, rest: Sequence[str]) -> Identified | None:
        """Return what the further identifiers of a name say, or None where they say nothing."""
        species = spelling.ensembl_species(first)
        if species is not None:
            symbol = next((self._symbol[r] for r in rest if r in self._symbol), None)
            return Identified(symbol, "symbol") if symbol and not species else None
        ids = [r for r in rest if r.isdigit() or spelling.ensembl_species(r) is not None]
        known = next((r for r in ids if r in self._id), None)
        if known is not None:
            return Identified(self._id[known], "Entrez" if known.isdigit() else "Ensembl")
        return Identified(first, "unknown") if ids else None

    def first_older(self, names: Iterable[str]) -> str:
        """Return which of several older names of one gene stands first in the table, the best checked one."""
        return min(names, key=lambda n: self._order.get(spelling.readings(n)[0], len(self._order)))

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


def recognise(names: Sequence[str]) -> int:
    """Return how many of `names` belong to a catalogue or housekeeping gene, of the species that is being read."""
    if orthologs.reading() == "mouse":
        return orthologs.recognise(names)
    known = table()
    return sum(known.knows(spelling.restored(n) or n) for n in spelling.unmade_numbers(names))


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
    copies
        Names such as ``ISG15.1`` that programs write for a second row of a gene, and the gene.
    """

    columns: dict[str, list[int]]
    kind: str
    n_recognised: int
    older: dict[str, str] = field(default_factory=dict)
    excel: tuple[str, ...] = ()
    restored: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)

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
def _match(names: Sequence[str]) -> Match:
    known, names = table(), spelling.unmade_numbers(names)
    excel = {n: spelling.restored(n) for n in names if spelling.is_date(n)}
    found = [known.identify(excel.get(n) or n) for n in names]
    copies = _copies(names, found)
    has_current = {f.key for f in found if f.current and f.kind != "unknown"}
    candidates: dict[str, list[str]] = {}
    for name, f in zip(names, found, strict=True):
        if not f.current and f.key not in has_current:
            candidates.setdefault(f.key, []).append(name)
    older = {key: known.first_older(several) for key, several in candidates.items()}
    columns: dict[str, list[int]] = {}
    for position, (name, f) in enumerate(zip(names, found, strict=True)):
        plain = spelling.readings(name)[0]
        stands_for_gene = f.current or spelling.readings(older.get(f.key, ""))[0] == plain
        key = copies.get(name) or (f.key if stands_for_gene else plain)
        columns.setdefault(key or f"unnamed column {position}", []).append(position)
    kinds = Counter(f.kind for f in found if f.kind != "unknown")
    return Match(
        columns=columns,
        kind=kinds.most_common(1)[0][0] if kinds else "unknown",
        n_recognised=sum(kinds.values()),
        older=older,
        excel=tuple(excel),
        restored={n: r for n, r in excel.items() if r},
        copies=copies,
    )


def _copies(names: Sequence[str], found: Sequence[Identified]) -> dict[str, str]:
    """Return further rows of a gene that a program numbered; the first row of the gene must be there, without a number."""
    first = {n.strip().upper(): f.key for n, f in zip(names, found, strict=True) if f.current and f.kind == "symbol"}
    unknown = (n for n, f in zip(names, found, strict=True) if f.kind == "unknown")
    based = {n: first.get((spelling.copied(n) or "").upper()) for n in unknown}
    return {n: gene for n, gene in based.items() if gene}


def unusable(names: Sequence[str]) -> str:
    """Return why no gene was recognised among `names`, for an error message."""
    if orthologs.reading() == "mouse":
        return orthologs.unusable(names)
    other = _other_species(names)
    if other:
        return other
    for name in names:
        code = spelling.ensembl_species(str(name))
        if code:
            species = _SPECIES.get(code, f"species code {code}")
            todo = _MOUSE if species == "mouse" else "human genes are needed"
            return f"the identifiers are Ensembl genes of another species ({species}, for instance {name}): {todo}"
        if spelling.of_mouse_genome(str(name)):
            return f"the genes are those of the mouse (for instance {name}): {_MOUSE}"
    shown = listing([repr(str(n)) for n in names], 3)
    begin = f"no catalogue gene among the {len(names)} identifiers ({shown})"
    looks = lookalike.describe(names)
    needed = "; needed are human gene symbols, Ensembl or Entrez gene ids (convert probe or transcript ids first)"
    if looks:
        needed = f": they look like {looks[0]}; {looks[1]}"
    elif sum(spelling.ensembl_species(str(n)) == "" for n in names) > len(names) / 2:
        needed = ": they are Ensembl ids of human genes, but none of them is a gene of the catalogue; give the whole matrix"
    return begin + needed


def _other_species(names: Sequence[str]) -> str | None:
    for species, pattern in _ONLY.items():
        there = [str(n) for n in names if pattern.fullmatch(str(n))]
        if there:
            todo = _MOUSE if species == "mouse" else _CONVERT
            return f"the symbols are {species} genes (for instance {listing(there, 3)}): {todo}"
    return None


def check_species(names: Sequence[str]) -> str | None:
    """Refuse genes of another species; return a warning where the spelling alone looks like mouse.

    Raises
    ------
    DataError
        Names that only mouse, rat or zebrafish has stand among symbols spelled as theirs, or two species are mixed.
    """
    others = [n for n in names if spelling.ensembl_species(n) or spelling.of_mouse_genome(n)]
    if orthologs.MIXED * len(names) <= len(others) < len(names) and recognise(names):
        human = [n for n in names if table().knows(n)]
        raise DataError(_mixed(human, others))
    if not any(n[:1].isalpha() and n[1:].islower() for n in names):
        return None
    known = [n for n in names if table().knows(n) and n[:1].isalpha() and spelling.ensembl_species(n) is None]
    title = [n for n in known if len(n) > 1 and n[0].isupper() and n[1:] == n[1:].lower() and any(c.islower() for c in n)]
    capital = set(known)
    both = [n for n in title if n.upper() in capital]
    if len(both) >= _BOTH:
        raise DataError(_mixed([n.upper() for n in both], both))
    small = [n for n in known if n.islower()]
    if not known or max(len(title), len(small)) < 0.8 * len(known):
        return None
    other = _other_species(names)
    if other:
        raise DataError(other)
    if not title:
        return None
    taken = f"symbols are spelled like mouse genes (for instance {listing(title, 3)}): taken for the human genes of that name"
    return f"{taken}; if they are mouse genes, {_MOUSE}"


def _mixed(human: Sequence[str], others: Sequence[str]) -> str:
    shown = f"{listing(human, 2)}; {listing(others, 2)}"
    return f"genes of man and of another species in one matrix ({shown}): keep the genes, and the cells, of one species"
