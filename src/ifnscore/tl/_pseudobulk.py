"""Sums of counts over cells: one sample for each combination of columns, because cells are not replicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import expr, expression, get, identify, keys, sources
from ifnscore._lazy import ad, np, pd, sp
from ifnscore.errors import DataError, ScaleError, listing, nearest, say
from ifnscore.strata import strata_of
from ifnscore.tl import _stream, _sums
from ifnscore.tl._inputs import values_of

if TYPE_CHECKING:
    from anndata import AnnData


def pseudobulk(adata: AnnData, by: Sequence[str] | str, *, layer: str | None = None, keep: str | None = None) -> AnnData:
    """Sum counts over cells.

    Parameters
    ----------
    adata
        Cells of shape (n_cells, n_genes) with raw counts; where they stand in a file they are read once, in parts.
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
    annotations = _stream.seen(adata).obs
    codes, names, groups = _groups(annotations[columns], columns)
    obs = _constant(annotations, columns, codes, groups, names, keep)
    obs["n_cells"] = np.bincount(codes, minlength=len(names))
    if isinstance(x, sources.Source):
        summed = _sums.of_source(x, codes, len(names), adata.obs_names, identify.identifiers(adata)[1])
    else:
        summed = sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(len(names), len(codes))) @ x
    made = ad.AnnData(X=summed, obs=obs, var=get.frame_of(adata.var).copy())
    recorded = {**keys.recorded_input(adata), "scale": "counts", "scale_why": "sums of counts", "pseudobulk": ",".join(columns)}
    made.uns[keys.UNS] = {"input": recorded}
    say(f"pseudobulk: {adata.n_obs} cells become {made.n_obs} samples by {', '.join(columns)}")
    return made


def _groups(obs: pd.DataFrame, columns: list[str]) -> tuple[Any, list[str], pd.DataFrame]:
    """Return the group of each cell, names of the groups and their table, in the order of their texts."""
    found = strata_of(obs, columns)
    texts = [tuple(by[c] for c in columns) for by in found.values]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    groups = pd.DataFrame([texts[i] for i in order], columns=columns)
    names = ["_".join(row) for row in groups.itertuples(index=False)]
    if len(set(names)) < len(names):
        names = ["|".join(row) for row in groups.itertuples(index=False)]
    return place[found.codes], names, groups


def _constant(
    obs: pd.DataFrame, columns: list[str], codes: Any, groups: pd.DataFrame, names: list[str], keep: str | None
) -> pd.DataFrame:
    made = groups.set_axis(names)
    needed = set(expr.Selection(keep).columns) if keep else set()
    left_out = []
    for column in obs.columns.difference(columns, sort=False):
        found, varies = _on_demand(obs, column, codes, len(names)) if hasattr(obs, "slices") else _held(obs[column], codes)
        if varies is None:
            made[column] = found
        elif column in needed:
            msg = f"pseudobulk: control column {column!r} varies within group {names[varies]}; add it to --pseudobulk"
            raise DataError(msg)
        else:
            left_out.append(str(column))
    if left_out:
        say(f"pseudobulk: columns that vary within a group are left out: {listing(left_out)}")
    return made


def _held(column: pd.Series[Any], codes: Any) -> tuple[Any, int | None]:
    """Return the value of a column in each group, and the first group in which it varies, or None."""
    by_group = column.groupby(codes)
    several = (by_group.nunique(dropna=False) > 1).to_numpy()
    return by_group.first().to_numpy(), int(np.argmax(several)) if several.any() else None


def _on_demand(obs: Any, column: str, codes: Any, n: int) -> tuple[Any, int | None]:
    """Do the same without holding the column: what varies is not read to its end."""
    first = pd.Series([None] * n, dtype=object)
    known = np.zeros(n, dtype=bool)
    for start, part in obs.slices(column):
        cells, groups = part.reset_index(drop=True), codes[start : start + len(part)]
        several = cells.groupby(groups).nunique(dropna=False)
        here = cells.groupby(groups).head(1)
        at = groups[here.index]
        values = here.astype(object).to_numpy()
        same = [not k or a == b or (pd.isna(a) and pd.isna(b)) for k, a, b in zip(known[at], first[at], values, strict=True)]
        if (several > 1).any() or not all(same):
            return None, int(several.index[several > 1].min()) if (several > 1).any() else int(at[same.index(False)])
        new = ~known[at]
        first.iloc[at[new]] = values[new]
        known[at] = True
    return first.infer_objects().to_numpy(), None
