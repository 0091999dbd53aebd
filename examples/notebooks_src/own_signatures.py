"""Cells of own_signatures.ipynb, written by make_notebooks.py."""

# %% [markdown]
# # Your own signatures
#
# A signature is a list of genes and, if its authors gave one, a formula. Yours come as a dict, as GMT or as TOML, and are scored
# like those of the catalogue. The data are **real** (CC0): cells treated with interferons, see
# `ifn_stimulated_bulk/README.md`.

# %%
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import ifnscore as ifn

warnings.simplefilter("ignore", ifn.IfnscoreWarning)
pd.set_option("display.width", 120, "display.max_columns", 12, "display.max_colwidth", 60)

cells = ifn.datasets.hppt()
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)

# %% [markdown]
# ## 1. A dict

# %%
mine = {"my_type1": ["ISG15", "MX1", "IFIT3", "OAS1", "IRF7", "G1P2"], "my_type2": ["CXCL9", "CIITA", "IDO1", "GBP5"]}
ifn.tl.score(cells, mine, controls="treatment == 'untreated'")
ifn.get.coverage(cells)[["signature", "n_genes", "n_found", "n_used", "missing", "dropped", "formula"]]

# %% [markdown]
# Two things to see. Six names were given and five genes counted: `G1P2` is an old name of ISG15. And a bare list has no published
# formula, so it gets the **package default**: the mean over genes of z values on log2, against your controls. It is labelled so
# wherever it appears; nobody published that number for that list.

# %%
ax = ifn.pl.scores(cells, signature="my_type1", by="treatment")

# %% [markdown]
# ## 2. GMT, and parts of the catalogue
#
# One set a line: name, description, genes, with tabs between. The catalogue goes out in the same format.

# %%
sensors = "my_sensors\tRNA sensors\tDDX58\tIFIH1\tDHX58\tTLR3\n"
(folder / "sets.gmt").write_text(sensors + ifn.signatures.to_gmt("rice,kim2018_irg28_z"))
ifn.tl.score(cells, str(folder / "sets.gmt"), method="singscore")
ifn.get.scores_wide(cells).groupby(cells.obs["treatment"].astype(str)).mean().round(3)

# %% [markdown]
# ## 3. TOML, with a formula
#
# A TOML file has the schema of the catalogue and so can say *how* a score is made. Here: the median fold change, as in Rice's
# score, of four genes.

# %%
toml = '''
id = "my_four"
title = "Four genes, median fold change"
ifn_type = "I"
min_coverage = 1.0

[genes]
up = ["IFI27", "IFI44L", "ISG15", "RSAD2"]

[formula]
method = "fold_change_median"
status = "published"
reference = "required"
'''
(folder / "my_four.toml").write_text(toml)
ifn.tl.score(cells, str(folder / "my_four.toml"), controls="treatment == 'untreated'")
ifn.get.coverage(cells)[["signature", "method", "formula", "n_used"]]

# %% [markdown]
# ## 4. Is it new? Overlap with the catalogue
#
# Lists that share most of their genes are one measurement under several names.

# %%
ids = ["rice2013_ags6", "higgs2011_anifrolumab4", "raupov2024_jdm5", "kim2018_irg28_z", "msigdb_hallmark_ifna", "aybey_ifn2_6"]
ax = ifn.pl.overlap(ids)

# %%
known = {s.id: set(s.genes) for s in ifn.signatures.resolve("all")}
rows = [(name, len(genes), len(genes & set(mine["my_type1"]))) for name, genes in known.items()]
table = pd.DataFrame(rows, columns=["signature", "genes", "shared with my_type1"])
table.sort_values(["shared with my_type1", "genes"], ascending=[False, True]).head(6).reset_index(drop=True)

# %% [markdown]
# ## 5. The null control
#
# Would any list of as many genes, expressed as highly, do the same? `random_like` draws such lists without any known interferon
# gene. A score means something where it leaves them.

# %%
random = ifn.signatures.random_like("rice2013_ags6", cells, n=100, rng=1)
ifn.tl.score(cells, ["rice2013_ags6", *random], method="singscore")
wide = ifn.get.scores_wide(cells)
treatment = cells.obs["treatment"].astype(str)
shift = wide[treatment == "IFNb"].mean() - wide[treatment == "untreated"].mean()
print(f"Rice's six genes: {shift['rice2013_ags6']:.2f}; 100 random lists: {shift[1:].min():.2f} to {shift[1:].max():.2f}")

# %%
fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
ax.hist(shift[1:], bins=np.arange(-0.1, 0.101, 0.01), color="#808080", label="100 random lists like it")
ax.axvline(shift.iloc[0], color="#D55E00", lw=2, label="rice2013_ags6")
ax.set(xlabel="singscore, IFN-beta minus untreated", ylabel="lists")
legend = ax.legend(frameon=False, fontsize="small", loc="upper center")

# %% [markdown]
# ## What next
#
# - Give it to others: one file `genesets/<id>.toml` adds a signature to the catalogue, no code changes. `genesets/README.md` has
#   the schema and what is asked for: a list seen in its source, a formula or an honest "unknown", a licence that allows it.
# - From the command line: `ifnscore score counts.tsv -s my_four.toml --controls "group == 'healthy'"`.
# - What to look at before a score is believed: [bulk_scores.ipynb](bulk_scores.ipynb).
