"""Cells of single_cell.ipynb, written by make_notebooks.py."""

# %% [markdown]
# # Single cells: score cells, conclude from donors
#
# **Real** data, CC BY 4.0: blood cells of two healthy donors, two with mild and two with critical COVID-19, a small part of the
# COMBAT atlas (Cell 2022, doi:10.1016/j.cell.2022.01.012; `covid_pbmc/README.md` says what was taken). 180 cells a donor, 60 of
# each of three kinds: how many cells there are of a kind was *chosen* and means nothing.

# %%
import warnings

import matplotlib.pyplot as plt
import pandas as pd
import scanpy as sc

import ifnscore as ifn

warnings.filterwarnings("ignore")
pd.set_option("display.width", 120, "display.max_columns", 12)

cells = ifn.read("covid_pbmc/pbmc.h5ad")
cells.obs["donor"] = cells.obs["donor"].cat.set_categories(
    ["healthy_1", "healthy_2", "mild_1", "mild_2", "critical_1", "critical_2"]  # the order of rows and figures
)
pd.crosstab(cells.obs["donor"], cells.obs["cell_type"])

# %% [markdown]
# ## 1. Score cells
#
# `ucell` ranks genes within each cell: no normalisation, no other cell, no control is needed. It is the default for sparse data.

# %%
signatures = ["kim2018_irg28_geomean", "aybey_ifn2_6", "dejesus2020_nfkb11_control"]
ifn.tl.score(cells, signatures, method="ucell")
ifn.get.scores_wide(cells).groupby(cells.obs["donor"], observed=True).mean().round(3)

# %% [markdown]
# ## 2. Can these scores be trusted?
#
# In a cell, most genes of a short list are 0. A score that follows the depth of sequencing rather than interferon would show it
# here.

# %%
ax = ifn.pl.evaluation(cells)

# %% [markdown]
# ## 3. Look at them
#
# The map is made with scanpy as always; the score is only a colour on it.

# %%
drawn = cells.copy()
sc.pp.normalize_total(drawn, target_sum=1e4)
sc.pp.log1p(drawn)
sc.pp.pca(drawn, n_comps=20, random_state=0)
sc.pp.neighbors(drawn, n_neighbors=15, random_state=0)
sc.tl.umap(drawn, random_state=0)
cells.obsm["X_umap"] = drawn.obsm["X_umap"]

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
sc.pl.umap(cells, color="cell_type", ax=left, show=False, legend_loc="on data", title="", legend_fontsize="medium")
ax = ifn.pl.umap(cells, "kim2018_irg28_geomean", ax=right)

# %%
ax = ifn.pl.violin(cells, "kim2018_irg28_geomean", by="donor")

# %% [markdown]
# One donor with mild and one with critical disease have cells with a high score; the other two look like healthy donors. That is
# what can be said: each violin is **one person**. A test over 1,080 cells would give a p-value as small as you like,
# and it would be about these six people only. This package computes none.
#
# ## 4. One number a donor: pseudobulk
#
# The counts of a donor's cells of a kind are added up; the sum is scored like any bulk sample, against the healthy donors' cells
# of the same kind.

# %%
bulk = ifn.tl.pseudobulk(cells, "donor,cell_type")
ifn.tl.score(bulk, controls="group == 'healthy'")
scores = ifn.get.scores_wide(bulk).join(bulk.obs)
scores.pivot_table(index="donor", columns="cell_type", values="raupov2024_jdm5").loc[list(cells.obs["donor"].cat.categories)].round(2)

# %% [markdown]
# This is the median fold change of five genes against two healthy donors. Other formulas give no score here, and that is no
# fault: some of their genes are 0 in all control cells of a kind.

# %%
table = ifn.get.coverage(bulk).assign(cells=lambda t: t["stratum"].str.removeprefix("cell_type="))
table[table["signature"].isin(["rice2013_ags6", "raupov2024_jdm5"])][["signature", "cells", "n_genes", "n_used", "dropped"]]

# %%
ax = ifn.pl.scores(bulk[bulk.obs["cell_type"] == "monocyte"].copy(), signature="raupov2024_jdm5", by="group")

# %% [markdown]
# ## 5. Two samples of one donor
#
# Pairs are compared within a donor. Nobody in these data was sampled twice, so the two samples of a donor are here two kinds of
# cells: does the score rise more in monocytes than in T and NK cells of the same patient? With visits, write
# `time="visit", baseline="before", followup="after"`.

# %%
patients = bulk[bulk.obs["group"] != "healthy"].copy()
design = {"patient": "donor", "time": "cell_type", "baseline": "T or NK cell", "followup": "monocyte"}
pairs = ifn.Cohort.from_samples(patients.obs, **design)
change = ifn.tl.compare(patients, pairs, scores="raupov2024_jdm5")
change.table[["signature", "n_patients", "estimate", "ci_low", "ci_high", "p", "min_attainable_p"]].round(3)

# %%
ax = ifn.pl.paired(patients, pairs, signature="raupov2024_jdm5")
ax.set_xticks((0, 1), ["T or NK cells", "monocytes"])
ax.get_legend().remove()

# %% [markdown]
# Four donors: the smallest p-value that they could reach is 0.125, whatever they show. The interval says the same in another way.
#
# ## What next
#
# - Your own cells: h5ad, 10x, loom, MuData and Seurat's `.rds` are read by `ifn.read`; `ifnscore score cells.h5ad
#   --pseudobulk donor,cell_type --controls "group == 'healthy'"` does section 4 from the command line.
# - More controls: with ten healthy donors there are cut-offs, see [panel_to_score.ipynb](panel_to_score.ipynb).
# - Visits, doses, interruptions: [tofacitinib_cohort.ipynb](tofacitinib_cohort.ipynb).
