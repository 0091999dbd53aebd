"""Wide Ct tables, samples in rows or columns, that say themselves that they are such; others need ``--scale ct``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore.loaders import _files, _orient, _parse, _qpcr_wide
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._qpcr_matrix import matrix
from ifnscore.loaders._qpcr_options import OPTIONS, choices
from ifnscore.loaders._qpcr_wells import Plate, Well

if TYPE_CHECKING:
    from ifnscore._lazy import ad


def _load(path: Path, options: Options) -> Known:
    chosen = choices(options)
    label = _files.label(path)
    table, comma = _qpcr_wide.cleaned(_parse.parse(_files.read_text(path), label))
    adata, _ = _orient.to_anndata(table)
    return matrix([_plate(adata, label, comma=comma)], label, chosen, _qpcr_wide.reason(path))


def _plate(adata: ad.AnnData, label: str, *, comma: bool) -> Plate:
    """Return the cells of a matrix as wells; repeated names are replicates."""
    made = Plate(label, comma=comma)
    plates = [str(p) for p in adata.obs["plate"]] if "plate" in adata.obs.columns else [""] * adata.n_obs
    columns = [c for c in adata.obs.columns if c != "plate"]
    for i, (sample, row) in enumerate(zip(adata.obs_names, adata.X, strict=True)):
        for gene, value in zip(adata.var_names, row, strict=True):
            _qpcr_wide.check(float(value), label, str(sample), str(gene))
            nothing = value in (_qpcr_wide.SENTINEL, 0)
            ct = math.nan if nothing else float(value)
            made.wells.append(Well(str(sample), str(gene), "", plates[i], ct, nothing))
        for name in columns:
            value = adata.obs[name].iloc[i]
            word = "" if value is None or value != value else str(value)  # noqa: PLR0124
            made.described.setdefault(str(sample), {}).setdefault(str(name), set()).add(word)
    return made


LOADER = Loader(
    name="qpcr_wide",
    title="qPCR table with one sample a row or column, with 'Undetermined' cells or Ct in header or file name",
    suffixes=_qpcr_wide.SUFFIXES,
    claims=lambda path: bool(_qpcr_wide.reason(path)),
    load=_load,
    order=6,
    scale="ct",
    options=OPTIONS,
)
