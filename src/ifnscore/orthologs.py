"""Mouse genes through one-to-one orthologs of the catalogue's genes, on request only.

``genesets/mouse_orthologs.tsv`` has one row per gene of the catalogue; genesets/README.md names its sources, their licences and
the rule. A gene with several orthologs, or none, stays out, so that coverage tells the truth.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ifnscore import _resources, spelling
from ifnscore.errors import DataError, listing

SPECIES = ("human", "mouse")
#: Column of ``var`` with the human genes of a mouse matrix.
COLUMN = "human_ortholog"
#: From this share on, genes of the other species are no stray transgene.
MIXED = 0.05
_RAT = re.compile(r"RT1-\w+|RGD\d{6,}")

_READING: ContextVar[str] = ContextVar("ifnscore_species", default="human")


def reading() -> str:
    """Return the species whose gene names count as known while a file is read."""
    return _READING.get()


@contextmanager
def species(name: str) -> Iterator[None]:
    """Let the gene names of a species count as known; the formats need not know of it."""
    token = _READING.set(name)
    try:
        yield
    finally:
        _READING.reset(token)


@dataclass(frozen=True, slots=True)
class Table:
    """Look-ups from mouse identifiers to human symbols.

    Attributes
    ----------
    symbols
        Mouse symbol in capitals, current or former -> human symbol.
    ids
        Ensembl or Entrez gene id of the mouse -> human symbol.
    written
        Mouse symbols as mice have them.
    relation
        Human symbol -> ``one2one``, ``one2many``, ``many2many``, ``none``, or ``disputed`` where the two sources differ.
    """

    symbols: dict[str, str]
    ids: dict[str, str]
    written: frozenset[str]
    relation: dict[str, str]

    @property
    def one2one(self) -> frozenset[str]:
        """Human genes with a one-to-one ortholog."""
        return frozenset(h for h, r in self.relation.items() if r == "one2one")


@dataclass(frozen=True, slots=True)
class Mapped:
    """The genes of a mouse matrix.

    Attributes
    ----------
    names
        Per column the human symbol, or the mouse name after ``mouse:``.
    genes
        Human genes that were found.
    kind
        ``symbol``, ``Ensembl`` or ``Entrez``: what most of the names are that were found.
    """

    names: list[str]
    genes: frozenset[str]
    kind: str

    @property
    def note(self) -> str:
        """What a reader of the scores must know."""
        there, n = len(table().one2one), len(table().relation)
        found = f"{len(self.genes)} of the {there} catalogue genes that have one, {n - there} have none"
        return f"mouse genes through one-to-one orthologs: {found}"


@functools.cache
def table() -> Table:
    """Return the shipped table, read once."""
    with (_resources.folder("genesets") / "mouse_orthologs.tsv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    pairs = [r for r in rows if r["relation"] == "one2one"]
    return Table(
        symbols={s.upper(): r["human"] for r in pairs for s in (*filter(None, r["other"].split("|")), r["mouse"])},
        ids={i: r["human"] for r in pairs for i in (r["ensembl"], r["entrez"]) if i},
        written=frozenset(s for r in pairs for s in (*r["other"].split("|"), r["mouse"])),
        relation={r["human"]: r["relation"] for r in rows},
    )


def without_ortholog(genes: Sequence[str]) -> list[str]:
    """Return those of some human genes that have no one-to-one ortholog in the mouse."""
    return [g for g in genes if g not in table().one2one]


def recognise(names: Sequence[str]) -> int:
    """Return how many of `names` are mouse genes with a one-to-one ortholog."""
    return sum(bool(_human(n)[0]) for n in names)


def _human(name: str) -> tuple[str, str]:
    """Return the human gene of a mouse name and what kind of identifier said so; empty for none."""
    plain = spelling.without_mouse_genome(name.strip())
    known = table()
    if spelling.of_human_genome(plain):
        return "", ""
    for part in spelling.readings(plain):
        if part in known.ids:
            return known.ids[part], "Entrez" if part.isdigit() else "Ensembl"
        if part in known.symbols:
            return ("", "") if _written_as_human(plain) else (known.symbols[part], "symbol")
    return "", ""


def _written_as_human(name: str) -> bool:
    """Whether a name is in capitals as human symbols are, and mice do not write it so (they do write ``C3``)."""
    first = name.split("|", 1)[0]
    return first.isupper() and first not in table().written and spelling.ensembl_species(first) is None


def to_human(names: Sequence[str]) -> Mapped:
    """Return the human genes of a mouse matrix.

    Parameters
    ----------
    names
        Mouse symbols (``Isg15``), Ensembl ids (``ENSMUSG...``, versions allowed) or Entrez ids, one per column.

    Raises
    ------
    DataError
        The names are human, or of two species, or no gene is known.
    """
    found = [_human(n) for n in names]
    _refuse_others(names, sum(bool(gene) for gene, _ in found))
    base = {n.strip(): gene for n, (gene, _) in zip(names, found, strict=True) if gene}
    made = []
    for name, (gene, _) in zip(names, found, strict=True):
        copy = spelling.copied(name)
        made.append(gene or base.get(copy or "") or _unmatched(name))
    kinds = [kind for _, kind in found if kind]
    return Mapped(made, frozenset(base.values()), max(dict.fromkeys(kinds), key=kinds.count))


def _unmatched(name: str) -> str:
    date = spelling.restored(name.strip())
    if date in table().one2one:
        return name
    key = spelling.readings(name)[0]
    return f"{spelling.OF_MOUSE}{key}" if key else ""


def _refuse_others(names: Sequence[str], n_mouse: int) -> None:
    rat = [n for n in names if _RAT.fullmatch(n)]
    if rat:
        msg = f"the symbols are rat genes (for instance {listing(rat, 3)}), and orthologs are shipped for the mouse only"
        raise DataError(msg)
    human = [n for n in names if _is_human(n)]
    if not n_mouse and not human:
        raise DataError(unusable(names))
    if human and not n_mouse:
        msg = f"the genes are human (for instance {listing(human, 3)}): leave --species mouse out"
        raise DataError(msg)
    if len(human) > MIXED * (len(human) + n_mouse):
        mouse = [n for n in names if _human(n)[0]]
        shown = f"{listing(human, 2)}; {listing(mouse, 2)}"
        msg = f"human and mouse genes in one matrix ({shown}): keep the genes, and the cells, of one species"
        raise DataError(msg)


def _is_human(name: str) -> bool:
    if spelling.of_human_genome(name):
        return True
    if spelling.ensembl_species(name) == "":
        return spelling.readings(name)[0] in _human_ids()
    first = spelling.readings(name)[0]
    return first in table().relation and _written_as_human(name.strip())


@functools.cache
def _human_ids() -> frozenset[str]:
    with (_resources.folder("genesets") / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        return frozenset(i for r in csv.DictReader(handle, delimiter="\t") for i in r["ensembl"].split("|") if i)


def unusable(names: Sequence[str]) -> str:
    """Return why no mouse gene was recognised among `names`, for an error message."""
    human = [n for n in names if _is_human(n)]
    if human:
        return f"the genes are human (for instance {listing(human, 3)}): leave --species mouse out"
    shown = listing([repr(str(n)) for n in names], 3)
    return (
        f"no mouse ortholog of a catalogue gene among the {len(names)} identifiers ({shown}); --species mouse needs mouse "
        "symbols such as Isg15, Ensembl ids (ENSMUSG...) or Entrez ids"
    )
