"""Data that several tests use."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn

RICE = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]


@pytest.fixture(scope="session")
def hppt_cells():
    return ifn.datasets.hppt()


@pytest.fixture(scope="session")
def blood_samples():
    return ifn.datasets.whole_blood()


@pytest.fixture
def hppt(hppt_cells):
    return hppt_cells.copy()


@pytest.fixture
def blood(blood_samples):
    return blood_samples.copy()


@pytest.fixture
def toy():
    """Return 12 controls and 6 patients x 300 genes, linear, all panel genes present, a donor and two tissues."""
    rng = np.random.default_rng(11)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    genes = [*known, *(f"GENE{i:03d}" for i in range(300 - len(known)))]
    x = rng.lognormal(3, 0.6, (18, len(genes)))
    x[12:, : len(known)] *= rng.lognormal(1.2, 0.3, (6, len(known)))
    obs = pd.DataFrame(
        {
            "group": ["healthy"] * 12 + ["jdm"] * 6,
            "donor": [f"p{i // 1}" for i in range(18)],
            "sex": ["F", "M"] * 9,
            "age": range(6, 24),
        },
        index=[f"s{i:02d}" for i in range(18)],
    )
    return ad.AnnData(X=x, obs=obs, var=pd.DataFrame(index=genes))
