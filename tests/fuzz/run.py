"""Fuzz every text parser: ``python -m tests.fuzz.run`` (``make fuzz``); 1,000,000 executions unless told otherwise."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import targets

ROOT = Path(__file__).parents[2]
SUMMARY = ROOT / "benchmarks" / "reliability" / "FUZZ.md"
TOTAL = 1_000_000
#: A worker that dies (time or memory) is started again with another seed, up to so many times.
RESTARTS = 20
_STATUS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass(slots=True)
class Result:
    """What came out of one target."""

    name: str
    wanted: int
    executions: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    cov: int = 0
    features: int = 0
    corpus: int = 0
    findings: dict[str, str] = field(default_factory=dict)


def shares(total: int, chosen: list[str]) -> dict[str, int]:
    """Return how many executions each target gets; they add up to `total`."""
    found = [t for t in targets.targets() if not chosen or t.name in chosen]
    whole = sum(t.share for t in found)
    runs = {t.name: total * t.share // whole for t in found}
    runs[found[0].name] += total - sum(runs.values())
    return runs


def fuzz(name: str, wanted: int, folder: Path, seed: int) -> Result:
    """Fuzz one target, restarting its process where it dies."""
    result = Result(name, wanted)
    for attempt in range(RESTARTS):
        here = folder / name / str(attempt)
        here.mkdir(parents=True)
        words = [sys.executable, "-m", "tests.fuzz.worker", name, str(wanted - result.executions), str(seed + attempt), str(here)]
        with (here / "log").open("wb") as log:
            code = subprocess.run(words, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
        _add(result, here, code)
        if result.executions >= wanted:
            break
    return result


def _add(result: Result, here: Path, code: int) -> None:
    text = (here / "log").read_text(encoding="utf-8", errors="replace")
    if (here / "state.json").exists():
        state = json.loads((here / "state.json").read_text(encoding="utf-8"))
        result.executions += state["executions"]
        result.refused += state["refused"]
        result.seconds += state["seconds"]
        result.slowest = max(result.slowest, state["slowest"])
        result.findings |= {k: f"{v} ({here})" for k, v in state["findings"].items()}
    for artifact in here.glob("[a-z]*-[0-9a-f]*"):
        if artifact.name.partition("-")[0] in {"timeout", "oom", "crash", "leak"}:
            result.findings[artifact.name] = f"the process ended: {artifact}"
    found = _STATUS.findall(text)
    if found:
        result.cov, result.features, result.corpus = (max(a, int(b)) for a, b in zip((result.cov, result.features, result.corpus), found[-1], strict=True))
    if code and not result.findings:
        result.findings[f"exit code {code}"] = text.strip().splitlines()[-1][:200] if text.strip() else "no output"


def table(results: list[Result], seconds: float, seed: int) -> str:
    """Return the summary as Markdown."""
    total = sum(r.executions for r in results)
    n = sum(len(r.findings) for r in results)
    head = (
        "# Fuzzing\n\n"
        "Written by `make fuzz` (`python -m tests.fuzz.run`): coverage-guided fuzzing with atheris of every text parser. A finding is any\n"
        "exception but an `IfnscoreError`, an error message of several lines, an input that takes over 5 s, or a process over 2 GiB.\n"
        "`refused`: inputs that ended in an `IfnscoreError`; the others were read. `edges`, `features`: what libFuzzer counted in the\n"
        "modules of ifnscore. Every finding that was mended is kept in `tests/fuzz/regressions` and replayed by `make test`.\n\n"
        f"{total:,} executions in {seconds / 60:.1f} minutes (wall clock), seed {seed}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores; {n} finding{'' if n == 1 else 's'}.\n\n"
        "| target | executions | refused | seconds | per second | slowest, s | edges | features | corpus | findings |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    )
    rows = [
        f"| {r.name} | {r.executions:,} | {r.refused:,} | {r.seconds:.0f} | {r.executions / max(r.seconds, 1e-9):.0f} | {r.slowest:.2f} | "
        f"{r.cov} | {r.features} | {r.corpus} | {len(r.findings)} |\n"
        for r in sorted(results, key=lambda r: r.name)
    ]
    found = [f"- {r.name}: {place}: {what}\n" for r in results for place, what in r.findings.items()]
    return head + "".join(rows) + ("\n## Findings\n\n" + "".join(found) if found else "")


def main() -> int:
    """Fuzz all targets; exit code 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=TOTAL, help="executions in total (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the mutations (default: %(default)s)")
    parser.add_argument("--target", action="append", default=[], help="only this target; may be given several times")
    parser.add_argument("--out", type=Path, default=SUMMARY, help="where the summary goes (default: %(default)s)")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ifnscore-fuzz-"))
    start = time.perf_counter()
    runs = sorted(shares(asked.runs, asked.target).items(), key=lambda one: -one[1])
    with ThreadPoolExecutor(asked.jobs) as pool:
        results = list(pool.map(lambda one: fuzz(one[0], one[1], folder, asked.seed), runs))
    text = table(results, time.perf_counter() - start, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text, encoding="utf-8")
    print(text)
    found = any(r.findings for r in results)
    if not found:
        shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
