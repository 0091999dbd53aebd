"""score_genes against scanpy itself (the version at hand) and against what scanpy 1.11.5 answered (tests/witness/regression).

Tolerance 1e-9 relative to values of about 1: the same numbers added in another order (found: 1e-15).
"""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
import scipy.sparse as sp
from tests import regression as data

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

DRAWN = {"ctrl_size": 5, "n_bins": 12, "seed": 3}
WITNESS = {"default": {}, "ctrl5": DRAWN, "ctrl5_noref": {**DRAWN, "ctrl_as_ref": False}}
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


def by_scanpy(x, weights, stored=np.asarray, **options):
    """Return scanpy's score of the up genes less that of the down genes."""
    cells = ad.AnnData(stored(x.to_numpy(dtype=float)), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))
    total = np.zeros(len(x))
    for sign in (1, -1):
        members = [g for g, w in weights.items() if np.sign(w) == sign and g in x.columns]
        if members:
            sc.tl.score_genes(cells, members, score_name="s", **options)
            total += sign * cells.obs["s"].to_numpy()
    return total


@pytest.mark.parametrize("what", WITNESS)
@pytest.mark.parametrize("name", data.MATRIX)
def test_equals_what_scanpy_answered(name, what):
    make, scale = data.MATRIX[name]
    peer = data.answer(f"scanpy_{name}_{what}")
    got = data.wide(make(), "score_genes", scale, params={**WITNESS[what], "order": "matrix"})
    for s in data.NAMES:
        up, down = (peer.get(f"{s}_{half}", 0.0) for half in ("up", "down"))
        np.testing.assert_allclose(got[s], up - down, **CLOSE)
    assert {c for c in peer if c.endswith("down")} == {"BOTH_down", "WEIGHTED_down"}


@pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_equals_the_scanpy_at_hand(stored):
    x = data.log1p()
    for options in ({}, {"ctrl_size": 4, "n_bins": 10}, {"ctrl_size": 4, "n_bins": 10, "ctrl_as_ref": False}):
        for seed in (0, 7):
            got = data.wide(x, "score_genes", "log1p", stored=stored, params={**options, "seed": seed, "order": "matrix"})
            for s, weights in data.WEIGHTS.items():
                np.testing.assert_allclose(got[s], by_scanpy(x, weights, stored, random_state=seed, **options), **CLOSE)


def test_by_default_scanpy_is_shown_the_genes_by_name():
    x = data.log1p()
    got = data.wide(x, "score_genes", "log1p", params=DRAWN)
    ordered = x[sorted(x.columns)]
    for s, weights in data.WEIGHTS.items():
        peer = by_scanpy(ordered, weights, ctrl_size=5, n_bins=12, random_state=3)
        np.testing.assert_allclose(got[s], peer, **CLOSE)


def test_order_of_genes_and_samples():
    x, rng = data.log1p(), np.random.default_rng(2)
    mixed = x.iloc[rng.permutation(len(x)), rng.permutation(x.shape[1])]
    for stored in (np.asarray, sp.csr_matrix):
        before = data.wide(x, "score_genes", "log1p", params=DRAWN, stored=stored)
        after = data.wide(mixed, "score_genes", "log1p", params=DRAWN, stored=stored).loc[x.index]
        np.testing.assert_allclose(after, before, **CLOSE)
    in_matrix = [data.wide(y, "score_genes", "log1p", params={**DRAWN, "order": "matrix"}).loc[x.index] for y in (x, mixed)]
    assert np.abs(in_matrix[0] - in_matrix[1]).to_numpy().max() > 1e-3  # what scanpy draws depends on the order of genes


def test_where_nothing_is_drawn_the_order_does_not_matter():
    x = data.log()
    np.testing.assert_allclose(
        data.wide(x, "score_genes", "log2"), data.wide(x, "score_genes", "log2", params={"order": "matrix"}), **CLOSE
    )


def test_seed_and_other_samples_matter_and_the_record_says_so():
    x = data.log1p()
    record = methods.get("score_genes")
    assert not record.sample_independent
    assert record.signature_independent
    assert record.needs == "whole_matrix"
    first = data.wide(x, "score_genes", "log1p", params=DRAWN)
    assert np.abs(first - data.wide(x, "score_genes", "log1p", params={**DRAWN, "seed": 4})).to_numpy().max() > 1e-3
    fewer = data.wide(x.iloc[:4], "score_genes", "log1p", params=DRAWN)
    assert np.abs(first.iloc[:4] - fewer).to_numpy().max() > 1e-3
    alone = data.wide(x, "score_genes", "log1p", params=DRAWN, sets=data.SIGNATURES[1:2])
    np.testing.assert_allclose(alone["BOTH"], first["BOTH"], rtol=1e-13)


def test_the_random_numbers_of_the_caller_are_left_alone():
    np.random.seed(11)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    data.scored(data.log1p(), "score_genes", "log1p", params=DRAWN)
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


def test_scales():
    """Log scales stay as they are; counts become log2 of counts per million plus 1."""
    x = data.counts()
    y = np.log2(x.div(x.sum(axis=1), axis=0) * 1e6 + 1)
    as_log = data.wide(y, "score_genes", "log2p1", params=DRAWN)
    for stored in (np.asarray, sp.csr_matrix):
        np.testing.assert_allclose(data.wide(x, "score_genes", "counts", params=DRAWN, stored=stored), as_log, **CLOSE)
    np.testing.assert_allclose(data.wide(y, "score_genes", "log1p", params=DRAWN), as_log, **CLOSE)


@pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
def test_contributions_sum_to_the_score(stored):
    x = data.log1p()
    adata = data.scored(x, "score_genes", "log1p", params=DRAWN, stored=stored)
    scores = ifn.get.scores_wide(adata)
    for s, weights in data.WEIGHTS.items():
        parts = ifn.get.contributions(adata, s)
        np.testing.assert_allclose(parts.sum(axis=1), scores[s], **CLOSE)
        for sign in (1, -1):
            half = [g for g in parts.columns if np.sign(weights[g]) == sign]
            if half:  # the same control mean is taken from every gene of a direction
                control = x[half] - parts[half] * len(half) * sign
                assert np.ptp(control.to_numpy(), axis=1).max() < 1e-10


def test_jackknife_keeps_the_control_genes():
    x = data.log1p()
    adata = data.scored(x, "score_genes", "log1p", params=DRAWN)
    shown = ifn.get.scores(adata).set_index(["signature", "sample"])
    parts = ifn.get.contributions(adata, "BOTH")
    up = [g for g, w in data.WEIGHTS["BOTH"].items() if w > 0]
    down = [g for g, w in data.WEIGHTS["BOTH"].items() if w < 0]
    every = []
    for gene in [*up, *down]:
        left = {1: [g for g in up if g != gene], -1: [g for g in down if g != gene]}
        total = 0.0
        for sign, whole in ((1, up), (-1, down)):
            control = x[whole[0]] - parts[whole[0]] * len(whole) * sign
            total = total + sign * (x[left[sign]].mean(axis=1) - control)
        every.append(total)
    np.testing.assert_allclose(shown.loc["BOTH", "jackknife_low"].loc[x.index], np.min(every, axis=0), **CLOSE)
    np.testing.assert_allclose(shown.loc["BOTH", "jackknife_high"].loc[x.index], np.max(every, axis=0), **CLOSE)


@pytest.mark.parametrize("order", ["name", "matrix"])
@pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_the_matrix_is_not_changed(stored, order):
    x = data.log1p()
    adata = data.scored(x, "score_genes", "log1p", params={**DRAWN, "order": order}, stored=stored)
    np.testing.assert_array_equal(adata.X if stored is np.asarray else adata.X.toarray(), x)


@pytest.mark.parametrize("chunk_size", [1, 3])
@pytest.mark.parametrize("detail", [False, True])
def test_chunks_change_nothing(chunk_size, detail):
    whole = data.wide(data.log1p(), "score_genes", "log1p", stored=sp.csr_matrix)
    got = data.wide(data.log1p(), "score_genes", "log1p", stored=sp.csr_matrix, chunk_size=chunk_size, detail=detail)
    np.testing.assert_allclose(got, whole, **CLOSE)


def test_a_set_without_genes_has_no_score():
    x = data.log1p()
    got = methods.score_values(x.to_numpy(), list(x.columns), {"A": ["MX1", "OAS1"], "B": ["NOT HERE"]}, "score_genes")
    assert np.isfinite(got[:, 0]).all()
    assert np.isnan(got[:, 1]).all()


def test_what_scanpy_cannot_do_is_refused():
    x = data.log1p()
    with pytest.raises(DataError, match="n_bins is 900, more than 420 genes can fill"):
        data.scored(x, "score_genes", "log1p", params={"n_bins": 900})
    whole = data.signature("WHOLE", dict.fromkeys(x.columns, 1.0))
    with pytest.raises(DataError, match="finds no control genes for WHOLE: its genes fill their bins"):
        data.scored(x, "score_genes", "log1p", sets=[whole])
    with pytest.raises(UsageError, match="n_bins of score_genes is 1; it takes a number of at least 2"):
        data.scored(x, "score_genes", "log1p", params={"n_bins": 1})
