"""GCT 1.2 and 1.3, the matrix format of GSEA, GenePattern and the Connectivity Map."""

from __future__ import annotations

from pathlib import Path

from ifnscore import expression
from ifnscore._lazy import ad, np, pd
from ifnscore.loaders import _bounds, _cells, _files, _gct_grid, _geo_obs, _geo_scale, _geo_text, _geo_values, _orient, _probes
from ifnscore.loaders._gct_grid import Grid
from ifnscore.loaders._model import Known, Loader, Options, Table
from ifnscore.loaders._parse import MISSING

#: The Connectivity Map writes -666 for an annotation that is missing; among values it is a number like any other.
_NO_ANNOTATION = (*MISSING, "na", "-666", "-666.0")
#: Up to here every whole number is exact in a float.
_EXACT = 2**53


def _claims(path: Path) -> bool:
    if not path.is_file():
        return False
    return _files.suffix(path) == ".gct" or _gct_grid.MARK.match(_geo_text.first_line(path)) is not None


def _load(path: Path, options: Options) -> Known:
    label = _files.label(path)
    data = _files.read_text(path, table=False)
    _bounds.check_table(data, label)
    adata = _matrix(_gct_grid.read(data.decode("utf-8", errors="replace"), label), label)
    mapped = _probes.to_genes(adata, label, options)
    note = _geo_scale.negative_intensities(expression.facts(adata.X))
    stated = _geo_scale.Stated("", None, "", (note,) if note else ())
    return _geo_scale.known(mapped.adata, stated, mapped.notes, label)


def _matrix(grid: Grid, label: str) -> ad.AnnData:
    size = grid.size
    frame = _geo_values.table(grid.body.encode(), size.width, range(size.before))
    names = _geo_values.names(frame[0])
    columns = [_geo_values.numbers(frame[j], grid.numbers, names, label, grid.header[j]) for j in range(size.before, size.width)]
    x = np.ascontiguousarray(np.column_stack(columns).T)
    obs = _geo_obs.table(_of_samples(grid), grid.header[size.before :], label)
    with _orient.quiet_names():
        return ad.AnnData(X=_whole(x), obs=obs, var=_of_genes(frame, grid, names, label))


def _whole(x: np.ndarray) -> np.ndarray:
    """Return whole numbers as integers."""
    is_whole = x.dtype.kind == "f" and np.isfinite(x).all() and (x % 1 == 0).all() and np.abs(x).max() < _EXACT
    return x.astype(np.int64) if is_whole else x


def _of_samples(grid: Grid) -> dict[str, list[str]]:
    """Return the annotations of the samples, for files of version 1.3."""
    columns = {}
    for row in grid.annotations:
        values = row[grid.size.before :]
        columns[row[0] or "annotation"] = ["" if v in _NO_ANNOTATION else v for v in values]
    return columns


def _of_genes(frame: pd.DataFrame, grid: Grid, names: list[str], label: str) -> pd.DataFrame:
    """Return the annotations of the rows that say anything."""
    cleaned = {0: pd.Series(names, dtype=object)}
    for j in range(1, grid.size.before):
        texts = pd.Series(_geo_values.names(frame[j]), dtype=object)
        cleaned[j] = texts.where(~texts.isin(_NO_ANNOTATION), None)
    filled = [j for j in range(1, grid.size.before) if cleaned[j].notna().any()]
    return _cells.described(Table(label, grid.header, pd.DataFrame(cleaned)), filled, names)


LOADER = Loader(
    name="gct",
    title="GCT 1.2 or 1.3 (GSEA, GenePattern, Connectivity Map)",
    suffixes=(".gct",),
    claims=_claims,
    load=_load,
    order=2,
    options=_probes.OPTIONS,
)
