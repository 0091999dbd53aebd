"""Time and peak memory of every bomb of tests/bombs.py, each through the whole command; prints a Markdown table."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests import bombs


def _size(path: Path) -> int:
    return sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())


def main() -> int:
    failed = 0
    print("| bomb | size on disk | peak memory | seconds | ends |\n|---|---|---|---|---|")
    for name, (ending, make, expected) in bombs.ALL.items():
        with tempfile.TemporaryDirectory(prefix="ifnscore-bomb-") as folder:
            path = Path(folder) / ending
            make(path)
            start = time.perf_counter()
            words = [sys.executable, "-c", bombs.MEASURED, "inspect", str(path)]
            ended = subprocess.run(words, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
            good = ended.returncode == 1 and ended.stderr.count("\n") == 1 and expected in ended.stderr
            failed += not good
            peak = int(ended.stdout.rpartition("peak ")[2] or 0) / 1024
            size = _size(path) / 1024
            word = "exit 1, one line" if good else f"exit {ended.returncode}: {ended.stderr[-200:]!r}"
            print(f"| {name} | {size:,.0f} KiB | {peak:,.0f} MiB | {seconds:.1f} | {word} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
