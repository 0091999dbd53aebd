"""What EULAR's checklist is filled in from, and how an answer looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ifnscore import get
from ifnscore.analysis._phrases import names
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.result import Result
    from ifnscore.scoretable import ScoreTable

Status: TypeAlias = Literal["reported", "partly", "not reported", "not applicable"]
#: Status, what the run says, what is left to do.
Answer: TypeAlias = tuple[Status, str, str]
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is known: coverage by signature and provenance are empty for a table of scores."""

    scores: ScoreTable
    cohort: Cohort | None
    compare: Result | None
    associate: Result | None
    covered: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]

    def of_type(self, *types: str) -> list[str]:
        return [c.id for c in self.scores.columns if c.ifn_type in types]


def coverage_of(scores: ScoreTable) -> dict[str, Mapping[str, Any]]:
    """Return the coverage of each score, of the stratum with the fewest usable genes."""
    if scores.adata is None:
        return {}
    rows = rows_of(get.coverage(scores.adata, key=scores.key).sort_values("n_used", ascending=False, kind="stable"))
    fewest = {str(r["signature"]): r for r in rows}
    return {c.id: fewest[c.id] for c in scores.columns}


def few(words: Sequence[str]) -> str:
    shown = list(words[:_SHOWN])
    return names(shown) if len(words) <= _SHOWN else f"{', '.join(shown)} and {len(words) - _SHOWN} more"
