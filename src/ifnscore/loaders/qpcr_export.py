"""Ct tables with one well a row: exports of qPCR software, and long tables of a user's own, where replicates are repeated rows.

Which one a file is shows in its text (:mod:`ifnscore.loaders._qpcr_text`):

- Applied Biosystems (SDS 1.x and 2.x, 7500, StepOne, ViiA 7, QuantStudio, Design & Analysis 2): a preamble (``* Block Type =``,
  ``SDS 2.4``, ``Block Type,``), sections in square brackets of which ``[Results]`` holds the wells, a footer
  (``Endogenous Control =``, ``Reference Sample =``, the calibrator). SDS writes the same without a header, too (as in
  the example files of HTqPCR).
- Bio-Rad CFX Manager and Maestro: "Quantification Cq Results" with an empty first column. ``Content`` says what a well holds
  (Unkn, Std, NTC, NRT, Pos Ctrl, Neg Ctrl, with a number).
- Fluidigm BioMark: table results with three header lines. 999 stands for no Ct. A well whose quality call is ``Fail`` counts as
  undetermined: the vendor's software takes such a value out of the normalisation to reference genes (Fluidigm FAQ GE-45).
- Anything else with columns that name the sample, the gene and the Ct, such as LightCycler 96.

Names of people and files, dates, barcodes and well comments are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ifnscore.errors import say
from ifnscore.loaders import _qpcr_text
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._qpcr_matrix import matrix
from ifnscore.loaders._qpcr_options import OPTIONS, choices
from ifnscore.loaders._qpcr_wells import Plate, plate

#: CFX exports the same wells twice; the summary is the poorer one.
_CQ_RESULTS, _SUMMARY = "quantification cq results", "quantification summary"


def _load(path: Path, options: Options) -> Known:
    chosen = choices(options)
    export = _qpcr_text.read(path)
    return matrix([plate(export)], export.label, chosen, _qpcr_text.why(export))


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    """Read the plates of a folder as one matrix.

    A plate without a name of its own gets a number: names of export files hold dates and names of people.
    """
    chosen = choices(options)
    exports = [_qpcr_text.read(p) for p in _once(paths)]
    plates = [_numbered(plate(e), f"plate_{i}") for i, e in enumerate(exports, 1)]
    why = ", ".join(dict.fromkeys(_qpcr_text.why(e) for e in exports))
    return matrix(plates, str(paths[0].parent), chosen, why)


def _once(paths: Sequence[Path]) -> list[Path]:
    """Return the files without CFX summaries of runs whose Cq results are here, too."""
    whole = {p.name.lower().replace(_CQ_RESULTS, "") for p in paths if _CQ_RESULTS in p.name.lower()}
    kept = [p for p in paths if not (_SUMMARY in p.name.lower() and p.name.lower().replace(_SUMMARY, "") in whole)]
    if len(kept) < len(paths):
        say(f"{paths[0].parent}: {len(paths) - len(kept)} quantification summaries repeat the Cq results and are not read")
    return kept


def _numbered(one: Plate, name: str) -> Plate:
    if all(w.plate for w in one.wells):
        return one
    say(f"{one.label} is {name}")
    return replace(one, wells=[replace(w, plate=w.plate or name) for w in one.wells])


LOADER = Loader(
    name="qpcr",
    title="qPCR wells with sample, gene and Ct: long tables, Applied Biosystems, Bio-Rad CFX, Fluidigm BioMark",
    suffixes=tuple(s for s in _qpcr_text.SUFFIXES if s),
    claims=lambda path: _qpcr_text.kind_of(path) is not None,
    load=_load,
    order=_qpcr_text.ORDER,
    scale="ct",
    options=OPTIONS,
    per_sample=True,
    marked=True,
    load_many=_load_many,
)
