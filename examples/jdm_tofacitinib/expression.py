"""SYNTHETIC counts: a negative binomial matrix in which the interferon response of every sample is known.

log2 expression of gene g in sample s = base of g in that tissue
    + baseline_loading[g] * (elevation of the child) + change_loading[g] * (planted change + noise of the sample)
for type I, and the same for type II. The change loading is 1 for every gene of the two signatures below, so the score that
averages their log2 expression, and the median log2 fold change, move by the planted change.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from clinical import BLOOD, CHILDREN, Child, Sample

import ifnscore as ifn
from ifnscore import genes

N_GENES = 10_500
TYPE_I, TYPE_II = "kim2018_irg28_geomean", "aybey_ifn2_6"
SOURCE = Path(__file__).resolve().parents[1] / "ifn_stimulated_bulk" / "whole_blood.csv.gz"
#: Neutrophil genes that follow the neutrophil fraction; none is in a signature of the catalogue.
NEUTROPHIL = ("FCGR3B", "CXCR1", "CXCR2", "S100P", "MME", "PROK2", "HCAR3", "ADGRG3", "LRG1", "VNN2")
#: Within-person noise and between-person spread of the healthy, log2, of the type I and the type II level.
NOISE, BETWEEN = {"I": 0.18, "II": 0.15}, {"I": 0.35, "II": 0.25}
#: An infection raises the type I level by this much.
INFECTION = 1.2
RAMP_DAYS = 21
#: Median library size.
LIBRARY = 2.4e6


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted in one child, log2: elevation over the healthy, change on the drug, and off it again (from baseline)."""

    elevation: dict[str, float]
    on_drug: dict[str, float]
    off_drug: dict[str, float] | None = None
    skin_on_drug: dict[str, float] | None = None


def _levels(i: float, ii: float) -> dict[str, float]:
    return {"I": i, "II": ii}


PLANTED = {
    "SYN-01": Planted(_levels(4.2, 1.6), _levels(-2.6, -1.1), skin_on_drug=_levels(-2.0, -0.9)),
    "SYN-02": Planted(_levels(2.6, 1.0), _levels(-1.3, -0.6), skin_on_drug=_levels(-0.9, -0.5)),
    "SYN-03": Planted(_levels(4.0, 1.5), _levels(-2.3, -1.1)),
    "SYN-04": Planted(_levels(3.1, 1.2), _levels(0.3, -0.3), skin_on_drug=_levels(0.1, -0.3)),
    "SYN-05": Planted(_levels(3.6, 1.3), _levels(-1.9, -0.9), off_drug=_levels(0.1, 0.0)),
    "SYN-06": Planted(_levels(3.3, 1.1), _levels(-1.6, -0.8), off_drug=_levels(0.3, 0.1)),
}


def planted_change(child: Child, sample: Sample) -> dict[str, float]:
    """Return the planted log2 change from baseline of one sample, without its noise."""
    p = PLANTED[child.id]
    days = child.days_on(sample.day)
    if sample.day < 0:
        change = _levels(0.0, 0.0)
    elif days is None:
        change = dict(p.off_drug or p.on_drug)
    else:
        full = p.skin_on_drug if sample.tissue == "skin" and p.skin_on_drug else p.on_drug
        change = {k: v * min(days / RAMP_DAYS, 1) for k, v in full.items()}
    change["I"] += INFECTION * sample.infection
    return change


def sample_table(rng: np.random.RandomState) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the samples, and beside each its planted and realised levels (log2 over the healthy mean)."""
    rows, levels = [], []
    for child in CHILDREN:
        for sample in child.samples:
            change = planted_change(child, sample)
            noise = {k: rng.normal(0, NOISE[k]) for k in NOISE}
            base = PLANTED[child.id].elevation
            levels.append(_level_row({k: base[k] for k in base}, change, noise))
            rows.append(_row(rng, len(rows) + 1, sample, child))
    plan = [("blood", f"SYN-H{i + 1:02d}", 2 if i in {0, 4, 7, 11} else 1) for i in range(14)]
    plan += [("skin", f"SYN-K{i + 1:02d}", 1) for i in range(8)]
    for number, (tissue, donor, repeats) in enumerate(plan):
        person = {k: rng.normal(0, BETWEEN[k]) for k in BETWEEN}
        for _ in range(repeats):
            levels.append(_level_row(person, _levels(0, 0), {k: rng.normal(0, NOISE[k]) for k in NOISE}))
            batch = "SYN-RUN-1" if number % 2 else "SYN-RUN-2"
            rows.append(
                _row(rng, len(rows) + 1, Sample(0, tissue), None)
                | {"donor_id": donor}
                | ({"batch": batch} if tissue == "blood" else {})
            )
    table = pd.DataFrame(rows)
    return table, pd.DataFrame(levels, index=table["sample_id"])


def _level_row(base: dict[str, float], change: dict[str, float], noise: dict[str, float]) -> dict[str, float]:
    row = {f"elevation_{k}": base[k] for k in base} | {f"change_{k}": change[k] for k in change}
    return row | {f"noise_{k}": noise[k] for k in noise}


def _row(rng: np.random.RandomState, number: int, sample: Sample, child: Child | None) -> dict[str, object]:
    counts = {k: max(rng.normal(*BLOOD[k]), 0.15) for k in BLOOD}
    counts["neutrophils"] = sample.neutrophils or counts["neutrophils"]
    other = rng.uniform(0.1, 0.4)
    rin, hours = rng.uniform(7.0, 9.3), rng.uniform(1, 11)
    blood = sample.tissue == "blood"
    on = child is not None and child.days_on(sample.day) is not None
    shown = {k: round(v, 2) for k, v in counts.items()}
    shown = {"wbc": round(sum(counts.values()) + other, 2)} | shown
    return {
        "sample_id": f"SYN-S{number:03d}", "patient_id": child.id if child else "", "day": sample.day if child else None,
        "tissue": sample.tissue, "platform": "RNA-seq", "batch": (child.batch if child else "") if blood else "SYN-RUN-3",
        "rin": round(rin, 1), "collection_tube": "PAXgene" if blood else "RNAlater", "run_date_block": "A" if blood else "B",
        "is_control": child is None, "donor_id": "", "infection_flag": sample.infection, "vaccine_within_days": sample.vaccine,
        "pre_dose": False, "hours_since_last_dose": round(hours, 1) if on else None,
    } | {k: v if blood and not sample.counts_missing else None for k, v in shown.items()}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Genes:
    """The genes of the matrix, one row each: base CPM by tissue, dispersion, loadings."""

    frame: pd.DataFrame

    @classmethod
    def design(cls, rng: np.random.RandomState) -> Genes:
        """Give every gene its expression and its part in the interferon response."""
        blood = _blood_means()
        known = [g for g in genes.table().genes if g != "18S"]  # ribosomal RNA is no part of an RNA-seq library
        planted = {g for s in (TYPE_I, TYPE_II) for g in signature_genes(s)}
        others = [g for g in blood.index if not genes.table().knows(g)]
        names = sorted(known) + sorted(others[: N_GENES - len(known)])
        n = len(names)
        change_i, change_ii = _loadings(names, "I", TYPE_I, TYPE_II), _loadings(names, "II", TYPE_II, TYPE_I)
        base = blood.reindex(names).to_numpy(dtype=float)
        base = np.where(np.isnan(base), np.exp(rng.normal(np.log(30), 1.0, n)), base)
        base = np.where(_silent(names), 0.2, base)
        frame = pd.DataFrame({"blood": base, "skin": base * np.exp(rng.normal(0, 0.9, n))}, index=pd.Index(names, name="gene"))
        frame *= 1e6 / frame.sum()
        is_planted = np.isin(names, sorted(planted))
        strong = np.exp(rng.uniform(np.log(15), np.log(60), n))
        for tissue in ("blood", "skin"):
            # a modest share of the library, so that the response of some genes does not push the others down
            cap = np.exp(rng.uniform(np.log(20), np.log(60), n))
            capped = frame[tissue].clip(upper=np.where(change_i + change_ii > 0, cap, np.inf))
            frame[tissue] = np.where(is_planted, strong * np.exp(rng.normal(0, 0.2, n)), capped)
        frame["dispersion"] = np.where(is_planted, rng.uniform(0.015, 0.045, n), np.exp(rng.normal(np.log(0.08), 0.5, n)))
        for kind, change in (("I", change_i), ("II", change_ii)):
            frame[f"baseline_{kind}"] = np.round(change * rng.uniform(0.8, 1.2, n), 3)
            frame[f"change_{kind}"] = np.round(change, 3)
        frame["neutrophil"] = np.isin(names, NEUTROPHIL).astype(float)
        return cls(frame)


def signature_genes(signature: str) -> list[str]:
    """Return the current symbols of a signature's genes."""
    return [genes.table().resolve(g) for g in ifn.signatures.get(signature).up]


def _silent(names: list[str]) -> np.ndarray:
    return np.array([g.startswith(("IFNA", "IFNB", "IFNG", "IFNW")) and not g.startswith(("IFNAR", "IFNGR")) for g in names])


def _blood_means() -> pd.Series:
    """Return the mean of each gene over the unstimulated samples of the shipped whole-blood table, highest first."""
    table = pd.read_csv(SOURCE, index_col=0, keep_default_na=False)
    mean = table[[c for c in table if c.endswith("_Buffer")]].mean(axis=1)
    mean = mean[(mean > 0) & ~mean.index.duplicated()]
    current = mean.rename(index=lambda name: genes.table().identify(str(name)).key)
    mean = current[~current.index.duplicated()]
    return mean.sort_values(ascending=False, kind="stable")


def _loadings(names: list[str], kind: str, own: str, other: str) -> np.ndarray:
    """Return the loadings on one interferon: 1 on its planted signature, 0 on the other's, elsewhere by how many lists agree."""
    lists: Counter[str] = Counter()
    for signature in ifn.signatures.resolve("all"):
        if signature.ifn_type == kind and "any" not in signature.tissue:
            lists.update({genes.table().resolve(g) for g in signature.up})
    planted, excluded = set(signature_genes(own)), set(signature_genes(other))
    return np.array([1.0 if g in planted else 0.0 if g in excluded else 0.15 * min(lists[g], 4) for g in names])


def counts(table: pd.DataFrame, levels: pd.DataFrame, design: Genes, rng: np.random.RandomState) -> pd.DataFrame:
    """Draw the counts, shape (n_genes, n_samples): gamma-Poisson around the base, log-normal library sizes."""
    f = design.frame
    fraction = table["neutrophils"].astype(float) / table["wbc"].astype(float)
    relative = np.log2(fraction / fraction[table["is_control"]].mean()).fillna(0.0).to_numpy()
    still = (f[["change_I", "change_II", "neutrophil"]] == 0).all(axis=1).to_numpy()
    columns = {}
    for j, sample in enumerate(table["sample_id"]):
        level = levels.loc[sample]
        log2 = f["neutrophil"].to_numpy() * relative[j]
        for k in ("I", "II"):
            log2 = log2 + f[f"baseline_{k}"].to_numpy() * level[f"elevation_{k}"]
            log2 = log2 + f[f"change_{k}"].to_numpy() * (level[f"change_{k}"] + level[f"noise_{k}"])
        base = f[table["tissue"].iloc[j]].to_numpy()
        mean = base * np.exp2(log2)
        # genes without a response give way, so that counts per million of the others move by exactly what was planted
        mean[still] *= 1 - (mean.sum() - base.sum()) / mean[still].sum()
        mean *= np.exp(rng.normal(np.log(LIBRARY), 0.25)) / base.sum()
        dispersion = f["dispersion"].to_numpy()
        columns[sample] = rng.poisson(rng.gamma(1 / dispersion, mean * dispersion))
    return pd.DataFrame(columns, index=f.index)


def packed(frame: pd.DataFrame, comment: str) -> bytes:
    """Return the matrix as a gzipped CSV whose bytes do not depend on the clock or the file name."""
    text = io.StringIO()
    text.write(comment)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["gene", *frame.columns])
    writer.writerows([g, *row] for g, row in zip(frame.index, frame.to_numpy().tolist(), strict=True))
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0) as handle:
        handle.write(text.getvalue().encode())
    return raw.getvalue()
