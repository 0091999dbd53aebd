"""The STAR gene counts of the Genomic Data Commons (TCGA and others): ``*.rna_seq.augmented_star_gene_counts.tsv``.

Source of the columns: GDC documentation, "mRNA Analysis Pipeline" (https://docs.gdc.cancer.gov): all reads are treated as
unstranded; counts are augmented with TPM, FPKM and FPKM-UQ, and with the gene's symbol and biotype.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ifnscore import identify
from ifnscore._lazy import np
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _parse, _quant
from ifnscore.loaders._model import Known, Options
from ifnscore.loaders._quant import Quantified
from ifnscore.options import Option

_TITLES = {"tpm": "tpm_unstranded", "counts": "unstranded", "fpkm": "fpkm_unstranded", "fpkm_uq": "fpkm_uq_unstranded"}
_QUANTITY = Option(
    "quantity",
    "what is read: tpm, fpkm, fpkm_uq (scale linear) or counts",
    choices=tuple(_TITLES),
    default="tpm",
)


def _is_mine(path: Path) -> bool:
    words = _quant.header(path)
    return words[:3] == ["gene_id", "gene_name", "gene_type"] and "tpm_unstranded" in words


_FILES = _quant.Files((".rna_seq.augmented_star_gene_counts.tsv", ".augmented_star_gene_counts.tsv", ".tsv"), (), _is_mine)


def _read(file: Path, quantity: str) -> Quantified:
    label = _files.label(file)
    table = _parse.parse(_files.read_text(file), label)
    title = _TITLES[quantity]
    if title not in table.header:
        msg = f"{label}: no column {title!r}; the columns are {listing(table.header, 9)}; choose another --option quantity="
        raise DataError(msg)
    # four rows on top count reads outside genes; their other cells are empty
    genes = ~np.array([str(name).startswith("N_") for name in table.frame[0]], dtype=bool)
    table = replace(table, frame=table.frame[genes].reset_index(drop=True))
    ids = identify.names(table.frame[0])
    values = _quant.number_column(table, table.header.index(title), ids)
    return Quantified(label, _FILES.sample(file), ids, {quantity: values})


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    quantity = options["quantity"]
    samples = [_read(file, quantity) for file in _FILES.choose(paths, transcripts=False)]
    adata = _quant.matrix(samples, quantity)
    if quantity == "counts":
        adata.X = adata.X.astype(np.int64) if not (adata.X % 1).any() else adata.X
    why = f"GDC gene counts, column {_TITLES[quantity]}; option quantity chooses"
    return Known(adata, "counts" if quantity == "counts" else "linear", why, "RNA-seq")


LOADER = _FILES.loader(
    name="gdc_star",
    title="a GDC (TCGA) gene expression file (*.augmented_star_gene_counts.tsv, or its folder)",
    suffixes=(".tsv",),
    load_many=_load_many,
    options=(_QUANTITY,),
)
