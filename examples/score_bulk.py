"""Score the interferon-stimulated RNA-seq that ships with ifnscore, and print what came out.

Run with ``make demo``, or: python examples/score_bulk.py
"""

from __future__ import annotations

import warnings

import pandas as pd

import ifnscore as ifn

ORDER = ["untreated", "Buffer", "IL1b", "IFNlambda", "IFNgamma", "IFNg", "IFNa", "IFNb", "IFNbeta"]


def group_means(adata, digits: int) -> pd.DataFrame:
    """Return one row a signature and one column a treatment."""
    means = ifn.get.scores_wide(adata).groupby(adata.obs["treatment"]).mean().T
    return means[[t for t in ORDER if t in means]].round(digits) + 0.0


def show(title: str, table: pd.DataFrame, note: str) -> None:
    """Print a titled table and what to make of it."""
    print(f"\n{title}\n{'-' * len(title)}")
    print(table.rename_axis(index=None, columns=None).fillna("-").to_string())
    print(note)


def main() -> None:
    """Score two real data sets."""
    warnings.simplefilter("ignore", ifn.IfnscoreWarning)
    cells, blood = ifn.datasets.hppt(), ifn.datasets.whole_blood()
    print(f"HPPT cells: {cells.n_obs} samples x {cells.n_vars} genes. Whole blood: {blood.n_obs} samples x {blood.n_vars} genes.")

    ifn.tl.score(cells, method="mean_log")
    note = (
        "Every type I signature orders IFN-beta > IFN-alpha > IFN-gamma > untreated. aybey_ifn2_6 (type II) is highest under\n"
        "IFN-gamma, and rises with IL-1b too. The NF-kB comparator hardly moves."
    )
    show("HPPT cells, mean log2 expression of each signature (mean of 3 replicates)", group_means(cells, 2), note)

    ifn.tl.score(cells, controls="treatment == 'untreated'")
    note = (
        "Published formulas against three untreated controls. '-' means no score: SIGLEC1 is 0 in two of the three controls, so\n"
        "Rice's six genes are five, and IFNG and GZMB are 0 in all of them. The z-sum in the thousands comes from controls that\n"
        "hardly vary: off its own platform a published formula is a formula, not the assay. Raupov's median fold change puts\n"
        "IFN-alpha just above IFN-beta. The recommended score here, zref_mean on log2, is under the key 'ifn_zref_mean'."
    )
    show("HPPT cells, each signature's published formula", group_means(cells, 1), note)
    table = ifn.get.coverage(cells).set_index("signature")[
        ["n_genes", "n_found", "n_used", "dropped", "method", "platform_match"]
    ]
    print(f"\n{table.to_string()}")

    ifn.tl.score(blood, "rice", controls="treatment == 'Buffer'", donor="donor")
    wide = ifn.get.scores_wide(blood).join(blood.obs).query("treatment in ['Buffer', 'IFNlambda', 'IFNgamma', 'IFNbeta']")
    rice = wide.pivot_table(index="run", columns="treatment", values="rice2013_ags6")[
        ["Buffer", "IFNlambda", "IFNgamma", "IFNbeta"]
    ]
    note = (
        "Median fold change of six genes against the buffer samples of three donors (run D1R repeats donor D1 and counts once).\n"
        "Blood answers to IFN-beta only. Left out: IL-4, IL-10 and IL-13, which lie below buffer for every interferon gene for an\n"
        "unknown reason. No cut-off: three controls are too few, ten independent ones are needed."
    )
    show("Whole blood, Rice 2013 score of each sample", rice.round(2), note)
    print("\nNext: ifnscore inspect YOUR_MATRIX, then ifnscore score YOUR_MATRIX --controls \"group == 'healthy'\"")


if __name__ == "__main__":
    main()
