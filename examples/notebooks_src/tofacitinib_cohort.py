"""Cells of tofacitinib_cohort.ipynb, written by make_notebooks.py."""

# %% [markdown]
# # Six children on tofacitinib: from files to a report
#
# **Every child here is SYNTHETIC.** The folder `jdm_tofacitinib` was drawn by a script with the margins of a published report;
# nothing below is evidence for or against the drug. What was planted is in `jdm_tofacitinib/README.md`: in one child the skin
# improves and the interferon score does not fall, one stopped, one was interrupted.
#
# Patients appear under codes (`P01` ...) that are drawn anew in each run, so that no table gives an id away. Run this notebook
# and your codes will differ from those below.

# %%
import re
import tempfile
import warnings
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

import ifnscore as ifn

warnings.simplefilter("ignore", ifn.IfnscoreWarning)
pd.set_option("display.width", 120, "display.max_columns", 12, "display.max_colwidth", 60)

# %% [markdown]
# ## 1. Check the files
#
# A cohort is a folder of tables (`ifnscore cohort template my_cohort` writes an empty, commented one). The check finds everything
# at once, with file, row, column and what to do. Errors are refused; warnings, as here, are yours to judge.

# %%
ifn.Cohort.check("jdm_tofacitinib/cohort")[["level", "file", "problem", "fix"]]

# %%
cohort = ifn.Cohort.read("jdm_tofacitinib/cohort")
for hypothesis in cohort.settings.hypotheses:
    print(hypothesis)

# %% [markdown]
# ## 2. Score
#
# Two type I scores and one type II score. Blood and skin have their own healthy controls (`reference_by`), repeats of a healthy
# donor count once (`donor`). With eight controls of skin there is no cut-off there.

# %%
adata = ifn.read("jdm_tofacitinib/counts.csv.gz")
samples = pd.read_csv("jdm_tofacitinib/cohort/samples.csv", comment="#", index_col="sample_id")
adata.obs = samples.loc[adata.obs_names]
signatures = ["kim2018_irg28_geomean", "rice2013_ags6", "aybey_ifn2_6"]
ifn.tl.score(adata, signatures, controls="is_control", donor="donor_id", reference_by="tissue")
ifn.get.cutoffs(adata)[["signature", "stratum", "n_controls", "cutoff", "note"]].round(1)

# %% [markdown]
# ## 3. Every child, every sample

# %%
ax = ifn.pl.timeline(cohort, adata)

# %%
ax = ifn.pl.paired(adata, cohort)

# %% [markdown]
# ## 4. Did the score change on the drug?

# %%
change = ifn.tl.compare(adata, cohort, rng=1)
Markdown(change.reading)

# %%
columns = ["role", "signature", "tissue", "contrast", "n_patients", "estimate", "ci_low", "ci_high", "p", "min_attainable_p"]
change.table[columns].round(3).head(3)

# %% [markdown]
# Beside every p stands the smallest one that so few children could reach. Is the fall carried by one gene, or by all?

# %%
ax = ifn.pl.genes_change(change)

# %% [markdown]
# ## 5. Does it go with skin?
#
# Score and skin both fall on a drug, so that a correlation over all visits proves nothing. Here is the change of one against the
# change of the other, a point a child; children in whom the two disagree are marked.

# %%
link = ifn.tl.associate(adata, cohort, outcome="cdasi_activity", rng=1)
Markdown(link.reading)

# %%
ax = ifn.pl.association(link)

# %%
ax = ifn.pl.waterfall(link)

# %% [markdown]
# ## 6. The report
#
# One file that can be sent or printed: flow, tables, figures, methods with references, and what cannot be concluded.

# %%
with tempfile.TemporaryDirectory() as folder:
    report = Path(folder) / "report.html"
    ifn.report.write(report, adata, cohort)
    text = report.read_text(encoding="utf-8")
print(*re.findall("<h2[^>]*>(.*?)</h2>", text), sep="\n")

# %% [markdown]
# The same from the command line:
#
# ```bash
# ifnscore cohort check jdm_tofacitinib/cohort
# ifnscore score jdm_tofacitinib/counts.csv.gz --samples jdm_tofacitinib/cohort/samples.csv --reference-by tissue -o scored.h5ad
# ifnscore compare scored.h5ad jdm_tofacitinib/cohort -o change
# ifnscore associate scored.h5ad jdm_tofacitinib/cohort --outcome cdasi_activity -o link
# ifnscore report scored.h5ad jdm_tofacitinib/cohort -o report.html
# ```
#
# ## What next
#
# - Your own cohort: `ifnscore cohort template my_cohort`, fill in what you have, `ifnscore cohort check my_cohort`.
# - Only before and after, no dates: `ifn.Cohort.from_samples(patient=..., time=..., baseline=..., followup=...)`.
# - What a score rests on, gene by gene: [bulk_scores.ipynb](bulk_scores.ipynb).
# - Before you show a p-value: [the calibration](../benchmarks/calibration/RESULTS.md) says how often each is below 0.05 when nothing is there.
