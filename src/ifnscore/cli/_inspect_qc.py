"""What ``inspect`` says of the samples: quality, library sizes, detected genes, missing values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.expression import Facts
    from ifnscore.matrix import Matrix

#: A library size is far off beyond so many median absolute deviations of the logarithms (the default of
#: scuttle::isOutlier, https://rdrr.io/bioc/scuttle/man/isOutlier.html) and, as a rule of thumb of ours, only at a factor of 2.
MADS, FACTOR = 3.0, 2.0
#: From so many samples on, a median absolute deviation says something; a rule of thumb.
FEWEST = 5
#: What makes the median absolute deviation the standard deviation of normal values.
_NORMAL = 1.4826


def quality(adata: AnnData) -> dict[str, Any]:
    """Return the ``qc_`` columns of ``obs``: range of each, and which samples are flagged, and why.

    Returns
    -------
    dict
        ``columns`` (name, minimum, median, maximum, n_missing) and ``flagged`` (sample, why).
    """
    columns = []
    for name in [str(c) for c in adata.obs.columns if str(c).startswith("qc_")]:
        values = adata.obs[name]
        if values.dtype.kind not in "iuf":
            continue
        numbers = values.to_numpy(dtype=float)
        numbers = numbers[np.isfinite(numbers)]
        if len(numbers):
            lowest, middle, highest = (float(f(numbers)) for f in (np.min, np.median, np.max))
            columns.append(
                {"name": name, "minimum": lowest, "median": middle, "maximum": highest, "n_missing": len(values) - len(numbers)}
            )
    flags = adata.obs["qc_flags"].astype(str) if "qc_flags" in adata.obs.columns else []
    flagged = [{"sample": str(s), "why": f} for s, f in zip(adata.obs_names, flags, strict=False) if f not in ("", "nan", "<NA>")]
    return {"columns": columns, "flagged": flagged}


def library_sizes(view: Matrix) -> dict[str, Any] | None:
    """Return smallest, median and largest total of the samples, and those that are far off; None unless these are counts."""
    if view.scale != "counts":
        return None
    totals = np.concatenate([view.library_size(part) for part in view.chunks()])
    known = totals[np.isfinite(totals)]
    if not len(known):
        return None
    far = far_off(totals)
    return {
        "minimum": float(known.min()),
        "median": float(np.median(known)),
        "maximum": float(known.max()),
        "far": [{"sample": str(view.samples[i]), "total": float(totals[i])} for i in far],
    }


def far_off(totals: Any) -> list[int]:
    """Return positions of samples whose total is far from the median, farthest first; empty samples are named elsewhere.

    Parameters
    ----------
    totals
        Library sizes of shape (n_samples,).
    """
    good = np.isfinite(totals) & (totals > 0)
    if good.sum() < FEWEST:
        return []
    logs = np.full(len(totals), np.nan)
    logs[good] = np.log2(totals[good])
    away = np.abs(logs - np.nanmedian(logs))
    limit = max(MADS * _NORMAL * float(np.nanmedian(away)), math.log2(FACTOR))
    far = np.flatnonzero(np.nan_to_num(away, nan=0.0) > limit)
    return [int(i) for i in far[np.argsort(-away[far], kind="stable")]]


def detected(view: Matrix) -> dict[str, int]:
    """Return the smallest, median and largest number of values above zero of a sample."""
    if is_sparse(view.x):
        rows = view.x.tocsr()
        per_sample = np.diff(rows.indptr) if (rows.data > 0).all() else np.asarray((rows > 0).sum(axis=1)).ravel()
    else:
        per_sample = np.concatenate([(np.asarray(view.x[part]) > 0).sum(axis=1) for part in view.chunks()])
    return {"minimum": int(per_sample.min()), "median": int(np.median(per_sample)), "maximum": int(per_sample.max())}


def missing(view: Matrix, facts: Facts) -> dict[str, int]:
    """Return how many values are missing or infinite, and in how many genes and samples."""
    if not facts.missing:
        return {"values": 0, "genes": 0, "samples": 0}
    bad = ~np.isfinite(np.asarray(view.x, dtype=np.float64)) if not is_sparse(view.x) else abs(view.x.astype(np.float64)) * 0 != 0
    per_gene, per_sample = (np.asarray(bad.sum(axis=a)).ravel() for a in (0, 1))
    return {"values": int(per_gene.sum()), "genes": int((per_gene > 0).sum()), "samples": int((per_sample > 0).sum())}
