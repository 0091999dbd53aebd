"""The notebooks of ``examples/``, shown as they were run."""

from __future__ import annotations

import json
import re
from pathlib import Path

from _make import text

EXAMPLES = Path(__file__).parents[2] / "examples"
#: Where a file that a notebook links to stands here.
PAGES = {
    "../benchmarks/calibration/RESULTS.md": "../calibration_results.md",
    "../benchmarks/calibration/README.md": "../calibration.md",
    "../genesets/README.md": "../catalogue/rules.md",
    "../CONTRIBUTING.md": "../../contributing.md",
}
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)([^)\s]*)\)")


def _relinked(match: re.Match[str], names: set[str]) -> str:
    """Return a link that holds here too; what has no page becomes plain words."""
    words, target, place = match.groups()
    if target.startswith(("http:", "https:")) or target in names:
        return match[0]
    if target in PAGES:
        return f"[{words}]({PAGES[target]}{place})"
    if target.startswith("../docs/"):
        return f"[{words}](../../{target.removeprefix('../docs/')}{place})"
    return words


def write(out: Path) -> None:
    """Copy the notebooks and write ``notebooks/index.md``."""
    found = sorted(EXAMPLES.glob("*.ipynb"))
    names = {p.name for p in found}
    for path in found:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = _LINK.sub(lambda m: _relinked(m, names), "".join(cell["source"]))
        text.write(out / "notebooks" / path.name, json.dumps(notebook))
    toc = "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(p.stem for p in found) + "\n```"
    said = "They stand in `examples/` and are run again by the tests; start them there."
    text.write(out / "notebooks" / "index.md", "# Notebooks", said, toc)
