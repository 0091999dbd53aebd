"""Methods paragraphs, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore.analysis import _changes
from ifnscore.analysis import _phrases as phrases

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort

_LONGITUDINAL = (
    f"Longitudinal data were summarised by patient ({_changes.CONTRASTS[_changes.MEANS]}). Beside that stand, labelled "
    "approximate, a linear mixed model with random intercept and random treatment effect (REML, statsmodels) with t(n-1), GEE "
    "with bias-reduced covariance and t(n-1), and a cluster sign-flip score test."
)
CROSSED = "Pairs may come from two batches, which was allowed explicitly."
_ARMS = (
    "Changes of two groups were compared by an exact permutation of the labels (mean difference, Welch's interval), the exact "
    "Mann-Whitney test and the AUC with Newcombe's interval; their p were adjusted over signatures by Holm's method unless "
    "another was asked for."
)
_NOISE = "A reference change value is 1.96 sqrt(2) (or t sqrt(2)) times the within-person SD of repeated controls."
_GENES = "Gene-level changes of log2 expression carry p adjusted by Benjamini and Hochberg within a signature (exploratory)."
_RESPONDERS = (
    "Responders were compared by the exact Mann-Whitney test with Newcombe's interval for the AUC, not given when a group has "
    "fewer than three; response rates have Clopper-Pearson intervals."
)
_LEFT_OUT = "Every estimate was repeated leaving out one patient at a time."
_ADJUSTED = {
    "max_t": "The p values were adjusted over signatures by a joint studentised sign-flip max-T (step-down, Westfall and Young)",
    "holm": "The p values were adjusted over signatures by Holm's method",
    "bh": "The p values were adjusted over signatures by Benjamini and Hochberg's method (exploratory)",
    "none": "The p values were not adjusted",
}


def opening() -> str:
    """Return the software and the estimands."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        name = f"ifnscore {version('ifnscore')}"
    except PackageNotFoundError:  # run from a source tree
        name = "ifnscore"
    return f"Scores were compared with {name} (scipy, statsmodels)."


_ESTIMANDS = (
    "Estimands: while on treatment (samples off the drug are not used), treatment policy (all samples after the first dose), "
    "composite (a stop for an adverse event or lack of efficacy counts as failure; Clopper-Pearson interval)."
)


def scores(frame: Frame) -> str:
    """Return how the scores enter, and which could not."""
    have = [c for c in frame.columns if frame.values[c.id].notna().any()]
    without = [c.id for c in frame.columns if c not in have]
    parts = []
    for names, how in (
        ([c.id for c in have if c.is_log], "analysed on the log2 scale"),
        ([c.id for c in have if not c.is_log], "analysed on their own scale, as differences only"),
    ):
        if names:
            said = f"was {how.replace('their', 'its')}" if len(names) == 1 else f"were {how}"
            parts.append(f"{phrases.names(names)} {said}")
    text = f"{'; '.join(parts)}."
    return text + (f" No score could be computed for {phrases.names(without)}." if without else "")


def rules(frame: Frame, cohort: Cohort, no_p: frozenset[str]) -> str:
    """Return how samples were chosen."""
    s, design = frame.settings, cohort.simple
    if design is not None:
        by = f", separately by {design.group}" if design.group else ""
        return (
            f"Within each {design.patient}, the sample with {design.time} = {design.followup} was compared with that of "
            f"{design.baseline}{by}."
        )
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
        f"{s.grace_days:g} day{'' if s.grace_days == 1 else 's'}; up to {s.washout_days:g} days after the last dose counted as "
        "carry-over. Tissues were strata. "
        + (CROSSED if no_p or s.allow_cross_batch else "Pairs came from one platform and one batch.")
    )


def _adjustment(frame: Frame, adjust: str) -> str:
    several = sum(bool(frame.values[c.id].notna().any()) for c in frame.columns) > 1
    return f"{_ADJUSTED[adjust]}." if several else "One score was tested, so that p needed no adjustment over scores."


def compare(frame: Frame, cohort: Cohort, adjust: str, no_p: frozenset[str], *, genes: bool = True, noise: bool = True) -> str:
    """Return the methods paragraph of a comparison: of what was done in this run, not of all that could be.

    Parameters
    ----------
    frame, cohort, adjust, no_p
        As the comparison had them.
    genes
        Whether changes of genes were computed.
    noise
        Whether repeated controls gave a reference change value.
    """
    parts = [opening(), scores(frame), "" if frame.simple else _ESTIMANDS, rules(frame, cohort, no_p)]
    parts.append(
        "The patient was the unit of inference. The mean change has a t interval and an exact two-sided sign-flip test (all 2^n "
        "sign patterns up to 16 patients, 99,999 random ones beyond); beside it stand the Hodges-Lehmann estimate with its exact "
        "interval and attained level, and the exact signed-rank test with zeros after Pratt. Effect sizes use the exact gamma "
        f"correction on n-1 degrees of freedom. {_adjustment(frame, adjust)} The smallest attainable p (2/2^n) is given with "
        "each p; five patients or fewer cannot reject at 0.05."
    )
    if no_p:
        parts.append(f"Batch and time are confounded in {phrases.names(sorted(no_p))}: no p is given there.")
    if len([g for g in frame.groups if g]) > 1:
        parts.append(_ARMS)
    if not frame.simple:
        parts.append(_LONGITUDINAL)
    parts += [_NOISE] if noise else []
    parts += [_GENES] if genes else []
    parts.append(_LEFT_OUT)
    return " ".join(p for p in parts if p)


def associate(frame: Frame, measure: str, adjust: str, no_p: frozenset[str], *, response: bool = True) -> str:
    """Return the methods paragraph of an association; `response` says whether anybody's response was judged."""
    s = frame.settings
    first, last = s.link_window
    batch = f" Batch and time are confounded in {phrases.names(sorted(no_p))}: no p is given there." if no_p else ""
    judged = f" {_RESPONDERS}" if response else ""
    return (
        f"{opening()} {scores(frame)} Samples were matched to the nearest visit with {measure} within "
        f"{s.match_tolerance_days:g} days, not across a start or stop of {s.index_drug} or a change of its dose or of the "
        f"steroid dose by {100 * s.steroid_change:g} % or more, each visit once. Spearman correlations carry permutation p "
        "values over patients and Bonett-Wright intervals (six patients or more); changes were correlated with follow-ups from "
        f"day {first:g} to {last:g} on the drug. Slopes within and between patients come from a mixed model with phase and log(1 "
        "+ days on drug), t(n-1), approximate. Within-patient correlations were freed of patient and phase and either of "
        "one common log(1 + days on drug), or of each patient's own slope on it and of days on the drug; the second is quoted "
        "in the reading, because children differ in how fast they respond and the first then finds links that are not there in "
        "up to 7 % of cohorts. Their p come from permutations inside patient and phase (Freedman and Lane). The unadjusted "
        f"repeated-measures correlation (Bakdash and Marusich 2017) is given with a warning only.{judged} "
        f"{_adjustment(frame, adjust)}{batch} {_LEFT_OUT} Le Voyer 2021: doi:10.1093/rheumatology/keab116."
    )
