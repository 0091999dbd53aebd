"""Kill writers at 100 random moments and at their file operations, and let them meet a full disk; a minute or two.

The counts go to stdout as JSON. The harness is tests/crash.py, of which the ordinary tests run a part.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HARNESS = Path(__file__).parents[2] / "tests" / "crash.py"
KILLS, SEED, STEPS = 100, 2026, 6

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ifnscore-kill-") as folder:
        words = [sys.executable, str(HARNESS), f"{folder}/crash", str(KILLS), str(SEED), str(STEPS)]
        sys.exit(subprocess.run(words, check=False).returncode)
