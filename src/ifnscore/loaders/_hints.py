"""What a folder that no format claims looks like, and what to give instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ifnscore.errors import listing
from ifnscore.loaders import _files

#: Tables of a cohort folder; two of them are enough to know one.
_COHORT = {"samples", "patients", "visits", "exposures", "outcomes", "cohort"}
#: Files about the data, and their annotations.
_ABOUT = re.compile(r"read.?me|licen[cs]e|metadata|samples?\.|annotation|\.md$", re.IGNORECASE)
#: What raw data need before they are a matrix.
_RAW = {
    ".cel": "Affymetrix arrays: normalise them first (RMA, for instance with the R packages oligo or affy)",
    ".idat": "Illumina arrays: read them first with the vendor's or an R package (limma, illuminaio)",
    ".fastq": "raw reads: quantify them per gene first (salmon, kallisto, STAR)",
    ".fq": "raw reads: quantify them per gene first (salmon, kallisto, STAR)",
    ".bam": "aligned reads: count them per gene first (featureCounts, STAR, RSEM)",
    ".tar": "an archive: unpack it and give the folder of its files",
    ".zip": "an archive: unpack it and give the folder of its files",
}
#: Folders of Cell Ranger that hold the matrix.
_MATRIX_FOLDERS = ("filtered_feature_bc_matrix", "filtered_gene_bc_matrices", "outs", "sample_filtered_feature_bc_matrix")


def of_folder(folder: Path, readable: Sequence[str]) -> str:
    """Return what `folder` looks like and what to do, or an empty string.

    Parameters
    ----------
    folder
        A folder that no format claims.
    readable
        Names of the files in it that a format would read.
    """
    entries = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    tables = {p.stem for p in entries if p.suffix in {".csv", ".tsv", ".toml", ".xlsx"}}
    if len(tables & _COHORT) > 1:
        return (
            f"it looks like a cohort folder ({listing(sorted(tables & _COHORT), 3)}), which holds no expression: give the matrix "
            f"and --samples {folder} for its samples ('ifnscore cohort check' looks at it)"
        )
    inner = next((name for name in _MATRIX_FOLDERS if (folder / name).is_dir()), None)
    if inner:
        return f"it looks like a folder of Cell Ranger: give the folder of the matrix in it, {folder / inner}"
    kinds = Counter(_files.suffix(p) for p in entries if p.is_file())
    raw = next((kind for kind, _ in kinds.most_common() if kind in _RAW), None)
    if raw:
        return f"{kinds[raw]} files {raw} look like {_RAW[raw]}"
    matrices = [name for name in readable if not _ABOUT.search(name)]
    if matrices:
        return f"give the matrix itself, one of its files ({listing(matrices, 3)})"
    return ""
