"""Answers of decoupler and scanpy on log.csv and log1p of counts.csv (run in an environment that holds them)."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import anndata as ad
import decoupler as dc
import numpy as np
import pandas as pd
import scanpy as sc
import scipy.sparse as sp

HERE = Path(__file__).parent


def main() -> None:
    net = pd.read_csv(HERE / "sets.csv")
    names = list(net["source"].unique())
    genes = tomllib.loads((HERE.parents[2] / "genesets" / "progeny_jakstat.toml").read_text(encoding="utf-8"))["genes"]
    footprint = pd.DataFrame(
        {"source": "progeny_jakstat", "target": list(genes["weights"]), "weight": list(genes["weights"].values())}
    )
    log = pd.read_csv(HERE / "log.csv", index_col=0).T
    counts = pd.read_csv(HERE / "counts.csv", index_col=0).T
    log1p = np.log1p(counts.div(counts.sum(axis=1), axis=0) * 1e4)
    for name, x in (("log", log), ("log1p", log1p)):
        for method in ("ulm", "mlm"):
            for empty in (True, False):
                table = getattr(dc.mt, method)(x, net, tmin=1, empty=empty)[0][names]
                save(table, f"decoupler_{name}_{method}{'' if empty else '_empty_False'}")
        for fun in ("wsum", "wmean"):
            save(dc.mt.waggr(x, net, tmin=1, fun=fun, times=1, empty=False)[0][names], f"decoupler_{name}_{fun}")
        save(dc.mt.waggr(x, footprint, tmin=1, fun="wsum", times=1, empty=False)[0], f"decoupler_{name}_progeny")
        for what, options in {
            "default": {},
            "ctrl5": {"ctrl_size": 5, "n_bins": 12, "random_state": 3},
            "ctrl5_noref": {"ctrl_size": 5, "n_bins": 12, "random_state": 3, "ctrl_as_ref": False},
        }.items():
            cells = ad.AnnData(sp.csr_matrix(x.to_numpy()), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))
            for s in names:  # scanpy knows neither weights nor directions
                for half, keep in (("up", net["weight"] > 0), ("down", net["weight"] < 0)):
                    members = [g for g in net.loc[(net["source"] == s) & keep, "target"] if g in x.columns]
                    if members:
                        sc.tl.score_genes(cells, members, score_name=f"{s}_{half}", **options)
            save(cells.obs, f"scanpy_{name}_{what}")
    print(sys.version.split()[0], *(f"{p} {version(p)}" for p in ("decoupler", "scanpy", "numpy", "pandas", "anndata")))


def save(table: pd.DataFrame, name: str) -> None:
    table.to_csv(HERE / f"{name}.csv", float_format="%.17g", lineterminator="\n", index_label="sample")


if __name__ == "__main__":
    main()
