"""The notebook from lane files to a score runs as it stands, its outputs are those saved, and its command lines give the same."""

from __future__ import annotations

import copy
import re
import runpy
import shlex
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = EXAMPLES / "panel_to_score.ipynb"
BUILDER = EXAMPLES / "make_panel_notebook.py"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(EXAMPLES / "nanostring_panel", tmp_path / "nanostring_panel")
    return tmp_path


def saved():
    return nbformat.read(NOTEBOOK, as_version=4)


def texts(notebook):
    """Return what every cell printed or showed as text."""
    out = []
    for cell in notebook.cells:
        for o in cell.get("outputs", []):
            found = o.get("text") or o.get("data", {}).get("text/plain", "")
            out.append(found if o["output_type"] != "display_data" else "")
    return "".join(out).split()


@pytest.mark.filterwarnings("ignore")  # of the machinery of notebooks, not of ours
def test_it_runs_and_shows_what_is_saved(folder):
    namespace = runpy.run_path(str(BUILDER))
    notebook = copy.deepcopy(saved())
    for cell in notebook.cells:
        cell.pop("outputs", None) if cell.cell_type == "code" else None
    notebook = nbformat.from_dict(
        {**notebook, "cells": [{**c, "outputs": []} if c.cell_type == "code" else c for c in notebook.cells]}
    )
    namespace["execute"](notebook, folder)
    assert texts(notebook) == texts(saved())


def test_it_is_what_the_builder_makes():
    built = runpy.run_path(str(BUILDER))["build"]()
    assert [(c.cell_type, c.source) for c in built.cells] == [(c.cell_type, c.source) for c in saved().cells]


def test_it_holds_no_paths_and_says_that_the_data_are_drawn():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"/(tmp|home|root|work|Users)/|https?://|127\.0\.0\.1", text)
    assert "SYNTHETIC" in text
    for path in (EXAMPLES / "nanostring_panel").rglob("*.RCC"):
        assert b"SYNTHETIC: drawn by make_lanes.py, nobody was measured" in path.read_bytes()


def test_the_lanes_are_what_the_script_makes(folder, monkeypatch):
    before = {p.name: p.read_bytes() for p in folder.rglob("*.RCC")}
    shutil.rmtree(folder / "nanostring_panel" / "run1")
    script = folder / "nanostring_panel" / "make_lanes.py"
    runpy.run_path(str(script), run_name="__main__")
    assert {p.name: p.read_bytes() for p in folder.rglob("*.RCC")} == before
    assert len(before) == 19


def test_the_command_lines_give_the_same(folder, monkeypatch, run):
    monkeypatch.chdir(folder)
    lines = [
        line for c in saved().cells for block in re.findall(r"```bash\n(.*?)```", c.source, re.S) for line in block.splitlines()
    ]
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "ifnscore"
        code, _, err = run(*words[1:])
        assert code == 0, err
    scores = pd.read_csv("scores.tsv", sep="\t", index_col=0).round(2)
    shown = next(
        o.data["text/plain"] for c in saved().cells for o in c.get("outputs", []) if "kim2018_irg28_geomean" in str(o.get("data"))
    )
    for sample, row in scores.iterrows():
        assert re.search(rf"{sample} +{row.iloc[0]:.2f} +{row.iloc[1]:.2f} ", shown)
