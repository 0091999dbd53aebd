"""Answers of gseapy and decoupler (gsva) on log.csv, tied.csv and counts.csv; run with an interpreter that has both."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import decoupler as dc
import gseapy
import pandas as pd

HERE = Path(__file__).parent
SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines())}
KERNELS = {"log": ("gaussian", "none"), "tied": ("gaussian", "none"), "counts": ("poisson",), "deep": ("poisson",)}
OPTIONS = {
    "": {},
    " mx_diff=false": {"mx_diff": False},
    " abs_ranking=true": {"abs_ranking": True},
    " tau=0.25": {"tau": 0.25},
}


def of_gseapy(x: pd.DataFrame, kernel: str, mx_diff: bool = True, abs_ranking: bool = False, tau: float = 1.0) -> pd.DataFrame:
    kcdf = None if kernel == "none" else kernel.capitalize()
    r = gseapy.gsva(
        x, SETS, kcdf=kcdf, weight=tau, mx_diff=mx_diff, abs_rnk=abs_ranking, min_size=1, max_size=500, threads=1, outdir=None
    )
    return r.res2d.pivot(index="Name", columns="Term", values="ES").astype(float).loc[x.columns, list(SETS)]


def of_decoupler(x: pd.DataFrame, kernel: str, mx_diff: bool = True, abs_ranking: bool = False, tau: float = 1.0) -> pd.DataFrame:
    if kernel == "gaussian":  # with a bandwidth of 0 it reads beyond its table
        x = x[x.nunique(axis=1) > 1]
    net = pd.DataFrame([(s, g) for s, genes in SETS.items() for g in genes], columns=["source", "target"])
    kcdf = None if kernel == "none" else kernel
    return dc.mt.gsva(x.T, net, tmin=1, kcdf=kcdf, maxdiff=mx_diff, absrnk=abs_ranking, tau=tau)[0][list(SETS)]


def main() -> None:
    for name, peer in (("gseapy", of_gseapy), ("decoupler", of_decoupler)):
        answers = []
        for matrix, kernels in KERNELS.items():
            x = pd.read_csv(HERE / f"{matrix}.csv", index_col=0).astype(float)
            for kernel in kernels:
                for what, options in OPTIONS.items():
                    got = peer(x, kernel, **options)
                    got.insert(0, "matrix", matrix)
                    got.insert(1, "what", kernel + what)
                    answers.append(got.rename_axis("sample").reset_index())
        table = pd.concat(answers)[["matrix", "what", "sample", *SETS]]
        table.to_csv(HERE / f"{name}.csv", float_format="%.17g", lineterminator="\n", index=False)
    print(sys.version.split()[0], *(f"{p} {version(p)}" for p in ("gseapy", "decoupler", "numpy", "pandas")))


if __name__ == "__main__":
    main()
