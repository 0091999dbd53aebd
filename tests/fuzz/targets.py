"""What is fuzzed: every text format of the registry, and every other text that a user hands over.

A target is a folder of seeds in ``corpus/``; for formats the name of the first seed is the file name under which an input is
read, since some formats are known by their names. A new text format needs a folder of seeds and nothing else;
``tests/test_fuzz_seeds.py`` says so when it has none.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from tests import cohorts

from ifnscore import expr, loaders, reference, scoretable, signatures
from ifnscore.cli import _inputs
from ifnscore.cohort import Cohort
from ifnscore.instruments import tis
from ifnscore.loaders import _files, _registry

HERE = Path(__file__).parent
CORPUS, REGRESSIONS = HERE / "corpus", HERE / "regressions"
#: Formats with one of these endings are binary: h5py, pyarrow, rdata, openpyxl parse them.
BINARY = {".h5ad", ".h5", ".hdf5", ".parquet", ".pq", ".zarr", ".loom", ".xlsx", ".xlsm", ".xls", ".h5mu", ".rds", ".rda", ".rdata", ".robj", ".zip"}
#: Shares of all executions; a format that is not named has `OTHER`. Slow ones (a cohort is eight files) have small shares.
SHARES = {
    "gmt": 200, "toml": 200, "expression": 150, "reference": 100, "text": 50, "htseq": 40, "tis": 30, "samples": 20, "scores": 20,
    "cohort_table": 7, "cohort_toml": 7,
}  # fmt: skip
OTHER = 12

_OBS = pd.DataFrame({"group": ["healthy", "healthy", "jdm"], "age": [7, 8, 9], "ok": [True, False, True], "x y": ["a", None, "b"]}, index=["s1", "s2", "s3"])


@dataclass(frozen=True, slots=True)
class Target:
    """A parser to be fuzzed: `run` takes the bytes of an input; `share` is its part of all executions."""

    name: str
    run: Callable[[bytes], None]
    share: int


def _folder() -> Path:
    """Return a folder of this process, in memory where the machine has such a place."""
    shm = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="ifnscore-fuzz-", dir=shm if shm.is_dir() else None))


def text_formats() -> list[str]:
    """Return the names of the formats that are text in one file."""
    return [f.name for f in _registry.loaders() if not f.folder and set(f.suffixes) - BINARY]


def seeds(target: str) -> list[Path]:
    """Return the seed files of a target."""
    return sorted(p for p in (CORPUS / target).glob("*") if p.is_file())


def _format(name: str) -> Callable[[bytes], None]:
    folder = _folder()

    def run(data: bytes) -> None:
        found = seeds(name)
        path = folder / (found[0].name if found else "m.txt")
        path.write_bytes(data)
        _files._head.cache_clear()
        loaders.read(path)

    return run


def _file(ending: str, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    path = _folder() / f"x{ending}"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return run


def _expression(data: bytes) -> None:
    expr.mask(_OBS, data.decode("utf-8", errors="replace"))


def _samples(path: Path) -> None:
    adata = ad.AnnData(X=np.ones((3, 1), dtype=np.float32), obs=pd.DataFrame(index=["s1", "s2", "s3"]))
    _inputs.join_samples(adata, path)


def _reference() -> Callable[[bytes], None]:
    path = _folder() / "healthy.json"

    def run(data: bytes) -> None:
        try:  # no mutation would ever fit the hash, so it is made to fit
            body = json.loads(data)
            if isinstance(body, dict):
                body.pop("hash", None)
                body["hash"] = reference._hash(body)
                data = json.dumps(body).encode()
        except (ValueError, RecursionError):
            pass
        path.write_bytes(data)
        found = reference.read(path)
        found.describe()
        found.hash()

    return run


def _cohort(table: bool) -> Callable[[bytes], None]:
    folder = cohorts.write(_folder() / "cohort")
    names = sorted(cohorts.TABLES)

    def run(data: bytes) -> None:
        name = names[data[0] % len(names)] if table and data else "patients"
        path = folder / (f"{name}.csv" if table else "cohort.toml")
        before = path.read_bytes()
        try:
            path.write_bytes(data[1:] if table else data)
            Cohort.read(folder)
        finally:
            path.write_bytes(before)

    return run


def _tis(path: Path) -> None:
    tis.from_table(_inputs.read_table(path), where=path.name, core_set="IMACS", enzyme_range=15, mmt_max=80, extramuscular_range=10)


def _scores(path: Path) -> None:
    scoretable.collect(_inputs.read_table(path), score_type="log").analysed()


def targets() -> list[Target]:
    """Return every target."""
    makers: dict[str, Callable[[], Callable[[bytes], None]]] = {
        "gmt": lambda: _file(".gmt", lambda p: signatures.resolve(str(p))),
        "toml": lambda: _file(".toml", lambda p: signatures.resolve(str(p))),
        "expression": lambda: _expression,
        "samples": lambda: _file(".csv", _samples),
        "reference": _reference,
        "cohort_table": lambda: _cohort(table=True),
        "cohort_toml": lambda: _cohort(table=False),
        "tis": lambda: _file(".csv", _tis),
        "scores": lambda: _file(".csv", _scores),
        **{name: (lambda name=name: _format(name)) for name in text_formats()},
    }
    return [Target(name, _Late(make), SHARES.get(name, OTHER)) for name, make in makers.items()]


class _Late:
    """A target that makes its folder on the first call."""

    def __init__(self, make: Callable[[], Callable[[bytes], None]]) -> None:
        self._make, self._run = make, None

    def __call__(self, data: bytes) -> None:
        if self._run is None:
            self._run = self._make()
        self._run(data)
