"""Citations: what the catalogue knows of the paper behind a signature, as BibTeX and as a plain line.

Only what a source field says is written; a field that is unknown is left out. The catalogue names first authors alone, so that
an entry says "and others" and leaves the rest to the DOI. The key of a paper depends on the whole catalogue and not on what is
asked for, so that it stays the same from call to call.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ifnscore.signatures._catalogue import get, ids, resolve
from ifnscore.signatures._model import UNKNOWN, Signature, Source

_HEADER = (
    "% From the catalogue of ifnscore: unknown fields are left out, only first authors are known. Complete them by the DOI.\n"
)
#: Backslash first: the others bring backslashes in. Braces as words, because BibTeX counts an escaped brace all the same.
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{c: f"\\{c}" for c in "&%$#_"},
    }
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"{}\\%#,;]+")
_PERSON = re.compile(r"(?P<surname>[^\d,]*[^\W\d_]{2,}),? (?P<initials>[A-Z]{1,4})")
_SMALL_WORDS = frozenset({"a", "an", "the", "of", "in", "on", "for", "and", "to"})
#: Authors that a plain line names.
_NAMED = 3
#: In this order in an entry.
_FIELDS = ("year", "journal", "booktitle", "publisher", "volume", "pages", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One reference; what is unknown is empty.

    Attributes
    ----------
    key
        BibTeX key.
    kind
        BibTeX entry type.
    authors
        ``Surname, I I`` each; a name without a comma is an institution.
    others
        Whether there are more authors.
    title, year, journal, booktitle, publisher, volume, pages, version
        As in BibTeX; `year` is text.
    doi, pmid
        Identifiers without address.
    note
        What it is cited for.
    """

    key: str
    kind: str = "article"
    authors: tuple[str, ...] = ()
    others: bool = False
    title: str = ""
    year: str = ""
    journal: str = ""
    booktitle: str = ""
    publisher: str = ""
    volume: str = ""
    pages: str = ""
    version: str = ""
    doi: str = ""
    pmid: str = ""
    note: str = ""

    def bibtex(self) -> str:
        """Return the BibTeX entry: special characters escaped, braces balanced, no line left open."""
        fields = []
        if self.authors:
            names = [escape(a) if ", " in a else f"{{{escape(a)}}}" for a in self.authors]
            fields.append(("author", " and ".join([*names, *(["others"] if self.others else [])])))
        if self.title:
            fields.append(("title", f"{{{escape(self.title)}}}"))
        fields += [(name, escape(getattr(self, name)).replace("-", "--" if name == "pages" else "-")) for name in _FIELDS]
        fields += [("doi", self.doi), ("pmid", self.pmid), ("note", escape(self.note))]
        lines = [f"  {name} = {{{value}}}" for name, value in fields if value]
        return f"@{self.kind}{{{self.key},\n" + ",\n".join(lines) + "\n}\n"

    @property
    def text(self) -> str:
        """The reference as one plain line, for a numbered list."""
        names = [a.split(", ")[0] + " " + a.split(", ")[1].replace(" ", "") if ", " in a else a for a in self.authors]
        shown = ", ".join(names[:_NAMED]) + (" et al." if self.others or len(names) > _NAMED else "")
        place = self.journal or self.booktitle or self.publisher
        where = " ".join(p for p in (place, self.year) if p)
        where += (f";{self.volume}" if self.volume else "") + (f":{self.pages}" if self.pages else "")
        parts = [shown.rstrip("."), self.title.rstrip("."), f"version {self.version}" if self.version else "", where]
        ends = [f"doi:{self.doi}" if self.doi else "", f"PMID {self.pmid}" if self.pmid else ""]
        line = "".join(f"{p}. " for p in parts if p) + ", ".join(e for e in ends if e)
        known = line.strip()
        return known if self.title or not self.note else f"{known} ({self.note})".strip()


def escape(text: str) -> str:
    """Return text that LaTeX prints as it stands, on one line."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split()).translate(_SPECIAL)


def to_bibtex(signatures: object = "all") -> str:
    """Return the papers behind signatures as BibTeX, each paper once.

    Parameters
    ----------
    signatures
        See :func:`ifnscore.signatures.resolve`.

    Returns
    -------
    str
        One entry a paper, with a note that names its signatures; further papers that the catalogue names by DOI as a source
        of the list or the formula follow. Signatures without any source are named in a comment.
    """
    chosen = resolve(signatures)
    silent = [s.id for s in chosen if not _known(s.source)]
    # an @ outside entries would begin one
    names = ", ".join(" ".join(i.split()).replace("@", "(at)") for i in silent)
    note = f"% No source is known of: {names}\n" if silent else ""
    return "\n".join([_HEADER + note, *(c.bibtex() for c in citations(chosen))])


def citations(signatures: Sequence[Signature]) -> list[Citation]:
    """Return the papers behind signatures, each once, in the order of the signatures."""
    groups: dict[str, list[Signature]] = {}
    for s in signatures:
        if _known(s.source):
            groups.setdefault(_paper(s.source), []).append(s)
    used = set(_keys().values())
    found = []
    for group in groups.values():
        found.append(_citation(group, used))
        used.add(found[-1].key)
    taken = {c.doi.lower() for c in found if c.doi}
    return found + [c for c in _further(signatures) if c.doi.lower() not in taken]


def _known(source: Source) -> bool:
    return any(v not in {UNKNOWN, "", None} for v in (source.first_author, source.title, source.doi, source.pmid))


def _doi(text: str) -> str:
    return text if _DOI.fullmatch(text) else ""


def _pmid(text: str) -> str:
    return text if text.isascii() and text.isdigit() else ""


def _paper(source: Source) -> str:
    """Return what signatures of one paper share."""
    if _doi(source.doi):
        return f"doi {source.doi.lower()}"
    return f"pmid {source.pmid}" if _pmid(source.pmid) else f"{source.first_author}|{source.year}|{source.title}"


def _citation(group: Sequence[Signature], used: set[str]) -> Citation:
    source = group[0].source
    titles = [s.source.title for s in group if s.source.title != UNKNOWN]
    authors, others = _authors(source.first_author)
    doi, pmid = _doi(source.doi), next((p for s in group if (p := _pmid(s.source.pmid))), "")
    named = ", ".join(s.id for s in group)
    return Citation(
        key=_keys().get(_paper(source)) or _own_key(group[0], used),
        kind="article" if doi or pmid else "misc",
        authors=authors,
        others=others,
        title=min(titles, key=len, default=""),  # signatures of one paper may add which of its lists they are
        year=str(source.year or ""),
        doi=doi,
        pmid=pmid,
        note=f"Source of the ifnscore signature{'s' if len(group) > 1 else ''} {named}",
    )


def _authors(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of a ``first_author`` field, and whether others may stand behind them."""
    if text in {UNKNOWN, ""}:
        return (), False
    bare = re.sub(r"\s*\([^)]*\)", "", text).strip() or text.strip("() ")
    names, people = [], False
    for name in bare.split(" / "):
        person = None if " and " in name else _PERSON.fullmatch(name)  # "and" parts authors in BibTeX
        people |= bool(person)
        names.append(f"{person['surname']}, {' '.join(person['initials'])}" if person else name.replace(",", ""))
    return tuple(names), people and "(code)" not in text


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain).lower()


def _base(signature: Signature) -> str:
    """Return surname, year and first word of the title; empty where the paper has no person or no year."""
    source = signature.source
    names, _ = _authors(source.first_author)
    if source.year is None or not names or ", " not in names[0]:
        return ""
    words = [w for w in re.split(r"[\s/_-]+", source.title) if w.lower() not in _SMALL_WORDS and _slug(w)]
    first = _slug(words[0]) if words and source.title != UNKNOWN else ""
    return f"{_slug(names[0].split(', ')[0])}{source.year}{first}"


@functools.cache
def _keys() -> dict[str, str]:
    """Return the key of every paper of the catalogue; a name that two papers would share gives way to signature ids."""
    shipped = [get(i) for i in ids()]
    papers = {_paper(s.source): s for s in reversed(shipped) if _known(s.source)}
    bases = [_base(s) for s in papers.values()]
    return {p: b if (b := _base(s)) and bases.count(b) == 1 else _of_id(s.id) for p, s in papers.items()}


def _of_id(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.:-]+", "-", plain).strip("-") or "signature"


def _own_key(signature: Signature, used: set[str]) -> str:
    """Return a key for a user's paper that no other has."""
    names = [n for n in (_base(signature), _of_id(signature.id)) if n]
    further = (f"{names[-1]}-{i}" for i in itertools.count(2))
    return next(n for n in itertools.chain(names, further) if n not in used)


def _further(signatures: Iterable[Signature]) -> list[Citation]:
    """Return the papers that source fields name by DOI beside the paper itself: of them no more than the DOI is known."""
    found: dict[str, Citation] = {}
    for s in signatures:
        for text in (s.source.list, s.source.second, s.source.title):
            for doi in (d.rstrip(".)") for d in _DOI.findall(text)):
                if doi.lower() == s.source.doi.lower():
                    continue
                where = " ".join(text.split())
                one = found.get(doi.lower()) or Citation(
                    key=f"doi-{_of_id(doi)}", kind="misc", doi=doi, note=f"The catalogue says of it: {where} -- for {s.id}"
                )
                known = one.note.rpartition(" -- for ")[2].split(", ")
                found[doi.lower()] = one if s.id in known else replace(one, note=f"{one.note}, {s.id}")
    return list(found.values())
