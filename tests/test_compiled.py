"""Compiled kernels against their numpy twins, and that results do not depend on threads, chunks or where compiled code is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import _threads, methods
from ifnscore.errors import UsageError
from ifnscore.methods import _rank
from ifnscore.methods._protocol import Plan, SetPlan

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

N, GENES, WANTED = 40, 900, 150
MODES = [
    ("ucell", {}),
    ("ucell", {"ties": "pyucell"}),
    ("ucell", {"ties": "min"}),
    ("ucell", {"ties": "max", "max_rank": 100}),
    ("singscore", {}),
    ("singscore", {"ties": "average", "centre": False}),
    ("ssgsea", {}),
    ("ssgsea", {"ties": "gsva"}),
    ("ssgsea", {"ties": "gseapy", "alpha": 1.0}),
    ("aucell", {}),
    ("aucell", {"ties": "decoupler"}),
    ("aucell", {"ties": "pyscenic", "normalise": "pyscenic", "seed": 3}),
    ("aucell", {"top": 0.5}),
]


def rows_of(kind, density, dtype=np.float32):
    """Sparse rows whose values are tied often, rarely, never, or nearly."""
    rng = np.random.default_rng(5)
    x = sp.random(N, GENES, density=density, random_state=1, format="csr")
    n, scale = x.nnz, np.repeat(rng.random(N) + 0.5, np.diff(x.indptr))
    x.data = {
        "counts": lambda: rng.poisson(1.5, n) + 1.0,
        "log": lambda: np.log1p((rng.poisson(3, n) + 1) * scale),
        "untied": lambda: rng.gamma(2, 1, n),
        "close": lambda: 1 + 1e-7 * rng.integers(0, 2, n) + 1_000 * (rng.random(n) < 0.01),  # several values to a bucket
        "zeros": lambda: rng.poisson(0.7, n).astype(float),  # stored zeros
    }[kind]()
    x.data = x.data.astype(dtype)
    return x


def plan_of(method, params, compiled=True):
    rng = np.random.default_rng(2)
    columns = rng.choice(GENES, WANTED, replace=False)
    sets = []
    for i, k in enumerate((1, 6, 28, 97)):
        sign = np.where(rng.random(k) < 0.7, 1.0, -1.0) if i % 2 else np.ones(k)
        index = rng.choice(WANTED, k, replace=False)
        sets.append(SetPlan(id=str(i), index=index, sign=sign, weights=np.ones(k), n_published=k))
    genes = tuple(f"g{i}" for i in range(WANTED))
    resolved = methods.get(method).resolve(params)
    return Plan(genes=genes, columns=columns, sets=tuple(sets), params=resolved, n_universe=GENES, compiled=compiled)


def slow(kernel, rows, plan):
    terms = kernel.terms(rows, plan)
    return np.column_stack([kernel.score(terms, one, plan) for one in plan.sets])


@pytest.mark.parametrize("kind", ["counts", "log", "untied", "close", "zeros"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("density", [0.05, 0.8])
def test_compiled_sums_equal_numpys(kind, density, dtype):
    rows = rows_of(kind, density, dtype)
    for method, params in MODES:
        kernel, plan = methods.kernel(method), plan_of(method, params)
        expected = slow(kernel, rows, plan)
        size = max(np.abs(expected).max(), 1.0)
        np.testing.assert_allclose(
            kernel.scores(rows, plan) / size, expected / size, rtol=0, atol=1e-13, err_msg=f"{method} {params}"
        )
        np.testing.assert_allclose(slow(kernel, rows.toarray(), plan), expected, rtol=1e-12, atol=1e-12 * size)


@pytest.mark.parametrize("odd", [-1.0, np.nan, -0.0])
def test_rows_that_compiled_code_cannot_place_are_done_by_numpy(odd):
    rows = rows_of("log", 0.3)
    rows.data[rows.indptr[3]] = odd
    for method, params in (("ucell", {}), ("ssgsea", {}), ("aucell", {})):
        kernel, plan = methods.kernel(method), plan_of(method, params)
        np.testing.assert_allclose(kernel.scores(rows, plan), slow(kernel, rows, plan), rtol=1e-11, atol=1e-13)


def test_several_methods_in_one_pass_are_the_same_bit_for_bit():
    rows = rows_of("log", 0.2)
    wanted = [(methods.kernel(m), plan_of(m, p)) for m, p in (("ucell", {}), ("singscore", {}), ("aucell", {}), ("ssgsea", {}))]
    for together, (kernel, plan) in zip(_rank.scores_in_one_pass(rows, wanted), wanted, strict=True):
        np.testing.assert_array_equal(together, kernel.scores(rows, plan))


def cells(n=3_000, genes=2_000, scale="log1p"):
    """Cells with real gene names, enough stored values for compiled code."""
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))
    names = known + [f"GENE{i}" for i in range(genes - len(known))]
    rng = np.random.default_rng(4)
    counts = rng.poisson(rng.lognormal(-1.5, 1.3, genes), (n, genes)).astype(np.float32)
    total = counts.sum(axis=1, keepdims=True)
    x = counts if scale == "counts" else np.log1p(counts / total * 1e4).astype(np.float32)
    obs = pd.DataFrame({"batch": np.where(np.arange(n) % 3, "a", "b")}, index=[f"c{i}" for i in range(n)])
    made = ad.AnnData(X=sp.csr_matrix(x), obs=obs, var=pd.DataFrame(index=names))
    if scale == "log1p":
        made.uns["log1p"] = {"base": None}
    return made


@pytest.fixture(scope="module")
def big():
    made = cells()
    assert made.X.nnz >= methods.STORED_WORTH_COMPILING
    return made


def scored(adata, method, **options):
    ifn.tl.score(adata, method=method, detail=False, **options)
    return ifn.get.scores_wide(adata).to_numpy()


@pytest.mark.parametrize("method", ["ucell", "aucell", "ssgsea", "singscore"])
def test_ranks_do_not_depend_on_threads_chunks_or_other_cells(big, method, monkeypatch):
    expected = scored(big, method)
    for threads, chunk in (("1", 7), ("2", 1_000), ("5", None)):
        monkeypatch.setenv(_threads.VARIABLE, threads)
        np.testing.assert_array_equal(scored(big, method, chunk_size=chunk), expected)
    part = ad.AnnData(X=big.X[:2_500], obs=big.obs[:2_500].copy(), var=big.var.copy(), uns=dict(big.uns))
    assert part.X.nnz >= methods.STORED_WORTH_COMPILING
    np.testing.assert_array_equal(scored(part, method), expected[:2_500])
    size = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(scored(big[:50].copy(), method), expected[:50], rtol=0, atol=1e-12 * size)  # by numpy


@pytest.mark.parametrize("method", ["ucell", "aucell", "ssgsea", "singscore", "mean_log", "weighted_mean", "zcohort_mean", "ulm"])
def test_scores_do_not_depend_on_the_order_of_cells_or_genes(big, method):
    expected = scored(big, method)
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(big.n_obs), rng.permutation(big.n_vars)
    turned = ad.AnnData(
        X=big.X[rows][:, columns].sorted_indices(), obs=big.obs.iloc[rows], var=big.var.iloc[columns], uns=dict(big.uns)
    )
    np.testing.assert_allclose(scored(turned, method), expected[rows], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("scale", ["counts", "log1p"])
@pytest.mark.parametrize("method", ["mean_log", "weighted_mean", "mean_linear", "zcohort_mean"])
def test_linear_scores_of_sparse_cells_equal_those_of_dense_ones(method, scale):
    adata = cells(2_500, scale=scale)
    assert adata.X.nnz >= methods.STORED_WORTH_COMPILING
    dense = ad.AnnData(X=adata.X.toarray(), obs=adata.obs, var=adata.var, uns=dict(adata.uns))
    for chunk in (None, 500):
        got = scored(adata, method, chunk_size=chunk)
        np.testing.assert_allclose(got, scored(dense, method), rtol=1e-9 if scale == "log1p" else 1e-12, atol=1e-10)


def test_threads_are_a_whole_number(monkeypatch):
    monkeypatch.setenv(_threads.VARIABLE, "many")
    with pytest.raises(UsageError, match="whole number"):
        _threads.count()
    monkeypatch.setenv(_threads.VARIABLE, "3")
    assert _threads.count() == 3


PROGRAM = textwrap.dedent(
    """
    import logging, sys
    import numpy as np, scipy.sparse as sp
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    from ifnscore import methods
    x = sp.random(2000, 1000, density=0.6, random_state=1, format="csr", dtype=np.float32)
    scores = methods.score_values(x, [str(i) for i in range(1000)], {"a": ["1", "2", "3"]}, "ucell")
    print(scores.sum().hex())
    """
)


def compile_in(folder, home, **more):
    keep = {k: v for k, v in os.environ.items() if k not in {"NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME"}}
    cache = {} if folder is None else {"NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**keep, **cache, **more, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.slow
def test_the_first_compilation_is_announced_and_kept(tmp_path):
    first, said = compile_in(tmp_path / "cache", tmp_path)
    assert "compiling" in said
    assert list((tmp_path / "cache").rglob("*.nbi"))
    again, silent = compile_in(tmp_path / "cache", tmp_path)
    assert again == first
    assert "compiling" not in silent


@pytest.mark.slow
def test_where_compiled_code_is_kept_when_the_package_is_read_only(tmp_path):
    """In the user's cache; without one nowhere, which is said once, and the scores are the same."""
    shutil.copytree(Path(ifn.__file__).parent, tmp_path / "ifnscore", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ifnscore" / "methods" / "__pycache__").touch()  # a file: no folder can be made there, not even by root
    elsewhere = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    home = tmp_path / "home"
    home.mkdir()
    in_home, said = compile_in(None, home, **elsewhere)
    assert list(home.rglob("*.nbi"))
    assert "no folder" not in said
    nowhere, said = compile_in(None, "/dev/null", **elsewhere)
    assert said.count("no folder can be written to for compiled code") == 1
    assert nowhere == in_home


def test_small_inputs_do_not_import_numba():
    program = PROGRAM.replace("2000", "20") + "\nassert 'numba' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
