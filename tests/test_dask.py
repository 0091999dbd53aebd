"""Dask arrays and clusters: the numbers of one process, whatever the blocks, whoever dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import anndata as ad
import dask
import distributed
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import zarr

import ifnscore as ifn
from ifnscore.engine import _cluster, _distributed, _group
from ifnscore.errors import DataError, ScaleError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
    pytest.mark.filterwarnings("ignore:Sending large graph:UserWarning"),  # of values that the tests hold in memory
    pytest.mark.filterwarnings("ignore:.*autosharding will be the default"),
]

N, GENES = 2_300, 2_200
EXACT = ("ucell", "singscore", "aucell", "ssgsea")
SUMS = ("mean_log", "zcohort_mean", "plage")


def cells(n=N, seed=3):
    """Counts of cells of two tissues, one in three healthy, one in 50 empty, interferon genes higher in the others."""
    rng = np.random.default_rng(seed)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))
    names = [*known, *(f"GENE{i:04d}" for i in range(GENES - len(known)))]
    x = rng.poisson(0.15, (n, GENES)).astype(np.float32)
    x[:, : len(known)] += rng.poisson(0.6, (n, len(known)))
    x[n // 3 :, : len(known)] += rng.poisson(1.0, (n - n // 3, len(known)))
    x[::50] = 0
    obs = pd.DataFrame(
        {"group": np.where(np.arange(n) < n // 3, "healthy", "ill"), "tissue": rng.choice(["blood", "skin"], n)},
        index=[f"c{i}" for i in range(n)],
    )
    shuffled = rng.permutation(n)
    return ad.AnnData(sp.csr_matrix(x), obs=obs, var=pd.DataFrame(index=names))[shuffled].copy()


def write_zarr(path, adata):
    """Write a store of format 3, which not every anndata does by default."""
    ad.io.write_elem(zarr.open_group(path, mode="w", zarr_format=3), "/", adata)
    zarr.consolidate_metadata(path)


@pytest.fixture(scope="module")
def here():
    return cells()


@pytest.fixture(scope="module")
def files(here, tmp_path_factory):
    """Return the same cells as a zarr store and as an h5ad."""
    folder = tmp_path_factory.mktemp("dask")
    write_zarr(folder / "cells.zarr", here)
    here.write_h5ad(folder / "cells.h5ad")
    return {"zarr": folder / "cells.zarr", "h5ad": folder / "cells.h5ad"}


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit="2GiB", silence_logs=50
    ) as made:
        yield made


@pytest.fixture
def client(cluster):
    cluster.scheduler.allowed_failures = 3
    with distributed.Client(cluster) as made:
        made.wait_for_workers(2, timeout=60)
        yield made


def lazily(path):
    return ad.experimental.read_lazy(path)


def blocks(x, rows, columns=-1):
    """Return values in memory as a dask array."""
    import dask.array as da

    make = sp.csr_matrix if sp.issparse(x) else np.asarray
    steps = range(0, x.shape[0], rows)
    found = [
        da.from_delayed(dask.delayed(x[i : i + rows]), (min(rows, x.shape[0] - i), x.shape[1]), x.dtype, make(x[:0]))
        for i in steps
    ]
    return da.concatenate(found).rechunk({1: columns}) if columns != -1 else da.concatenate(found)


def wide(adata, *args, **kwargs):
    kwargs = {"detail": False, **kwargs}
    ifn.tl.score(adata, *args, **kwargs)
    return ifn.get.scores_wide(adata).to_numpy()


def close(a, b):
    """Whether sums agree to 1e-12 of what scores differ by."""
    there = np.isfinite(b)
    assert there.sum() > N
    size = np.where(there, np.abs(b), 0).max(axis=0)
    gap = np.where(there, np.abs(a - b), 0) / np.where(size > 0, size, 1)
    return np.array_equal(np.isfinite(a), there) and gap.max() < 1e-12


@pytest.mark.parametrize(("kind", "compiled"), [("zarr", True), ("h5ad", False)])
def test_methods_give_the_numbers_of_one_process(here, files, client, monkeypatch, kind, compiled):
    monkeypatch.setattr(_group, "worth_compiling", lambda *_: compiled)
    far = lazily(files[kind])
    assert far.X.numblocks[0] == 3
    for method in EXACT:
        expected = wide(here, method=method)
        assert np.isfinite(expected).sum() > 10_000
        np.testing.assert_array_equal(wide(far, method=method), expected, err_msg=method)
    for method in SUMS:
        assert close(wide(far, method=method), wide(here, method=method)), method


def test_controls_strata_and_details(here, files, client):
    far = lazily(files["zarr"])
    asked = {"controls": "group == 'healthy'", "reference_by": "tissue", "detail": True}
    a, b = wide(far, **asked), wide(here, **asked)
    assert close(a, b)
    pd.testing.assert_frame_equal(ifn.get.coverage(far), ifn.get.coverage(here), rtol=1e-12)
    pd.testing.assert_frame_equal(ifn.get.genes(far), ifn.get.genes(here), rtol=1e-12)
    key = "ifn_published_detail"
    pd.testing.assert_frame_equal(far.obsm[key], here.obsm[key], rtol=1e-9, check_names=False)  # xarray names its index
    by = {"reference_by": "tissue", "method": "zcohort_mean"}
    assert close(wide(far, **by), wide(here, **by))
    assert not close(wide(far, method="zcohort_mean", reference_by=[]), wide(here, **by))


def test_without_a_client_dask_works_here(here, files):
    assert _cluster.client() is None
    far = lazily(files["zarr"])
    np.testing.assert_array_equal(wide(far, method="ucell"), wide(here, method="ucell"))
    assert close(wide(far, method="zcohort_mean"), wide(here, method="zcohort_mean"))


def test_blocks_and_chunks_of_any_size(here, client):
    expected, logs = wide(here, method="ucell"), wide(here, method="mean_log")
    for rows, columns, size in ((171, -1, None), (N, -1, 100), (700, 900, None)):
        far = here.copy()
        far.X = blocks(here.X, rows, columns)
        np.testing.assert_array_equal(wide(far, method="ucell", chunk_size=size), expected)
        assert close(wide(far, method="mean_log", chunk_size=size), logs)
    dense = here.copy()
    dense.X = blocks(here.X.toarray(), 500)
    np.testing.assert_array_equal(wide(dense, method="ucell"), expected)


def test_what_contradicts_is_refused_by_name(here, client):
    last = here.obs_names[-3]
    for value, what in (
        (np.nan, f"nan in signature gene IFI27, sample {last}:"),
        (0.5, rf"0.5 is no whole.*sample {last}, gene IFI27"),
    ):
        x = here.X.copy().tolil()
        x[N - 3, list(here.var_names).index("IFI27")] = value
        far = here.copy()
        far.X = blocks(x.tocsr(), 250)
        with pytest.raises(DataError, match=what) as error:
            wide(far, method="ucell", scale=None if value == 0.5 else "counts")
        assert isinstance(error.value, ScaleError) == (value == 0.5)
        assert "\n" not in str(error.value)


def test_empty_cells_have_no_score(here, files, client):
    far = lazily(files["h5ad"])
    with pytest.warns(ifn.errors.IfnscoreWarning, match="no score for 46 samples without any expression"):
        found = wide(far, method="ucell")
    assert np.isnan(found).all(axis=1).sum() == 46


def test_methods_of_all_samples_at_once_are_refused(here, files):
    far = lazily(files["zarr"])
    for method in ("gsva", "score_genes"):
        with pytest.raises(DataError, match=f"{method} needs all samples in memory at once.*pseudobulk"):
            wide(far, method=method, scale="counts")


def test_array_cut_by_genes_is_refused(here):
    far = here.copy()
    far.X = blocks(here.X.toarray(), N, 500)
    with pytest.raises(DataError, match=r"cut by genes.*rechunk"):
        wide(far, method="ucell")


def test_only_plans_are_sent(here, files):
    import pickle

    far, runners = lazily(files["zarr"]), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_distributed, "gathered", lambda tasks: runners.extend(tasks) or iter(()))
        with contextlib.suppress(DataError):  # nothing comes back: as if every sample were empty
            wide(far, method="ucell")
    sent = next(v for v in dict(runners[0].dask).values() if "_Sent" in repr(v))
    assert len(pickle.dumps(sent)) < 400_000  # 2,200 names and the panel; the values alone are 1.8 MB


def test_worker_killed_in_mid_run_loses_nothing(here, client, tmp_path):
    expected = wide(here, method="ucell")
    x, rows, gate = here.X, 200, tmp_path / "go"

    def read(block_info=None):
        start, stop = block_info[None]["array-location"][0]
        (tmp_path / f"{start}-{os.getpid()}").touch()
        while start >= 1_000 and not gate.exists():  # the first blocks are done by then
            time.sleep(0.01)
        return x[start:stop]

    import dask.array as da

    sizes = (*(rows for _ in range(N // rows)), N % rows)
    far = here.copy()
    far.X = da.map_blocks(read, dtype=x.dtype, chunks=(sizes, (GENES,)), meta=x[:0])
    killed = []

    def kill():
        waiting = []
        while len(waiting) < 2:
            waiting = [p for p in tmp_path.glob("*-*") if int(p.name.split("-")[0]) >= 1_000]
            time.sleep(0.01)
        killed.append(int(waiting[0].name.split("-")[1]))
        os.kill(killed[0], signal.SIGKILL)
        while _alive(killed[0]):
            time.sleep(0.01)
        gate.touch()

    other = threading.Thread(target=kill, daemon=True)
    other.start()
    found = wide(far, method="ucell")
    other.join(timeout=30)
    np.testing.assert_array_equal(found, expected)
    tried = [p.name.split("-") for p in tmp_path.glob("*-*")]
    again = {s for s, p in tried if int(p) == killed[0] and sum(s == t for t, _ in tried) > 1}
    assert again  # what the dead one had begun was begun anew elsewhere


def _alive(pid):
    """Whether a process runs; the nanny of a dead worker takes it away sooner or later."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_samples_that_kill_every_worker_end_in_one_line(here, cluster, client):
    import dask.array as da

    x = here.X

    def read(block_info=None):
        start, stop = block_info[None]["array-location"][0]
        if start:
            os.kill(os.getpid(), signal.SIGKILL)
        return x[start:stop]

    far = here.copy()
    far.X = da.map_blocks(read, dtype=x.dtype, chunks=((1_000, N - 1_000), (GENES,)), meta=x[:0])
    cluster.scheduler.allowed_failures = 0
    with pytest.raises(DataError, match="workers died over the same samples") as error:
        wide(far, method="ucell", scale="counts")
    assert "\n" not in str(error.value)


def test_cluster_that_goes_away_ends_in_one_line(here, tmp_path):
    import dask.array as da

    x, begun = here.X, tmp_path / "begun"

    def read(block_info=None):
        start, stop = block_info[None]["array-location"][0]
        begun.touch()
        while not start and begun.exists():
            time.sleep(0.01)
        return x[start:stop]

    far = here.copy()
    far.X = da.map_blocks(read, dtype=x.dtype, chunks=((1_000, N - 1_000), (GENES,)), meta=x[:0])
    quiet = {"processes": False, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    short = dask.config.set({"distributed.comm.timeouts.connect": "1s"})  # else all sides call for half a minute
    with (
        short,
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, **quiet) as gone,
        distributed.Client(gone, timeout="1s"),
    ):

        def close():
            while not begun.exists():
                time.sleep(0.01)
            asyncio.run_coroutine_threadsafe(gone.scheduler.close(), gone.loop.asyncio_loop)
            while gone.scheduler.status == distributed.Status.running:
                time.sleep(0.01)
            begun.unlink()

        other = threading.Thread(target=close, daemon=True)
        other.start()
        short = dask.config.set({"distributed.comm.timeouts.connect": "1s"})  # else the client calls for half a minute, twice
        with (
            short,
            pytest.raises(DataError, match=r"the scheduler of the cluster \(.*\) no longer answers: start it again") as error,
        ):
            wide(far, method="ucell", scale="counts")
        other.join(timeout=30)
    assert "\n" not in str(error.value)


def test_memory_of_a_worker_does_not_grow_with_the_samples(here, client):
    import dask.array as da

    names, rows = here.var_names, 2_000
    ones = sp.random(200, GENES, 0.2, format="csr", rng=np.random.default_rng(0), data_rvs=lambda n: np.ones(n, dtype=np.float32))

    def peak():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def score(n_blocks):
        def read(block_info=None):
            return sp.vstack([ones] * (rows // 200), format="csr")

        x = da.map_blocks(read, dtype=np.float32, chunks=((rows,) * n_blocks, (GENES,)), meta=ones[:0])
        obs = pd.DataFrame(index=[str(i) for i in range(rows * n_blocks)])
        ifn.tl.score(ad.AnnData(x, obs=obs, var=pd.DataFrame(index=names)), method="mean_log", scale="counts", detail=False)
        return max(client.run(peak).values())

    few, many = score(4), score(24)
    assert many - few < 40, (few, many)  # MB; 20 blocks more hold 140 MB
