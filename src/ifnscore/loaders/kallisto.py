"""Kallisto: ``abundance.tsv`` or ``abundance.h5`` of transcripts.

Source of the layout: the columns (``target_id``, ``length``, ``eff_length``, ``est_counts``, ``tpm``) and HDF5 datasets that
pytximport documents for kallisto. The HDF5 file holds no TPM, which is the rate of counts to effective length, scaled to a
million (Wagner 2012, doi:10.1007/s12064-012-0162-3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.loaders import _files, _hdf5, _quant, _quant_transcripts
from ifnscore.loaders._model import Known, Options
from ifnscore.loaders._quant import Quantified

_COLUMNS = {"length": "eff_length", "tpm": "tpm", "counts": "est_counts"}
_HDF5 = b"\x89HDF"
_PARTS = ("aux/ids", "aux/eff_lengths", "est_counts")


def _marked(path: Path) -> bool:
    if _files.peek(path).startswith(_HDF5):
        return path.suffix.lower() in (".h5", ".hdf5") and _hdf5.holds(path, _PARTS)
    if not _files.peek(path):
        return path.name.lower().startswith("abundance.tsv")  # an empty one is kallisto's, too: it must not be passed over
    words = _quant.header(path)
    return words[:1] == ["target_id"] and {"est_counts", "tpm"} <= set(words)


_FILES = _quant.Files(
    ("abundance.gene.tsv", "abundance.genes.tsv"), ("abundance.tsv", "abundance.h5"), _marked, sure=("abundance.h5",)
)


def _read(file: Path) -> Quantified:
    if _files.peek(file).startswith(_HDF5):
        return _read_h5(file)
    return _quant.read(file, _FILES.sample(file), "target_id", _COLUMNS)


def _read_h5(file: Path) -> Quantified:
    label = _files.label(file)
    with _hdf5.opened(file, label) as held:
        names, lengths, counts = (np.asarray(held[part]) for part in _PARTS)
    if not len(names) == len(lengths) == len(counts) or lengths.dtype.kind not in "iuf" or counts.dtype.kind not in "iuf":
        msg = f"{label}: {len(names)} transcripts, {len(lengths)} lengths and {len(counts)} counts: the file is damaged"
        raise DataError(msg)
    lengths, counts = lengths.astype(np.float64), counts.astype(np.float64)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and np.isfinite(lengths).all() and (lengths > 0).all()):
        msg = f"{label}: counts below 0, lengths not above 0, or values that are no number: the file is damaged"
        raise DataError(msg)
    rate = counts / lengths
    if not rate.sum():
        msg = f"{label}: no read was assigned to any transcript"
        raise DataError(msg)
    ids = [n.decode("utf-8", errors="replace") if isinstance(n, bytes) else str(n) for n in names.tolist()]
    columns = {"length": lengths, "counts": counts, "tpm": rate / rate.sum() * 1e6}
    return Quantified(label, _FILES.sample(file), ids, columns)


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    samples = _quant.read_all(_FILES.choose(paths, transcripts=bool(options["tx2gene"])), _read)
    return _quant_transcripts.to_known(samples, options, {"tpm": "tpm", "counts": "est_counts"})


LOADER = _FILES.loader(
    name="kallisto",
    title="a kallisto quantification (abundance.tsv, abundance.h5, or its folder)",
    suffixes=(".tsv", ".h5"),
    load_many=_load_many,
    options=_quant_transcripts.OPTIONS,
)
