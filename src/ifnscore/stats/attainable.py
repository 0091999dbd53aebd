"""The smallest p that a design can reach, whatever the data show, and how many hypotheses that leaves room for."""

from __future__ import annotations

import math

from ifnscore.errors import UsageError

KINDS = ("paired", "spearman", "two_groups")


def min_p(n: int, n_zero: int = 0, kind: str = "paired", m: int | None = None) -> float:
    """Return the smallest two-sided p of an exact test.

    Parameters
    ----------
    n
        Pairs (``paired``), patients (``spearman``), or size of the first group.
    n_zero
        Pairs without a change: their sign cannot be flipped, so that 2 / 2^(n - n_zero) is left. ``paired`` only.
    kind
        ``paired``: 2 / 2^n (sign flip, signed rank, sign test, max-T alike); ``spearman``: 2 / n! (no ties);
        ``two_groups``: 2 / C(m + n, n) (Mann-Whitney, no ties).
    m
        Size of the second group; ``two_groups`` only.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    UsageError
        Negative or contradictory numbers, unknown kind.
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(KINDS)}; got {kind!r}"
        raise UsageError(msg)
    if n < 0 or not 0 <= n_zero <= n or (m is not None and m < 0):
        msg = f"numbers of patients must not be negative, nor zeros exceed pairs: n={n}, n_zero={n_zero}, m={m}"
        raise UsageError(msg)
    if (kind == "two_groups") != (m is not None):
        msg = "m, the size of the second group, belongs to kind='two_groups' and to no other"
        raise UsageError(msg)
    if n_zero and kind != "paired":
        msg = f"n_zero belongs to kind='paired', not to {kind!r}"
        raise UsageError(msg)
    if kind == "paired":
        outcomes = 2 ** (n - n_zero)
    elif kind == "spearman":
        outcomes = math.factorial(n)
    else:
        outcomes = math.comb(n + (m or 0), n)
    return 1.0 if outcomes <= 2 else 2 / outcomes  # noqa: PLR2004


def max_hypotheses(p_min: float, alpha: float = 0.05) -> int:
    """Return how many hypotheses Bonferroni or Holm may hold so that one of them can still reach `alpha`.

    Parameters
    ----------
    p_min
        Smallest attainable p, in (0, 1].
    alpha
        Family-wise level.
    """
    if not (0.0 < p_min <= 1.0 and 0.0 < alpha < 1.0):
        msg = f"p_min must lie in (0, 1] and alpha between 0 and 1; got {p_min!r} and {alpha!r}"
        raise UsageError(msg)
    return math.floor(alpha / p_min * (1 + 1e-12))
