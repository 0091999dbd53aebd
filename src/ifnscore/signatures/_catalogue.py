"""The shipped catalogue: one TOML file a signature in ``genesets/``, found by its name."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ifnscore import _html, _resources
from ifnscore.errors import DataError, UsageError, listing, nearest, visible
from ifnscore.signatures import _files
from ifnscore.signatures._model import Signature
from ifnscore.signatures._parse import from_dict

#: Scored when nothing else is asked for.
PANEL: tuple[str, ...] = (
    "rice2013_ags6",
    "kim2018_irg28_z",
    "kim2018_irg28_geomean",
    "higgs2011_anifrolumab4",
    "raupov2024_jdm5",
    "msigdb_hallmark_ifna",
    "aybey_ifn2_6",
    "dejesus2020_nfkb11_control",
)


#: Signatures that a notebook shows.
_SHOWN = 12


@functools.cache
def ids() -> tuple[str, ...]:
    """Return the ids of all shipped signatures; files are not opened."""
    return tuple(sorted(p.name.removesuffix(".toml") for p in _resources.folder("genesets").glob("*.toml")))


@functools.cache
def _load(signature: str) -> Signature:
    path = _resources.folder("genesets") / f"{signature}.toml"
    return from_dict(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def get(signature: str) -> Signature:
    """Return one signature by id or by an unambiguous beginning of its id.

    Parameters
    ----------
    signature
        For instance ``"rice2013_ags6"`` or ``"rice"``.

    Raises
    ------
    UsageError
        No id, or more than one, begins like this; the nearest names are given.
    """
    if signature in ids():
        return _load(signature)
    hits = [i for i in ids() if i.startswith(signature)] if signature else []
    if len(hits) == 1:
        return _load(hits[0])
    if hits:
        msg = f"signature {signature!r} is ambiguous: {', '.join(hits)}"
        raise UsageError(msg)
    msg = f"unknown signature {signature!r}.{nearest(signature, ids())} All: ifnscore signatures"
    raise UsageError(msg)


def names_file(text: str) -> bool:
    """Whether a value given for signatures names a file rather than ids."""
    return "/" in text or text.endswith((".toml", ".gmt"))


class Catalogue(list[Signature]):
    """A list of signatures that shows itself briefly."""

    def __repr__(self) -> str:
        return f"<{_html.plural(len(self), 'signature')}: {visible(listing([s.id for s in self], 5))}>"

    def _repr_html_(self) -> str:
        rows = [
            {
                "id": s.id,
                "type": s.ifn_type,
                "genes": s.n_genes,
                "tissue": ", ".join(s.tissue),
                "formula": f"{s.formula.method} ({s.formula.status})",
                "year": s.source.year or "",
                "title": s.title,
            }
            for s in self[:_SHOWN]
        ]
        more = f"and {len(self) - _SHOWN} more; as a table: ifn.signatures.to_frame()" if len(self) > _SHOWN else ""
        columns = ["id", "type", "genes", "tissue", "formula", "year", "title"]
        table = _html.table(rows, columns) if rows else ""
        return _html.page(_html.plural(len(self), "signature"), table, _html.paragraph(more, quiet=True) if more else "")


def catalogue(signatures: object = "all") -> Catalogue:
    """Return signatures as a list that a notebook shows as a table.

    Parameters
    ----------
    signatures
        See :func:`resolve`.

    Examples
    --------
    >>> from ifnscore import signatures
    >>> signatures.catalogue("rice,kim2018_irg28_z")
    <2 signatures: rice2013_ags6, kim2018_irg28_z>
    """
    return Catalogue(resolve(signatures))


def resolve(signatures: object = "panel") -> list[Signature]:
    """Return the signatures that a user means.

    Parameters
    ----------
    signatures
        ``"panel"``, ``"all"``, an id or a beginning of one, a comma-separated list, a TOML or GMT file, a
        :class:`Signature`, a dict of gene lists (name -> genes), or a sequence of any of these.

    Returns
    -------
    list of Signature
        In the order asked for, each id once.

    Raises
    ------
    UsageError
        A name is unknown or ambiguous.
    DataError
        A file cannot be read, or two different signatures have the same id.
    """
    found: dict[str, Signature] = {}
    for signature in _each(signatures):
        if found.setdefault(signature.id, signature) != signature:
            msg = f"two different signatures are called {signature.id!r}: rename one"
            raise DataError(msg)
    if not found:
        msg = "no signature was asked for: give ids, 'panel' or 'all'"
        raise UsageError(msg)
    return list(found.values())


def _each(signatures: object) -> Iterable[Signature]:
    if isinstance(signatures, Signature):
        yield signatures
    elif isinstance(signatures, Path):
        yield from _files.read(signatures)
    elif isinstance(signatures, str):
        yield from _from_text(signatures)
    elif isinstance(signatures, Mapping):
        yield from _files.from_mapping(signatures)
    elif isinstance(signatures, Sequence):
        for one in signatures:
            yield from _each(one)
    else:
        msg = f"signatures: cannot use a {type(signatures).__name__}; give ids, a file, a dict of gene lists or Signature objects"
        raise UsageError(msg)


def _from_text(text: str) -> Iterable[Signature]:
    if names_file(text):
        yield from _files.read(Path(text))
        return
    for word in filter(None, (w.strip() for w in text.split(","))):
        if names_file(word):
            yield from _files.read(Path(word))
        elif word == "panel":
            yield from (get(i) for i in PANEL)
        elif word == "all":
            yield from (get(i) for i in ids())
        else:
            yield get(word)


def select(
    *, ifn_type: str | None = None, tissue: str | None = None, platform: str | None = None, disease: str | None = None
) -> Catalogue:
    """Return the shipped signatures that fit all filters (case does not matter).

    Parameters
    ----------
    ifn_type
        ``I``, ``II``, ``III``, ``I+II`` or ``comparator``, exactly.
    tissue, platform, disease
        Words that the field, or its wording in the source, contains.
    """
    chosen = [get(i) for i in ids()]
    if ifn_type is not None:
        chosen = [s for s in chosen if s.ifn_type.lower() == ifn_type.lower()]
    for word, text in (
        (tissue, lambda s: " ".join((*s.tissue, s.tissue_detail))),
        (platform, lambda s: f"{s.platform} {s.platform_detail}"),
        (disease, lambda s: s.disease),
    ):
        if word is not None:
            chosen = [s for s in chosen if word.lower() in text(s).lower()]
    return Catalogue(chosen)
