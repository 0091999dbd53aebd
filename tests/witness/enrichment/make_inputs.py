"""Make the input matrices and gene sets of the GSVA, PLAGE and combined z witnesses (run once; the files are committed)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
CORE = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1", "MX1", "OAS1", "OAS2", "IFIT3", "HERC5", "USP18"]
N_GENES, N_SAMPLES = 321, 12  # an odd number of genes: decoupler cuts half ranks off


def write(name: str, genes: list[str], x: np.ndarray, text: str) -> None:
    with (HERE / name).open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(["gene", *(f"S{i}" for i in range(x.shape[1]))])
        out.writerows([g, *(text % v for v in row)] for g, row in zip(genes, x, strict=True))


def main() -> None:
    rng = np.random.default_rng(20_261_123)
    with (HERE.parents[2] / "genesets" / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        known = [r["symbol"] for r in csv.DictReader(handle, delimiter="\t")]
    others = [g for g in known if g not in CORE]
    genes = [*CORE, *rng.choice(others, N_GENES - len(CORE), replace=False).tolist()]
    rng.shuffle(genes)
    late = np.arange(N_SAMPLES) >= N_SAMPLES // 2
    level = rng.normal(6, 2.5, N_GENES)[:, None]
    log = np.clip(level + rng.normal(0, 1, (N_GENES, N_SAMPLES)) + 2.0 * (np.isin(genes, CORE)[:, None] & late), 0.01, None)
    background = [g for g in genes if g not in CORE]
    pick = lambda k: rng.choice(background, k, replace=False).tolist()  # noqa: E731
    constant, down = background[0], pick(15)
    log[np.isin(genes, down)] -= 1.5 * late
    log = np.maximum(log, 0.01)
    counts = rng.poisson(np.exp2(log - 5.5) * rng.gamma(1.2, 1 / 1.2, log.shape))
    at = genes.index(constant)
    log[at], counts[at] = 5.0, 3
    while True:  # no two genes of a sample may be equal
        log = np.round(log, 4)
        tied = [np.setdiff1d(np.arange(N_GENES), np.unique(column, return_index=True)[1]) for column in log.T]
        if not any(len(t) for t in tied):
            break
        for sample, again in enumerate(tied):
            log[np.setdiff1d(again, [at]), sample] += rng.integers(1, 200) / 1e4
    write("log.csv", genes, log, "%.4f")
    write("counts.csv", genes, counts, "%d")
    write("deep.csv", genes, np.round(np.exp2(log) * 30), "%d")
    write("tied.csv", genes, np.log2(counts + 1), "%.5f")
    absent = [g for g in others if g not in genes]
    sets = {
        "CORE12": CORE,
        "RANDOM30": pick(30),
        "BIG90": [*CORE[:5], *pick(85)],
        "HALF12": [*absent[:6], *CORE[:2], *pick(4)],
        "CONSTANT8": [constant, *CORE[3:6], *[g for g in pick(6) if g != constant][:4]],
        "DOWN15": down,
        "TWO": ["MX1", "OAS1"],
        "ONE": ["MX1"],
    }
    (HERE / "sets.gmt").write_text("".join("\t".join([k, "witness", *v]) + "\n" for k, v in sets.items()), encoding="utf-8")
    print(f"{(counts == 0).mean():.0%} zeros in counts.csv, {(counts == 0).all(axis=1).sum()} genes never detected")


if __name__ == "__main__":
    main()
