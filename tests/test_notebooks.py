"""Every notebook of examples/ is what its text builds, runs as it stands, and shows what is saved: numbers, pictures, no traces."""

from __future__ import annotations

import base64
import io
import re
import runpy
import shutil
from pathlib import Path

import anndata as ad
import nbformat
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted(p.stem for p in EXAMPLES.glob("*.ipynb"))
MAKE = runpy.run_path(str(EXAMPLES / "make_notebooks.py"))
#: Codes of patients and samples, which are drawn anew in each run.
CODE = re.compile(r"\b[PS]\d{2,3}\b")
MOST_BYTES = 600_000


def saved(name):
    return nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)


def outputs(notebook):
    return [o for cell in notebook.cells for o in cell.get("outputs", [])]


def words(notebook):
    """Return what was printed or shown as text; where codes of patients are in it, without them and in no order."""
    found = []
    for o in outputs(notebook):
        data = o.get("data", {})
        text = o.get("text") or ("" if "image/png" in data else data.get("text/markdown") or data.get("text/plain", ""))
        mine = CODE.sub("CODE", text).split()
        found.append(sorted(mine) if CODE.search(text) else mine)
    return found


def pictures(notebook):
    return [base64.b64decode(o["data"]["image/png"]) for o in outputs(notebook) if "image/png" in o.get("data", {})]


def test_every_text_has_its_notebook():
    assert MAKE["names"]() == NAMES
    assert len(NAMES) == 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")  # of the machinery of notebooks, not of ours
def test_it_runs_and_shows_what_is_saved(name, tmp_path):
    for folder in EXAMPLES.iterdir():
        if folder.is_dir() and folder.name not in {"notebooks_src", "__pycache__"}:
            shutil.copytree(folder, tmp_path / folder.name)
    notebook = MAKE["build"](name)
    MAKE["execute"](notebook, tmp_path)
    assert words(notebook) == words(saved(name))
    assert len(pictures(notebook)) == len(pictures(saved(name)))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_its_text_builds(name):
    assert [(c.cell_type, c.source, c.id) for c in saved(name).cells] == [
        (c.cell_type, c.source, c.id) for c in MAKE["build"](name).cells
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_pictures_and_says_what_to_do_next(name):
    from matplotlib.image import imread

    notebook = saved(name)
    drawn = [imread(io.BytesIO(p))[..., :3] for p in pictures(notebook)]
    assert drawn
    assert all(image.std() > 0.02 for image in drawn)
    last = notebook.cells[-1]
    assert last.cell_type == "markdown"
    assert "## What next\n" in last.source
    assert "- " in last.source.split("## What next\n")[1]


@pytest.mark.parametrize("name", NAMES)
def test_its_links_lead_somewhere(name):
    text = "\n".join(c.source for c in saved(name).cells if c.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    for link in links:
        assert (EXAMPLES / link).exists(), link


@pytest.mark.parametrize("name", NAMES)
def test_it_carries_no_traces(name):
    notebook, path = saved(name), EXAMPLES / f"{name}.ipynb"
    assert notebook.metadata == {"kernelspec": MAKE["KERNEL"], "language_info": {"name": "python"}}
    assert all(c.metadata == {} for c in notebook.cells)
    assert all(c.execution_count for c in notebook.cells if c.cell_type == "code")
    shown = "".join(str(o.get("text") or "") + str({k: v for k, v in o.get("data", {}).items() if k != "image/png"}) for o in outputs(notebook))
    assert not re.search(r"/(tmp|home|root|work|Users|usr)/|127\.0\.0\.1|\b20\d\d-\d\d-\d\d", shown)
    assert not [o for o in outputs(notebook) if o.output_type == "error"]
    said = "".join(o.text for o in outputs(notebook) if o.get("name") == "stderr").splitlines()
    assert all(line.startswith("warning: ") for line in said)  # those of ifnscore, where a notebook shows them on purpose
    assert path.stat().st_size < MOST_BYTES


def test_what_is_drawn_says_so():
    for name in ("panel_to_score", "tofacitinib_cohort"):
        assert "SYNTHETIC" in saved(name).cells[0].source
    for name in ("bulk_scores", "single_cell", "own_signatures"):
        assert "**real**" in saved(name).cells[0].source.lower()
        assert re.search(r"CC0|CC BY 4\.0", saved(name).cells[0].source)


def test_the_overview_names_every_notebook_and_folder():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        if path.name not in {"README.md", "__pycache__"} and not path.name.startswith("."):
            assert path.name in text, path.name


def test_the_single_cells_are_what_their_readme_says():
    folder = EXAMPLES / "covid_pbmc"
    cells = ad.read_h5ad(folder / "pbmc.h5ad")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert cells.shape == (1080, 25456)
    assert "1,080 cells x 25,456 genes" in readme
    assert (cells.obs.groupby(["donor", "cell_type"], observed=True).size() == 60).all()
    assert list(cells.obs) == ["donor", "group", "cell_type"]
    assert not cells.uns
    assert cells.obs_names.str.fullmatch(r"c\d{4}").all()
    assert cells.X.dtype == np.int32
    assert cells.X.data.min() == 1
    assert (folder / "pbmc.h5ad").stat().st_size < 5_000_000
    for text in (readme, (folder / "LICENSE").read_text(encoding="utf-8")):
        assert "CC BY 4.0" in text
        assert "10.1016/j.cell.2022.01.012" in text
