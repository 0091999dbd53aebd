"""The notebooks of ``examples/``, shown as they were run."""

from __future__ import annotations

import shutil
from pathlib import Path

from _make import text

EXAMPLES = Path(__file__).parents[2] / "examples"


def write(out: Path) -> None:
    """Copy the notebooks and write ``notebooks/index.md``."""
    found = sorted(EXAMPLES.glob("*.ipynb"))
    folder = out / "notebooks"
    folder.mkdir()
    for path in found:
        shutil.copyfile(path, folder / path.name)
    toc = "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(p.stem for p in found) + "\n```"
    said = "They stand in `examples/` and are run again by the tests; start them there."
    text.write(folder / "index.md", "# Notebooks", said, toc)
