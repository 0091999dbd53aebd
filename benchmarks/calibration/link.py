"""The link of score and skin where both fall on the drug: no link within patients (error rates), or a moderate one (power)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from tally import ERROR, POWER, Answer, Quantity, rejected
from visits import TARGET_DAY, WINDOW, Schedule, errors, fall, schedule

from ifnscore.analysis import _link, _linked
from ifnscore.stats import mixed, rank_correlation, repeated

#: Random permutations where the package would take 9,999 or 99,999: as valid (400 divides 0.05), a little less power.
N_RESAMPLES = 399
#: p values that are no headline are slow together: they are made for one data set in so many.
OTHERS_EVERY, MODELS_EVERY = 2, 8
CHANGE = "change-change Spearman in the common window, permutation p"
LAST = "change-change Spearman at the last visit, no common window"
UNADJUSTED = "unadjusted rmcorr p"
MODEL = "within-patient slope of the mixed model, t(n-1) (approximate)"
FLIP = "within-patient slope given phase and each patient's log(1 + days on drug), sign-flip over patients"
BY = "within-patient correlation, permutation inside patient x phase, given "
#: Covariates of the within-patient correlation -> name; `HEADLINE` is the one that associate tells users to read.
HEADLINE = "own_log"
GIVEN = {
    "phase": BY + "phase alone",
    "phase_log": BY + "phase and log(1 + days on drug)",
    "own_log": BY + "phase and each patient's log(1 + days on drug)",
    "own_log_days": BY + "phase, each patient's log(1 + days on drug) and days on drug",
    "own_phase_log": BY + "each patient's phase and log(1 + days on drug)",
}


@dataclass(frozen=True)
class World:
    """How score and skin behave.

    Attributes
    ----------
    score_days, skin_days
        Time constants of the falls; 0 for a step.
    between
        Correlation of the patients' levels of score and skin.
    spread
        SD between patients of both falls, whose mean is `mean` (log2 units; the errors have 0.7).
    link
        Correlation of the errors of score and skin at one visit: the link within patients.
    ar
        Correlation of errors over 30 days.
    window
        Whether everyone has a visit in the common window.
    """

    score_days: float = 60.0
    skin_days: float = 150.0
    between: float = 0.0
    mean: float = 2.0
    spread: float = 1.0
    link: float = 0.0
    ar: float = 0.0
    window: bool = True


def cohort(world: World, rng: Any, n: int) -> tuple[Schedule, Any, Any]:
    """Return visits, scores and skin of one cohort."""
    s = schedule(rng, n, window=world.window)
    level = rng.normal(size=(2, n))
    level[1] = world.between * level[0] + np.sqrt(1 - world.between**2) * level[1]
    drop = world.mean + world.spread * rng.normal(size=(2, n))
    e, u = errors(rng, s, "normal", world.ar), errors(rng, s, "normal", world.ar)
    u = world.link * e + np.sqrt(1 - world.link**2) * u
    score = level[0][s.patient] - drop[0][s.patient] * fall(s, world.score_days) + e
    return s, score, level[1][s.patient] - drop[1][s.patient] * fall(s, world.skin_days) + u


def covariates(given: str, s: Schedule, visits: pd.DataFrame) -> Any:
    """Return the covariates of one variant, shape (n_visits, k): those of the package, or variants it does not use."""
    if given == "phase":
        return s.on[:, None]
    made = _linked.drug_covariates(visits, own_course=given != "phase_log")
    extra = {"own_log_days": s.days_on[:, None], "own_phase_log": repeated.per_patient(s.patient, s.on)}
    return np.column_stack([made, extra[given]]) if given in extra else made


def changes(s: Schedule, score: Any, skin: Any, *, window: bool = True) -> Any:
    """Return both changes of each patient who has them, shape (n, 2): baseline to the visit nearest day 180, or to the last one."""
    found = []
    for i in range(int(s.patient.max()) + 1):
        rows = np.flatnonzero(s.patient == i)
        before, after = rows[s.on[rows] == 0], rows[s.on[rows] == 1]
        if window:
            after = after[(s.day[after] >= WINDOW[0]) & (s.day[after] <= WINDOW[1])]
            after = after[np.lexsort((-s.day[after], np.abs(s.day[after] - TARGET_DAY)))][:1]
        if len(before) and len(after):
            found.append([v[after[-1]] - v[before[-1]] for v in (score, skin)])
    return np.array(found).reshape(-1, 2)


def table(s: Schedule, score: Any, skin: Any) -> pd.DataFrame:
    """Return the visits as the package's own functions take them."""
    phase = np.where(s.on > 0, "on", "baseline")
    columns = {
        "patient_id": [f"P{i:02d}" for i in s.patient],
        "order": s.patient,
        "score": score,
        "outcome": skin,
        "phase": phase,
    }
    return pd.DataFrame({**columns, "days_on": s.days_on, "day": s.day})


def one(world: World, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate one cohort."""
    kind = POWER if world.link else ERROR
    s, score, skin = cohort(world, rng, n)
    seed = int(rng.integers(2**31))
    pairs = changes(s, score, skin)
    made = rank_correlation.spearman(pairs[:, 0], pairs[:, 1], rng=seed, n_resamples=N_RESAMPLES)
    yield Quantity(CHANGE, kind, headline=True), rejected(made.p, made.min_attainable_p)
    visits = table(s, score, skin)
    for given, name in GIVEN.items():
        if given == HEADLINE or index % OTHERS_EVERY == 0:
            removed = covariates(given, s, visits)
            within = repeated.partial_rmcorr(s.patient, score, skin, removed, s.on, rng=seed, n_resamples=N_RESAMPLES)
            yield Quantity(name, kind, headline=given == HEADLINE), rejected(within.p_permutation, within.min_attainable_p)
    if index % OTHERS_EVERY == 0:
        flipped = repeated.slopes_sign_flip(s.patient, score, skin, covariates(HEADLINE, s, visits), rng=seed)
        yield Quantity(FLIP, kind), rejected(flipped.p, flipped.min_attainable_p)
        yield Quantity(UNADJUSTED, kind), rejected(repeated.rmcorr(s.patient, score, skin).p)
        last = changes(s, score, skin, window=False)
        yield (
            Quantity(LAST, kind),
            rejected(rank_correlation.spearman(last[:, 0], last[:, 1], rng=seed, n_resamples=N_RESAMPLES).p),
        )
    if index % MODELS_EVERY == 0:
        split = mixed.within_between(skin, s.patient, score, s.on, {"log_days_on": np.log1p(s.days_on)}, satterthwaite=False)
        yield Quantity(MODEL, kind), rejected(split.within["p_between"])


def check() -> None:
    """Assert, on 20 cohorts, that pairs and headline correlation here are those that the package reports."""
    for seed in range(20):
        world = World(window=bool(seed % 2))
        s, score, skin = cohort(world, np.random.default_rng(seed), 8)
        rows = table(s, score, skin).assign(tissue="blood", platform="same", steroid=0.0)
        settings = SimpleNamespace(baseline_window=(-90.0, 0.0), link_window=WINDOW, target_day=float(TARGET_DAY))
        frame: Any = SimpleNamespace(settings=settings, values={"a": rows["score"]}, patients=sorted(set(rows["patient_id"])))
        linked: Any = SimpleNamespace(rows=rows)
        theirs, _ = _linked.pairs(frame, linked, "a", "blood")
        assert np.allclose(theirs[["score_change", "outcome_change"]].to_numpy(dtype=float), changes(s, score, skin)), (
            "other pairs"
        )
        if seed < 3:
            said = _link.own_course(rows, rng=seed)
            own = repeated.partial_rmcorr(s.patient, score, skin, covariates(HEADLINE, s, rows), s.on, rng=seed)
            assert (said["estimate"], said["p"]) == (own.r, own.p_permutation), "another headline correlation"
