"""The data that ship with ifnscore: in-vitro interferon stimulation, bulk RNA-seq (CC0), and a synthetic cohort.

The real data are from github.com/ba306/Interferon-signature-discovery-analysis at commit 334adcbf76 (CC0 1.0); see the README
beside the files for the underlying GEO records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import _resources, loaders
from ifnscore._lazy import pd

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from ifnscore.cohort import Cohort


def folder() -> Path:
    """Return the folder of the shipped data."""
    return _resources.folder("examples") / "ifn_stimulated_bulk"


def hppt() -> AnnData:
    """Read HPPT cells, untreated or under IFN-alpha, -beta, -gamma or IL-1b, three replicates each.

    Returns
    -------
    AnnData
        15 samples x 26,364 genes, raw counts; ``obs["treatment"]``, ``obs["replicate"]``.
    """
    return _annotated(loaders.read(folder() / "hppt"), "hppt_samples.csv")


def whole_blood() -> AnnData:
    """Read whole blood of three donors, one of them twice, stimulated ex vivo (GSE145647).

    Returns
    -------
    AnnData
        28 samples x 12,194 genes, normalised counts (linear); ``obs["treatment"]``, ``obs["donor"]``, ``obs["run"]``.
        Highly expressed genes (B2M, HLA-A, CD74, GAPDH ...) are absent from the authors' table: never normalise it again.
    """
    return _annotated(loaders.read(folder() / "whole_blood.csv.gz", scale="linear"), "whole_blood_samples.csv")


def jdm_tofacitinib() -> tuple[AnnData, Cohort]:
    """Read the SYNTHETIC cohort: six children with refractory JDM on tofacitinib, blood and skin at irregular visits, controls.

    Every value is invented; only the marginal counts are those of the report that the README beside the files names.

    Returns
    -------
    tuple
        65 samples x 10,500 genes, raw counts, annotated and marked as synthetic in ``uns["ifnscore"]["input"]``; and the cohort
        with patients, visits, exposures and outcomes.
    """
    from ifnscore.cohort import Cohort

    root = _resources.folder("examples") / "jdm_tofacitinib"
    adata = loaders.read(root / "counts.csv.gz")
    obs = pd.read_csv(root / "cohort" / "samples.csv", comment="#", dtype={"sample_id": str}).set_index("sample_id")
    adata.obs = obs.loc[adata.obs_names]
    adata.uns.setdefault("ifnscore", {}).setdefault("input", {})["synthetic"] = True  # for those who have the scores alone
    return adata, Cohort.read(root / "cohort")


def _annotated(adata: AnnData, samples: str) -> AnnData:
    obs = pd.read_csv(folder() / samples, dtype=str).set_index("sample_id")
    adata.obs = obs.loc[adata.obs_names]
    return adata
