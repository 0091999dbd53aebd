"""The report: scores, cohort and comparisons as one self-contained file.

Examples
--------
>>> import ifnscore as ifn
>>> adata, cohort = ifn.datasets.jdm_tofacitinib()
>>> ifn.tl.score(adata, controls="is_control", donor="donor_id")
>>> ifn.report.write("report.html", adata, cohort)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from ifnscore.errors import UsageError

if TYPE_CHECKING:
    from typing import Unpack

    from ifnscore.cohort import Cohort
    from ifnscore.report._model import Document
    from ifnscore.scoretable import Scored

__all__ = ["document", "html", "markdown", "write"]

#: Ending of a file -> form.
SUFFIXES = {".html": "html", ".htm": "html", ".md": "md"}


class Options(TypedDict, total=False):
    """Parameters of :func:`document`, which says what they mean."""

    outcome: str | None
    response: str | None
    scores: Sequence[str] | str | None
    score_type: str | None
    key: str | None
    group: str | None
    adjust: str
    title: str | None
    suppress: bool
    rng: Any


def document(
    scored: Scored,
    cohort: Cohort | None = None,
    *,
    outcome: str | None = None,
    response: str | None = None,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    group: str | None = None,
    adjust: str = "max_t",
    title: str | None = None,
    suppress: bool = False,
    rng: Any = None,
) -> Document:
    """Compare, link, and put together everything that a report says, before it has a form.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores (wide or long).
    cohort
        ``Cohort.read(folder)``, ``Cohort.from_samples(...)``, or None for scores alone.
    outcome, response
        Clinical measure and response definition of the link; None for the declared ones of the cohort.
    scores, score_type, key
        As in :func:`ifnscore.tl.compare`.
    group
        Arms: a column of the patients table. Without a cohort: groups, a column of the samples.
    adjust
        How p is adjusted over scores; as in :func:`ifnscore.tl.compare`.
    title
        Of the report; None for that of the cohort.
    suppress
        Hide small counts in Table 1.
    rng
        Seed of everything that is drawn at random.

    Returns
    -------
    Document
        Sections of paragraphs, tables, figures (not drawn yet) and downloads. What could not be made is named in its place.

    Raises
    ------
    DataError
        There are no scores, or the cohort has none of their samples; a title or label names a person, a date or a path.
    UsageError
        An unknown measure, response definition, adjustment or column.
    """
    from ifnscore.report import _build, _study

    asked = _study.Asked(
        outcome=outcome,
        response=response,
        scores=scores,
        score_type=score_type,
        key=key,
        group=group,
        adjust=adjust,
        title=title,
        suppress=suppress,
        rng=rng,
    )
    return _build.document(_study.gather(scored, cohort, asked))


def html(scored: Scored, cohort: Cohort | None = None, **options: Unpack[Options]) -> str:
    """Return the report as one HTML page without anything from elsewhere; the parameters are those of :func:`document`."""
    from ifnscore.report import _html

    return _html.render(document(scored, cohort, **options))


def markdown(scored: Scored, cohort: Cohort | None = None, **options: Unpack[Options]) -> str:
    """Return the report as Markdown, figures in words; the parameters are those of :func:`document`."""
    from ifnscore.report import _markdown

    return _markdown.render(document(scored, cohort, **options))


def write(
    path: str | os.PathLike[str], scored: Scored, cohort: Cohort | None = None, *, force: bool = False, **options: Unpack[Options]
) -> None:
    """Write the report to one file, whole or not at all.

    Parameters
    ----------
    path
        ``.html`` (or ``.htm``): a self-contained page with figures. ``.md``: Markdown, figures in words.
    scored, cohort
        See :func:`document`.
    force
        Replace an existing file.
    **options
        The other parameters of :func:`document`.

    Raises
    ------
    DataError
        The file exists, or cannot be written; and what :func:`document` raises.
    UsageError
        The ending says no form; and what :func:`document` raises.

    Examples
    --------
    >>> ifn.report.write("report.html", adata, cohort, outcome="cdasi_activity", rng=1)
    """
    from ifnscore import _files

    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        msg = f"{target.name}: the ending says the form of a report; use one of {', '.join(SUFFIXES)}"
        raise UsageError(msg)
    _files.check_free(target, force=force)
    make = html if SUFFIXES[target.suffix.lower()] == "html" else markdown
    text = make(scored, cohort, **options)
    _files.write(target, lambda p: put(p, text), force=force)


def put(path: Path, text: str) -> None:
    """Write text as it is, the same on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")
