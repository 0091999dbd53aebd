"""Make the matrices and gene sets of the regression witnesses (run once; the files are committed)."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
GENESETS = HERE.parents[2] / "genesets"
ISG = ["MX1", "OAS1", "OAS2", "OAS3", "OASL", "IFIT1", "IFIT2", "IFIT3", "ISG15", "RSAD2", "IFI44", "IFI44L", "IFI27", "HERC5"]
N_GENES, N_SAMPLES = 420, 7


def write(name: str, genes: list[str], x: np.ndarray, text: str) -> None:
    with (HERE / name).open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(["gene", *(f"S{i}" for i in range(x.shape[1]))])
        out.writerows([g, *(text % v for v in row)] for g, row in zip(genes, x, strict=True))


def main() -> None:
    rng = np.random.default_rng(20_261_123)
    with (GENESETS / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        known = [r["symbol"] for r in csv.DictReader(handle, delimiter="\t")]
    progeny = tomllib.loads((GENESETS / "progeny_jakstat.toml").read_text(encoding="utf-8"))["genes"]["up"]
    here = [g for g in progeny if g in set(known)][:90]  # ten and more are not in the matrices
    others = [g for g in known if g not in {*progeny, *ISG, "RIGI", "SHFL"}]  # RIGI and SHFL: new names of DDX58, C19orf66
    first = list(dict.fromkeys([*ISG, *here]))
    genes = [*first, *rng.choice(others, N_GENES - len(first), replace=False).tolist()]
    rng.shuffle(genes)
    level = rng.normal(4, 3, N_GENES)[:, None]
    up = np.isin(genes, here)[:, None] & (np.arange(N_SAMPLES) >= N_SAMPLES // 2)
    log = level + rng.normal(0, 1, (N_GENES, N_SAMPLES)) + 1.5 * up
    counts = rng.poisson(np.exp2(log - 4.0) * rng.gamma(0.8, 1 / 0.8, log.shape))
    counts[rng.choice(np.flatnonzero(~up.any(axis=1)), 30, replace=False)] = 0
    write("log.csv", genes, np.round(log, 5), "%.5f")
    write("counts.csv", genes, counts, "%d")
    background = [g for g in genes if g not in first]
    absent = [g for g in others if g not in genes]
    pick = lambda k: rng.choice(background, k, replace=False).tolist()  # noqa: E731
    sets = {
        "ISG14": dict.fromkeys(ISG, 1.0),
        "BOTH": dict.fromkeys(ISG[:6], 1.0) | dict.fromkeys(pick(12), -1.0),
        "WEIGHTED": {
            g: round(float(w), 3) for g, w in zip(pick(25), rng.uniform(0.2, 4, 25) * rng.choice([1, -1], 25), strict=True)
        },
        "HALF": dict.fromkeys([*absent[:10], *pick(10)], 1.0),
        "ONE": {"IFI27": 1.0},
        "BIG90": dict.fromkeys(pick(90), 1.0),
    }
    with (HERE / "sets.csv").open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(["source", "target", "weight"])
        out.writerows([s, g, w] for s, members in sets.items() for g, w in members.items())
    print(
        f"{(counts == 0).mean():.0%} zeros, {(counts == 0).all(axis=1).sum()} genes without a count, {len(here)} of PROGENy's genes"
    )


if __name__ == "__main__":
    main()
