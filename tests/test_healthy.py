"""Who the healthy controls were: what tl.score was told is what every figure knows."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

import ifnscore as ifn
from ifnscore import scoretable
from ifnscore.analysis import _healthy

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


@pytest.fixture
def blood():
    return ifn.datasets.whole_blood()


def known(adata):
    return _healthy.people(scoretable.collect(adata))


def test_the_donor_column_of_the_call_makes_the_people(blood):
    ifn.tl.score(blood, controls="treatment == 'Buffer'", donor="donor")
    who = known(blood)
    one = who[who["control"]]
    assert (len(one), one["person"].nunique()) == (4, 3)
    assert list(ifn.get.cutoffs(blood)["n_controls"].unique()) == [3]
    table = scoretable.collect(blood)
    assert len(_healthy.values(table, "kim2018_irg28_geomean")) == 3
    assert len(_healthy.samples(table, "kim2018_irg28_geomean")) == 4
    assert _healthy.counted(3, 4) == "3 healthy controls (4 samples)"
    assert _healthy.counted(1, 1) == "1 healthy control"


def test_a_mask_is_remembered_for_a_part_and_through_files(blood, tmp_path):
    mask = (blood.obs["treatment"] == "Buffer").to_numpy()
    before = (list(blood.obs), list(blood.var), blood.X.copy())
    ifn.tl.score(blood, controls=mask, donor="donor")
    assert (list(blood.obs), list(blood.var)) == before[:2]
    assert (before[2] != blood.X).sum() == 0
    assert np.array_equal(known(blood)["control"], mask)
    order = np.arange(blood.n_obs)[::-2]
    assert np.array_equal(known(blood[order].copy())["control"], mask[order])
    small = ifn.scored.small(blood)
    small.write_h5ad(tmp_path / "s.h5ad")
    small.write_zarr(tmp_path / "s.zarr")
    for read in (ad.read_h5ad(tmp_path / "s.h5ad"), ad.read_zarr(tmp_path / "s.zarr")):
        assert np.array_equal(known(read)["control"], mask)
    ifn.tl.score(blood, method="zref_mean", min_coverage=0.5, controls=mask, donor="donor")
    ax = ifn.pl.type_balance(blood)
    assert any("3 healthy controls" in t.get_text() for t in ax.get_legend().get_texts())


def test_an_expression_afterwards_replaces_the_mask(blood):
    ifn.tl.score(blood, controls=(blood.obs["donor"] == "D1").to_numpy())
    ifn.tl.score(blood, controls="treatment == 'Buffer'")
    assert known(blood)["control"].sum() == 4
