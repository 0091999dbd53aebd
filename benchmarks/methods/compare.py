"""Speed of the methods against other programs: paired runs in one process, ratios of medians, agreement beside them.

Run with ``make bench``: it needs decoupler, pyucell and gseapy (dependency group ``bench``), and Rscript with GSVA where that is at
hand. The table goes into benchmarks/RESULTS.md, between the marks that name it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("IFNSCORE_THREADS", "2")
os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import numpy as np
import pandas as pd

from benchmarks.methods import matrices, peers
from ifnscore import methods

HERE = Path(__file__).parent
RESULTS = HERE.parent / "RESULTS.md"
MARKS = ("<!-- methods: made by make bench -->", "<!-- end of methods -->")
RUNS = 5
RANKS = ["ucell", "singscore", "aucell", "ssgsea"]


@dataclass
class Row:
    work: str
    peer: str
    goal: str
    theirs: float
    ours: float
    default: float | None
    agreement: str

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(theirs: Callable[[], float], ours: Callable[[], object], default: Callable[[], object] | None) -> tuple[float, ...]:
    """Return the medians of alternating runs, everything warm."""
    ours()
    if default:
        default()
    rounds = [(theirs(), timed(ours), timed(default) if default else float("nan")) for _ in range(RUNS)]
    return tuple(statistics.median(column) for column in zip(*rounds, strict=True))


def best_threads(work: Callable[[int], object]) -> int:
    """Return 1 or 2, whichever is faster once warm."""
    work(1)
    one = timed(lambda: work(1))
    work(2)
    return 2 if timed(lambda: work(2)) < one else 1


def agreement(a: np.ndarray, b: np.ndarray) -> str:
    return f"{np.abs(a - b).max() / max(np.abs(b).max(), 1e-300):.0e}"


def single_cell(x, genes, sets) -> list[Row]:
    rows = []
    few, fewer = x[:2_000], x[:1_000]
    adata = peers.adata_of(few, genes)

    def add(work, peer, goal, theirs, ours, default=None, *, compare=True):
        their_scores = theirs()
        our_scores = ours()
        a, b, c = paired(lambda: timed(theirs), ours, default)
        said = agreement(our_scores, their_scores) if compare else "another statistic"
        rows.append(Row(work, peer, goal, a, b, None if np.isnan(c) else c, said))
        print(rows[-1].work, rows[-1].peer, f"{rows[-1].ratio:.0f}x", said, file=sys.stderr)

    def mine(matrix, method, **params):
        return lambda: methods.score_values(matrix, genes, sets, method, params)

    jobs = best_threads(lambda n: peers.pyucell(adata, sets, n))
    cells = "2,000 cells"
    add(f"UCell, {cells}", f"pyUCell, {jobs} process(es)", "20", lambda: peers.pyucell(adata, sets, jobs),
        mine(few, "ucell", ties="pyucell"), mine(few, "ucell"))  # fmt: skip
    add(f"AUCell, {cells}", "decoupler", "25", lambda: peers.decoupler(adata, sets, "aucell"),
        mine(few, "aucell", ties="decoupler"), mine(few, "aucell"))  # fmt: skip
    add(f"ULM, {cells}", "decoupler", "15", lambda: peers.decoupler(adata, sets, "ulm"), mine(few, "ulm"))
    add(f"weighted mean, {cells}", "decoupler waggr", "200",
        lambda: peers.decoupler(adata, sets, "waggr", fun="wmean", times=1), mine(few, "weighted_mean"))  # fmt: skip
    add(f"20 set means, {cells}", "scanpy score_genes, 20 calls", "50", lambda: peers.scanpy_loop(adata, sets),
        mine(few, "mean_log"), compare=False)  # fmt: skip
    table = pd.DataFrame(fewer.toarray().T.astype(float), index=genes, columns=[f"c{i}" for i in range(1_000)])
    add("ssGSEA, 1,000 cells", "gseapy, 2 threads", "200", lambda: peers.gseapy(table, sets, "ssgsea", 2),
        mine(fewer, "ssgsea", ties="gseapy"), mine(fewer, "ssgsea"))  # fmt: skip
    return rows


def bulk(x: np.ndarray, genes, sets) -> list[Row]:
    rows = []
    table = pd.DataFrame(x.T, index=genes, columns=[f"S{i}" for i in range(len(x))])
    goals = {("ssgsea", "gseapy"): "20", ("ssgsea", "gsva"): "40", ("gsva", "gseapy"): "8", ("gsva", "gsva"): "10"}
    r = peers.RGsva(x, sets) if peers.RGsva.at_hand() else None
    for method in ("ssgsea", "gsva"):
        contenders: list[tuple[str, str, Callable[[], float], Callable[[], np.ndarray]]] = []
        kept: dict[str, np.ndarray] = {}

        def of_gseapy(method=method, kept=kept) -> float:
            start = time.perf_counter()
            kept["gseapy"] = peers.gseapy(table, sets, method, 2)
            return time.perf_counter() - start

        contenders.append(("gseapy", "gseapy, 2 threads", of_gseapy, lambda kept=kept: kept["gseapy"]))
        if r is not None:
            contenders.append(
                ("gsva", f"R GSVA {r.version[0]}, 1 worker", lambda m=method: r.seconds(m), lambda m=method: r.scores(m))
            )
        for mode, peer, theirs, scores in contenders:

            def ours(method=method, mode=mode):
                return methods.score_values(x, genes, sets, method, {"ties": mode})

            def default(method=method):
                return methods.score_values(x, genes, sets, method)

            a, b, c = paired(theirs, ours, default)
            work = f"{'ssGSEA' if method == 'ssgsea' else 'GSVA'}, 500 bulk samples"
            rows.append(Row(work, peer, goals[method, mode], a, b, c, agreement(ours(), scores())))
            print(rows[-1].work, peer, f"{rows[-1].ratio:.1f}x", rows[-1].agreement, file=sys.stderr)
    if r is not None:
        r.close()
    return rows


def throughput(x, genes, sets) -> list[str]:
    """Return table rows for 50,000 cells against reading the matrix once from memory."""
    import numba

    @numba.njit(nogil=True)
    def read(data, indices):
        total, top = 0.0, 0
        for i in range(len(data)):
            total += data[i]
            top = max(top, indices[i])
        return total, top

    def reading():
        from concurrent.futures import ThreadPoolExecutor

        half = len(x.data) // 2
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(read, (x.data[:half], x.data[half:]), (x.indices[:half], x.indices[half:])))

    reading()
    works = {
        "weighted mean (linear)": lambda: methods.score_values(x, genes, sets, "weighted_mean"),
        "ULM": lambda: methods.score_values(x, genes, sets, "ulm"),
        "UCell": lambda: methods.score_values(x, genes, sets, "ucell"),
        "ssGSEA": lambda: methods.score_values(x, genes, sets, "ssgsea"),
        f"all rank scores in one call ({', '.join(RANKS)})": lambda: methods.score_values(x, genes, sets, RANKS),
    }
    goals = {"weighted mean (linear)": "4", f"all rank scores in one call ({', '.join(RANKS)})": "13"}
    lines = []
    for name, work in works.items():
        floor, ours, _ = paired(lambda: timed(reading), work, None)
        lines.append(f"| {name} | {ours:.3f} | {floor:.3f} | {ours / floor:.1f} | {goals.get(name, '')} |")
        print(name, f"{ours:.3f} s, {ours / floor:.1f} times reading", file=sys.stderr)
    return lines


def report(rows: list[Row], lines: list[str]) -> str:
    packages = ("numpy", "numba", "scipy", "anndata", "decoupler", "pyucell", "gseapy", "scanpy")
    text = [
        MARKS[0],
        "## Methods against other programs",
        "",
        f"20 sets of 6 to 200 genes in one call, warm, medians of {RUNS} alternating runs; ours with two threads, each peer with its",
        "best number up to two. *Ours* is the mode named after the peer; agreement is the largest difference over the largest score.",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        + ", ".join(f"{p} {version(p)}" for p in packages),
        "",
        "| work | peer | peer s | ours s | ratio | goal | agreement | our default s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        default = "the same" if r.default is None else f"{r.default:.3f}"
        text.append(
            f"| {r.work} | {r.peer} | {r.theirs:.3f} | {r.ours:.4f} | {r.ratio:.0f}x | {r.goal}x | {r.agreement} | {default} |"
        )
    text += [
        "",
        "50,000 cells x 20,000 genes, 93.5 million stored values, against reading the two arrays once with two threads:",
        "",
        "| work | s | reading s | times reading | goal at most |",
        "|---|---|---|---|---|",
        *lines,
        MARKS[1],
    ]
    return "\n".join(text) + "\n"


def write(text: str) -> None:
    """Replace the part of RESULTS.md that this program made before, or add it."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmarks\n"
    if MARKS[0] in old:
        before, rest = old.split(MARKS[0], 1)
        old = before + text + rest.split(MARKS[1], 1)[1].lstrip("\n")
    else:
        old = old.rstrip("\n") + "\n\n" + text
    RESULTS.write_text(old, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent / ".data", help="where the matrices are kept")
    parser.add_argument("--only", choices=("cells", "bulk", "throughput"), help="a part, printed and not written")
    options = parser.parse_args()
    print("making the matrices (once, about a minute)", file=sys.stderr)
    x, b = matrices.load(options.data)
    genes, sets = matrices.names(), matrices.sets()
    rows = single_cell(x, genes, sets) if options.only in (None, "cells") else []
    lines = throughput(x, genes, sets) if options.only in (None, "throughput") else []
    rows += bulk(b, genes, sets) if options.only in (None, "bulk") else []
    text = report(rows, lines)
    print(text)
    if options.only is None:
        write(text)


if __name__ == "__main__":
    main()
