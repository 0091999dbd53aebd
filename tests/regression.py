"""Matrices, gene sets and answers of other programs that the tests of regression methods share (tests/witness/regression)."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

import ifnscore as ifn
from ifnscore.signatures import Signature

HERE = Path(__file__).parent / "witness" / "regression"
NET = pd.read_csv(HERE / "sets.csv")
NAMES = list(NET["source"].unique())
WEIGHTS = {s: dict(zip(part["target"], part["weight"], strict=True)) for s, part in NET.groupby("source", sort=False)}


def log():
    """Return log values of shape (7, 420), negative ones among them."""
    return pd.read_csv(HERE / "log.csv", index_col=0).T


def counts():
    """Return counts of shape (7, 420) with many ties and zeros."""
    return pd.read_csv(HERE / "counts.csv", index_col=0).T


def log1p():
    """Return the counts as scanpy normalises them."""
    x = counts()
    return np.log1p(x.div(x.sum(axis=1), axis=0) * 1e4)


MATRIX = {"log": (log, "log2"), "log1p": (log1p, "log1p")}


def answer(name):
    return pd.read_csv(HERE / f"{name}.csv", index_col=0)


def signature(name, weights=None):
    """Return a signature of genes that go up, and down where the weight is negative."""
    w = weights or WEIGHTS[name]
    size = {g: abs(v) for g, v in w.items()}
    return Signature(id=name, up=tuple(g for g in w if w[g] > 0), down=tuple(g for g in w if w[g] < 0), weights=size)


SIGNATURES = [signature(s) for s in NAMES]


def adata_of(x, stored=np.asarray):
    adata = ad.AnnData(X=stored(x.to_numpy(dtype=float)))
    adata.var_names, adata.obs_names = list(x.columns), list(x.index)
    return adata


def scored(x, method, scale, *, sets=None, stored=np.asarray, params=None, min_coverage=0.01, **options):
    """Return the scored AnnData."""
    adata = adata_of(x, stored)
    chosen = SIGNATURES if sets is None else sets
    ifn.tl.score(adata, chosen, method=method, scale=scale, params=params, min_coverage=min_coverage, **options)
    return adata


def wide(*args, **options):
    return ifn.get.scores_wide(scored(*args, **options))


def column(x, weights):
    """Return weights over all genes of a matrix, 0 for those that a signature does not hold."""
    return np.array([weights.get(g, 0.0) for g in x.columns])
