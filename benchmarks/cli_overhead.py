"""What scoring costs beyond importing anndata and reading the file: whole processes, in turn, ratios pair by pair.

Run with ``make bench``. Writes nothing; paste the table into benchmarks/RESULTS.md.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

import ifnscore as ifn

RUNS = 7
N_SAMPLES, N_GENES = 100, 20_000


def make(path: Path) -> None:
    """Write a matrix of log-normal counts that holds every gene of the default panel."""
    rng = np.random.default_rng(0)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))
    names = known + [f"GENE{i}" for i in range(N_GENES - len(known))]
    counts = rng.poisson(rng.lognormal(3, 1.5, (1, N_GENES)) * rng.lognormal(0, 0.5, (N_SAMPLES, N_GENES)))
    groups = ["healthy"] * (N_SAMPLES // 2) + ["patient"] * (N_SAMPLES - N_SAMPLES // 2)
    obs = pd.DataFrame({"group": groups}, index=[f"s{i}" for i in range(N_SAMPLES)])
    ad.AnnData(X=counts.astype(np.float32), obs=obs, var=pd.DataFrame(index=names)).write_h5ad(path)


def seconds(command: list[str]) -> float:
    """Return the wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Time each command against importing anndata and reading the file, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.h5ad"
        make(path)
        floor = [sys.executable, "-c", f"import anndata; anndata.read_h5ad({str(path)!r})"]
        score = [sys.executable, "-m", "ifnscore", "score", str(path)]
        commands = {
            "score, published formulas, 50 controls": [*score, "--controls", "group == 'healthy'"],
            "score, singscore": [*score, "-m", "singscore"],
            "score, mean_log": [*score, "-m", "mean_log"],
            "--help": [sys.executable, "-m", "ifnscore", "--help"],
        }
        print(
            f"{N_SAMPLES} x {N_GENES} float32 h5ad; medians of {RUNS} alternating runs; Python {platform.python_version()}, ",
            end="",
        )
        print(", ".join(f"{p} {version(p)}" for p in ("anndata", "numpy", "pandas")))
        print("\n| command | seconds | import anndata and read | ratio, pair by pair: median (min to max) |\n|---|---|---|---|")
        for name, command in commands.items():
            seconds(command), seconds(floor)
            pairs = [(seconds(command), seconds(floor)) for _ in range(RUNS)]
            ratios = [a / b for a, b in pairs]
            mine, base = (statistics.median(t) for t in zip(*pairs, strict=True))
            print(
                f"| {name} | {mine:.2f} | {base:.2f} | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
            )


if __name__ == "__main__":
    main()
