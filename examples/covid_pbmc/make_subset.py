"""Make pbmc.h5ad from the six files of the source: python make_subset.py FOLDER_OF_RDS_FILES (README.md says which files).

Every count is taken over as it is. What is made here: codes for donors and cells, a coarse cell type from marker genes, and the
choice of cells.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

import ifnscore as ifn

#: File of the source -> code of the donor, group.
DONORS = {
    "H00049": ("healthy_1", "healthy"),
    "H00053": ("healthy_2", "healthy"),
    "S00006": ("mild_1", "COVID-19, mild"),
    "S00016": ("mild_2", "COVID-19, mild"),
    "S00040": ("critical_1", "COVID-19, critical"),
    "S00043": ("critical_2", "COVID-19, critical"),
}
#: Marker genes of scanpy's tutorial "Preprocessing and clustering 3k PBMCs", in three groups; FCGR3A is left to monocytes, though
#: NK cells have it too.
MARKERS = {
    "T or NK cell": ("CD8A", "CD8B", "IL7R", "NKG7", "GNLY", "KLRB1"),
    "B cell": ("MS4A1", "CD79A"),
    "monocyte": ("CD14", "LYZ", "FCGR3A", "MS4A7", "LGALS3", "S100A8"),
}
CELLS = 60
SEED = 20
#: Least distance between the highest and the next group, in standard deviations of a marker.
CLEAR = 0.3


def read(folder: Path) -> ad.AnnData:
    """Return all cells, raw counts."""
    parts = []
    for name, (donor, group) in DONORS.items():
        one = ifn.read(folder / f"{name}.rds")
        parts.append(ad.AnnData(one.X, obs=pd.DataFrame({"donor": donor, "group": group}, index=one.obs_names), var=one.var[[]]))
    return ad.concat(parts)


def cell_types(cells: ad.AnnData) -> pd.Series:
    """Return the group whose markers are highest, or an empty text where two are near each other."""
    size = np.asarray(cells.X.sum(axis=1))
    means = {}
    for name, genes in MARKERS.items():
        level = np.log1p(cells[:, list(genes)].X.toarray() / size.reshape(-1, 1) * 1e4)
        means[name] = (level / level.std(axis=0)).mean(axis=1)
    table = pd.DataFrame(means, index=cells.obs_names)
    ordered = np.sort(table.to_numpy(), axis=1)
    return table.idxmax(axis=1).where(ordered[:, -1] - ordered[:, -2] > CLEAR, "")


def main() -> None:
    """Write pbmc.h5ad beside this file."""
    cells = read(Path(sys.argv[1]))
    cells.obs["cell_type"] = cell_types(cells).to_numpy()
    cells.obs_names = [f"c{i:04d}" for i in range(cells.n_obs)]
    drawn = np.random.default_rng(SEED)
    chosen: list[str] = []
    for (_, kind), part in cells.obs.groupby(["donor", "cell_type"], sort=True):
        if kind:
            chosen += sorted(drawn.choice(part.index.to_numpy(dtype=str), CELLS, replace=False))
    cells = cells[sorted(chosen)].copy()
    cells.X = cells.X.astype(np.int32)
    cells.X.sort_indices()
    cells.write_h5ad(Path(__file__).parent / "pbmc.h5ad", compression="gzip", compression_opts=9)
    print(cells.n_obs, "cells,", cells.n_vars, "genes")


if __name__ == "__main__":
    main()
