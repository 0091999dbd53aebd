"""TMM: counts per million of the library size that trimmed means of log ratios give.

Robinson and Oshlack 2010, doi:10.1186/gb-2010-11-3-r25, computed by the library rnanorm. Its factors are those of edgeR's
``calcNormFactors(method = "TMM")`` wherever every sample has counts in more than a quarter of the expressed genes; where that
fails edgeR takes another reference sample, and here the data are refused (tests/test_pp_tmm.py, tests/witness/tmm).
"""

from __future__ import annotations

import importlib
from typing import Any

from ifnscore._lazy import ad, is_sparse, np
from ifnscore.errors import DataError, listing, warn
from ifnscore.expression import MIN_GENES_FOR_CPM
from ifnscore.pp._model import Normalisation, Options

#: Below this, a trimmed mean over genes says nothing about the library.
_MIN_GENES = 100
#: The reference sample is chosen by upper quartiles, which must not be 0.
_QUARTILE = 0.75


def _apply(adata: ad.AnnData, _: Options) -> tuple[ad.AnnData, tuple[str, ...]]:
    """Return TMM-normalised counts per million, dense.

    Parameters
    ----------
    adata
        Samples by genes, counts; fractions are allowed.

    Raises
    ------
    DataError
        One sample, a sample without counts, missing values, too few genes, samples with counts in a quarter of the genes or
        fewer (single cells), or rnanorm is not installed.
    """
    tmm_class = _library()
    _check(adata)
    counts = np.asarray(adata.X.toarray() if is_sparse(adata.X) else adata.X, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        tmm = tmm_class().set_output(transform="default").fit(counts)
        factors = np.asarray(tmm.get_norm_factors(counts), dtype=np.float64)
    if not np.isfinite(factors).all():
        msg = "tmm: some samples share no expressed gene with the reference sample: leave samples of another kind out"
        raise DataError(msg)
    made = adata.copy()
    made.layers["counts"] = adata.X.copy()
    made.X = counts / (counts.sum(axis=1) * factors)[:, None] * 1e6
    made.obs["qc_tmm_factor"] = factors
    low, high = int(factors.argmin()), int(factors.argmax())
    span = f"from {factors[low]:.3g} ({adata.obs_names[low]}) to {factors[high]:.3g} ({adata.obs_names[high]})"
    return made, (f"factors {span} over {adata.n_obs} samples, which share one reference sample",)


def _library() -> Any:
    try:
        return importlib.import_module("rnanorm").TMM
    except ImportError as error:
        msg = "tmm: this normalisation needs the package rnanorm: pip install rnanorm"
        raise DataError(msg) from error


def _check(adata: ad.AnnData) -> None:
    """Refuse what TMM cannot work on, before anything is made dense."""
    x = adata.X
    values = x.data if is_sparse(x) else np.asarray(x)
    if adata.n_obs == 1:
        msg = "tmm: one sample has no other to be compared with: leave the normalisation out (counts become counts per million)"
        raise DataError(msg)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        msg = "tmm: missing values: fill them or leave these genes out first"
        raise DataError(msg)
    totals = np.asarray(x.sum(axis=1)).ravel()
    if not (totals > 0).all():
        empty = [str(n) for n, t in zip(adata.obs_names, totals, strict=True) if t <= 0]
        msg = f"tmm: samples without any counts: {listing(empty)}; leave them out"
        raise DataError(msg)
    positive = x > 0
    expressed = int((np.asarray(positive.sum(axis=0)).ravel() > 0).sum())
    if expressed < _MIN_GENES:
        msg = (
            f"tmm: only {expressed} genes have counts: TMM needs many genes of which most do not change; "
            "for a panel leave it out or use housekeeping genes"
        )
        raise DataError(msg)
    detected = np.asarray(positive.sum(axis=1)).ravel()
    # the upper quartile of n values lies at position 0.75 * (n - 1): it is 0 where all values up to the next one are
    sparse = detected <= expressed - 1 - np.ceil(_QUARTILE * (expressed - 1))
    if sparse.any():
        names = [str(n) for n, s in zip(adata.obs_names, sparse, strict=True) if s]
        msg = (
            f"tmm: {len(names)} samples have counts in no more than a quarter of the {expressed} expressed genes "
            f"({listing(names, 3)}): leave them out; for single cells use the normalisation scanpy"
        )
        raise DataError(msg)
    if expressed < MIN_GENES_FOR_CPM:
        warn(
            f"tmm: {expressed} genes have counts: TMM takes most genes as unchanged, which fails for a panel of responding genes"
        )


NORMALISATION = Normalisation(
    name="tmm",
    title="TMM-normalised counts per million (as edgeR), for bulk RNA-seq",
    source="doi:10.1186/gb-2010-11-3-r25",
    takes=("counts",),
    gives="linear",
    apply=_apply,
    sample_independent=False,
)
