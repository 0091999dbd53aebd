"""Inputs of the figure tests: the shipped synthetic cohort under fixed codes, and cohorts of any size."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

import ifnscore as ifn

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "jdm_tofacitinib"


@functools.cache
def _example():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = ifn.read(EXAMPLE / "counts.csv.gz")
        samples = pd.read_csv(EXAMPLE / "cohort" / "samples.csv", comment="#").set_index("sample_id")
        adata.obs = adata.obs.join(samples)
        ifn.tl.score(adata, controls="is_control", donor="donor_id", reference_by="tissue")
        return adata, ifn.Cohort.read(EXAMPLE / "cohort")


def example():
    """Return the scored example cohort, codes P01 to P06 in the order of the ids (they are drawn at random elsewhere)."""
    adata, cohort = _example()
    return adata.copy(), coded(cohort)


def coded(cohort):
    """Return a cohort whose codes follow the order of the ids, so that pictures can be compared."""
    patients = {p: f"P{i:02d}" for i, p in enumerate(sorted(cohort.patients["patient_id"]), 1)}
    samples = {s: f"S{i:03d}" for i, s in enumerate(sorted(cohort.samples["sample_id"]), 1)}
    own = {f.name: table.copy() for f in dataclasses.fields(cohort) if isinstance(table := getattr(cohort, f.name), pd.DataFrame)}
    return dataclasses.replace(cohort, codes=patients, sample_codes=samples, **own)  # a test may change its own tables


def simple(n_patients: int, *, seed: int = 1, n_controls: int = 12, arms: bool = False):
    """Return a scored simple design: patients before and after, controls beside them, RNA-seq counts of 600 genes."""
    rng = np.random.default_rng(seed)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    genes = [*known, *(f"GENE{i:03d}" for i in range(600 - len(known)))]
    level = rng.lognormal(4, 1, len(genes))
    n = n_controls + 2 * n_patients
    fold = np.ones((n, len(genes)))
    up = rng.lognormal(1.5, 0.6, n_patients)
    down = up * rng.lognormal(-0.9, 0.4, n_patients)
    fold[n_controls : n_controls + n_patients, : len(known)] = up[:, None]
    fold[n_controls + n_patients :, : len(known)] = np.maximum(down, 0.8)[:, None]
    x = rng.poisson(level * fold * rng.lognormal(0, 0.35, (n, len(genes)))).astype(float)
    who = [f"c{i:03d}" for i in range(n_controls)] + [f"p{i:03d}" for i in range(n_patients)] * 2
    when = ["baseline"] * (n_controls + n_patients) + ["week24"] * n_patients
    obs = pd.DataFrame({"patient": who, "visit": when, "is_control": [True] * n_controls + [False] * (2 * n_patients)})
    obs["group"] = np.where(obs["is_control"], "healthy", "JDM")
    obs["arm"] = ["tofacitinib" if int(w[1:]) % 2 else "placebo" for w in who]
    obs.index = [f"s{i:04d}" for i in range(n)]
    adata = ad.AnnData(x, obs=obs, var=pd.DataFrame(index=genes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ifn.tl.score(adata, controls="group == 'healthy'")
    design = {"patient": "patient", "time": "visit", "baseline": "baseline", "followup": "week24"}
    cohort = ifn.Cohort.from_samples(obs, **design, group="arm" if arms else None)
    return adata, coded(cohort)
