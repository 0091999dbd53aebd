"""What changed: every score, type I beside type II, the link in the order of evidence, and responders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import pl
from ifnscore.analysis import _link
from ifnscore.analysis._phrases import plural
from ifnscore.report import _blocks, _rows
from ifnscore.report._model import Block, Bullets, Details, Paragraph, Section

if TYPE_CHECKING:
    from ifnscore._lazy import pd
    from ifnscore.report._study import Study

_ALL = {
    **_blocks.PLACES,
    "ifn_type": "interferon type",
    "contrast": "contrast",
    "estimand": "estimand",
    **_blocks.ESTIMATES,
    "p_adj": "adjusted p",
    "role": "role",
    "note": "note",
}
_TYPES = {
    "signature": "score",
    "ifn_type": "interferon type",
    "group": "arm",
    **_blocks.ESTIMATES,
    "p_adj": "adjusted p",
    "ratio": "times the baseline",
    "role": "role",
}
_LINKS = {
    "contrast": "contrast",
    "test": "test",
    "n_patients": "patients",
    "n_observations": "visits",
    "estimate": "estimate",
    "interval": "95 % interval",
    "unit": "unit",
    "p": "p",
    "p_adj": "adjusted p",
    "min_attainable_p": "smallest attainable p",
    "role": "role",
    "note": "note",
}
_RESPONDERS = {
    "patient_id": "patient",
    "day_before": "day before",
    "day_after": "day after",
    "reason": "measure",
    "met": "response",
    "evaluable": "evaluable",
    "stopped": "stopped",
    "response_composite": "response, a stop is a failure",
}
_RATES = {
    "label": "definition",
    "counting": "counting",
    "n_responders": "responders",
    "n_patients": "patients",
    "estimate": "share",
    "interval": "95 % interval",
}


#: The panel's type II score; and a set that is no axis of its own, as most Hallmark alpha genes are in it.
_TYPE_II, _NO_AXIS = "aybey_ifn2_6", frozenset({"msigdb_hallmark_ifng"})


def types(study: Study) -> Section:
    """Return type I and type II scores side by side."""
    blocks: list[Block] = []
    if study.change is None:
        blocks.append(_blocks.missing("Changes of the scores", study.no_change))
    else:
        rows = _rows.headline(study, study.change.table, primary=False)
        order = rows["ifn_type"].map({"I": 0, "I+II": 1, "II": 2, "III": 3}).fillna(4)
        rows = rows.loc[order.sort_values(kind="stable").index]
        said = study.sentences("compare", "other_type", "shared")
        blocks += [Paragraph(" ".join(said))] if said else []
        blocks.append(_blocks.table(study, "changes_by_type", "The main comparison for every score.", rows, _TYPES))
        every = _blocks.table(
            study, "compare", "Every score, tissue, arm, contrast and estimand.", study.change.table, _ALL, most=40
        )
        blocks.append(Details("All estimates", (every,)))
    return Section("types", "Type I and type II interferon side by side", (*blocks, *balance(study)))


def balance(study: Study) -> list[Block]:
    """Return the figure of a type I against a type II score, or why there is none."""
    title = "Type I against type II"
    of = {t: [c.id for c in study.scores.columns if c.ifn_type == t and c.id not in _NO_AXIS] for t in ("I", "II")}
    absent = [t for t, have in of.items() if not have]
    if absent:
        return [_blocks.missing(title, f"No score of type {' and no score of type '.join(absent)} interferon was computed")]
    first = study.primary if study.primary in of["I"] else of["I"][0]
    second = _TYPE_II if _TYPE_II in of["II"] else of["II"][0]
    behind = _rows.both_types(study, first, second)
    caption = (
        "A type I score against a type II score, one point a sample, beside the range of the healthy controls. Neither names the "
        "interferon."
    )
    alt = f"{first} against {second}, {plural(len(behind.frame), 'sample')}."
    by = study.asked.group if study.cohort is None else None
    more = {"type_i": first, "type_ii": second, "by": by, **study.for_figures}
    draw = lambda ax: pl.type_balance(study.scored, study.cohort, ax=ax, **more)  # noqa: E731
    return [_blocks.figure(study, "type_balance", caption, alt, draw, size=(5.6, 5.0), behind=behind)]


def link(study: Study) -> Section:
    """Return the link to the clinical measure in the order of evidence, and who responded."""
    name, title = "link", "Scores and the clinical measure"
    if study.link is None:
        return Section(name, title, (_blocks.missing("The link of scores and a clinical measure", study.no_link),))
    topics = ("measure", "batch", "change", "beside", "baseline", "within", "unadjusted", "discordant", "response", "proof")
    own = _blocks.mine(study.link.table, study)
    baseline = study.sentences("associate", "baseline")
    said = []
    for sentence in study.sentences("associate", *topics):
        said += [_blocks.here(sentence), *(_guard(own) if sentence in baseline else [])]
    blocks: list[Block] = [
        Bullets(tuple(said)),
        _blocks.table(study, "link", "Every estimate of the primary score, in the order of evidence.", own, _LINKS),
    ]
    every = {"signature": "score", "tissue": "tissue", **_LINKS}
    whole = _blocks.table(study, "associate", "Every score and tissue.", study.link.table, every, most=40)
    blocks.append(Details("All estimates of the link", (whole,)))
    return Section(name, title, (*blocks, *_response(study)))


def _guard(rows: pd.DataFrame) -> list[str]:
    """Return what a link at baseline does not say, beside it: one of many secondary estimates, between few patients."""
    known = rows.dropna(subset=["estimate"])
    own = known[known["contrast"] == _link.BASELINE]
    if own.empty or (own["role"] == "primary").all():
        return []
    others, n = int((known["role"] != "primary").sum()), int(own["n_patients"].iloc[0])
    beside = f"{plural(others, 'estimate')} beside the primary one, from {plural(n, 'patient')} at one time"
    return [f"That link is one of {beside}: it says nothing about change on the drug."]


def _response(study: Study) -> list[Block]:
    assert study.link is not None
    link, judged = study.link, study.link.tables.get("responders")
    if judged is None or judged.empty:
        return [_blocks.missing("Who responded", "There is no response definition of this measure")]
    behind = _blocks.table(study, "responders", "Response of every patient by the definition.", judged, _RESPONDERS, most=40)
    alt = " ".join(study.sentences("associate", "response"))
    caption = "Change of the measure, one bar a patient, with the line of the response definition."
    blocks: list[Block] = []
    if judged["evaluable"].astype(bool).any():
        draw = lambda ax: pl.waterfall(link, ax=ax)  # noqa: E731
        blocks.append(_blocks.figure(study, "waterfall", caption, alt, draw, size=(6.4, 3.8), behind=behind))
    else:
        blocks += [_blocks.missing("The figure of the response", "Nobody can be judged by the definition"), behind]
    rates = study.link.tables.get("response_rates")
    if rates is not None and len(rates):
        blocks.append(_blocks.table(study, "response_rates", "How many responded.", rates, _RATES))
    return blocks
