"""A writer that is killed: what is left must be the old output, the new one, or the old one set aside; never a half.

The writers run in forked children of a process that has imported everything, so that a kill costs milliseconds. Run as a
program it prints its counts as JSON: ``python tests/crash.py FOLDER KILLS SEED STRIDE``.
"""

from __future__ import annotations

import collections
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import ifnscore as ifn
from ifnscore import _files, scored
from ifnscore.cli import _output
from ifnscore.result import Result

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.scandir"}


def _result(seed: int) -> Result:
    rng = np.random.default_rng(seed)
    tables = {f"table_{i}": pd.DataFrame({"row": range(2000), "x": rng.normal(size=2000)}) for i in range(8)}
    return Result("compare", tables["table_0"], tables, f"Reading {seed}.", f"Methods {seed}.")


def writers() -> dict[str, dict[str, collections.abc.Callable[[Path], None]]]:
    """Return for each kind of output a writer of the old and one of the new version; both replace what is there."""
    adata = ifn.datasets.hppt()
    ifn.tl.score(adata)
    versions = {"old": adata, "new": adata[:40].copy()}
    versions["new"].uns["ifnscore"] = adata.uns["ifnscore"]
    table = {"old": pd.DataFrame({"sample": [f"s{i}" for i in range(60_000)], "score": np.arange(60_000) / 7})}
    table["new"] = table["old"].assign(score=-table["old"]["score"])
    results = {"old": _result(1), "new": _result(2)}
    return {
        "scores.tsv": {v: lambda p, t=t: _output.write(t, p, force=True) for v, t in table.items()},
        "scored.h5ad": {v: lambda p, a=a: scored.write(a, p, force=True) for v, a in versions.items()},
        "scored.zarr": {v: lambda p, a=a: scored.write(a, p, force=True) for v, a in versions.items()},
        "change": {v: lambda p, r=r: r.write(p, force=True) for v, r in results.items()},
    }


def fingerprint(path: Path) -> dict[str, str] | None:
    """Return the content of a file or folder, or None if there is none."""
    if path.is_dir():
        return {str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in path.rglob("*") if p.is_file()}
    return {"": hashlib.sha256(path.read_bytes()).hexdigest()} if path.exists() else None


class Crash:
    """Kills writers in a folder and looks at what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers = writers()
        self.known: dict[str, dict[str, dict[str, str]]] = {}
        self.seconds: dict[str, float] = {}
        self.left: collections.Counter[str] = collections.Counter()
        (folder / "kept").mkdir(parents=True)
        for kind in self.writers:
            self.known[kind] = {}
            for version in ("old", "new"):
                path = self.prepare(kind, existing=False)
                start = time.perf_counter()
                _, status = os.waitpid(self.child(kind, version=version), 0)
                self.seconds[kind] = time.perf_counter() - start
                assert status == 0
                self.known[kind][version] = fingerprint(path) or {}
                if version == "old":
                    _copy(path, folder / "kept" / kind)

    def child(self, kind: str, before: collections.abc.Callable[[], None] | None = None, version: str = "new") -> int:
        """Fork a child that writes a version; return its id. The parent itself writes nothing: zarr would start threads."""
        place = self.folder / "place" / kind
        pid = os.fork()
        if pid:
            return pid
        try:
            if before is not None:
                before()
            self.writers[kind][version](place)
        except BaseException:
            traceback.print_exc()
            os._exit(3)
        os._exit(0)

    def prepare(self, kind: str, *, existing: bool) -> Path:
        """Make an empty place, or one with the old version."""
        place = self.folder / "place"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if existing:
            _copy(self.folder / "kept" / kind, place / kind)
        return place / kind

    def judge(self, kind: str, path: Path, *, existing: bool) -> None:
        """Count what a killed writer left; anything but a whole version fails. Then the next run must leave nothing but its own."""
        known, found = self.known[kind], fingerprint(path)
        aside = fingerprint(path.with_name(f".{path.name}.ifnscore-old"))
        if found is None:
            word = "absent"
            assert not existing or aside == known["old"], f"{kind}: the old version is lost"
            if existing:
                word = "old, set aside"
                _files.repair(path)
                assert fingerprint(path) == known["old"], f"{kind}: the old version was not put back"
        else:
            word = next((v for v in ("old", "new") if found == known[v]), "half")
            assert word != "half", f"{kind}: a half-written output: {sorted(found)}"
            assert existing or word == "new", f"{kind}: an old version out of nothing"
        self.left[f"{kind}: {word}"] += 1
        _, status = os.waitpid(self.child(kind), 0)
        assert status == 0, f"{kind}: the next run fails"
        assert fingerprint(path) == known["new"], f"{kind}: the next run did not write the new version"
        assert [p.name for p in path.parent.iterdir()] == [path.name], f"{kind}: leftovers {os.listdir(path.parent)}"

    def at_random(self, n: int, seed: int) -> None:
        """Kill `n` writers at random moments, kinds and situations in turn."""
        rng = random.Random(seed)
        kinds = list(self.writers)
        for i in range(n):
            kind, existing = kinds[i % len(kinds)], i // len(kinds) % 2 == 0
            path = self.prepare(kind, existing=existing)
            pid = self.child(kind)
            time.sleep(rng.uniform(0, 1.1 * self.seconds[kind]))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
            self.judge(kind, path, existing=existing)

    def at_every_step(self, stride: int) -> int:
        """Kill at the file operations of each writer: before every rename and folder removal, and every `stride`-th other one."""
        n = 0
        for kind in self.writers:
            for existing in (True, False):
                steps = self._steps(kind, existing=existing)
                wanted = [i for i, e in enumerate(steps) if e in {"os.rename", "shutil.rmtree"} or i % stride == 0]
                for step in wanted:
                    path = self.prepare(kind, existing=existing)
                    pid = self.child(kind, lambda step=step: _kill_at(step))
                    os.waitpid(pid, 0)
                    self.judge(kind, path, existing=existing)
                    n += 1
        return n

    def _steps(self, kind: str, *, existing: bool) -> list[str]:
        self.prepare(kind, existing=existing)
        read, write = os.pipe()

        def hook() -> None:
            sys.addaudithook(lambda event, _: os.write(write, f"{event}\n".encode()) if event in EVENTS else None)

        pid = self.child(kind, hook)
        os.close(write)
        with os.fdopen(read) as lines:
            found = lines.read().split()
        os.waitpid(pid, 0)
        return found


def _kill_at(step: int) -> None:
    seen = iter(range(10**9))

    def hook(event: str, _: object) -> None:
        if event in EVENTS and next(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def main() -> None:
    warnings.simplefilter("ignore")
    folder, kills, seed, stride = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    crash = Crash(folder)
    start = time.perf_counter()
    crash.at_random(kills, seed)
    at_random = dict(crash.left)
    seconds = time.perf_counter() - start
    crash.left.clear()
    steps = crash.at_every_step(stride) if stride else 0
    total = round(time.perf_counter() - start, 1)
    facts = {"kills": kills, "seed": seed, "left": at_random, "seconds": round(seconds, 1)}
    print(json.dumps({**facts, "steps": steps, "left_at_steps": dict(crash.left), "seconds_in_all": total}))


if __name__ == "__main__":
    main()
