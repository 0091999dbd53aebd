"""What must not change a score, for every method: order, strangers among samples and signatures, depth, split genes."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import CI, KNOWN

import ifnscore as ifn
from ifnscore import methods

METHODS = list(methods.records())
SETS = {"own": list(KNOWN[:7]), "other": list(KNOWN[5:15])}
GENES = [*KNOWN[:30], *(f"GENE{i}" for i in range(220))]
#: The first five samples are controls.
N, CONTROLS = 9, 5
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(CI, max_examples=2)


def cohort(seed: int) -> ad.AnnData:
    """Return counts of shape (9, 250) without zeros, so that every method has a score."""
    rng = np.random.default_rng(seed)
    x = rng.negative_binomial(5, 0.02, (N, len(GENES))) + rng.integers(1, 50, (N, len(GENES)))
    obs = pd.DataFrame({"group": ["c"] * CONTROLS + ["p"] * (N - CONTROLS)}, index=[f"s{i}" for i in range(N)])
    return ad.AnnData(x.astype(np.float64), obs=obs, var=pd.DataFrame(index=GENES))


def scored(adata: ad.AnnData, method: str, sets: dict[str, list[str]] = SETS, scale: str = "counts") -> pd.DataFrame:
    """Return scores of shape (n_samples, n_signatures)."""
    controls = "group == 'c'" if methods.get(method).reference == "required" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = ifn.tl.score(adata, sets, method=method, controls=controls, scale=scale, copy=True)
    wide = ifn.get.scores_wide(made)
    assert not wide.isna().to_numpy().any()
    return wide


def equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-12, check_names=False)


@pytest.mark.parametrize("method", METHODS)
def test_order_of_samples_and_genes(method):
    @FEW
    @given(SEEDS)
    def holds(seed):
        adata, rng = cohort(seed), np.random.default_rng(seed)
        before = scored(adata, method)
        samples, genes = rng.permutation(N), rng.permutation(len(GENES))
        equal(scored(adata[samples].copy(), method), before.iloc[samples])
        equal(scored(adata[:, genes].copy(), method), before)

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_another_sample(method):
    """A stranger changes nothing where the method says so, and does where it does not."""

    @FEW
    @given(SEEDS)
    def holds(seed):
        adata = cohort(seed)
        before, after = scored(adata[:-1].copy(), method), scored(adata, method).iloc[:-1]
        if methods.get(method).sample_independent:
            equal(after, before)
        else:
            assert not np.allclose(after, before)

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_another_signature(method):
    independent = methods.get(method).signature_independent

    @FEW
    @given(SEEDS, st.lists(st.sampled_from(GENES), min_size=1, max_size=20, unique=True))
    def holds(seed, stranger):
        adata = cohort(seed)
        after, before = scored(adata, method, {**SETS, "stranger": stranger})[list(SETS)], scored(adata, method)
        if independent:
            equal(after, before)
        else:
            assert not np.allclose(after, before)

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_depth_of_sequencing(method):
    """Counts of a sample times any number are the same counts per million."""

    @FEW
    @given(SEEDS, st.lists(st.integers(1, 1000), min_size=N, max_size=N))
    def holds(seed, times):
        adata = cohort(seed)
        deeper = adata.copy()
        deeper.X = adata.X * np.array(times)[:, None]
        equal(scored(deeper, method), scored(adata, method))

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_a_gene_in_two_rows(method):
    """Counts of a gene that stands in two rows are added; on other scales the row with the higher mean is taken."""

    @FEW
    @given(SEEDS, st.integers(0, 6), st.integers(1, 9))
    def holds(seed, gene, part):
        adata = cohort(seed)
        x = adata.X
        piece = np.floor(x[:, [gene]] * part / 10)
        names = pd.DataFrame(index=[*GENES, GENES[gene]])
        split = np.hstack([x, piece])
        split[:, gene] -= piece[:, 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counts = ad.AnnData(split, obs=adata.obs, var=names)
            linear = ad.AnnData(np.hstack([x, piece / 2]), obs=adata.obs, var=names)
        equal(scored(counts, method), scored(adata, method))
        if methods.get(method).needs == "signature_columns":
            equal(scored(linear, method, scale="linear"), scored(adata, method, scale="linear"))

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_the_same_scores_in_chunks_and_sparse(method):
    @FEW
    @given(SEEDS, st.integers(1, N))
    def holds(seed, size):
        import scipy.sparse as sp

        adata = cohort(seed)
        sparse = adata.copy()
        sparse.X = sp.csr_matrix(adata.X)
        equal(scored(sparse, method), scored(adata, method))
        controls = "group == 'c'" if methods.get(method).reference == "required" else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = ifn.tl.score(adata, SETS, method=method, controls=controls, scale="counts", copy=True, chunk_size=size)
        equal(ifn.get.scores_wide(made), scored(adata, method))

    holds()
