"""Real data that may not be shipped: Kang 2018 cells, IFN-beta against control, as the domain notes report them."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import mannwhitneyu

import ifnscore as ifn

DATA = Path(__file__).parents[3] / "shared" / "data"
if not DATA.is_dir():
    pytest.skip("material outside the project is absent: ../shared/data", allow_module_level=True)

pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]


def test_kang_cells_by_ucell():
    """AUC of the notes: Kim-28 0.991, Rice 0.987, Hallmark alpha 0.969, anifrolumab four 0.917, NF-kB 0.616, type II 0.638."""
    adata = ifn.read(DATA / "kang_pbmc_ifnb" / "kang_ctrl_stim_2000cells.h5ad")
    ifn.tl.score(adata)
    assert adata.uns["ifnscore"]["latest"] == "ifn_ucell"
    wide = ifn.get.scores_wide(adata)
    stimulated = (adata.obs["condition"] == "stim").to_numpy()
    auc = {s: mannwhitneyu(wide[s][stimulated], wide[s][~stimulated]).statistic / 1e6 for s in wide}
    assert auc["kim2018_irg28_z"] == pytest.approx(0.991, abs=1e-3)
    assert auc["rice2013_ags6"] == pytest.approx(0.987, abs=1e-3)
    assert auc["msigdb_hallmark_ifna"] == pytest.approx(0.969, abs=1e-3)
    assert auc["higgs2011_anifrolumab4"] == pytest.approx(0.917, abs=1e-3)
    assert auc["dejesus2020_nfkb11_control"] == pytest.approx(0.616, abs=1e-3)
    assert auc["aybey_ifn2_6"] == pytest.approx(0.638, abs=1e-3)


def test_fibroblasts_with_ensembl_rows_and_fractional_counts():
    """GSE74863: IMR90 under IFN-beta for 0, 6 and 24 h; every type I signature rises."""
    folder = DATA / "ifn_stimulated_bulk" / "other"
    adata = ifn.read(folder / "GSE74863_GeneLevel_Raw_data.csv.gz", scale="counts")
    import pandas as pd

    titles = pd.read_csv(folder / "GSE74863_full_metadata.csv", index_col=0)["title"].reindex(adata.obs_names)
    adata.obs["hours"] = titles.str.extract(r"_(\d+)hrs", expand=False).to_numpy()
    ifn.tl.score(adata, method="mean_log")
    means = ifn.get.scores_wide(adata).groupby(adata.obs["hours"]).mean()
    for signature in ifn.signatures.PANEL[:6]:
        assert means.loc["6", signature] > means.loc["0", signature] + 0.5, signature
