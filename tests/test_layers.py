"""The layers of docs/architecture.md hold, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ifnscore

PACKAGE = Path(ifnscore.__file__).parent
ROWS = [
    {"errors", "_lazy", "_resources", "_files", "_formulas", "_html", "_lock", "_threads", "spelling", "lookalike"},
    {"genes", "orthologs", "methods", "sources", "stats", "expression", "expr", "keys", "identify", "instruments", "options", "result"}
    | {"_reference_check", "strata"},
    {"matrix", "axis"},
    {"signatures"},
    {"reference", "loaders", "pp", "cohort"},
    {"engine"},
    {"get"},
    {"scored", "scoretable"},
    {"analysis"},
    {"tl"},
    {"datasets"},
    {"pl"},
    {"report"},
    {"cli"},
]
ROW_OF = {unit: i for i, row in enumerate(ROWS) for unit in row}
HEAVY = ("numpy", "pandas", "scipy", "anndata", "numba", "matplotlib", "scanpy", "statsmodels", "pyarrow", "zarr", "h5py")


def unit_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_units(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ifnscore"):
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("ifnscore.")}
    return found


SOURCES = [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem not in {"__init__", "__main__"}]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downward(path):
    mine = ROW_OF[unit_of(path)]
    upward = {u for u in imported_units(path) if u in ROW_OF and ROW_OF[u] > mine}
    assert not upward, f"{path.name} imports from a higher row: {upward}"


def test_every_unit_has_a_row():
    assert {unit_of(p) for p in SOURCES} <= set(ROW_OF)


def loaded_after(code: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {m.split(".")[0] for m in run.stdout.split()}


@pytest.mark.parametrize(
    "code",
    [
        "import ifnscore",
        "from ifnscore import tl, get, signatures, reference, datasets, methods\nmethods.records()\nfrom ifnscore import read",
        "from ifnscore.cli import app\ntry:\n    app(['score', '--help'])\nexcept SystemExit:\n    pass",
    ],
    ids=["import", "namespaces", "help"],
)
def test_nothing_heavy_is_imported(code):
    assert not loaded_after(code) & set(HEAVY)


def test_heavy_names_are_seen_when_they_are_used():
    """The test above can fail: the same look finds numpy once an attribute is touched."""
    assert "numpy" in loaded_after("from ifnscore._lazy import np\nnp.float64")


def test_public_names_resolve():
    for name in ifnscore.__all__:
        assert getattr(ifnscore, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'scoer'"):
        _ = ifnscore.scoer
