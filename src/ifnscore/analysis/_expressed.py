"""log2 expression of the genes behind the scores, and how far it is from the healthy controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore import expression, get, identify, keys
from ifnscore._lazy import np, pd
from ifnscore.matrix import CHUNK, Matrix, Row
from ifnscore.methods import _zref
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.scoretable import ScoreTable

#: Fewest values that a standard deviation is taken of.
FEWEST = 3


@dataclass(frozen=True, eq=False)
class Expressed:
    """log2 expression of the signature genes that are in the matrix.

    Attributes
    ----------
    log2
        Shape (n_samples, n_genes), indexed by sample.
    of_signature
        Signature -> gene -> whether the score used it.
    note
        How the values were made.
    """

    log2: pd.DataFrame
    of_signature: dict[str, dict[str, bool]]
    note: str


def read(scores: ScoreTable, samples: Sequence[str] | None = None, signatures: Sequence[str] | None = None) -> Expressed | None:
    """Return the expression behind the scores, or None for a table of scores.

    Counts become log2(CPM + 1) and linear values log2(x + 1); Ct values change their sign, so that higher means more.

    Parameters
    ----------
    scores
        Scores of a matrix.
    samples
        Which samples, in this order; those that are not in the matrix are left out. None for all.
    signatures
        Whose genes; None for all signatures that were scored. What is not asked for takes no memory.
    """
    adata = scores.adata
    if adata is None:
        return None
    facts = get.provenance(adata, key=scores.key)
    uses = get.genes(adata, key=scores.key)
    found = uses[uses["column"] != ""]
    if signatures is not None:
        found = found[found["signature"].isin(signatures)]
    rows = {u["gene"]: Row(u["column"], int(u["occurrence"])) for u in rows_of(found)}
    in_x = facts["layer"] == "X" or keys.recorded_input(adata).get("subset")
    x = adata.X if in_x else adata.layers[facts["layer"]]
    names = [str(n) for n in adata.obs_names]
    matrix = Matrix(x, identify.identifiers(adata)[1], names, facts["scale"], rows, keys.totals(adata))
    matrix.leave_out(facts["dropped_genes"])
    genes = sorted({g for g in found["gene"] if g in matrix.position})
    place = {n: i for i, n in enumerate(names)}
    here = [s for s in (names if samples is None else samples) if s in place]
    picked = np.array([place[s] for s in here], dtype=np.intp)
    log2 = np.full((len(picked), len(genes)), np.nan)
    for start in range(0, len(picked), CHUNK):  # the rows of a dense matrix are copied with all their genes
        part = picked[start : start + CHUNK]
        size = matrix.library_size(part) if matrix.scale == "counts" else None
        log2[start : start + CHUNK] = expression.to_log2(matrix.values(genes, part), matrix.scale, size)
    of_signature = {
        str(s): {str(g): bool(u["used"].any()) for g, u in part.groupby("gene") if g in matrix.position}
        for s, part in found.groupby("signature")
    }
    note = "log2(CPM + 1)" if matrix.scale == "counts" else "log2(x + 1)" if matrix.scale == "linear" else matrix.scale
    return Expressed(pd.DataFrame(log2, columns=genes, index=pd.Index(here, name="sample")), of_signature, note)


def z(log2: pd.DataFrame, within: pd.Series, person: pd.Series, among: pd.Series) -> pd.DataFrame:
    """Return how many standard deviations (n - 1) each value is from the mean of some samples of its own stratum.

    Parameters
    ----------
    log2
        Shape (n_samples, n_genes).
    within
        Stratum of each sample; strata are never pooled.
    person
        Who gave the sample: repeats of one person are averaged before mean and standard deviation are taken.
    among
        Samples that make mean and standard deviation: the healthy controls, or all.

    Returns
    -------
    DataFrame
        Same shape. NaN in a stratum with fewer than three people to compare with, and for a gene that does not vary in them.
    """
    out = pd.DataFrame(np.nan, index=log2.index, columns=log2.columns)
    for name in within.unique():
        here = within == name
        some = log2[here & among].astype(float)
        people = some.groupby(person[here & among].to_numpy()).mean()
        if len(people) < FEWEST:
            continue
        spread = people.std(ddof=1)
        constant = spread <= _zref.CONSTANT * people.abs().max()
        out[here] = (log2[here] - people.mean()) / spread.where(~constant)
    return out
