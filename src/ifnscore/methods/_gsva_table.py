"""The table that other programs look the cumulative normal distribution up in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Steps of the table that peers look the cumulative normal up in, and its bound in standard deviations.
STEPS, BOUND = 10_000, 10


def cdf_table(which: str) -> Array:
    """Return Phi - 1/2 in steps of 1/1000, shape (2 STEPS + 4,).

    Gaps from 0 to 10 and one step more, where it is 1/2, stand in the upper half; negative gaps backwards in the lower half, so
    that the floor of a gap in steps, plus half the length, is its place.

    ``exact``, or ``decoupler`` with formula 7.1.26 of Abramowitz and Stegun for the error function, which is right to 1.5e-7;
    at a gap of 0, where it is 1e-9 off, decoupler has 1/2.
    """
    from scipy.special import ndtr

    x = np.arange(STEPS + 1) * BOUND / STEPS
    half = np.append((_rough_cdf(x) if which == "decoupler" else ndtr(x)) - 0.5, 0.5)
    made: Array = np.concatenate([-half[::-1], half])
    return made


def _rough_cdf(x: Array) -> Array:
    z = x / math.sqrt(2.0)
    t = 1.0 / (1.0 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    made: Array = 0.5 * (1.0 + np.sign(z) * (1.0 - series * np.exp(-z * z)))
    return made
