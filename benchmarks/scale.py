"""What a million cells cost: stores are made on the fly, and streamed in one process and by the workers of a Dask cluster.

Run ``python -m benchmarks.scale --cells 1000000 --layouts zarr h5ad-gzip --output benchmarks/SCALE.md`` (``--help`` for the rest). A
quarter, half and all of the cells are scored, each by a whole process; cost per million cells is the slope between a quarter and all, so
that starting up does not count. CPU seconds are those of all processes together and bear a busy machine better than wall seconds.
Memory is what the system says a process held at most: of the one that was started, and of the largest worker.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import psutil

import ifnscore as ifn
from benchmarks.scale_stores import BLOCK, BLOCKS, LAYOUTS, blocks, cut, write

#: Cells of a store that is scored first, so that everything is compiled: the fewest that are not read whole.
SMALL = 100_000
#: Shares of the cells that are scored, one after another: the same store is cut down.
PARTS = (1, 2, 4)


def size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


class Run(NamedTuple):
    """Wall and CPU seconds, and peak memory in MB: of the process that was started, and of the largest worker."""

    wall: float
    cpu: float
    own: float
    worker: float


def run(command: list[str]) -> Run:
    """Run a command and look at it and at its children until it ends."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    top = psutil.Process(process.pid)
    cpu: dict[int, float] = {}
    peak: dict[int, float] = {}
    while process.poll() is None:
        for one in [top, *_children(top)]:
            try:
                cpu[one.pid] = sum(one.cpu_times()[:2])
                status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
                peak[one.pid] = int(status.split("VmHWM:")[1].split()[0]) / 1024
            except (psutil.Error, OSError, IndexError):
                continue
        time.sleep(0.05)
    wall = time.perf_counter() - start
    if process.returncode:
        sys.exit(process.stderr.read().decode() if process.stderr else "failed")
    workers = [mb for pid, mb in peak.items() if pid != process.pid]
    return Run(wall, sum(cpu.values()), peak.get(process.pid, 0.0), max(workers, default=0.0))


def _children(top: psutil.Process) -> list[psutil.Process]:
    try:
        return top.children(recursive=True)
    except psutil.Error:
        return []


def main() -> None:
    """Make the stores, run the commands, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=200_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--layouts", nargs="+", default=["zarr"], choices=LAYOUTS)
    parser.add_argument("--methods", nargs="+", default=["mean_log", "ucell"])
    parser.add_argument("--folder", type=Path, help="where the stores are made; default: a temporary folder")
    parser.add_argument("--output", type=Path, help="file to write instead of printing")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="ifnscore_scale_"))
    try:
        text = "\n".join(report(asked, folder)) + "\n"
    finally:
        if asked.folder is None:
            shutil.rmtree(folder)
    if asked.output:
        asked.output.write_text(text, encoding="utf-8")
    else:
        print(text)


def report(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    pool = blocks(asked.genes, asked.density)
    stored = sum(b.nnz for b in pool) / (BLOCK * BLOCKS)
    yield from ("# What a million cells cost", "", f"`python -m benchmarks.scale` with {', '.join(versions())};")
    yield f"{machine()}. Synthetic counts, {asked.genes:,} genes, {stored:,.0f} of them found in a cell, scored for the"
    yield f"{len(ifn.signatures.resolve('panel'))} signatures of the panel, scores to a file. Memory is that of a whole process, with the"
    yield "interpreter and all imports. Cost is the slope from a quarter of the cells to all; linear: the CPU seconds of a cell of the"
    yield "second half over those of one of the second quarter, 1 is a straight line."
    for layout in asked.layouts:
        yield from section(layout, measured(layout, asked, folder, pool))


def section(layout: str, done: list[Line]) -> Iterator[str]:
    """Yield the lines of one layout."""
    yield from ("", f"## {layout}: {done[0].bytes:,.0f} bytes a cell", "")
    yield from table(
        ("method", "where", "wall s per million", "CPU s per million", "linear"),
        [row(d.method, d.where, *cost(d.runs)) for d in done],
    )
    yield ""
    yield from table(
        ("method", "where", "cells", "wall s", "CPU s", "peak MB", "largest worker (or helper), peak MB"),
        [row(d.method, d.where, f"{n:,}", *shown(d.runs[n])) for d in done for n in sorted(d.runs)],
    )


class Line(NamedTuple):
    """Runs of one method, by the number of cells."""

    method: str
    where: str
    bytes: float
    runs: dict[int, Run]


def measured(layout: str, asked: argparse.Namespace, folder: Path, pool: list[Any]) -> list[Line]:
    """Make a store, score it whole, half and a quarter of it."""
    ending = "zarr" if layout.startswith("zarr") else "h5ad"
    store, small = folder / f"{layout}.{ending}", folder / f"small_{layout}.{ending}"
    write(store, asked.cells, pool, layout)
    write(small, SMALL, pool, layout)
    lines = [
        (Line(method, where, size(store) / asked.cells, {}), more)
        for method in asked.methods
        for where, more in (("one process", []), (f"{cores()} workers", ["--scheduler", "local"]))
    ]
    for method in asked.methods:
        run(words(small, method, folder, []))  # compiles
    for part in PARTS:
        n = asked.cells // part
        if part > 1:
            cut(store, n, layout)
        for line, more in lines:
            line.runs[n] = run(words(store, line.method, folder, more))
            print(layout, line.method, line.where, n, line.runs[n], file=sys.stderr, flush=True)
    for path in (store, small):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [line for line, _ in lines]


def words(store: Path, method: str, folder: Path, more: list[str]) -> list[str]:
    """Return the command that scores a store."""
    output = ["-o", str(folder / "scores.tsv"), "--force"]
    return [sys.executable, "-m", "ifnscore", "score", str(store), "-m", method, *output, *more]


def cost(runs: dict[int, Run]) -> tuple[str, str, str]:
    """Return wall and CPU seconds per million cells, and how straight the line of CPU seconds is."""
    few, half, many = sorted(runs)

    def slope(what: str, a: int, b: int) -> float:
        return float((getattr(runs[b], what) - getattr(runs[a], what)) / (b - a) * 1e6)

    straight = slope("cpu", half, many) / slope("cpu", few, half)
    return f"{slope('wall', few, many):.0f}", f"{slope('cpu', few, many):.0f}", f"{straight:.2f}"


def shown(done: Run) -> tuple[str, str, str, str]:
    return f"{done.wall:.1f}", f"{done.cpu:.1f}", f"{done.own:.0f}", f"{done.worker:.0f}" if done.worker else "-"


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def table(head: tuple[str, ...], rows: list[str]) -> list[str]:
    return [row(*head), row(*("---" for _ in head)), *rows]


def cores() -> int:
    return len(psutil.Process().cpu_affinity() or [])


def machine() -> str:
    return f"{platform.machine()}, {cores()} cores (shared with other work), {psutil.virtual_memory().total / 2**30:.0f} GB of memory"


def versions() -> list[str]:
    names = ("ifnscore", "anndata", "dask", "h5py", "numba", "numpy", "zarr")
    return [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]


if __name__ == "__main__":
    main()
