"""Build and run the notebooks: python examples/make_notebooks.py [NAME...] (needs the group ``notebooks``).

A notebook is a text file ``notebooks_src/NAME.py`` in the percent format, so that it can be read, reviewed and changed like any
other file: ``# %%`` begins a cell of code, ``# %% [markdown]`` one of text, whose lines begin with ``# ``. This script runs it in
a temporary folder beside the data and writes ``NAME.ipynb`` with what came out.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
SOURCES = HERE / "notebooks_src"
KERNEL = {"name": "python3", "display_name": "Python 3"}
MARKER = re.compile(r"^# %%(?P<text> \[markdown\])?$", re.M)


def cells(text: str) -> list[tuple[str, str]]:
    """Return kind (``markdown``, ``code``) and source of every cell of a percent file; what stands before the first is left out."""
    starts = list(MARKER.finditer(text))
    ends = [m.start() for m in starts[1:]] + [len(text)]
    made = []
    for start, end in zip(starts, ends, strict=True):
        source = text[start.end() : end].strip("\n")
        if start["text"]:
            made.append(("markdown", "\n".join(re.sub(r"^# ?", "", line) for line in source.splitlines())))
        else:
            made.append(("code", source))
    return made


def build(name: str) -> nbformat.NotebookNode:
    """Return a notebook without outputs."""
    new = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    found = cells((SOURCES / f"{name}.py").read_text(encoding="utf-8"))
    made = [new[kind](source, id=f"cell-{i}") for i, (kind, source) in enumerate(found)]
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Run a notebook in `folder`, which holds the data."""
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "PYTHONHASHSEED": "0"})
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {}


def link_data(folder: Path) -> None:
    """Put the data folders into `folder`, as links."""
    for path in HERE.iterdir():
        if path.is_dir() and path not in (SOURCES, HERE / "__pycache__"):
            (folder / path.name).symlink_to(path, target_is_directory=True)


def names() -> list[str]:
    """Return the names of all notebooks."""
    return sorted(p.stem for p in SOURCES.glob("*.py"))


def main(wanted: list[str]) -> None:
    """Build, run and write notebooks; all of them if none is named."""
    for name in wanted or names():
        notebook = build(name)
        with tempfile.TemporaryDirectory() as folder:
            link_data(Path(folder))
            execute(notebook, Path(folder))
        nbformat.write(notebook, HERE / f"{name}.ipynb")
        print(name)


if __name__ == "__main__":
    main([Path(a).stem for a in sys.argv[1:]])
