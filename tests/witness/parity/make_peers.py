"""Answers of decoupler, gseapy, pyUCell and scanpy (run in an environment that holds them)."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version
from typing import Any

import anndata as ad
import decoupler as dc
import gseapy
import pandas as pd
import pyucell
import scanpy as sc
import scipy.sparse as sp
from common import DATA, Kept, matrix_of, network, sets_of

warnings.filterwarnings("ignore")


def main() -> None:
    of_decoupler()
    of_gseapy()
    of_pyucell()
    of_scanpy()
    print(sys.version.split()[0], *(f"{p} {version(p)}" for p in ("decoupler", "gseapy", "pyucell", "scanpy", "numpy", "anndata")))


def of_decoupler() -> None:
    kept, net = Kept(), network()
    plain = net[net["source"].isin(sets_of(halved=False))]
    halves = pd.DataFrame([(s, g, 1.0) for s, genes in sets_of(halved=True).items() for g in genes], columns=list(net.columns))
    halves.loc[halves["source"].isin(plain["source"]), "weight"] = 1.0

    def run(data: str, method: str, sets: pd.DataFrame, **options: Any) -> None:
        call = " ".join([method, *(f"{k}={v}" for k, v in options.items() if k != "times")])
        kept(data, call, getattr(dc.mt, method)(matrix_of(data), sets, tmin=1, **options)[0])

    for data in DATA:
        for empty in (True, False):
            run(data, "ulm", net, empty=empty)
            run(data, "mlm", net, empty=empty)
            run(data, "aucell", halves, empty=empty)
        varying = data if data == "log1p" else f"{data} varying"  # a constant gene stops its Gaussian kernel (division by 0)
        for options in ({}, {"maxdiff": False}, {"tau": 0.25}):
            run(varying, "gsva", halves, **options)
        run(data, "waggr", net, fun="wmean", times=1)
        run(data, "waggr", net, fun="wmean", times=1, empty=False)
        run(data, "waggr", net, fun="wsum", times=1)
        run(data, "gsva", halves, kcdf=None)
        run(data, "zscore", plain)
        run(data, "zscore", plain, flavor="KSEA")
    run("counts", "gsva", halves, kcdf="poisson")
    kept.save("decoupler.csv")


def of_gseapy() -> None:
    kept = Kept()
    common: dict[str, Any] = {"outdir": None, "min_size": 1, "max_size": 500, "threads": 1}

    def keep(data: str, call: str, result: Any, column: str) -> None:
        kept(data, call, result.res2d.pivot(index="Name", columns="Term", values=column).astype(float).loc[matrix_of(data).index])

    for data in DATA:
        x = matrix_of(data).T
        for weight in (0.25, 1.0):
            keep(data, f"ssgsea ES weight={weight:g}", gseapy.ssgsea(x, sets_of(halved=True), weight=weight, **common), "ES")
        keep(data, "ssgsea NES", gseapy.ssgsea(x, sets_of(halved=False), **common), "NES")
        for what, options in {
            "gsva": {},
            "gsva kcdf=None": {"kcdf": None},
            "gsva mx_diff=False": {"mx_diff": False},
            "gsva abs_rnk=True": {"abs_rnk": True},
            "gsva weight=0.25": {"weight": 0.25},
        }.items():
            keep(data, what, gseapy.gsva(x, sets_of(halved=True), **common, **options), "ES")
    keep("counts", "gsva kcdf=Poisson", gseapy.gsva(matrix_of("counts").T, sets_of(halved=True), kcdf="Poisson", **common), "ES")
    kept.save("gseapy.csv")


def cells(data: str) -> ad.AnnData:
    x = matrix_of(data)
    return ad.AnnData(sp.csr_matrix(x.to_numpy()), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))


def of_pyucell() -> None:
    kept, halves = Kept(), sets_of(halved=True)
    both = [f"{g}+" for g in halves["BOTH_up"]] + [f"{g}-" for g in halves["BOTH_down"]]
    sets = sets_of(halved=False) | {"BOTH": both}
    for data in DATA:
        for what, options in {
            "default": {},
            "max_rank=100": {"max_rank": 100},
            "max_rank=100 skip": {"max_rank": 100, "missing_genes": "skip"},
            "max_rank=100 skip min": {"max_rank": 100, "missing_genes": "skip", "ties_method": "min"},
            "max_rank=300 skip": {"max_rank": 300, "missing_genes": "skip"},
        }.items():
            adata = cells(data)
            pyucell.compute_ucell_scores(adata, sets, n_jobs=1, suffix="", **options)
            kept(data, what, adata.obs[list(sets)])
    kept.save("pyucell.csv")


def of_scanpy() -> None:
    kept, sets = Kept(), sets_of(halved=True)
    for data in DATA:
        for what, options in {
            "default": {},
            "ctrl_size=5": {"ctrl_size": 5, "n_bins": 12, "random_state": 3},
            "ctrl_size=5 ctrl_as_ref=False": {"ctrl_size": 5, "n_bins": 12, "random_state": 3, "ctrl_as_ref": False},
        }.items():
            adata = cells(data)
            for s, genes in sets.items():
                sc.tl.score_genes(adata, [g for g in genes if g in adata.var_names], score_name=s, **options)
            kept(data, what, adata.obs[list(sets)])
    kept.save("scanpy.csv")


if __name__ == "__main__":
    main()
