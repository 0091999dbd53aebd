"""The words of a report, each in one line."""

_MEANINGS = {
    "Smallest attainable p": (
        "the least p that so many patients can give at all (2/2^n for sign flips of n changes, none of them zero); "
        "where it is above 0.05, nothing can be rejected."
    ),
    "95 % interval": (
        "made so that in 95 of 100 repeated studies it holds the true value, if its assumptions hold; with few "
        "patients it leans on normality."
    ),
    "Baseline": "the sample before the first dose by the declared window and rule, never after a dose.",
    "While on treatment": "only samples on the drug are used; those of interruptions and after a stop are not.",
    "Treatment policy": "all samples after the first dose are used, interruptions and stops included.",
    "Composite": "a stop for an adverse event or lack of efficacy counts as failure, whatever the score did.",
    "Follow-up": (
        "the sample that the declared rule chooses after the first dose (the one nearest to a day, the first or the last)."
    ),
    "Times the baseline": "two to the power of a change in log2; 0.5 is half.",
    "Cohort z": (
        "a score in standard deviations over the samples that were scored together; it changes when other samples are added."
    ),
    "Informative patients": (
        "those whose score varies beyond what the phase of the drug and their own course explain; the others say "
        "nothing about a link within patients."
    ),
    "Discordant": "the score and the clinical measure moved in different directions.",
    "Off its platform": (
        "a score computed on another technique than the published assay, so that its published values and cut-offs do not apply."
    ),
    "Beyond assay noise": "a change larger than repeats of healthy controls give by themselves in 95 of 100.",
    "Primary, secondary, exploratory": (
        "the declared score in the main comparison, the same score in other comparisons, and all other scores and tissues."
    ),
}
WORDS = tuple(f"{word}: {meaning}" for word, meaning in _MEANINGS.items())
