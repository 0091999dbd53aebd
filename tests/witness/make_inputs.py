"""Make the input matrices and gene sets of the witness tests (run once; the files are committed)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RICE = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
MORE = ["MX1", "OAS1", "OAS2", "OAS3", "OASL", "IFIT2", "IFIT3", "HERC5", "USP18", "CXCL10", "DDX60", "LY6E", "IFI6", "STAT1"]
N_GENES, N_SAMPLES = 320, 8


def write(name: str, genes: list[str], x: np.ndarray, text: str) -> None:
    with (HERE / name).open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(["gene", *(f"S{i}" for i in range(x.shape[1]))])
        out.writerows([g, *(text % v for v in row)] for g, row in zip(genes, x, strict=True))


def main() -> None:
    rng = np.random.default_rng(20_261_122)
    with (HERE.parents[1] / "genesets" / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        known = [r["symbol"] for r in csv.DictReader(handle, delimiter="\t")]
    others = [g for g in known if g not in {*RICE, *MORE}]
    genes = [*RICE, *MORE, *rng.choice(others, N_GENES - len(RICE) - len(MORE), replace=False).tolist()]
    rng.shuffle(genes)
    level = rng.normal(6, 2.5, N_GENES)[:, None]
    up = np.isin(genes, [*RICE, *MORE])[:, None] & (np.arange(N_SAMPLES) >= N_SAMPLES // 2)
    log = np.clip(level + rng.normal(0, 1, (N_GENES, N_SAMPLES)) + 2.0 * up, 0.01, None)
    untied = np.round(log, 4)
    for column in untied.T:  # no two genes of a sample may be equal
        while len(np.unique(column)) < N_GENES:
            _, first = np.unique(column, return_index=True)
            again = np.setdiff1d(np.arange(N_GENES), first)
            column[again] += rng.integers(1, 200, len(again)) / 1e4
    counts = rng.poisson(np.exp2(log - 5.5) * rng.gamma(1.2, 1 / 1.2, log.shape))
    write("untied.csv", genes, np.round(untied, 4), "%.4f")
    write("tied.csv", genes, counts, "%d")
    background = [g for g in genes if g not in {*RICE, *MORE}]
    pick = lambda k: rng.choice(background, k, replace=False).tolist()  # noqa: E731
    absent = [g for g in others if g not in genes][:3]
    sets = {
        "RICE6": RICE,
        "ISG20": [*RICE, *MORE],
        "RANDOM30": pick(30),
        "BIG90": [*MORE[:5], *pick(85)],
        "MISSING12": [*absent, *MORE[5:8], *pick(6)],
        "ONE": ["MX1"],
    }
    (HERE / "sets.gmt").write_text("".join("\t".join([k, "witness", *v]) + "\n" for k, v in sets.items()), encoding="utf-8")
    print(f"{(counts == 0).mean():.0%} zeros in tied.csv")


if __name__ == "__main__":
    main()
