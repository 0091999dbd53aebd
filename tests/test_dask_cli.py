"""``--scheduler``: an address, or ``local``; what cannot be reached is said in one line."""

from __future__ import annotations

import socket
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import distributed
import pandas as pd
import pytest
from tests.test_dask import cells, write_zarr

from ifnscore import sources
from ifnscore.cli import _scheduler
from ifnscore.errors import DataError
from ifnscore.loaders import _lazily
from ifnscore.sources import _rows, _shared

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
    pytest.mark.filterwarnings("ignore:.*autosharding will be the default"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a folder with the same cells as zarr and as h5ad."""
    folder = tmp_path_factory.mktemp("scheduler")
    write_zarr(folder / "cells.zarr", cells(900))
    cells(900).write_h5ad(folder / "cells.h5ad")
    return folder


@pytest.fixture
def large(monkeypatch):
    """Take any file for a large one, and cut it into small parts."""
    monkeypatch.setattr(_lazily, "SMALL", 0)
    monkeypatch.setattr(_lazily, "MANY", 1)
    monkeypatch.setattr(_rows, "VALUES", 30_000)
    monkeypatch.setattr(_shared, "TOGETHER", 2)


def table(path):
    return pd.read_csv(path, sep="\t", index_col=0)


def test_address_of_a_cluster(run, store, large, tmp_path, monkeypatch):
    silent = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, memory_limit="2GiB", **silent) as cluster:
        for name, method in (("cells.zarr", "ucell"), ("cells.h5ad", "zcohort_mean")):
            words = ("score", store / name, "-m", method, "--samples", samples(tmp_path))
            code, _, _ = run(*words, "-o", tmp_path / f"{method}.tsv")
            assert code == 0
            address = cluster.scheduler_address
            code, _, err = run(*words, "-o", tmp_path / f"{method}2.tsv", "--scheduler", address)
            assert code == 0, err
            assert f"scoring on 2 workers (2 threads) of {address}" in err
            one, two = table(tmp_path / f"{method}.tsv"), table(tmp_path / f"{method}2.tsv")
            pd.testing.assert_frame_equal(one, two, rtol=1e-12, check_exact=method == "ucell")
        seen_elsewhere(run, store, tmp_path, cluster.scheduler_address, monkeypatch)
    with pytest.raises(ValueError, match="No clients"):
        distributed.default_client()


def seen_elsewhere(run, store, folder, address, monkeypatch):
    """What workers say who do not see the file under the path of the command; nothing is written."""
    share = _lazily.Lazy.share
    monkeypatch.setattr(_lazily.Lazy, "share", lambda self, path: share(self, path.parent / "elsewhere" / path.name))
    for name in ("cells.zarr", "cells.h5ad"):
        code, _, err = run("score", store / name, "-m", "ucell", "-o", folder / "none.tsv", "--scheduler", address)
        assert code == 1
        assert f"{store / 'elsewhere' / name} is not there for a worker: put the file where all" in err.splitlines()[-1]
        assert "Traceback" not in err
        assert not (folder / "none.tsv").exists()


def samples(folder):
    """Write annotations, so that codes of strata travel too."""
    made = cells(900).obs
    made.rename_axis("sample_id").to_csv(folder / "samples.csv")
    return folder / "samples.csv"


def test_workers_on_this_machine(run, store, large, tmp_path, monkeypatch):
    monkeypatch.setattr(_scheduler, "_cores", lambda: 2)
    code, _, err = run("score", store / "cells.zarr", "-m", "ssgsea", "-o", tmp_path / "a.tsv", "--scheduler", "local")
    assert code == 0, err
    assert "2 workers on this machine, each with up to" in err
    assert "Traceback" not in err
    code, _, _ = run("score", store / "cells.zarr", "-m", "ssgsea", "-o", tmp_path / "b.tsv")
    assert code == 0
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_small_matrix_is_scored_here(run, store):
    code, out, err = run("score", store / "cells.zarr", "-m", "mean_log", "--scheduler", "local")
    assert code == 0
    assert "--scheduler is not used: the matrix is in memory already" in err
    assert len(out.splitlines()) == 901


def test_nobody_answers(run, store, monkeypatch):
    monkeypatch.setattr(_scheduler, "PATIENCE", 0.5)
    with socket.socket() as silent:  # takes the call and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        for address in (f"tcp://127.0.0.1:{nobody}", f"127.0.0.1:{port}"):
            code, out, err = run("score", store / "cells.zarr", "--scheduler", address)
            assert (code, out) == (1, "")
            assert f"--scheduler {address}: no Dask scheduler answers there within 0.5 s" in err
            assert len(err.splitlines()) == 1


@pytest.mark.parametrize("address", ["", "here", "tcp://127.0.0.1", "ftp://127.0.0.1:1", "tls://127.0.0.1:1"])
def test_no_address(run, store, address):
    code, _, err = run("score", store / "cells.zarr", "--scheduler", address)
    assert code == 2
    assert "no address of a scheduler" in err
    assert "write tcp://HOST:PORT or local" in err
    assert len(err.splitlines()) == 1


def test_dask_is_not_installed(run, store, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run("score", store / "cells.zarr", "--scheduler", "local")
    assert code == 1
    assert err == 'ifnscore: error: --scheduler needs Dask: pip install "ifnscore[dask]"\n'


def test_matrix_by_genes_cannot_be_shared_out(run, large, tmp_path, monkeypatch):
    monkeypatch.setattr(_scheduler, "_cores", lambda: 1)
    adata = cells(300)
    adata.X = adata.X.tocsc()
    adata.write_h5ad(tmp_path / "cells.h5ad")
    code, _, err = run("score", tmp_path / "cells.h5ad", "-m", "ucell", "--scheduler", "local")
    assert code == 1
    assert "X is stored by genes (CSC)" in err
    assert "leave --scheduler out" in err


def test_workers_must_compute_the_same():
    def ask(answers):
        def run(*_):
            if isinstance(answers, Exception):
                raise answers
            return answers

        _scheduler._check_workers(SimpleNamespace(wait_for_workers=lambda *_, **__: None, run=run), "local")

    with pytest.raises(DataError, match=r"its workers have ifnscore 0\.0\.1 and this is"):
        ask({"a": "0.0.1"})
    with pytest.raises(DataError, match=r'its workers lack ifnscore: pip install "ifnscore\[dask\]=='):
        ask(PackageNotFoundError("ifnscore"))


def test_file_must_be_where_workers_see_it(store):
    for path, name in ((store / "gone.h5ad", "X"), (store / "gone.zarr", "X")):
        with pytest.raises(DataError, match="is not there for a worker"), sources.Place(str(path), name, (900, 5)).opened():
            pass
    for path in ("cells.h5ad", "cells.zarr"):
        with (
            pytest.raises(DataError, match="X is another matrix for this worker"),
            sources.Place(str(store / path), "X", (901, 5)).opened(),
        ):
            pass
