"""Readers of what ``ifn.tl.score`` wrote: tidy tables of scores, coverage, genes, cut-offs and provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ifnscore import engine, identify, keys, methods
from ifnscore._lazy import np, pd
from ifnscore.errors import UsageError, nearest
from ifnscore.matrix import Matrix, Row

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["contributions", "coverage", "cutoffs", "genes", "provenance", "scores", "scores_wide"]

_DETAILS = ("jackknife_low", "jackknife_high", "top_gene", "top_gene_share")


def scores_wide(adata: AnnData, *, key: str | None = None) -> pd.DataFrame:
    """Return scores with one row a sample and one column a signature.

    Parameters
    ----------
    adata
        Scored matrix.
    key
        ``obsm`` key; None for the latest.
    """
    return pd.DataFrame(adata.obsm[keys.find(adata, key)])


def scores(adata: AnnData, *, key: str | None = None) -> pd.DataFrame:
    """Return scores as a tidy table, one row a sample and signature.

    Parameters
    ----------
    adata
        Scored matrix with n_samples rows.
    key
        ``obsm`` key; None for the latest.

    Returns
    -------
    DataFrame
        Shape (n_samples * n_signatures, 20), columns ``sample, signature, method, score, coverage, n_genes, n_used,
        missing, cutoff, above_cutoff, jackknife_low, jackknife_high, top_gene, top_gene_share, dropped, formula,
        score_type, platform_match, stratum, n_found``, and ``p_null, null_sets`` where random gene sets were asked for.
        ``above_cutoff`` is missing where there is no cut-off; the jackknife range is the lowest and highest score with one
        gene left out (of a sum, its term is gone too); ``dropped`` names genes that are in the matrix and could not be
        used. ``p_null`` is the share of random gene sets that score at least as high in the same sample, one set added to
        both (:func:`ifnscore.tl.score`); with ``null_sets`` of them it is never below 1 / (``null_sets`` + 1).
    """
    key = keys.find(adata, key)
    frame, stored = pd.DataFrame(adata.obsm[key]), keys.record(adata, key)
    covered = coverage(adata, key=key)
    strata = _strata(adata, key)
    detail, null = adata.obsm.get(keys.detail_key(key)), adata.obsm.get(keys.null_key(key))
    sets = provenance(adata, key=key)["null"]["sets"] if null is not None else 0
    cut = cutoffs(adata, key=key)
    blocks = []
    for signature in frame.columns:
        rows = covered[covered["signature"] == signature].set_index("stratum").reindex(strata)
        block = pd.DataFrame({"sample": frame.index.astype(str), "signature": signature})
        block["method"] = rows["method"].to_numpy()
        block["score"] = frame[signature].to_numpy(dtype=float)
        for column in ("coverage", "n_genes", "n_used", "missing"):
            block[column] = rows[column].to_numpy()
        limit = cut[cut["signature"] == signature].set_index("stratum")["cutoff"] if len(cut) else pd.Series(dtype=float)
        block["cutoff"] = limit.reindex(strata).to_numpy(dtype=float)
        known = block["cutoff"].notna() & block["score"].notna()
        block["above_cutoff"] = (block["score"] > block["cutoff"]).astype(object).where(known, None)
        for column in _DETAILS:
            name = f"{signature}|{column}"
            missing = "" if column == "top_gene" else np.nan
            block[column] = detail[name].to_numpy() if detail is not None and name in detail else missing
        for column in ("dropped", "formula", "score_type", "platform_match"):
            block[column] = rows[column].to_numpy()
        block["stratum"] = strata
        block["n_found"] = rows["n_found"].to_numpy()
        if null is not None:
            block["p_null"], block["null_sets"] = null[signature].to_numpy(dtype=float), sets
        blocks.append(block)
    assert stored
    table = pd.concat(blocks, ignore_index=True)
    table["top_gene"] = table["top_gene"].astype(object).where(table["top_gene"].notna(), "").astype(str)
    return table


def frame_of(annotations: Any) -> pd.DataFrame:
    """Return ``obs`` or ``var`` in memory; lazily read ones (``anndata.experimental.read_lazy``) are read."""
    return annotations.to_memory() if hasattr(annotations, "to_memory") else annotations


def _strata(adata: AnnData, key: str) -> list[str]:
    by = provenance(adata, key=key)["reference_by"]
    if not by:
        return [""] * adata.n_obs
    obs = frame_of(adata.obs)
    texts = [obs[c].astype(str).tolist() for c in by]
    return [", ".join(f"{c}={v}" for c, v in zip(by, values, strict=True)) for values in zip(*texts, strict=True)]


def coverage(adata: AnnData, *, key: str | None = None) -> pd.DataFrame:
    """Return one row a signature (and stratum): how many genes were found and used, and under which formula.

    Columns ``signature, n_genes, n_found, n_used, missing, dropped, coverage, min_coverage, method, formula, score_type,
    platform_match, stratum``; ``missing`` and ``dropped`` are comma-joined genes.
    """
    frame = pd.DataFrame(keys.record(adata, keys.find(adata, key))["coverage"]).copy()
    return frame.reset_index(drop=True)


def genes(adata: AnnData, *, key: str | None = None) -> pd.DataFrame:
    """Return one row a signature, stratum and gene: matrix column, weight, control centre and spread, used or why not."""
    return pd.DataFrame(keys.record(adata, keys.find(adata, key))["genes"]).copy().reset_index(drop=True)


def cutoffs(adata: AnnData, *, key: str | None = None) -> pd.DataFrame:
    """Return one row a signature and stratum: cut-off from leave-one-out control scores, and the in-sample rule.

    Columns ``signature, stratum, rule, n_controls, cutoff, cutoff_in_sample, cutoff_low, cutoff_high, note``; empty
    without controls. The interval is a 95 % bootstrap interval over controls.
    """
    frame = keys.record(adata, keys.find(adata, key)).get("cutoffs")
    columns = ["signature", "stratum", "rule", "n_controls", "cutoff", "cutoff_in_sample", "cutoff_low", "cutoff_high", "note"]
    return pd.DataFrame(columns=columns) if frame is None else pd.DataFrame(frame).copy().reset_index(drop=True)


def provenance(adata: AnnData, *, key: str | None = None) -> dict[str, Any]:
    """Return versions, parameters, input scale, and the hashes of signatures and reference."""
    found: dict[str, Any] = json.loads(str(keys.record(adata, keys.find(adata, key))["provenance"]))
    return found


def contributions(adata: AnnData, signature: str, *, key: str | None = None) -> pd.DataFrame:
    """Return what each gene adds to a signature's score, recomputed from the matrix and the stored control statistics.

    Parameters
    ----------
    adata
        Scored matrix, values unchanged since.
    signature
        Id of a scored signature.
    key
        ``obsm`` key; None for the latest.

    Returns
    -------
    DataFrame
        Shape (n_samples, n_used_genes). Rows sum to the score; to its natural logarithm for ``geomean``. For a median
        only the one or two genes in the middle are not 0, as they alone make it.

    Raises
    ------
    UsageError
        The signature was not scored under this key.
    """
    key = keys.find(adata, key)
    facts = provenance(adata, key=key)
    if signature not in facts["signatures"]:
        msg = f"{signature!r} was not scored under {key}.{nearest(signature, facts['signatures'])}"
        raise UsageError(msg)
    in_x = facts["layer"] == "X" or keys.recorded_input(adata).get("subset")
    x = adata.X if in_x else adata.layers[facts["layer"]]
    names = list(adata.obs_names)
    uses, covered = genes(adata, key=key), coverage(adata, key=key)
    rows = {u["gene"]: Row(u["column"], int(u["occurrence"])) for u in uses.to_dict(orient="records") if u["column"]}
    method = methods.get(facts["signatures"][signature]["method"])
    in_model = (covered["signature"] != signature) & (covered["method"] == method.id)
    beside = None if method.signature_independent else (uses, covered[in_model])
    matrix = Matrix(x, identify.identifiers(adata)[1], names, facts["scale"], rows, keys.totals(adata))
    table = engine.contributions(
        matrix,
        facts["signatures"][signature],
        uses[uses["signature"] == signature],
        covered[covered["signature"] == signature],
        _strata(adata, key),
        facts["dropped_genes"],
        beside,
    )
    return table.set_axis(pd.Index(names, name="sample"))
