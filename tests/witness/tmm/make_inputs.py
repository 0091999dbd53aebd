"""Seeded counts for the TMM witness: genes in rows, samples in columns. Run once; then Rscript make_R.R."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def write(name: str, counts: np.ndarray) -> None:
    lines = ["gene," + ",".join(f"s{j}" for j in range(counts.shape[1]))]
    lines += [f"g{i}," + ",".join(str(v) for v in row) for i, row in enumerate(counts)]
    (HERE / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw(rng: np.random.Generator, n_genes: int, depths: list[float], shape: float) -> np.ndarray:
    mean = rng.gamma(shape, 1.0, n_genes)[:, None] * np.array(depths)
    return rng.negative_binomial(4, 4 / (4 + mean))


if __name__ == "__main__":
    rng = np.random.default_rng(20)
    plain = draw(rng, 400, [300, 500, 250, 900, 400, 350], 1.5) + 1
    write("plain", plain)
    zeros = draw(rng, 500, [4, 6, 3, 9, 5], 0.6)
    zeros[:20] = 0
    write("zeros", zeros)
    write("ties", np.minimum(draw(rng, 300, [2, 2, 3, 2, 2, 2, 3], 1.2), 4))
    odd = draw(rng, 400, [300, 300, 300, 9000, 300], 1.5)
    odd[:40, 4] *= 30
    odd[:, 1] = odd[:, 0]
    write("odd", odd)
    sparse = draw(rng, 300, [5, 6, 5, 4], 1.2)
    sparse[rng.random(300) < 0.85, 2] = 0
    write("sparse", sparse)
