"""Which gene a transcript belongs to: from a table of the user, or from GENCODE's long names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ifnscore import genes as known_genes
from ifnscore import identify
from ifnscore.errors import DataError, listing, say, warn
from ifnscore.loaders import _files, _parse

_VERSION = re.compile(r"\.\d+(_PAR_Y)?$")
#: ``ENST00000379389.4|ENSG00000187608.10|...``, as in the headers of GENCODE's transcript FASTA.
_GENCODE = re.compile(r"ENST\d{11}[^|]*\|(ENSG\d{11}[^|]*)\|")
_EXAMPLE = "'ENST00000649529,ISG15'"


@dataclass(frozen=True, slots=True)
class Genes:
    """The genes of transcripts.

    Attributes
    ----------
    of
        The gene of each transcript, empty where it is not known.
    how
        Where that is from and how many are known, in words.
    notes
        What a reader of the scores should know.
    symbols
        Gene -> symbol, where the table has a third column.
    """

    of: list[str]
    how: str
    notes: tuple[str, ...] = ()
    symbols: dict[str, str] = field(default_factory=dict)


def from_names(ids: Sequence[str], label: str) -> Genes:
    """Take the gene from the transcript's own name, as GENCODE writes it.

    Raises
    ------
    DataError
        The names do not say it, and a table is needed.
    """
    found = [_GENCODE.match(i) for i in ids]
    if not any(found):
        msg = (
            f"{label}: the rows are transcripts ({listing([repr(i) for i in ids], 2)}): give a table of transcript and gene, "
            f"lines such as {_EXAMPLE}, with --option tx2gene=FILE (tx2gene='FILE' in Python)"
        )
        raise DataError(msg)
    of = [m.group(1) if m else "" for m in found]
    return Genes(of, f"{sum(bool(g) for g in of)} of {len(of)} transcripts carry their gene in their name")


def from_table(table: str, ids: Sequence[str], label: str) -> Genes:
    """Look transcripts up in a table of transcript and gene.

    Names are compared as they are, then without what follows a bar, then without versions, whichever finds most.

    Parameters
    ----------
    table
        File of two or three columns (transcript, gene, symbol), with or without a header.
    ids
        Transcripts of the quantified samples.
    label
        Their file, for messages.

    Raises
    ------
    DataError
        The table cannot be read, or holds none of the transcripts.
    """
    columns, where = _columns(table)
    tries = [(_matches(column, ids, cut), -j, -k, cut) for j, column in enumerate(columns[:2]) for k, cut in enumerate(_CUTS)]
    n, j, k, cut = max(tries, key=lambda t: t[:3])
    if not n:
        theirs = listing([repr(x) for x in columns[0][1:3] or columns[0]], 2)
        msg = (
            f"{label}: none of its {len(ids)} transcripts ({listing([repr(i) for i in ids], 2)}) is in {where} ({theirs}): "
            "take the table of the annotation that the samples were quantified with"
        )
        raise DataError(msg)
    if j:
        say(f"{where}: transcripts stand in the second column and genes in the first")
    gene_of = _lookup(columns[-j], columns[1 + j], cut, where)
    of = [gene_of.get(cut(i), "") for i in ids]
    missing = [i for i, gene in zip(ids, of, strict=True) if not gene]
    how = f"{len(ids) - len(missing)} of {len(ids)} transcripts are in {where}"
    notes = []
    if missing:
        notes.append(f"{len(missing)} of {len(ids)} transcripts have no gene in the tx2gene table: {listing(missing, 3)}")
    if k:
        notes.append(f"transcripts matched {_CUT_WORDS[-k]}")
    for note in notes:
        say(f"{where}: {note}")
    return Genes(of, how, tuple(notes), _symbols(columns, columns[1 + j]))


def _as_is(name: str) -> str:
    return name


def _without_bar(name: str) -> str:
    return name.partition("|")[0]


def _without_version(name: str) -> str:
    return _VERSION.sub("", _without_bar(name))


_CUTS: tuple[Callable[[str], str], ...] = (_as_is, _without_bar, _without_version)
_CUT_WORDS = ("", "by what stands before the bar", "without their versions")


def _columns(table: str) -> tuple[list[list[str]], str]:
    """Return the cells of the first three columns, and the file's label."""
    path = Path(table)
    label = _files.label(path)
    if _files.suffix(path) in (".gtf", ".gff", ".gff3"):
        msg = f"{label}: an annotation, not a table of transcript and gene: write one, lines such as {_EXAMPLE}"
        raise DataError(msg)
    if path.is_dir():
        msg = f"{label}: a folder; a table of transcript and gene is needed, lines such as {_EXAMPLE}"
        raise DataError(msg)
    found = _parse.parse(_files.read_text(path), label, header=False)
    return [identify.names(found.frame[j]) for j in range(min(3, len(found.header)))], path.name


def _matches(column: Sequence[str], ids: Sequence[str], cut: Callable[[str], str]) -> int:
    held = {cut(name) for name in column if name}
    return sum(cut(i) in held for i in ids)


def _lookup(transcripts: Sequence[str], genes: Sequence[str], cut: Callable[[str], str], where: str) -> dict[str, str]:
    gene_of: dict[str, str] = {}
    two: list[str] = []
    for transcript, gene in zip(transcripts, genes, strict=True):
        if transcript and gene and gene_of.setdefault(cut(transcript), gene) != gene:
            two.append(transcript)
    if two:
        warn(f"{where}: {len(two)} transcripts have several genes, the first is taken: {listing(two, 3)}")
    return gene_of


def _symbols(columns: Sequence[Sequence[str]], genes: Sequence[str]) -> dict[str, str]:
    """Return gene -> symbol where a third column names more known genes than the second does."""
    if len(columns) < 3:  # noqa: PLR2004
        return {}
    pairs = dict(zip(genes, columns[2], strict=True))
    better = known_genes.recognise(list(dict.fromkeys(pairs.values()))) > 0
    return pairs if better else {}
