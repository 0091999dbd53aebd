"""Can these scores be trusted here: coverage, zeros, and what else the scores go with in the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import expression, get, identify, keys, scoretable
from ifnscore._lazy import is_sparse, np, pd
from ifnscore.errors import DataError, listing, nearest
from ifnscore.matrix import CHUNK, Matrix, Row
from ifnscore.reference import strata_of
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.methods._protocol import Array
    from ifnscore.scoretable import Scored, ScoreTable

#: Fewest samples for a correlation.
MIN_SAMPLES = 3
#: Rows of a sparse matrix handled at a time; cutting rows out of a CSC matrix costs a look at all of it.
SPARSE_CHUNK = 10_000
#: Columns that part samples where the scores do not say how they were parted.
STRATA = ("tissue", "platform")
LIBRARY, DETECTED = "library_size", "detected"
COLUMNS = [
    *("signature", "ifn_type", "method", "n_genes", "n_found", "n_used", "coverage", "min_coverage"),
    *("n_scored", "zeros", "rho_library_size", "rho_detected"),
]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What speaks for and against a set of scores.

    Attributes
    ----------
    signatures
        One row a signature: ``n_genes, n_found, n_used, coverage, min_coverage`` (of the stratum where coverage is lowest),
        ``n_scored`` (samples with a score), ``zeros`` (share of zeros among the values of its genes), ``rho_library_size`` and
        ``rho_detected`` (Spearman). NaN is not known.
    between
        Spearman correlations of the signatures, shape (n_signatures, n_signatures).
    samples
        ``library_size`` and ``detected`` (genes above zero) of the samples, shape (n_samples, 2).
    stratum
        All but coverage is of these samples, the largest stratum: a score differs between tissues, and so does everything else.
        Empty where there is one.
    n_samples, n_all
        Samples in it; all samples.
    unknown
        What cannot be said, and why, one sentence each.
    """

    signatures: pd.DataFrame
    between: pd.DataFrame
    samples: pd.DataFrame
    stratum: str
    n_samples: int
    n_all: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Values:
    """A matrix, and what may be read from it."""

    matrix: Matrix
    counts: bool
    zeros: bool
    complete: bool
    scale: str


def evaluate(scored: Scored, *, layer: str | None = None, key: str | None = None) -> Evaluation:
    """Return what the scores rest on and what they go with.

    A score that follows the number of detected genes or the library size may measure the depth of a sample. No p is given:
    samples of one patient, and cells, are not independent.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores, of which only correlations can be told.
    layer
        Where to count zeros, genes and library sizes, such as a layer with counts; None for the values that were scored.
    key
        ``obsm`` key; None for the latest.

    Raises
    ------
    DataError
        There are no scores, or no such layer.
    """
    # ranks are the same whatever a foreign score is
    foreign = "rank" if isinstance(scored, pd.DataFrame) else None
    table = scoretable.collect(scored, score_type=foreign, key=key)
    stratum, here = _stratum(table)
    scores = table.analysed()
    samples = pd.DataFrame(np.nan, index=scores.index[here], columns=[LIBRARY, DETECTED])
    zeros: dict[str, float] = {}
    if isinstance(scored, pd.DataFrame):
        covered, unknown = _covered_table(scored), [_NO_GENES]
    else:
        assert table.adata is not None
        values = _values(table.adata, table.key, layer)
        covered, unknown = _covered(table.adata, table.key), _unknown(values)
        samples, zeros = _measure(values, get.genes(table.adata, key=table.key), samples, np.flatnonzero(here))
    facts = pd.DataFrame([{"signature": c.id, "ifn_type": c.ifn_type, "method": c.method} for c in table.columns])
    facts = facts.merge(covered, on="signature", how="left")
    scores = scores[here]
    rho = pd.concat([scores, samples], axis=1).corr(method="spearman", min_periods=MIN_SAMPLES)
    names = [c.id for c in table.columns]
    facts["n_scored"] = scores.notna().sum().to_numpy()
    facts["zeros"] = [zeros.get(s, np.nan) for s in names]
    facts["rho_library_size"], facts["rho_detected"] = (rho.loc[names, c].to_numpy() for c in (LIBRARY, DETECTED))
    between = rho.loc[names, names]
    return Evaluation(facts[COLUMNS], between, samples, stratum, len(scores), len(table.values), tuple(unknown))


_NO_GENES = "Zeros, library size and detected genes are not known: a table of scores has no matrix."


def _stratum(table: ScoreTable) -> tuple[str, Array]:
    """Return the largest stratum in words, and which samples belong to it."""
    by = None if table.adata is None else get.provenance(table.adata, key=table.key)["reference_by"]
    by = by or [c for c in STRATA if c in table.obs]
    names = np.array([", ".join(f"{c}={v}" for c, v in s.items()) for s in strata_of(table.obs, by)], dtype=object)
    counts = pd.Series(names).value_counts()
    if len(counts) < 2:  # noqa: PLR2004 one stratum needs no name
        return "", np.ones(len(names), dtype=bool)
    most = sorted(n for n in counts.index if counts[n] == counts.max())[0]
    return str(most), names == most


def _covered(adata: AnnData, key: str) -> pd.DataFrame:
    """Return the coverage of each signature in the stratum where it is lowest."""
    covered = get.coverage(adata, key=key).sort_values("coverage", kind="stable").drop_duplicates("signature")
    return covered[["signature", "n_genes", "n_found", "n_used", "coverage", "min_coverage"]]


def _covered_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the coverage that a long table of scores brings along."""
    columns = ["n_genes", "n_found", "n_used", "coverage", "min_coverage"]
    if not {"signature", "coverage"} <= set(frame.columns):
        return pd.DataFrame(columns=["signature", *columns])
    lowest = frame.sort_values("coverage", kind="stable").drop_duplicates("signature")
    return lowest.reindex(columns=["signature", *columns]).reset_index(drop=True)


def _values(adata: AnnData, key: str, layer: str | None) -> _Values:
    facts, subset = get.provenance(adata, key=key), bool(keys.recorded_input(adata).get("subset"))
    if layer is not None and layer not in keys.layers(adata):
        have = keys.layers(adata)
        msg = f"there is no layer {layer!r}; layers: {listing(have) or 'none'}.{nearest(layer, have)}"
        raise DataError(msg)
    scale = str(facts["scale"])
    zeros = scale in expression.NO_NEGATIVES
    if layer is None:
        x = adata.X if facts["layer"] == "X" or subset else adata.layers[facts["layer"]]
    else:
        x = adata.layers[layer]
        found = expression.facts(x)
        scale, zeros = expression.detect(found).scale or "unknown", found.minimum >= 0
    uses = get.genes(adata, key=key)
    rows = {u["gene"]: Row(u["column"], int(u["occurrence"])) for u in rows_of(uses[uses["column"] != ""])}
    # values on any scale but counts stand for themselves: the row that was scored
    known: Any = scale if scale in expression.SCALES else "linear"
    matrix = Matrix(x, identify.identifiers(adata)[1], list(adata.obs_names), known, rows, keys.totals(adata))
    matrix.leave_out(facts["dropped_genes"])
    return _Values(matrix, scale == "counts", zeros, matrix.complete, scale)


def _unknown(values: _Values) -> list[str]:
    said = []
    if not values.zeros:
        said.append(f"Zeros and detected genes are not known: {values.scale} values have no zero.")
    elif not values.complete:
        said.append("Detected genes are not known: a small scored file holds the signature genes only.")
    if not values.counts:
        said.append(f"Library size is not known: these are no counts ({values.scale}); name a layer with counts.")
    return said


def _measure(values: _Values, uses: pd.DataFrame, samples: pd.DataFrame, here: Array) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return library size and detected genes of the samples, and the share of zeros of each signature, in chunks of rows."""
    matrix = values.matrix
    genes = sorted({str(g) for g in uses.loc[uses["column"] != "", "gene"] if g in matrix.position})
    zero, seen = np.zeros(len(genes)), np.zeros(len(genes))
    out = samples.to_numpy(copy=True)
    step = SPARSE_CHUNK if is_sparse(matrix.x) else CHUNK
    for start in range(0, len(here), step):
        part, to = here[start : start + step], slice(start, start + step)
        if values.counts:
            out[to, 0] = matrix.library_size(part)
        if values.zeros and values.complete:
            out[to, 1] = np.asarray((matrix.x[part] > 0).sum(axis=1)).ravel()
        for few in range(0, len(part), CHUNK) if values.zeros else ():
            block = matrix.values(genes, part[few : few + CHUNK])
            zero += (block == 0).sum(axis=0)
            seen += np.isfinite(block).sum(axis=0)
    place = {g: i for i, g in enumerate(genes)}
    shares = {}
    for signature, rows in uses.groupby("signature", sort=False):
        at = [place[g] for g in dict.fromkeys(rows["gene"]) if g in place]
        if at and seen[at].sum():
            shares[str(signature)] = float(zero[at].sum() / seen[at].sum())
    return pd.DataFrame(out, index=samples.index, columns=samples.columns), shares
