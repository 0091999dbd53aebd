"""Answers of gseapy, pyUCell and decoupler on untied.csv and tied.csv (run in an environment that holds them)."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import anndata as ad
import decoupler as dc
import gseapy
import pandas as pd
import pyucell
import scipy.sparse as sp

HERE = Path(__file__).parent


def main() -> None:
    lines = [line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines()]
    sets = {w[0]: w[2:] for w in lines}
    for name in ("untied", "tied"):
        x = pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float)
        for alpha in (0.25, 1.0):
            r = gseapy.ssgsea(x, sets, outdir=None, min_size=1, max_size=500, threads=1, weight=alpha, no_plot=True)
            for what in ("ES", "NES"):
                table = r.res2d.pivot(index="Name", columns="Term", values=what).astype(float).loc[x.columns, list(sets)]
                save(table, f"gseapy_{name}_ssgsea_alpha{alpha:g}_{what}")
        for what, options in {
            "max100": {"max_rank": 100},
            "max100_skip": {"max_rank": 100, "missing_genes": "skip"},
            "max100_skip_min": {"max_rank": 100, "missing_genes": "skip", "ties_method": "min"},
            "max320_skip": {"max_rank": 320, "missing_genes": "skip"},
        }.items():
            cells = ad.AnnData(sp.csr_matrix(x.to_numpy().T), obs=pd.DataFrame(index=x.columns), var=pd.DataFrame(index=x.index))
            pyucell.compute_ucell_scores(cells, sets, n_jobs=1, suffix="", **options)
            save(cells.obs[list(sets)], f"pyucell_{name}_{what}")
        of_top_genes(name, x, sets)
    x = pd.read_csv(HERE / "untied.csv", index_col=0).astype(float).T
    rows = [(s, g, (1.0 + i) / 4.0 * (-1.0 if i % 5 == 4 else 1.0)) for s, genes in sets.items() for i, g in enumerate(genes)]
    net = pd.DataFrame(rows, columns=["source", "target", "weight"])
    for fun in ("wmean", "wsum"):
        save(dc.mt.waggr(x, net, tmin=1, fun=fun, times=1)[0][list(sets)], f"decoupler_untied_{fun}_weighted")
    save(dc.mt.waggr(x, net.assign(weight=1.0), tmin=1, fun="wmean", times=1)[0][list(sets)], "decoupler_untied_wmean")
    print(sys.version.split()[0], *(f"{p} {version(p)}" for p in ("gseapy", "pyucell", "decoupler", "numpy", "anndata")))


def of_top_genes(name: str, x: pd.DataFrame, sets: dict[str, list[str]]) -> None:
    """Save pyUCell's answers with all its defaults, of up- and down-sets too, and decoupler's AUCell."""
    cells = ad.AnnData(sp.csr_matrix(x.to_numpy().T), obs=pd.DataFrame(index=x.columns), var=pd.DataFrame(index=x.index))
    pairs = (("RICE6", "RANDOM30"), ("MISSING12", "RICE6"))
    signed = {f"{up}-{down}": [f"{g}+" for g in sets[up]] + [f"{g}-" for g in sets[down]] for up, down in pairs}
    pyucell.compute_ucell_scores(cells, sets | signed, n_jobs=1, suffix="")
    save(cells.obs[[*sets, *signed]], f"pyucell_{name}_default")
    net = pd.DataFrame([(s, g, 1.0) for s, genes in sets.items() for g in genes], columns=["source", "target", "weight"])
    for what, options in {"aucell": {}, "aucell_up40": {"n_up": 40}}.items():
        save(dc.mt.aucell(x.T, net, tmin=1, empty=False, **options)[0][list(sets)], f"decoupler_{name}_{what}")


def save(table: pd.DataFrame, name: str) -> None:
    table.to_csv(HERE / f"{name}.csv", float_format="%.17g", lineterminator="\n", index_label="sample")


if __name__ == "__main__":
    main()
