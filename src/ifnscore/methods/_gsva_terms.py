"""Poisson probabilities added up term by term from 0, as decoupler does: which densities are ties depends on their last digits.

:func:`_fill` is compiled where that is worth the wait, and runs as it is where it is not: the same steps, so the same digits but
for the last ones of exp and log.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.methods import _compiled

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Highest count that is added up to, and terms that plain Python may take for some genes.
MOST, PATIENCE = 10_000, 200_000


def sums(level: Array, rates: Array, *, compiled: bool) -> Array:
    """Return the probability of at most each level under each rate, shape (n_levels, n_rates).

    Parameters
    ----------
    level
        Counts in growing order, shape (n_levels,), none above :data:`MOST`.
    rates
        Shape (n_rates,).
    compiled
        Whether compiled code is worth its wait.
    """
    out = np.empty((len(level), len(rates)))
    fill: Callable[..., None] = _fill_compiled() if compiled or level[-1] * len(rates) > PATIENCE else _fill
    with _compiled.announced() if fill is not _fill else contextlib.nullcontext():
        fill(level, rates, out)
    return out


def _fill(level: Any, rates: Any, out: Any) -> None:
    for r in range(len(rates)):
        rate = float(rates[r])
        by, total, k = math.log(rate), math.exp(-rate), 0
        for j in range(len(level)):
            while k < level[j]:
                k += 1
                total += math.exp(-rate + k * by - math.lgamma(k + 1))
            out[j, r] = min(total, 1.0)


@functools.cache
def _fill_compiled() -> Any:
    return _compiled.jit(_fill)
