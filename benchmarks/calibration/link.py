"""The link of score and skin where both fall on the drug: no link within patients (error rates), or a moderate one (power)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shipped
from tally import ERROR, POWER, Answer, Quantity, rejected
from visits import TARGET_DAY, WINDOW, Schedule, errors, fall, schedule

from ifnscore.stats import mixed, rank_correlation, repeated

#: Random permutations where the package would take 9,999 or 99,999: as valid (400 divides 0.05), a little less power.
N_RESAMPLES = 399
#: Made for every data set; other variants and methods are slow together and made for one data set in so many.
ALWAYS = {"phase_log", "own_log", "own_log_days"}
OTHERS_EVERY, MODELS_EVERY = 2, 8
CHANGE = "change-change Spearman in the common window, permutation p"
ANY_DAY = "change-change Spearman over follow-ups of 28 to 365 d, no common window"
UNADJUSTED = "unadjusted rmcorr p"
MODEL = "within-patient slope of the mixed model, t(n-1) (approximate)"
FLIP = "within-patient slope given phase and each patient's log(1 + days on drug), sign-flip over patients"
BY = "within-patient correlation, permutation inside patient x phase, given "
#: The contrast of `tl.associate` that users are told to read for the link within patients.
READ = "within_patients_given_own_course"
#: Covariates of the within-patient correlation -> name; `headline` asks the package which of them that is.
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


def covariates(given: str, s: Schedule) -> Any:
    """Return the covariates of one variant, shape (n_visits, k)."""
    log = np.log1p(s.days_on)
    own = repeated.per_patient(s.patient, log)
    columns = {
        "phase": [s.on],
        "phase_log": [s.on, log],
        "own_log": [s.on, own],
        "own_log_days": [s.on, own, s.days_on],
        "own_phase_log": [repeated.per_patient(s.patient, s.on), own],
    }
    return np.column_stack(columns[given])


@cache
def headline() -> str:
    """Return which variant `tl.associate` tells users to read: that with the same correlation in three cohorts."""
    agree = list(GIVEN)
    for seed in range(3):
        s, score, skin = cohort(World(), np.random.default_rng(seed), 6)
        said = shipped.associate(s, score, skin, seed).table.set_index("contrast").loc[READ]["estimate"]
        agree = [g for g in agree if abs(_partial(g, s, score, skin, seed).r - said) < 1e-6]
    if len(agree) != 1:
        msg = "the within-patient correlation that the package reports is none of the variants in link.py; add it there"
        raise AssertionError(msg)
    return agree[0]


def _partial(given: str, s: Schedule, score: Any, skin: Any, seed: int) -> Any:
    return repeated.partial_rmcorr(s.patient, score, skin, covariates(given, s), s.on, rng=seed, n_resamples=N_RESAMPLES)


def changes(s: Schedule, score: Any, skin: Any, *, window: bool = True) -> Any:
    """Return both changes of each patient who has them, shape (n, 2): baseline to the visit nearest day 180, or to any."""
    found = []
    for i in range(int(s.patient.max()) + 1):
        rows = np.flatnonzero(s.patient == i)
        before, after = rows[s.on[rows] == 0], rows[s.on[rows] == 1]
        if window:
            after = after[(s.day[after] >= WINDOW[0]) & (s.day[after] <= WINDOW[1])]
            after = after[np.lexsort((-s.day[after], np.abs(s.day[after] - TARGET_DAY)))][:1]
        if len(before) and len(after):
            found.append([v[after[i % len(after)]] - v[before[-1]] for v in (score, skin)])
    return np.array(found).reshape(-1, 2)


def one(world: World, rng: Any, n: int, index: int) -> Iterator[tuple[Quantity, Answer]]:
    """Evaluate one cohort."""
    kind = POWER if world.link else ERROR
    s, score, skin = cohort(world, rng, n)
    seed = int(rng.integers(2**31))
    pairs = changes(s, score, skin)
    made = rank_correlation.spearman(pairs[:, 0], pairs[:, 1], rng=seed, n_resamples=N_RESAMPLES)
    yield Quantity(CHANGE, kind, headline=True), rejected(made.p, made.min_attainable_p)
    for given, name in GIVEN.items():
        if given in ALWAYS or index % OTHERS_EVERY == 0:
            within = _partial(given, s, score, skin, seed)
            yield Quantity(name, kind, headline=given == headline()), rejected(within.p_permutation, within.min_attainable_p)
    if index % OTHERS_EVERY == 0:
        flipped = repeated.slopes_sign_flip(s.patient, score, skin, covariates("own_log", s), rng=seed)
        yield Quantity(FLIP, kind), rejected(flipped.p, flipped.min_attainable_p)
        yield Quantity(UNADJUSTED, kind), rejected(repeated.rmcorr(s.patient, score, skin).p)
        loose = changes(s, score, skin, window=False)
        yield (
            Quantity(ANY_DAY, kind),
            rejected(rank_correlation.spearman(loose[:, 0], loose[:, 1], rng=seed, n_resamples=N_RESAMPLES).p),
        )
    if index % MODELS_EVERY == 0:
        split = mixed.within_between(skin, s.patient, score, s.on, {"log_days_on": np.log1p(s.days_on)}, satterthwaite=False)
        yield Quantity(MODEL, kind), rejected(split.within["p_between"])


def check() -> None:
    """Assert that the headline is made for every data set, and that the pairs of changes here are those of the package."""
    assert headline() in ALWAYS, "add the headline variant to ALWAYS"
    for seed in range(4):
        s, score, skin = cohort(World(window=bool(seed % 2)), np.random.default_rng(seed), 8)
        theirs = shipped.associate(s, score, skin, seed).tables["pairs"]
        theirs = theirs[["score_change", "outcome_change"]].to_numpy(dtype=float) / [1.0, shipped.UNIT]
        ours = changes(s, score, skin)
        assert theirs.shape == ours.shape, "another number of pairs"
        assert np.allclose(theirs[np.argsort(theirs[:, 0])], ours[np.argsort(ours[:, 0])], atol=1e-6), "other pairs"
