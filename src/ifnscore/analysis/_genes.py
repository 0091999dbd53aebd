"""Which genes moved: log2 fold change of each gene of each signature, paired like the score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _expressed, _family
from ifnscore.stats import sign_flip

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes
    from ifnscore.analysis._expressed import Expressed
    from ifnscore.analysis._frame import Frame
    from ifnscore.scoretable import ScoreTable

COLUMNS = [
    "signature",
    "tissue",
    "group",
    "contrast",
    "estimand",
    "gene",
    "used_in_score",
    "n_patients",
    "estimate",
    "ci_low",
    "ci_high",
    "unit",
    "p",
    "p_adj",
    "fold_change",
    "note",
]


def read(scores: ScoreTable, frame: Frame) -> Expressed | None:
    """Return the expression behind the scores, one row a row of the frame, or None for a table of scores."""
    found = _expressed.read(scores, frame.ids)
    if found is None:
        return None
    return replace(found, log2=found.log2.reindex(frame.ids).set_axis(frame.rows.index, axis=0))


def table(expressed: Expressed | None, answers: list[Changes]) -> pd.DataFrame:
    """Return one row a signature and gene with the mean paired change, its t interval and the exact p.

    Exploratory: p is adjusted by Benjamini and Hochberg over the genes of one signature.

    Parameters
    ----------
    expressed
        Expression behind the scores.
    answers
        Changes whose pairs of samples are used.
    """
    if expressed is None:
        return pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for answer in answers:
        rows += _of_signature(expressed, answer)
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_signature(expressed: Expressed, answer: Changes) -> list[dict[str, Any]]:
    genes = expressed.of_signature.get(answer.question.signature, {})
    if not answer.n or not genes:
        return []
    wide = expressed.log2[list(genes)]
    moved = np.array(
        [
            wide.loc[list(f)].mean().to_numpy() - wide.loc[list(b)].mean().to_numpy()
            for b, f in zip(answer.table["baseline_rows"], answer.table["followup_rows"], strict=True)
        ]
    )
    q, rows = answer.question, []
    for j, gene in enumerate(genes):
        d = moved[:, j][np.isfinite(moved[:, j])]
        about = {"signature": q.signature, "tissue": q.tissue, "group": q.group, "contrast": q.contrast, "estimand": q.estimand}
        t = sign_flip.t_interval(d) if len(d) else None
        rows.append(
            {
                **about,
                "gene": gene,
                "used_in_score": genes[gene],
                "n_patients": len(d),
                "estimate": t.mean if t else np.nan,
                "ci_low": t.low if t else np.nan,
                "ci_high": t.high if t else np.nan,
                "unit": "log2",
                "p": sign_flip.test(d).p if len(d) else np.nan,
                "p_adj": np.nan,
                "fold_change": float(2.0**t.mean) if t else np.nan,
                "note": expressed.note,
            }
        )
    _family.adjust_rows(rows, "bh")
    return sorted(rows, key=lambda r: (not r["n_patients"], r["estimate"]))
