"""Which genes moved: log2 fold change of each gene of each signature, paired like the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import expression, get, identify, keys
from ifnscore._lazy import np, pd
from ifnscore.analysis import _family
from ifnscore.matrix import Matrix, Row
from ifnscore.result import rows as rows_of
from ifnscore.stats import sign_flip

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes
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


@dataclass(frozen=True, eq=False)
class Expression:
    """log2 expression of the signature genes.

    Attributes
    ----------
    log2
        Shape (n_rows of the frame, n_genes).
    of_signature
        Signature -> gene -> whether the score used it.
    note
        How the values were made.
    """

    log2: pd.DataFrame
    of_signature: dict[str, dict[str, bool]]
    note: str


def read(scores: ScoreTable, frame: Frame) -> Expression | None:
    """Return the expression behind the scores, or None for a table of scores.

    Counts become log2(CPM + 1) and linear values log2(x + 1); Ct values are subtracted as they are, higher meaning more.
    """
    adata = scores.adata
    if adata is None:
        return None
    facts = get.provenance(adata, key=scores.key)
    uses = get.genes(adata, key=scores.key)
    found = uses[uses["column"] != ""]
    rows = {u["gene"]: Row(u["column"], int(u["occurrence"])) for u in rows_of(found)}
    in_x = facts["layer"] == "X" or keys.recorded_input(adata).get("subset")
    x = adata.X if in_x else adata.layers[facts["layer"]]
    names = list(adata.obs_names)
    matrix = Matrix(x, identify.identifiers(adata)[1], names, facts["scale"], rows, keys.totals(adata))
    matrix.leave_out(facts["dropped_genes"])
    genes = sorted({g for g in found["gene"] if g in matrix.position})
    place = {str(n): i for i, n in enumerate(names)}
    here = [k for k, i in enumerate(frame.ids) if i in place]
    picked = np.array([place[frame.ids[k]] for k in here], dtype=np.intp)
    size = matrix.library_size(picked) if matrix.scale == "counts" else None
    log2 = expression.to_log2(matrix.values(genes, picked), matrix.scale, size)
    of_signature = {
        str(s): {str(g): bool(u["used"].any()) for g, u in part.groupby("gene") if g in matrix.position}
        for s, part in found.groupby("signature")
    }
    note = "log2(CPM + 1)" if matrix.scale == "counts" else "log2(x + 1)" if matrix.scale == "linear" else matrix.scale
    values = pd.DataFrame(log2, columns=genes, index=frame.rows.index[here]).reindex(frame.rows.index)
    return Expression(values, of_signature, note)


def table(expressed: Expression | None, answers: list[Changes]) -> pd.DataFrame:
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


def _of_signature(expressed: Expression, answer: Changes) -> list[dict[str, Any]]:
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
