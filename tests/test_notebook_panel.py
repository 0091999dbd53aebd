"""The lane files of the panel notebook are what their script draws, and its command lines give what it shows."""

from __future__ import annotations

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


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(EXAMPLES / "nanostring_panel", tmp_path / "nanostring_panel")
    return tmp_path


def saved():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_lanes_say_that_they_are_drawn():
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
