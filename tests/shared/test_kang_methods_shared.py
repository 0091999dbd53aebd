"""Kang 2018 (blood cells with interferon-beta for 6 h against control): every applicable method tells the two apart.

And no score changes when cells and genes change their order. Not applicable: ``fold_change_median``, because its control is a median
and every gene of these signatures is 0 in most control cells. ``percent_of_module`` counts a gene from a difference of 10 of its
authors' units; here from any difference. ``mlm`` scores what a signature has beyond the others of the call, so each is alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

import ifnscore as ifn
from ifnscore import methods

FILE = Path(__file__).parents[3] / "shared" / "data" / "kang_pbmc_ifnb" / "kang_ctrl_stim_2000cells.h5ad"
if not FILE.is_file():
    pytest.skip("material outside the project is absent: ../shared/data/kang_pbmc_ifnb", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]

#: The least area under the curve that a signature must reach: 28 genes, six, and 97 of which many are hardly expressed.
AREAS = {"kim2018_irg28_z": 0.98, "rice2013_ags6": 0.97, "msigdb_hallmark_ifna": 0.95}
PARAMS = {"percent_of_module": {"difference": 0.0}}
NOT_APPLICABLE = {"fold_change_median"}
APPLICABLE = [m for m in methods.records() if m not in NOT_APPLICABLE]


@pytest.fixture(scope="module")
def cells():
    return ifn.read(FILE)


def scored(cells, method):
    controls = "condition == 'ctrl'" if methods.get(method).reference == "required" else None
    calls = [[s] for s in AREAS] if method == "mlm" else [list(AREAS)]
    out = []
    for call in calls:
        adata = cells.copy()
        ifn.tl.score(adata, call, method=method, params=PARAMS.get(method), controls=controls, min_coverage=0.3, detail=False)
        out.append(ifn.get.scores_wide(adata))
    return out[0].join(out[1:])


@pytest.mark.parametrize("method", APPLICABLE)
def test_stimulated_cells_score_higher_in_any_order(method, cells):
    wide = scored(cells, method)
    assert np.isfinite(wide.to_numpy()).all()
    stimulated = (cells.obs["condition"] == "stim").to_numpy()
    for signature, least in AREAS.items():
        area = mannwhitneyu(wide[signature][stimulated], wide[signature][~stimulated]).statistic / 1e6
        assert area > least, (signature, area)

    rng = np.random.default_rng(7)
    turned = cells[rng.permutation(cells.n_obs), rng.permutation(cells.n_vars)].copy()
    again = scored(turned, method).loc[wide.index, wide.columns]
    np.testing.assert_allclose(again, wide, rtol=0, atol=1e-11 * np.abs(wide.to_numpy()).max())


@pytest.mark.parametrize("method", sorted(NOT_APPLICABLE))
def test_methods_that_do_not_apply_give_no_score(method, cells):
    assert np.isnan(scored(cells, method).to_numpy()).all()
