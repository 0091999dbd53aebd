"""How the scores were made, in sentences to paste; the verbs write theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ifnscore import get
from ifnscore.analysis._phrases import names, plural
from ifnscore.cohort import _labels
from ifnscore.report import _shown
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.report._study import Study

_SENTENCE = re.compile(r"(?<=\.)\s+")
_SCALES = {
    "counts": "raw counts, as counts per million",
    "linear": "normalised values on a linear scale",
    "log2": "log2 values",
    "log2p1": "log2(x + 1) values",
    "log1p": "ln(x + 1) values",
    "ct": "Ct values",
}


def paragraph(study: Study) -> str:
    """Return everything: how scores were made, compared and linked."""
    parts = ["SYNTHETIC data."] if study.synthetic else []
    parts.append(scoring(study))
    parts += [r.methods.removeprefix("SYNTHETIC data. ") for r in (study.change, study.link) if r is not None]
    return " ".join(dict.fromkeys(_SENTENCE.split(" ".join(parts))))  # both verbs say what they share


def scoring(study: Study) -> str:
    """Return how the scores were made, from what was stored with them."""
    facts = study.provenance
    if not facts:
        return "The scores came as a table; how they were made is not known to this report."
    scale = _SCALES.get(str(facts["scale"]), str(facts["scale"]))
    platform = f" ({facts['platform']})" if facts.get("platform") and facts["platform"] != "unknown" else ""
    parts = [f"Interferon scores were computed with ifnscore {facts['ifnscore']} from {scale}{platform}."]
    if facts.get("normalised"):
        parts.append(f"Normalisation: {facts['normalised']}.")
    covered = get.coverage(study.scores.adata, key=study.scores.key).drop_duplicates("signature")
    chosen = [r for r in rows_of(covered) if r["signature"] in {c.id for c in study.scores.columns}]
    said = [
        f"{r['signature']} ({r['formula']}, method {r['method']}, {int(r['n_used'])} of {int(r['n_genes'])} genes)"
        for r in chosen
    ]
    parts.append(f"Scores: {names(said)}.")
    return " ".join([*parts, *_controls(study)])


def _controls(study: Study) -> list[str]:
    facts = study.provenance
    counted = {str(k): v for k, v in dict(facts.get("n_controls") or {}).items()}
    if not counted:
        return ["No healthy controls were used."]
    places = {k: f" ({_shown.stratum(k)})" if k else "" for k in counted}
    many = [plural(int(n), "healthy control") + places[k] for k, n in counted.items()]
    text = f"Controls: {names(many)}"
    repeated = facts.get("repeats_averaged")
    return [text + ("; repeats of one donor were averaged." if repeated else ".")]


def chosen_by(study: Study) -> str:
    """Return the expression that chose the controls; not where it names a sample, a date or a path."""
    text = str(study.provenance.get("controls") or "")
    held = _labels.wrong(text, []) or any(len(c) >= _labels.SHORTEST and c in text for c in study.codes)
    if held and study.cohort is not None:
        return "an expression that names samples (not repeated here)"
    return text or "none"
