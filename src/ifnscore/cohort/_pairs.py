"""Which samples of a patient make the pre/post pair, and the one reason why there is none.

Rules (all are settings): the baseline is the last valid sample in the baseline window, or the mean of those in it; the
follow-up is the one nearest to the target day, ties to the later; both on one platform, and in one batch unless that is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore.cohort._exposure import BASELINE, CARRY_OVER, DISCONTINUED, EARLY, INTERRUPTED, NEVER, ON, START_DAY

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.cohort._settings import Settings

WHILE_ON, POLICY, OBSERVED = "while_on_treatment", "treatment_policy", "as_observed"
#: Phases whose samples may be a follow-up, by estimand.
FOLLOWUP_PHASES = {
    WHILE_ON: (ON,),
    POLICY: (ON, EARLY, CARRY_OVER, INTERRUPTED, DISCONTINUED),
    OBSERVED: (ON,),
}

NO_SAMPLE = "no sample of this tissue"
NOT_EXPOSED = "index drug never taken"
NO_BASELINE = "no baseline sample in the window"
FIRST_DAY = "first-day sample not known to be before the dose"
NO_FOLLOWUP = "no follow-up sample in the window"
NO_FOLLOWUP_ON = "no follow-up sample on the drug in the window"
NO_LATER, NO_LATER_ON = "no later sample", "no sample on the drug"
OTHER_PLATFORM = "baseline and follow-up on different platforms"
OTHER_BATCH = "baseline and follow-up in different batches"
NO_SCORE = "score not computable"
#: Every reason for exclusion, in the order in which it is looked for: the first one counts.
REASONS = (
    NO_SAMPLE,
    NOT_EXPOSED,
    FIRST_DAY,
    NO_BASELINE,
    NO_FOLLOWUP,
    NO_FOLLOWUP_ON,
    NO_LATER,
    NO_LATER_ON,
    OTHER_PLATFORM,
    OTHER_BATCH,
    NO_SCORE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Positions (in the rows given) of the samples on both sides; repeats of one day stand together."""

    baseline: tuple[int, ...]
    followup: tuple[int, ...]
    cross_batch: bool = False


def choose(rows: pd.DataFrame, has_score: Any, settings: Settings, estimand: str, calibrated: Collection[str] = ()) -> Pair | str:
    """Return the pair of one patient in one tissue, or the reason why there is none.

    Parameters
    ----------
    rows
        Samples of the patient with ``day, phase, platform, batch``.
    has_score
        Which of them have a score, boolean of shape (n_samples,).
    settings
        Windows and rules.
    estimand
        ``while_on_treatment``, ``treatment_policy`` or ``as_observed``.
    calibrated
        Batches with enough controls of their own: pairs across them are allowed.
    """
    rows = rows.assign(position=range(len(rows)), ok=list(has_score), day=rows["day"].astype(float).fillna(0.0))
    if rows.empty:
        return NO_SAMPLE
    if (rows["phase"] == NEVER).all():
        return NOT_EXPOSED
    before = _baselines(rows, settings, estimand)
    if before.empty:
        return FIRST_DAY if (rows["phase"] == START_DAY).any() else NO_BASELINE
    after = _followups(rows, settings, estimand)
    if after.empty:
        return NO_FOLLOWUP if _followups(rows, settings, POLICY).empty else NO_FOLLOWUP_ON
    tests: tuple[tuple[str, Callable[[pd.Series, pd.Series], bool]], ...] = (
        (OTHER_PLATFORM, lambda b, f: b["platform"] == f["platform"]),
        (OTHER_BATCH, lambda b, f: settings.allow_cross_batch or same_batch(str(b["batch"]), str(f["batch"]), calibrated)),
        (NO_SCORE, lambda b, f: bool(b["ok"]) and bool(f["ok"])),
    )
    admitted = [(b, f) for _, f in after.iterrows() for _, b in before.iterrows()]
    for reason, test in tests:
        admitted = [(b, f) for b, f in admitted if test(b, f)]
        if not admitted:
            return reason
    return _pair(admitted, settings)


def same_batch(one: str, other: str, calibrated: Collection[str]) -> bool:
    """Whether two samples may be compared: one batch, an unknown one, or two that their own controls calibrate."""
    return one == other or not one or not other or (one in calibrated and other in calibrated)


def in_baseline(days: pd.Series, settings: Settings) -> pd.Series:
    """Return which days lie in the baseline window; a window that ends on day 0 holds that whole day."""
    low, high = settings.baseline_window
    return days.ge(low) & (days.le(high) | (days.lt(1.0) if high == 0 else False))


def _baselines(rows: pd.DataFrame, settings: Settings, estimand: str) -> pd.DataFrame:
    found = rows[rows["phase"] == BASELINE]
    if estimand == OBSERVED:
        return found
    return found[in_baseline(found["day"], settings)].sort_values("day", ascending=False, kind="stable")


def _followups(rows: pd.DataFrame, settings: Settings, estimand: str) -> pd.DataFrame:
    """Return candidates, the preferred one first."""
    found = rows[rows["phase"].isin(FOLLOWUP_PHASES[estimand])]
    if estimand == OBSERVED:
        return found
    day = found["day"].astype(float)
    if settings.followup_rule == "target":
        far = (day - settings.target_day).abs()
        order = found.assign(far=far, later=-day)
        return order[far <= settings.window_days].sort_values(["far", "later"], kind="stable")
    return found.assign(later=-day).sort_values("later" if settings.followup_rule == "last_on" else "day", kind="stable")


def _pair(admitted: list[tuple[pd.Series, pd.Series]], settings: Settings) -> Pair:
    chosen = admitted[0][1]
    same = [(b, f) for b, f in admitted if f["day"] == chosen["day"] and f["platform"] == chosen["platform"]]
    same = [(b, f) for b, f in same if f["batch"] == chosen["batch"]]
    followup = tuple(dict.fromkeys(int(f["position"]) for _, f in same))
    before = [b for b, f in same if f["position"] == chosen["position"]]
    if settings.baseline_rule == "last":
        before = [b for b in before if b["day"] == before[0]["day"] and b["batch"] == before[0]["batch"]]
    cross = any(b["batch"] != chosen["batch"] and b["batch"] and chosen["batch"] for b in before)
    return Pair(tuple(int(b["position"]) for b in before), followup, bool(cross))
