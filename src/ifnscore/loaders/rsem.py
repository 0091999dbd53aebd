"""RSEM: ``*.genes.results`` and ``*.isoforms.results``.

Source of the columns: manual page of ``rsem-calculate-expression`` (https://deweylab.github.io/RSEM), section OUTPUT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ifnscore.loaders import _quant, _quant_transcripts
from ifnscore.loaders._model import Known, Options
from ifnscore.loaders._quant import Quantified
from ifnscore.options import Option

_TITLES = {"tpm": "TPM", "counts": "expected_count", "fpkm": "FPKM"}
_COLUMNS = {"length": "effective_length", **_TITLES}
_QUANTITY = Option(
    "quantity",
    "what is read: tpm, fpkm (scale linear) or counts (expected, with decimals)",
    choices=tuple(_TITLES),
    default="tpm",
)


def _marked(path: Path) -> bool:
    words = _quant.header(path)
    return words[:2] in (["gene_id", "transcript_id(s)"], ["transcript_id", "gene_id"]) and "expected_count" in words


_FILES = _quant.Files((".genes.results",), (".isoforms.results",), _marked, sure=(".genes.results", ".isoforms.results"))


def _read(file: Path) -> Quantified:
    if _quant.header(file)[:1] != ["transcript_id"]:
        return _quant.read(file, _FILES.sample(file), "gene_id", _COLUMNS)
    found = _quant.read(file, _FILES.sample(file), "transcript_id", _COLUMNS, genes="gene_id")
    # RSEM gives transcripts shorter than a fragment the effective length 0, for which no rate exists
    return replace(found, columns=found.columns | {"length": found.columns["length"].clip(min=1)})


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    samples = _quant.read_all(_FILES.choose(paths, transcripts=bool(options["tx2gene"])), _read)
    return _quant_transcripts.to_known(samples, options, _TITLES)


LOADER = _FILES.loader(
    name="rsem",
    title="an RSEM quantification (*.genes.results, *.isoforms.results, or its folder)",
    suffixes=(".results",),
    load_many=_load_many,
    options=(_QUANTITY, *_quant_transcripts.OPTIONS[1:]),
)
