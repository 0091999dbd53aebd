"""The other programs, each with its best number of threads up to two; every function scores once and returns (n_samples, n_sets)."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd


def adata_of(x, genes) -> ad.AnnData:
    obs = pd.DataFrame(index=[f"c{i}" for i in range(x.shape[0])])
    return ad.AnnData(X=x.copy(), obs=obs, var=pd.DataFrame(index=genes))


def network(sets) -> pd.DataFrame:
    rows = [(name, gene, 1.0) for name, genes in sets.items() for gene in genes]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def pyucell(adata, sets, jobs: int) -> np.ndarray:
    import pyucell as peer

    peer.compute_ucell_scores(adata, sets, max_rank=1500, n_jobs=jobs, suffix="")
    return adata.obs[list(sets)].to_numpy()


def decoupler(adata, sets, method: str, **options) -> np.ndarray:
    import decoupler as peer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(peer.mt, method)(adata, network(sets), tmin=1, empty=False, **options)
    return adata.obsm[f"score_{method}"][list(sets)].to_numpy()


def scanpy_loop(adata, sets) -> np.ndarray:
    import scanpy as peer

    for name, genes in sets.items():
        peer.tl.score_genes(adata, genes, score_name=name)
    return adata.obs[list(sets)].to_numpy()


def gseapy(table: pd.DataFrame, sets, method: str, threads: int) -> np.ndarray:
    import gseapy as peer

    options = {"sample_norm_method": "rank", "no_plot": True} if method == "ssgsea" else {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = getattr(peer, method)(table, sets, outdir=None, min_size=1, max_size=20_000, threads=threads, **options)
    wide = done.res2d.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first").astype(float)
    return wide.loc[table.columns, list(sets)].to_numpy()


class RGsva:
    """R GSVA in a process of its own that holds the matrix, so that only scoring is timed."""

    def __init__(self, bulk: np.ndarray, sets) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ifnscore-bench-"))
        self.shape = (len(bulk), len(sets))
        bulk.astype("<f8").tofile(self.folder / "bulk.bin")
        lines = ["\t".join([name, "na", *genes]) for name, genes in sets.items()]
        (self.folder / "sets.gmt").write_text("\n".join(lines) + "\n")
        command = ["Rscript", str(Path(__file__).with_name("gsva.R")), str(self.folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.version = self._answer("ready")

    @staticmethod
    def at_hand() -> bool:
        if shutil.which("Rscript") is None:
            return False
        return subprocess.run(["Rscript", "-e", "library(GSVA)"], capture_output=True, check=False).returncode == 0

    def _answer(self, word: str) -> list[str]:
        for line in self.process.stdout:
            words = line.strip().split("\t")
            if words[0] == word:
                return words[1:]
        raise RuntimeError("R stopped")

    def seconds(self, method: str) -> float:
        self.process.stdin.write(method + "\n")
        self.process.stdin.flush()
        return float(self._answer("done")[0])

    def scores(self, method: str) -> np.ndarray:
        return np.fromfile(self.folder / f"{method}.bin").reshape(self.shape)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.folder)
