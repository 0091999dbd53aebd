"""Methods paragraphs, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.analysis import _changes

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame

_LONGITUDINAL = (
    f" Longitudinal data were summarised by patient ({_changes.CONTRASTS[_changes.MEANS]}). Beside that stand, labelled "
    "approximate, a linear mixed model with random intercept and random treatment effect (REML, statsmodels) with t(n-1), GEE "
    "with bias-reduced covariance and t(n-1), and a cluster sign-flip score test."
)
_ADJUSTED = {
    "max_t": "p values were adjusted over signatures by a joint studentised sign-flip max-T (step-down, Westfall and Young)",
    "holm": "p values were adjusted over signatures by Holm's method",
    "bh": "p values were adjusted over signatures by Benjamini and Hochberg's method (exploratory)",
    "none": "p values were not adjusted",
}


def scores(frame: Frame) -> str:
    """Return how the scores enter."""
    logged = [c.id for c in frame.columns if c.is_log]
    plain = [c.id for c in frame.columns if not c.is_log]
    parts = []
    if logged:
        parts.append(f"{', '.join(logged)} were analysed on the log2 scale")
    if plain:
        parts.append(f"{', '.join(plain)} on their own scale, as differences only")
    return "; ".join(parts) + "."


def rules(frame: Frame) -> str:
    """Return how samples were chosen."""
    s = frame.settings
    if frame.simple:
        return "Samples labelled baseline and follow-up were compared within patients."
    low, high = s.baseline_window
    choice = {
        "target": f"the sample nearest to day {s.target_day:g} (within {s.window_days:g} days, ties to the later)",
        "last_on": "the last sample",
        "first_on": "the first sample",
    }[s.followup_rule]
    rule = {"last": "the last sample", "mean": "the mean of the samples"}[s.baseline_rule]
    return (
        f"Day 0 was the first dose of {s.index_drug}. Baseline was {rule} from day {low:g} to {high:g}, never after a dose; "
        f"the follow-up was {choice}. On treatment meant at least {s.min_days_on:g} uninterrupted days and a last dose within "
        f"{s.grace_days:g} days; up to {s.washout_days:g} days after the last dose counted as carry-over. Tissues were strata; "
        "pairs came from one platform and one batch unless stated."
    )


def compare(frame: Frame, adjust: str) -> str:
    """Return the methods paragraph of a comparison."""
    return (
        f"{scores(frame)} {rules(frame)} The patient was the unit of inference. The mean change has a t interval and an exact "
        "two-sided sign-flip test (all 2^n sign patterns up to 16 patients, 99,999 random ones beyond); beside it stand the "
        "Hodges-Lehmann estimate with its exact interval and attained level, and the exact signed-rank test with Pratt's zeros. "
        f"Effect sizes use the exact gamma correction on n-1 degrees of freedom. {_ADJUSTED[adjust]}. The smallest attainable "
        f"p (2/2^n) is given with each p; five patients or fewer cannot reject at 0.05.{'' if frame.simple else _LONGITUDINAL} "
        "Every estimate was repeated leaving out one patient at a time."
    )


def associate(frame: Frame, measure: str, adjust: str) -> str:
    """Return the methods paragraph of an association."""
    s = frame.settings
    first, last = s.link_window
    return (
        f"{scores(frame)} Samples were matched to the nearest visit with {measure} within {s.match_tolerance_days:g} days, not "
        f"across a change of drug phase or of steroid dose by {100 * s.steroid_change:g} % or more, each visit once. Spearman "
        "correlations carry permutation p values over patients and Bonett-Wright intervals (six patients or more); changes were "
        f"correlated with follow-ups from day {first:g} to {last:g} on the drug. Slopes within and between patients come from a "
        "mixed model with phase and log(1 + days on drug), t(n-1), approximate. The within-patient correlation was freed of "
        "patient, phase and log(1 + days on drug); its p comes from permutations inside patient and phase. The unadjusted "
        "repeated-measures correlation is given with a warning only. Responders were compared by the exact Mann-Whitney test "
        "with Newcombe's interval for the AUC, not given when a group has fewer than three. "
        f"{_ADJUSTED[adjust]}. Every estimate was repeated leaving out one patient at a time."
    )
