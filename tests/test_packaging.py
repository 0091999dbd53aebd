"""The catalogue and the example data are found from wheel, sdist and editable install."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ifnscore import _resources
from ifnscore.errors import DataError

ROOT = Path(__file__).parent.parent
LOOK = (
    "import ifnscore as ifn, pathlib;"
    "print(len(ifn.signatures.ids()), ifn.signatures.get('rice').n_genes, ifn.datasets.hppt().shape, pathlib.Path(ifn.__file__).parent)"
)


def build(kind: str, source: Path, target: Path) -> Path:
    hook = "build_wheel" if kind == "wheel" else "build_sdist"
    code = f"import hatchling.build as b; print(b.{hook}({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=True)
    return target / done.stdout.strip().splitlines()[-1]


def run_demo(folder: Path, cwd: Path) -> str:
    """Run the demo with the package of `folder` only, in a folder without anything else."""
    path = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "ifnscore", "demo", "-q"]
    done = subprocess.run(command, cwd=cwd, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def look(folder: Path, cwd: Path) -> str:
    """Import the package from `folder` only, and return what it finds."""
    path = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=cwd, env=path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


def unzipped(wheel: Path, target: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_wheel(tmp_path):
    folder = unzipped(build("wheel", ROOT, tmp_path), tmp_path / "site")
    assert look(folder, tmp_path) == f"{len(list((ROOT / 'genesets').glob('*.toml')))} 6 (15, 26364) {folder / 'ifnscore'}"
    assert (folder / "ifnscore" / "py.typed").exists()
    assert {p.name for p in (folder / "ifnscore" / "report" / "page").iterdir()} == {"page.html.j2", "page.css", "page.js"}
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run_demo(folder, empty).count("SYNTHETIC") >= 2
    assert (empty / "ifnscore-demo" / "compare" / "compare.tsv").read_text().count("SYNTHETIC") > 5


def test_sdist_and_the_wheel_made_from_it(tmp_path, sdist):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = next(p for p in tmp_path.iterdir() if p.is_dir())
    assert look(source / "src", tmp_path).startswith(f"{len(list((ROOT / 'genesets').glob('*.toml')))} 6 (15, 26364)")
    folder = unzipped(build("wheel", source, tmp_path), tmp_path / "site")
    assert str(folder) in look(folder, tmp_path)
    for name in ("README.md", "LICENSE", "Makefile", "constraints.txt", "tests/conftest.py", "genesets/genes.tsv"):
        assert (source / name).exists(), name


def test_editable_install_reads_the_checkout(tmp_path):
    assert look(ROOT / "src", tmp_path).startswith(f"{len(list((ROOT / 'genesets').glob('*.toml')))} 6")


def test_a_broken_installation_says_so():
    with pytest.raises(DataError, match="reinstall ifnscore"):
        _resources.folder("nosuchfolder")


def test_nothing_published_names_a_machine_or_a_registry():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\0")
    words = ["/" + "root/", "/" + "work/", "file" + "://", "index" + "-url", "pyp" + "i.org/simple"]
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in {".gz", ".png"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [w for w in words if w in text], name
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in line and "://" not in line for line in lines)
