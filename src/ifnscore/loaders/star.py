"""STAR's gene counts: ``ReadsPerGene.out.tab``, with one column for each kind of library.

Source of the layout: STAR manual, section "Counting number of reads per gene": column 1 gene; column 2 counts for unstranded
RNA-seq; column 3 for the first read strand aligned with RNA (htseq-count ``-s yes``); column 4 for the second (``-s reverse``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ifnscore._lazy import np
from ifnscore.errors import DataError, listing, warn
from ifnscore.loaders import _files, _parse, _quant
from ifnscore.loaders._model import Known, Options
from ifnscore.options import Option

_HEAD = {
    "N_unmapped": "qc_unmapped",
    "N_multimapping": "qc_multimapping",
    "N_noFeature": "qc_no_feature",
    "N_ambiguous": "qc_ambiguous",
}
_STRANDS = ("unstranded", "forward", "reverse")
_COLUMNS = 4
#: Share of one strand from which a library is stranded, and distance of the two shares below which it is unstranded: the
#: defaults of nf-core/rnaseq, whose salmon-based check of libraries they come from (stranded_threshold, unstranded_threshold).
_STRANDED, _UNSTRANDED = 0.8, 0.1

_STRAND = Option(
    "strand",
    "column of counts; auto compares the sums of columns 3 and 4 over all genes: 80 % or more in one is stranded",
    choices=("auto", *_STRANDS),
    default="auto",
)


class _Sample(NamedTuple):
    """Counts of one sample: genes, an array of shape (n_genes, 3), and the four rows on top, shape (4, 3)."""

    label: str
    name: str
    genes: list[str]
    counts: np.ndarray
    top: np.ndarray


def _marked(path: Path) -> bool:
    return _quant.header(path)[:1] == ["N_unmapped"]


_FILES = _quant.Files(("ReadsPerGene.out.tab",), (), _marked, sure=("ReadsPerGene.out.tab",))


def _read(file: Path) -> _Sample:
    label = _files.label(file)
    table = _parse.parse(_files.read_text(file), label, header=False)
    if len(table.header) != _COLUMNS:
        msg = f"{label}: {len(table.header)} columns; STAR writes 4: gene, and counts unstranded, forward and reverse"
        raise DataError(msg)
    rows = [str(name) for name in table.frame[0]]
    counts = np.column_stack([_quant.number_column(table, j, rows) for j in range(1, _COLUMNS)])
    absent = [name for name in _HEAD if name not in rows]
    if absent:
        msg = f"{label}: no row {listing(absent)} on top: is the file whole?"
        raise DataError(msg)
    is_gene = np.array([name not in _HEAD for name in rows], dtype=bool)
    top = counts[[rows.index(name) for name in _HEAD]]
    genes = [name for name in rows if name not in _HEAD]
    return _Sample(label, _FILES.sample(file), genes, counts[is_gene], top)


def strand_of(forward: float, reverse: float) -> tuple[str, bool]:
    """Return the kind of library by the sums of columns 3 and 4, and whether they say so clearly.

    Examples
    --------
    >>> from ifnscore.loaders.star import strand_of
    >>> strand_of(5.0, 95.0), strand_of(52.0, 48.0), strand_of(30.0, 70.0)
    (('reverse', True), ('unstranded', True), ('unstranded', False))
    """
    total = forward + reverse
    if total <= 0:
        return "unstranded", False
    if max(forward, reverse) / total >= _STRANDED:
        return ("forward" if forward > reverse else "reverse"), True
    return "unstranded", abs(forward - reverse) / total < _UNSTRANDED


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    samples = [_read(file) for file in _FILES.choose(paths, transcripts=False)]
    found = [strand_of(float(s.counts[:, 1].sum()), float(s.counts[:, 2].sum())) for s in samples]
    asked = options["strand"]
    chosen = [strand if asked == "auto" else asked for strand, _ in found]
    column = [_STRANDS.index(strand) for strand in chosen]
    adata = _quant.stack([(s.label, s.name, s.genes, s.counts[:, j]) for s, j in zip(samples, column, strict=True)])
    if not (adata.X % 1).any():
        adata.X = adata.X.astype(np.int64)
    adata.obs["strand"] = chosen
    for i, name in enumerate(_HEAD.values()):
        adata.obs[name] = [float(s.top[i, j]) for s, j in zip(samples, column, strict=True)]
    adata.obs["qc_in_genes"] = [float(s.counts[:, j].sum()) for s, j in zip(samples, column, strict=True)]
    adata.obs["qc_forward_share"] = [_share(s) for s in samples]
    adata.obs["qc_flags"] = [_flag(c, f, s) for c, f, s in zip(chosen, found, samples, strict=True)]
    why = _why(samples, chosen, asked)
    return Known(adata, "counts", why, "RNA-seq", _judged(samples, chosen, found, asked))


def _share(sample: _Sample) -> float:
    forward, reverse = sample.counts[:, 1].sum(), sample.counts[:, 2].sum()
    return float(forward / (forward + reverse)) if forward + reverse else float("nan")


def _sums(sample: _Sample) -> str:
    return f"{sample.name} {sample.counts[:, 1].sum():.0f} forward and {sample.counts[:, 2].sum():.0f} reverse"


def _flag(chosen: str, found: tuple[str, bool], sample: _Sample) -> str:
    if not sample.counts[:, 1:].sum():
        return "no reads in genes"
    if not found[1]:
        return "strandedness not clear"
    return "" if chosen == found[0] else f"looks {found[0]}"


def _why(samples: Sequence[_Sample], chosen: Sequence[str], asked: str) -> str:
    if asked != "auto":
        return f"STAR gene counts, column {asked} as asked"
    kinds = listing(dict.fromkeys(chosen))
    return f"STAR gene counts, column {kinds}: reads in genes of {listing([_sums(s) for s in samples], 2)}; option strand chooses"


def _judged(samples: Sequence[_Sample], chosen: Sequence[str], found: Sequence[tuple[str, bool]], asked: str) -> tuple[str, ...]:
    """Warn of what the two strands say against the choice, and return it as notes."""
    notes = []
    unclear = [s for s, (_, clear) in zip(samples, found, strict=True) if not clear]
    if asked == "auto" and unclear:
        notes.append(
            f"neither clearly stranded nor clearly unstranded: {listing([_sums(s) for s in unclear], 3)}: the unstranded "
            "column is taken; choose with --option strand=unstranded|forward|reverse"
        )
    if len(set(chosen)) > 1:
        kinds = "; ".join(
            f"{k}: {listing([s.name for s, c in zip(samples, chosen, strict=True) if c == k], 3)}" for k in dict.fromkeys(chosen)
        )
        notes.append(
            f"libraries of different kinds ({kinds}): their counts are hardly comparable; --option strand= chooses one for all"
        )
    against = [s for s, c, (strand, clear) in zip(samples, chosen, found, strict=True) if clear and strand != c]
    if against and asked != "unstranded":
        notes.append(f"strand={asked} does not fit {listing([_sums(s) for s in against], 3)}")
    for note in notes:
        warn(f"{samples[0].label if len(samples) == 1 else 'STAR gene counts'}: {note}")
    return tuple(notes)


LOADER = _FILES.loader(
    name="star",
    title="gene counts of STAR (ReadsPerGene.out.tab)",
    suffixes=(".tab",),
    load_many=_load_many,
    options=(_STRAND,),
)
