"""What a report is made of: scores, cohort, and the two verbs' answers, or the reason why there is none."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore import get, scoretable
from ifnscore.analysis import _frame, _healthy
from ifnscore.cohort import _labels
from ifnscore.errors import DataError, IfnscoreWarning, UsageError, listing
from ifnscore.report import _names

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.cohort import Cohort
    from ifnscore.result import Result
    from ifnscore.scoretable import Scored, ScoreTable

NO_COHORT = "no cohort was given: who was treated, when, and what was measured beside the scores is not known"
#: How ``adjust`` of a comparison is said to the link, which has no sign flips.
_LINK_ADJUST = {"max_t": "holm"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller asked for; the parameters of :func:`ifnscore.report.write`."""

    outcome: str | None = None
    response: str | None = None
    scores: Sequence[str] | str | None = None
    score_type: str | None = None
    key: str | None = None
    group: str | None = None
    adjust: str = "max_t"
    title: str | None = None
    suppress: bool = False
    rng: Any = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Everything that the sections are written from.

    Attributes
    ----------
    scored
        As it was given, for the figures.
    scores
        The scores with what is known about them.
    cohort, frame
        Bound to the samples, and joined to the scores; None without a cohort.
    change, link
        Answers of the two verbs, or None.
    no_change, no_link
        Why there is none.
    codes
        Sample name -> what stands in its place.
    provenance
        Of the scores; empty for a table of scores.
    """

    asked: Asked
    scored: Scored
    scores: ScoreTable
    cohort: Cohort | None = None
    frame: _frame.Frame | None = None
    change: Result | None = None
    link: Result | None = None
    no_change: str = ""
    no_link: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def primary(self) -> str:
        """The signature on the first screen: that of the verbs, else the first with scores on a log scale."""
        if self.frame is not None:
            return self.frame.primary
        have = [c for c in self.scores.columns if self.scores.values[c.id].notna().any()] or list(self.scores.columns)
        logs = [c for c in have if c.is_log and c.ifn_type != "comparator"]
        return (logs or have)[0].id

    def without(self) -> list[str]:
        """Return the signatures that have no value at all."""
        return [c.id for c in self.scores.columns if not self.scores.values[c.id].notna().any()]

    @property
    def tissue(self) -> str:
        """The primary tissue; empty where none is known."""
        known = self.frame.tissues[0] if self.frame is not None else ""
        return "" if known == _frame.UNKNOWN else known

    @property
    def synthetic(self) -> bool:
        """Whether the cohort, or the matrix that was scored, says that its data are invented."""
        if self.cohort is not None and self.cohort.settings.synthetic:
            return True
        adata = self.scores.adata
        stored = adata.uns.get("ifnscore", {}) if adata is not None else {}
        return bool(dict(stored.get("input", {})).get("synthetic", False))

    @property
    def drug(self) -> str:
        """Name of the index drug, empty where there is none."""
        return self.cohort.settings.index_drug if self.cohort is not None else ""

    @property
    def for_figures(self) -> dict[str, Any]:
        """Parameters that say to a figure which scores are meant."""
        if self.scores.adata is not None:
            return {"key": self.scores.key}
        return {"scores": [c.id for c in self.scores.columns], "score_type": self.asked.score_type}

    def controls(self) -> pd.Series:
        """Return which samples are healthy controls, as far as that is known."""
        return _healthy.mask(self.scores, self.cohort)

    def said(self, error: Exception) -> str:
        """Return the text of an error, unless it names a patient or a sample of a cohort."""
        return safe(error, self.cohort, self.codes) if self.cohort is not None else str(error)

    def sentences(self, verb: str, *topics: str) -> list[str]:
        """Return the sentences of a reading that belong to some topics, in their order of reading."""
        result = self.change if verb == "compare" else self.link
        return [text for topic, text in result.sentences if topic in topics] if result is not None else []


def gather(scored: Scored, cohort: Cohort | None, asked: Asked) -> Study:
    """Run the verbs and keep what they answer.

    Raises
    ------
    DataError
        There are no scores, or the cohort has none of their samples; a title or label names a person, a date or a path.
    UsageError
        A measure, response definition or adjustment that was asked for does not exist.
    """
    table = scoretable.collect(scored, scores=asked.scores, score_type=asked.score_type, key=asked.key)
    known = get.provenance(table.adata, key=table.key) if table.adata is not None else {}
    if cohort is None:
        _labels.refuse("title", [asked.title or ""], [])
        if asked.outcome or asked.response:
            msg = "a clinical measure needs a cohort: name its folder, or leave out outcome and response"
            raise UsageError(msg)
        _names.check_group(table.obs, asked.group)
        named = _names.of_samples(table.values.index)
        return Study(
            asked=asked, scored=scored, scores=table, no_change=NO_COHORT, no_link=NO_COHORT, codes=named, provenance=known
        )
    bound = cohort.bind(table.obs) if cohort.simple is not None and cohort.samples.empty else cohort
    _labels.refuse("title", [asked.title or ""], [*bound.codes, *bound.sample_codes])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IfnscoreWarning)  # the verb says the same once more
        frame = _frame.build(table, bound, asked.group)
    codes = {str(s): c for s, c in bound.sample_codes.items()}
    change, no_change = _change(scored, bound, asked, table)
    link, no_link = _link(scored, bound, asked, table)
    return Study(
        asked=asked,
        scored=scored,
        scores=table,
        cohort=bound,
        frame=frame,
        change=change,
        no_change=no_change,
        link=link,
        no_link=no_link,
        codes=codes,
        provenance=known,
    )


def _change(scored: Scored, cohort: Cohort, asked: Asked, table: ScoreTable) -> tuple[Result | None, str]:
    from ifnscore import tl

    group = asked.group if cohort.simple is None else None
    try:
        made = tl.compare(
            scored,
            cohort,
            scores=asked.scores,
            score_type=asked.score_type,
            key=table.key or None,
            group=group,
            adjust=asked.adjust,
            suppress=asked.suppress,
            rng=asked.rng,
        )
    except UsageError:
        raise
    except DataError as error:
        return None, safe(error, cohort, table.values.index)
    return made, ""


def _link(scored: Scored, cohort: Cohort, asked: Asked, table: ScoreTable) -> tuple[Result | None, str]:
    from ifnscore import tl

    if cohort.simple is not None:
        if asked.outcome or asked.response:
            msg = "a simple design knows no clinical measure: outcome and response need a cohort folder"
            raise UsageError(msg)
        return None, "a simple design knows no clinical measure; a cohort folder with visits and outcomes does"
    outcome = asked.outcome or cohort.settings.primary_instrument
    if not outcome:
        have = sorted(set(cohort.outcomes["instrument"].astype(str)))
        if not have:
            return None, "the cohort holds no clinical measure (no outcomes)"
        return (
            None,
            f"no primary measure is declared ([primary] instrument in cohort.toml, or outcome=); recorded: {listing(have, 12)}",
        )
    adjust = _LINK_ADJUST.get(asked.adjust, asked.adjust)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IfnscoreWarning)
            made = tl.associate(
                scored,
                cohort,
                outcome=outcome,
                response=asked.response,
                scores=asked.scores,
                score_type=asked.score_type,
                key=table.key or None,
                adjust=adjust,
                rng=asked.rng,
            )
    except UsageError:
        raise
    except DataError as error:
        return None, safe(error, cohort, table.values.index)
    return made, ""


def safe(error: Exception, cohort: Cohort, samples: Iterable[object] = ()) -> str:
    """Return the text of an error, unless it names a patient or a sample."""
    text = str(error)
    ids = {str(i) for i in (*cohort.codes, *cohort.sample_codes, *samples)}
    if any(i in text for i in ids if len(i) >= _labels.SHORTEST) or _labels.wrong(text, []):
        return "it could not be computed, for a reason that names a patient or a sample; the command alone says it"
    return text
