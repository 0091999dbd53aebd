"""Make the matrices and gene sets of the parity witnesses (run once; the files are committed)."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
GENESETS = HERE.parents[2] / "genesets"
N_GENES, N_SAMPLES, N_STABLE, N_EMPTY = 405, 12, 9, 30
#: Genes that interferon lowers; only the direction matters here.
DOWN = ["CXCR4", "CCR7", "FOS", "JUN", "NR4A1", "DUSP1", "EGR1", "IL1B", "CXCL8", "IL7R", "KLF2", "SELL"]


def genes_of(signature: str) -> dict[str, Any]:
    return tomllib.loads((GENESETS / f"{signature}.toml").read_text(encoding="utf-8"))["genes"]


def write(name: str, header: list[str], rows: Any) -> None:
    with (HERE / name).open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def write_matrix(name: str, genes: list[str], x: np.ndarray, text: str) -> None:
    header = ["gene", *(f"S{i}" for i in range(x.shape[1]))]
    write(name, header, ([g, *(text % v for v in row)] for g, row in zip(genes, x, strict=True)))


def without_ties(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return values rounded to 5 digits, no two of a sample equal."""
    x = np.round(x, 5)
    for column in x.T:
        while len(np.unique(column)) < len(column):
            _, first = np.unique(column, return_index=True)
            again = np.setdiff1d(np.arange(len(column)), first)
            column[again] += rng.integers(1, 2_000, len(again)) / 1e5
    return np.round(x, 5)


def main() -> None:
    rng = np.random.default_rng(20_261_124)
    with (GENESETS / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        known = [r["symbol"] for r in csv.DictReader(handle, delimiter="\t")]
    rice, kim = genes_of("rice2013_ags6")["up"], genes_of("kim2018_irg28_z")["up"]
    progeny = genes_of("progeny_jakstat")
    footprint = [g for g in progeny["up"] if g in set(known)][:60]
    raised = list(dict.fromkeys([*rice, *kim, *footprint]))
    first = list(dict.fromkeys([*raised, *DOWN]))
    others = [g for g in known if g not in set(first)]
    genes = [*first, *rng.choice(others, N_GENES - len(first), replace=False).tolist()]
    rng.shuffle(genes)
    treated = np.arange(N_SAMPLES) >= N_SAMPLES // 2
    change = 2.0 * np.isin(genes, raised) - 1.5 * np.isin(genes, DOWN)
    log = rng.normal(4, 3, N_GENES)[:, None] + rng.normal(0, 1, (N_GENES, N_SAMPLES)) + change[:, None] * treated
    counts = rng.poisson(np.exp2(log - 4.0) * rng.gamma(0.8, 1 / 0.8, log.shape))
    background = [g for g in genes if g not in set(first)]
    pick = lambda k: rng.choice(background, k, replace=False).tolist()  # noqa: E731
    random30, stable = pick(30), pick(N_STABLE)
    constant = random30[0]
    log[genes.index(constant)] = 3.00001
    empty = [random30[1], kim[10], *(g for g in pick(N_EMPTY + N_STABLE) if g not in stable)][:N_EMPTY]
    counts[np.isin(genes, empty)] = 0
    write_matrix("log.csv", genes, without_ties(log, rng), "%.5f")
    write_matrix("counts.csv", genes, counts, "%d")
    weights = {g: float(progeny["weights"][g]) for g in progeny["up"]}
    sets = {
        "RICE6": dict.fromkeys(rice, 1.0),
        "KIM28": dict.fromkeys(kim, 1.0),
        "RANDOM30": dict.fromkeys(random30, 1.0),
        "LARGE90": dict.fromkeys(pick(90), 1.0),
        "ONE": {"ISG15": 1.0},
        "BOTH": dict.fromkeys(footprint[:15], 1.0) | dict.fromkeys(DOWN, -1.0),
        "WEIGHTED": {g: round(weights[g], 6) for g in footprint} | {g: -round(4 * rng.random(), 3) for g in pick(10)},
    }
    write("sets.csv", ["source", "target", "weight"], ([s, g, w] for s, members in sets.items() for g, w in members.items()))
    removed = [g for g in kim if g not in rice][:14]
    write("roles.csv", ["role", "gene"], [*(["stable", g] for g in stable), *(["not in half", g] for g in removed)])
    print(f"{(counts == 0).mean():.0%} zeros, {(counts == 0).all(axis=1).sum()} genes without a count, {len(footprint)} of PROGENy")


if __name__ == "__main__":
    main()
