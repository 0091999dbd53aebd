"""Sums over cells that stay in a file: those of the same cells in memory, whatever the layout."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.test_stream import KINDS, cells, stored

import ifnscore as ifn
from ifnscore.errors import DataError, ScaleError
from ifnscore.loaders import _lazily, _on_demand
from ifnscore.tl import _sums

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
LAYOUTS = (*KINDS, "csc.zarr")


def annotated():
    """Return cells with columns that are constant within a donor and tissue, and ones that are not."""
    adata = cells()
    adata.obs["sex"] = pd.Categorical([{"p0": "f", "p1": "m"}.get(d) for d in adata.obs["donor"]])
    adata.obs["dose"] = [np.nan if d == "p3" else float(d[1:]) for d in adata.obs["donor"]]
    adata.obs["arm"] = [f"a{int(d[1:]) % 2}" for d in adata.obs["donor"]]
    adata.obs["late"] = ["x"] * (adata.n_obs - 1) + ["y"]
    return adata


def literal(adata, by):
    """Return sums by a loop over cells: group -> values of all genes."""
    found = {}
    for values, keys in zip(adata.X.toarray(), adata.obs[by].astype(str).itertuples(index=False), strict=True):
        found["_".join(keys)] = found.get("_".join(keys), 0) + values.astype(float)
    return found


def in_file(adata, kind, folder):
    """Return the cells as the command line opens a large file."""
    stored(adata, kind, folder)
    return _lazily.read(folder / kind, scale=None, symbol_column=None, layer=None, species="human")


@pytest.fixture
def lazily(monkeypatch):
    """Let every file count as a large one, with parts of a few cells."""
    for name in ("LARGE", "MANY", "SMALL"):
        monkeypatch.setattr(_lazily, name, 0)
    monkeypatch.setattr(_on_demand, "STEP", 13)
    monkeypatch.setattr("ifnscore.sources._base.VALUES", 2_500)
    monkeypatch.setattr("ifnscore.sources._columns.SLAB", 700)
    monkeypatch.setattr("ifnscore.sources._rows.VALUES", 2_500)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("dense", [True, False])
def test_sums_are_those_of_a_loop(tmp_path, kind, dense, lazily, monkeypatch):
    """Every gene of every group, and each column that is constant within all groups."""
    monkeypatch.setattr(_sums, "DENSE", _sums.DENSE if dense else 0)
    whole, by = annotated(), ["donor", "tissue"]
    found = ifn.tl.pseudobulk(in_file(whole, kind, tmp_path), by, keep="arm == 'a0'")
    expected = literal(whole, by)
    assert list(found.obs_names) == sorted(expected)
    values = found.X.toarray() if hasattr(found.X, "toarray") else found.X
    for name, row in zip(found.obs_names, values, strict=True):
        np.testing.assert_array_equal(row, expected[name])
    same = ifn.tl.pseudobulk(whole, by, keep="arm == 'a0'")
    pd.testing.assert_frame_equal(found.obs, same.obs, check_dtype=False, check_categorical=False)
    assert set(found.obs) == {"donor", "tissue", "n_cells", "sex", "dose", "arm"}
    assert found.obs["n_cells"].sum() == whole.n_obs
    ifn.tl.score(found, method="mean_log")
    ifn.tl.score(same, method="mean_log")
    pd.testing.assert_frame_equal(ifn.get.scores(found), ifn.get.scores(same))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_control_column_that_varies_is_refused(tmp_path, kind, lazily):
    """The last cell alone differs: its group is named."""
    whole = annotated()
    on_file = in_file(whole, kind, tmp_path)
    group = "_".join(whole.obs[["donor", "tissue"]].astype(str).iloc[-1])
    with pytest.raises(DataError, match=f"control column 'late' varies within group {group}; add it to --pseudobulk"):
        ifn.tl.pseudobulk(on_file, ["donor", "tissue"], keep="late == 'x'")


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_late_fraction_is_refused(tmp_path, kind, lazily, monkeypatch):
    whole = annotated()
    x = whole.X.tolil()
    x[55, 9] = 1.5
    whole.X = x.tocsr()
    monkeypatch.setattr("ifnscore.sources.head", lambda source: source.rows(0, 10))
    with pytest.raises(ScaleError, match=rf"1.5 \(cell c055, gene {whole.var_names[9]}\) is none; choose the counts with --layer"):
        ifn.tl.pseudobulk(in_file(whole, kind, tmp_path), "donor")
