"""The gallery: every figure of ``ifn.pl`` drawn from the synthetic cohort, with the call that made it."""

from __future__ import annotations

import ast
import inspect
import warnings
from pathlib import Path
from typing import Any

from _make import drawn, text

#: Calls that need more than the names below tell; everything else is drawn as ``ifn.pl.NAME(adata, cohort)`` or alike.
CALLS = {
    "heatmap": "ifn.pl.heatmap(adata, cohort=cohort)",
    "timeline": "ifn.pl.timeline(cohort, adata)",
    "type_balance": "ifn.pl.type_balance(adata, cohort)",
    "umap": "ifn.pl.umap(cells)",
    "violin": 'ifn.pl.violin(cells, by="condition")',
    "spatial": "ifn.pl.spatial(spots)",
}
#: What a figure may ask for without a default, by the name of its argument.
KNOWN = {"scored": "adata", "adata": "adata", "cohort": "cohort", "change": "change", "result": "change", "link": "link"}
#: No figures.
OTHERS = {"style"}
SETUP = """\
import ifnscore as ifn

adata, cohort = ifn.datasets.jdm_tofacitinib()
ifn.tl.score(adata, controls="is_control", donor="donor_id")
change = ifn.tl.compare(adata, cohort)
link = ifn.tl.associate(adata, cohort, outcome="cdasi_activity")
"""


def call(name: str, figure: Any) -> str:
    """Return the line that draws a figure.

    Raises
    ------
    KeyError
        The figure asks for something that only a line in `CALLS` can say.
    """
    if name in CALLS:
        return CALLS[name]
    needed = [p.name for p in inspect.signature(figure).parameters.values() if p.default is p.empty]
    if not set(needed) <= set(KNOWN):
        msg = f"docs/_make/gallery.py: say in CALLS how ifn.pl.{name} is called; it needs {', '.join(needed)}"
        raise KeyError(msg)
    return f"ifn.pl.{name}({', '.join(KNOWN[n] for n in needed)})"


def draw(line: str, space: dict[str, Any], path: Path) -> None:
    """Run a call and save the figure of the Axes that it returns."""
    import matplotlib.pyplot as plt

    axes = eval(compile(ast.parse(line, mode="eval"), "gallery", "eval"), space)  # noqa: S307  lines of this file
    axes.figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close("all")


def write(out: Path) -> None:
    """Write ``gallery.md`` and its pictures."""
    space: dict[str, Any] = {}
    blocks = []
    folder = out / "figures"
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(SETUP, space)  # noqa: S102  the text above, which the page shows
        space |= {"cells": drawn.cells(), "spots": drawn.spots()}
        pl = space["ifn"].pl
        for name in sorted(set(pl.__all__) - OTHERS):
            line = call(name, getattr(pl, name))
            draw(line, space, folder / f"{name}.png")
            first = (inspect.getdoc(getattr(pl, name)) or "").split("\n\n")[0]
            picture = f"![{text.plain(first)}](figures/{name}.png)"
            link = f"{{func}}`ifnscore.pl.{name}`"
            blocks += [f"## {name}", f"{text.plain(first)} Options: {link}.", f"```python\n{line}\n```", picture]
    said = (
        "Every figure takes data first and `ax` last, and returns the Axes; nothing is shown, printed or saved. "
        "`with ifn.pl.style():` sets a journal column (85 mm). SYNTHETIC data below, the cells and spots (`cells`, `spots`: "
        "scored AnnData) included; patients stand under codes that are drawn anew in each run."
    )
    text.write(out / "gallery.md", "# Figures", said, f"```python\n{SETUP}```", *blocks)
