"""Two one-sided tests of equivalence (Schuirmann 1987): the only way to support "no relevant change"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import UsageError
from ifnscore.stats import _exact, sign_flip


@dataclass(frozen=True, slots=True)
class Tost:
    """Two one-sided t tests of a mean difference against a margin.

    Attributes
    ----------
    p_low, p_high
        p against a mean at or below `margin_low`, and at or above `margin_high`.
    p
        The larger of the two.
    margin_low, margin_high
        The margin, in the unit of the differences.
    mean, n
        Mean difference and pairs.
    low, high, level
        Interval of level 1 - 2 alpha that lies within the margin exactly when p < alpha.
    note
        Why numbers are missing.
    """

    p_low: float
    p_high: float
    p: float
    margin_low: float
    margin_high: float
    mean: float
    n: int
    low: float
    high: float
    level: float
    note: str = ""


def tost(d: Any, margin: float | tuple[float, float], alpha: float = 0.05) -> Tost:
    """Test that the mean difference lies within a margin.

    Parameters
    ----------
    d
        Differences, shape (n,).
    margin
        Half-width of a margin about 0, or its two ends; in the unit of the differences. There is no default: only clinical
        knowledge can set it.
    alpha
        Level of each one-sided test; the interval has level 1 - 2 alpha.

    Raises
    ------
    UsageError
        A margin that does not hold 0, or an alpha outside (0, 0.5).
    """
    x = _exact.sample(d)
    ends = margin if isinstance(margin, tuple) else (-margin, margin)
    low, high = float(ends[0]), float(ends[1])
    if not (low < 0.0 < high and math.isfinite(high - low)):
        msg = f"an equivalence margin must hold 0, such as 0.5 or (-0.5, 0.5); got {margin!r}"
        raise UsageError(msg)
    if not 0.0 < alpha < 0.5:  # noqa: PLR2004
        msg = f"alpha must lie between 0 and 0.5; got {alpha!r}"
        raise UsageError(msg)
    fit, nan = sign_flip.t_interval(x, 1 - 2 * alpha), math.nan
    if math.isnan(fit.t):
        return Tost(nan, nan, nan, low, high, fit.mean, fit.n, nan, nan, fit.level, fit.note)
    from statsmodels.stats.weightstats import DescrStatsW

    p, (_, p_low, _), (_, p_high, _) = DescrStatsW(np.asarray(x)).ttost_mean(low, high)
    return Tost(float(p_low), float(p_high), float(p), low, high, fit.mean, fit.n, fit.low, fit.high, fit.level)
