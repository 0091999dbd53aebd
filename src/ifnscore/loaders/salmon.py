"""Salmon (and sailfish): ``quant.sf`` of transcripts, ``quant.genes.sf`` of genes.

Source of the columns: Salmon documentation, "Salmon Output File Formats" (https://salmon.readthedocs.io).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ifnscore.loaders import _quant, _quant_transcripts
from ifnscore.loaders._model import Known, Options

_COLUMNS = {"length": "EffectiveLength", "tpm": "TPM", "counts": "NumReads"}
_GENES, _TRANSCRIPTS = ("quant.genes.sf", ".genes.sf"), ("quant.sf", ".sf")


def _marked(path: Path) -> bool:
    words = _quant.header(path)
    return words[:1] == ["Name"] and {"TPM", "NumReads"} <= set(words)


_FILES = _quant.Files(_GENES, _TRANSCRIPTS, _marked, sure=_GENES + _TRANSCRIPTS)


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    files = _FILES.choose(paths, transcripts=bool(options["tx2gene"]))
    samples = _quant.read_all(files, lambda file: _quant.read(file, _FILES.sample(file), "Name", _COLUMNS))
    return _quant_transcripts.to_known(samples, options, {"tpm": "TPM", "counts": "NumReads"})


LOADER = _FILES.loader(
    name="salmon",
    title="a salmon quantification (quant.sf, quant.genes.sf, or its folder)",
    suffixes=(".sf",),
    load_many=_load_many,
    options=_quant_transcripts.OPTIONS,
)
