"""Area under the ROC curve with an interval that holds at 5 patients a group and at complete separation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.stats._exact import check_level, rounded, sample
from ifnscore.stats._residuals import same_length
from ifnscore.stats.two_groups import mann_whitney

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Fewest patients in each group.
MIN_GROUP = 3
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Auc:
    """An area under the ROC curve.

    Attributes
    ----------
    auc
        P(a positive scores higher) + P(tie)/2; NaN where a group has fewer than 3.
    low, high
        Newcombe's score-type interval: the one to report; never of zero width.
    delong_variance, delong_low, delong_high
        DeLong's variance and Wald interval, cut at 0 and 1; too narrow below about 20 a group, of zero width at separation.
    p
        Exact Mann-Whitney p, also where the area is withheld.
    n_pos, n_neg
        Group sizes.
    note
        Why something is missing.
    """

    auc: float
    low: float
    high: float
    delong_variance: float
    delong_low: float
    delong_high: float
    p: float
    n_pos: int
    n_neg: int
    note: str


def newcombe(area: float, m: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score-type interval of an area: the values theta with abs(theta - area) <= z sqrt(V(theta)).

    V is the variance of Hanley & McNeil (Radiology 1982;143:29) with m - 1 and n - 1 both replaced by (m + n)/2 - 1, so that
    exchanging the groups changes nothing: Newcombe, Stat Med 2006;25:559-573, method 5.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    z, half = float(norm.ppf((1 + level) / 2)), (m + n) / 2 - 1

    def outside(theta: float) -> float:
        spread = 1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)
        return (theta - area) ** 2 - z**2 * theta * (1 - theta) * spread / (m * n)

    edge = 1e-12  # at 0 and 1 the variance is 0, so that `area` itself is a root there
    low = 0.0 if area <= edge else float(brentq(outside, 0.0, min(area, 1 - edge), xtol=1e-14))
    high = 1.0 if area >= 1 - edge else float(brentq(outside, max(area, edge), 1.0, xtol=1e-14))
    return low, high


def _placements(positive: Array, negative: Array) -> Array:
    """Return 1 where a positive exceeds a negative, 1/2 for ties, shape (n_pos, n_neg)."""
    gap = np.subtract.outer(positive, negative)
    return (np.sign(gap) + 1) / 2


def auc(scores: Any, is_positive: Any, level: float = 0.95) -> Auc:
    """Return the area under the ROC curve; positives are expected to score higher.

    Parameters
    ----------
    scores
        One score a patient, shape (n,).
    is_positive
        Whether the patient responded, shape (n,), booleans or 0 and 1.
    level
        Level of both intervals.

    Raises
    ------
    DataError
        A score is missing, the lengths differ, or `is_positive` holds anything but 0 and 1.
    UsageError
        A level outside (0, 1).
    """
    from scipy.stats import norm

    check_level(level)
    scores, label = sample(scores, "scores"), sample(is_positive, "is_positive")
    same_length(("scores", scores), ("is_positive", label))
    if not np.isin(label, (0.0, 1.0)).all():
        msg = "is_positive: only 0 and 1 (or booleans) can be read"
        raise DataError(msg)
    scores = rounded(scores)
    positive, negative = scores[label == 1], scores[label == 0]
    m, n, p = len(positive), len(negative), mann_whitney(scores[label == 0], scores[label == 1]).p
    if min(m, n) < MIN_GROUP:
        note = f"no AUC: {m} positive and {n} negative, {MIN_GROUP} of each needed"
        return Auc(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, p, m, n, note)
    placed = _placements(positive, negative)
    area = float(placed.mean())
    variance = float(placed.mean(axis=1).var(ddof=1) / m + placed.mean(axis=0).var(ddof=1) / n)
    reach = float(norm.ppf((1 + level) / 2)) * math.sqrt(variance)
    low, high = newcombe(area, m, n, level)
    note = "complete separation: DeLong's interval has no width" if variance == 0 else ""
    return Auc(area, low, high, variance, max(0.0, area - reach), min(1.0, area + reach), p, m, n, note)
