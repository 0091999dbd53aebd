"""From single answers (rejected? covered?) to a rate, its Clopper-Pearson interval and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ALPHA, LEVEL = 0.05, 0.95
ERROR, COVERAGE, POWER = "error rate", "coverage", "power"
#: Scenarios whose name starts so break what the tests assume; a headline p there is marked `limit`.
LIMIT = "LIMIT"
COLUMNS = ("quantity", "scenario", "n", "n_datasets", "rate", "mc_low", "mc_high", "verdict", "headline", "kind")


class Answer(NamedTuple):
    """One data set's answer: `hit` is None where the interval does not exist; `floor` is the smallest p possible."""

    hit: bool | None
    floor: float = 0.0


def rejected(p: float, floor: float = 0.0) -> Answer:
    """Return whether p rejects at 0.05; a p that does not exist does not reject."""
    return Answer(bool(p <= ALPHA + 1e-12), floor)


def covered(low: float, high: float, truth: float) -> Answer:
    """Return whether an interval holds the truth; None where there is no interval."""
    if math.isnan(low) or math.isnan(high):
        return Answer(None)
    slack = 1e-12 * max(1.0, abs(truth))
    return Answer(bool(low - slack <= truth <= high + slack))


@dataclass
class Tally:
    """Counts of one quantity in one scenario at one n."""

    hits: int = 0
    total: int = 0
    floor: float = math.inf

    def add(self, answer: Answer) -> None:
        """Count one data set."""
        if answer.hit is not None:
            self.hits, self.total = self.hits + answer.hit, self.total + 1
            self.floor = min(self.floor, math.inf if math.isnan(answer.floor) else answer.floor)

    def join(self, other: Tally) -> None:
        """Add the counts of another chunk."""
        self.hits, self.total, self.floor = self.hits + other.hits, self.total + other.total, min(self.floor, other.floor)


@dataclass(frozen=True)
class Quantity:
    """What a tally is about: its name, what kind of rate, and whether it is a headline p of the package."""

    name: str
    kind: str = ERROR
    headline: bool = False


@dataclass
class Chunk:
    """Tallies of one chunk of data sets, by quantity."""

    tallies: dict[Quantity, Tally] = field(default_factory=dict)

    def add(self, answers: Iterable[tuple[Quantity, Answer]]) -> None:
        """Count the answers of one data set."""
        for quantity, answer in answers:
            self.tallies.setdefault(quantity, Tally()).add(answer)


def clopper_pearson(hits: int, total: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate."""
    from scipy.stats import beta

    low = float(beta.ppf((1 - LEVEL) / 2, hits, total - hits + 1)) if hits else 0.0
    high = float(beta.ppf((1 + LEVEL) / 2, hits + 1, total - hits)) if hits < total else 1.0
    return low, high


def verdict(quantity: Quantity, tally: Tally, low: float, high: float) -> str:
    """Return the verdict: an error rate above 0.05, or a coverage below 0.95, beyond Monte Carlo error is anti-conservative."""
    if quantity.kind == POWER:
        return "power"
    if quantity.kind == COVERAGE:
        return "anti-conservative" if high < LEVEL else "conservative" if low > LEVEL else "calibrated"
    if tally.floor > ALPHA:
        if tally.hits:
            msg = f"{quantity.name}: {tally.hits} rejections although the smallest attainable p is {tally.floor:.4g}"
            raise AssertionError(msg)
        return "cannot reject"
    return "anti-conservative" if low > ALPHA else "conservative" if high < ALPHA else "calibrated"


def mark(scenario: str, *, headline: bool) -> str:
    """Return the column `headline`: limit where the scenario breaks what the test assumes."""
    return "no" if not headline else "limit" if scenario.startswith(LIMIT) else "yes"


def row(quantity: Quantity, scenario: str, n: int, tally: Tally) -> dict[str, Any]:
    """Return one line of results.tsv."""
    low, high = clopper_pearson(tally.hits, tally.total)
    values = (
        quantity.name,
        scenario,
        n,
        tally.total,
        f"{tally.hits / tally.total:.4f}",
        f"{low:.4f}",
        f"{high:.4f}",
        verdict(quantity, tally, low, high),
        mark(scenario, headline=quantity.headline),
        quantity.kind,
    )
    return dict(zip(COLUMNS, values, strict=True))
