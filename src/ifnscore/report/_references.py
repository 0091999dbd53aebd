"""The references of a report: this package, EULAR's points, the signatures, and the methods that were used; nothing else.

What a comparison rests on is read off its methods paragraph, so that the list holds what the paragraph names and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ifnscore import instruments, methods, pp, signatures
from ifnscore.report import _papers
from ifnscore.signatures import Citation

if TYPE_CHECKING:
    from ifnscore.result import Result

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"{}\\%#,;]+")
#: As in CITATION.cff (a test holds it): that file is not part of an installed package.
AUTHOR = "The ifnscore developers"
TITLE = "ifnscore: interferon signatures, their published formulas, and scores that say what they rest on"


def ourselves() -> Citation:
    """Return the citation of this package in the version that runs."""
    try:
        number = version("ifnscore")
    except PackageNotFoundError:  # run from a source tree
        number = ""
    return Citation(key="ifnscore", kind="software", authors=(AUTHOR,), title=TITLE, version=number)


def references(
    scored: Sequence[str],
    *,
    methods_used: Iterable[str] = (),
    results: Iterable[Result | None] = (),
    normalised: str = "",
    eular: bool = True,
) -> list[Citation]:
    """Return what a report has to cite, in the order of its numbers; each paper once.

    Parameters
    ----------
    scored
        Signature ids; those that the catalogue lacks are left out, because nothing is known of them.
    methods_used
        Ids of the scoring methods; an id that names no method is left out.
    results
        Comparisons and associations: the papers that their methods paragraphs name, and those that describe the instrument.
    normalised
        Name of the normalisation that was applied before scoring, as recorded with the scores (settings may follow it).
    eular
        Whether EULAR's points to consider are cited.
    """
    known = [signatures.get(s) for s in dict.fromkeys(scored) if s in signatures.ids()]
    given = [r for r in results if r is not None]
    found = [ourselves(), *([_papers.EULAR] if eular else []), *signatures.citations(known)]
    found += _of_methods(methods_used)
    found += _of_normalisation(normalised)
    for result in given:
        found += [paper for word, paper in _papers.NAMED if word in result.methods]
        found += _of_instrument(str(result.settings.get("outcome") or ""))
    return _once(found)


def numbered(found: Sequence[Citation]) -> list[str]:
    """Return references as the lines of a numbered list: ``1. Kim H et al. ...``."""
    return [f"{i}. {c.text}" for i, c in enumerate(found, 1)]


def bibtex(found: Sequence[Citation]) -> str:
    """Return references as a BibTeX file."""
    return "\n".join(c.bibtex() for c in found)


def _once(found: Iterable[Citation]) -> list[Citation]:
    kept: dict[str, Citation] = {}
    for one in found:
        kept.setdefault(one.doi.lower() or one.key, one)
    return list(kept.values())


def _of_methods(used: Iterable[str]) -> list[Citation]:
    records = methods.records()
    dois = [records[m].doi for m in dict.fromkeys(used) if m in records]
    return [paper for doi in dois if (paper := _by_doi(doi)) is not None]


def _of_normalisation(normalised: str) -> list[Citation]:
    name = normalised.partition(" ")[0]
    source = next((n.source for n in pp.normalisations() if n.name == name), "")
    return [paper for doi in _DOI.findall(source) if (paper := _by_doi(doi)) is not None]


def _by_doi(doi: str) -> Citation | None:
    """Return the paper of a DOI: from our list, else from the catalogue; None for what is no DOI (a patent, "unknown")."""
    if doi.lower() in _papers.BY_DOI:
        return _papers.BY_DOI[doi.lower()]
    of = [s for s in map(signatures.get, signatures.ids()) if s.source.doi.lower() == doi.lower()]
    return signatures.citations(of)[0] if of and _DOI.fullmatch(doi) else None


def _of_instrument(outcome: str) -> list[Citation]:
    if outcome not in instruments.ids():
        return []
    stated = [s.removeprefix("doi:") for s in instruments.get(outcome).sources if s.startswith("doi:")]
    note = f"Describes the instrument {outcome}"
    return [
        Citation(key=f"doi-{re.sub(r'[^A-Za-z0-9.]+', '-', d)}", kind="misc", doi=d, note=note)
        for d in stated
        if _DOI.fullmatch(d)
    ]
