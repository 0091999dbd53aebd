"""Answers of pySCENIC's AUCell (run in an environment that holds it; it needs numpy below 1.24)."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version

from common import DATA, Kept, matrix_of, sets_of
from ctxcore.genesig import GeneSignature

warnings.filterwarnings("ignore")
from pyscenic.aucell import aucell  # noqa: E402


def main() -> None:
    kept = Kept()
    sets = [GeneSignature(k, v) for k, v in sets_of(halved=True).items()]
    for data in DATA:
        for seed in (0, 1):
            kept(data, f"aucell seed={seed}", aucell(matrix_of(data), sets, auc_threshold=0.05, seed=seed, num_workers=1))
    kept.save("pyscenic.csv")
    print(sys.version.split()[0], *(f"{p} {version(p)}" for p in ("pyscenic", "ctxcore", "numpy", "pandas")))


if __name__ == "__main__":
    main()
