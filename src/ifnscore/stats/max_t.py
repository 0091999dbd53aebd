"""Joint sign-flip max-T over several signatures (Westfall and Young 1993), studentised.

The same flip hits all columns, so that their correlation is used and the floor of 2 / 2^n holds for any number of them. T =
|mean| / SE is taken anew for every flip; otherwise a z sum in the hundreds would swamp a log2 fold change. With the sum S and
the sum of squares Q of a column, T^2 = (n - 1) v^2 / (1 - v^2) with v = |S| / sqrt(n Q), the same growing function for each
column; so v is compared, which stays finite where the SE is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.stats import _exact
from ifnscore.stats._exact import EXACT_UP_TO, N_RESAMPLES

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True, eq=False)
class MaxT:
    """Adjusted p values of a family; vectors have one entry a column.

    Attributes
    ----------
    t
        Observed mean / SE; infinite where all changes are the same, NaN where all are 0 or n < 2.
    p_raw
        Two-sided sign-flip p of the column alone, over the complete cases.
    p_adj
        Step-down max-T, never below a smaller one: the default. It controls the family-wise error strongly, because the flips
        of the columns without an effect need nothing from the others.
    p_single_step
        Single-step max-T: every column against the maximum over all.
    n, n_dropped
        Patients complete in every column, and those left out.
    exact, n_resamples
        Whether all 2^n flips were used, and how many.
    note
        What a reader must know.
    """

    t: Array
    p_raw: Array
    p_adj: Array
    p_single_step: Array
    n: int
    n_dropped: int
    exact: bool
    n_resamples: int
    note: str = ""


def _complete(changes: Any) -> tuple[Array, int]:
    x = np.asarray(changes, dtype=float)
    if x.ndim != 2:  # noqa: PLR2004
        msg = f"changes: a table of patients by signatures is needed, not {x.ndim} dimensions"
        raise DataError(msg)
    if np.isinf(x).any():
        msg = "changes: infinite values; a logarithm of 0?"
        raise DataError(msg)
    kept = ~np.isnan(x).any(axis=1)
    return x[kept], int((~kept).sum())


def _observed_t(x: Array) -> Array:
    n = len(x)
    if n < 2:  # noqa: PLR2004
        return np.full(x.shape[1], np.nan)
    mean, se = x.mean(axis=0), x.std(axis=0, ddof=1) / math.sqrt(n)
    same = np.ptp(x, axis=0) == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(same, np.where(mean == 0, np.nan, np.copysign(np.inf, mean)), mean / se)


def _counts(x: Array, slack: Array, flips: Any) -> tuple[Array, Array, Array]:
    """Return how many flips reach each observed column: alone, in steps, and against the maximum over all."""
    size = np.sqrt(len(x) * (x**2).sum(axis=0))
    unit = np.divide(x, size, out=np.zeros_like(x), where=size > 0)
    slack = np.divide(slack, size, out=np.zeros_like(slack), where=size > 0)
    observed, widest = np.abs(unit.sum(axis=0)), slack.max(initial=0.0)
    order = np.argsort(-observed, kind="stable")
    raw, down, single = (np.zeros(x.shape[1]) for _ in range(3))
    for signs in flips:
        v = np.abs(signs @ unit)
        raw += (v >= observed - slack).sum(axis=0)
        running = np.maximum.accumulate(v[:, order][:, ::-1], axis=1)[:, ::-1]
        down[order] += (running >= observed[order] - widest).sum(axis=0)
        single += (running[:, :1] >= observed - widest).sum(axis=0)
    down[order] = np.maximum.accumulate(down[order])
    return raw, down, single


def adjust(changes: Any, rng: Any = None, exact_up_to: int = EXACT_UP_TO, n_resamples: int = N_RESAMPLES) -> MaxT:
    """Return max-T adjusted p values of a family of paired changes.

    Parameters
    ----------
    changes
        Changes, shape (n patients, k signatures). Patients with a missing value (NaN) are left out of the whole family.
    rng
        Seed or generator of random flips, the same as in `sign_flip.test`; without it a fixed seed.
    exact_up_to
        All 2^n flips up to this n (at most 22), `n_resamples` random ones and the observed one beyond.
    n_resamples
        Random flips.

    Raises
    ------
    DataError
        Not a table, or infinite values.
    """
    raw_x, n_dropped = _complete(changes)
    n, k = raw_x.shape
    exact = n <= min(exact_up_to, _exact.MOST_EXACT)
    if not n or not k:
        gone = np.full(k, np.nan)
        return MaxT(gone, gone, gone, gone, n, n_dropped, exact=True, n_resamples=0, note="no complete patients or no columns")
    x = np.column_stack([_exact.rounded(c) for c in raw_x.T])
    slack = np.array([_exact.tolerance(c) for c in raw_x.T])
    flips = _exact.half_of_all_signs(n) if exact else _exact.random_signs(n, n_resamples, rng)
    total = 2 ** (n - 1) if exact else n_resamples + 1
    raw, down, single = ((c + (not exact)) / total for c in _counts(x, slack, flips))
    note = f"{n_dropped} patients without all signatures left out" if n_dropped else ""
    return MaxT(_observed_t(x), raw, down, single, n, n_dropped, exact, 2**n if exact else n_resamples, note)
