"""Gene abundances of StringTie (``stringtie -A``, often ``gene_abund.tab``).

Source of the columns: StringTie manual (https://ccb.jhu.edu/software/stringtie), "Gene abundances in tab-delimited format".
StringTie writes a gene once for every place it is assembled at: such rows are added, which FPKM and TPM allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ifnscore._lazy import np
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _parse, _quant
from ifnscore.loaders._model import Known, Options
from ifnscore.loaders._quant import Quantified
from ifnscore.options import Option

_TITLES = {"tpm": "TPM", "fpkm": "FPKM"}
_QUANTITY = Option("quantity", "what is read: tpm or fpkm (scale linear)", choices=tuple(_TITLES), default="tpm")


def _is_mine(path: Path) -> bool:
    head = _files.peek(path)[:400].decode("utf-8", errors="replace").removeprefix("\ufeff")
    words = (head.splitlines() or [""])[0].split("\t")
    return words[:2] == ["Gene ID", "Gene Name"] and {"FPKM", "TPM"} <= {w.strip() for w in words}


_FILES = _quant.Files(("gene_abund.tab", "gene_abundance.tab", "gene_abundances.tsv", ".tab", ".tsv"), (), _is_mine)


def _read(file: Path, quantity: str) -> Quantified:
    """Read one sample; a gene is named by its symbol, or by its id where the symbol is empty."""
    label = _files.label(file)
    table = _parse.parse(_files.read_text(file), label)
    if _TITLES[quantity] not in table.header:
        msg = f"{label}: no column {_TITLES[quantity]!r}; the columns are {listing(table.header, 10)}"
        raise DataError(msg)
    ids = [str(c).strip() for c in table.frame[0]]
    names = ["" if c is None else str(c).strip() for c in table.frame[1].where(table.frame[1].notna(), "")]
    genes = [n if n not in ("", "-", ".") else i for n, i in zip(names, ids, strict=True)]
    values = _quant.number_column(table, table.header.index(_TITLES[quantity]), genes)
    unique, where = np.unique(np.array(genes, dtype=object).astype(str), return_inverse=True)
    return Quantified(label, _FILES.sample(file), [str(g) for g in unique], {quantity: np.bincount(where, weights=values)})


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    quantity = options["quantity"]
    samples = [_read(file, quantity) for file in _FILES.choose(paths, transcripts=False)]
    why = f"StringTie gene abundances, column {_TITLES[quantity]}; option quantity chooses"
    return Known(_quant.matrix(samples, quantity), "linear", why, "RNA-seq")


LOADER = _FILES.loader(
    name="stringtie",
    title="gene abundances of StringTie (gene_abund.tab, or its folder)",
    suffixes=(".tab", ".tsv"),
    load_many=_load_many,
    options=(_QUANTITY,),
)
