"""Responders against the rest (Mann-Whitney, AUC) and rank correlation between patients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from tally import COVERAGE, Answer, Quantity, covered, rejected

from ifnscore.stats import auc, rank_correlation, two_groups

MANN_WHITNEY = Quantity("Mann-Whitney p, responders against the rest", headline=True)
SPEARMAN = Quantity("baseline Spearman, permutation p", headline=True)
NEWCOMBE, DELONG = Quantity("AUC, Newcombe interval", COVERAGE), Quantity("AUC, DeLong Wald interval", COVERAGE)
BONETT_WRIGHT = Quantity("Spearman, Bonett-Wright interval", COVERAGE)
N_RESAMPLES = 399


def responders(share: float, kind: str, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate a score that says nothing about response; `share` of the patients respond."""
    del index
    score = rng.normal(size=n) if kind == "normal" else rng.integers(0, 5, n).astype(float)
    m = max(1, round(share * n))
    made = two_groups.mann_whitney(score[m:], score[:m])
    # Ties make the floor differ from set to set; without ties it is 2 / C(n, m).
    yield MANN_WHITNEY, rejected(made.p, min(made.min_attainable_p, 2 / math.comb(n, m)))


def area(truth: float, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate intervals of an area under the ROC curve with n/2 patients a group, normal scores."""
    del index
    from scipy.stats import norm

    label = np.arange(n) < n // 2
    made = auc.auc(rng.normal(size=n) + label * math.sqrt(2) * norm.ppf(truth), label)
    yield NEWCOMBE, covered(made.low, made.high, truth)
    yield DELONG, covered(made.delong_low, made.delong_high, truth)


def correlation(rho: float, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate Spearman's correlation of two normal variables with this Spearman correlation in the population."""
    del index
    pearson = 2 * math.sin(math.pi * rho / 6)
    x = rng.normal(size=n)
    y = pearson * x + math.sqrt(1 - pearson**2) * rng.normal(size=n)
    made = rank_correlation.spearman(x, y, rng=int(rng.integers(2**31)), n_resamples=N_RESAMPLES)
    if rho == 0:
        yield SPEARMAN, rejected(made.p, made.min_attainable_p)
    yield BONETT_WRIGHT, covered(made.low, made.high, rho)
