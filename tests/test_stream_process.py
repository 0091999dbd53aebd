"""``ifnscore score`` as a process of its own: its memory, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.test_stream import SETS


def make_large(path, n, genes=1_000, per=30):
    """Write `n` cells chunk by chunk: log values, names, two columns."""
    known = list(dict.fromkeys(g for s in SETS.values() for g in s))
    rng = np.random.default_rng(0)
    var = pd.DataFrame(index=[*known, *(f"GENE{i}" for i in range(genes - len(known)))])
    ad.AnnData(X=sparse.csr_matrix((0, genes), dtype=np.float32), var=var).write_h5ad(path)
    text = h5py.string_dtype()
    with h5py.File(path, "a") as file:
        del file["X"], file["obs"]
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": np.array([n, genes])})
        columns = np.sort(rng.permuted(np.tile(np.arange(genes), (1_000, 1)), axis=1)[:, :per], axis=1)
        values = np.log1p(rng.integers(1, 9, (1_000, per)) * np.float32(0.7))
        times = n // 1_000
        x.create_dataset("data", data=np.tile(values.ravel(), times), chunks=(50_000,))
        x.create_dataset("indices", data=np.tile(columns.ravel().astype(np.int32), times), chunks=(50_000,))
        x.create_dataset("indptr", data=np.arange(n + 1, dtype=np.int64) * per)
        obs = file.create_group("obs")
        obs.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
        obs.attrs["column-order"] = np.array(["tissue"], dtype=object)
        names = obs.create_dataset("_index", data=np.array([f"CELL{i:07d}" for i in range(n)], dtype=object), dtype=text)
        names.attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
        kinds = obs.create_group("tissue")
        kinds.attrs.update({"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": False})
        kinds.create_dataset("codes", data=(np.arange(n) % 2).astype("i1")).attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        kinds.create_dataset("categories", data=np.array(["blood", "skin"], dtype=object), dtype=text)
        kinds["categories"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})


MEASURED = """
import json, sys
import anndata, h5py, numba, pandas, scipy.stats, zarr
import pyarrow.parquet
from ifnscore import cli, engine, loaders, tl
from ifnscore.cli import _app
from ifnscore.methods import _ranks
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
numba.njit(lambda x: x + 1)(1)  # the compiler is loaded, which is an import as well
before = peak()
code = _app.run(cli.app, sys.argv[1:])
print(json.dumps([before, peak()]))
sys.exit(code)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_cells(tmp_path):
    """40,000 and 400,000 cells to a table: values and names alone take 19 and 190 MB in memory."""
    (tmp_path / "sets.gmt").write_text("".join(f"{k}\tna\t" + "\t".join(v) + "\n" for k, v in SETS.items()))
    taken = []
    for n in (40_000, 400_000):
        make_large(tmp_path / "m.h5ad", n)
        line = ["score", tmp_path / "m.h5ad", "-s", tmp_path / "sets.gmt", "-m", "mean_log", "--scale", "log1p", "-q", "--force"]
        line = [sys.executable, "-c", MEASURED, *map(str, line), "-o", str(tmp_path / "o.parquet")]
        ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
        assert ended.returncode == 0, ended.stderr
        before, after = json.loads(ended.stdout)
        taken.append(after - before)
        assert len(pd.read_parquet(tmp_path / "o.parquet")) == n
    assert max(taken) < 100
    assert taken[1] - taken[0] < 40
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.h5ad", "o.parquet", "sets.gmt"]


@pytest.mark.slow
@pytest.mark.parametrize("output", ["o.h5ad", "o.zarr", None])
def test_memory_of_a_scored_file_does_not_grow(tmp_path, output):
    """120,000 and 480,000 cells, read in parts both; three times as many names, values and scores more are 90 MB in memory."""
    (tmp_path / "sets.gmt").write_text("".join(f"{k}\tna\t" + "\t".join(v) + "\n" for k, v in SETS.items()))
    taken = []
    for n in (120_000, 480_000):
        make_large(tmp_path / "m.h5ad", n, per=60)
        line = ["score", tmp_path / "m.h5ad", "-s", tmp_path / "sets.gmt", "-m", "mean_log", "--scale", "log1p", "-q", "--force"]
        line += ["-o", tmp_path / output] if output else []
        ended = subprocess.run([sys.executable, "-c", MEASURED, *map(str, line)], capture_output=True, text=True, check=False, timeout=300)
        assert ended.returncode == 0, ended.stderr
        *table, measured = ended.stdout.splitlines()
        before, after = json.loads(measured)
        taken.append(after - before)
        if output is None:
            assert len(table) == n + 1
            continue
        found = ad.read_h5ad(tmp_path / output) if output.endswith("h5ad") else ad.read_zarr(tmp_path / output)
        assert found.n_obs == n
        assert found.obs_names[-1] == f"CELL{n - 1:07d}"
        assert np.isfinite(found.obsm["ifn_mean_log"].to_numpy()).any()
    assert max(taken) < 130
    assert taken[1] - taken[0] < 30
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["m.h5ad", "sets.gmt", *([output] if output else [])])


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing(tmp_path):
    """Ctrl-C while scores are made: exit code 130, one line, no output and no rest of one."""
    make_large(tmp_path / "m.h5ad", n=120_000)
    (tmp_path / "sets.gmt").write_text("".join(f"{k}\tna\t" + "\t".join(v) + "\n" for k, v in SETS.items()))
    output = tmp_path / "o.tsv"
    output.write_text("old")
    code = "import sys, time; from ifnscore.engine import _run; real = _run.Runner.score_part\n"
    code += "def slow(self, *a, **k):\n    open(sys.argv.pop(), 'w').close() if sys.argv[-1].endswith('.begun') else time.sleep(0.2)\n    return real(self, *a, **k)\n"
    code += "_run.Runner.score_part = slow\nfrom ifnscore import cli\nfrom ifnscore.cli import _app\nsys.exit(_app.run(cli.app, sys.argv[1:-1]))"
    begun = tmp_path / "x.begun"
    line = ["score", tmp_path / "m.h5ad", "-s", tmp_path / "sets.gmt", "-m", "mean_log", "--scale", "log1p", "-o", output, "--force", "--chunk-size", "500"]
    running = subprocess.Popen([sys.executable, "-c", code, *map(str, line), str(begun)], stderr=subprocess.PIPE, text=True)
    for _ in range(1_200):
        if begun.exists() or running.poll() is not None:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.splitlines()[-1] == "ifnscore: interrupted; nothing was written"
    assert output.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.h5ad", "o.tsv", "sets.gmt", "x.begun"]
