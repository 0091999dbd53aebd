"""scanpy's way for single cells: every cell scaled to one total, then ln(x + 1)."""

from __future__ import annotations

import math
import warnings

from ifnscore._lazy import ad, np
from ifnscore.errors import UsageError
from ifnscore.options import Option
from ifnscore.pp._model import Normalisation, Options

_TARGET = Option("target_sum", "total of every cell after scaling", default="10000")


def _apply(adata: ad.AnnData, options: Options) -> tuple[ad.AnnData, tuple[str, ...]]:
    """Return cells scaled by :func:`scanpy.pp.normalize_total` and logged by :func:`scanpy.pp.log1p`.

    Parameters
    ----------
    adata
        Cells by genes, counts, dense or sparse; sparse stays sparse.
    options
        ``target_sum``: a number above 0.

    Raises
    ------
    UsageError
        ``target_sum`` is no number above 0.
    """
    target = _number(options["target_sum"])
    import scanpy as sc

    made = adata.copy()
    made.layers["counts"] = adata.X.copy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Some cells have zero counts")
        warnings.filterwarnings("ignore", category=FutureWarning)
        sc.pp.normalize_total(made, target_sum=target)
    sc.pp.log1p(made)
    empty = int((np.asarray(adata.X.sum(axis=1)).ravel() == 0).sum())
    notes = [f"every cell scaled to a total of {target:g}, then ln(x + 1)"]
    if empty:
        notes.append(f"{empty} of {adata.n_obs} cells have no counts and stay 0")
    return made, tuple(notes)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        msg = f"option target_sum={text}: a number above 0 is needed"
        raise UsageError(msg)
    return value


NORMALISATION = Normalisation(
    name="scanpy",
    title="every cell scaled to one total (10,000), then ln(x + 1), by scanpy",
    source="doi:10.1186/s13059-017-1382-0",
    takes=("counts",),
    gives="log1p",
    apply=_apply,
    options=(_TARGET,),
)
