"""The files that README and docs name, made from the shipped example data or drawn, so that every line can be run as printed."""

from __future__ import annotations

import functools
import gzip
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from tests.docs_pages import ROOT

import ifnscore as ifn
from ifnscore import scored

EXAMPLES = ROOT / "examples"
COHORT = EXAMPLES / "jdm_tofacitinib"
PANEL = EXAMPLES / "nanostring_panel"
SALMON = [f"salmon_{i:02d}" for i in range(14)]
#: What follows one of these is written, not read.
_WRITTEN = re.compile(r"(?:-o|--output|--key|>+)\s*(\S+)")


@functools.cache
def _cohort_samples() -> pd.DataFrame:
    return pd.read_csv(COHORT / "cohort" / "samples.csv", comment="#")


@functools.cache
def _counts() -> pd.DataFrame:
    """Return the blood samples of the example cohort, genes in rows."""
    table = pd.read_csv(COHORT / "counts.csv.gz", index_col=0, comment="#")
    samples = _cohort_samples()
    blood = samples.loc[samples["tissue"] == "blood", "sample_id"]
    return table.loc[blood].T if set(blood) <= set(table.index) else table[list(blood)]


def _known() -> list[str]:
    """Return the genes of the default panel and the housekeeping genes."""
    listed = [g for s in ifn.signatures.resolve("panel") for g in (*s.genes, *s.formula.housekeeping)]
    return [g for g in dict.fromkeys([*listed, "HPRT1", "TBP", "GUSB"]) if not g.startswith("AC00") and g != "18S"]


def counts(path: Path) -> None:
    _counts().to_csv(path, sep="\t", index_label="gene")


def samples(path: Path) -> None:
    """Annotations of every sample that any of these files holds."""
    rows = _cohort_samples()
    cohort = pd.DataFrame(
        {"sample_id": rows["sample_id"], "group": np.where(rows["is_control"], "healthy", "JDM"), "batch": "b1"}
    )
    lanes = pd.read_csv(PANEL / "samples.csv")
    more = pd.DataFrame({"sample_id": SALMON, "group": ["healthy"] * 12 + ["JDM"] * 2, "batch": "b1"})
    pd.concat([cohort, lanes[["sample_id", "group"]].assign(batch="b1"), more]).to_csv(path, index=False)


def new_patient(path: Path) -> None:
    _counts().iloc[:, [0]].to_csv(path, sep="\t", index_label="gene")


def controls_json(path: Path) -> None:
    table = _counts().T
    group = _cohort_samples().set_index("sample_id").loc[table.index, ["is_control"]]
    ifn.tl.reference(ad.AnnData(table.astype(float), obs=group), "is_control").write(path)


def _cells() -> ad.AnnData:
    rng = np.random.default_rng(1)
    genes = [*_known(), *(f"GENE{i:04d}" for i in range(2500 - len(_known())))]
    x = rng.poisson(rng.lognormal(-1, 1.3, len(genes)), (80, len(genes)))
    obs = pd.DataFrame({"sample": np.repeat(["s1", "s2", "s3", "s4"], 20), "cell_type": ["T", "B"] * 40})
    obs["group"] = np.repeat(["healthy", "JDM"], 40)
    obs.index = [f"cell{i:03d}" for i in range(80)]
    return ad.AnnData(x.astype(np.float32), obs=obs, var=pd.DataFrame(index=genes))


def cells(path: Path) -> None:
    _cells().write_h5ad(path)


def cells_zarr(path: Path) -> None:
    _cells().write_zarr(path)


def lanes(path: Path) -> None:
    shutil.copytree(PANEL / "run1", path)


def run1(path: Path) -> None:
    shutil.copytree(PANEL / "run1", path)


def run2(path: Path) -> None:
    shutil.copytree(PANEL / "run2", path)


def _probes() -> list[str]:
    return [f"{8000000 + i}" for i in range(len(_known()) + 200)]


def series_matrix(path: Path) -> None:
    """A stand-in in the layout of GEO: drawn values, the names of real genes."""
    rng = np.random.default_rng(2)
    gsm = [f"GSM{i}" for i in range(1, 7)]
    quoted = "\t".join(f'"{g}"' for g in gsm)
    head = ['!Series_title\t"Drawn"', '!Series_geo_accession\t"GSE42872"', '!Series_type\t"Expression profiling by array"', ""]
    head += [f"!Sample_title\t{quoted}", f"!Sample_geo_accession\t{quoted}"]
    head += ["!Sample_platform_id\t" + "\t".join(['"GPL6244"'] * 6), "!series_matrix_table_begin", f'"ID_REF"\t{quoted}']
    rows = [f'"{p}"\t' + "\t".join(f"{v:.3f}" for v in rng.normal(8, 1.5, 6)) for p in _probes()]
    path.write_bytes(gzip.compress("\n".join([*head, *rows, "!series_matrix_table_end", ""]).encode()))


def platform(path: Path) -> None:
    names = [*_known(), *(f"LINC{i:05d}" for i in range(200))]
    rows = [f"{p}\ttitle\t{g}\t" for p, g in zip(_probes(), names, strict=True)]
    text = ["^Annotation", "!Annotation_platform = GPL6244", "!platform_table_begin", "ID\tGene title\tGene symbol\tGene ID"]
    path.write_bytes(gzip.compress("\n".join([*text, *rows, "!platform_table_end", ""]).encode()))


def salmon(path: Path) -> None:
    rng = np.random.default_rng(3)
    for name in SALMON:
        lines = ["Name\tLength\tEffectiveLength\tTPM\tNumReads"]
        tpm = rng.lognormal(3, 0.7, 2 * len(_known()))
        lines += [f"ENST{i:011d}\t1200\t1000\t{v:.3f}\t{2 * v:.3f}" for i, v in enumerate(tpm)]
        (path / name).mkdir(parents=True)
        (path / name / "quant.sf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def tx2gene(path: Path) -> None:
    rows = [f"ENST{i:011d},{g}" for i, g in enumerate([*_known(), *_known()])]
    path.write_text("\n".join(["transcript,gene", *rows, ""]), encoding="utf-8")


@functools.cache
def _scored() -> ad.AnnData:
    """Return the scored example cohort, with the columns of a simple paired design beside it: one sample at 0 and at 77 h each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata, _ = ifn.datasets.jdm_tofacitinib()
        ifn.tl.score(adata, controls="is_control", donor="donor_id")
    obs = adata.obs
    obs["donor"] = obs["patient_id"].where(obs["patient_id"].notna(), obs["donor_id"]).astype(str)
    obs["hours"], obs["condition"] = np.nan, "healthy"
    for i, (patient, own) in enumerate(obs[(obs["tissue"] == "blood") & obs["patient_id"].notna()].groupby("patient_id")):
        days = own["day"].astype(float)
        obs.loc[days[days < 0].idxmax(), "hours"] = 0.0
        obs.loc[days[days > 20].idxmin(), "hours"] = 77.0
        obs.loc[obs["patient_id"] == patient, "condition"] = ["first", "second"][i % 2]
    return adata


def scored_h5ad(path: Path) -> None:
    scored.write(_scored().copy(), path)


def cohort(path: Path) -> None:
    """Fill in a template, or write the folder: the shipped synthetic cohort."""
    shutil.copytree(COHORT / "cohort", path, dirs_exist_ok=True)


def scores(path: Path) -> None:
    rng = np.random.default_rng(4)
    pre = rng.normal(4, 1, 7)
    who = [f"P{i}" for i in range(1, 8)]
    times = {"pre": pre, "post": pre - rng.normal(1, 0.5, 7)}
    tables = [pd.DataFrame({"sample": [f"{w}_{t}" for w in who], "id": who, "visit": t, "ifn_log2": v}) for t, v in times.items()]
    pd.concat(tables).to_csv(path, index=False)


def visits(path: Path) -> None:
    measures = [("phys", 8, 2), ("parent", 7, 3), ("mmt", 60, 78), ("haq", 2.0, 0.5), ("enzyme", 10, 1), ("extramusc", 5, 1)]
    head = [f"{name}_{when}" for name, *_ in measures for when in ("before", "after")]
    row = [str(v) for _, *pair in measures for v in pair]
    path.write_text(f"patient_id,{','.join(head)}\nP1,{','.join(row)}\n", encoding="utf-8")


MAKERS: dict[str, Callable[[Path], None]] = {
    "counts.tsv.gz": counts,
    "samples.csv": samples,
    "new_patient.tsv": new_patient,
    "controls.json": controls_json,
    "atlas.h5ad": cells,
    "atlas.zarr": cells_zarr,
    "cells.h5ad": cells,
    "lanes": lanes,
    "run1": run1,
    "run2": run2,
    "GSE42872_series_matrix.txt.gz": series_matrix,
    "GPL6244.annot.gz": platform,
    "salmon_out": salmon,
    "tx2gene.csv": tx2gene,
    "scored.h5ad": scored_h5ad,
    "my_cohort": cohort,
    "scores.csv": scores,
    "visits.csv": visits,
}


def provide(folder: Path, line: str) -> None:
    """Make the files that a line reads and that no earlier line wrote; an empty cohort is filled in."""
    written = {w.strip("\"'/") for w in _WRITTEN.findall(line)}
    if " template " in line:
        return
    for name, make in MAKERS.items():
        mentioned = re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w.-])", line) is not None
        empty = name == "my_cohort" and (folder / name / "README.txt").exists()
        if mentioned and name not in written and (empty or not (folder / name).exists()):
            make(folder / name)
            if empty:
                (folder / name / "README.txt").unlink()
