"""Cells of panel_to_score.ipynb, written by make_notebooks.py."""

# %% [markdown]
# # From lane files to a score against frozen controls
#
# A clinical interferon score is often measured on a NanoString panel: one RCC file a lane. Controls were measured once, patients
# come later, in other runs. This notebook reads lane files, looks at their quality, normalises them, freezes the healthy controls
# of run 1 and scores the patients of run 2 against them.
#
# **All lane files here are SYNTHETIC**, drawn by `nanostring_panel/make_lanes.py`: 28 genes of Kim 2018 and 5 housekeeping genes;
# 12 healthy controls in run 1; 6 patients and one control of run 1, measured again, in run 2. In run 2 only half of the reporters
# are found, as with another lot of reagents. No number here says anything about a disease.
#
# Every step has its twin on the command line.

# %%
import logging
import sys
import warnings

import matplotlib.pyplot as plt
import pandas as pd

import ifnscore as ifn

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
logging.getLogger("matplotlib").setLevel(logging.WARNING)
warnings.formatwarning = lambda message, *_: f"warning: {message}\n"
samples = pd.read_csv("nanostring_panel/samples.csv", index_col="sample_id")

# %% [markdown]
# ## 1. Read and look
#
# A folder of RCC files is one matrix. The default normalisation brings the geometric mean of the panel's housekeeping genes to
# 1000 in every lane, so that a lane never depends on the lanes beside it; `target="run"` would be nSolver's own rule, where it
# does.
#
# ```bash
# ifnscore inspect nanostring_panel/run1
# ```

# %%
run1 = ifn.read("nanostring_panel/run1")
run1.obs = run1.obs.join(samples)
print(run1.n_obs, "lanes,", run1.n_vars, "genes")
print(run1.uns["ifnscore"]["input"]["normalised"])

# %% [markdown]
# The quality of each lane, with NanoString's limits; `qc_flags` is empty where nothing is wrong. Run 2 has one lane that was
# scanned badly: read its score with that in mind, or scan it again.

# %%
run2 = ifn.read("nanostring_panel/run2")
run2.obs = run2.obs.join(samples)
columns = ["qc_fov_ratio", "qc_binding_density", "qc_positive_r2", "qc_housekeeping", "qc_flags"]
run2.obs[columns].round(2)

# %% [markdown]
# ## 2. Freeze the controls
#
# The controls of run 1 become a file without names. It remembers how they were normalised: samples that were normalised in another
# way, or to other genes, are refused later.
#
# ```bash
# ifnscore reference fit nanostring_panel/run1 --samples nanostring_panel/samples.csv --controls "group == 'healthy'" -o healthy.json
# ```

# %%
healthy = ifn.tl.reference(run1, controls="group == 'healthy'")
healthy.write("healthy.json", force=True)
healthy.describe()

# %% [markdown]
# ## 3. Score run 2 against them
#
# ```bash
# ifnscore score nanostring_panel/run2 -s kim2018_irg28_z,kim2018_irg28_geomean --reference healthy.json -o scores.tsv
# ```

# %%
ifn.tl.score(run2, ["kim2018_irg28_z", "kim2018_irg28_geomean"], reference="healthy.json")
scores = ifn.get.scores_wide(run2)
scores.join(run2.obs["group"]).round(2)

# %% [markdown]
# The control that was measured again is where it was in run 1, among the controls, although run 2 found half of the reporters:

# %%
ifn.tl.score(run1, ["kim2018_irg28_z"], reference="healthy.json")
first = ifn.get.scores_wide(run1)["kim2018_irg28_z"]
print(f"HC01 in run 1: {first['synthetic_HC01']:.1f}, in run 2: {scores.loc['synthetic_HC01_again', 'kim2018_irg28_z']:.1f}")
print(f"controls of run 1: {first.min():.1f} to {first.max():.1f}")

# %%
both = pd.concat([first, scores["kim2018_irg28_z"]]).to_frame("score").join(samples)
cutoff = ifn.get.scores(run2).query("signature == 'kim2018_irg28_z'")["cutoff"].iloc[0]
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
for i, ((run, group), part) in enumerate(both.groupby(["run", "group"])):
    ax.plot([i] * len(part), part["score"], "o", alpha=0.6, label=f"{group}, {run}")
ax.axhline(cutoff, color="grey", lw=1, ls="--")
ax.set_xticks(range(3), ["healthy\nrun 1", "healthy again\nrun 2", "patients\nrun 2"])
ax.set_yscale("symlog", linthresh=100)
ax.set(xlim=(-0.5, 2.5), ylim=(-100, 8000))
ax.set_ylabel("28-gene score (sum of z)")
ax.set_title("SYNTHETIC data; dashed: cut-off from the controls", fontsize=9)
plt.show()

# %% [markdown]
# ## What next
#
# - Your own lanes: `ifnscore inspect FOLDER` looks at the quality of every lane and prints the line that scores it.
# - Ct values go the same way: `ifnscore formats` lists what is read and which options there are.
# - Patients before and after treatment: [tofacitinib_cohort.ipynb](tofacitinib_cohort.ipynb).
# - What a score rests on, gene by gene: [bulk_scores.ipynb](bulk_scores.ipynb).
