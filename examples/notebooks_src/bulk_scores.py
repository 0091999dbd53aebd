"""Cells of bulk_scores.ipynb, written by make_notebooks.py."""

# %% [markdown]
# # Bulk RNA-seq: what an interferon score rests on
#
# Two sets of **real** data ship with the package: cells that were treated with interferons or with IL-1b (HPPT, three replicates
# each), and whole blood of three donors, stimulated outside the body. Both are CC0; where they come from and what is odd about
# them stands in `ifn_stimulated_bulk/README.md`.
#
# We know what was added to each dish, so we can see what a score answers to.

# %%
import tempfile
import warnings
from pathlib import Path

import pandas as pd

import ifnscore as ifn

warnings.simplefilter("ignore", ifn.IfnscoreWarning)  # what they say is looked at below
pd.set_option("display.width", 120, "display.max_columns", 12)

cells = ifn.datasets.hppt()
print(cells.n_obs, "samples,", cells.n_vars, "genes;", cells.uns["ifnscore"]["input"]["scale"])

# %% [markdown]
# ## 1. Score
#
# With controls, each signature is scored with the formula that its authors published. `scores_wide` has one row a sample; here
# the mean of each treatment.

# %%
ifn.tl.score(cells, controls="treatment == 'untreated'")
order = ["untreated", "IL1b", "IFNg", "IFNa", "IFNb"]
means = ifn.get.scores_wide(cells).groupby(cells.obs["treatment"].astype(str)).mean().loc[order].T
means.rename_axis(columns=None).round(1)

# %% [markdown]
# Look at the second row. A z-sum of thousands is no discovery: the three controls are cells of one culture and hardly differ, so
# the spread that each gene is divided by is tiny. And some rows are empty.
#
# ## 2. Look before you believe
#
# Coverage says which genes a score could use. A gene that is 0 in every control has no fold change: it is dropped for all samples
# alike and named, and a formula that needs all of its genes then gives no score rather than another one.

# %%
table = ifn.get.coverage(cells).set_index("signature")
table[["n_genes", "n_found", "n_used", "missing", "dropped", "method", "platform_match"]]

# %%
ax = ifn.pl.coverage(cells)

# %% [markdown]
# None of these formulas was made for RNA-seq of cultured cells (`platform_match`). The score to use here is the plain mean of
# z values on log2, which is computed beside them. Its values are still large, for the same three controls, but no single gene
# rules it.

# %%
ax = ifn.pl.scores(cells, signature="kim2018_irg28_z", by="treatment", key="ifn_zref_mean")

# %% [markdown]
# ## 3. Which genes make the score?

# %%
ax = ifn.pl.contributions(cells, signature="kim2018_irg28_z")

# %%
parts = ifn.get.contributions(cells, "kim2018_irg28_z")
share = parts.loc[cells.obs["treatment"] == "IFNa"].mean().sort_values(ascending=False)
(share / share.sum()).head(5).round(2)

# %% [markdown]
# ## 4. Type I or type II?
#
# Most "interferon gamma" lists answer to type I interferon as well. A type I set is therefore shown against the one short list
# that rises with IFN-gamma more than with IFN-beta; it rises with IL-1b too, so it is no proof of interferon gamma either.

# %%
ax = ifn.pl.type_balance(cells, by="treatment", key="ifn_zref_mean")

# %% [markdown]
# ## 5. Whole blood, and cut-offs
#
# The blood table is normalised already and lacks many highly expressed genes: it must not be normalised again. Repeats of a
# donor count once (`donor=`).

# %%
blood = ifn.datasets.whole_blood()
ifn.tl.score(blood, ["rice2013_ags6", "aybey_ifn2_6"], controls="treatment == 'Buffer'", donor="donor")
shown = ["Buffer", "IFNlambda", "IFNgamma", "IFNbeta"]
rice = ifn.get.scores_wide(blood)["rice2013_ags6"].to_frame("score").join(blood.obs)
rice[rice["treatment"].isin(shown)].pivot_table(index="run", columns="treatment", values="score", observed=True)[shown].round(2)

# %%
ax = ifn.pl.scores(blood[blood.obs["treatment"].isin(shown)].copy(), signature="rice2013_ags6", by="treatment")

# %% [markdown]
# Is a sample above the cut-off? There is none. Published cut-offs belong to the assay and the controls they were made with; your
# own need at least ten independent controls.

# %%
ifn.get.cutoffs(blood)[["signature", "n_controls", "cutoff", "note"]]

# %% [markdown]
# ## 6. Freeze the controls, score one new sample
#
# Controls become a file without names of samples. A sample that comes later is scored against it alone: its score depends on no
# other sample, so it is the one it would have had among the others.

# %%
late = cells.obs_names[cells.obs["treatment"] == "IFNa"][0]
earlier = cells[cells.obs_names != late].copy()
healthy = ifn.tl.reference(earlier, controls="treatment == 'untreated'")
with tempfile.TemporaryDirectory() as folder:
    healthy.write(Path(folder) / "controls.json")
    new = cells[[late]].copy()
    ifn.tl.score(new, "kim2018_irg28_geomean,kim2018_irg28_z", reference=Path(folder) / "controls.json")
both = pd.concat({"alone": ifn.get.scores_wide(new).loc[late], "among others": ifn.get.scores_wide(cells).loc[late]}, axis=1)
both.dropna().round(3)

# %%
healthy.describe()

# %% [markdown]
# ## What next
#
# - Your own matrix: `ifnscore inspect FILE` says what it is and prints the line that scores it.
# - A panel measured in runs, with controls of its own: [panel_to_score.ipynb](panel_to_score.ipynb).
# - Patients before and after treatment: [tofacitinib_cohort.ipynb](tofacitinib_cohort.ipynb).
# - Single cells: [single_cell.ipynb](single_cell.ipynb). Your own gene lists: [own_signatures.ipynb](own_signatures.ipynb).
