"""A writer that is killed: what is left must be the old output, the new one, or the old one set aside; never a half.

The writers run in forked children of a process that has imported everything, so that a kill costs milliseconds. Run as a
program it prints its counts as JSON: ``python tests/crash.py FOLDER KILLS SEED STEPS [quick]``.
"""

from __future__ import annotations

import collections
import hashlib
import json
import os
import random
import resource
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
SWAP = "swap"


def _result(seed: int) -> Result:
    rng = np.random.default_rng(seed)
    tables = {f"table_{i}": pd.DataFrame({"row": range(2000), "x": rng.normal(size=2000)}) for i in range(8)}
    return Result("compare", tables["table_0"], tables, f"Reading {seed}.", f"Methods {seed}.")


def writers() -> dict[str, dict[str, collections.abc.Callable[[Path], None]]]:
    """Return for each kind of output a writer of the old and one of the new version; both replace what is there."""
    adata = ifn.datasets.hppt()
    ifn.tl.score(adata, "rice")
    versions = {"old": adata, "new": adata[:-1].copy()}
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
        self.largest: dict[str, int] = {}
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
                assert version == "old" or self.known[kind]["old"] != self.known[kind]["new"]
                self.largest[kind] = max(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())
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
        except BaseException:  # noqa: BLE001  a child never returns
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
        assert [p.name for p in path.parent.iterdir()] == [path.name], f"{kind}: leftovers {list(path.parent.iterdir())}"

    def at_random(self, n: int, seed: int) -> None:
        """Kill `n` writers at random moments, kinds and situations in turn; a zarr has 500 files, and comes once in ten."""
        rng = random.Random(seed)
        kinds = ["scores.tsv", "scored.h5ad", "change", "scored.zarr", *["scores.tsv", "scored.h5ad", "change"] * 2]
        for i in range(n):
            kind, existing = kinds[i % len(kinds)], i // len(kinds) % 2 == 0
            path = self.prepare(kind, existing=existing)
            pid = self.child(kind)
            time.sleep(rng.uniform(0, 1.1 * self.seconds[kind]))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
            self.judge(kind, path, existing=existing)

    def on_a_full_disk(self, shares: collections.abc.Sequence[float]) -> int:
        """Let every writer meet a full disk after some share of its largest file; the old version stays, or there is nothing."""
        n = 0
        for kind in self.writers:
            largest = self.largest[kind]
            for share in shares:
                for existing in (True, False):
                    path = self.prepare(kind, existing=existing)
                    said = self._limited(kind, int(share * largest))
                    assert said == f"DataError: {path}: cannot write: File too large; nothing was changed", said
                    assert fingerprint(path) == (self.known[kind]["old"] if existing else None), f"{kind}: changed"
                    assert [p.name for p in path.parent.iterdir()] == ([path.name] if existing else []), f"{kind}: leftovers"
                    n += 1
        return n

    def _limited(self, kind: str, size: int) -> str:
        """Return what the writer says when no file may grow beyond `size`; Python ignores the signal, so that it is an error."""
        read, write = os.pipe()
        path = self.folder / "place" / kind

        def act() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            try:
                self.writers[kind]["new"](path)
                said = "written"
            except Exception as error:  # noqa: BLE001  what was raised is what is looked at
                said = f"{type(error).__name__}: {error}"
            os.write(write, said.encode())
            os._exit(0)

        pid = self.child(kind, act)
        os.close(write)
        with os.fdopen(read) as text:
            said = text.read()
        os.waitpid(pid, 0)
        return said

    def at_every_step(self, others: int, kinds: collections.abc.Iterable[str]) -> int:
        """Kill before every rename and removal of an output, and before `others` of all other file operations of its writer."""
        n = 0
        for kind in kinds:
            for existing in (True, False):
                steps = self._steps(kind, existing=existing)
                spread = {round(i * (len(steps) - 1) / max(1, others - 1)) for i in range(others)}
                for step in sorted(spread | {i for i, e in enumerate(steps) if e == SWAP}):
                    path = self.prepare(kind, existing=existing)
                    pid = self.child(kind, lambda step=step, path=path: _kill_at(step, path))
                    os.waitpid(pid, 0)
                    self.judge(kind, path, existing=existing)
                    n += 1
        return n

    def _steps(self, kind: str, *, existing: bool) -> list[str]:
        path = self.prepare(kind, existing=existing)
        read, write = os.pipe()
        pid = self.child(kind, lambda: _each_step(path, lambda _, word: os.write(write, f"{word}\n".encode())))
        os.close(write)
        with os.fdopen(read) as lines:
            found = lines.read().split()
        os.waitpid(pid, 0)
        return found


def _each_step(path: Path, act: collections.abc.Callable[[int, str], object]) -> None:
    """Call `act` before every file operation with its number and whether it renames or removes the output as a whole."""
    number = iter(range(10**9))
    beside = (str(path), str(path.parent / f".{path.name}.ifnscore-"))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS:
            named = str(arguments[0])
            whole = named == beside[0] or (named.startswith(beside[1]) and "/" not in named[len(beside[1]) :])
            act(next(number), SWAP if whole and event in {"os.rename", "shutil.rmtree", "os.remove"} else event)

    sys.addaudithook(hook)


def _kill_at(step: int, path: Path) -> None:
    _each_step(path, lambda number, _: os.kill(os.getpid(), signal.SIGKILL) if number == step else None)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def main() -> None:
    """Run everything, or the quick part of it; print the counts."""
    warnings.simplefilter("ignore")
    folder, kills, seed, steps, quick = Path(sys.argv[1]), *map(int, sys.argv[2:5]), "quick" in sys.argv
    crash = Crash(folder)
    start = time.perf_counter()
    crash.at_random(kills, seed)
    facts = {"kills": kills, "seed": seed, "left": dict(crash.left), "seconds": round(time.perf_counter() - start, 1)}
    crash.left.clear()
    facts["steps"] = crash.at_every_step(steps, [k for k in crash.writers if not (quick and k == "scored.zarr")])
    facts["left_at_steps"] = dict(crash.left)
    facts["full_disks"] = crash.on_a_full_disk([0.5] if quick else [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
    facts["seconds_in_all"] = round(time.perf_counter() - start, 1)
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
