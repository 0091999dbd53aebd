"""Sums of counts over cells: one sample for each combination of columns, because cells are not replicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import expr, expression, keys
from ifnscore._lazy import ad, np, pd, sp
from ifnscore.errors import DataError, ScaleError, listing, nearest, say
from ifnscore.tl._inputs import values_of

if TYPE_CHECKING:
    from anndata import AnnData


def pseudobulk(adata: AnnData, by: Sequence[str] | str, *, layer: str | None = None, keep: str | None = None) -> AnnData:
    """Sum counts over cells.

    Parameters
    ----------
    adata
        Cells of shape (n_cells, n_genes) with raw counts.
    by
        Columns of ``obs``; the first names the sample, further ones (such as cell type) become strata of references.
    layer
        Layer that holds the counts.
    keep
        A control expression: its columns must be constant within every group.

    Returns
    -------
    AnnData
        Shape (n_groups, n_genes). ``obs`` carries `by`, every other column that is constant within all groups, and
        ``n_cells``; columns that vary are left out and named.

    Raises
    ------
    DataError
        A column is missing or empty, or a column of `keep` varies within a group.
    ScaleError
        The values are not counts.
    """
    columns = [c.strip() for c in by.split(",") if c.strip()] if isinstance(by, str) else list(by)
    for column in columns:
        if column not in adata.obs.columns:
            known = list(adata.obs.columns)
            hint = f"{nearest(column, known)} Columns: {listing(known, 10)}"
            msg = f"pseudobulk: there is no column {column!r}.{hint}"
            raise DataError(msg)
    if adata.obs[columns].isna().any(axis=None):
        msg = f"pseudobulk: empty cells in {', '.join(columns)}; fill or remove them"
        raise DataError(msg)
    x = values_of(adata, layer)
    if expression.detect(expression.facts(x)).scale != "counts":
        msg = "pseudobulk sums raw counts, and these values are not whole non-negative numbers; choose the counts with --layer"
        raise ScaleError(msg)
    codes, names, groups = _groups(adata.obs, columns)
    summed = sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(len(names), len(codes))) @ x
    obs = _constant(adata.obs, columns, codes, groups, names, keep)
    obs["n_cells"] = np.bincount(codes, minlength=len(names))
    made = ad.AnnData(X=summed, obs=obs, var=adata.var.copy())
    recorded = {**keys.recorded_input(adata), "scale": "counts", "scale_why": "sums of counts", "pseudobulk": ",".join(columns)}
    made.uns[keys.UNS] = {"input": recorded}
    say(f"pseudobulk: {adata.n_obs} cells become {made.n_obs} samples by {', '.join(columns)}")
    return made


def _groups(obs: pd.DataFrame, columns: list[str]) -> tuple[Any, list[str], pd.DataFrame]:
    keyed = obs[columns].astype(str)
    grouped = keyed.groupby(columns, sort=True, observed=True)
    codes = grouped.ngroup().to_numpy()
    first = keyed.drop_duplicates().assign(_code=lambda d: codes[np.flatnonzero(~keyed.duplicated())]).sort_values("_code")
    groups = first[columns].reset_index(drop=True)
    names = ["_".join(row) for row in groups.itertuples(index=False)]
    if len(set(names)) < len(names):
        names = ["|".join(row) for row in groups.itertuples(index=False)]
    return codes, names, groups


def _constant(
    obs: pd.DataFrame, columns: list[str], codes: Any, groups: pd.DataFrame, names: list[str], keep: str | None
) -> pd.DataFrame:
    made = groups.set_axis(names)
    needed = set(expr.Selection(keep).columns) if keep else set()
    left_out = []
    for column in obs.columns.difference(columns, sort=False):
        by_group = obs[column].groupby(codes)
        if (by_group.nunique(dropna=False) <= 1).all():
            made[column] = by_group.first().to_numpy()
        elif column in needed:
            varies = int(np.argmax((by_group.nunique(dropna=False) > 1).to_numpy()))
            msg = f"pseudobulk: control column {column!r} varies within group {names[varies]}; add it to --pseudobulk"
            raise DataError(msg)
        else:
            left_out.append(str(column))
    if left_out:
        say(f"pseudobulk: columns that vary within a group are left out: {listing(left_out)}")
    return made
