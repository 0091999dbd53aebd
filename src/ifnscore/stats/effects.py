"""Effect sizes of paired differences, each by one fixed definition.

d_z = mean / SD of the changes (also called the standardised response mean); d_av divides by the root mean square of both SDs
(Cumming 2012); d_rm = d_z sqrt(2 (1 - r)) (Morris and DeShon 2002). g = J d with the exact J of Hedges (1981) on n - 1 degrees of
freedom; programs that use 2 n - 2 give larger values. Changes are after minus before: a fall is negative.
"""

from __future__ import annotations

import inspect
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.stats import _exact

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Fewest pairs for any bootstrap, and fewest for one that is not flagged.
MIN_BOOTSTRAP, MIN_UNFLAGGED = 4, 10
N_BOOTSTRAP = 9_999
#: The noncentral t distribution is not computed reliably beyond; such changes have hardly any spread.
MOST_T = 500.0


@dataclass(frozen=True, slots=True)
class PairedEffects:
    """Effect sizes of n pairs; NaN where one does not exist, `note` says why.

    Attributes
    ----------
    d_z, g_z
        Mean change in SDs of the change, and with J.
    g_z_low, g_z_high
        Noncentral t interval of the population value behind d_z and g_z. It is exact under normal changes and therefore not
        multiplied by J.
    d_av, g_av
        Mean change in units of the average SD, and with J.
    g_av_low, g_av_high
        BCa bootstrap over patients; flagged below 10 pairs.
    d_rm, g_rm
        Mean change corrected for the correlation, and with J.
    rank_biserial
        (W+ - W-) / (W+ + W-) with zeros dropped: -1 when every change is a fall.
    p_post_below_pre
        Share of patients who fell, half of those without a change added.
    pearson
        Correlation of before and after.
    srm
        Standardised response mean: d_z by the name that the clinic uses.
    """

    n: int
    level: float
    d_z: float
    g_z: float
    g_z_low: float
    g_z_high: float
    d_av: float
    g_av: float
    g_av_low: float
    g_av_high: float
    d_rm: float
    g_rm: float
    rank_biserial: float
    p_post_below_pre: float
    pearson: float
    srm: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratio of geometric means, after to before, with its interval."""

    value: float
    low: float
    high: float


def hedges_j(df: int) -> float:
    """Return Hedges' exact factor, gamma(df/2) / (sqrt(df/2) gamma((df-1)/2)); NaN below 2 degrees of freedom."""
    if df < 2:  # noqa: PLR2004
        return math.nan
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan


def _varies(x: Array) -> bool:
    return x.size > 1 and bool(np.ptp(_exact.rounded(x)))


def _sd(x: Array) -> float:
    return float(x.std(ddof=1)) if _varies(x) else 0.0


def _rank_biserial(d: Array) -> float:
    from scipy.stats import rankdata

    moved = d[d != 0]
    ranks = rankdata(np.abs(moved))
    return _ratio(float((ranks * np.sign(moved)).sum()), float(ranks.sum()))


def _noncentral(t: float, df: int, level: float) -> tuple[float, float]:
    """Return the noncentralities under which `t` cuts off (1 - level) / 2 above, and below; NaN beyond `MOST_T`."""
    if abs(t) > MOST_T:
        return math.nan, math.nan
    from scipy.optimize import brentq
    from scipy.stats import nct

    def solve(target: float) -> float:
        def excess(centre: float) -> float:
            return float(nct.cdf(t, df, centre)) - target

        step = 1.0 + abs(t)
        left, right = t - step, t + step
        while excess(left) < 0:
            left -= step
        while excess(right) > 0:
            right += step
        return float(brentq(excess, left, right, xtol=1e-12, rtol=1e-14))

    tail = (1 - level) / 2
    return solve(1 - tail), solve(tail)


def _d_av(pre: Array, post: Array, axis: int = -1) -> Array:
    """Return d_av along an axis; a resample without any spread is infinitely far from 0."""
    mean = (post - pre).mean(axis=axis)
    spread = np.sqrt((pre.var(axis=axis, ddof=1) + post.var(axis=axis, ddof=1)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean == 0, 0.0, mean / spread)


def _bca(pre: Array, post: Array, level: float, rng: Any, n_resamples: int) -> tuple[float, float]:
    """Return the BCa interval of d_av; NaN where resamples degenerate."""
    from scipy.stats import bootstrap

    order = np.lexsort((post, pre))  # the interval must not depend on the order of the patients
    seed = "rng" if "rng" in inspect.signature(bootstrap).parameters else "random_state"  # renamed in scipy 1.15
    options: dict[str, Any] = {seed: _exact.generator(rng)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate resamples end as NaN, which the note explains
        found = bootstrap(
            (pre[order], post[order]),
            _d_av,
            paired=True,
            vectorized=True,
            confidence_level=level,
            method="BCa",
            n_resamples=n_resamples,
            **options,
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (math.nan, math.nan)


def _notes(n: int, g_z: float, g_av: float, z_low: float, low: float, n_resamples: int) -> str:
    notes = []
    if n < 3:  # noqa: PLR2004
        notes.append(f"no g with n={n}: it needs 3 pairs")
    elif math.isnan(g_z):
        notes.append("every change is the same: no d_z, no d_rm")
    elif math.isnan(z_low):
        notes.append("no interval of g_z: the changes have hardly any spread")
    if n_resamples and math.isnan(low):
        reason = "too few pairs" if n < MIN_BOOTSTRAP else "no spread" if math.isnan(g_av) else "resamples degenerate"
        notes.append(f"no bootstrap interval of g_av: {reason}")
    elif n_resamples and n < MIN_UNFLAGGED:
        notes.append(f"bootstrap interval of g_av is too narrow with n={n}")
    return "; ".join(notes)


def paired(pre: Any, post: Any, level: float = 0.95, rng: Any = None, n_resamples: int = N_BOOTSTRAP) -> PairedEffects:
    """Return all effect sizes of paired values.

    Parameters
    ----------
    pre, post
        Values of the same patients before and after, shape (n,).
    level
        Level of the intervals.
    rng
        Seed or generator of the bootstrap; without it a fixed seed.
    n_resamples
        Bootstrap samples; 0 leaves the interval of g_av out.

    Raises
    ------
    DataError
        Missing or infinite values, or lengths that differ.
    """
    before, after = _exact.pair(pre, post)
    _exact.check_level(level)
    d, n, nan = after - before, before.size, math.nan
    x, j = _exact.rounded(d), hedges_j(n - 1)
    mean = float(d.mean()) if n else nan
    d_z = _ratio(mean, _sd(d))
    d_av = _ratio(mean, math.sqrt((_sd(before) ** 2 + _sd(after) ** 2) / 2))
    r = float(np.corrcoef(before, after)[0, 1]) if _varies(before) and _varies(after) else nan
    d_rm = d_z * math.sqrt(max(0.0, 2 * (1 - r)))
    z_low, z_high = (nan, nan) if math.isnan(d_z) else _noncentral(d_z * math.sqrt(n), n - 1, level)
    possible = n >= MIN_BOOTSTRAP and n_resamples and not math.isnan(d_av)
    av_low, av_high = _bca(before, after, level, rng, n_resamples) if possible else (nan, nan)
    return PairedEffects(
        n=n,
        level=level,
        d_z=d_z,
        g_z=j * d_z,
        g_z_low=z_low / math.sqrt(max(n, 1)),
        g_z_high=z_high / math.sqrt(max(n, 1)),
        d_av=d_av,
        g_av=j * d_av,
        g_av_low=j * av_low,
        g_av_high=j * av_high,
        d_rm=d_rm,
        g_rm=j * d_rm,
        rank_biserial=_rank_biserial(x),
        p_post_below_pre=float((x < 0).mean() + (x == 0).mean() / 2) if n else nan,
        pearson=r,
        srm=d_z,
        note=_notes(n, j * d_z, j * d_av, z_low, av_low, n_resamples),
    )


def ratio_of_geometric_means(mean: float, low: float, high: float) -> Ratio:
    """Return 2^x of a mean log2 change and its bounds; only for scores whose ratio has a meaning.

    Parameters
    ----------
    mean, low, high
        Mean change and its interval on the log2 scale; NaN stays NaN.
    """
    with np.errstate(over="ignore"):
        return Ratio(*(float(np.exp2(x)) for x in (mean, low, high)))
