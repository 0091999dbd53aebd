"""The effect of the drug from irregular visits, where its mean over patients is 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tally import Answer, Quantity, rejected
from visits import errors, schedule

from ifnscore.stats import cluster_flip, gee, mixed, patient_means, sign_flip

MEANS = Quantity("patient-mean contrast, sign-flip p", headline=True)
CLUSTER = Quantity("cluster sign-flip p", headline=True)
POLICY = Quantity("mixed model as reported: random slope, t(n-1), random intercept if singular (approximate)")
SLOPE = Quantity("mixed model, random slope, t(n-1), where it could be fitted (approximate)")
INTERCEPT = Quantity("mixed model, random intercept only, t(n-1) (approximate)")
GEE = Quantity("GEE bias-reduced, t(n-1) (approximate)")
N_RESAMPLES = 399
#: The models are slow (0.15 s): they are fitted to one data set in so many.
MODELS_EVERY = 5
#: All sign patterns up to this n here (the package draws 99,999 beyond 16): exact, and faster.
EXACT_UP_TO = 20


def one(spread: float, ar: float, kind: str, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate one longitudinal data set; `spread` is the SD of the drug's effect between patients."""
    s = schedule(rng, n, baselines=2)
    level, effect = rng.normal(size=n), spread * rng.normal(size=n)
    y = level[s.patient] + effect[s.patient] * s.on + errors(rng, s, kind, ar)
    seed, floor = int(rng.integers(2**31)), 2 / 2**n
    made = patient_means.contrast(y, s.patient, s.on)
    yield MEANS, rejected(sign_flip.test(made.difference, rng=seed, n_resamples=N_RESAMPLES).p, floor)
    yield CLUSTER, rejected(cluster_flip.test(y, s.patient, s.on, rng=seed, exact_up_to=EXACT_UP_TO).p, floor)
    if index % MODELS_EVERY:
        return
    yield GEE, rejected(gee.treatment_effect(y, s.patient, s.on).p)
    fit = mixed.treatment_effect(y, s.patient, s.on, satterthwaite=False)
    yield POLICY, rejected(fit.p)
    if fit.random_slope.usable:
        yield SLOPE, rejected(fit.random_slope.term(mixed.TREATMENT)["p_between"])
    yield INTERCEPT, rejected(fit.random_intercept.term(mixed.TREATMENT)["p_between"])
