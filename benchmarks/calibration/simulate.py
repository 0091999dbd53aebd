"""How often ifnscore's p values reject a true null hypothesis, and how often its intervals hold the truth.

    python benchmarks/calibration/simulate.py            all of it, half an hour of two cores: writes results.tsv and RESULTS.md
    python benchmarks/calibration/simulate.py --quick    1/50 of the data sets, a minute: prints, writes nothing
    python benchmarks/calibration/simulate.py --tables   RESULTS.md again from results.tsv

Each scenario has its own seed (from its name), each chunk of data sets its own child of it, so that results depend neither on the
number of processes nor on which scenarios run.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a process, set before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import drug
import groups
import link
import numpy as np
import paired
import report
import tally

SIZES, WITH_FIVE = (6, 8, 10, 20), (5, 6, 8, 10, 20)
PAIRED, LONGITUDINAL, QUICK, CHUNK = 10_000, 2_000, 50, 100
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Study:
    """One scenario: a function of (generator, n, index of the data set) that yields quantities and answers."""

    scenario: str
    one: Callable[..., Iterator[tuple[tally.Quantity, tally.Answer]]]
    n_sets: int
    sizes: tuple[int, ...] = SIZES


def studies() -> list[Study]:
    """Return all scenarios; those most at risk first."""
    worlds = {
        "link: gradual falls (60 d, 150 d)": link.World(),
        "link: gradual falls, between-patient link .8": link.World(between=0.8),
        "link: gradual falls that differ much between patients (SD 1.5), between .8": link.World(between=0.8, spread=1.5),
        "link: gradual falls, between .8, nobody made to come in the common window": link.World(between=0.8, window=False),
        "link: step change": link.World(0, 0),
        "link: step change, between-patient link .8": link.World(0, 0, between=0.8),
        "LIMIT link: gradual falls, errors correlated .6 over 30 d": link.World(ar=0.6),
        "LIMIT link: both fall along a straight line, by 2.5 a year (SD .8)": link.World(2000, 2000, mean=15, spread=5),
        "power link: gradual falls, within-patient link .5": link.World(link=0.5),
    }
    out = [Study(name, partial(link.one, world), LONGITUDINAL) for name, world in worlds.items()]
    visits = {
        "visits: effect differs between patients (SD .6)": (0.6, 0.0, "normal"),
        "visits: effect differs, errors correlated .6 over 30 d": (0.6, 0.6, "normal"),
        "visits: same effect, t3 errors": (0.0, 0.0, "t3"),
    }
    out += [Study(name, partial(drug.one, *how), LONGITUDINAL, WITH_FIVE) for name, how in visits.items()]
    kinds = {"normal": "normal", "t3": "t3", "integer": "integers with ties and zeros", "exchangeable": "lognormal, exchangeable"}
    out += [Study(f"paired: {said}", partial(paired.one, kind), PAIRED, WITH_FIVE) for kind, said in kinds.items()]
    out += [Study(f"4 signatures: {kinds[k]}", partial(paired.family, k), PAIRED, WITH_FIVE) for k in ("normal", "t3", "integer")]
    out.append(Study("LIMIT paired: asymmetric change (exponential, mean 0)", partial(paired.one, "asymmetric"), PAIRED))
    for share, said in ((0.5, "half respond"), (2 / 3, "two thirds respond")):
        for kind in ("normal", "integer"):
            name = f"responders: {said}, {'normal' if kind == 'normal' else 'integer'} scores"
            out.append(Study(name, partial(groups.responders, share, kind), PAIRED))
    out += [Study(f"AUC {a}", partial(groups.area, a), LONGITUDINAL) for a in (0.5, 0.8, 0.95)]
    return out + [
        Study(f"Spearman {r:g} between patients", partial(groups.correlation, r), PAIRED if r == 0 else LONGITUDINAL)
        for r in (0.0, 0.5, 0.8)
    ]


def run(index: int, n: int, chunk: int, count: int) -> tuple[int, int, tally.Chunk]:
    """Evaluate `count` data sets of study number `index` (by number: the function itself is made anew in each process)."""
    study, done = _known()[index], tally.Chunk()
    root = np.random.SeedSequence([*study.scenario.encode(), n], spawn_key=(chunk,))
    rng = np.random.default_rng(root)
    for i in range(count):
        done.add(study.one(rng, n, i))
    return index, n, done


_STUDIES: list[Study] = []


def _known() -> list[Study]:
    if not _STUDIES:
        _STUDIES.extend(studies())
    return _STUDIES


def simulate(share: int, only: str) -> list[dict[str, Any]]:
    """Run all studies whose scenario holds `only`, on 1/share of the data sets; return the rows of results.tsv."""
    jobs = []
    for index, study in enumerate(_known()):
        if only in study.scenario:
            sets = max(study.n_sets // share, 1)
            starts = [(n, c) for n in study.sizes for c in range(-(-sets // CHUNK))]
            jobs += [(index, n, c, min(CHUNK, sets - c * CHUNK)) for n, c in starts]
    sums: dict[tuple[int, int], dict[tally.Quantity, tally.Tally]] = {}
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(run, *job) for job in jobs]
        for done, future in enumerate(as_completed(waiting), 1):
            index, n, chunk = future.result()
            mine = sums.setdefault((index, n), {})
            for quantity, counted in chunk.tallies.items():
                mine.setdefault(quantity, tally.Tally()).join(counted)
            if done % 20 == 0 or done == len(jobs):
                print(f"{done} of {len(jobs)} chunks, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    rows = []
    for index, n in sorted(sums):
        for quantity, counted in sums[index, n].items():
            if counted.total:
                rows.append(tally.row(quantity, _known()[index].scenario, n, counted))
    return rows


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of results.tsv with those of the scenarios in `rows` replaced, in the order of the studies."""
    path, made = HERE / "results.tsv", {r["scenario"] for r in rows}
    kept = [r for r in report.read(path) if r["scenario"] not in made] if path.exists() else []
    order = {study.scenario: i for i, study in enumerate(_known())}
    return sorted([r for r in kept if r["scenario"] in order] + rows, key=lambda r: (order[r["scenario"]], int(r["n"])))


def _relabelled(row: dict[str, Any]) -> dict[str, Any]:
    """Mark the within-patient correlation that the package reports now as the headline."""
    if row["quantity"] not in link.GIVEN.values():
        return row
    chosen = row["quantity"] == link.GIVEN[link.headline()]
    return {**row, "headline": tally.mark(row["scenario"], headline=chosen)}


def main() -> int:
    """Run from the command line; exit code 1 if a headline p is anti-conservative."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"1/{QUICK} of the data sets; print, write nothing")
    parser.add_argument("--tables", action="store_true", help="RESULTS.md from results.tsv, nothing simulated")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text; their lines are replaced")
    args = parser.parse_args()
    if args.tables:
        rows = [_relabelled(r) for r in report.read(HERE / "results.tsv")]
    else:
        link.check()
        rows = simulate(QUICK if args.quick else 1, args.only)
    if args.quick:
        print(report.lines(rows))
    else:
        rows = merged(rows) if args.only else rows
        report.write(rows, HERE)
    wrong = [r for r in rows if r["headline"] == "yes" and r["verdict"] == "anti-conservative"]
    for r in wrong:
        print(f"anti-conservative headline p: {r['quantity']}, {r['scenario']}, n={r['n']}: {r['rate']}", file=sys.stderr)
    return int(bool(wrong) and not args.quick)


if __name__ == "__main__":
    sys.exit(main())
