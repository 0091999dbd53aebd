"""Write the SYNTHETIC example cohort: python make_cohort.py [FOLDER].

Without FOLDER the files beside this script are written anew. The same seed gives the same files: the generator is numpy's
legacy one, whose stream is frozen. A change of the gene catalogue changes the matrix, so run it again after one.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import clinical
import expression
import numpy as np
import pandas as pd

#: The first from 459 (the report is FRI0459) with which every change of every child lies within two SE of what was planted.
SEED = 549
COMMENT = "# SYNTHETIC: every value is invented, no row describes a real child or a real sample; see README.md\n"
SETTINGS = """# SYNTHETIC: every value of this cohort is invented; see README.md
[cohort]
title = "SYNTHETIC example: six children with refractory juvenile dermatomyositis on tofacitinib"
synthetic = true
index_drug = "tofacitinib"
hypotheses = [
  "SYNTHETIC example. Primary: the type I score in blood falls on tofacitinib (days 120 to 240 against the last baseline).",
  "Secondary: the type II score falls less; CDASI activity falls; changes of score and of CDASI go together in the same window.",
]

[followup]
rule = "target"
target_day = 180
window_days = 60
link_window = [120, 240]

[primary]
signature = "kim2018_irg28_geomean"
tissue = "blood"
instrument = "cdasi_activity"
response = "cdasi_abs4"
"""


def _stream(offset: int) -> np.random.RandomState:
    return np.random.RandomState(SEED + offset)  # legacy: newer generators may change their stream


def write(folder: Path) -> None:
    """Write the cohort, the counts and the planted truth under `folder`."""
    (folder / "cohort").mkdir(parents=True, exist_ok=True)
    samples, levels = expression.sample_table(_stream(1))
    tables = clinical.tables(_stream(2)) | {"samples": samples}
    for name, table in tables.items():
        _write_csv(folder / "cohort" / f"{name}.csv", table)
    design = expression.Genes.design(_stream(3))
    matrix = expression.counts(samples, levels, design, _stream(4))
    (folder / "counts.csv.gz").write_bytes(expression.packed(matrix, COMMENT))
    (folder / "cohort" / "cohort.toml").write_text(SETTINGS, encoding="utf-8", newline="\n")
    truth = json.dumps(_truth(samples, levels, design.frame), indent=1)
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8", newline="\n")


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(COMMENT)
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([_cell(v) for v in row] for row in table.astype(object).itertuples(index=False, name=None))


def _cell(value: object) -> str:
    """Return a cell as text, alike under every version of pandas."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _truth(samples: pd.DataFrame, levels: pd.DataFrame, design: pd.DataFrame) -> dict[str, object]:
    """Return what was planted: per child, per sample and per gene, log2."""
    ids = {"I": expression.TYPE_I, "II": expression.TYPE_II}
    children = {
        child: {
            "elevation_at_baseline": {ids[k]: v for k, v in p.elevation.items()},
            "change_on_drug": {ids[k]: v for k, v in p.on_drug.items()},
            "change_off_drug": None if p.off_drug is None else {ids[k]: v for k, v in p.off_drug.items()},
            "change_on_drug_skin": None if p.skin_on_drug is None else {ids[k]: v for k, v in p.skin_on_drug.items()},
        }
        for child, p in expression.PLANTED.items()
    }
    mean = {ids[k]: round(float(np.mean([p.on_drug[k] for p in expression.PLANTED.values()])), 4) for k in ids}
    return {
        "SYNTHETIC": True,
        "scale": "log2; changes are from baseline and without noise",
        "holds_for": "mean log2 expression, or log2 of the median fold change, of the genes of each signature; type I: "
        "rice2013_ags6 and kim2018_irg28_* alike; full effect from day 21 on the drug",
        "signatures": ids,
        "mean_change_on_drug": mean,
        "children": children,
        "within_person_sd": {ids[k]: v for k, v in expression.NOISE.items()},
        "between_person_sd_of_controls": {ids[k]: v for k, v in expression.BETWEEN.items()},
        "se_of_change_between_two_samples": _standard_errors(design),
        "infection_adds": {expression.TYPE_I: expression.INFECTION},
        "samples": {
            s: {
                ids[k]: {"planted_change": round(float(row[f"change_{k}"]), 4), "noise": round(float(row[f"noise_{k}"]), 4)}
                for k in ids
            }
            for s, row in levels.iterrows()
        },
        "gene_columns": ["change_I", "change_II", "baseline_I", "baseline_II", "dispersion"],
        "genes": {
            str(g): [round(float(x), 4) for x in row]
            for g, row in design.loc[(design["change_I"] > 0) | (design["change_II"] > 0), [
                "change_I", "change_II", "baseline_I", "baseline_II", "dispersion",
            ]].T.items()
        },
    }  # fmt: skip


def _standard_errors(design: pd.DataFrame) -> dict[str, float]:
    """Return the SE of one child's change in a log2 score: within-person noise, and counting noise of the genes."""
    cpm = design["blood"] * 1e6 / design["blood"].sum()
    treated = expression.LIBRARY / 1e6 * cpm * 2**1.5  # a level that children reach on the drug; before it the noise is smaller
    variance = (design["dispersion"] + 1 / treated) / np.log(2) ** 2
    errors = {}
    for name, kind, loss in ((expression.TYPE_I, "I", 1.0), ("rice2013_ags6", "I", np.pi / 2), (expression.TYPE_II, "II", 1.0)):
        own = variance[expression.signature_genes(name)]  # the median of Rice's score is less efficient than a mean
        errors[name] = round(float(np.sqrt(2 * (expression.NOISE[kind] ** 2 + loss * own.mean() / len(own)))), 3)
    return errors


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
