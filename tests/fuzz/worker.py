"""Fuzz one target in this process: ``python -m tests.fuzz.worker TARGET RUNS SEED FOLDER``.

Anything but an `IfnscoreError` is a finding, and so are an input that takes over 5 seconds and one that fills the memory. Findings
are kept by where they arise, one input each, and fuzzing goes on.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import sys
import time
import traceback
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ifnscore"]):
    import ifnscore

    for module in pkgutil.walk_packages(ifnscore.__path__, "ifnscore."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    from tests.fuzz import targets

    from ifnscore.errors import IfnscoreError

#: Seconds of processor time, which a busy machine does not stretch.
SLOW = 5.0
RSS_MB = 2048
MAX_LEN = 4096


class Worker:
    """Counts executions and keeps findings."""

    def __init__(self, target: targets.Target, runs: int, folder: Path) -> None:
        self.run, self.runs, self.folder = target.run, runs, folder
        self.executions = self.refused = 0
        self.slowest = 0.0
        self.findings: dict[str, str] = {}
        self.start = time.perf_counter()

    def one(self, data: bytes) -> None:
        """Run one input."""
        start = time.process_time()
        try:
            self.run(data)
        except IfnscoreError as error:
            self.refused += 1
            if "\n" in str(error):
                self.keep("message of several lines", _place(error), data)
        except Exception as error:  # noqa: BLE001  this is what is looked for
            self.keep(f"{type(error).__name__}: {str(error)[:200]}", _place(error), data)
        seconds = time.process_time() - start
        self.slowest = max(self.slowest, seconds)
        if seconds > SLOW:
            self.keep(f"took {seconds:.1f} s", "slow", data)
        self.executions += 1
        if self.executions == self.runs:
            self.report()
            os._exit(0)  # interpreters with many libraries take long, or for ever, to end after libFuzzer
        if self.executions % 500 == 0:
            self.report()

    def keep(self, what: str, place: str, data: bytes) -> None:
        """Keep the shortest input of each place."""
        name = "".join(c if c.isalnum() else "_" for c in place)[-80:]
        path = self.folder / f"finding-{name}"
        if place not in self.findings or len(data) < path.stat().st_size:
            path.write_bytes(data)
            self.findings[place] = what
            self.report()

    def report(self) -> None:
        """Write the state, so that it survives the end of the process, however that comes."""
        state = {
            "executions": self.executions,
            "refused": self.refused,
            "seconds": time.perf_counter() - self.start,
            "slowest": self.slowest,
            "findings": self.findings,
        }
        (self.folder / "state.json").write_text(json.dumps(state), encoding="utf-8")


def _place(error: BaseException) -> str:
    """Return type, file and line of the innermost frame of this package."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "ifnscore" in f.filename and "fuzz" not in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
    return f"{type(error).__name__} {where}"


def main() -> None:
    """Fuzz."""
    name, runs, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    target = next(t for t in targets.targets() if t.name == name)
    worker = Worker(target, runs, folder)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    options = [
        sys.argv[0], str(corpus), str(targets.CORPUS / name),
        f"-seed={seed}", f"-max_len={MAX_LEN}", f"-rss_limit_mb={RSS_MB}", f"-timeout={int(6 * SLOW)}",
        f"-artifact_prefix={folder}/",
    ]  # fmt: skip
    dictionary = targets.CORPUS / f"{name}.dict"
    if dictionary.exists():
        options.append(f"-dict={dictionary}")
    for seed_file in targets.seeds(name):  # what is imported late is imported now
        with contextlib.suppress(IfnscoreError):
            target.run(seed_file.read_bytes())
    atheris.Setup(options, worker.one)
    try:
        atheris.Fuzz()
    finally:
        worker.report()


if __name__ == "__main__":
    main()
